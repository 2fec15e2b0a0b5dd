"""Who holds which position: by the roster until it is given to somebody."""

from datetime import timedelta

import pytest

from domain import formation, incidents
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.events import Event
from domain.outbox import Delivery
from domain.roster import Area

MINUTE = timedelta(minutes=1)


@pytest.fixture
def incident(cast, now):
    with writing():
        return incidents.declare(
            key="declared", by=cast.responder, at=now, title="予約できません", severity="major", services={},
            began_at=now, holding_words={"situation": "調べています。"},
        )  # fmt: skip


def names(incident, at):
    return {position: holder.person.name for position, holder in formation.now_held(incident, at).items()}


def test_four_positions_follow_from_the_roster(incident, now):
    held = formation.now_held(incident, now)
    assert set(held) <= set(formation.ROSTERED)
    assert held["commander"].person.name == "岡本 沙織"
    assert held["bridge"].person.name == "高橋 由紀子"
    assert all(one.by_roster for one in held.values())


def test_what_was_given_counts_before_the_roster(cast, incident, now):
    with writing():
        incident.assign("commander", cast.deputy, by=cast.responder, at=now)
    assert names(incident, now)["commander"] == "伊藤 航"
    assert not formation.now_held(incident, now)["commander"].by_roster


def test_one_person_holds_several(cast, incident, now):
    with writing():
        for position in ("commander", "bridge", "scribe"):
            incident.assign(position, cast.deputy, by=cast.deputy, at=now)
    held = names(incident, now)
    assert held["commander"] == held["bridge"] == held["scribe"] == "伊藤 航"


def test_given_back_the_roster_counts_again(cast, incident, now):
    with writing():
        incident.assign("bridge", cast.deputy, by=cast.deputy, at=now)
    with writing():
        formation.relieve(incident, "bridge", by=cast.deputy, at=now + MINUTE)
    assert names(incident, now + MINUTE)["bridge"] == "高橋 由紀子"


def test_a_hand_over_keeps_both_names_and_is_told_in_the_channel(cast, incident, now):
    with writing():
        incident.assign("commander", cast.deputy, by=cast.responder, at=now)
    event = db.session.query(Event).filter_by(kind="incident.assigned").one()
    assert (event.details["before"], event.details["name"]) == ("岡本 沙織", "伊藤 航")
    told = db.session.query(Delivery).filter_by(kind="channel.handover").one()
    assert (told.details["before"], told.details["name"]) == ("岡本 沙織", "伊藤 航")


def test_given_again_nothing_is_told_twice(cast, incident, now):
    with writing():
        first = incident.assign("scribe", cast.deputy, by=cast.deputy, at=now)
        assert incident.assign("scribe", cast.deputy, by=cast.deputy, at=now + MINUTE) is first
    assert db.session.query(Delivery).filter_by(kind="channel.handover").count() == 1


def test_given_to_whom_the_roster_names_nothing_is_told(cast, incident, now):
    with writing():
        incident.assign("commander", cast.responder, by=cast.responder, at=now)
    assert db.session.query(Delivery).filter_by(kind="channel.handover").count() == 0


def test_nobody_who_has_left_and_no_position_that_is_none(cast, incident, now):
    with writing(), pytest.raises(Refused):
        incident.assign("scribe", cast.outsider, by=cast.responder, at=now)
    with writing(), pytest.raises(Refused):
        incident.assign("emperor", cast.deputy, by=cast.responder, at=now)


def test_nothing_changes_hands_in_a_closed_incident(cast, incident, now):
    with writing():
        incident.closed_at = now
    with writing(), pytest.raises(Conflict):
        incident.assign("scribe", cast.deputy, by=cast.responder, at=now)
    with writing(), pytest.raises(Conflict):
        formation.relieve(incident, "scribe", by=cast.responder, at=now)


def test_only_commander_bridge_and_scribe_ask_to_be_filled(incident, now):
    assert formation.unfilled(incident, {}) == ["commander", "bridge", "scribe"]
    assert formation.unfilled(incident, formation.now_held(incident, now)) == ["scribe"]


def test_they_stop_asking_after_a_while(incident, now):
    held = formation.now_held(incident, now)
    assert formation.asking(incident, held, now) == ["scribe"]
    assert formation.asking(incident, held, now + timedelta(minutes=30)) == []


def test_nobody_in_charge_nobody_commands(cast, incident, now):
    with writing():
        db.session.query(Area).filter_by(kind="system").one().retired_at = now
    assert "commander" not in formation.now_held(incident, now)
    assert "commander" in formation.unfilled(incident, formation.now_held(incident, now))


def test_who_did_something_lately_or_is_on_duty_is_here(cast, incident, now):
    people = [cast.admin, cast.deputy, cast.responder]
    here = {one.person.id: one for one in formation.who_is_here(incident, people, [], now, [(6, "system")])}
    assert here[2].active
    assert here[6].calls == ("system",)
    assert not here[1].is_here
