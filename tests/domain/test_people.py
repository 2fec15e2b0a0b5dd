"""People: what is kept about them, what administrators may change, when nobody would be left to administrate."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import people
from domain.contacts import Details
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.events import Event


def kinds() -> list[str]:
    return list(db.session.scalars(select(Event.kind).order_by(Event.id)))


def add(at, by=None, **given):
    details = Details(**{"email": "new@example.jp", "name": "大久保 美奈子", **given})
    with writing():
        return people.add(details, by=by, at=at)


def test_a_person_is_added_without_a_password_and_written_down(cast, now):
    person = add(now, by=cast.admin, reading="おおくぼ みなこ")
    assert person.password_hash is None
    assert person.is_active
    assert "person_added" in kinds()


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"email": "reader@example.jp"}, "email", "email_taken"),
        ({"email": "outsider@example.jp"}, "email", "email_taken"),
        ({"slack_id": "U0OKAMOTO"}, "slack_id", "slack_id_taken"),
    ],
)
def test_nobody_takes_the_email_or_the_slack_id_of_somebody_else(cast, now, given, field, code):
    with pytest.raises(Refused) as refused:
        add(now, **given)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_a_change_keeps_the_log_free_of_telephone_numbers(cast, now):
    with writing():
        cast.reader.change(replace(cast.reader.details, phone="+819000000999"), seen=None, by=cast.admin, at=now)
    event = db.session.scalar(select(Event).where(Event.kind == "person_changed"))
    assert event.details == {"person": cast.reader.id, "fields": ["phone"]}


def test_nothing_changed_is_nothing_written_down(cast, now):
    with writing():
        cast.reader.change(cast.reader.details, seen=cast.reader.details, by=cast.admin, at=now)
    assert kinds() == []


def test_the_later_of_two_administrators_overwrites_nothing(cast, now):
    seen = cast.reader.details
    with writing():
        cast.reader.change(replace(seen, department="営業"), seen=seen, by=cast.admin, at=now)
    with pytest.raises(Conflict, match="person_changed"), writing():
        cast.reader.change(replace(seen, phone="+819000000999"), seen=seen, by=cast.admin, at=now)
    assert (cast.reader.department, cast.reader.phone) == ("営業", None)


def test_one_s_own_email_and_slack_id_are_not_taken(cast, now):
    with writing():
        cast.responder.change(replace(cast.responder.details, name="岡本 沙織子"), seen=None, by=cast.admin, at=now)
    assert cast.responder.name == "岡本 沙織子"


def test_the_last_administrator_stays_one(cast, now):
    with pytest.raises(Refused, match="last_administrator"), writing():
        cast.admin.change(replace(cast.admin.details, is_admin=False), seen=None, by=cast.admin, at=now)


def test_an_administrator_who_never_came_in_does_not_count(cast, now):
    add(now, is_admin=True)
    with pytest.raises(Conflict, match="last_administrator"), writing():
        cast.admin.deactivate(by=cast.reader, at=now)


def test_one_of_two_administrators_may_go(cast, now):
    with writing():
        cast.reader.is_admin = True
    with writing():
        cast.admin.deactivate(by=cast.reader, at=now)
    assert not cast.admin.is_active


def test_nobody_deactivates_themselves(cast, now):
    with pytest.raises(Conflict, match="not_yourself"), writing():
        cast.reader.deactivate(by=cast.reader, at=now)


def test_deactivating_signs_out_and_ends_the_link(cast, now):
    session = cast.reader.get_id()
    with writing():
        token = cast.reader.invite(by=cast.admin, at=now)
        cast.reader.deactivate(by=cast.admin, at=now)
    assert people.by_session(session) is None
    assert people.find_link(token, "invitation").ended(now) == "link_used"


def test_deactivating_twice_is_a_conflict(cast, now):
    with pytest.raises(Conflict, match="already_deactivated"), writing():
        cast.outsider.deactivate(by=cast.admin, at=now)


def test_whoever_comes_back_keeps_the_password(cast, now):
    before = cast.outsider.password_hash
    with writing():
        cast.outsider.reactivate(by=cast.admin, at=now)
    assert cast.outsider.is_active
    assert cast.outsider.password_hash == before


def test_a_session_dies_with_the_epoch(cast):
    session = cast.reader.get_id()
    assert people.by_session(session) is cast.reader
    with writing():
        cast.reader.sign_out_everywhere()
    assert people.by_session(session) is None


@pytest.mark.parametrize("session", ["", "4", "4.", ".0", "x.y", "4.0.0", "-4.0", "999999.0"])
def test_what_is_no_session_is_nobody(cast, session):
    assert people.by_session(session) is None


@pytest.mark.parametrize("words", ["さとう", "サトウ", "佐藤　美咲", "READER@", "みさき 佐藤"])
def test_people_are_found_by_name_reading_and_email(cast, words):
    assert [person.name for person in people.search(words)[0]] == ["佐藤 美咲"]


@pytest.mark.parametrize("words", ["%", "_", "佐藤 高橋", "辞めた"])
def test_what_matches_nobody_finds_nobody(cast, words):
    assert people.search(words) == ([], 0)


def test_the_list_is_in_the_order_of_readings(cast):
    found, total = people.search()
    assert [person.reading.split()[0] for person in found] == ["いとう", "おおつか", "おかもと", "さとう", "たかはし"]
    assert total == 5


def test_katakana_readings_stand_among_the_others(cast, now):
    add(now, name="キム・ジフン", reading="キム ジフン")
    assert [person.name for person in people.search()[0]][3] == "キム・ジフン"


def test_those_who_left_are_shown_only_when_asked_for_and_last(cast):
    found, total = people.search(everybody=True)
    assert found[-1] is cast.outsider
    assert total == 6


def test_a_list_comes_in_pages(cast, now):
    with writing():
        for number in range(60):
            people.add(Details(f"p{number}@example.jp", f"人 {number}"), by=None, at=now)
    first, total = people.search(page=1)
    second, _ = people.search(page=2)
    assert (total, len(first), len(second)) == (65, people.PAGE, 15)
    assert not {person.id for person in first} & {person.id for person in second}


def test_a_link_is_waited_for_by_those_without_password_and_without_link(cast, now):
    person = add(now)
    assert people.waiting_for_link(now, 10) == [person]
    with writing():
        person.invite(by=cast.admin, at=now)
    assert people.waiting_for_link(now, 10) == []
    assert people.waiting_for_link(now + timedelta(days=8), 10) == [person]
