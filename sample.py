"""`make sample`: the believable sample organisation: a live incident, a late one, a suspicion, a hand-over soon."""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select, update

from domain import (
    absences,
    actions,
    beginnings,
    hotline,
    incidents,
    maintenances,
    overrides,
    planning,
    postmortem,
    questions,
    record,
    timeline,
)
from domain.catalog import Facility, Service, Symptom
from domain.cycles import Cycle
from domain.db import db, writing
from domain.incidents import Incident
from domain.outbox import Delivery
from domain.people import Person, hash_password, normal_email
from domain.planning import Draft, Row, Turn
from domain.roster import Area, LastResort
from domain.walltime import DAYS, Window

FACTS: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text())
NIGHTS_BEGIN = datetime(2025, 1, 6, 9)  # noqa: DTZ001  a wall time
Minutes = Callable[[float], datetime]


@click.command("sample")
def command() -> None:
    """Fills an empty instance with the believable sample organisation."""
    if db.session.scalar(select(Service.id).limit(1)) or db.session.scalar(select(Incident.id).limit(1)):
        raise click.ClickException("This instance holds services or incidents already; the sample is for an empty one.")
    at = datetime.now(UTC).replace(microsecond=0)
    password = secrets.token_urlsafe(9)
    click.echo("Making the sample organisation …")
    hashed = hash_password(password)
    with writing():
        build(at, hashed)
    click.echo(f"Ready. Everybody signs in with the password  {password}")
    for who in ("admin", "bridge", "responder", "reader"):
        click.echo(f"  {who:<10} {FACTS['cast'][who]}")


def build(at: datetime, password_hash: str | None) -> None:
    """The whole organisation as of `at` (aware UTC). Call it inside `writing()`."""
    people = _people(at, password_hash)
    services = _catalogue(at)
    _roster(people, at)
    _past(people, services, at)
    _maintenance(people, services, at)
    _delivered(at)
    _live(people, services, lambda minutes: at + timedelta(minutes=minutes))
    _delivered(at)
    _one_failed_delivery(at)


def _people(at: datetime, password_hash: str | None) -> dict[str, Person]:
    found: dict[str, Person] = {}
    for number, row in enumerate(FACTS["people"], start=101):
        email = normal_email(row["email"])
        person = db.session.scalar(select(Person).where(Person.email == email))
        if person is None:
            person = Person(email=email, created_at=at - timedelta(days=400))
            db.session.add(person)
        person.name, person.reading, person.department = row["name"], row["reading"], row["department"]
        person.phone = f"+8190{number:08}" if row.get("phone", True) else None
        # As the project's own local Slack calls them: there they can press and be told.
        person.slack_id = row.get("slack")
        person.is_admin = row.get("admin", False)
        person.password_hash = password_hash
        person.describe()
        found[row["name"]] = person
    db.session.flush()
    return found


def _catalogue(at: datetime) -> dict[str, Service]:
    created = at - timedelta(days=400)
    services = {
        row[0]: Service(
            name=row[0], name_en=row[1], description=row[2], description_en=row[3], position=n, created_at=created
        )
        for n, row in enumerate(FACTS["services"])
    }
    db.session.add_all(services.values())
    for name, reading, used in FACTS["facilities"]:
        facility = Facility(name=name, reading=reading, created_at=created, services=[services[one] for one in used])
        facility.describe()
        db.session.add(facility)
    db.session.flush()
    return services


def _roster(people: dict[str, Person], at: datetime) -> None:
    began = at - timedelta(days=300)
    keeper = people[FACTS["keeper"]]
    beginnings.furnish(began)
    for key, line in FACTS["areas"]:
        area = db.session.scalars(select(Area).where(Area.key == key)).one()
        latest = planning.latest_plan(area)
        starts = began if latest is None else at
        planning.set_plan(
            area,
            [people[one] for one in line],
            starts_at=starts,
            seen=latest.id if latest else None,
            by=keeper,
            at=starts,
        )
    _nights(people, at - timedelta(days=200))
    # A hand-over within the hour, and somebody who is away next week.
    overrides.offer_cover(
        people["勅使河原 龍之介"],
        people["藤田 由美"],
        None,
        starts_at=at - timedelta(hours=5),
        ends_at=at + timedelta(minutes=48),
        by=keeper,
        at=at - timedelta(hours=6),
    )
    absences.record_absence(
        people["高橋 由紀子"],
        starts_at=at + timedelta(days=3),
        ends_at=at + timedelta(days=5),
        by=people["高橋 由紀子"],
        at=at,
    )
    db.session.add(LastResort(name="社長室 大塚 仁", phone="+81312345678", position=0))
    db.session.flush()


