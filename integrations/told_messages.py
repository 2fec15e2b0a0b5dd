"""PURE: what one person is told, in words: the same for a message in Slack and for a mail."""

from dataclasses import dataclass, field, replace
from typing import Any

from domain import go_ahead
from domain.copies import COPIED
from domain.followers import NIGHT
from domain.outbox import DeliveryError
from domain.questions import ANSWERED
from domain.suspicion import THANKED
from domain.text import cut, one_line
from integrations import learning_messages
from integrations.slack_text import line, linked, pieces, section, small, words
from integrations.told_facts import News, ToldFacts
from integrations.wording import Wording

SHORT = 500
"""Characters of what was said about an incident in a summary of several."""


@dataclass(frozen=True)
class Letter:
    """`head` in one line; parts are (ours, typed): a sentence of ours and words that somebody typed."""

    head: str
    parts: list[tuple[str, str]] = field(default_factory=list)
    path: str = ""
    link: str = ""


def letter(told: ToldFacts, wording: Wording) -> Letter:
    """What is said; raises KeyError for a kind that nobody knows. What comes of a drill says so first."""
    if told.learning is not None:
        said = Letter(*learning_messages.told(told.of, told.learning, wording))
    else:
        said = _KINDS[told.of](told, wording)
    if not told.drill:
        return said
    _ = wording.gettext
    warning = _("This is a drill, not a real incident. Please do not tell customers.")
    return replace(said, head=f"{_('[DRILL]')} {said.head}", parts=[(warning, ""), *said.parts])


def needless(told: ToldFacts, wording: Wording) -> DeliveryError | None:
    """Why nobody needs it any more, or None."""
    _ = wording.gettext
    if told.needless == "gone":
        return DeliveryError(_("%(name)s has left.") % {"name": told.name}, needless=True)
    if told.needless == "seen":
        return DeliveryError(_("%(name)s knows already.") % {"name": told.name}, needless=True)
    if told.needless:
        return DeliveryError(_("Something newer has been said since, so it was not sent."), needless=True)
    return None


def _answer(told: ToldFacts, wording: Wording) -> Letter:
    _ = wording.gettext
    head = _("Your question about %(code)s was answered") % {"code": told.code}
    if told.corrected:
        head = _("The answer to your question about %(code)s was corrected") % {"code": told.code}
    parts = [
        (_("You wanted to know:"), told.question),
        (_("%(name)s answers:") % {"name": one_line(told.by)}, told.answer),
    ]
    return Letter(head, parts, f"incidents/{told.code}#questions", _("Open the incident"))


def _go_ahead(told: ToldFacts, wording: Wording) -> Letter:
    """To the commander: what waits, and later what became of it."""
    _ = wording.gettext
    given = {"code": told.code, "name": one_line(told.by)}
    heads = {
        "waiting": _("%(name)s asks for your go-ahead: update of %(code)s") % given,
        "given": _("Published: the update of %(code)s (%(name)s)") % given,
        "refused": _("Sent back: the update of %(code)s (%(name)s)") % given,
        "withdrawn": _("Waits no longer: the update of %(code)s (%(name)s)") % given,
    }
    parts = [(one_line(told.title), told.question)]
    return Letter(heads.get(told.state, heads["waiting"]), parts, f"incidents/{told.code}", _("Open the incident"))


def _went_ahead(told: ToldFacts, wording: Wording) -> Letter:
    """To who wrote it: what became of it."""
    _ = wording.gettext
    given = {"code": told.code, "name": one_line(told.by)}
    if told.state == "given":
        head = _("%(name)s gave the go-ahead: your update of %(code)s is published") % given
        return Letter(head, [(one_line(told.title), "")], f"incidents/{told.code}/desk", _("Open the desk"))
    head = _("%(name)s sent your update of %(code)s back") % given
    parts = [(_("The words stand in the form again."), told.answer)]
    return Letter(head, parts, f"incidents/{told.code}/desk", _("Open the desk"))


