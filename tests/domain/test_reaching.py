"""Reaching whoever is on duty: what counts as tried, who is suggested, what is refused."""

from datetime import timedelta

import pytest

from domain import incidents, reaching, roster
from domain.catalog import Service
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident


@pytest.fixture
def incident(cast, now):
    with writing():
        return incidents.declare(
            key="d", by=cast.responder, at=now, title="入場できない", severity="major",
            services={db.session.get(Service, 1): "partial_outage"}, began_at=now, holding=False,
        )  # fmt: skip


@pytest.fixture
def call(incident, cast):
    def of(person, result, at, area="system", by=None):
        with writing():
            return reaching.tried(
                db.session.get(Incident, incident.id), roster.area_by_key(area), person, result,
                by=by or cast.reader, at=at,
            ).id  # fmt: skip

    return of


def of_area(incident, at, key="system"):
    return next(one for one in reaching.duties(incident, at) if one.area.key == key)


def test_nobody_was_called_yet_so_the_first_is_suggested(incident, cast, now):
    assert of_area(incident, now).suggest.id == cast.responder.id


def test_after_no_answer_the_next_in_line_is_suggested_and_duty_stays(incident, cast, call, now):
    call(cast.responder, "no_answer", now)
    duty = of_area(incident, now)
    assert (duty.suggest.id, duty.in_charge.person.id) == (cast.deputy.id, cast.responder.id)


def test_an_attempt_counts_in_every_area(incident, cast, call, now):
    call(cast.deputy, "declined", now)
    assert of_area(incident, now, "guest").exhausted


def test_when_all_were_tried_the_last_resort_is_shown(incident, cast, call, now):
    call(cast.responder, "no_answer", now)
    call(cast.deputy, "declined", now)
    duty = of_area(incident, now)
    assert (duty.exhausted, duty.suggest) == (True, None)
    assert [contact.name for contact in duty.last_resort] == ["社長室"]


def test_starting_over_lets_everybody_be_called_again(incident, cast, call, now):
    call(cast.responder, "no_answer", now)
    with writing():
        reaching.start_over(db.session.get(Incident, incident.id), by=cast.reader, at=now + timedelta(minutes=1))
    assert of_area(incident, now + timedelta(minutes=1)).suggest.id == cast.responder.id


def test_who_was_reached_after_all_does_not_count_as_tried(incident, cast, call, now):
    call(cast.responder, "no_answer", now)
    call(cast.responder, "reached", now + timedelta(minutes=2))
    assert of_area(incident, now + timedelta(minutes=2)).suggest.id == cast.responder.id


def test_a_button_pressed_twice_is_one_attempt(incident, cast, call, now):
    assert call(cast.responder, "no_answer", now) == call(cast.responder, "no_answer", now + timedelta(seconds=3))


def test_two_people_who_both_called_are_two_attempts(incident, cast, call, now):
    assert call(cast.responder, "no_answer", now) != call(cast.responder, "no_answer", now, by=cast.admin)


def test_who_is_not_in_the_line_cannot_have_been_called_from_it(cast, call, now):
    with pytest.raises(Conflict, match="not_in_line"):
        call(cast.reader, "no_answer", now)


def test_an_unknown_result_is_refused(cast, call, now):
    with pytest.raises(Refused, match="attempt_unknown"):
        call(cast.responder, "busy", now)


def test_attempts_of_another_incident_do_not_count(incident, cast, call, now):
    call(cast.responder, "no_answer", now)
    with writing():
        other = incidents.declare(
            key="e", by=cast.responder, at=now, title="別件", severity="minor",
            services={db.session.get(Service, 2): "partial_outage"}, began_at=now, holding=False,
        )  # fmt: skip
    assert of_area(other, now).suggest.id == cast.responder.id


def test_nobody_is_called_for_a_finished_incident(incident, cast, call, now):
    with writing():
        db.session.get(Incident, incident.id).closed_at = now
    with pytest.raises(Conflict, match="incident_over"):
        call(cast.responder, "no_answer", now)
