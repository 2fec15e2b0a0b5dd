"""What the board shows at an instant: is there a problem, where, whom does it touch, who is on duty."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from domain import catalog, hotline, incidents, maintenances, roster
from domain.catalog import Facility, Service
from domain.db import db
from domain.hotline import Report
from domain.incidents import Incident, Update, Words
from domain.roster import AreaDuty

SEVERITY_ORDER = ("critical", "major", "minor", "none")


@dataclass(frozen=True)
class Overall:
    """The answer in one word, for the chip on every page and the first line of the board.

    `state`: incident, suspicion, restored, maintenance or calm; the first that applies.
    """

    incidents: int
    suspicions: int
    restored: int
    maintenances: int
    worst: str = "none"

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
class ServiceLine:
    """A service with its state now and the incidents that cause it."""

    service: Service
    state: str
    codes: list[str]


@dataclass(frozen=True)
class Board:
    """Everything on the board, loaded with a constant number of queries. `last_update`: only when all is calm."""

    at: datetime
    overall: Overall
    incidents: list[Incident]
    restored: list[Incident]
    drills: list[Incident]
    suspicions: list[Report]
    services: list[ServiceLine]
    maintenances: list[Incident]
    duties: list[AreaDuty]
    last_update: Update | None
    words: dict[int, Words] = field(default_factory=dict)

    def works_at(self, facility: Facility) -> list[Incident]:
        """Planned work that is under way and touches a facility."""
        return [
            work for work in self.maintenances if maintenances.is_under_way(work, self.at) and touches(work, facility)
        ]

    def changes_at(self) -> datetime | None:
        """When the board changes by the clock alone: a promise comes due, a duty ends, maintenance begins or ends."""
        instants = [incident.next_update_at for incident in self.incidents + self.drills]
        instants += [duty.until for duty in self.duties]
        for maintenance in self.maintenances:
            instants += [maintenance.began_at, maintenance.ends_at]
        if any(incident.next_update_at and incident.next_update_at <= self.at for incident in self.incidents):
            # How late it is, is said in minutes.
            instants.append(self.at + timedelta(minutes=1))
        return min((instant for instant in instants if instant and instant > self.at), default=None)


def overall(at: datetime) -> Overall:
    """The answer alone: what the chip of every page needs. Drills never count."""
    open_ones = db.session.execute(_OPEN_ONES).all()
    running = [row for row in open_ones if row.kind == "incident" and row.resolved_at is None]
    return Overall(
        incidents=len(running),
        restored=sum(row.kind == "incident" and row.resolved_at is not None for row in open_ones),
        maintenances=sum(row.kind == "maintenance" and maintenances.is_under_way(row, at) for row in open_ones),
        suspicions=hotline.count_open(),
        worst=min((row.severity for row in running), key=SEVERITY_ORDER.index, default="none"),
    )


_OPEN_ONES = select(
    Incident.kind, Incident.severity, Incident.resolved_at, Incident.began_at, Incident.ends_at, Incident.state
).where(Incident.closed_at.is_(None), Incident.drill.is_(False))


def load(at: datetime) -> Board:
    """The board at `at` (aware UTC): worst incidents first, then the newest."""
    shown, planned = incidents.on_board(at)
    real = [incident for incident in shown if not incident.drill]
    running = sorted(
        (incident for incident in real if incident.resolved_at is None),
        key=lambda incident: (SEVERITY_ORDER.index(incident.severity), -incident.began_at.timestamp()),
    )
    suspicions = hotline.open_suspicions()
    restored = [incident for incident in real if incident.resolved_at is not None]
    answer = Overall(
        incidents=len(running),
        suspicions=len(suspicions),
        restored=len(restored),
        maintenances=sum(maintenances.is_under_way(work, at) for work in planned),
        worst=running[0].severity if running else "none",
    )
    return Board(
        at=at,
        overall=answer,
        incidents=running,
        restored=restored,
        drills=[incident for incident in shown if incident.drill],
        suspicions=suspicions,
        services=service_lines(incidents.service_states(at, shown + planned)),
        maintenances=planned,
        duties=roster.duty_now(at),
        last_update=incidents.last_update() if answer.state == "calm" else None,
        words=incidents.words_of(shown),
    )


def service_lines(states: dict[int, tuple[str, list[str]]]) -> list[ServiceLine]:
    """Every service, what is not well first and worst on top."""
    lines = [ServiceLine(service, *states.get(service.id, ("operational", []))) for service in catalog.services()]
    return sorted(lines, key=lambda line: -catalog.SERVICE_STATES.index(line.state))


def touches(incident: Incident, facility: Facility) -> bool:
    """Whether an incident touches a facility: it is named (or all are), and it uses a service that is not well.

    Where it is not known which services a facility uses, or which services an incident touches, it may: yes.
    """
    if not incident.all_facilities:
        return any(one.id == facility.id for one in incident.facilities)
    used = {service.id for service in facility.services}
    hit = {line.service_id for line in incident.affected if line.state != "operational"}
    return not used or not hit or bool(used & hit)
