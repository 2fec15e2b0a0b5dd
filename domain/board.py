"""What the board shows at an instant: is there a problem, where, whom does it touch, who is on duty.

It is plain values, not rows that live in a session: two boards are equal where they show the same, and so are their
parts. What was rendered of a part can be kept by the part itself.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain import board_queries as queries
from domain import catalog, formation, hotline, hotline_clock, incidents, maintenances, questions, roster
from domain.catalog import Facility
from domain.db import db
from domain.hotline_clock import Waiting
from domain.incidents import Words
from domain.suspicion import headline
from domain.updates import WORDS

SEVERITY_ORDER = ("critical", "major", "minor", "none")


@dataclass(frozen=True)
class Overall:
    """The answer in one word, for the chip on every page and the first line of the board.

    `state`: incident, suspicion, restored, maintenance or calm; the first that applies. `changes_at`: when planned work
    begins or ends by the clock alone, where it is known.
    """

    incidents: int
    suspicions: int
    restored: int
    maintenances: int
    worst: str = "none"
    changes_at: datetime | None = field(default=None, compare=False)

    @property
    def state(self) -> str:
        for state, number in (
            ("incident", self.incidents),
            ("suspicion", self.suspicions),
            ("restored", self.restored),
            ("maintenance", self.maintenances),
        ):
            if number:
                return state
        return "calm"


@dataclass(frozen=True)
class Named:
    """A name in both languages."""

    name: str
    name_en: str = ""

    def called(self, locale: str) -> str:
        return self.name_en if locale == "en" and self.name_en else self.name


@dataclass(frozen=True)
class Latest:
    """The update that counts now."""

    id: int
    published_at: datetime
    published_by: Named | None
    wrote_as: str
    format: str
    situation: str
    guest_notice: str
    partner_notice: str
    workaround: str
    not_yet: str


@dataclass(frozen=True)
class Affected:
    """A service with the state in which an incident has put it."""

    service_id: int
    state: str
    service: Named


@dataclass(frozen=True)
class Place:
    """A facility that an incident names."""

    id: int
    name: str


@dataclass(frozen=True)
class Asked:
    """What many wanted to know, with the bridge's answer. `corrected`: it is not the first one."""

    question: str
    answer: str
    corrected: bool


@dataclass(frozen=True)
class Held:
    """Who holds a position (`formation.POSITIONS`), given or by the roster."""

    position: str
    name: str


@dataclass(frozen=True)
class Shown:
    """An incident, or planned work, as the board shows it (`lifecycle.Incident` says what the names mean)."""

    latest: Latest | None
    affected: tuple[Affected, ...]
    facilities: tuple[Place, ...]
    asked: tuple[Asked, ...]
    positions: tuple[Held, ...]
    id: int
    kind: str
    title: str
    severity: str
    state: str
    drill: bool
    all_facilities: bool
    began_at: datetime
    ends_at: datetime | None
    declared_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    next_update_at: datetime | None
    next_update_reason: str
    source: str

    @property
    def code(self) -> str:
        return f"INC-{self.id}"

    @property
    def words(self) -> Words | None:
        """What is said about it now."""
        return incidents.words_of([self]).get(self.id)


@dataclass(frozen=True)
class Suspicion:
    """A report that nobody has judged yet. `voices`: how many more see the same; `waiting`: nobody has taken it."""

    waiting: Waiting | None
    acknowledged_by: Named | None
    symptom: Named | None
    voices: int
    id: int
    status: str
    body: str
    created_at: datetime
    acknowledged_at: datetime | None

    @property
    def code(self) -> str:
        return f"R-{self.id}"

    def headline(self, locale: str) -> str:
        return headline(self.symptom.called(locale) if self.symptom else "", self.body, locale) or self.code


@dataclass(frozen=True)
class ServiceLine:
    """A service with its state now and the incidents that cause it."""

    service: Named
    description: Named
    state: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Reachable:
    """Somebody, and under which number."""

    name: str
    phone: str | None


@dataclass(frozen=True)
class DutyLine:
    """Who is in charge of an area, until when; in a gap whom to call instead."""

    area: Named
    in_charge: Reachable | None
    until: datetime | None
    last_resort: tuple[Reachable, ...]


@dataclass(frozen=True)
class LastUpdate:
    """When something real was last told, and about what."""

    code: str
    published_at: datetime


