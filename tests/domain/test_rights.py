"""Rights follow from the roster: who may do what, since when, until when, and who may not."""

from datetime import timedelta

import pytest

from domain import rights
from domain.catalog import Service
from domain.db import db, writing
from domain.errors import NotAllowed
from domain.incidents import Incident, Position
from domain.people import Person
from domain.rights import Rights
from domain.roster import Area, Override, Plan, PlanSlot

HOUR = timedelta(hours=1)
GUEST, PARTNER, SYSTEM, BRIDGE = 1, 2, 3, 4


def override(kind, person, now, *, for_person=None, area=None, **given):
    values = {"starts_at": now - HOUR, "ends_at": now + HOUR, "recorded_at": now - HOUR, **given}
    with writing() as session:
        session.add(
            Override(
                kind=kind,
                person_id=person.id,
                for_person_id=for_person.id if for_person else None,
                area_id=area,
                recorded_by_id=1,
                **values,
            )
        )


def plan(area, people, starts_at, recorded_at):
    with writing() as session:
        version = Plan(area_id=area, starts_at=starts_at, recorded_at=recorded_at, recorded_by_id=1)
        version.slots = [PlanSlot(rank=rank, person_id=one.id) for rank, one in enumerate(people)]
        session.add(version)


def test_a_reader_reads_and_no_more(cast, now):
    assert rights.of(cast.reader, now) == Rights(reads=True)


def test_nobody_and_who_left_may_nothing(cast, now):
    assert rights.of(None, now) == rights.of(cast.outsider, now) == Rights()


def test_whoever_left_has_no_right_from_a_plan_that_still_names_them(cast, now):
    with writing():
        cast.responder.deactivate(at=now)
    assert rights.of(cast.responder, now) == Rights()


def test_whoever_stands_in_a_plan_responds(cast, now):
    assert rights.of(cast.responder, now) == Rights(reads=True, responder=True)


def test_whoever_stands_in_the_bridge_s_plan_is_the_bridge_also_as_a_deputy(cast, now):
    assert rights.of(cast.bridge, now).bridge
    assert rights.of(cast.deputy, now).bridge


def test_an_administrator_administrates_and_responds_but_does_not_publish(cast, now):
    assert rights.of(cast.admin, now) == Rights(reads=True, responder=True, admin=True)


def test_levels(cast, now):
    assert [rights.of(who, now).level for who in (cast.reader, cast.responder, cast.admin)] == [
        "reader",
        "responder",
        "admin",
    ]


def test_a_new_plan_counts_from_its_start_and_replaces_the_old_one(cast, now):
    plan(SYSTEM, [cast.reader], now + HOUR, now)
    assert rights.of(cast.responder, now).responder
    assert not rights.of(cast.reader, now).responder
    assert rights.of(cast.reader, now + HOUR).responder
    assert not rights.of(cast.responder, now + HOUR).responder


def test_a_plan_gives_no_right_before_it_was_recorded(cast, now):
    plan(SYSTEM, [cast.reader], now - HOUR, now)
    assert not rights.of(cast.reader, now - timedelta(seconds=1)).responder


def test_a_retired_area_gives_no_right(cast, now):
    with writing() as session:
        session.get(Area, SYSTEM).retired_at = now
    assert not rights.of(cast.responder, now).responder


def test_a_stand_in_has_the_right_of_the_place_while_it_lasts(cast, now):
    override("cover", cast.reader, now, for_person=cast.bridge, area=BRIDGE)
    assert rights.of(cast.reader, now).bridge
    assert not rights.of(cast.reader, now + HOUR).bridge
    assert rights.of(cast.bridge, now).bridge


def test_standing_in_everywhere_gives_only_the_places_that_there_are(cast, now):
    override("cover", cast.reader, now, for_person=cast.responder)
    assert rights.of(cast.reader, now) == Rights(reads=True, responder=True)


def test_standing_in_for_somebody_without_a_place_gives_nothing(cast, now):
    override("cover", cast.reader, now, for_person=cast.responder, area=BRIDGE)
    assert not rights.of(cast.reader, now).responder


def test_a_stand_in_of_a_stand_in_has_the_right(cast, now):
    override("cover", cast.admin, now, for_person=cast.bridge, area=BRIDGE)
    override("cover", cast.reader, now, for_person=cast.admin, area=BRIDGE)
    assert rights.of(cast.reader, now).bridge


def test_a_swap_gives_each_the_other_s_right(cast, now):
    override("swap", cast.responder, now, for_person=cast.bridge)
    assert rights.of(cast.responder, now).bridge
    assert rights.of(cast.bridge, now).responder


def test_taking_over_gives_the_right(cast, now):
    override("take", cast.reader, now, area=BRIDGE)
    assert rights.of(cast.reader, now).bridge


@pytest.mark.parametrize("status", ["proposed", "declined"])
def test_what_is_not_agreed_gives_nothing(cast, now, status):
    override("take", cast.reader, now, area=BRIDGE, status=status)
    assert not rights.of(cast.reader, now).responder


