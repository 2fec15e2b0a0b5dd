"""The forms of this room: what was typed, kept as typed; read into what the domain takes, every field said at once."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import StringField

from blueprints.incidents.places import named_facilities
from blueprints.shared.instants import parse_next_update, parse_wall
from blueprints.shared.typed import Typed
from domain import catalog, promises
from domain.catalog import SERVICE_STATES, Facility, Service
from domain.errors import Refused
from domain.incidents import WORDS, Incident
from domain.lifecycle import begun, ended, good_severity, good_title
from domain.text import one_line

FALSE = {"", "0", "no", "off", "false"}
STATE_OF_SEVERITY = {"minor": "degraded_performance", "major": "partial_outage", "critical": "major_outage"}
"""What a declaration says about its services until the first update says it better."""


class Keyed(Typed):
    """A form that does something once, however often it is sent."""

    key = StringField()

    def ticked(self, name: str) -> bool:
        return (self.sent.get(name) or "").strip().casefold() not in FALSE

    def chosen(self, name: str) -> set[int]:
        """The ids ticked under a name."""
        return {number for value in self.sent.getlist(name) if (number := number_of(value)) is not None}


class Places(Keyed):
    """A form that asks for services and facilities, too."""

    title = StringField()
    began_at = StringField()

    def services(self, known: list[Service]) -> list[Service]:
        wanted = self.chosen("services")
        found = [service for service in known if service.id in wanted]
        if not found and known:
            self.refuse(Refused("services", "services_missing"))
        return found

    def some_facilities(self) -> bool:
        """Whether only some are touched: asked for, or named without asking for all."""
        values = self.sent.getlist("facilities")
        return "all" not in values and bool(values)

    def facilities(self) -> list[Facility] | None:
        """The facilities named, or None for all."""
        if not self.some_facilities():
            return None
        found = named_facilities(self.chosen("facilities"))
        if not found:
            self.refuse(Refused("facilities", "facilities_missing"))
        return found

    def instant(self, name: str, code: str, zone: ZoneInfo, at: datetime) -> datetime | None:
        try:
            return parse_wall(self[name].data, zone, at)
        except (ValueError, OverflowError):
            self.refuse(Refused(name, code))
            return None


class DeclareForm(Places):
    """Declaring. Without `holding` in the form the holding text is published: it is on by default."""

    severity = StringField()
    report = StringField()
    newest = StringField()

    def holds(self) -> bool:
        values = self.sent.getlist("holding")
        return not values or any(value.strip().casefold() not in FALSE for value in values)

    def pages(self) -> bool | None:
        value = (self.sent.get("page") or "").strip().casefold()
        return None if not value else value not in FALSE

    def read(self, zone: ZoneInfo, at: datetime) -> dict[str, Any]:
        """What `incidents.declare` takes, but for the words and the report; `errors_of` says what is wrong."""
        title = self.take(lambda: good_title(self.title.data or ""))
        severity = self.take(lambda: good_severity(self.text("severity")))
        services = self.services(catalog.services())
        state = STATE_OF_SEVERITY.get(severity or "", "partial_outage")
        facilities = self.facilities()
        began_at = self.instant("began_at", "began_unreadable", zone, at)
        if began_at is not None:
            self.take(lambda: begun(began_at, at))
        return {
            "key": self.key.data,
            "title": title,
            "severity": severity,
            "began_at": began_at,
            "services": dict.fromkeys(services, state),
            "facilities": facilities,
            "holding": self.holds(),
            "page": self.pages(),
            "drill": self.ticked("drill"),
        }


class EditForm(Places):
    """Changing what was declared."""

    severity = StringField()
    resolved_at = StringField()

    def read(self, zone: ZoneInfo, at: datetime) -> dict[str, Any]:
        title = self.take(lambda: good_title(self.title.data or ""))
        severity = self.take(lambda: good_severity(self.text("severity")))
        facilities = self.facilities()
        began_at = self.instant("began_at", "began_unreadable", zone, at)
        if began_at is not None:
            self.take(lambda: begun(began_at, at))
        typed = one_line(self.resolved_at.data)
        over = self.instant("resolved_at", "ended_unreadable", zone, at) if typed else None
        return {
            "title": title, "severity": severity, "began_at": began_at, "facilities": facilities, "resolved_at": over,
        }  # fmt: skip


class MaintenanceForm(Places):
    """Planning work: the words that are shown beforehand are one situation and two notices."""

    ends_at = StringField()
    situation = StringField()
    guest_notice = StringField()
    partner_notice = StringField()

    def read(self, zone: ZoneInfo, at: datetime) -> dict[str, Any]:
        return {
            "key": self.key.data,
            "title": self.take(lambda: good_title(self.title.data or "")),
            "began_at": self.instant("began_at", "began_unreadable", zone, at),
            "ends_at": self.instant("ends_at", "ends_unreadable", zone, at),
            "services": dict.fromkeys(self.services(catalog.services()), "under_maintenance"),
            "facilities": self.facilities(),
            "words": {name: self.text(name) for name in WORDS if name in self},
        }


class UpdateForm(Keyed):
    """The bridge's form."""

    state = StringField()
    situation = StringField()
    guest_notice = StringField()
    partner_notice = StringField()
    workaround = StringField()
    not_yet = StringField()
    next_update = StringField()
    next_update_time = StringField()
    next_update_reason = StringField()
    seen = StringField()
    corrects = StringField()
    ended_at = StringField()

    def words(self) -> dict[str, str]:
        return {name: self.text(name) for name in WORDS}

    def number(self, name: str) -> int | None:
        return number_of(self[name].data)

    def promise(self) -> str:
        """The promise as typed: `at` is the tile whose time stands in a field of its own."""
        typed = one_line(self.next_update.data)
        return one_line(self.next_update_time.data) if typed == "at" else typed

    def due(self, incident: Incident, zone: ZoneInfo, at: datetime) -> datetime | None:
        """When the next update comes, or None; asked for every time but when it is over, or for planned work.

        Raises:
            Refused: as `parse_next_update`; in the form farther away than updates may lie apart now.
        """
        over = one_line(self.state.data) == incident.last_state
        if not self.promise() and (over or incident.kind == "maintenance"):
            return None
        due = parse_next_update(self.promise(), zone, at)
        apart = promises.longest(incident, at)
        # Who sends it without the form has read its promises elsewhere: it counts as it is.
        if due and apart and due > at + apart and not over and self.ticked("ask"):
            raise Refused("next_update", "next_update_apart", most=int(apart.total_seconds() // 60))
        return None if over else due

    def ended(self, incident: Incident, zone: ZoneInfo, at: datetime) -> datetime | None:
        """When the impact ended, where that was asked for: with a restoration.

        Raises:
            Refused: it cannot be read, lies before the beginning, or ahead.
        """
        typed = one_line(self.ended_at.data)
        if not typed or one_line(self.state.data) != incident.last_state:
            return None
        try:
            found = parse_wall(typed, zone, at)
        except (ValueError, OverflowError):
            raise Refused("ended_at", "ended_unreadable") from None
        return ended(incident, found, at) if found else None

    def service_states(self, known: list[Service]) -> dict[Service, str]:
        """The states given, by service. A service that was never touched and is well is not made part of it."""
        given = {}
        for service in known:
            state = one_line(self.sent.get(f"service-{service.id}"))
            if state and state not in SERVICE_STATES:
                self.refuse(Refused(f"service-{service.id}", "service_state_unknown"))
            elif state:
                given[service] = state
        return given

    def read(self, incident: Incident, zone: ZoneInfo, at: datetime) -> dict[str, Any]:
        """What `incident.publish` takes; `errors_of` says what is wrong."""
        touched = {row.service_id for row in incident.affected}
        states = self.service_states(catalog.services())
        return {
            "key": self.key.data,
            "state": one_line(self.state.data),
            "words": self.words(),
            "next_update_at": self.take(lambda: self.due(incident, zone, at)),
            "next_update_reason": self.text("next_update_reason"),
            "services": {one: state for one, state in states.items() if one.id in touched or state != "operational"},
            "seen": self.number("seen"),
            "corrects": self.number("corrects"),
            "reopen": self.ticked("reopen"),
            "ended_at": self.take(lambda: self.ended(incident, zone, at)),
        }


def number_of(typed: str | None) -> int | None:
    """An id that was sent, or None."""
    value = one_line(typed)
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def report_number(typed: str | None) -> int | None:
    """`312` or `R-312`."""
    return number_of(one_line(typed).casefold().removeprefix("r-"))
