"""What is going on and what has been: the worst state counts, months of the organisation's zone, searching, no N+1."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain import incidents
from domain.db import db, writing
from domain.incidents import Incident, IncidentService, Update
from domain.text import fold

TOKYO = ZoneInfo("Asia/Tokyo")


def past(number, began_at, **given):
    given = {
        "kind": "incident", "title": f"障害 {number}", "severity": "minor", "state": "resolved", "began_at": began_at,
        "declared_at": began_at, "resolved_at": began_at, "closed_at": began_at, **given,
    }  # fmt: skip
    return Incident(id=number, key=f"past-{number}", search=fold(given["title"]), **given)


@pytest.fixture
def keep(app):
    def of(*rows):
        with writing():
            db.session.add_all(rows)

    return of


def found(now, **given):
    page = incidents.history(**{"month": "", "query": "", "page": 1, "zone": TOKYO, "at": now, **given})
    return [(first.isoformat(), [one.id for one in shown]) for first, shown in page.months]


def test_months_are_those_of_the_zone(keep, now):
    keep(
        past(1, datetime(2026, 7, 31, 14, 59, tzinfo=UTC)),
        past(2, datetime(2026, 7, 31, 15, 0, tzinfo=UTC)),
    )
    assert found(now) == [("2026-08-01", [2]), ("2026-07-01", [1])]
    assert found(now, month="2026-08") == [("2026-08-01", [2])]
    assert [count for _, count in incidents.months(TOKYO, now)] == [1, 1]


def test_it_finds_words_whatever_their_width_case_or_kana(keep, now):
    keep(past(1, now, title="ミドリ水族館でQRが読めません"), past(2, now, title="100%"))
    assert found(now, query="みどり 水族館")[0][1] == [1]
    assert found(now, query="ｑｒ")[0][1] == [1]
    assert found(now, query="0%")[0][1] == [2]
    assert found(now, query="_") == []


def test_pages_hold_fifty(keep, now):
    keep(*(past(number, now - timedelta(minutes=number)) for number in range(1, 61)))
    first = incidents.history(month="", query="", page=1, zone=TOKYO, at=now)
    assert (first.newer, first.older) == (None, {"page": 2})
    assert found(now, page=2)[0][1] == list(range(51, 61))


def test_drills_and_what_is_still_to_come_are_no_history(keep, now):
    keep(past(1, now, drill=True), past(2, now + timedelta(hours=1), kind="maintenance"))
    assert found(now) == []


@pytest.mark.parametrize("text", ["2026-13", "2026-8", "0001-01", "x", "", "2026-08-01"])
def test_what_is_no_month_is_none(text):
    assert not incidents.is_month(text)


@pytest.mark.parametrize(("typed", "there"), [("INC-7", True), ("inc-7", True), ("7", True), ("INC-99", False)])
def test_an_incident_is_found_by_its_code_in_any_case(keep, now, typed, there):
    keep(past(7, now))
    assert (incidents.by_code(typed) is not None) is there


@pytest.mark.parametrize("typed", ["", "INC-", "INC-x", "INC-99999999999999999999", "INC-٣", "-1"])
def test_what_is_no_code_finds_nothing(app, typed):
    assert incidents.by_code(typed) is None


def test_the_worst_state_of_a_service_counts(keep, now):
    keep(
        past(1, now, state="investigating", resolved_at=None, closed_at=None),
        past(2, now, state="investigating", resolved_at=None, closed_at=None),
        IncidentService(incident_id=1, service_id=1, state="major_outage"),
        IncidentService(incident_id=2, service_id=1, state="degraded_performance"),
    )
    assert incidents.service_states(now) == {1: ("major_outage", ["INC-1", "INC-2"])}


def test_a_record_that_cannot_be_right_has_no_duration():
    incident = past(1, datetime(2026, 8, 1, tzinfo=UTC), resolved_at=datetime(2026, 7, 1, tzinfo=UTC))
    assert incident.ends_before_beginning
    assert incident.duration is None


def test_the_board_costs_the_same_with_many_updates(keep, now, count_queries):
    rows = []
    for number in (1, 2, 3):
        rows.append(past(number, now, state="investigating", resolved_at=None, closed_at=None))
        rows += [
            Update(
                key=f"{number}-{turn}", incident_id=number, state="investigating", situation=str(turn), published_at=now
            )
            for turn in range(30)
        ]
    keep(*rows)
    with count_queries() as queries:
        shown = incidents.open_incidents(now)
        words = incidents.words_of(shown)
    assert [words[number]["situation"].text for number in (1, 2, 3)] == ["29"] * 3
    assert len(queries) <= 4
