"""The forms of the hotline: what was typed is kept, read into what the domain takes; all that is wrong said at once."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from wtforms import StringField

from blueprints.shared.instants import parse_wall
from blueprints.shared.typed import T, Typed
from domain import catalog, hotline, incidents
from domain.catalog import Facility, Service, Symptom
from domain.db import db
from domain.errors import Refused
from domain.hotline import Report
from domain.incidents import Incident
from domain.text import clean, fold, is_blank, one_line

_NUMBER = re.compile(r"(?:約|およそ)?(\d{1,12})(?:人|名|件)?(?:くらい|ぐらい|ほど|以上)?")
_REPORT = re.compile(r"(?:r-?)?(\d{1,9})")


class Offered(Typed):
    """A form that is also read before it is sent."""

    def maybe(self, read: Callable[[str | None], T], name: str) -> T | None:
        """What `read` makes of a field, or None: for what is only offered, nothing is refused."""
        try:
            return read(self[name].data)
        except Refused:
            return None


class DetailsForm(Offered):
    """What can be said about a suspicion besides its tile."""

    body = StringField()
    service = StringField()
    facility = StringField()
    since = StringField()
    customers = StringField()

    def read(self, zone: ZoneInfo, at: datetime) -> dict[str, Any]:
        """What `Report.add_details` takes; `errors_of` says what is wrong."""
        place = one_line(self.facility.data)
        facility = facility_called(place)
        return {
            "body": self.take(lambda: hotline.good_words(self.body.data)) or "",
            "service": self.take(lambda: service_of(self.service.data)),
            "facility": facility,
            "facility_text": "" if facility else self.take(lambda: hotline.good_place(place)) or "",
            "since": self.take(lambda: since_when(self.since.data, zone, at)),
            "customers": self.take(lambda: how_many(self.customers.data)),
        }


class ReportForm(DetailsForm):
    """The report itself: a tile or a sentence. `same`: the open incident that the reporter says it is."""

    key = StringField()
    symptom = StringField()
    same = StringField()

    def read(self, zone: ZoneInfo, at: datetime) -> dict[str, Any]:
        """What `hotline.file` takes."""
        given = super().read(zone, at)
        symptom = self.take(lambda: symptom_of(self.symptom.data))
        same = incidents.by_code(one_line(self.same.data))
        if symptom is None and is_blank(given["body"]) and not (same or self.errors_of.keys() & {"body", "symptom"}):
            self.refuse(Refused("body", "report_empty"))
        return {**given, "key": self.key.data, "symptom": symptom, "same": same}


class VoiceForm(Typed):
    """Me too. `body` is taken for the note: the report form sends it along with 「これと同じ」."""

    note = StringField()
    body = StringField()
    customers = StringField()

    def read(self) -> dict[str, Any]:
        note = "\n".join(text for text in (clean(self.note.data), clean(self.body.data)) if text)
        return {
            "note": self.take(lambda: hotline.good_words(note, "note")) or "",
            "customers": self.take(lambda: how_many(self.customers.data)),
        }


class VerdictForm(Typed):
    """The outcome that a responder gives."""

    verdict = StringField()
    incident = StringField()
    duplicate_of = StringField()
    note = StringField()
    take_over = StringField()

    def read(self) -> dict[str, Any]:
        """What `Report.judge` takes."""
        verdict = one_line(self.verdict.data)
        same = one_line(self.duplicate_of.data) or one_line(self.incident.data)
        of: Report | Incident | None = None
        if verdict == "duplicate":
            of = subject_of(same)
        elif verdict == "incident":
            of = incidents.by_code(one_line(self.incident.data))
        return {
            "verdict": verdict,
            "of": of,
            "note": self.take(lambda: hotline.good_words(self.note.data, "note")) or "",
            "take": one_line(self.take_over.data) == "1",
        }


def symptom_of(typed: str | None) -> Symptom | None:
    """The tile; also one that was taken away while the form was open."""
    key = one_line(typed)
    if not key:
        return None
    found = db.session.scalar(select(Symptom).where(Symptom.key == key))
    if found is None:
        raise Refused("symptom", "symptom_unknown")
    return found


def service_of(typed: str | None) -> Service | None:
    """The service by its id or its name."""
    name = one_line(typed)
    if not name:
        return None
    for service in catalog.services():
        if name == str(service.id) or fold(name) in (fold(service.name), fold(service.name_en)):
            return service
    raise Refused("service", "service_unknown")


def facility_called(typed: str) -> Facility | None:
    """The facility of exactly this name or reading (width, case and kana do not matter), if it is the only one."""
    wanted = fold(typed)
    found = [one for one in catalog.find_facilities(typed[:200]) if wanted in (fold(one.name), fold(one.reading))]
    return found[0] if len(found) == 1 else None


def how_many(typed: str | None) -> int | None:
    """A number as people write it: `40`, `４０`, `1,000`, `約40人`.

    Raises:
        Refused: (`customers`) no number, or none that can be.
    """
    plain = re.sub(r"[\s,_]", "", unicodedata.normalize("NFKC", one_line(typed)))
    if not plain:
        return None
    match = _NUMBER.fullmatch(plain)
    return hotline.good_customers(int(match[1]) if match else -1)


def since_when(typed: str | None, zone: ZoneInfo, at: datetime) -> datetime | None:
    """Since when, an instant of the past: `9:50` typed at 0:10 means yesterday.

    Raises:
        Refused: (`since`) not readable, or still to come.
    """
    plain = one_line(typed)
    if not plain:
        return None
    try:
        since = parse_wall(plain, zone, at)
        if since - at > timedelta(hours=12):
            since = _yesterday(plain, zone, at) or since
    except (ValueError, OverflowError):
        raise Refused("since", "since_unreadable") from None
    return hotline.good_since(since, at)


def _yesterday(clock: str, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The same time of day yesterday; None where a date was typed."""
    day = at.astimezone(zone).date() - timedelta(days=1)
    try:
        return parse_wall(f"{day.isoformat()} {clock}", zone, at)
    except ValueError:
        return None


def subject_of(typed: str) -> Report | Incident | None:
    """What `R-311`, `311` or `INC-42` names."""
    folded = typed.casefold()
    if folded.startswith("inc"):
        return incidents.by_code(folded)
    match = _REPORT.fullmatch(folded)
    return db.session.get(Report, int(match[1])) if match else None
