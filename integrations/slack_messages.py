"""PURE: what Slack is told, as text and blocks. Facts in, messages out; nothing here opens a connection."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from integrations.facts import DeliveryFacts, IncidentFacts, ReportFacts, UpdateFacts
from integrations.slack_duty import gaps_content, handing_content
from integrations.slack_text import PER_MESSAGE, line, pieces, section, small, words
from integrations.slack_text import linked as _link
from integrations.wording import Wording

Block = dict[str, Any]
CHANNEL = "<!channel>"
FALLBACK = 200
"""Characters of typed text in `text`, which is what a notification shows."""


@dataclass(frozen=True)
class Message:
    """One message. `rest`: what did not fit, for its thread. `aloud`: a reply that is shown in the channel, too."""

    text: str
    blocks: list[Block]
    rest: list["Message"] = field(default_factory=list)
    aloud: bool = False


def build(facts: DeliveryFacts, wording: Wording, base_url: str = "") -> Message:
    """The message of a delivery; raises KeyError for a kind that nobody knows."""
    return _KINDS[facts.kind](facts, wording, base_url)


def report_message(report: ReportFacts, wording: Wording, base_url: str = "") -> Message:
    """A report for the hotline channel: who, what, where, since when, and what became of it so far."""
    _ = wording.gettext
    head = _("Somebody suspects an issue (%(code)s)") % {"code": report.code}
    found = pieces(report.body)
    blocks = [section(f"{_drill(report.drill, wording)}{CHANNEL} *{head}*"), _fields(report, wording)]
    blocks += words(found[:1])
    if len(found) > 1:
        blocks.append(small(_("The rest of the text is in the thread.")))
    blocks.append(section(_state(report, wording, base_url)))
    if link := _link(base_url, f"reports/{report.id}", _("Open the report")):
        blocks.append(small(link))
    text = f"{_drill(report.drill, wording)}{CHANNEL} {head} {report_headline(report, wording)}"
    return Message(text, blocks, _rest(found[1:], head, 1))


def told_message(facts: DeliveryFacts, wording: Wording, base_url: str = "") -> Message:
    """A sentence in the thread of a report's message, and the words that belong to it."""
    _ = wording.gettext
    report = _given(facts.report)
    what = str(facts.details.get("what", ""))
    start = _drill(report.drill, wording) + _to_reporter(what, facts)
    sentence = start + _sentence(what, facts, report, wording, base_url)
    body = str(facts.details.get("note") or facts.details.get("body") or "")
    blocks = [section(sentence)]
    if what == "joined":
        body = report.body
        blocks.append(_fields(report, wording))
    elif what == "details":
        blocks += [section(text) for text in _changed(facts, report, wording)]
    if (number := facts.details.get("customers")) is not None:
        blocks.append(section(_customers(int(number), wording)))
    found = pieces(body)
    blocks += words(found[:PER_MESSAGE])
    aloud = what == "reopened"
    if (what == "joined" or facts.thread is None) and (
        link := _link(base_url, f"reports/{report.id}", _("Open the report"))
    ):
        blocks.append(small(link))
    text = sentence if facts.thread else f"{report.code}: {sentence}"
    return Message(text, blocks, _rest(found[PER_MESSAGE:], report.code, PER_MESSAGE), aloud)


def _to_reporter(what: str, facts: DeliveryFacts) -> str:
    """Whoever reported is told of the outcome: the mention notifies them, also where nobody else looks."""
    report = _given(facts.report)
    told = what in ("acknowledged", "no_incident", "duplicate", "incident") and facts.by != report.reporter
    return f"<@{report.reporter_slack}> " if told and report.reporter_slack else ""


def declared_message(facts: DeliveryFacts, wording: Wording, base_url: str = "") -> Message:
    """A declaration for the hotline channel, in plain words."""
    _ = wording.gettext
    incident = _given(facts.incident)
    head = _("An incident was declared (%(code)s)") % {"code": incident.code}
    # In further channels nobody is called up: they are told.
    loud = f"{CHANNEL} " if facts.kind == "incident.declared" else ""
    start = f"{_drill(incident.drill, wording)}{loud}"
    blocks = [section(f"{start}*{head}*")]
    if incident.drill:
        blocks.append(section(_("This is a drill, not a real incident. Please do not tell customers.")))
    blocks.append(section(line(incident.title), "title"))
    blocks.append(section(_scale(incident.severity, wording)))
    blocks += [section(text) for text in _impact(incident, wording)]
    if incident.next_update_at:
        at = wording.moment(incident.next_update_at)
        blocks.append(section(_("Next update by %(time)s.") % {"time": at}))
    if facts.mobilising and facts.mobilising.channel_id:
        blocks.append(section(_("Responders: %(channel)s") % {"channel": f"<#{facts.mobilising.channel_id}>"}))
    if link := _link(base_url, f"incidents/{incident.code}", _("See what is going on, and what to say to customers")):
        blocks.append(small(link))
    return Message(f"{start}{head}: {line(incident.title, FALLBACK)}", blocks)


