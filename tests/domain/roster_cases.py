"""Rosters and questions with the answers that the rules give, worked out by hand."""

from typing import Any

Json = dict[str, Any]
PEOPLE = ["Aki", "Ben", "Chie", "Dan", "Eva"]
NOON = "2026-02-03T12:00:00+09:00"
"""A Tuesday; 03:00 UTC."""
BEGAN = "2025-12-31T15:00:00Z"
"""Midnight of 1 January in Tokyo, from which on the usual plan counts."""


def area(*slots: Any, rows: list[Json] | None = None, plans: list[Json] | None = None, **more: Any) -> Json:
    rows = rows or [{"slots": list(slots)}]
    return {"plans": [{"from": "2026-01-01T00:00", "rows": rows}] if plans is None else plans, **more}


def roster(*slots: Any, zone: str = "Asia/Tokyo", **more: Any) -> Json:
    own = {key: more.pop(key) for key in ("rows", "plans") if key in more}
    guest = area(*(slots or ("Aki", "Ben")), **own, **({"zone": more.pop("area_zone")} if "area_zone" in more else {}))
    areas = {"guest": guest, **more.pop("others", {})}
    return {"zone": zone, "people": PEOPLE, "areas": areas, "last_resort": ["Desk"], **more}


def windowed(window: Json, zone: str, **more: Any) -> Json:
    """Aki inside the window, Ben outside it."""
    return roster(zone=zone, rows=[{"windows": [window], "slots": ["Aki"]}, {"slots": ["Ben"]}], **more)


def turning(zone: str = "Asia/Tokyo", slots: tuple[Any, ...] = ({"rotation": "r"},), **turn: Any) -> Json:
    return roster(*slots, zone=zone, rotations={"r": {"members": ["Aki", "Ben", "Chie"], "unit": "week", **turn}})


def at(when: str = NOON, **more: Any) -> Json:
    return {"area": "guest", "at": when, **more}


def part(start: str, end: str, name: str = "guest") -> Json:
    return {"area": name, "from": start, "to": end}


def entry(kind: str, person: str, other: str | None = None, **more: Any) -> Json:
    return {"kind": kind, "person": person, **({"for": other} if other else {}), "start": "2026-02-03T09:00", **more}


def cover(person: str, other: str, **more: Any) -> Json:
    return entry("cover", person, other, **more)


def tried(person: str | None, minute: int, result: str = "no_answer", incident: Any = "42") -> Json:
    found = {"incident": incident, "at": f"2026-02-03T11:{minute:02}", "result": result}
    return found | ({"person": person} if person else {})


def answer(on_duty: str | None, since: str | None = None, until: str | None = None, next: str | None = None) -> Json:
    return {"on_duty": on_duty, "since": since, "until": until, "next": next}


def span(start: str, end: str) -> Json:
    return {"start": start, "end": end}


NEW_YORK, BERLIN, HOWE = "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"
FAR = {"plans": [{"from": "2020-01-01T00:00", "rows": [{"slots": ["Aki"]}]}]}
AREA_NAMES = ("お客さま", "a/b", "covers", "Two words", "é" * 60, "%2F?#", " edge ", "area-1", ".")

