"""The neutral form of a roster: read with every problem named by its place, answered without a database."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from domain import duty
from domain.walltime import BEGINNING, DAY, DAYS, END, MIDNIGHT, Window, instant

Json = dict[str, Any]
Read = TypeVar("Read")
RANKS = 5
INCIDENT_MOST = 40
DEFAULT_ZONE = "Asia/Tokyo"
DAY_TYPES = (*DAYS, "hol")
KINDS = ("cover", "swap", "take")
STATUSES = ("agreed", "proposed", "declined")
RESULTS = ("no_answer", "declined", "reached", "start_over")
TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
END_OF_DAY = re.compile(r"T24:00(?::00)?(?=$|[Z+-])")


class RosterFileError(ValueError):
    """The file cannot be read. `problems`: every one of them, with its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def parse(source: Any, *, strict: bool = True) -> duty.Roster:
    """A roster in the neutral form.

    Args:
        source: the object as read from JSON.
        strict: people must be listed under `people` (if that is given) and areas exist. To answer a question
            names need no list.

    Raises:
        RosterFileError: naming every problem with its place.
    """
    if not isinstance(source, dict):
        raise RosterFileError(["roster: must be an object"])
    reader = Reader(ZoneInfo(DEFAULT_ZONE))
    reader.zone = reader.zone_of(source, "")
    if strict:
        reader.people = set(reader.texts(source, "people", "")) if source.get("people") is not None else None
        reader.areas = set(reader.table(source, "areas", ""))
    rotations = reader.named(source, "rotations", reader.rotation)
    reader.rotations = set(rotations)
    roster = duty.Roster(
        zone=reader.zone,
        areas=reader.named(source, "areas", reader.area),
        rotations=rotations,
        overrides=tuple(reader.each(source, "overrides", "", reader.override)),
        absences=tuple(reader.each(source, "absences", "", reader.absence)),
        attempts=tuple(reader.each(source, "attempts", "", reader.attempt)),
        holidays=frozenset(reader.days_off(source)),
        last_resort=tuple(reader.texts(source, "last_resort", "")),
    )
    reader.finish()
    return roster


def answer_vectors(document: Any) -> dict[str, Json]:
    """`{"vectors": [{"id", "roster", "query"}…], "rosters": {name: roster}}` → `{id: answer}`.

    Raises:
        RosterFileError: naming every problem.
    """
    if not isinstance(document, dict) or not isinstance(document.get("vectors"), list):
        raise RosterFileError(["vectors: there must be a list of them"])
    named = document.get("rosters") or {}
    problems: list[str] = []
    answers: dict[str, Json] = {}
    for number, vector in enumerate(document["vectors"]):
        try:
            name, roster, query = _vector(vector, named)
            answers[name] = answer(parse(roster, strict=False), query)
        except RosterFileError as error:
            problems += [f"vectors[{number}].{problem}" for problem in error.problems]
    if problems:
        raise RosterFileError(problems)
    return answers


def _vector(vector: Any, named: Any) -> tuple[str, Any, Any]:
    if not isinstance(vector, dict) or not isinstance(vector.get("id"), str | int):
        raise RosterFileError(["id: must be an object with an id"])
    roster = vector.get("roster")
    if isinstance(roster, str):
        if not isinstance(named, dict) or roster not in named:
            raise RosterFileError([f"roster: there is no roster {roster!r}"])
        roster = named[roster]
    return str(vector["id"]), roster, vector.get("query")


def answer(roster: duty.Roster, query: Any) -> Json:
    """The answer to `{area, at, incident?}` or `{area, from, to}`, instants as `YYYY-MM-DDTHH:MM:SSZ`.

    Raises:
        RosterFileError: the question cannot be understood.
    """
    if not isinstance(query, dict):
        raise RosterFileError(["query: must be an object"])
    reader = Reader(roster.zone)
    area = reader.text(query.get("area"), "query.area")
    if area not in roster.areas:
        reader.wrong("query.area", f"there is no area {area!r}")
    if "from" in query or "to" in query:
        start, end = reader.asked(query, "from"), reader.asked(query, "to")
        reader.finish()
        return _timeline(duty.timeline(roster, area, start, end))
    at, incident = reader.asked(query, "at"), reader.incident(query, "query")
    reader.finish()
    return as_json(duty.answer(roster, area, at, incident))


