"""The field's words for the codes: label, tone and glyph of each in one table, sentences for what was refused."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from blueprints.shared.language import texts
from domain.errors import DomainError

_l = texts.lazy_gettext


@dataclass(frozen=True)
class Word:
    """How a code is shown: always icon + word + colour. `tone`: bad, warn, ok, info or none."""

    label: Any
    tone: str

    @property
    def glyph(self) -> str:
        return {"bad": "triangle", "warn": "diamond", "ok": "tick", "info": "square", "none": "dot"}[self.tone]


WORDS: dict[str, Word] = {
    # severity
    "minor": Word(_l("Scale: small"), "warn"),
    "major": Word(_l("Scale: medium"), "bad"),
    "critical": Word(_l("Scale: large"), "bad"),
    "none": Word(_l("No impact"), "none"),
    "maintenance": Word(_l("Maintenance"), "info"),
    # incident
    "investigating": Word(_l("Investigating"), "none"),
    "identified": Word(_l("Cause found, fixing"), "none"),
    "monitoring": Word(_l("Recovered, watching"), "info"),
    "resolved": Word(_l("Restored"), "ok"),
    "closed": Word(_l("Customer follow-up finished"), "ok"),
    "merged": Word(_l("Goes on as another incident"), "none"),
    # maintenance
    "scheduled": Word(_l("Planned"), "info"),
    "in_progress": Word(_l("Under way"), "info"),
    "verifying": Word(_l("Being checked after work"), "info"),
    "completed": Word(_l("Finished"), "ok"),
    # service
    "operational": Word(_l("Normal"), "ok"),
    "degraded_performance": Word(_l("Slow or hard to reach"), "warn"),
    "partial_outage": Word(_l("Partly unavailable"), "bad"),
    "major_outage": Word(_l("Unavailable"), "bad"),
    "under_maintenance": Word(_l("Under maintenance"), "info"),
    # report
    "received": Word(_l("Received"), "none"),
    "acknowledged": Word(_l("Being checked"), "info"),
    "incident": Word(_l("Incident declared"), "bad"),
    "duplicate": Word(_l("Same as another, being handled"), "none"),
    "no_incident": Word(_l("No incident, thank you"), "ok"),
    # delivery
    "waiting": Word(_l("Waiting to be sent"), "none"),
    "sending": Word(_l("Sending"), "none"),
    "retrying": Word(_l("Sending again"), "warn"),
    "held": Word(_l("Held: Slack is not set up"), "warn"),
    "sent": Word(_l("Delivered"), "ok"),
    "failed": Word(_l("Not delivered"), "bad"),
    "dropped": Word(_l("Not needed any more"), "none"),
}

POSITIONS: dict[str, Any] = {
    "commander": _l("Commander"),
    "bridge": _l("Bridge"),
    "guest_lead": _l("Lead for guests"),
    "partner_lead": _l("Lead for partners"),
    "investigator": _l("Cause investigation"),
    "first_aid": _l("First aid"),
    "impact": _l("Impact scope"),
    "root_fix": _l("Root fix"),
    "scribe": _l("Scribe"),
}

STEPS: dict[str, Any] = {
    "investigating": _l("Investigating"),
    "identified": _l("Cause found"),
    "monitoring": _l("Watching"),
    "resolved": _l("Restored"),
}
"""The four stages, short enough to stand side by side on a phone."""

DELIVERY_KINDS: dict[str, Any] = {
    "report.filed": _l("Report to #hotline"),
    "report.changed": _l("Report's message brought up to date"),
    "report.told": _l("Answer in the report's thread"),
    "report.photo": _l("Photo of a report"),
    "incident.declared": _l("Declaration to #hotline"),
    "incident.updated": _l("Status update to Slack"),
    "incident.resolved": _l("Restoration to Slack"),
    "update.channel": _l("Status update to the incident's channel"),
    "update.customer": _l("Status update to the customer side's channel"),
    "update.changed": _l("Correction of a status update in Slack"),
    "told.update": _l("Status update, to a follower"),
    "told.night": _l("Summary of the night, to a follower"),
    "told.answer": _l("Answer, to who asked"),
    "told.go_ahead": _l("An update waits for the go-ahead, to the commander"),
    "told.go_ahead_answer": _l("What became of it, to who wrote the update"),
    "told.copied": _l("Corrected wording, to who copied it"),
    "told.restored": _l("Restoration, to who reported it"),
    "told.changed": _l("Correction of what somebody was told"),
    "roster.soon": _l("Hand-over ahead, to whoever comes on duty"),
    "roster.now": _l("Hand-over, to whoever comes on duty"),
    "roster.group": _l("Slack group of who is on duty"),
    "roster.gaps": _l("Gaps in the roster, to administrators"),
    "report.reminder": _l("Nobody has taken a report, to who is on duty"),
    "promise.reminder": _l("Reminder of a promised update"),
    "report.page": _l("Nobody has taken a report, call through PagerDuty"),
    "report.page_resolve": _l("Call for a report ended"),
    "answer.private": _l("Private answer in Slack"),
    "answer.help": _l("Explanation in Slack"),
}

FIELDS: dict[str, Any] = {
    "situation": _l("Situation"),
    "guest_notice": _l("What to tell guests"),
    "partner_notice": _l("What to tell partners"),
    "workaround": _l("What to do meanwhile"),
    "not_yet": _l("Do not say yet"),
}

SENTENCES: dict[str, Any] = {
    "responders_only": _l("This is done by those who stand in the roster. If it should be you, ask an administrator."),
    "administrators_only": _l("This is done by administrators."),
    "not_published_by_you": _l("Updates are published by the bridge. You can take the bridge in one tap."),
}
"""Domain error code → sentence. Rooms add theirs with `say`."""


def say(sentences: dict[str, Any]) -> None:
    """Adds a room's sentences. Each code belongs to one room: another's sentence would stand in its place."""
    if taken := SENTENCES.keys() & sentences.keys():
        raise ValueError(f"these codes have a sentence already: {', '.join(sorted(taken))}")
    SENTENCES.update(sentences)


def word(code: str) -> Word:
    """How a code is shown. An unknown code is a mistake of ours and fails."""
    return WORDS[code]


def sentence(error: DomainError) -> str:
    """What a domain error says to the person, in their language."""
    text = SENTENCES.get(error.code)
    if text is None:
        return gettext("This is no longer possible. Please look at how it stands now.")
    return str(text) % error.params if error.params else str(text)


GLOBALS = {
    "word": word,
    "position_names": POSITIONS,
    "step_names": STEPS,
    "field_names": FIELDS,
    "delivery_kinds": DELIVERY_KINDS,
}
