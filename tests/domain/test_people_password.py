"""Passwords: how they are compared, kept, renewed, and which are refused."""

import pytest
from argon2 import PasswordHasher

from domain import people
from domain.errors import Refused
from tests.conftest import PASSWORD


def refusal(password: str) -> str | None:
    try:
        people.check_new_password(password, email="sato.misaki@example.jp", name="佐藤美咲である私の名前")
    except Refused as refused:
        return refused.code
    return None


def test_the_right_password_opens(cast):
    assert people.check_password(cast.reader, PASSWORD)
    assert not people.check_password(cast.reader, PASSWORD + " ")


def test_nobody_and_somebody_without_a_password_cost_as_much_as_a_wrong_one(cast, monkeypatch):
    tried = []
    people.check_password(None, PASSWORD)
    real = people._hasher

    class Counting:
        def verify(self, known, password):
            tried.append(known)
            return real.verify(known, password)

    monkeypatch.setattr(people, "_hasher", Counting())
    assert not people.check_password(None, PASSWORD)
    assert not people.check_password(people.Person(name="x", email="y"), PASSWORD)
    assert len(tried) == 2
    assert not any(real.check_needs_rehash(known) for known in tried)


def test_the_stand_in_password_opens_nothing():
    assert not people.check_password(None, "")


def test_full_width_letters_are_the_same_password():
    person = people.Person(name="x", email="y", password_hash=people.hash_password("correct horse"))
    assert people.check_password(person, "ｃｏｒｒｅｃｔ　ｈｏｒｓｅ")


def test_what_is_no_text_is_hashed_as_it_is():
    person = people.Person(name="x", email="y", password_hash=people.hash_password("\ud800 and ten more"))
    assert people.check_password(person, "\ud800 and ten more")


def test_a_broken_hash_opens_nothing():
    assert not people.check_password(people.Person(name="x", email="y", password_hash="plain"), "plain")


def test_a_hash_of_other_parameters_is_outdated(cast):
    assert not people.is_outdated(cast.reader)
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert people.is_outdated(people.Person(name="x", email="y", password_hash=old))


def test_a_renewed_hash_never_undoes_a_new_password():
    person = people.Person(name="x", email="y", password_hash="chosen meanwhile")
    person.renew_hash("old", "old, renewed")
    assert person.password_hash == "chosen meanwhile"


@pytest.mark.parametrize("password", ["short", "123456789", "　" * 12, "\u200b" * 12, "あいうえおかきくけ"])
def test_a_short_password_is_refused(password):
    assert refusal(password) == "password_short"


@pytest.mark.parametrize(
    "password", ["sato.misaki@example.jp", "SATO.MISAKI", "sato.misaki", "佐藤美咲 である 私の名前"]
)
def test_the_name_and_the_email_are_no_passwords(password):
    assert refusal(password) == "password_own"


@pytest.mark.parametrize("password", ["1234567890", "correct horse", "あいうえおかきくけこ", "x" * 1000])
def test_there_is_no_other_rule(password):
    assert refusal(password) is None


def test_a_password_of_a_megabyte_is_refused():
    assert refusal("x" * 1_000_000) == "password_long"