@dataclass(frozen=True)
class Board:
    """Everything on the board, loaded with a constant number of queries. `last_update`: only when all is calm;
    `suspicions`: the newest."""

    at: datetime = field(compare=False)
    overall: Overall
    incidents: tuple[Shown, ...]
    restored: tuple[Shown, ...]
    drills: tuple[Shown, ...]
    suspicions: tuple[Suspicion, ...]
    services: tuple[ServiceLine, ...]
    maintenances: tuple[Shown, ...]
    duties: tuple[DutyLine, ...]
    last_update: LastUpdate | None

    def works_at(self, facility: Facility) -> list[Shown]:
        """Planned work that is under way and touches a facility."""
        return [
            work for work in self.maintenances if maintenances.is_under_way(work, self.at) and touches(work, facility)
        ]

    def changes_at(self) -> datetime | None:
        """When the board changes by the clock alone: a promise comes due, a duty ends, maintenance begins or ends."""
        instants = [incident.next_update_at for incident in self.incidents + self.drills]
        instants += [duty.until for duty in self.duties]
        instants += [one.waiting.following.at for one in self.suspicions if one.waiting and one.waiting.following]
        for maintenance in self.maintenances:
            instants += [maintenance.began_at, maintenance.ends_at]
        if any(incident.next_update_at and incident.next_update_at <= self.at for incident in self.incidents):
            # How late it is, is said in minutes.
            instants.append(self.at + timedelta(minutes=1))
        return min((instant for instant in instants if instant and instant > self.at), default=None)


def overall(at: datetime) -> Overall:
    """The answer alone: what the chip of every page needs. Drills never count."""
    open_ones = db.session.execute(queries.OPEN_ONES).all()
    running = [row for row in open_ones if row.kind == "incident" and row.resolved_at is None]
    planned = [end for row in open_ones if row.kind == "maintenance" for end in (row.began_at, row.ends_at)]
    return Overall(
        incidents=len(running),
        restored=sum(row.kind == "incident" and row.resolved_at is not None for row in open_ones),
        maintenances=sum(row.kind == "maintenance" and maintenances.is_under_way(row, at) for row in open_ones),
        suspicions=hotline.count_open(),
        worst=min((row.severity for row in running), key=SEVERITY_ORDER.index, default="none"),
        changes_at=min((instant for instant in planned if instant and instant > at), default=None),
    )


def load(at: datetime) -> Board:
    """The board at `at` (aware UTC): worst incidents first, then the newest."""
    duties = roster.duty_now(at)
    found = _shown(at, duties)
    shown = [one for one in found if one.kind == "incident"]
    real = [incident for incident in shown if not incident.drill]
    planned = sorted((one for one in found if one.kind == "maintenance"), key=lambda work: (work.began_at, work.id))
    running = sorted(
        (incident for incident in real if incident.resolved_at is None),
        key=lambda incident: (SEVERITY_ORDER.index(incident.severity), -incident.began_at.timestamp()),
    )
    open_reports, suspicions = _suspicions(duties, at)
    restored = [incident for incident in real if incident.resolved_at is not None]
    answer = Overall(
        incidents=len(running),
        suspicions=open_reports,
        restored=len(restored),
        maintenances=sum(maintenances.is_under_way(work, at) for work in planned),
        worst=running[0].severity if running else "none",
    )
    return Board(
        at=at,
        overall=answer,
        incidents=tuple(running),
        restored=tuple(restored),
        drills=tuple(incident for incident in shown if incident.drill),
        suspicions=suspicions,
        services=_services(incidents.service_states(at, found)),
        maintenances=tuple(planned),
        duties=tuple(_duty(duty) for duty in duties),
        last_update=_last_update() if answer.state == "calm" else None,
    )


def _rows(statement: Any, **given: Any) -> Any:
    return db.session.connection().execute(statement, given)