CLOCKS: list[tuple[str, Json, Json, Json]] = [
    ("a window from the skipped hour begins at the jump", windowed(span("02:30", "05:00"), NEW_YORK),
     at("2026-03-08T07:00:00Z"), answer("Aki", "2026-03-08T07:00:00Z", "2026-03-08T09:00:00Z", "Ben")),
    ("and not a second before", windowed(span("02:30", "05:00"), NEW_YORK),
     at("2026-03-08T06:59:59Z"), answer("Ben", "2026-03-07T10:00:00Z", "2026-03-08T07:00:00Z", "Aki")),
    ("a window across the repeated hour begins at the first", windowed(span("01:30", "02:30"), NEW_YORK),
     at("2026-11-01T06:15:00Z"), answer("Aki", "2026-11-01T05:30:00Z", "2026-11-01T07:30:00Z", "Ben")),
    ("a window inside the repeated hour is over at the second", windowed(span("01:00", "01:30"), NEW_YORK),
     at("2026-11-01T06:10:00Z"), answer("Ben", "2026-11-01T05:30:00Z", "2026-11-02T06:00:00Z", "Aki")),
    ("a window of the skipped hour is never", windowed(span("02:00", "03:00"), NEW_YORK),
     at("2026-03-08T07:00:00Z"), answer("Ben", "2026-03-07T08:00:00Z", "2026-03-09T06:00:00Z", "Aki")),
    ("a wall day of 23 hours", windowed({"days": ["sun"], **span("00:00", "00:00")}, NEW_YORK),
     at("2026-03-09T03:59:59Z"), answer("Aki", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", "Ben")),
    ("a night of 9 hours", windowed({"days": ["sat"], **span("22:00", "06:00")}, NEW_YORK),
     at("2026-11-01T10:59:59Z"), answer("Aki", "2026-11-01T02:00:00Z", "2026-11-01T11:00:00Z", "Ben")),
    ("Berlin goes back", windowed(span("02:30", "03:00"), BERLIN),
     at("2026-10-25T01:45:00Z"), answer("Aki", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z", "Ben")),
    ("half an hour twice", windowed(span("01:30", "02:00"), HOWE),
     at("2026-04-04T15:10:00Z"), answer("Aki", "2026-04-04T14:30:00Z", "2026-04-04T15:30:00Z", "Ben")),
    ("half an hour skipped", windowed(span("02:10", "02:20"), HOWE),
     at("2026-10-03T15:30:00Z"), answer("Ben", "2026-10-02T15:50:00Z", "2026-10-04T15:10:00Z", "Aki")),
    ("half of a window skipped", windowed(span("02:15", "02:45"), HOWE),
     at("2026-10-03T15:30:00Z"), answer("Aki", "2026-10-03T15:30:00Z", "2026-10-03T15:45:00Z", "Ben")),
    ("hand-overs in the skipped half hour", turning(HOWE, unit="day", members=["Aki", "Ben"], start="2026-10-02T02:15"),
     at("2026-10-03T15:30:00Z"), answer("Aki", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z", "Ben")),
    ("before a start in the skipped hour", turning(NEW_YORK, ({"rotation": "r"}, "Dan"), start="2026-03-08T02:30"),
     at("2026-03-08T06:59:59Z"), answer("Dan", "2026-01-01T05:00:00Z", "2026-03-08T07:00:00Z", "Aki")),
    ("from a start in the skipped hour", turning(NEW_YORK, ({"rotation": "r"}, "Dan"), start="2026-03-08T02:30"),
     at("2026-03-08T07:00:00Z"), answer("Aki", "2026-03-08T07:00:00Z", "2026-03-15T06:30:00Z", "Ben")),
    ("a rotation in its own zone", turning(start="2026-03-01T09:00", zone="Asia/Tokyo", slots=({"rotation": "r"},))
     | {"rotations": {"r": {"members": ["Aki", "Ben"], "start": "2026-03-01T09:00", "zone": NEW_YORK}}},
     at("2026-03-08T13:00:00Z"), answer("Ben", "2026-03-08T13:00:00Z", "2026-03-15T13:00:00Z", "Aki")),
    ("an absent date of 23 hours",
     roster(zone=NEW_YORK, absences=[{"person": "Aki", "from_date": "2026-03-08", "to_date": "2026-03-08"}]),
     at("2026-03-09T03:59:59Z"), answer("Ben", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", "Aki")),
    ("a weekly absence in a night of 9 hours",
     roster(zone=BERLIN, absences=[{"person": "Aki", "weekly": {"days": ["sat"], **span("22:00", "06:00")}}]),
     at("2026-10-25T04:59:59Z"), answer("Ben", "2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z", "Aki")),
    ("a plan from the skipped hour",
     roster(area_zone=NEW_YORK, plans=[{"from": f"2026-{day}", "rows": [{"slots": [name]}]}
                                       for day, name in (("01-01T00:00", "Aki"), ("03-08T02:30", "Ben"))]),
     at("2026-03-08T06:59:59Z"), answer("Aki", "2026-01-01T05:00:00Z", "2026-03-08T07:00:00Z", "Ben")),
    ("a question in the roster's wall time", windowed(span("01:30", "02:30"), NEW_YORK),
     at("2026-11-01T01:30"), answer("Aki", "2026-11-01T05:30:00Z", "2026-11-01T07:30:00Z", "Ben")),
    ("a question at 24:00", windowed(span("00:00", "01:00"), HOWE),
     at("2026-02-03T24:00"), answer("Aki", "2026-02-03T13:00:00Z", "2026-02-03T14:00:00Z", "Ben")),
    ("windows go by the area's zone", windowed(span("09:00", "17:00"), "Asia/Tokyo", area_zone=BERLIN),
     at("2026-02-03T08:00:00Z"), answer("Aki", "2026-02-03T08:00:00Z", "2026-02-03T16:00:00Z", "Ben")),
    ("absences go by the roster's zone",
     roster(area_zone=BERLIN, absences=[{"person": "Aki", "weekly": {"days": ["tue"], **span("10:00", "13:00")}}]),
     at(), answer("Ben", "2026-02-03T01:00:00Z", "2026-02-03T04:00:00Z", "Aki")),
]  # fmt: skip

TURNS: list[tuple[str, Json, Json, Json]] = [
    ("every second of the hand-overs on some days",
     turning(unit="day", every=2, days=["mon", "thu"], start="2026-01-01T09:00"),
     at("2026-01-14T00:00:00Z"), answer("Ben", "2026-01-08T00:00:00Z", "2026-01-15T00:00:00Z", "Chie")),
    ("the first of its days is hand-over 0", turning(unit="day", days=["sat"], start="2026-01-07T09:00"),
     at("2026-01-09T23:59:59Z"), answer(None, None, "2026-01-10T00:00:00Z", "Aki")),
    ("an offset beyond the members", turning(slots=({"rotation": "r", "offset": 5},), start="2026-01-05T09:00"),
     at("2026-01-06T00:00:00Z"), {"line": ["Chie"]}),
    ("an offset backwards", turning(slots=({"rotation": "r", "offset": -1},), start="2026-01-05T09:00"),
     at("2026-01-06T00:00:00Z"), {"line": ["Chie"]}),
    ("three weeks each", turning(every=3, start="2026-01-05T09:00"),
     at("2026-01-20T00:00:00Z"), answer("Aki", "2026-01-05T00:00:00Z", "2026-01-26T00:00:00Z", "Ben")),
    ("one member takes over from himself", turning(members=["Aki"], start="2026-01-05T09:00"),
     at("2026-01-20T00:00:00Z"), answer("Aki", "2026-01-05T00:00:00Z")),
    ("a member twice in a row", turning(members=["Aki", "Aki", "Ben"], start="2026-01-05T09:00"),
     at("2026-01-13T00:00:00Z"), answer("Aki", "2026-01-05T00:00:00Z", "2026-01-19T00:00:00Z", "Ben")),
    ("without members it is vacant", turning(slots=({"rotation": "r"}, "Ben"), members=[], start="2026-01-05T09:00"),
     at(), {"line": ["Ben"], "warnings": ["no_deputy"]}),
    ("holidays do not stop it", turning(unit="day", days=["mon"], start="2026-01-05T09:00") | {"holidays": ["2026-01-12"]},
     at("2026-01-12T00:00:00Z"), {"on_duty": "Ben"}),
    ("absences do not stop it", turning(start="2026-01-05T09:00") | {"absences": [{"person": "Aki"}]},
     at("2026-01-20T00:00:00Z"), answer("Chie", "2026-01-19T00:00:00Z", "2026-01-26T00:00:00Z", None)),
]  # fmt: skip

PLANS: list[tuple[str, Json, Json, Json]] = [
    ("equal starts: the later recorded", roster(plans=[
        {"from": "2026-02-01", "recorded_at": f"2026-01-{day}", "rows": [{"slots": [name]}]}
        for day, name in (("20", "Ben"), ("10", "Aki"))]), at(), {"on_duty": "Ben"}),
    ("equal starts: the later in the list", roster(plans=[
        {"from": "2026-02-01", "rows": [{"slots": [name]}]} for name in ("Aki", "Ben", "Aki")]), at(), {"on_duty": "Aki"}),
    ("a version recorded late counts from then", roster(plans=[
        {"from": "2026-01-01", "rows": [{"slots": ["Aki"]}]},
        {"from": "2026-02-01", "recorded_at": "2026-02-03T12:00", "rows": [{"slots": ["Ben"]}]}]),
     at("2026-02-03T11:00"), answer("Aki", BEGAN, "2026-02-03T03:00:00Z", "Ben")),
    ("equal effective starts: the later recorded", roster(plans=[
        {"from": "2026-02-01", "recorded_at": "2026-02-03T12:00", "rows": [{"slots": ["Ben"]}]},
        {"from": "2026-02-03T12:00", "recorded_at": "2026-01-01", "rows": [{"slots": ["Aki"]}]}]), at(), {"on_duty": "Ben"}),
    ("a version with nobody", roster(plans=[
        {"from": "2026-01-01", "rows": [{"slots": ["Aki"]}]}, {"from": "2026-02-04", "rows": []}]),
     at(), answer("Aki", BEGAN, "2026-02-03T15:00:00Z", None)),
    ("24:00 is the next date", roster(plans=[{"from": "2026-02-02T24:00", "rows": [{"slots": ["Aki"]}]}]),
     at(), answer("Aki", "2026-02-02T15:00:00Z")),
    ("before the first version", roster(), at("2025-12-01T00:00:00Z"),
     {**answer(None, None, BEGAN, "Aki"), "gap": True, "warnings": ["gap"], "last_resort": ["Desk"]}),
    ("without any version", roster(plans=[]), at(), {**answer(None), "gap": True}),
    ("a window to midnight", windowed(span("18:00", "24:00"), "Asia/Tokyo"),
     at("2026-02-03T14:59:59Z"), answer("Aki", "2026-02-03T09:00:00Z", "2026-02-03T15:00:00Z", "Ben")),
    ("a holiday is no Monday", windowed({"days": ["mon"], **span("00:00", "24:00")}, "Asia/Tokyo",
                                        holidays=["2026-02-02"]),
     at("2026-02-02T12:00"), {"on_duty": "Ben"}),
    ("a night of a holiday", windowed({"days": ["hol"], **span("21:00", "05:00")}, "Asia/Tokyo", holidays=["2026-02-02"]),
     at("2026-02-03T04:59"), answer("Aki", "2026-02-02T12:00:00Z", "2026-02-02T20:00:00Z", "Ben")),
    ("a vacant row is a gap", roster(rows=[{"windows": [span("09:00", "18:00")], "slots": [None]}, {"slots": ["Aki"]}]),
     at(), answer(None, "2026-02-03T00:00:00Z", "2026-02-03T09:00:00Z", "Aki")),
    ("twice in a row is once", roster("Aki", "Aki", None, "Ben"), at(), {"line": ["Aki", "Ben"], "warnings": []}),
    ("thousands of years on", roster(), at("9000-01-01T00:00:00Z"), answer("Aki")),
    ("thousands of years ago", roster(plans=[{"from": "0800-01-01T00:00Z", "rows": [{"slots": ["Aki"]}]}]),
     at("0800-06-01T00:00:00Z"), answer("Aki", "0800-01-01T00:00:00Z")),
]  # fmt: skip

OVERRIDES: list[tuple[str, Json, Json, Json]] = [
    ("a chain of covers", roster(overrides=[cover("Dan", "Aki"), cover("Eva", "Dan")]), at(), {"line": ["Eva", "Ben"]}),
    ("a correction", roster(overrides=[cover("Dan", "Aki"), cover("Eva", "Aki")]), at(), {"line": ["Eva", "Ben"]}),
    ("whoever was dropped is not there", roster(overrides=[cover("Dan", "Aki"), cover("Eva", "Aki"), cover("Chie", "Dan")]),
     at(), {"line": ["Eva", "Ben"], "warnings": ["no_effect"]}),
    ("a swap drops a stand-in of the owner", roster(overrides=[cover("Dan", "Aki"), entry("swap", "Aki", "Ben")]),
     at(), {"line": ["Ben", "Aki"]}),
    ("a swap of a stand-in", roster(overrides=[cover("Dan", "Aki"), entry("swap", "Dan", "Ben")]),
     at(), {"line": ["Ben", "Dan"]}),
    ("a swap with somebody outside", roster(overrides=[entry("swap", "Dan", "Aki")]), at(), {"line": ["Dan", "Ben"]}),
    ("a swap of two outside", roster(overrides=[entry("swap", "Dan", "Eva")]), at(), {"warnings": ["no_effect"]}),
    ("a take by somebody in the line", roster("Aki", "Ben", "Chie", overrides=[entry("take", "Chie")]),
     at(), {"line": ["Chie", "Aki", "Ben"]}),
    ("a cover of who took has both places", roster("Aki", "Chie", overrides=[entry("take", "Chie"), cover("Dan", "Chie")]),
     at(), {"line": ["Dan", "Aki"]}),
    ("a cover by a deputy", roster("Aki", "Ben", "Chie", overrides=[cover("Ben", "Aki")]), at(),
     {"line": ["Ben", "Chie"]}),
    ("a cover elsewhere", roster(others={"other": area("Aki")}, overrides=[cover("Dan", "Aki", areas=["other"])]),
     at(), {"line": ["Aki", "Ben"], "warnings": []}),
    ("of two areas one is corrected", roster(others={"other": area("Aki")}, overrides=[
        cover("Dan", "Aki", areas=["guest", "other"]), cover("Eva", "Aki", areas=["guest"])]), at(), {"on_duty": "Eva"}),
    ("and the other is not", roster(others={"other": area("Aki")}, overrides=[
        cover("Dan", "Aki", areas=["guest", "other"]), cover("Eva", "Aki", areas=["guest"])]),
     at(area="other"), {"line": ["Dan"]}),
    ("cancelled before its start", roster(overrides=[
        cover("Dan", "Aki", start="2026-02-03T11:00", cancelled_at="2026-02-03T10:00")]), at(), answer("Aki", BEGAN)),
    ("cancelled under way", roster(overrides=[cover("Dan", "Aki", cancelled_at="2026-02-03T13:00")]),
     at(), answer("Dan", "2026-02-03T00:00:00Z", "2026-02-03T04:00:00Z", "Aki")),
    ("recorded under way", roster(overrides=[cover("Dan", "Aki", recorded_at="2026-02-03T11:00")]),
     at(), answer("Dan", "2026-02-03T02:00:00Z")),
    ("recorded after it was over", roster(overrides=[
        cover("Dan", "Aki", end="2026-02-03T15:00", recorded_at="2026-02-03T16:00")]), at(), answer("Aki", BEGAN)),
    ("the order of recording", roster(overrides=[
        cover("Dan", "Aki", recorded_at="2026-02-02"), cover("Eva", "Aki", recorded_at="2026-02-01")]),
     at(), {"on_duty": "Dan"}),
    ("the order of the list", roster(overrides=[
        cover("Eva", "Aki", recorded_at="2026-02-01"), cover("Dan", "Aki", recorded_at="2026-02-01")]),
     at(), {"on_duty": "Dan"}),
    ("one for all areas between two for one", roster(overrides=[
        cover("Dan", "Aki", areas=["guest"]), cover("Eva", "Dan"), cover("Chie", "Eva", areas=["guest"])]),
     at(), {"on_duty": "Chie"}),
    ("proposed and declined", roster(overrides=[
        cover("Dan", "Aki", status="proposed"), entry("take", "Eva", status="declined")]), at(), answer("Aki", BEGAN)),
    ("no longer than nothing", roster(overrides=[
        entry("take", "Eva", end="2026-02-03T09:00"), entry("take", "Dan", end="2026-02-03T08:00")]), at(), answer("Aki", BEGAN)),
    ("until the very reach", roster(**FAR, overrides=[
        entry("take", "Ben", start="2025-02-02T03:00:00Z", end="2027-02-04T03:00:00Z")]),
     at(), answer("Ben", "2025-02-02T03:00:00Z", "2027-02-04T03:00:00Z", "Aki")),
    ("a second beyond reach", roster(**FAR, overrides=[
        entry("take", "Ben", start="2025-02-02T02:59:59Z", end="2027-02-04T03:00:01Z")]), at(), answer("Ben")),
    ("what begins at the very reach", roster(**FAR, overrides=[entry("take", "Ben", start="2027-02-04T03:00:00Z"),
                                                              entry("take", "Eva", start="2020-02-01", end="2025-02-02T03:00:00Z")]),
     at(), answer("Aki", "2025-02-02T03:00:00Z", "2027-02-04T03:00:00Z", "Ben")),
    ("fractions of a second are cut", roster(overrides=[cover("Dan", "Aki", start="2026-02-03T12:00:00.900+09:00")]),
     at("2026-02-03T12:00:00.100+09:00"), answer("Dan", "2026-02-03T03:00:00Z")),
]  # fmt: skip

ABSENCES: list[tuple[str, Json, Json, Json]] = [
    ("an absent stand-in's place lapses", roster(overrides=[cover("Dan", "Aki")], absences=[{"person": "Dan"}]),
     at(), {"line": ["Ben"], "warnings": ["no_deputy"]}),
    ("a stand-in with two places leaves both", roster(overrides=[cover("Ben", "Aki")], absences=[{"person": "Ben"}]),
     at(), {"line": [], "warnings": ["gap"], "last_resort": ["Desk"]}),
    ("an open beginning", roster(absences=[{"person": "Aki", "end": "2026-02-03T13:00"}]),
     at(), answer("Ben", BEGAN, "2026-02-03T04:00:00Z", "Aki")),
    ("dates without a beginning", roster(absences=[{"person": "Aki", "to_date": "2026-02-03"}]),
     at(), answer("Ben", BEGAN, "2026-02-03T15:00:00Z", "Aki")),
    ("a list of weekly windows", roster(absences=[{"person": "Aki", "weekly": [
        {"days": ["mon"], **span("09:00", "12:00")}, {"days": ["tue"], **span("10:00", "13:00")}]}]),
     at(), answer("Ben", "2026-02-03T01:00:00Z", "2026-02-03T04:00:00Z", "Aki")),
    ("a weekly one is cut by its span", roster(absences=[
        {"person": "Aki", "weekly": span("10:00", "13:00"), "start": "2026-02-03T11:00", "end": "2026-02-03T12:30"}]),
     at(), answer("Ben", "2026-02-03T02:00:00Z", "2026-02-03T03:30:00Z", "Aki")),
    ("a weekly one on holidays", roster(holidays=["2026-02-03"], absences=[
        {"person": "Aki", "weekly": {"days": ["hol"], **span("00:00", "24:00")}}]),
     at(), answer("Ben", "2026-02-02T15:00:00Z", "2026-02-03T15:00:00Z", "Aki")),
    ("somebody left", roster(absences=[{"person": "Aki", "start": "2026-02-03T10:00"}]),
     at(), answer("Ben", "2026-02-03T01:00:00Z")),
    ("the last resort is never absent", roster("Aki", absences=[{"person": "Aki"}]) | {"last_resort": ["Aki", "Ben"]},
     at(), {"last_resort": ["Aki", "Ben"], "gap": True}),
    ("until 24:00", roster(absences=[{"person": "Aki", "start": "2026-02-03T00:00", "end": "2026-02-03T24:00"}]),
     at(), answer("Ben", "2026-02-02T15:00:00Z", "2026-02-03T15:00:00Z", "Aki")),
    ("cancelled under way, recorded late", roster(absences=[
        {"person": "Aki", "start": "2026-02-01", "recorded_at": "2026-02-03T11:00", "cancelled_at": "2026-02-03T12:01"}]),
     at(), answer("Ben", "2026-02-03T02:00:00Z", "2026-02-03T03:01:00Z", "Aki")),
    ("an absence ends at the end of the calendar", roster(absences=[{"person": "Aki", "to_date": "9999-12-31"}]),
     at(), answer("Ben", BEGAN)),
]  # fmt: skip

ATTEMPTS: list[tuple[str, Json, Json, Json]] = [
    ("another incident's attempts", roster(attempts=[tried("Aki", 5, incident="43")]), at(incident="42"), {"suggest": "Aki"}),
    ("a number is the incident of that name", roster(attempts=[tried("Aki", 5, incident=42)]), at(incident="42"), {"suggest": "Ben"}),
    ("reached after all", roster(attempts=[tried("Aki", 5), tried("Aki", 6, "reached")]), at(incident="42"), {"suggest": "Aki"}),
    ("started over", roster(attempts=[tried("Aki", 5), tried(None, 6, "start_over")]), at(incident="42"), {"suggest": "Aki"}),
    ("started over by somebody", roster(attempts=[tried("Aki", 5), tried("Ben", 6, "start_over"), tried("Aki", 7, "declined")]),
     at(incident="42"), {"suggest": "Ben"}),
    ("started over at the same instant", roster(attempts=[tried("Aki", 5), tried(None, 5, "start_over")]),
     at(incident="42"), {"suggest": "Aki"}),
    ("tried right after starting over", roster(attempts=[tried(None, 5, "start_over"), tried("Aki", 5)]),
     at(incident="42"), {"suggest": "Ben"}),
    ("an attempt counts at its instant", roster(attempts=[tried("Aki", 5), tried("Ben", 6)]),
     at("2026-02-03T11:05", incident="42"), {"suggest": "Ben", "exhausted": False}),
    ("everybody tried", roster(attempts=[tried("Ben", 5), tried("Aki", 6, "declined")]), at(incident="42"),
     {"suggest": None, "exhausted": True, "gap": False, "last_resort": ["Desk"], "line": ["Aki", "Ben"]}),
    ("everybody tried and nobody left", roster(attempts=[tried("Ben", 5), tried("Aki", 6)], absences=[
        {"person": "Aki"}, {"person": "Ben"}]), at(incident="42"),
     {"suggest": None, "exhausted": False, "gap": True, "last_resort": ["Desk"]}),
    ("who was tried covers for another", roster(overrides=[cover("Dan", "Aki")], attempts=[tried("Dan", 5)]),
     at(incident="42"), {"line": ["Dan", "Ben"], "suggest": "Ben"}),
    ("without an incident", roster(attempts=[tried("Aki", 5)]), at(), {"suggest": "Aki", "exhausted": False}),
    ("an incident with a long name", roster(attempts=[tried("Aki", 5, incident="x" * 80), tried("Ben", 5, incident="x" * 79)]),
     at(incident="x" * 80), {"suggest": "Ben"}),
]  # fmt: skip

TIMELINES: list[tuple[str, Json, Json, Json]] = [
    ("neighbours merge across versions", roster(plans=[
        {"from": "2026-01-01", "rows": [{"slots": ["Aki", "Ben"]}]}, {"from": "2026-02-03", "rows": [{"slots": ["Aki"]}]}]),
     part("2026-02-02T00:00", "2026-02-04T00:00"),
     {"timeline": [["2026-02-01T15:00:00Z", "2026-02-03T15:00:00Z", "Aki"]], "gaps": []}),
    ("the day of 25 hours", roster(zone=NEW_YORK, rows=[{"windows": [span("01:30", "03:00")], "slots": ["Aki"]}]),
     part("2026-11-01T00:00", "2026-11-01T24:00"),
     {"timeline": [["2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z", None], ["2026-11-01T05:30:00Z", "2026-11-01T08:00:00Z", "Aki"],
                   ["2026-11-01T08:00:00Z", "2026-11-02T05:00:00Z", None]],
      "gaps": [["2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z"], ["2026-11-01T08:00:00Z", "2026-11-02T05:00:00Z"]]}),
    ("backwards there is nothing", roster(), part("2026-02-04", "2026-02-03"), {"timeline": [], "gaps": []}),
    ("clipped on both sides", roster(overrides=[entry("take", "Dan", end="2026-02-03T18:00")]),
     part("2026-02-03T10:00", "2026-02-03T11:00:00"),
     {"timeline": [["2026-02-03T01:00:00Z", "2026-02-03T02:00:00Z", "Dan"]]}),
    ("a rotation over the spring change", turning(NEW_YORK, start="2026-03-01T02:30"),
     part("2026-03-08T00:00", "2026-03-15T24:00"),
     {"timeline": [["2026-03-08T05:00:00Z", "2026-03-08T07:00:00Z", "Aki"], ["2026-03-08T07:00:00Z", "2026-03-15T06:30:00Z", "Ben"],
                   ["2026-03-15T06:30:00Z", "2026-03-16T04:00:00Z", "Chie"]]}),
]  # fmt: skip

NAMES: list[tuple[str, Json, Json, Json]] = [
    (f"an area called {name:.10}", roster(others={name: area("Ben", "Aki"), "b": {}},
                                          overrides=[cover("Dan", "Ben", areas=["b", name])]),
     at(area=name), {"line": ["Dan", "Aki"]})
    for name in AREA_NAMES
]  # fmt: skip

CASES: list[Json] = [
    {"id": title, "roster": source, "query": query, "expect": expect}
    for title, source, query, expect in (
        *CLOCKS, *TURNS, *PLANS, *OVERRIDES, *ABSENCES, *ATTEMPTS, *TIMELINES, *NAMES
    )
]  # fmt: skip
