"""The outbox: words to the outside, written down with the fact that caused them, carried out later, exactly once."""

import secrets
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from domain.db import Instant, Model, db
from domain.events import record
from domain.people import Person

STATES = ("waiting", "sending", "sent", "failed", "dropped")
"""`dropped`: there was no use in it any more (too late, overtaken); it was not sent."""

OPEN = ("waiting", "sending")
"""Not settled yet."""

DONE = ("sent", "dropped")
"""Nothing is left to be done."""

LONGEST_PAUSE = timedelta(minutes=5)
"""Between two attempts at most, unless the service asks for more."""

LONGEST_ASKED = timedelta(hours=1)
"""The longest pause that a service may ask for: a nonsensical `Retry-After` must not silence us for days."""

PATIENCE = timedelta(minutes=5)
"""A delivery that is due for longer, and that nobody takes up, is stuck."""

ERROR_LENGTH = 1000


class DeliveryError(Exception):
    """A service did not take a delivery. `permanent`: trying again the same way is no use.

    `retry_after` is the pause in seconds that the service asked for. `ambiguous`: it may have been taken all the
    same, or may still be; the next attempt waits until the lease has run out, and looks before it sends. `needless`:
    nobody needs it any more; it is settled without being sent.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        ambiguous: bool = False,
        needless: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.retry_after = retry_after
        self.ambiguous = ambiguous
        self.needless = needless


class Delivery(Model):
    """One word to one service. Its subject is a report, an incident or, in its details, the roster; the sender builds
    the message from it.

    `outside_id` (Slack's `ts`), `outside_place` (channel id) and `outside_url` (permalink) are kept, so that
    later deliveries edit the same message. `needs_id` names the delivery whose outside id this one needs.
    `lane` keeps the order: one service's deliveries about one subject go one after the other.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_open", "state", "lane", "id"),
        Index("ix_deliveries_service", "service", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    service: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(40))
    lane: Mapped[str] = mapped_column(String(60))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"), index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    needs_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
    outside_id: Mapped[str | None] = mapped_column(String(100))
    outside_place: Mapped[str | None] = mapped_column(String(100))
    outside_url: Mapped[str | None] = mapped_column(Text)

    def take(self, at: datetime, lease: timedelta) -> None:
        """One more attempt begins; until `at + lease` nobody else makes one."""
        self.state = "sending"
        self.attempts += 1
        self.sent_at = self.sent_at or at
        self.lease_until = at + lease

    def succeed(
        self,
        at: datetime,
        outside_id: str | None = None,
        outside_place: str | None = None,
        outside_url: str | None = None,
    ) -> None:
        """It has arrived; where it lies outside is kept, so that later deliveries change or answer it."""
        self.state, self.delivered_at, self.error = "sent", at, ""
        self.next_at = self.lease_until = None
        self.outside_id, self.outside_place, self.outside_url = outside_id, outside_place, outside_url

    def retry(self, error: DeliveryError, at: datetime) -> None:
        """It did not arrive this time: waits 1 s, 2, 4 … up to five minutes, or longer if the service asks for it."""
        self.state, self.error = "waiting", error.message[:ERROR_LENGTH]
        asked = timedelta(seconds=max(0.0, error.retry_after or 0.0))
        self.next_at = at + max(self._pause(), min(asked, LONGEST_ASKED))
        if not error.ambiguous:
            self.lease_until = None
        elif self.lease_until is not None:
            self.next_at = max(self.next_at, self.lease_until)

    def give_up(self, error: DeliveryError, at: datetime) -> None:
        """Trying again the same way is no use: stops until an administrator sends it again."""
        self.state, self.error = "failed", error.message[:ERROR_LENGTH]
        self.next_at = self.lease_until = None
        told = {"delivery": self.id, "service": self.service, "what": self.kind, "error": self.error}
        record(
            "delivery.failed", by=None, at=at, report_id=self.report_id, incident_id=self.incident_id, **told
        )  # fmt: skip

    def drop(self, at: datetime, why: str = "") -> None:
        """Nobody needs it any more: it ends without being sent."""
        self.state, self.delivered_at, self.error = "dropped", at, why[:ERROR_LENGTH]
        self.next_at = self.lease_until = None

    def send_again(self, at: datetime, by: Person | None = None) -> None:
        """An administrator's wish: due now. What is being sent or has arrived stays as it is."""
        if self.state not in ("waiting", "failed"):
            return
        subject = {"report_id": self.report_id, "incident_id": self.incident_id}
        record("delivery.sent_again", by=by, at=at, delivery=self.id, **subject)
        self.state = "waiting"
        # The lease outlives an ambiguous failure: an earlier request may still act until then.
        self.next_at = max(at, self.lease_until) if self.lease_until else at

    def _pause(self) -> timedelta:
        """Grows with the attempts. Spread by the key: what failed together does not come back together."""
        seconds = 2.0 ** min(max(self.attempts, 1) - 1, 9)
        spread = zlib.crc32(f"{self.key}:{self.attempts}".encode()) / 2**32
        return min(timedelta(seconds=seconds * (0.8 + 0.4 * spread)), LONGEST_PAUSE)


def enqueue(
    service: str,
    kind: str,
    *,
    at: datetime,
    report_id: int | None = None,
    incident_id: int | None = None,
    needs: Delivery | None = None,
    details: dict[str, Any] | None = None,
    lane: str | None = None,
    key: str | None = None,
) -> Delivery:
    """Writes a word to the outside down, in the transaction of its cause. `at`: aware UTC.

    `lane`: what it waits behind, where that is neither its report nor its incident. `key`: at most 32 characters that
    follow from its cause, where several may write the same down; ask `known` first.
    """
    subject = f"report-{report_id}" if report_id else f"incident-{incident_id}"
    if needs is not None and needs.id is None:
        db.session.flush()
    delivery = Delivery(
        key=key or secrets.token_hex(16),
        service=service,
        kind=kind,
        lane=lane or f"{service}:{subject}",
        report_id=report_id,
        incident_id=incident_id,
        needs_id=needs.id if needs else None,
        details=details or {},
        state="waiting",
        created_at=at,
        attempts=0,
        error="",
    )
    db.session.add(delivery)
    return delivery


def known(keys: Collection[str]) -> set[str]:
    """Those of the keys that are written down already."""
    return set(db.session.scalars(select(Delivery.key).where(Delivery.key.in_(keys)))) if keys else set()


def of_lanes(lanes: Collection[str], states: Collection[str] = STATES, since: datetime | None = None) -> list[Delivery]:
    """Everything of some lanes, oldest first; written down after `since`."""
    # The states are named so that the index over them is used.
    query = select(Delivery).where(Delivery.state.in_(states), Delivery.lane.in_(lanes))
    if since is not None:
        query = query.where(Delivery.created_at > since)
    return list(db.session.scalars(query.order_by(Delivery.id))) if lanes else []


def last_of(lanes: Collection[str]) -> dict[str, Delivery]:
    """The newest of each lane that has one."""
    newest = select(func.max(Delivery.id)).where(Delivery.state.in_(STATES), Delivery.lane.in_(lanes))
    query = select(Delivery).where(Delivery.id.in_(newest.group_by(Delivery.lane)))
    return {one.lane: one for one in db.session.scalars(query)} if lanes else {}


def claim(services: Collection[str], at: datetime, lease: timedelta) -> Delivery | None:
    """Takes the next due delivery for one attempt; call it in a `writing()` of its own and commit before sending.

    `lease`: the sender's time limit and a margin. Within a lane the order is kept; what needs another delivery
    waits for it; past a failed one the lane goes on.
    """
    delivery = db.session.scalar(_next_ready(), {"services": list(services), "at": at})
    if delivery is not None:
        delivery.take(at, lease)
        db.session.flush()
    return delivery


def claimed(delivery_id: int, attempt: int) -> Delivery | None:
    """The delivery if this attempt still holds it, else None: a late worker must not overwrite a newer claim."""
    delivery = db.session.get(Delivery, delivery_id, populate_existing=True)
    if delivery is None or (delivery.state, delivery.attempts) != ("sending", attempt):
        return None
    return delivery


def due(services: Collection[str], at: datetime) -> bool:
    """Whether `claim` would find something: a read, so that idle workers never take the lock."""
    first = next_due(services)
    return first is not None and first <= at


def next_due(services: Collection[str]) -> datetime | None:
    """When the next delivery can be claimed (in the past: at once); None when nothing waits."""
    return db.session.scalar(_first_ready(), {"services": list(services)})


def held(services: Collection[str], after: int = 0) -> list[Delivery]:
    """What waits for `services`, which are not configured, oldest first; with an id above `after`."""
    query = select(Delivery).where(Delivery.service.in_(services), Delivery.state == "waiting", Delivery.id > after)
    return list(db.session.scalars(query.order_by(Delivery.id)))


def stuck(at: datetime, held: Collection[str] = ()) -> int:
    """How many have been due for five minutes without anybody taking them up: no worker is alive.

    What is tried and refused is not stuck: the portal can serve while a service is away. `held`: services that are
    not configured; what waits for them is not stuck either.
    """
    late = _ready().where(_when() <= at - PATIENCE, Delivery.service.not_in(held))
    return db.session.scalar(select(func.count()).select_from(late.with_only_columns(Delivery.id).subquery())) or 0


def backlog(at: datetime) -> list[tuple[str, str, str, int, float]]:
    """What is not settled, and what failed: service, state, age, how many, and the age of the oldest in seconds.

    The states are those of the table, and `later` for what is not to go out yet. The age counts from when it was
    written down (`under 1m`, `under 5m`, `under 1h`, `over 1h`).
    """
    later = and_(Delivery.state == "waiting", Delivery.attempts == 0, Delivery.next_at > at)
    state = case((later, "later"), else_=Delivery.state)
    limits = ((timedelta(hours=1), "over 1h"), (timedelta(minutes=5), "under 1h"), (timedelta(minutes=1), "under 5m"))
    age = case(*((Delivery.created_at < at - span, name) for span, name in limits), else_="under 1m")
    query = select(
        Delivery.service, state.label("stage"), age.label("age"), func.count(), func.min(Delivery.created_at)
    ).where(Delivery.state.in_((*OPEN, "failed")))
    rows = db.session.execute(query.group_by(Delivery.service, "stage", "age"))
    return [(*row[:4], max(0.0, (at - row[4]).total_seconds())) for row in rows]


def problems() -> list[Delivery]:
    """What failed, and what was tried and did not arrive yet, oldest first."""
    troubled = or_(Delivery.state == "failed", and_(Delivery.state.in_(OPEN), Delivery.error != ""))
    return list(db.session.scalars(select(Delivery).where(troubled).order_by(Delivery.id)))


def open_deliveries() -> list[Delivery]:
    """Everything that has not arrived, oldest first."""
    return list(db.session.scalars(select(Delivery).where(Delivery.state.not_in(DONE)).order_by(Delivery.id)))


def recent(limit: int = 20) -> list[Delivery]:
    """What arrived last, or was not needed any more, newest first."""
    query = select(Delivery).where(Delivery.state.in_(DONE))
    return list(db.session.scalars(query.order_by(Delivery.delivered_at.desc(), Delivery.id.desc()).limit(limit)))


def _when() -> ColumnElement[datetime]:
    """From when on a delivery can be claimed, by its own state."""
    return case(
        (Delivery.state == "sending", Delivery.lease_until), else_=func.coalesce(Delivery.next_at, Delivery.created_at)
    )


def _ready() -> Select[Delivery]:
    """The first open delivery of each lane, where what it needs has arrived."""
    earlier, cause, needed = aliased(Delivery), aliased(Delivery), aliased(Delivery)
    # What needs a failed delivery waits for an administrator; the rest of its lane does not wait with it.
    blocked = select(cause.id).where(cause.id == earlier.needs_id, cause.state == "failed").exists()
    in_front = (
        select(earlier.id)
        .where(earlier.lane == Delivery.lane, earlier.id < Delivery.id, earlier.state.in_(OPEN), ~blocked)
        .exists()
    )
    arrived = select(needed.id).where(needed.id == Delivery.needs_id, needed.state == "sent").exists()
    return select(Delivery).where(Delivery.state.in_(OPEN), ~in_front, or_(Delivery.needs_id.is_(None), arrived))


# Built once: every commit makes each worker look, and building them costs ten times as much as asking them.
_OF_SERVICES: BindParameter[Any] = bindparam("services", expanding=True)


@cache
def _first_ready() -> Select[Any]:
    """When the first of some `services` can be claimed."""
    return _ready().where(Delivery.service.in_(_OF_SERVICES)).with_only_columns(func.min(_when()))


@cache
def _next_ready() -> Select[Any]:
    """The one of some `services` that can be claimed `at` an instant."""
    ready = _ready().where(Delivery.service.in_(_OF_SERVICES), _when() <= bindparam("at", type_=Instant()))
    return ready.order_by(Delivery.id).limit(1)
