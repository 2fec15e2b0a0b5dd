"""Typed emails, names, telephone numbers and Slack ids: every form people use, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import contacts
from domain.contacts import Details
from domain.errors import Refused

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Sato.Misaki@Example.JP ", "sato.misaki@example.jp"),
        ("ｓａｔｏ＠ｅｘａｍｐｌｅ．ｊｐ", "sato@example.jp"),
        ("a+b@localhost", "a+b@localhost"),
        ("お客様@例え.jp", "お客様@例え.jp"),
    ],
)
def test_an_email_is_kept_as_it_is_compared(typed, kept):
    assert contacts.read_email(typed) == kept


@pytest.mark.parametrize(
    "typed", ["sato", "@example.jp", "sato@", "a@b@c", "a b@c.jp", "x" * 250 + "@a.jp", "<a@b.jp>"]
)
def test_what_is_no_email_is_refused(typed):
    with pytest.raises(Refused, match="email_bad"):
        contacts.read_email(typed)


@pytest.mark.parametrize("typed", ["", " ", "\u200b", "\x00", None])
def test_an_email_is_needed(typed):
    with pytest.raises(Refused, match=r"email_(missing|bad)"):
        contacts.read_email(typed)


@pytest.mark.parametrize("typed", ["", "　", "🔥🔥", "\u202e", "---"])
def test_a_name_can_be_said(typed):
    with pytest.raises(Refused, match="name_missing"):
        contacts.read_name(typed)


def test_a_name_loses_what_misleads():
    assert contacts.read_name(" 佐藤\u202e 美咲\x00\n") == "佐藤 美咲"


def test_a_name_of_any_length_is_answered():
    with pytest.raises(Refused, match="too_long"):
        contacts.read_name("あ" * 101)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("090-0000-0119", "+819000000119"),
        ("０９０−００００−０１１９", "+819000000119"),
        ("090ー0000ー0119", "+819000000119"),
        ("(03) 1234 5678", "+81312345678"),
        ("+1 650-253-0000", "+16502530000"),
        ("", None),
        ("　", None),
    ],
)
def test_a_number_is_kept_in_one_form(typed, kept):
    assert contacts.read_phone(typed, "JP") == kept


@pytest.mark.parametrize(
    "typed", ["内線 23", "23", "110", "09012345678 内線 5", "090-0000-0119 (佐藤)", "+", "1" * 30, "×"]
)
def test_what_cannot_be_dialled_is_refused(typed):
    with pytest.raises(Refused, match="phone_bad"):
        contacts.read_phone(typed, "JP")


def test_the_organisation_s_country_decides_what_a_short_number_means():
    assert contacts.read_phone("030 12345678", "DE") == "+493012345678"


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_number_or_refused(typed):
    try:
        number = contacts.read_phone(typed, "JP")
    except Refused:
        return
    assert number is None or (number.startswith("+") and number[1:].isdecimal() and len(number) <= 20)


@pytest.mark.parametrize(("typed", "kept"), [(" u012ab3cd ", "U012AB3CD"), ("W0123456", "W0123456"), ("", None)])
def test_a_slack_id_is_kept(typed, kept):
    assert contacts.read_slack_id(typed) == kept


@pytest.mark.parametrize("typed", ["@sato", "C012AB3CD", "U1", "U" * 30, "U012 AB3CD"])
def test_what_is_no_slack_id_is_refused(typed):
    with pytest.raises(Refused, match="slack_id_bad"):
        contacts.read_slack_id(typed)


def test_differences_name_the_fields():
    before = Details("a@b.jp", "佐藤")
    assert before.differences(Details("a@b.jp", "鈴木", phone="+81")) == {
        "name": ("佐藤", "鈴木"),
        "phone": (None, "+81"),
    }
