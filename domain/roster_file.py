"""The neutral form of a roster: read with every problem named by its place, answered without any database."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain import duty
from domain.walltime import instant

DAY_TYPES = frozenset(duty.DAYS) | {"hol"}
RANKS = 5


class RosterFileError(ValueError):
    """The file cannot be read. `problems`: every one of them, with its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def answer_vectors(document: Any) -> dict[str, dict[str, Any]]:
    """`{"vectors": [{"id", "roster", "query"}…], "rosters": {name: roster}}` → `{id: answer}`.

    Raises:
        RosterFileError: naming every problem.
    """
    problems: list[str] = []
    answers: dict[str, dict[str, Any]] = {}
    named = document.get("rosters") or {} if isinstance(document, dict) else {}
    parsed: dict[str, duty.Roster] = {}
    vectors = document.get("vectors") if isinstance(document, dict) else None
    if not isinstance(vectors, list):
        raise RosterFileError(["vectors: there must be a list of them"])
    for number, vector in enumerate(vectors):
        place = f"vectors[{number}]"
        try:
            source = vector["roster"]
            if isinstance(source, str):
                if source not in parsed:
                    parsed[source] = parse(named[source])
                roster = parsed[source]
            else:
                roster = parse(source)
            answers[str(vector["id"])] = answer(roster, vector["query"])
        except RosterFileError as error:
            problems += [f"{place}: {problem}" for problem in error.problems]
        except (KeyError, TypeError, AttributeError) as error:
            problems.append(f"{place}: {error} is missing or not what it should be")
    if problems:
        raise RosterFileError(problems)
    return answers


def answer(roster: duty.Roster, query: dict[str, Any]) -> dict[str, Any]:
    """The answer to one query, with instants as `YYYY-MM-DDTHH:MM:SSZ`."""
    area = query["area"]
    if area not in roster.areas:
        raise RosterFileError([f"query.area: there is no area {area!r}"])
    reader = _Reader(roster.zone)
    if "from" in query:
        start, end = reader.moment(query["from"], "query.from"), reader.moment(query["to"], "query.to")
        reader.finish()
        parts = duty.timeline(roster, area, start, end)
        return {
            "timeline": [[text(left), text(right), person] for left, right, person in parts],
            "gaps": [[text(left), text(right)] for left, right, person in parts if person is None],
        }
    at = reader.moment(query["at"], "query.at")
    reader.finish()
    found = duty.answer(roster, area, at, query.get("incident"))
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


def text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def parse(source: Any) -> duty.Roster:
    """A roster in the neutral form.

    Raises:
        RosterFileError: naming every problem with its place.
    """
    reader = _Reader(ZoneInfo("Asia/Tokyo"))
    if not isinstance(source, dict):
        raise RosterFileError(["a roster must be an object"])
    reader.zone = reader.zone_of(source.get("zone"), "zone", reader.zone)
    reader.people = set(source["people"]) if isinstance(source.get("people"), list) else None
    rotations = {
        name: reader.rotation(one, f"rotations.{name}") for name, one in reader.objects(source, "rotations").items()
    }
    reader.rotations = set(rotations)
    roster = duty.Roster(
        zone=reader.zone,
        rotations={name: one for name, one in rotations.items() if one},
        areas={name: reader.area(one, f"areas.{name}") for name, one in reader.objects(source, "areas").items()},
        overrides=tuple(
            one for n, item in enumerate(reader.items(source, "overrides")) if (one := reader.override(item, f"overrides[{n}]"))
        ),
        absences=tuple(
            one for n, item in enumerate(reader.items(source, "absences")) if (one := reader.absence(item, f"absences[{n}]"))
        ),
        attempts=tuple(
            one for n, item in enumerate(reader.items(source, "attempts")) if (one := reader.attempt(item, f"attempts[{n}]"))
        ),
        holidays=frozenset(
            one for n, item in enumerate(reader.items(source, "holidays")) if (one := reader.day(item, f"holidays[{n}]"))
        ),
        last_resort=tuple(reader.items(source, "last_resort")),
    )
    reader.finish()
    return roster