def _shown(at: datetime, duties: list[roster.AreaDuty]) -> list[Shown]:
    """What stands on the board, with what it touches, what was asked and who has what: five queries, seven where much
    was asked."""
    found = _rows(queries.standing(), at=at).all()
    affected: dict[int, list[Affected]] = {row[0]: [] for row in found}
    places: dict[int, list[Place]] = {row[0]: [] for row in found if not row.all_facilities}
    if affected:
        for number, service, state, *name in _rows(queries.AFFECTED, incidents=list(affected)):
            affected[number].append(Affected(service, state, Named(*name)))
    if places:
        for number, *place in _rows(queries.PLACES, incidents=list(places)):
            places[number].append(Place(*place))
    running = [row[0] for row in found if row.kind == "incident"]
    own, asked, held = len(queries.OWN), _asked(running), _held(running, duties)
    return [
        Shown(
            _latest(*row[own:]),
            tuple(affected[row[0]]),
            tuple(places.get(row[0], ())),
            asked.get(row[0], ()),
            held.get(row[0], ()) if not row.source else (),
            *row[:own],
        )
        for row in found
    ]


def _asked(numbers: list[int]) -> dict[int, tuple[Asked, ...]]:
    """What stands under "asked and answered": one query where nothing was asked."""
    return {
        number: tuple(Asked(one.body, one.answer.body, len(one.answers) > 1) for one in found if one.answer)
        for number, found in questions.frequent(numbers).items()
    }


def _held(numbers: list[int], duties: list[roster.AreaDuty]) -> dict[int, tuple[Held, ...]]:
    """Who has what in each, in the order of the positions: one query."""
    if not numbers:
        return {}
    given: dict[int, dict[str, str]] = {number: {} for number in numbers}
    for number, position, name in _rows(queries.GIVEN, incidents=numbers):
        given[number][position] = name
    in_charge = formation.in_charge_of(duties)
    by_roster = {position: in_charge[kind].name for position, kind in formation.ROSTERED.items() if kind in in_charge}
    return {
        number: tuple(Held(one, names[one]) for one in formation.POSITIONS if one in names)
        for number, names in ((number, by_roster | own) for number, own in given.items())
    }


def _latest(
    author: str | None, number: int | None, published_at: datetime, wrote_as: str, format: str,
    internal: dict[str, str], *said: str,
) -> Latest | None:  # fmt: skip
    """On the board our own people read what is internal as well."""
    if number is None:
        return None
    whole = (internal.get(name) or text for name, text in zip(WORDS, said, strict=True)) if internal else said
    return Latest(number, published_at, Named(author) if author else None, wrote_as, format, *whole)


def _suspicions(duties: list[roster.AreaDuty], at: datetime) -> tuple[int, tuple[Suspicion, ...]]:
    """How many reports nobody has judged yet, and the newest of them: one query. `duties` say whose turn it is to take
    them."""
    line = [person.name for person in hotline_clock.line(duties)]
    found = _rows(queries.NEWEST_SUSPICIONS).all()
    return found[0][0] if found else 0, tuple(
        Suspicion(
            hotline_clock.waiting(since, line, at) if own[1] == "received" else None,
            Named(judge) if judge else None,
            Named(tile, tile_en) if tile else None,
            voices,
            *own,
        )
        for _, *own, judge, tile, tile_en, voices, since in found
    )


def _services(states: dict[int, tuple[str, list[str]]]) -> tuple[ServiceLine, ...]:
    """Every service, what is not well first and worst on top: one query."""
    lines = []
    for number, name, name_en, description, description_en in _rows(queries.SERVICES):
        state, codes = states.get(number, ("operational", []))
        lines.append(ServiceLine(Named(name, name_en), Named(description, description_en), state, tuple(codes)))
    return tuple(sorted(lines, key=lambda line: -catalog.SERVICE_STATES.index(line.state)))


def _duty(duty: roster.AreaDuty) -> DutyLine:
    person = duty.in_charge.person if duty.in_charge and not duty.gap else None
    return DutyLine(
        area=Named(duty.area.name, duty.area.name_en),
        in_charge=Reachable(person.name, person.phone) if person else None,
        until=duty.until,
        last_resort=tuple(Reachable(contact.name, contact.phone) for contact in duty.last_resort),
    )


def _last_update() -> LastUpdate | None:
    last = incidents.last_update()
    return LastUpdate(last.incident.code, last.published_at) if last else None


def touches(incident: Shown, facility: Facility) -> bool:
    """Whether an incident touches a facility: it is named (or all are), and it uses a service that is not well.

    Where it is not known which services a facility uses, or which services an incident touches, it may: yes.
    """
    if not incident.all_facilities:
        return any(one.id == facility.id for one in incident.facilities)
    used = {service.id for service in facility.services}
    hit = {line.service_id for line in incident.affected if line.state != "operational"}
    return not used or not hit or bool(used & hit)
