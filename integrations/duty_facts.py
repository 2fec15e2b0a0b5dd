"""What a message about the roster is made of: read when it is sent, so that it says how things stand then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import roster, roster_watch
from domain.db import db
from domain.people import Person


@dataclass(frozen=True)
class Named:
    """A name in Japanese and English."""

    name: str
    name_en: str = ""

    def called(self, locale: str) -> str:
        return self.name_en if locale == "en" and self.name_en else self.name


@dataclass(frozen=True)
class GapFacts:
    """A time without anybody in charge. `start` None: for some time already; `end` None: no end in sight."""

    area: Named
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class DutyFacts:
    """Something about the roster. `slack_id`, `name` and `locale` are those of whom it is for.

    `needless`: late (it was worth telling until a time that has passed) or changed (it is not so any more).
    """

    slack_id: str = ""
    name: str = ""
    locale: str | None = None
    needless: str = ""
    area: Named | None = None
    key: str = ""
    at: datetime | None = None
    begun: bool = False
    leaves: str = ""
    note: str = ""
    note_by: str = ""
    gaps: tuple[GapFacts, ...] = ()
    group: str = ""
    users: tuple[str, ...] = ()


def load_duty(kind: str, details: Mapping[str, Any], at: datetime) -> DutyFacts:
    """The facts of a delivery of one of the roster's kinds, as it stands at `at`."""
    if kind == roster_watch.GROUP:
        return _group(details)
    person = db.session.get(Person, details["person"])
    whom = {
        "slack_id": (person.slack_id or "") if person and person.is_active else "",
        "name": person.name if person else "",
        "locale": person.locale if person else None,
        "needless": "late" if at > datetime.fromisoformat(details["until"]) else "",
    }
    return _gaps(details, at, whom) if kind == roster_watch.GAPS else _handing(details, at, whom)


def _handing(details: Mapping[str, Any], at: datetime, whom: dict[str, Any]) -> DutyFacts:
    found = roster_watch.handing(details, at)
    if found is None:
        return DutyFacts(**(whom | {"needless": whom["needless"] or "changed"}))
    note = roster_watch.note(found, at)
    return DutyFacts(
        **whom,
        area=Named(found.area.name, found.area.name_en),
        key=found.area.key,
        at=found.at,
        begun=found.at <= at,
        leaves=found.leaves.name if found.leaves else "",
        note=note.body if note else "",
        note_by=note.by.name if note else "",
    )


def _gaps(details: Mapping[str, Any], at: datetime, whom: dict[str, Any]) -> DutyFacts:
    found = roster_watch.still_missing(details, at)
    gaps = tuple(GapFacts(Named(one.area.name, one.area.name_en), one.start, one.end) for one in found)
    return DutyFacts(**(whom | {"needless": whom["needless"] or ("" if gaps else "changed")}), gaps=gaps)


def _group(details: Mapping[str, Any]) -> DutyFacts:
    area = roster.area_by_key(details["area"])
    return DutyFacts(
        name=details["name"],
        area=Named(area.name, area.name_en) if area else Named(details["area"]),
        key=details["area"],
        group=details["group"],
        users=tuple(details["users"]),
    )
