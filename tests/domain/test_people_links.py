"""One-time links: they work once, for seven days, and only the newest one."""

from datetime import timedelta

import pytest

from domain import people
from domain.contacts import Details
from domain.db import writing
from domain.errors import Conflict


def invite(person, now):
    with writing():
        return person.invite(by=None, at=now)


def accept(token, at):
    with writing():
        return people.accept_invitation(token, "a hash", at=at)


def test_an_invitation_gives_a_password_and_ends_old_sessions(cast, now):
    session, token = cast.reader.get_id(), invite(cast.reader, now)
    assert accept(token, now) is cast.reader
    assert cast.reader.password_hash == "a hash"
    assert people.by_session(session) is None


def test_it_works_once(cast, now):
    token = invite(cast.reader, now)
    accept(token, now)
    with pytest.raises(Conflict, match="link_used"):
        accept(token, now)


def test_it_works_for_seven_days(cast, now):
    token = invite(cast.reader, now)
    with pytest.raises(Conflict, match="link_expired"):
        accept(token, now + timedelta(days=7))
    assert accept(token, now + timedelta(days=7, seconds=-1)) is cast.reader


def test_a_newer_one_takes_its_place(cast, now):
    earlier, later = invite(cast.reader, now), invite(cast.reader, now)
    with pytest.raises(Conflict, match="link_used"):
        accept(earlier, now)
    assert accept(later, now) is cast.reader


def test_a_link_of_another_purpose_is_unknown(cast, now):
    with writing():
        token = people.make_link("first_admin", None, by=None, at=now)
    with pytest.raises(Conflict, match="link_unknown"):
        accept(token, now)


def test_only_a_hash_of_it_is_kept(cast, now):
    token = invite(cast.reader, now)
    link = people.find_link(token, "invitation")
    assert token not in (link.token_hash, link.purpose)
    assert len(token) == 43


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800", "あ" * 5000])
def test_what_is_no_token_is_unknown(cast, token):
    assert people.find_link(token, "invitation") is None


def test_nobody_who_left_is_invited(cast, now):
    with pytest.raises(Conflict, match="already_deactivated"):
        invite(cast.outsider, now)


def test_the_link_of_the_first_administrator_ends_once_somebody_is_here(cast, now):
    with writing():
        token = people.make_link("first_admin", None, by=None, at=now)
    with pytest.raises(Conflict, match="link_used"), writing():
        people.first_administrator(token, Details("x@example.jp", "x", is_admin=True), "a hash", at=now)
    # Nothing of it stays: the link could still be used on an empty instance.
    assert people.find_link(token, "first_admin").used_at is None