def update_message(facts: DeliveryFacts, wording: Wording, base_url: str = "") -> Message:
    """A status update: state, situation, when the next one comes."""
    _ = wording.gettext
    incident, update = _given(facts.incident), facts.update
    state = _state_word(update.state if update else incident.state, wording)
    if update and update.ends:
        state = end_word(incident, wording)
    head = _("%(code)s: %(state)s") % {"code": incident.code, "state": state}
    start = _drill(incident.drill, wording)
    blocks = [section(f"{start}*{head}*"), section(line(incident.title), "title")]
    if update and update.corrected_at:
        blocks.append(small(_("Corrected %(time)s") % {"time": wording.moment(update.corrected_at)}))
    found = pieces(update.situation if update else "")
    if update and update.kind == "unchanged":
        blocks.append(section(_("Nothing new; work continues.")))
        found = []
    blocks += words(found[:PER_MESSAGE])
    if update and (promise := _promise(update, wording)):
        blocks.append(section(promise))
    if link := _link(base_url, f"incidents/{incident.code}", _("See what is going on, and what to say to customers")):
        blocks.append(small(link))
    aloud = update is not None and update.state == "resolved"
    text = f"{start}{head} {line(incident.title, FALLBACK)}"
    return Message(text, blocks, _rest(found[PER_MESSAGE:], head, PER_MESSAGE), aloud)


def end_word(incident: IncidentFacts, wording: Wording) -> str:
    """How an incident ended, where it is over for the customer side as well; "" where it is not."""
    _ = wording.gettext
    words = {
        "merged": _("Goes on as %(code)s") % {"code": incident.goes_on_as},
        "no_incident": _("No incident, thank you"),
        "closed": _("Customer follow-up finished"),
    }
    return words.get(incident.ended, "")


def photo_title(facts: DeliveryFacts, wording: Wording) -> str:
    """What stands above a picture in the thread; plain text."""
    _ = wording.gettext
    report, photo = _given(facts.report), facts.photo
    title = _("Photo %(number)s of %(code)s") % {"number": photo.number if photo else 1, "code": report.code}
    return _drill(report.drill, wording) + title


def _given(value: Any) -> Any:
    if value is None:
        raise ValueError("the delivery has no subject of its kind")
    return value


def _drill(drill: bool, wording: Wording) -> str:
    _ = wording.gettext
    # The space: Slack starts bold only after one.
    return _("[DRILL]") + " " if drill else ""


def _rest(found: list[str], head: str, first: int) -> list[Message]:
    """What did not fit, a few pieces a message."""
    starts = range(0, len(found), PER_MESSAGE)
    parts = [found[start : start + PER_MESSAGE] for start in starts]
    return [
        Message(f"{head} … {number + 2}/{len(parts) + 1}", words(part, first + starts[number]))
        for number, part in enumerate(parts)
    ]


def report_headline(report: ReportFacts, wording: Wording) -> str:
    tile = report.symptom.called(wording.locale) if report.symptom else ""
    return line(" ".join(part for part in (tile, report.body[:1000]) if part), FALLBACK)


def _fields(report: ReportFacts, wording: Wording) -> Block:
    """Label and value, two a row. The label comes first: no sign that was typed can reach it."""
    texts = [f"*{label}*\n{value}" for label, value in _known(report, wording)]
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": text, "verbatim": True} for text in texts]}


def _known(report: ReportFacts, wording: Wording) -> Iterator[tuple[str, str]]:
    _ = wording.gettext
    yield _("Reported by"), line(report.reporter)
    if report.symptom:
        yield _("What is seen"), line(report.symptom.called(wording.locale))
    if report.facility:
        yield _("Facility"), line(report.facility)
    if report.service:
        yield _("Service"), line(report.service.called(wording.locale))
    if report.since:
        yield _("Since"), wording.moment(report.since)
    else:
        yield _("Reported at"), wording.moment(report.filed_at)
    if report.customers is not None:
        yield _("Customers affected"), _people(report.customers, wording)
    if report.voices:
        yield _("Others who see the same"), _people(report.voices, wording)


def _people(number: int, wording: Wording) -> str:
    ngettext = wording.ngettext
    return ngettext("%(num)d person", "%(num)d people", number) % {"num": number}


def _customers(number: int, wording: Wording) -> str:
    _ = wording.gettext
    return f"*{_('Customers affected')}* {_people(number, wording)}"


def _state(report: ReportFacts, wording: Wording, base_url: str) -> str:
    """What became of it so far, in one sentence."""
    _ = wording.gettext
    if report.status == "acknowledged":
        name = line(report.acknowledged_by)
        if report.acknowledged_at is None:
            return _("%(name)s is checking.") % {"name": name}
        at = wording.moment(report.acknowledged_at)
        return _("%(name)s is checking (%(time)s).") % {"name": name, "time": at}
    if report.status == "no_incident":
        return _no_incident(report, wording)
    if report.status == "duplicate":
        return _("The same is being handled as %(code)s.") % {"code": _other(report, base_url)}
    if report.status == "incident":
        return _("An incident was declared: %(code)s.") % {"code": _other(report, base_url)}
    return _("Nobody is checking yet. If you can, please take it.")


