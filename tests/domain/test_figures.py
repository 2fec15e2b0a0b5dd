"""The figures: each by hand from a small past, months of the organisation, drills left out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain import actions, figures, hotline, incidents
from domain.db import db, writing
from domain.figures import months_before, span_of
from domain.incidents import Incident
from domain.people import Person
from tests.domain.learning import draft

AUGUST = date(2026, 8, 1)


def person(number):
    return db.session.get_one(Person, number)


def minutes(now, number):
    return now + timedelta(minutes=number)


@pytest.fixture
def past(cast, now):
    """`past("a", drill=True)`: a report at `now`, taken after 2 minutes, declared after 5, updated after 9, watched
    after 20, restored after 30, closed after 90."""

    def making(key="a", start=now, drill=False, late=False):
        with writing():
            report = hotline.file(key=f"r{key}", by=person(4), at=start, symptom=None, body="QRが読めません")
            report.judge("acknowledged", by=person(2), at=minutes(start, 2))
            made = incidents.declare(
                key=key, by=person(2), at=minutes(start, 5), title="入場できない", severity="major", services={},
                began_at=minutes(start, -10), report=report, drill=drill, holding_words={"situation": "調べています。"},
            )  # fmt: skip
            said = [("investigating", 9, 19), ("monitoring", 22 if late else 20, 40), ("resolved", 30, None)]
            for state, after, due in said:
                made.publish(
                    key=f"{key}{after}", by=person(3), at=minutes(start, after), state=state, words={"situation": f"{after}"},
                    next_update_at=minutes(start, due) if due else None,
                )  # fmt: skip
            made.close(by=person(6), at=minutes(start, 90))
            return made.id

    return making


def of(code, at):
    return figures.all_figures(at).figures[code]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("to_acknowledgement", 2), ("to_declaration", 5), ("to_first_update", 9), ("to_mitigation", 20),
        ("to_restoration", 30), ("to_closing", 90), ("duration", 40), ("updates", 3), ("incidents", 1), ("reports", 1),
    ],
)  # fmt: skip
def test_a_played_incident_gives_what_was_played(past, now, code, expected):
    past()
    found = of(code, minutes(now, 200))
    assert found.whole.number == expected
    assert found.months == {AUGUST: found.whole}


def test_the_median_of_two_and_what_nine_of_ten_kept(past, now):
    past("a")
    past("b", start=now + timedelta(days=1))
    with writing():
        db.session.get_one(Incident, 2).resolved_at = now + timedelta(days=1, minutes=50)
    found = of("to_restoration", now + timedelta(days=3)).whole
    assert (found.number, found.of, found.tenth) == (40, 2, 50)


def test_promises_kept_and_broken(past, now):
    past("a")
    # The holding text promised 10:47; the second update came after the time that the first had promised.
    past("b", start=now + timedelta(days=1), late=True)
    found = of("promises", now + timedelta(days=3)).whole
    assert (found.number, found.of) == (pytest.approx(5 / 6), 6)


def test_a_promise_that_is_not_due_yet_does_not_count(cast, now):
    with writing():
        incidents.declare(
            key="a", by=person(2), at=now, title="入場できない", severity="major", services={}, began_at=now,
            holding_words={"situation": "調べています。"},
        )  # fmt: skip
    assert of("promises", minutes(now, 3)).whole.of == 0
    assert of("promises", minutes(now, 30)).whole.number == 0


def test_drills_are_left_out_everywhere(past, now):
    number = past("a", drill=True)
    with writing():
        actions.add(db.session.get_one(Incident, number), draft(), key="1", by=person(2), at=now)
    found = figures.all_figures(now + timedelta(days=90))
    assert {code: one.whole.of for code, one in found.figures.items()} == dict.fromkeys(figures.FORMS, 0)
    assert figures.thanks(now, minutes(now, 9)) == []


def test_what_was_the_same_as_a_report_of_a_drill_is_left_out_too(past, now):
    past("a", drill=True)
    with writing():
        same = hotline.file(key="s", by=person(6), at=now, symptom=None, body="同じ")
        same.judge("duplicate", by=person(2), at=now, of=db.session.get_one(hotline.Report, 1))
    assert of("reports", now + timedelta(days=1)).whole.number == 0


def test_reports_that_were_none_are_counted_and_thanked(cast, now):
    with writing():
        report = hotline.file(key="r", by=person(4), at=now, symptom=None, body="遅い気がします")
        report.add_voice(by=person(6), at=now)
        report.judge("no_incident", by=person(2), at=now)
    assert of("none_reports", now).whole.number == 1
    assert of("voices", now).whole.number == 1
    found = {one.person.id: (one.reports, one.none, one.voices) for one in figures.thanks(now, minutes(now, 1))}
    assert found == {4: (1, 1, 0), 6: (0, 0, 1)}


def test_what_went_on_elsewhere_or_was_none_is_no_incident(past, now):
    number = past()
    with writing():
        db.session.get_one(Incident, number).outcome = "no_incident"
    assert of("incidents", minutes(now, 200)).whole.number == 0


def test_history_that_was_moved_in_has_durations_but_no_times_from_a_report(past, now):
    number = past()
    with writing():
        db.session.get_one(Incident, number).source = "GitHub"
    found = figures.all_figures(minutes(now, 200)).figures
    assert found["duration"].whole.number == 40
    assert found["to_declaration"].whole.of == found["promises"].whole.of == 0


def test_a_record_that_ends_before_it_begins_has_no_duration(past, now):
    number = past()
    with writing():
        db.session.get_one(Incident, number).resolved_at = minutes(now, -60)
    assert of("duration", minutes(now, 200)).whole.of == 0


def test_months_are_those_of_the_organisation(cast, now):
    with writing():
        hotline.file(key="r", by=person(4), at=datetime(2026, 8, 31, 15, tzinfo=UTC), symptom=None, body="9月1日0時")
    assert list(of("reports", now).months) == [date(2026, 9, 1)]


def test_actions_done_in_time(past, now):
    number = past()
    with writing():
        incident, by = db.session.get_one(Incident, number), person(2)
        made = [actions.add(incident, draft(body=f"対策{n}"), key=str(n), by=by, at=now) for n in range(5)]
        made[0].move_on("done", by=by, at=now)
        made[1].move_on("done", by=by, at=now + timedelta(days=30))
        made[2].move_on("dropped", by=by, at=now, note="装置ごと替える")
        actions.add(incident, draft(due_on=date(2026, 12, 1)), key="later", by=by, at=now)
    found = of("actions_in_time", now + timedelta(days=40))
    assert (found.whole.number, found.whole.of) == (0.25, 4)
    assert list(found.months) == [AUGUST]


def test_the_load_is_what_was_given_until_it_was_handed_on_or_over(past, now):
    number = past()
    with writing():
        incident = db.session.get_one(Incident, number)
        incident.closed_at = None
        incident.assign("scribe", person(6), by=person(2), at=minutes(now, 5))
        incident.assign("scribe", person(4), by=person(2), at=minutes(now, 15))
        incident.assign("impact", person(4), by=person(2), at=minutes(now, 10))
    found = figures.load(now - timedelta(days=1), now + timedelta(days=1))
    assert [(one.person.id, len(one.incidents), one.positions, one.length) for one in found] == [
        (4, 1, 2, timedelta(minutes=35)), (6, 1, 1, timedelta(minutes=10)),
    ]  # fmt: skip
    assert figures.load(now + timedelta(days=1), now + timedelta(days=2)) == []


def test_an_empty_house_has_figures_without_numbers(app, now):
    found = figures.all_figures(now)
    assert found.months == []
    assert found.figures["duration"].whole.number is None
    assert found.figures["reports"].whole.number == 0


def test_months_are_counted_over_the_turn_of_the_year():
    assert months_before(date(2026, 3, 1), 11) == date(2025, 4, 1)
    assert months_before(date(2026, 3, 1), -12) == date(2027, 3, 1)
    assert list(span_of(date(2025, 12, 1), date(2026, 2, 1))) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]


def test_it_costs_the_same_however_much_happened(past, now, count_queries):
    past("a")
    counts = []
    for number in range(2):
        with count_queries() as queries:
            figures.all_figures(now + timedelta(days=9))
        counts.append(len(queries))
        for more in range(5):
            past(f"{number}{more}", start=now + timedelta(hours=more))
    assert counts[0] == counts[1] <= 7
