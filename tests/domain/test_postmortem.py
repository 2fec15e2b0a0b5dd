"""The postmortem: by when, what is kept, who wrote in between, the same cause again."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain import actions, incidents, postmortem
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.events import Event
from domain.incidents import Incident
from domain.people import Person
from tests.domain.learning import draft


@pytest.fixture
def declare(cast, now):
    """`declare("b", closed_at=…)` gives the id of an incident."""

    def declaring(key="a", closed_at=None, **changes):
        with writing():
            made = incidents.declare(
                key=key, by=db.session.get_one(Person, 2), at=now, title="入場できない", severity="major", services={},
                began_at=now, holding=False, drill=changes.pop("drill", False),
            )  # fmt: skip
            made.closed_at = closed_at
            for name, value in changes.items():
                setattr(made, name, value)
            return made.id

    return declaring


def write(number, at, seen=None, by=2, **words):
    with writing():
        found = postmortem.begun(db.session.get_one(Incident, number))
        found.write(words, by=db.session.get_one(Person, by), at=at, seen=seen)


def of(number):
    return postmortem.of(db.session.get_one(Incident, number))


def test_people_meet_within_five_working_days_of_closing(declare, now):
    # 10 August 2026 is a Monday, the 11th a public holiday: 12, 13, 14, 17, 18.
    incident = db.session.get_one(Incident, declare(closed_at=now - timedelta(days=1)))
    assert postmortem.due_on(incident, postmortem.days_off(now)) == date(2026, 8, 18)


@pytest.mark.parametrize("changes", [{"closed_at": None}, {"source": "GitHub"}, {"outcome": "merged"}])
def test_what_is_open_or_elsewhere_is_due_never(declare, now, changes):
    incident = db.session.get_one(Incident, declare(**{"closed_at": now, **changes}))
    assert postmortem.due_on(incident, frozenset()) is None


def test_what_was_no_incident_has_none(declare, now):
    with pytest.raises(Conflict):
        write(declare(outcome="no_incident"), now, lucky="x")


def test_what_people_found_is_kept_and_what_stood_before_is_in_the_log(declare, now):
    number = declare()
    write(number, now, went_well="すぐに気づけた", whys=["読めなかった", " ", "形式が変わった"], cause="QRの形式")
    write(number, now, went_well="受付の人がすぐに気づいた")
    found = of(number)
    assert (found.went_well, found.whys, found.cause) == (
        "受付の人がすぐに気づいた", ["読めなかった", "形式が変わった"], "QRの形式",
    )  # fmt: skip
    logged = db.session.scalars(select(Event).where(Event.kind == "postmortem.written").order_by(Event.id)).all()
    assert logged[-1].details["before"] == {"went_well": "すぐに気づけた"}


def test_whoever_wrote_in_between_is_not_overwritten(declare, now):
    number = declare()
    write(number, now, seen=0, lucky="先の人")
    with pytest.raises(Conflict):
        write(number, now, seen=0, lucky="後の人")
    assert of(number).lucky == "先の人"
    write(number, now, seen=1, lucky="見てから")
    assert of(number).lucky == "見てから"


def test_the_same_words_again_change_nothing(declare, now):
    number = declare()
    write(number, now, seen=0, lucky="同じ")
    write(number, now, seen=0, lucky="同じ")
    assert of(number).version == 1


def test_what_is_too_long_is_refused_whole(declare, now):
    number = declare()
    with pytest.raises(Refused) as refused:
        write(number, now, lucky="短い", hard="長" * 10_001)
    assert refused.value.field == "hard"
    assert of(number) is None


def test_a_meeting_is_not_planned_in_the_past(declare, now):
    number = declare()
    with pytest.raises(Refused), writing():
        postmortem.begun(db.session.get_one(Incident, number)).plan(
            now, host=None, place="", by=db.session.get_one(Person, 2), at=now
        )


@pytest.mark.parametrize("place", ["javascript://x", "file:///etc/passwd"])
def test_a_place_that_is_an_address_is_one_of_the_web(declare, now, place):
    number = declare()
    with pytest.raises(Refused), writing():
        postmortem.begun(db.session.get_one(Incident, number)).plan(
            now + timedelta(days=1), host=None, place=place, by=db.session.get_one(Person, 2), at=now
        )


def test_the_same_cause_again_is_found_with_what_is_open(declare, now):
    first, second, other = declare("a"), declare("b"), declare("c")
    write(first, now, cause="証明書の期限切れ")
    write(second, now, cause="証明書の期限切れ ")
    write(other, now, cause="別の原因")
    with writing():
        by = db.session.get_one(Person, 2)
        actions.add(db.session.get_one(Incident, first), draft(), key="1", by=by, at=now)
        actions.add(db.session.get_one(Incident, first), draft(), key="2", by=by, at=now).move_on("done", by=by, at=now)
    (before,) = postmortem.same_cause(of(second))
    assert before.incident.id == first
    assert len(before.open_actions) == 1
    assert postmortem.same_cause(of(other)) == []
    assert postmortem.causes() == ["証明書の期限切れ", "別の原因"]


def test_a_drill_is_no_earlier_incident(declare, now):
    first, second = declare("a", drill=True), declare("b")
    for number in (first, second):
        write(number, now, cause="同じ")
    assert postmortem.same_cause(of(second)) == []


def test_what_lies_ahead(declare, now):
    open_one = declare("a")
    recent, old = declare("b", closed_at=now), declare("c", closed_at=now - timedelta(days=200))
    planned, held = declare("d", closed_at=now), declare("e", closed_at=now)
    with writing():
        by = db.session.get_one(Person, 2)
        postmortem.begun(db.session.get_one(Incident, planned)).plan(
            now + timedelta(days=1), host=by, place="会議室A", by=by, at=now
        )
        postmortem.begun(db.session.get_one(Incident, held)).hold(True, by=by, at=now)
    assert [incident.id for incident, _ in postmortem.ahead(now)] == [planned, recent]
    assert [incident.id for incident, _ in postmortem.held()] == [held]
    assert {open_one, old}.isdisjoint(incident.id for incident, _ in postmortem.ahead(now))