def _copied(told: ToldFacts, wording: Wording) -> Letter:
    _ = wording.gettext
    names = {"guest_notice": _("for guests"), "partner_notice": _("for partners")}
    given = {"code": told.code, "what": names.get(told.wording, "")}
    if not told.answer:
        head = _("The wording %(what)s that you copied was withdrawn: %(code)s") % given
        parts = [(one_line(told.title), ""), (_("Please do not use it any more."), "")]
    else:
        head = _("The wording %(what)s that you copied was corrected: %(code)s") % given
        parts = [(one_line(told.title), ""), (_("Please use this from now on:"), told.answer)]
    return Letter(head, parts, f"incidents/{told.code}", _open(wording))


def _thanks(told: ToldFacts, wording: Wording) -> Letter:
    _ = wording.gettext
    head = _("What you reported is restored: %(code)s") % {"code": told.code}
    parts = [(one_line(told.title), "")]
    if told.minutes is not None:
        parts.append((minutes_saved(told.minutes, wording), ""))
    parts.append((_("Thank you for telling us. Please never hesitate to report again."), ""))
    return Letter(head, parts, f"reports/{told.report}", _("Open the report"))


def minutes_saved(minutes: int, wording: Wording) -> str:
    """What the report brought, modestly."""
    if minutes < 1:
        return wording.gettext("The incident was declared within a minute of your report.")
    return wording.ngettext(
        "The incident was declared %(num)d minute after your report.",
        "The incident was declared %(num)d minutes after your report.",
        minutes,
    ) % {"num": minutes}


def _update(told: ToldFacts, wording: Wording) -> Letter:
    _ = wording.gettext
    one = told.news[0]
    head = _head(one, wording)
    if one.corrected:
        head = _("Corrected: %(head)s") % {"head": head}
    parts = [(one_line(one.title), one.situation)]
    if one.next_update_at:
        parts.append((_("Next update by %(time)s.") % {"time": wording.moment(one.next_update_at)}, ""))
    return Letter(head, parts, f"incidents/{one.code}", _open(wording))


def _night(told: ToldFacts, wording: Wording) -> Letter:
    _ = wording.gettext
    head = _("What happened during the night")
    parts = [(f"{_head(one, wording)}: {one_line(one.title)}", cut(one.situation, SHORT)) for one in told.news]
    return Letter(head, parts, "", _("Open the board"))


def _open(wording: Wording) -> str:
    _ = wording.gettext
    return _("See what is going on, and what to say to customers")


def _head(one: News, wording: Wording) -> str:
    _ = wording.gettext
    if one.outcome == "no_incident":
        return _("%(code)s: %(state)s") % {"code": one.code, "state": _("No incident, thank you")}
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
    return _("%(code)s: %(state)s") % {"code": one.code, "state": states.get(one.state, one.state)}


_KINDS = {ANSWERED: _answer, COPIED: _copied, THANKED: _thanks, "told.update": _update, NIGHT: _night}
_KINDS |= {go_ahead.ASKED: _go_ahead, go_ahead.ANSWERED: _went_ahead}


def slack_content(told: ToldFacts, wording: Wording, base_url: str) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks of a direct message."""
    said = letter(told, wording)
    blocks = [section(f"*{line(said.head)}*")]
    for ours, typed in said.parts:
        blocks.append(section(line(ours), f"part-{len(blocks)}"))
        blocks += words(pieces(typed)[:2], len(blocks))
    if link := linked(base_url, said.path, said.link):
        blocks.append(small(link))
    return line(said.head), blocks[:45]


def mail_content(told: ToldFacts, wording: Wording, base_url: str) -> tuple[str, str]:
    """Subject and text of a mail."""
    _ = wording.gettext
    said = letter(told, wording)
    root = base_url.rstrip("/")
    text = [said.head, *("\n".join(part for part in both if part) for both in said.parts)]
    if root:
        text.append(f"{said.link}:\n{root}/{said.path}")
    if root and told.token and told.of in ("told.update", NIGHT):
        why = _("You get this because you follow incidents. To end it:")
        text.append(f"-- \n{why}\n{root}/following/{told.token}")
    subject = one_line(said.head)
    # Whoever looks at the subjects alone must not take a drill for real.
    subject = subject if told.drill else f"[Noroshi] {subject}"
    return subject, "\n\n".join(text) + "\n"