class _Reader:
    """Reads values and collects what is wrong with them, so that one look names everything."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.people: set[str] | None = None
        self.rotations: set[str] = set()
        self.problems: list[str] = []

    def finish(self) -> None:
        if self.problems:
            raise RosterFileError(self.problems)

    def wrong(self, place: str, why: str) -> None:
        self.problems.append(f"{place}: {why}")

    def objects(self, source: dict[str, Any], name: str) -> dict[str, Any]:
        found = source.get(name) or {}
        if isinstance(found, dict):
            return found
        self.wrong(name, "must be an object")
        return {}

    def items(self, source: dict[str, Any], name: str) -> list[Any]:
        found = source.get(name) or []
        if isinstance(found, list):
            return found
        self.wrong(name, "must be a list")
        return []

    def zone_of(self, name: Any, place: str, default: ZoneInfo) -> ZoneInfo:
        if name is None:
            return default
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            self.wrong(place, f"{name!r} is no time zone")
            return default

    def day(self, value: Any, place: str) -> date | None:
        try:
            return date.fromisoformat(value)
        except (ValueError, TypeError):
            self.wrong(place, f"{value!r} is no date")
            return None

    def wall(self, value: Any, place: str) -> datetime | None:
        """A wall time without offset, naive; `24:00` is midnight of the next date (R3)."""
        try:
            if isinstance(value, str) and value[10:].startswith("T24:00"):
                return datetime.combine(date.fromisoformat(value[:10]) + duty.DAY, time())
            return datetime.fromisoformat(value)
        except (ValueError, TypeError):
            self.wrong(place, f"{value!r} is no time")
            return None

    def moment(self, value: Any, place: str, zone: ZoneInfo | None = None) -> datetime:
        """An instant: absolute with an offset, else the wall time of `zone` (default: the roster's) (R2)."""
        wall = self.wall(value, place)
        if wall is None:
            return duty.BEGINNING
        return wall.astimezone(UTC) if wall.tzinfo else instant(wall, zone or self.zone)

    def maybe(self, source: dict[str, Any], name: str, place: str, zone: ZoneInfo | None = None) -> datetime | None:
        return None if source.get(name) is None else self.moment(source[name], f"{place}.{name}", zone)

    def person(self, value: Any, place: str) -> Any:
        if not isinstance(value, str) or not value:
            self.wrong(place, f"{value!r} is no person")
        elif self.people is not None and value not in self.people:
            self.wrong(place, f"{value!r} is not among the people")
        return value

    def minutes(self, value: Any, place: str) -> int:
        try:
            hours, minutes = str(value).split(":")
            found = int(hours) * 60 + int(minutes)
            if not (0 <= found <= 1440 and 0 <= int(minutes) < 60):
                raise ValueError
            return found
        except ValueError:
            self.wrong(place, f"{value!r} is no time of day")
            return 0

    def days(self, value: Any, place: str, allowed: frozenset[str]) -> frozenset[str] | None:
        if value is None:
            return None
        if not isinstance(value, list) or not set(value) <= allowed:
            self.wrong(place, f"must be some of {', '.join(sorted(allowed))}")
            return None
        return frozenset(value)

    def window(self, source: Any, place: str) -> duty.Window:
        if not isinstance(source, dict):
            self.wrong(place, "must be an object")
            return duty.Window(0, 0)
        return duty.Window(
            start=self.minutes(source.get("start"), f"{place}.start"),
            end=self.minutes(source.get("end"), f"{place}.end"),
            days=self.days(source.get("days"), f"{place}.days", DAY_TYPES),
        )

    def slot(self, source: Any, place: str) -> duty.Slot:
        if source is None:
            return None
        if isinstance(source, dict):
            name = source.get("rotation")
            if name not in self.rotations:
                self.wrong(place, f"there is no rotation {name!r}")
            return duty.RotationSlot(str(name), int(source.get("offset") or 0))
        return self.person(source, place)  # type: ignore[no-any-return]

    def area(self, source: Any, place: str) -> duty.Area:
        if not isinstance(source, dict):
            self.wrong(place, "must be an object")
            return duty.Area(self.zone, ())
        zone = self.zone_of(source.get("zone"), f"{place}.zone", self.zone)
        plans = [
            self.plan(plan, f"{place}.plans[{number}]", zone) for number, plan in enumerate(self.items(source, "plans"))
        ]
        return duty.Area(zone, tuple(plans))

    def plan(self, source: Any, place: str, zone: ZoneInfo) -> duty.Plan:
        if not isinstance(source, dict):
            self.wrong(place, "must be an object")
            return duty.Plan(duty.BEGINNING, ())
        rows = []
        for number, row in enumerate(self.items(source, "rows")):
            where = f"{place}.rows[{number}]"
            slots = row.get("slots") if isinstance(row, dict) else None
            if not isinstance(slots, list) or not 1 <= len(slots) <= RANKS:
                self.wrong(f"{where}.slots", "there must be one to five")
                continue
            windows = [self.window(one, f"{where}.windows[{n}]") for n, one in enumerate(row.get("windows") or [])]
            people = [self.slot(one, f"{where}.slots[{n}]") for n, one in enumerate(slots)]
            rows.append(duty.Row(tuple(people), tuple(windows)))
        return duty.Plan(
            starts_at=self.moment(source.get("from"), f"{place}.from", zone),
            rows=tuple(rows),
            recorded_at=self.maybe(source, "recorded_at", place, zone),
        )

    def rotation(self, source: Any, place: str) -> duty.Rotation | None:
        if not isinstance(source, dict):
            self.wrong(place, "must be an object")
            return None
        start = self.wall(source.get("start"), f"{place}.start")
        unit = source.get("unit", "week")
        if unit not in ("week", "day"):
            self.wrong(f"{place}.unit", f"{unit!r} is neither week nor day")
        every = source.get("every") or 1
        if not isinstance(every, int) or every < 1:
            self.wrong(f"{place}.every", "must be 1 or more")
            every = 1
        zone = self.zone_of(source.get("zone"), f"{place}.zone", self.zone)
        if start is None:
            return None
        if start.tzinfo:
            start = start.astimezone(zone).replace(tzinfo=None)
        return duty.Rotation(
            members=tuple(self.person(one, f"{place}.members[{n}]") for n, one in enumerate(source.get("members") or [])),
            start=start,
            zone=zone,
            unit=unit,
            every=every,
            days=self.days(source.get("days"), f"{place}.days", frozenset(duty.DAYS)),
        )

    def override(self, source: Any, place: str) -> duty.Override | None:
        if not isinstance(source, dict) or source.get("kind") not in ("cover", "swap", "take"):
            self.wrong(place, "must be a cover, a swap or a take")
            return None
        areas = source.get("areas")
        return duty.Override(
            kind=source["kind"],
            person=self.person(source.get("person"), f"{place}.person"),
            for_person=None if source["kind"] == "take" else self.person(source.get("for"), f"{place}.for"),
            areas=frozenset(areas) if areas else None,
            start=self.moment(source.get("start"), f"{place}.start"),
            end=self.maybe(source, "end", place),
            status=source.get("status") or "agreed",
            recorded_at=self.maybe(source, "recorded_at", place),
            cancelled_at=self.maybe(source, "cancelled_at", place),
        )

    def absence(self, source: Any, place: str) -> duty.Absence | None:
        if not isinstance(source, dict):
            self.wrong(place, "must be an object")
            return None
        start, end = self.maybe(source, "start", place), self.maybe(source, "end", place)
        if source.get("from_date") and (day := self.day(source["from_date"], f"{place}.from_date")):
            start = instant(datetime.combine(day, time()), self.zone)
        if source.get("to_date") and (day := self.day(source["to_date"], f"{place}.to_date")):
            end = instant(datetime.combine(day + duty.DAY, time()), self.zone)
        weekly = source.get("weekly") or []
        return duty.Absence(
            person=self.person(source.get("person"), f"{place}.person"),
            start=start,
            end=end,
            weekly=tuple(
                self.window(one, f"{place}.weekly[{n}]")
                for n, one in enumerate(weekly if isinstance(weekly, list) else [weekly])
            ),
            recorded_at=self.maybe(source, "recorded_at", place),
            cancelled_at=self.maybe(source, "cancelled_at", place),
        )

    def attempt(self, source: Any, place: str) -> duty.Attempt | None:
        if not isinstance(source, dict) or source.get("result") not in ("no_answer", "declined", "reached", "start_over"):
            self.wrong(place, "must say no_answer, declined, reached or start_over")
            return None
        return duty.Attempt(
            incident=source.get("incident"),
            at=self.moment(source.get("at"), f"{place}.at"),
            result=source["result"],
            person=source.get("person"),
        )
