"""Who answers for an area: the line, stand-ins, absences, gaps, hand-overs, and how many queries that takes."""

from datetime import timedelta

from domain import planning, roster
from domain.db import db, writing
from domain.people import Person
from domain.roster import Absence, Area, Override, Plan, PlanSlot, Rotation, RotationMember

HOUR = timedelta(hours=1)


def area(key):
    return roster.area_by_key(key)


def names(duty):
    return [place.person.name for place in duty.people]


def away(person, now, until=None, since=None, **more):
    with writing() as session:
        session.add(Absence(person_id=person.id, starts_at=since or now, ends_at=until, recorded_at=now, **more))


def stand_in(person, other, now, until, key="system", kind="cover", **more):
    with writing() as session:
        session.add(
            Override(
                kind=kind, person_id=person.id, for_person_id=other.id if other else None,
                area_id=area(key).id if key else None, starts_at=now, ends_at=until, recorded_at=now, **more,
            )
        )  # fmt: skip


def test_a_standing_order_has_no_until(cast, now):
    duty = roster.area_duty("system", now)
    assert names(duty) == ["岡本 沙織", "伊藤 航"]
    assert (duty.until, duty.next_person, duty.gap) == (None, None, False)
    assert [place.rank for place in duty.people] == [0, 1]
    assert duty.last_resort == []


def test_all_areas_come_in_their_order(cast, now):
    assert [duty.area.key for duty in roster.duty_now(now)] == ["guest", "partner", "system", "bridge"]


def test_while_somebody_is_away_the_next_in_order_is_in_charge(cast, now):
    away(cast.responder, now, until=now + HOUR)
    duty = roster.area_duty("system", now)
    assert names(duty) == ["伊藤 航"]
    assert (duty.until, duty.next_person) == (now + HOUR, cast.responder)


def test_a_coming_absence_gives_an_until(cast, now):
    away(cast.responder, now, since=now + HOUR, until=now + 2 * HOUR)
    duty = roster.area_duty("system", now)
    assert (names(duty)[0], duty.until, duty.next_person.name) == ("岡本 沙織", now + HOUR, "伊藤 航")


def test_a_stand_in_says_for_whom(cast, now):
    stand_in(cast.reader, cast.responder, now, now + HOUR)
    duty = roster.area_duty("system", now)
    assert names(duty) == ["佐藤 美咲", "伊藤 航"]
    assert duty.people[0].standing_in_for == cast.responder
    assert duty.people[1].standing_in_for is None


def test_a_cover_of_one_area_leaves_the_others_alone(cast, now):
    stand_in(cast.reader, cast.deputy, now, now + HOUR, key="guest")
    assert names(roster.area_duty("guest", now)) == ["佐藤 美咲"]
    assert names(roster.area_duty("partner", now)) == ["伊藤 航"]


def test_a_cover_of_all_areas_counts_everywhere(cast, now):
    stand_in(cast.reader, cast.deputy, now, now + HOUR, key=None)
    assert {names(roster.area_duty(key, now))[-1] for key in ("guest", "partner", "system", "bridge")} == {"佐藤 美咲"}


def test_a_proposed_cover_does_not_count(cast, now):
    stand_in(cast.reader, cast.responder, now, now + HOUR, status="proposed")
    assert names(roster.area_duty("system", now))[0] == "岡本 沙織"


def test_whoever_takes_over_stands_before_everybody(cast, now):
    stand_in(cast.bridge, None, now, None, kind="take")
    assert names(roster.area_duty("system", now)) == ["高橋 由紀子", "岡本 沙織", "伊藤 航"]


def test_nobody_left_is_a_gap_with_the_emergency_contacts(cast, now):
    away(cast.deputy, now, until=now + HOUR)
    duty = roster.area_duty("guest", now)
    assert (duty.people, duty.gap, duty.in_charge) == ([], True, None)
    assert [contact.name for contact in duty.last_resort] == ["社長室"]
    assert (duty.until, duty.next_person) == (now + HOUR, cast.deputy)


def test_an_area_without_a_plan_is_a_gap(cast, now):
    with writing() as session:
        session.add(Area(key="new", name="新しい領域", created_at=now, position=9))
    assert roster.area_duty("new", now).gap


