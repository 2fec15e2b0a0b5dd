"""The timeline in words: what the portal knows by itself and what people noted, one row each, filtered, in pages."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l

from blueprints.incidents.formed import handed_over
from blueprints.incidents.mobilised import CALL_NAMES
from blueprints.incidents.sentences import ATTEMPTS
from blueprints.incidents.story import lines_of
from blueprints.shared.language import moment
from blueprints.shared.linked import linked
from blueprints.shared.prose import plain
from blueprints.shared.words import DELIVERY_KINDS, word
from domain import chronicle, timeline
from domain.chronicle import Chronicle, Fact
from domain.incidents import Incident
from domain.text import cut, fold
from domain.timeline import KINDS, Entry
from domain.updates import Update

KIND_NAMES: dict[str, Any] = {
    "observation": _l("Observation"),
    "action": _l("Action"),
    "decision": _l("Decision"),
    "communication": _l("Communication"),
}

GROUP_NAMES: dict[str, Any] = {
    "update": _l("Status updates"),
    "report": _l("Reports"),
    "people": _l("Calls, pages, positions"),
    "question": _l("Questions and answers"),
    "state": _l("Declaration and changes"),
    "failure": _l("Not delivered"),
}

NOTED = "noted"
"""The filter for everything that people wrote."""

NAMES: dict[str, Any] = {
    "kind_names": KIND_NAMES, "group_names": GROUP_NAMES, "noted_filter": NOTED, "linked": linked,
}  # fmt: skip
"""What the templates of the timeline call things by."""

CHOICES = (NOTED, *KINDS, *GROUP_NAMES)
PER_PAGE = 100
QUOTED = 300
"""Characters of an update, a report or a question that stand in the timeline; the whole is a tap away."""


@dataclass(frozen=True)
class Row:
    """One line. `entry`: what somebody noted; else `text` says it and `quote` is what was written there."""

    at: datetime
    mark: str
    who: str = ""
    group: str = ""
    text: str = ""
    quote: str = ""
    url: str = ""
    entry: Entry | None = None

    @property
    def searched(self) -> str:
        return fold(f"{self.text}\n{self.quote}\n{self.who}")


def rows(incident: Incident, level: str) -> list[Row]:
    """What the portal knows by itself, oldest first. Why something did not arrive is told to responders."""
    told = chronicle.of(incident)
    return [_row(fact, told, level) for fact in told.facts if not _undecided(fact)]


def recent(incident: Incident, level: str, most: int = 8) -> list[Row]:
    """What happened last, the newest first."""
    noted = [_noted(entry) for entry in timeline.newest(incident, most)]
    # As on the whole page: of what happened in the same instant the notes are the newer.
    return sorted([*noted, *reversed(rows(incident, level)[-most:])], key=lambda row: row.at, reverse=True)[:most]


def page_of(
    incident: Incident,
    level: str,
    *,
    kind: str = "",
    words: str = "",
    page: int = 1,
    oldest: bool = False,
    to: str = "",
) -> dict[str, Any]:
    """A page of the timeline: at most `PER_PAGE` rows. `to`: the mark of a row whose page is wanted.

    `kind`: one of CHOICES, or all. The same number of queries however long it is.
    """
    facts = rows(incident, level)
    search = timeline.Search(incident, (kind,) if kind in KINDS else KINDS, words) if kind not in GROUP_NAMES else None
    shown = [] if kind in (NOTED, *KINDS) else _matching(facts, kind, words)
    total = len(shown) + (search.count() if search else 0)
    last = max(1, -(-total // PER_PAGE))
    place = _place(incident, search, shown, to, total, oldest) if to else None
    page = min(max(page if place is None else place // PER_PAGE + 1, 1), last)
    part = _part(search, shown, (page - 1) * PER_PAGE, oldest)
    entries = timeline.loaded([number for _, _, number, row in part if row is None])
    return {
        "incident": incident,
        "level": level,
        "rows": [row or _noted(entries[number]) for _, _, number, row in part],
        "total": total,
        "number": page,
        "last": last,
        "updates": [row for row in reversed(facts) if row.group == "update"],
        "kind": kind,
        "q": words,
        "oldest": oldest,
    }


def _matching(facts: list[Row], kind: str, words: str) -> list[Row]:
    wanted = fold(words)
    return [row for row in facts if kind in ("", row.group) and wanted in row.searched]


Place = tuple[datetime, int, int, Row | None]
"""What rows are ordered by: the time, facts before notes, the number; a fact brings its row along."""


def _part(search: timeline.Search | None, facts: list[Row], start: int, oldest: bool) -> list[Place]:
    """The rows from `start` on, at most `PER_PAGE`.

    All facts are known, and of the notes only those that can stand there are asked for: whatever the facts push back,
    a note cannot stand farther back than there are facts.
    """
    skipped = max(0, start - len(facts))
    notes = search.part(skipped, start + PER_PAGE - skipped, oldest=oldest) if search else []
    found: list[Place] = [(row.at, 0, number, row) for number, row in enumerate(facts)]
    found += [(at, 1, number, None) for at, number in notes]
    found.sort(key=lambda one: one[:3], reverse=not oldest)
    return found[start - skipped : start - skipped + PER_PAGE] if search else found[start : start + PER_PAGE]


def _place(
    incident: Incident, search: timeline.Search | None, facts: list[Row], mark: str, total: int, oldest: bool
) -> int | None:
    """Where the row with this mark stands among all; None where it does not."""
    number = next((number for number, row in enumerate(facts) if row.mark == mark), None)
    if number is not None:
        # Of what happened in the same instant facts are the earlier: no note has an id below 0.
        before = number + (search.count((facts[number].at, 0)) if search else 0)
    elif search and re.fullmatch(r"t[0-9]{1,9}", mark, re.ASCII) and (entry := timeline.found(incident, int(mark[1:]))):
        before = search.count((entry.happened_at, entry.id)) + sum(row.at <= entry.happened_at for row in facts)
    else:
        return None
    return before if oldest else total - 1 - before


def _undecided(fact: Fact) -> bool:
    """Nobody was asked whether everybody is paged."""
    return fact.kind == "incident.page_decided" and fact.details.get("page") is None


def _noted(entry: Entry) -> Row:
    return Row(entry.happened_at, f"t{entry.id}", entry.author_name, entry.kind, entry=entry)


def _row(fact: Fact, told: Chronicle, level: str) -> Row:
    text, quote = _update(fact.update) if fact.update else _WORDS[fact.kind](fact, told)
    if fact.kind == "delivery.failed" and level == "reader":
        quote = ""
    url = str(fact.details.get("url") or "")
    return Row(fact.at, fact.mark, fact.who, fact.group, text, cut(quote, QUOTED), url if url[:4] == "http" else "")


def _update(update: Update) -> tuple[str, str]:
    if update.kind == "unchanged":
        return gettext("Nothing new; the words were confirmed."), ""
    state = str(word(update.state).label)
    said = gettext("Correction of an update: %(state)s") if update.corrects_id else gettext("Status update: %(state)s")
    return said % {"state": state}, plain(update.situation, update.format)


def _report(template: Callable[[], str]) -> Callable[[Fact, Chronicle], tuple[str, str]]:
    """A sentence about a report, with the note that was left."""

    def of(fact: Fact, told: Chronicle) -> tuple[str, str]:
        number = fact.event.report_id if fact.event else None
        values = {"report": f"R-{number}", "of": fact.details.get("of") or "", "name": fact.details.get("name") or ""}
        return template() % values, str(fact.details.get("note") or fact.details.get("body") or "")

    return of


def _filed(fact: Fact, told: Chronicle) -> tuple[str, str]:
    report = told.reports.get(fact.event.report_id or 0) if fact.event else None
    if report is None:
        return gettext("Reported"), ""
    symptom = report.symptom.called(_language()) if report.symptom else ""
    quote = " / ".join(part for part in (symptom, report.body) if part)
    return gettext("Reported as %(report)s", report=report.code), quote


def _said(template: Callable[[], str]) -> Callable[[Fact, Chronicle], tuple[str, str]]:
    return lambda fact, told: (template(), "")


def _changed(fact: Fact, told: Chronicle) -> tuple[str, str]:
    return " ".join(lines_of(fact.event)) if fact.event else "", ""


def _asked(fact: Fact, told: Chronicle) -> tuple[str, str]:
    question = told.questions.get(fact.details.get("question", 0))
    return gettext("Question"), question.body if question else ""


def _answered(fact: Fact, told: Chronicle) -> tuple[str, str]:
    question = told.questions.get(fact.details.get("question", 0))
    answers = [one for one in question.answers if one.at == fact.at] if question else []
    said = gettext("Answer corrected") if fact.details.get("corrects") else gettext("Answer")
    return said, answers[-1].body if answers else ""


def _handed(fact: Fact, told: Chronicle) -> tuple[str, str]:
    return handed_over(fact.event) if fact.event else "", ""


def _reminded(fact: Fact, told: Chronicle) -> tuple[str, str]:
    soon = fact.details.get("stage") == "soon"
    said = gettext("Reminder of the next update") if soon else gettext("The next update is late: reminder")
    name = str(fact.details.get("name") or "")
    return gettext("%(what)s, to %(name)s", what=said, name=name) if name else said, ""


def _called(fact: Fact, told: Chronicle) -> tuple[str, str]:
    result = str(fact.details.get("result"))
    if result == "start_over":
        return gettext("Calling starts over: everybody may be called again"), ""
    label = str(ATTEMPTS[result].label) if result in ATTEMPTS else result
    name = told.people.get(fact.details.get("person") or 0, "")
    return gettext("Called %(name)s (%(area)s): %(result)s", name=name, area=_area(fact, told), result=label), ""


def _go_ahead(template: Callable[[], str]) -> Callable[[Fact, Chronicle], tuple[str, str]]:
    return lambda fact, told: (template() % {"name": fact.details.get("name")}, str(fact.details.get("note") or ""))


def _paged(fact: Fact, told: Chronicle) -> tuple[str, str]:
    areas = [_area_name(key, told) for key in fact.details.get("areas") or []]
    name = told.people.get(fact.details.get("person") or 0)
    return gettext("Paged: %(whom)s", whom=name or ", ".join(areas)), ""


def _page_arrived(fact: Fact, told: Chronicle) -> tuple[str, str]:
    return gettext("The page is with PagerDuty: %(area)s", area=_area(fact, told)), ""


def _decided(fact: Fact, told: Chronicle) -> tuple[str, str]:
    yes = fact.details.get("page")
    return gettext("Decided: everybody is paged") if yes else gettext("Decided: nobody is paged"), ""


def _call(template: Callable[[], str]) -> Callable[[Fact, Chronicle], tuple[str, str]]:
    def of(fact: Fact, told: Chronicle) -> tuple[str, str]:
        return template() % {"call": str(CALL_NAMES.get(str(fact.details.get("call")), ""))}, ""

    return of


def _declared(fact: Fact, told: Chronicle) -> tuple[str, str]:
    return gettext("Drill declared") if fact.details.get("drill") else gettext("The incident was declared"), ""


def _channel(fact: Fact, told: Chronicle) -> tuple[str, str]:
    return gettext("Channel opened in Slack: #%(name)s", name=fact.details.get("place") or ""), ""


def _meeting(fact: Fact, told: Chronicle) -> tuple[str, str]:
    at = datetime.fromisoformat(fact.details["meets_at"])
    return gettext("Postmortem planned for %(time)s", time=moment(at)), ""


def _failed(fact: Fact, told: Chronicle) -> tuple[str, str]:
    what = str(DELIVERY_KINDS.get(str(fact.details.get("what")), fact.details.get("what")))
    return gettext("Not delivered: %(what)s", what=what), str(fact.details.get("error") or "")


def _voice(fact: Fact, told: Chronicle) -> tuple[str, str]:
    text, quote = _report(lambda: gettext("Sees %(report)s too"))(fact, told)
    if customers := fact.details.get("customers"):
        number = ngettext("%(num)d customer in trouble", "%(num)d customers in trouble", customers)
        quote = " / ".join(part for part in (quote, number) if part)
    return text, quote


def _area(fact: Fact, told: Chronicle) -> str:
    return _area_name(str(fact.details.get("area") or ""), told)


def _area_name(key: str, told: Chronicle) -> str:
    return told.areas[key].called(_language()) if key in told.areas else key


def _language() -> str:
    return get_locale().language


_WORDS: dict[str, Callable[[Fact, Chronicle], tuple[str, str]]] = {
    "report.filed": _filed,
    "report.voice": _voice,
    "report.details": _report(lambda: gettext("Added to %(report)s")),
    "report.photo": _report(lambda: gettext("Photo added to %(report)s")),
    "report.reminded": _report(lambda: gettext("Nobody had taken %(report)s: %(name)s was reminded")),
    "report.paged": _report(lambda: gettext("Nobody had taken %(report)s: paged through PagerDuty")),
    "report.acknowledged": _report(lambda: gettext("Checking %(report)s")),
    "report.no_incident": _report(lambda: gettext("%(report)s is no incident")),
    "report.duplicate": _report(lambda: gettext("%(report)s is the same as %(of)s")),
    "report.incident": _report(lambda: gettext("%(report)s belongs to %(of)s")),
    "report.reopened": _report(lambda: gettext("%(report)s was opened again")),
    "question.asked": _asked,
    "question.answered": _answered,
    "incident.assigned": _handed,
    "incident.reminded": _reminded,
    "incident.called": _called,
    "incident.paged": _paged,
    "incident.go_ahead_asked": _go_ahead(lambda: gettext("Go-ahead for an update asked of %(name)s")),
    "incident.go_ahead_given": _go_ahead(lambda: gettext("Go-ahead for an update")),
    "incident.go_ahead_refused": _go_ahead(lambda: gettext("Update sent back before it was published")),
    "incident.go_ahead_withdrawn": _go_ahead(lambda: gettext("An update does not wait for a go-ahead any more")),
    "incident.page_decided": _decided,
    "incident.call_joined": _call(lambda: gettext("Joined: %(call)s")),
    "incident.call_left": _call(lambda: gettext("Left: %(call)s")),
    "channel.create": _channel,
    "page.trigger": _page_arrived,
    "call.open": _call(lambda: gettext("Opened: %(call)s")),
    "incident.began": _said(lambda: gettext("The impact began")),
    "incident.ended": _said(lambda: gettext("The impact ended")),
    "incident.declared": _declared,
    "incident.edited": _changed,
    "incident.reopened": _changed,
    "incident.closed": _changed,
    "incident.followed_up_again": _changed,
    "incident.merged": _changed,
    "incident.merged_here": _changed,
    "incident.no_incident": _changed,
    "maintenance.planned": _said(lambda: gettext("Work announced")),
    "followup.added": _said(lambda: gettext("Somebody was put on the list of who still needs help")),
    "followup.done": _said(lambda: gettext("Somebody on the list of who still needs help was helped")),
    "followup.undone": _said(lambda: gettext("Somebody is back on the list of who still needs help")),
    "postmortem.planned": _meeting,
    "postmortem.held": _said(lambda: gettext("The postmortem took place")),
    "postmortem.not_held": _said(lambda: gettext("The postmortem did not take place yet after all")),
    "delivery.failed": _failed,
}
"""For every kind of fact: the sentence, and what was written there."""