def _nights(people: dict[str, Person], at: datetime) -> None:
    """The system side: a standing order while the office is open, else a rotation by the week."""
    area = db.session.scalars(select(Area).where(Area.key == "system")).one()
    latest = planning.latest_plan(area)
    assert latest is not None
    office = Window(9 * 60, 19 * 60, frozenset(DAYS[:5]))
    line = [people[one] for one in dict(FACTS["areas"])["system"]]
    turns = Cycle(FACTS["nights"]["name"], tuple(people[one] for one in FACTS["nights"]["members"]), NIGHTS_BEGIN)
    rows = (Row(tuple(line), (office,)), Row((Turn(0), Turn(0, 1), line[0])))
    planning.set_plan(
        area, Draft(rows, (turns,)), starts_at=at, seen=latest.id, by=people[FACTS["keeper"]], at=at
    )  # fmt: skip


def _past(people: dict[str, Person], services: dict[str, Service], at: datetime) -> None:
    for number, row in enumerate(FACTS["past"]):
        began = at - timedelta(days=row["days"], minutes=17 * number)
        incident = incidents.declare(
            key=f"sample-past-{number}",
            by=people["岡本 沙織"],
            at=began + timedelta(minutes=4),
            title=row["title"],
            severity=row["severity"],
            services={services[row["service"]]: row["state"]},
            began_at=began,
            holding_words={"situation": row["situation"]},
        )
        ended = began + timedelta(minutes=row["minutes"])
        incident.publish(
            key=f"sample-past-{number}-end",
            by=people["高橋 由紀子"],
            at=ended,
            state="resolved",
            words={"situation": row["resolved"]},
        )
        incident.close(by=people["松本 彩"], at=ended + timedelta(hours=3))
        if "learnt" in row:
            _learnt(incident, row["learnt"], people, at)


def _learnt(incident: Incident, facts: dict[str, Any], people: dict[str, Person], at: datetime) -> None:
    """What people found two days later, and what came of it."""
    keeper = people["岡本 沙織"]
    met = incident.began_at + timedelta(days=2)
    found = postmortem.begun(incident)
    found.plan(met, host=keeper, place="会議室A", by=keeper, at=met - timedelta(days=1))
    found.write({name: facts[name] for name in (*postmortem.TEXTS, "whys", "cause")}, by=keeper, at=met)
    found.hold(True, by=keeper, at=met)
    areas = {area.key: area for area in db.session.scalars(select(Area))}
    for number, (kind, body, owner, days, area, done) in enumerate(facts["actions"]):
        draft = actions.Draft(kind, body, people[owner], (at + timedelta(days=days)).date(), areas[area])
        action = actions.add(incident, draft, key=f"{incident.key}-{number}", by=keeper, at=met)
        if done:
            action.move_on("done", by=people[owner], at=met + timedelta(days=3))


def _maintenance(people: dict[str, Person], services: dict[str, Service], at: datetime) -> None:
    row = FACTS["maintenance"]
    night = (at + timedelta(days=2)).replace(hour=17, minute=0, second=0)
    maintenances.plan_maintenance(
        key="sample-maintenance",
        by=people["岡本 沙織"],
        at=at - timedelta(days=3),
        title=row["title"],
        began_at=night,
        ends_at=night + timedelta(hours=3),
        services={services[row["service"]]: "under_maintenance"},
        words=row["words"],
    )