def test_a_retired_area_is_not_asked(cast, now):
    with writing():
        area("partner").retired_at = now
    assert roster.area_duty("partner", now) is None
    assert len(roster.duty_now(now)) == 3


def test_whoever_left_is_absent_from_then_on(cast, now):
    with writing():
        cast.responder.deactivate(at=now)
    assert names(roster.area_duty("system", now)) == ["伊藤 航"]
    assert names(roster.area_duty("system", now - HOUR))[0] == "岡本 沙織"


def test_the_past_answers_with_the_plan_of_that_time(cast, now):
    with writing():
        planning.set_plan(area("system"), [cast.reader], starts_at=now, seen=3, by=cast.admin, at=now)
    assert names(roster.area_duty("system", now)) == ["佐藤 美咲"]
    assert names(roster.area_duty("system", now - HOUR)) == ["岡本 沙織", "伊藤 航"]
    assert roster.area_duty("system", now - HOUR).until == now


def test_a_planned_version_takes_its_turn(cast, now):
    with writing():
        planning.set_plan(area("system"), [cast.reader], starts_at=now + HOUR, seen=3, by=cast.admin, at=now)
    duty = roster.area_duty("system", now)
    assert (names(duty)[0], duty.until, duty.next_person) == ("岡本 沙織", now + HOUR, cast.reader)
    in_force, planned = roster.plans(area("system"), now)
    assert in_force.slots[0].person == cast.responder
    assert [plan.slots[0].person for plan in planned] == [cast.reader]


def test_on_duty_of_a_kind_names_each_person_once(cast, now):
    with writing() as session:
        second = Area(key="network", kind="system", name="ネットワーク", created_at=now, position=9)
        plan = Plan(area=second, starts_at=now, recorded_at=now)
        plan.slots = [PlanSlot(rank=0, person_id=6), PlanSlot(rank=1, person_id=4)]
        session.add(plan)
    assert [place.person.name for place in roster.on_duty("system", now)] == ["岡本 沙織", "伊藤 航", "佐藤 美咲"]


def test_gaps_ahead_are_those_of_all_areas_in_time(cast, now):
    away(cast.deputy, now, since=now + HOUR, until=now + 2 * HOUR)
    assert [(gap.area.key, gap.start, gap.end) for gap in roster.gaps_ahead(now)] == [
        ("guest", now + HOUR, now + 2 * HOUR),
        ("partner", now + HOUR, now + 2 * HOUR),
    ]


def test_a_gap_beyond_the_days_asked_for_has_no_end(cast, now):
    away(cast.deputy, now)
    assert roster.gaps_ahead(now)[0].end is None


def test_people_are_chosen_in_the_order_of_their_readings(cast):
    readings = [person.reading for person in roster.choices()]
    assert readings == sorted(readings)
    assert cast.outsider not in roster.choices()


def test_the_number_of_queries_does_not_grow(cast, now, count_queries):
    with count_queries() as few:
        roster.facts(now).duties()
    with writing() as session:
        for number in range(30):
            person = Person(email=f"p{number}@example.jp", name=f"人{number}", created_at=now)
            new = Area(key=f"a{number}", name=f"領域{number}", created_at=now, position=20 + number)
            plan = Plan(area=new, starts_at=now, recorded_at=now)
            plan.slots = [PlanSlot(rank=0, person=person)]
            session.add_all(
                [plan, Absence(person=person, starts_at=now + HOUR, ends_at=now + 2 * HOUR, recorded_at=now)]
            )
    db.session.remove()
    with count_queries() as many:
        assert len(roster.facts(now).duties()) == 34
    assert len(many) == len(few) <= 7


def test_the_rosters_settings_are_asked_once(cast, now, count_queries):
    with writing() as session:
        turn = Rotation(name="当番", start="2026-01-05T09:00:00", recorded_at=now)
        turn.members = [RotationMember(position=0, person=session.get_one(Person, cast.responder.id))]
        plan = Plan(area=area("system"), starts_at=now, recorded_at=now)
        plan.slots = [PlanSlot(rank=0, rotation=turn)]
        session.add(plan)
    with count_queries() as asked:
        assert names(roster.facts(now).duty_of(area("system"))) == ["岡本 沙織"]
    assert sum("FROM roster_settings" in one for one in asked) == 1
