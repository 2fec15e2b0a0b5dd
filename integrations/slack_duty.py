"""PURE: what Slack is told about the roster: to who comes on duty, to administrators about gaps; and when it is not."""

from datetime import datetime
from typing import Any

from domain.outbox import DeliveryError
from integrations.duty_facts import DutyFacts, GapFacts
from integrations.slack_text import line, linked, pieces, section, small, words
from integrations.wording import Wording

MOST_GAPS = 20
PER_SECTION = 5
"""Gaps in one section: names are typed, and what is escaped is longer."""


def needless(duty: DutyFacts, wording: Wording) -> DeliveryError | None:
    """Why nobody needs it any more, or None."""
    _ = wording.gettext
    if duty.needless == "taken":
        sentence = _("Somebody has taken the report in the meantime, so it was not sent.")
    elif duty.needless == "updated":
        sentence = _("The update was published in the meantime, so nobody was reminded.")
    elif duty.needless == "late":
        sentence = _("It would have come too late, so it was not sent.")
    elif duty.needless:
        sentence = _("The roster has changed in the meantime, so it was not sent.")
    else:
        return None
    return DeliveryError(sentence, needless=True)


def handing_content(duty: DutyFacts, wording: Wording, base_url: str) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks for whoever comes on duty: which area, from when, after whom, and the note left for them."""
    _ = wording.gettext
    area = line(duty.area.called(wording.locale)) if duty.area else duty.key
    given = {"area": area, "time": wording.moment(duty.at) if duty.at else ""}
    if duty.begun:
        head = _("You are in charge of %(area)s now (since %(time)s).") % given
    else:
        head = _("You will be in charge of %(area)s from %(time)s.") % given
    name = line(duty.leaves)
    before = _("Before you: %(name)s.") % {"name": name} if name else _("Nobody was in charge before.")
    if not duty.begun and not name:
        before = _("Until then nobody is in charge.")
    blocks = [section(f"*{head}*"), section(before)]
    if duty.note:
        blocks.append(section(_("Hand-over note by %(name)s:") % {"name": line(duty.note_by)}))
        blocks += words(pieces(duty.note)[:3])
    if link := linked(base_url, f"roster/{duty.key}", _("Open the roster")):
        blocks.append(small(link))
    return head, blocks


def gaps_content(duty: DutyFacts, wording: Wording, base_url: str) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks for an administrator: when nobody will be in charge of what."""
    _ = wording.gettext
    head = _("Nobody will be in charge at these times. Please fill them in.")
    lines = [_gap(gap, wording) for gap in duty.gaps[:MOST_GAPS]]
    if len(duty.gaps) > MOST_GAPS:
        lines.append("…")
    parts = [lines[first : first + PER_SECTION] for first in range(0, len(lines), PER_SECTION)]
    blocks = [section(f"*{head}*"), *(section("\n".join(part)) for part in parts)]
    if link := linked(base_url, "roster", _("Open the roster")):
        blocks.append(small(link))
    return head, blocks


def _gap(gap: GapFacts, wording: Wording) -> str:
    return f"• {line(gap.area.called(wording.locale), 60)}: {_span(gap.start, gap.end, wording)}"


def _span(start: datetime | None, end: datetime | None, wording: Wording) -> str:
    _ = wording.gettext
    first = wording.moment(start) if start else _("now")
    return f"{first} – {wording.moment(end) if end else _('no end in sight')}"
