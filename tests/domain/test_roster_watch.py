"""What the roster has to tell by the clock: once, in time, to the right person, and not when it is not so."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from domain import outbox, roster_watch
from domain.db import db, writing
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import Absence, Area, Handover, Override
from domain.roster_watch import GAPS, GROUP, NOW, SOON
from tests.conftest import NOW as AT

SHIFT = AT + timedelta(minutes=90)
"""When the deputy (6) takes over the system from the responder (2), for two hours."""


def person(number: int) -> Person:
    return db.session.get_one(Person, number)


def kept(**minutes: Any) -> list[Delivery]:
    """Looks and writes down; what is new."""
    at = AT + timedelta(**minutes)
    words = roster_watch.look(at)
    with writing():
        return roster_watch.write_down(words, at)


def told(rows: list[Delivery]) -> list[tuple[str, int]]:
    return [(row.kind, row.details["person"]) for row in rows if row.kind in (SOON, NOW)]


@pytest.fixture
def shift(app: object) -> None:
    """A cover ahead; everybody in it has a Slack id; there is no gap."""
    with writing() as session:
        person(6).slack_id = "U0ITO"
        cover(6, 2, SHIFT, SHIFT + timedelta(hours=2))
        session.flush()


def cover(by: int, of: int, start: datetime, end: datetime | None, area: int | None = 3) -> None:
    db.session.add(
        Override(
            kind="cover", person_id=by, for_person_id=of, area_id=area, starts_at=start, ends_at=end, recorded_at=AT
        )
    )


@pytest.mark.usefixtures("app")
def test_a_standing_order_has_nothing_to_tell() -> None:
    assert kept() == []


@pytest.mark.usefixtures("shift")
def test_who_comes_is_told_an_hour_before_and_at_the_hand_over() -> None:
    assert told(kept(minutes=29)) == []
    assert told(kept(minutes=30)) == [(SOON, 6)]
    assert told(kept(minutes=89)) == []
    assert told(kept(minutes=90)) == [(NOW, 6)]
    assert told(kept(minutes=91)) == []


@pytest.mark.usefixtures("shift")
def test_who_comes_back_is_told_as_well() -> None:
    assert told(kept(minutes=150)) == [(SOON, 2)]


@pytest.mark.usefixtures("shift")
def test_it_is_not_told_late() -> None:
    assert told(kept(minutes=106)) == []


@pytest.mark.usefixtures("shift")
def test_it_is_told_a_quarter_of_an_hour_late_at_most() -> None:
    assert told(kept(minutes=105)) == [(NOW, 6)]


@pytest.mark.usefixtures("shift")
def test_somebody_without_a_slack_id_is_not_told() -> None:
    with writing():
        person(6).slack_id = None
    assert told(kept(minutes=30)) == []


@pytest.mark.usefixtures("shift")
def test_a_change_in_the_last_hour_tells_the_new_one() -> None:
    kept(minutes=30)
    with writing():
        person(3).slack_id = "U0TAKAHASHI"
        cover(3, 2, SHIFT, SHIFT + timedelta(hours=2))
    assert told(kept(minutes=50)) == [(SOON, 3)]


@pytest.mark.usefixtures("shift")
def test_two_who_look_at_the_same_time_write_it_once() -> None:
    at = AT + timedelta(minutes=30)
    first, second = roster_watch.look(at), roster_watch.look(at)
    with writing():
        assert len(roster_watch.write_down(first, at)) == 1
    with writing():
        assert roster_watch.write_down(second, at) == []


@pytest.mark.usefixtures("shift")
def test_the_hand_over_knows_who_leaves_and_the_fresh_note() -> None:
    (row,) = [one for one in kept(minutes=90) if one.kind == NOW]
    with writing() as session:
        session.add_all([
            Handover(area_id=3, at=AT - timedelta(hours=20), by_id=2, body="old"),
            Handover(area_id=3, at=AT, by_id=2, body="fresh"),
            Handover(area_id=3, at=AT, by_id=6, body="one's own"),
            Handover(area_id=4, at=AT, by_id=2, body="of another area"),
        ])  # fmt: skip
    found = roster_watch.handing(row.details, SHIFT)
    assert found is not None
    assert (found.comes.id, found.leaves and found.leaves.id, found.at) == (6, 2, SHIFT)
    note = roster_watch.note(found, SHIFT)
    assert note is not None
    assert note.body == "fresh"


@pytest.mark.usefixtures("shift")
def test_what_was_cancelled_is_not_so_any_more() -> None:
    (row,) = [one for one in kept(minutes=30) if one.kind == SOON]
    with writing() as session:
        override = session.scalars(select(Override)).one()
        override.cancelled_at = AT + timedelta(minutes=40)
    assert roster_watch.handing(row.details, AT + timedelta(minutes=41)) is None


# Groups


@pytest.fixture
def group(app: object) -> None:
    with writing():
        db.session.get_one(Area, 3).slack_group = "S0SYSTEM0"


def users(rows: list[Delivery]) -> list[list[str]]:
    return [row.details["users"] for row in rows if row.kind == GROUP]


@pytest.mark.usefixtures("group", "shift")
def test_the_group_is_who_is_on_duty_and_changes_with_them() -> None:
    assert users(kept()) == [["U0OKAMOTO"]]
    arrived()
    assert users(kept(minutes=1)) == []
    assert users(kept(minutes=90)) == [["U0ITO"]]
    arrived()
    assert users(kept(minutes=210)) == [["U0OKAMOTO"]]


def arrived() -> None:
    with writing() as session:
        for row in session.scalars(select(Delivery)):
            row.succeed(AT)


@pytest.mark.usefixtures("group", "shift")
def test_while_slack_is_away_the_newest_state_takes_the_place_of_the_older() -> None:
    (first,) = [one for one in kept() if one.kind == GROUP]
    (again,) = [one for one in kept(minutes=90) if one.kind == GROUP]
    assert (again.id, again.details["users"]) == (first.id, ["U0ITO"])


@pytest.mark.usefixtures("group", "shift")
def test_a_failed_group_is_dropped_when_a_newer_state_comes() -> None:
    with writing() as session:
        roster_watch.write_down(roster_watch.look(AT), AT)
        session.scalars(select(Delivery)).one().give_up(outbox.DeliveryError("scope", permanent=True), AT)
    assert users(kept(minutes=1)) == [], "the same is not tried by itself"
    kept(minutes=90)
    assert [row.state for row in db.session.scalars(select(Delivery).where(Delivery.kind == GROUP))] == [
        "dropped",
        "waiting",
    ]


@pytest.mark.usefixtures("group", "shift")
def test_a_state_found_before_a_newer_one_was_written_is_not_written() -> None:
    old = [word for word in roster_watch.look(AT) if word.kind == GROUP]
    kept(minutes=90)
    with writing():
        assert roster_watch.write_down(old, AT) == []


# Gaps

MORNING = datetime(2026, 8, 11, 0, 0, tzinfo=UTC)
"""9:00 in Tokyo on the day of AT."""


@pytest.fixture
def away(app: object) -> Callable[..., None]:
    """`away(hours=3, length=2)`: the bridge's people are away from then on."""
    with writing():
        person(1).slack_id = "U0OTSUKA"

    def gap(length: float = 2, at: datetime = AT, **ahead: float) -> None:
        start = AT + timedelta(**ahead)
        with writing():
            for number in (3, 6):
                db.session.add(
                    Absence(person_id=number, starts_at=start, ends_at=start + timedelta(hours=length), recorded_at=at)
                )

    return gap