def moment(text: str, zone: ZoneInfo) -> datetime:
    """An instant as a question names it: absolute with an offset, else wall time of `zone` (R2).

    Raises:
        RosterFileError: it is none.
    """
    reader = Reader(zone)
    at = reader.asked({"at": text}, "at")
    reader.finish()
    return at


def incident_key(name: str) -> str:
    """What a table calls an incident of a file: its name, of a long one the beginning and a digest."""
    if len(name) <= INCIDENT_MOST:
        return name
    return f"{name[: INCIDENT_MOST - 17]}#{sha256(name.encode('utf-8', 'replace')).hexdigest()[:16]}"


def as_json(found: duty.Answer) -> Json:
    """An answer as the command line and the API print it."""
    return {
        "line": found.line,
        "on_duty": found.on_duty,
        "since": text(found.since),
        "until": text(found.until),
        "next": found.next,
        "gap": found.gap,
        "last_resort": found.last_resort,
        "suggest": found.suggest,
        "exhausted": found.exhausted,
        "warnings": found.warnings,
    }


def _timeline(parts: list[tuple[datetime, datetime, duty.Person | None]]) -> Json:
    return {
        "timeline": [[text(start), text(end), person] for start, end, person in parts],
        "gaps": [[text(start), text(end)] for start, end, person in parts if person is None],
    }


