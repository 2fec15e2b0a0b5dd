"""What a declaration has started, as a checklist: each step with its state, its reason and "again"; the two calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babel.dates import get_day_names
from flask import current_app
from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from blueprints.shared import words
from blueprints.shared.words import Word, word
from domain import calls, mobilising, paging, roster, slack_notes
from domain.db import db
from domain.incidents import Incident
from domain.mobilising import Mobilisation
from domain.outbox import Delivery
from domain.people import Person
from domain.roster import Area
from domain.walltime import DAYS

CALL_NAMES: dict[str, Any] = {"system": _l("System call"), "customer": _l("Customer call")}
"""The two calls have the same names in every place."""

CALL_MAKERS = ("ZOOM_ACCOUNT_ID", "GOOGLE_REFRESH_TOKEN", "CALL_JITSI_URL")
"""The settings of what makes calls; without them there are standing links."""

GROUPS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "channel": (
        _l("Channel of its own"),
        ("channel.create", "channel.first", "channel.pin", "channel.topic", "channel.purpose", "channel.bookmark",
         "channel.changed"),
    ),
    "people": (_l("Invitations"), ("channel.invite",)),
    "news": (_l("Announcement"), ("incident.declared", "incident.announced", "report.told")),
    "page": (_l("PagerDuty"), (paging.TRIGGER, paging.ACKNOWLEDGE, paging.RESOLVE)),
    "calls": (_l("Two calls"), ("call.open",)),
}  # fmt: skip
"""The steps in the order in which they are started."""

STATES = {
    "done": Word(_l("Done"), "ok"),
    "waiting": Word(_l("Waiting"), "none"),
    "retrying": Word(_l("Trying again"), "warn"),
    "unset": Word(_l("Not set up"), "warn"),
    "failed": Word(_l("Failed"), "bad"),
    "off": Word(_l("Not needed"), "none"),
}
WORST = ("failed", "unset", "retrying", "waiting", "done", "off")

KINDS: dict[str, Any] = {
    "channel.create": _l("Open the incident's channel"),
    "channel.first": _l("First message"),
    "channel.pin": _l("Pin the first message"),
    "channel.topic": _l("Topic"),
    "channel.purpose": _l("Purpose"),
    "channel.bookmark": _l("Bookmark"),
    "channel.changed": _l("Pinned message brought up to date"),
    "channel.invite": _l("Invitation into the channel"),
    mobilising.HANDED_OVER: _l("Hand-over told in the channel"),
    mobilising.ASKED: _l("Who takes an open position, asked in the channel"),
    mobilising.PROMISED: _l("Reminder of a promised update, in the channel"),
    "incident.announced": _l("Announcement to a further channel"),
    "page.trigger": _l("Page"),
    "page.acknowledge": _l("Page acknowledged"),
    "page.resolve": _l("Page closed"),
    "call.open": _l("Open a call"),
    slack_notes.READ: _l("Marked message into the timeline"),
    slack_notes.FILE: _l("File of a marked message"),
}
words.DELIVERY_KINDS.update(KINDS)


@dataclass(frozen=True)
class Line:
    """One step. `missed`: who could not be invited, and why."""

    id: int
    title: str
    state: str
    error: str = ""
    again: bool = False
    missed: tuple[str, ...] = ()

    @property
    def word(self) -> Word:
        return STATES[self.state]


@dataclass(frozen=True)
class Group:
    """Steps that belong together; `state` is the worst of theirs."""

    name: str
    title: Any
    lines: list[Line]

    @property
    def state(self) -> str:
        found = {line.state for line in self.lines}
        return next((one for one in WORST if one in found), "off")

    @property
    def word(self) -> Word:
        return STATES[self.state]

    @property
    def missed(self) -> list[str]:
        """Who could not be invited."""
        return [one for line in self.lines for one in line.missed]

    @property
    def open_lines(self) -> list[Line]:
        return [line for line in self.lines if line.state not in ("done", "off")]


def mobilised(incident: Incident, level: str, bridge: Person | None) -> dict[str, Any] | None:
    """What the page of an incident shows of it: calls for everybody, the checklist for responders. None: nothing.

    `bridge`: who holds the bridge; it belongs into both calls.
    """
    found = mobilising.of(incident)
    if found is None:
        return None
    present = calls.present(incident)
    shown: dict[str, Any] = {"calls": [_call(found, name, present, bridge) for name in calls.CALLS], "present": present}
    if level != "reader":
        areas = roster.areas()
        shown |= {
            "outside": found, "groups": _groups(incident, areas), "areas": areas, "decision": decision(found),
            "may_page": incident.resolved_at is None and incident.closed_at is None,
        }  # fmt: skip
    return shown


def _call(found: Mobilisation, name: str, present: list[calls.CallPresence], bridge: Person | None) -> dict[str, Any]:
    inside = [one for one in present if one.call == name]
    ids = {one.person_id for one in inside}
    missing = bridge if bridge is not None and bridge.id not in ids else None
    return {
        "name": name,
        "title": CALL_NAMES[name],
        "url": found.call(name),
        "people": inside,
        "bridge_missing": missing,
    }


@dataclass(frozen=True)
class Known:
    """What all the lines need, asked once."""

    incident: Incident
    rows: dict[int, Delivery]
    names: dict[int, str]
    areas: dict[str, str]
    keyed: set[str]


def _groups(incident: Incident, areas: list[Area]) -> list[Group]:
    rows = [*mobilising.steps(incident), *mobilising.told_reports(incident).values()]
    keyed = paging.areas_with_key() if any(row.kind == paging.TRIGGER for row in rows) else set()
    called = {area.key: area.called(get_locale().language) for area in areas}
    known = Known(incident, {row.id: row for row in rows}, _names(rows), called, keyed)
    edits = [row.id for row in rows if row.kind == "channel.changed"][:-1]
    groups = [
        # Of all edits of the pinned message the last one tells how it stands.
        Group(name, title, [_line(row, known) for row in rows if row.kind in kinds and row.id not in edits])
        for name, (title, kinds) in GROUPS.items()
    ]
    return [one for one in groups if one.lines or one.name == "page"]


def _names(rows: list[Delivery]) -> dict[int, str]:
    """The names of the people who are told about: one query, where there are any."""
    wanted = {number for row in rows for number, _ in row.details.get("missed", ())}
    wanted |= {row.details["person"] for row in rows if row.details.get("person")}
    query = select(Person.id, Person.name).where(Person.id.in_(wanted))
    return {row.id: row.name for row in db.session.execute(query)} if wanted else {}


def _line(row: Delivery, known: Known) -> Line:
    state, error = _state(row, known)
    needed = known.rows.get(row.needs_id or 0)
    if state == "waiting" and needed is not None and needed.state == "failed":
        error = gettext("Waits until “%(step)s” is done.", step=KINDS.get(needed.kind, needed.kind))
    missed = _missed(row, known.names)
    again = state in ("retrying", "failed", "unset") and row.state in ("waiting", "failed") and bool(row.attempts)
    return Line(row.id, _title(row, known), state, error, again, missed)


def _state(row: Delivery, known: Known) -> tuple[str, str]:
    """The state of a step, and what is to be said about it."""
    if row.state == "sent":
        return "done", ""
    if row.state == "dropped":
        return "off", row.error
    how = _not_set_up(row, known)
    if how:
        return "unset", how
    if row.state == "failed":
        return "failed", row.error
    return ("retrying", row.error) if row.error else ("waiting", "")


def _not_set_up(row: Delivery, known: Known) -> str:
    """How the service is set up, where it is not; empty where it is."""
    config = current_app.config
    if row.service == "slack" and not config["SLACK_BOT_TOKEN"]:
        return gettext("Slack is not set up: an administrator sets SLACK_BOT_TOKEN. It goes out then.")
    if row.service == "calls" and not any(config[name] for name in CALL_MAKERS):
        name = "CALL_SYSTEM_URL" if row.details.get("call") == "system" else "CALL_CUSTOMER_URL"
        if not config[name]:
            return gettext(
                "No call is set up: an administrator sets %(name)s, Zoom, Google Meet or CALL_JITSI_URL.", name=name
            )
    if row.service == paging.SERVICE:
        if known.incident.drill and not config["PAGERDUTY_DRILL_KEY"]:
            return gettext("Drills page only with PAGERDUTY_DRILL_KEY. Nobody was paged.")
        if (
            not known.incident.drill
            and not config["PAGERDUTY_ROUTING_KEY"]
            and row.details.get("area") not in known.keyed
        ):
            return gettext(
                "PagerDuty is not set up: an administrator gives the area a key, or sets PAGERDUTY_ROUTING_KEY. "
                "Please telephone."
            )
    return ""


def _title(row: Delivery, known: Known) -> str:
    details = row.details
    if row.kind == "call.open":
        return str(CALL_NAMES[details["call"]])
    if row.kind == "channel.invite":
        number = len(details.get("people", ())) - len(details.get("missed", ()))
        return ngettext("%(num)d person invited", "%(num)d people invited", number)
    if row.kind == "incident.announced":
        return f"#{details.get('channel')}"
    if row.kind == "channel.bookmark":
        what = details.get("what")
        return gettext("Bookmark: %(what)s", what=CALL_NAMES.get(str(what)) or gettext("Incident page"))
    if row.kind == "report.told":
        return gettext("Thread of %(report)s", report=f"R-{row.report_id}")
    if row.service == paging.SERVICE:
        return f"{KINDS[row.kind]}: {_whom(row, known)}"
    return str(words.DELIVERY_KINDS.get(row.kind, row.kind))


def _whom(row: Delivery, known: Known) -> str:
    key, person = str(row.details.get("area")), row.details.get("person")
    name = known.areas.get(key, key)
    return f"{name} ({known.names[person]})" if person in known.names else name


def _missed(row: Delivery, names: dict[int, str]) -> tuple[str, ...]:
    """Who could not be invited, by the reason: one sentence for each."""
    by_code: dict[str, list[str]] = {}
    for number, code in row.details.get("missed", ()):
        by_code.setdefault(str(code), []).append(names.get(number, "?"))
    told = []
    for code, people in by_code.items():
        whom = gettext(", ").join(people)
        if code == "no_slack_id":
            told.append(gettext("Without a Slack ID, please tell them by hand: %(names)s", names=whom))
        else:
            told.append(gettext("Slack could not invite them (%(code)s): %(names)s", code=code, names=whom))
    return tuple(told)


def decision(found: Mobilisation) -> list[str]:
    """What was proposed about paging, why, and what was decided."""
    if not found.proposal:
        return []
    proposed = gettext("Proposed: page everybody") if found.proposal["page"] else gettext("Proposed: page nobody")
    decided = {
        True: gettext("Decided: page everybody."),
        False: gettext("Decided: page nobody."),
        None: gettext("Nobody was asked, so nobody was paged."),
    }[found.page]
    return [f"{proposed} ({reason(found.proposal)})", decided]


def reason(proposal: Mapping[str, Any]) -> str:
    """Why the rule proposes what it does: “Sunday, 21:40, outside 9:00 to 18:00; Scale: large”."""
    days = get_day_names("wide", locale=get_locale())
    day = str(days[DAYS.index(proposal["weekday"])])
    if proposal["holiday"]:
        day = gettext("%(day)s (day off)", day=day)
    severity = proposal["severity"]
    scale = word(severity).label if severity else gettext("scale not chosen yet")
    spans = [gettext("%(start)s to %(end)s", start=_clock(a), end=_clock(b)) for a, b in proposal["hours"]]
    said = {"day": day, "time": proposal["time"], "hours": ", ".join(spans), "scale": scale}
    if not spans:
        return gettext("%(day)s, %(time)s, no business hours on this day; %(scale)s", **said)
    if proposal["outside"]:
        return gettext("%(day)s, %(time)s, outside %(hours)s; %(scale)s", **said)
    return gettext("%(day)s, %(time)s, within business hours (%(hours)s); %(scale)s", **said)


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"