def gaps(rows: list[Delivery]) -> list[list[str]]:
    return [mark for row in rows if row.kind == GAPS for mark in row.details["gaps"]]


def test_without_a_gap_nobody_is_bothered(away: object) -> None:
    assert gaps(kept()) == []


def test_administrators_are_told_once_a_day_until_it_is_closed(away: Callable[..., None]) -> None:
    away(days=5)
    assert ["bridge", (AT + timedelta(days=5)).isoformat()] in gaps(kept())
    assert gaps(kept(minutes=1)) == []
    assert gaps(kept(hours=22)) == [], "8:42 of the next day"
    assert gaps(kept(hours=23))
    assert gaps(kept(days=1, hours=1)) == []
    with writing() as session:
        for absence in session.scalars(select(Absence)):
            absence.cancelled_at = AT + timedelta(days=1, hours=2)
    assert gaps(kept(days=2)) == []


def test_a_gap_before_the_next_morning_is_told_at_once_and_once(away: Callable[..., None]) -> None:
    away(days=5)
    kept()
    away(hours=4, at=AT + timedelta(minutes=5))
    now = gaps(kept(minutes=6))
    assert ["bridge", (AT + timedelta(hours=4)).isoformat()] in now
    assert all(mark[1] < (AT + timedelta(days=1)).isoformat() for mark in now)
    assert gaps(kept(minutes=7)) == []
    assert gaps(kept(hours=5)) == []


def test_a_gap_that_is_far_away_waits_for_the_morning(away: Callable[..., None]) -> None:
    away(days=5)
    kept()
    away(days=8, at=AT + timedelta(minutes=5))
    assert gaps(kept(minutes=6)) == []


def test_beyond_two_weeks_nothing_is_said(away: Callable[..., None]) -> None:
    away(days=15)
    assert gaps(kept()) == []


def test_administrators_without_a_slack_id_and_others_are_not_told(
    away: Callable[..., None], cast: SimpleNamespace
) -> None:
    away(days=5)
    with writing():
        person(1).slack_id = None
    assert gaps(kept()) == []


def test_only_what_is_still_open_is_said(away: Callable[..., None]) -> None:
    away(days=5)
    (row,) = [one for one in kept() if one.kind == GAPS]
    assert roster_watch.still_missing(row.details, AT + timedelta(minutes=1))
    with writing() as session:
        for absence in session.scalars(select(Absence)):
            absence.cancelled_at = AT + timedelta(minutes=2)
    assert roster_watch.still_missing(row.details, AT + timedelta(minutes=3)) == []