def text(at: datetime | None) -> str | None:
    """An instant as `YYYY-MM-DDTHH:MM:SSZ`."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


class Reader:
    """Reads values and collects what is wrong with them, so that one look names everything.

    What is wrong is read as something harmless; `finish` then refuses the whole.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.people: set[str] | None = None
        self.areas: set[str] | None = None
        self.rotations: set[str] = set()
        self.problems: list[str] = []

    def finish(self) -> None:
        """Raises RosterFileError with everything that was wrong."""
        if self.problems:
            raise RosterFileError(self.problems)

    def wrong(self, place: str, why: str) -> None:
        self.problems.append(f"{place}: {why}")

    # Shapes

    def table(self, source: Json, name: str, place: str) -> Json:
        found = source.get(name)
        if found is None:
            return {}
        if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
            self.wrong(_inside(place, name), "must be an object")
            return {}
        return found

    def items(self, source: Json, name: str, place: str) -> list[Any]:
        found = source.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            self.wrong(_inside(place, name), "must be a list")
            return []
        return found

    def named(self, source: Json, name: str, read: Callable[[Json, str], Read]) -> dict[str, Read]:
        found = self.table(source, name, "")
        return {key: read(self.entry(one, f"{name}.{key}"), f"{name}.{key}") for key, one in found.items()}

    def each(self, source: Json, name: str, place: str, read: Callable[[Json, str], Read]) -> list[Read]:
        where = _inside(place, name)
        entries = enumerate(self.items(source, name, place))
        return [read(self.entry(one, f"{where}[{n}]"), f"{where}[{n}]") for n, one in entries]

    def entry(self, value: Any, place: str) -> Json:
        if isinstance(value, dict):
            return value
        self.wrong(place, "must be an object")
        return {}

    def texts(self, source: Json, name: str, place: str) -> list[str]:
        where = _inside(place, name)
        return [self.text(one, f"{where}[{n}]") for n, one in enumerate(self.items(source, name, place))]

    # Values

    def text(self, value: Any, place: str) -> str:
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(place, f"{_shown(value)} is no name")
        return ""

    def person(self, value: Any, place: str) -> str:
        found = self.text(value, place)
        if found and self.people is not None and found not in self.people:
            self.wrong(place, f"{_shown(found)} is not among the people")
        return found

    def one_of(self, source: Json, name: str, place: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        value = source.get(name)
        if value is None and default is not None:
            return default
        if value not in allowed:
            self.wrong(f"{place}.{name}", f"{_shown(value)} is none of {', '.join(allowed)}")
            return allowed[0]
        return str(value)

    def number(self, source: Json, name: str, place: str, default: int, least: int | None = None) -> int:
        value = source.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or (least is not None and value < least):
            wanted = f"no whole number from {least}" if least else "no whole number"
            self.wrong(f"{place}.{name}", f"{_shown(value)} is {wanted}")
            return default
        return value

    def incident(self, source: Json, place: str) -> str | None:
        value = source.get("incident")
        if value is None:
            return None
        if not isinstance(value, str | int):
            self.wrong(f"{place}.incident", f"{_shown(value)} is no incident")
        return str(value)

    def zone_of(self, source: Json, place: str) -> ZoneInfo:
        """The zone of an object; by default the roster's (R2)."""
        name = source.get("zone")
        if name is None:
            return self.zone
        try:
            return ZoneInfo(name)
        except (ValueError, TypeError, AttributeError, OSError, LookupError):
            self.wrong(_inside(place, "zone"), f"{_shown(name)} is no time zone")
            return self.zone

    # Times

    def day(self, value: Any, place: str) -> date | None:
        try:
            return date.fromisoformat(value)
        except (ValueError, TypeError):
            self.wrong(place, f"{_shown(value)} is no date")
            return None

    def wall(self, value: Any, place: str) -> datetime:
        """A time in whole seconds, naive or with its offset; `24:00` is the next midnight (R1, R3)."""
        try:
            midnight = END_OF_DAY.sub("T00:00", value)
            found = datetime.fromisoformat(midnight).replace(microsecond=0)
            return found + DAY if midnight != value else found
        except (ValueError, TypeError):
            self.wrong(place, f"{_shown(value)} is no time")
            return BEGINNING.replace(year=2000, tzinfo=None)
        except OverflowError:
            return END.replace(microsecond=0, tzinfo=None)

    def moment(self, value: Any, place: str, zone: ZoneInfo | None = None) -> datetime:
        """An instant: absolute with an offset, else the wall time of `zone` (default: the roster's) (R2)."""
        wall = self.wall(value, place)
        if wall.tzinfo is None:
            return instant(wall, zone or self.zone)
        try:
            return wall.astimezone(UTC)
        except OverflowError:
            return BEGINNING if wall.year < 5000 else END

    def asked(self, query: Json, name: str) -> datetime:
        """An instant of a question: `since` and `until` need room in the calendar on both sides."""
        at = self.moment(query.get(name), f"query.{name}")
        if not 2 < at.year < 9997:
            self.wrong(f"query.{name}", "the year must lie between 3 and 9996")
        return at

    def maybe(self, source: Json, name: str, place: str, zone: ZoneInfo | None = None) -> datetime | None:
        return None if source.get(name) is None else self.moment(source[name], f"{place}.{name}", zone)

    def midnight(self, source: Json, name: str, place: str, days: int) -> datetime | None:
        """00:00 of a date, or of the date after it, by R3 in the roster's zone (R15)."""
        day = self.day(source[name], f"{place}.{name}") if source.get(name) is not None else None
        if day is None:
            return None
        return END if day == date.max else instant(datetime.combine(day + days * DAY, time()), self.zone)

    def days_off(self, source: Json) -> list[date]:
        found = [self.day(one, f"holidays[{n}]") for n, one in enumerate(self.items(source, "holidays", ""))]
        return [day for day in found if day is not None]

    def minutes(self, source: Json, name: str, place: str) -> int:
        value = source.get(name)
        found = TIME_OF_DAY.fullmatch(value) if isinstance(value, str) else None
        minutes = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else MIDNIGHT + 1
        if minutes > MIDNIGHT:
            self.wrong(f"{place}.{name}", f"{_shown(value)} is no time of day from 00:00 to 24:00")
            return 0
        return minutes

    def days(self, source: Json, place: str, allowed: tuple[str, ...]) -> frozenset[str] | None:
        """Types of day; none given, or an empty list: every day."""
        found = self.items(source, "days", place)
        if not all(one in allowed for one in found):
            self.wrong(f"{place}.days", f"must be some of {', '.join(allowed)}")
            return None
        return frozenset(found) or None

    # Entries

    def window(self, source: Json, place: str) -> Window:
        return Window(
            start=self.minutes(source, "start", place),
            end=self.minutes(source, "end", place),
            days=self.days(source, place, DAY_TYPES),
        )

    def slot(self, value: Any, place: str) -> duty.Slot:
        if value is None:
            return None
        if not isinstance(value, dict):
            return self.person(value, place)
        name = self.text(value.get("rotation"), f"{place}.rotation")
        if name and name not in self.rotations:
            self.wrong(f"{place}.rotation", f"there is no rotation {_shown(name)}")
        return duty.RotationSlot(name, self.number(value, "offset", place, 0))

    def row(self, source: Json, place: str) -> duty.Row:
        slots = self.items(source, "slots", place)
        if not 1 <= len(slots) <= RANKS:
            self.wrong(f"{place}.slots", f"{len(slots)} places; at least one, at most five")
        return duty.Row(
            slots=tuple(self.slot(one, f"{place}.slots[{n}]") for n, one in enumerate(slots)),
            windows=tuple(self.each(source, "windows", place, self.window)),
        )

    def area(self, source: Json, place: str) -> duty.Area:
        zone = self.zone_of(source, place)

        def plan(source: Json, place: str) -> duty.Plan:
            return duty.Plan(
                starts_at=self.moment(source.get("from"), f"{place}.from", zone),
                rows=tuple(self.each(source, "rows", place, self.row)),
                recorded_at=self.maybe(source, "recorded_at", place, zone),
            )

        return duty.Area(zone, tuple(self.each(source, "plans", place, plan)))

    def rotation(self, source: Json, place: str) -> duty.Rotation:
        zone = self.zone_of(source, place)
        start = self.wall(source.get("start"), f"{place}.start")
        if not 1000 < start.year < 9000:
            self.wrong(f"{place}.start", "the year must lie between 1001 and 8999")
        members = enumerate(self.items(source, "members", place))
        return duty.Rotation(
            members=tuple(self.person(one, f"{place}.members[{n}]") for n, one in members),
            start=start.astimezone(zone).replace(tzinfo=None) if start.tzinfo and 1000 < start.year < 9000 else start,
            zone=zone,
            unit=self.one_of(source, "unit", place, ("week", "day"), "week"),
            every=self.number(source, "every", place, 1, least=1),
            days=self.days(source, place, DAYS),
        )

    def override(self, source: Json, place: str) -> duty.Override:
        kind = self.one_of(source, "kind", place, KINDS)
        areas = self.texts(source, "areas", place)
        for name in areas:
            if self.areas is not None and name and name not in self.areas:
                self.wrong(f"{place}.areas", f"there is no area {_shown(name)}")
        return duty.Override(
            kind=kind,
            person=self.person(source.get("person"), f"{place}.person"),
            for_person=None if kind == "take" else self.person(source.get("for"), f"{place}.for"),
            areas=frozenset(areas) or None,
            start=self.moment(source.get("start"), f"{place}.start"),
            end=self.maybe(source, "end", place),
            status=self.one_of(source, "status", place, STATUSES, "agreed"),
            recorded_at=self.maybe(source, "recorded_at", place),
            cancelled_at=self.maybe(source, "cancelled_at", place),
        )

    def absence(self, source: Json, place: str) -> duty.Absence:
        weekly = source if isinstance(source.get("weekly"), list) else {"weekly": [source.get("weekly")]}
        windows = () if source.get("weekly") is None else self.each(weekly, "weekly", place, self.window)
        return duty.Absence(
            person=self.person(source.get("person"), f"{place}.person"),
            start=self.midnight(source, "from_date", place, 0) or self.maybe(source, "start", place),
            end=self.midnight(source, "to_date", place, 1) or self.maybe(source, "end", place),
            weekly=tuple(windows),
            recorded_at=self.maybe(source, "recorded_at", place),
            cancelled_at=self.maybe(source, "cancelled_at", place),
        )

    def attempt(self, source: Json, place: str) -> duty.Attempt:
        incident = self.incident(source, place)
        if incident is None:
            self.wrong(f"{place}.incident", "is missing")
        result = self.one_of(source, "result", place, RESULTS)
        person = source.get("person")
        return duty.Attempt(
            incident=incident,
            at=self.moment(source.get("at"), f"{place}.at"),
            result=result,
            person=None if person is None and result == "start_over" else self.person(person, f"{place}.person"),
        )


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _shown(value: Any) -> str:
    """A value as a message quotes it: never longer than a line."""
    found = repr(value)
    return found if len(found) <= 60 else f"{found[:57]}…"
