"""What can break and whom it touches: services, facilities, and the symptoms a report offers as tiles."""

import secrets
from datetime import datetime

from sqlalchemy import Column, ForeignKey, String, Table, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from domain.db import Base, Model, db
from domain.events import record
from domain.people import Person
from domain.text import fold

SERVICE_STATES = (
    "operational",
    "under_maintenance",
    "degraded_performance",
    "partial_outage",
    "major_outage",
)
"""From well to worst: the state of several is the last of them in this order."""

facility_services = Table(
    "facility_services",
    Base.metadata,
    Column("facility_id", ForeignKey("facilities.id"), primary_key=True),
    Column("service_id", ForeignKey("services.id"), primary_key=True, index=True),
)


class Service(Model):
    """Something that people use and that can fail. Its state is never stored: it follows from open incidents."""

    __tablename__ = "services"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    name_en: Mapped[str] = mapped_column(String(100), default="")
    description: Mapped[str] = mapped_column(String(200), default="")
    description_en: Mapped[str] = mapped_column(String(200), default="")
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    def retire(self, *, by: Person, at: datetime) -> None:
        """No longer offered; incidents that touched it keep its name."""
        self.retired_at = at
        record("service.retired", by=by, at=at, service=self.id)

    def called(self, locale: str) -> str:
        return self.name_en if locale == "en" and self.name_en else self.name

    def described(self, locale: str) -> str:
        return self.description_en if locale == "en" and self.description_en else self.description


class Facility(Model):
    """A place that uses services; `services` empty means: nothing is known, so every incident may touch it."""

    __tablename__ = "facilities"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    reading: Mapped[str] = mapped_column(String(200), default="")
    search: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    services: Mapped[list[Service]] = relationship(secondary=facility_services, order_by=Service.position)

    def describe(self) -> None:
        """Keeps what searches look through up to date: name and reading, folded."""
        self.search = f"{fold(self.name)} {fold(self.reading)}"[:500]


class Symptom(Model):
    """A tile of the report form: what a person sees, in their words."""

    __tablename__ = "symptoms"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60), default="")
    icon: Mapped[str] = mapped_column(String(20), default="other")
    position: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None]

    def retire(self, *, by: Person, at: datetime) -> None:
        """No longer offered; reports that chose it keep it."""
        self.retired_at = at
        record("symptom.retired", by=by, at=at, symptom=self.id)

    def called(self, locale: str) -> str:
        return self.name_en if locale == "en" and self.name_en else self.name


def worst(states: list[str]) -> str:
    """The worst of several service states; `operational` of none."""
    return max(states, key=SERVICE_STATES.index, default="operational")


_SERVICES = select(Service).where(Service.retired_at.is_(None)).order_by(Service.position, Service.id)


def services() -> list[Service]:
    """Those in use, in their order."""
    return list(db.session.scalars(_SERVICES))


def service_name_taken(name: str, but: int | None = None) -> bool:
    """Whether another service, retired ones included, has this name."""
    found = db.session.scalar(select(Service.id).where(Service.name == name))
    return found is not None and found != but


def keep_service(
    service: Service | None, *, by: Person, at: datetime, position: int | None = None, **texts: str
) -> Service:
    """Changes a service, or adds one at the end. `texts`: name, name_en, description, description_en."""
    if service is None:
        service = Service(created_at=at, position=_last(Service) + 1)
        db.session.add(service)
    for name, text in texts.items():
        setattr(service, name, text)
    service.position = service.position if position is None else position
    db.session.flush()
    record("service.kept", by=by, at=at, service=service.id, name=service.name)
    return service


def keep_symptom(
    symptom: Symptom | None, *, by: Person, at: datetime, position: int | None = None, **texts: str
) -> Symptom:
    """Changes a tile, or adds one at the end. `texts`: name, name_en, icon."""
    if symptom is None:
        symptom = Symptom(key=secrets.token_hex(4), position=_last(Symptom) + 1)
        db.session.add(symptom)
    for name, text in texts.items():
        setattr(symptom, name, text)
    symptom.position = symptom.position if position is None else position
    db.session.flush()
    record("symptom.kept", by=by, at=at, symptom=symptom.id, name=symptom.name)
    return symptom


def _last(kind: type[Service] | type[Symptom]) -> int:
    return db.session.scalar(select(func.max(kind.position))) or 0


def symptoms() -> list[Symptom]:
    """The tiles in use, in their order."""
    query = select(Symptom).where(Symptom.retired_at.is_(None)).order_by(Symptom.position, Symptom.id)
    return list(db.session.scalars(query))


def find_facilities(text: str, limit: int = 8) -> list[Facility]:
    """Facilities whose name or reading contains the text (width, case and kana do not matter), best first."""
    wanted = fold(text)
    if not wanted:
        return []
    pattern = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    query = (
        select(Facility)
        .where(Facility.retired_at.is_(None), Facility.search.like(f"%{pattern}%", escape="\\"))
        .order_by(Facility.search.like(f"{pattern}%", escape="\\").desc(), Facility.reading, Facility.name)
        .limit(limit)
    )
    return list(db.session.scalars(query))