def _live(people: dict[str, Person], services: dict[str, Service], minute: Minutes) -> None:
    gate, mail = FACTS["live"]
    reporter, system, bridge = people["小野寺 翔太"], people["岡本 沙織"], people["高橋 由紀子"]
    report = hotline.file(
        key="sample-report-1",
        by=reporter,
        at=minute(-48),
        symptom=_symptom("entrance"),
        body=gate["report"],
        facility=db.session.scalar(select(Facility).where(Facility.name == "青葉アドベンチャーパーク")),
    )
    report.acknowledge(by=system, at=minute(-46))
    for name, customers in gate["customers"].items():
        report.add_voice(by=people[name], at=minute(-45), customers=customers)
    first = incidents.declare(
        key="sample-live-1",
        by=system,
        at=minute(-44),
        title=gate["title"],
        severity="major",
        report=report,
        services={services[gate["service"]]: "partial_outage"},
        began_at=minute(-50),
        holding_words=gate["holding"],
    )
    for number, (offset, state, words) in enumerate(gate["updates"]):
        said = first.publish(
            key=f"sample-live-1-{number}",
            by=bridge,
            at=minute(offset),
            state=state,
            words=words,
            next_update_at=minute(offset + 25),
            corrects=first.latest.id if words.get("corrects") and first.latest else None,
        )
        db.session.expire(first)
        assert said.id
    _for_the_bridge(first, people, minute)
    _recorded(first, people, minute)
    late = incidents.declare(
        key="sample-live-2",
        by=system,
        at=minute(-35),
        title=mail["title"],
        severity="minor",
        services={services[mail["service"]]: "degraded_performance"},
        began_at=minute(-37),
        holding_words=mail["holding"],
    )
    late.publish(
        key="sample-live-2-1",
        by=bridge,
        at=minute(-30),
        state="investigating",
        words=mail["words"],
        next_update_at=minute(-12),
    )
    coupon = hotline.file(
        key="sample-report-2", by=people["中村 恵"], at=minute(-9), symptom=None, body=FACTS["suspicion"]
    )
    coupon.acknowledge(by=people["伊藤 航"], at=minute(-6))


def _for_the_bridge(incident: Incident, people: dict[str, Person], minute: Minutes) -> None:
    """What the bridge's desk shows: facts of the system side since the last update, a question of the customers'."""
    gate = FACTS["live"][0]
    for offset, text in gate["facts"]:
        timeline.add(incident, text, by=people["岡本 沙織"], at=minute(offset), for_bridge=True)
    name, offset, body = gate["question"]
    questions.ask(incident, body, key="sample-question-1", by=people[name], at=minute(offset))


def _recorded(incident: Incident, people: dict[str, Person], minute: Minutes) -> None:
    """What several people have written in the record so far."""
    gate = FACTS["live"][0]
    for key, name, offset, text in gate["record"]:
        record.write(incident, key, text, seen=0, by=people[name], at=minute(offset))
    for number, (name, offset, verdict, *texts) in enumerate(gate["hypotheses"], start=1):
        by, at = people[name], minute(offset)
        supposed = record.suppose(incident, key=f"sample-hypothesis-{number}", by=by, at=at)
        for key, text in zip(supposed.keys, texts, strict=True):
            record.write(incident, key, text, seen=0, by=by, at=at)
        record.judge(incident, number, verdict, by=by, at=at)


def _symptom(key: str) -> Symptom | None:
    return db.session.scalar(select(Symptom).where(Symptom.key == key))


def _delivered(at: datetime) -> None:
    """What the sample says was said: nothing of it goes out to anybody's real Slack."""
    db.session.flush()
    db.session.execute(
        update(Delivery).where(Delivery.state == "waiting").values(state="sent", delivered_at=at, attempts=1)
    )


def _one_failed_delivery(at: datetime) -> None:
    delivery = db.session.scalar(
        select(Delivery).where(Delivery.kind == "incident.updated").order_by(Delivery.id.desc())
    )
    if delivery is not None:
        delivery.state, delivery.delivered_at = "failed", None
        delivery.error = "Slack: channel_not_found (the sample's one failed delivery)"