def _no_incident(report: ReportFacts, wording: Wording) -> str:
    _ = wording.gettext
    thanks = _("It was no incident. Thank you, %(name)s; please never hesitate to report again.")
    return thanks % {"name": line(report.reporter)}


def _other(report: ReportFacts, base_url: str) -> str:
    """The code of what the report belongs to, as a link where there can be one."""
    if report.incident:
        return _link(base_url, f"incidents/{report.incident}", report.incident) or report.incident
    code = f"R-{report.same_as}" if report.same_as else report.code
    return _link(base_url, f"reports/{code.removeprefix('R-')}", code) or code


def _sentence(what: str, facts: DeliveryFacts, report: ReportFacts, wording: Wording, base_url: str) -> str:
    _ = wording.gettext
    name = line(facts.by or report.reporter)
    if what == "acknowledged":
        return _("%(name)s is checking.") % {"name": name}
    if what == "no_incident":
        return _no_incident(report, wording)
    if what == "duplicate":
        return _("The same is already being handled as %(code)s. What you told us was added to it. Thank you!") % {
            "code": _other(report, base_url)
        }
    if what == "incident":
        return _("An incident was declared: %(code)s.") % {"code": _other(report, base_url)}
    if what in ("restored", "went_on", "merged"):
        return _end(what, wording) % {"code": _other(report, base_url)}
    if what == "reopened":
        return _("%(name)s still sees it, so the report is open again. Please have another look.") % {"name": name}
    if what == "voice":
        return _("%(name)s sees the same.") % {"name": name}
    if what == "joined":
        return _("%(name)s reports the same (%(code)s).") % {"name": name, "code": report.code}
    return _("%(name)s added something.") % {"name": name}


def _end(what: str, wording: Wording) -> str:
    _ = wording.gettext
    return {
        "restored": _("%(code)s is restored. Thank you for telling us."),
        "went_on": _("%(code)s is not over after all; work goes on."),
        "merged": _("This goes on as %(code)s."),
    }[what]


def _changed(facts: DeliveryFacts, report: ReportFacts, wording: Wording) -> Iterator[str]:
    """What was filled in later, as it is now."""
    _ = wording.gettext
    changed = {str(name).removesuffix("_id") for name in facts.details.get("changed", ())}
    if "facility" in changed or "facility_text" in changed:
        yield f"*{_('Facility')}* {line(report.facility)}"
    if "service" in changed and report.service:
        yield f"*{_('Service')}* {line(report.service.called(wording.locale))}"
    if "since" in changed and report.since:
        yield f"*{_('Since')}* {wording.moment(report.since)}"
    if "customers" in changed and report.customers is not None:
        yield _customers(report.customers, wording)


def _impact(incident: IncidentFacts, wording: Wording) -> Iterator[str]:
    _ = wording.gettext
    names = [line(service.called(wording.locale), 100) for service in incident.services[:20]]
    if names:
        yield f"*{_('Services')}*\n{', '.join(names)}"
    places = incident.facilities
    where = _("All facilities") if places is None else ", ".join(line(name, 100) for name in places[:10])
    if places and len(places) > 10:
        where += " …"
    yield f"*{_('Facilities')}*\n{where or '–'}"


def _promise(update: UpdateFacts, wording: Wording) -> str:
    _ = wording.gettext
    if update.next_update_at:
        return _("Next update by %(time)s.") % {"time": wording.moment(update.next_update_at)}
    if update.next_update_reason:
        return f"{_('No further update is planned:')}\n{line(update.next_update_reason)}"
    return ""


def _scale(severity: str, wording: Wording) -> str:
    _ = wording.gettext
    scales = {"minor": _("Scale: small"), "major": _("Scale: medium"), "critical": _("Scale: large")}
    return scales.get(severity, severity)


def _state_word(state: str, wording: Wording) -> str:
    _ = wording.gettext
    states = {
        "investigating": _("Investigating"),
        "identified": _("Cause found, fixing"),
        "monitoring": _("Recovered, watching"),
        "resolved": _("Restored"),
        "scheduled": _("Planned"),
        "in_progress": _("Under way"),
        "verifying": _("Being checked after work"),
        "completed": _("Finished"),
    }
    return states.get(state, state)


def _report_of(facts: DeliveryFacts, wording: Wording, base_url: str) -> Message:
    return report_message(_given(facts.report), wording, base_url)


def _handing_of(facts: DeliveryFacts, wording: Wording, base_url: str) -> Message:
    return Message(*handing_content(_given(facts.duty), wording, base_url))


def _gaps_of(facts: DeliveryFacts, wording: Wording, base_url: str) -> Message:
    return Message(*gaps_content(_given(facts.duty), wording, base_url))


_KINDS = {
    "report.filed": _report_of,
    "report.changed": _report_of,
    "report.told": told_message,
    "incident.declared": declared_message,
    "incident.announced": declared_message,
    "incident.updated": update_message,
    "incident.resolved": update_message,
    "roster.soon": _handing_of,
    "roster.now": _handing_of,
    "roster.gaps": _gaps_of,
}