def test_what_was_cancelled_gives_nothing(cast, now):
    override("take", cast.reader, now, area=BRIDGE, cancelled_at=now)
    assert not rights.of(cast.reader, now).responder


def test_many_people_cost_one_query(cast, now, count_queries):
    everybody = [cast.admin, cast.responder, cast.bridge, cast.reader, cast.outsider, cast.deputy]
    for person in everybody:
        assert person.id
    with count_queries() as queries:
        found = rights.of_each(everybody, now)
    assert len(queries) == 1
    assert found == {person.id: rights.of(person, now) for person in everybody}


@pytest.fixture
def incident(app, now):
    with writing() as session:
        # Only what the look-up needs: an incident with an id.
        incident = Incident(
            key="k",
            title="予約サイトが開けない",
            severity="major",
            state="investigating",
            began_at=now,
            declared_at=now,
        )
        session.add(incident)
        session.flush()
    return incident


def hold(incident, position, person, now, until=None):
    with writing() as session:
        session.add(
            Position(incident_id=incident.id, position=position, person_id=person.id, since=now - HOUR, until=until)
        )


def wrote_as(person, incident, now):
    return rights.wrote_as(person, incident, rights.of(person, now), now)


def test_the_roster_s_bridge_publishes_on_every_incident(cast, incident, now):
    assert wrote_as(cast.bridge, incident, now) == "bridge"


@pytest.mark.parametrize(("position", "role"), [("bridge", "bridge"), ("commander", "commander")])
def test_who_holds_the_bridge_or_commands_publishes(colleague, incident, now, position, role):
    hold(incident, position, colleague, now)
    assert wrote_as(colleague, incident, now) == role


@pytest.mark.parametrize("position", ["guest_lead", "partner_lead", "investigator", "scribe"])
def test_the_other_positions_do_not_publish(colleague, incident, now, position):
    hold(incident, position, colleague, now)
    assert wrote_as(colleague, incident, now) is None


def test_a_position_that_was_given_up_does_not_publish(colleague, incident, now):
    hold(incident, "commander", colleague, now, until=now)
    assert wrote_as(colleague, incident, now) is None


def test_the_roster_s_person_in_charge_of_the_systems_commands_and_publishes(cast, incident, now):
    assert wrote_as(cast.responder, incident, now) == "commander"


def test_whom_the_command_was_taken_from_does_not_publish(cast, colleague, incident, now):
    hold(incident, "commander", colleague, now)
    assert wrote_as(cast.responder, incident, now) is None


def test_neither_a_reader_nor_a_responder_nor_an_administrator_publishes(cast, colleague, incident, now):
    assert {wrote_as(who, incident, now) for who in (cast.reader, colleague, cast.admin)} == {None}


def test_a_missing_right_is_said(app):
    rights.require(True, "x")
    with pytest.raises(NotAllowed, match="responders_only"):
        rights.require(False, "responders_only")


def changes(cast, now):
    """What makes somebody another one than before, one at a time."""
    yield lambda: cast.reader.sign_out_everywhere()
    yield lambda: setattr(cast.reader, "is_admin", True)
    yield lambda: (setattr(cast.admin, "is_admin", False), setattr(cast.bridge, "is_admin", True))
    yield lambda: cast.deputy.deactivate(at=now, by=cast.admin)
    yield lambda: (cast.admin.sign_out_everywhere(), setattr(cast.deputy, "deactivated_at", None))
    yield lambda: db.session.add(Person(email="new@example.jp", name="新人", created_at=now))
    new = Plan(area_id=SYSTEM, starts_at=now - HOUR, recorded_at=now - HOUR, recorded_by_id=1)
    new.slots = [PlanSlot(rank=0, person_id=cast.reader.id)]
    yield lambda: db.session.add(new)


def test_everybody_is_read_anew_whenever_somebody_is_another_one_than_before(cast, now):
    everybody = rights.Everybody()
    ids = range(1, 20)
    assert everybody.standing(now) == rights.standing(ids, now)
    for change in changes(cast, now):
        before = rights.standing(ids, now)
        with writing():
            change()
        db.session.rollback()
        after = rights.standing(ids, now)
        assert after != before
        assert everybody.standing(now) == after


def test_nobody_is_read_where_nobody_is_another_one(cast, now, count_queries):
    everybody = rights.Everybody()
    everybody.standing(now)
    with writing() as session:
        session.add(Service(name="新しいサービス", position=9, created_at=now))
    with count_queries() as queries:
        everybody.standing(now)
    assert len(queries) == 2


def test_a_cover_that_ends_by_the_clock_is_noticed(cast, now):
    override("cover", cast.reader, now, for_person=cast.responder, area=SYSTEM)
    everybody = rights.Everybody()
    assert (4, 0, "responder") in everybody.standing(now)
    assert (4, 0, "reader") in everybody.standing(now + 2 * HOUR)
