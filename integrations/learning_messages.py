"""PURE: what somebody is told about actions and postmortems, in words."""

from datetime import date

from babel.dates import format_date

from domain import learning_clock
from domain.text import one_line
from integrations.learning_facts import ActionFacts, LearningFacts
from integrations.wording import Wording

MOST = 20
"""Actions in one digest; the rest stands on the page."""

Told = tuple[str, list[tuple[str, str]], str, str]
"""Head, parts (ours, typed), path and the words of the link, as `told_messages.Letter` takes them."""


def told(kind: str, facts: LearningFacts, wording: Wording) -> Told:
    """What is said; raises KeyError for a kind that nobody knows."""
    return _KINDS[kind](facts, wording)


def _day(day: date, wording: Wording) -> str:
    return format_date(day, "M月d日（E）" if wording.locale == "ja" else "EEE, d MMM", locale=wording.locale)


def _one(facts: LearningFacts, head: str, wording: Wording) -> Told:
    _ = wording.gettext
    action = facts.actions[0]
    said = head % {"day": _day(action.due_on, wording), "code": action.code}
    parts = [(_("What is to be done:"), action.body), *([(action.link, "")] if action.link else [])]
    return said, parts, f"actions/{action.id}", _("Say how far it has come")


def _soon(facts: LearningFacts, wording: Wording) -> Told:
    _ = wording.gettext
    return _one(facts, _("Due on %(day)s: an action from %(code)s that you take care of"), wording)


def _late(facts: LearningFacts, wording: Wording) -> Told:
    _ = wording.gettext
    head = _("It was due on %(day)s: an action from %(code)s that you take care of")
    said, parts, path, link = _one(facts, head, wording)
    help_ = _("Another date is no shame: please change it if you need more time or help.")
    return said, [*parts, (help_, "")], path, link


def _digest(facts: LearningFacts, wording: Wording) -> Told:
    _ = wording.gettext
    head = wording.ngettext(
        "%(num)d action that you take care of is past its date",
        "%(num)d actions that you take care of are past their date",
        len(facts.actions),
    ) % {"num": len(facts.actions)}  # fmt: skip
    parts = [(_line(one, wording), one.body) for one in facts.actions[:MOST]]
    if len(facts.actions) > MOST:
        parts.append(("…", ""))
    return head, parts, "actions?mine=1", _("Open my actions")


def _line(one: ActionFacts, wording: Wording) -> str:
    _ = wording.gettext
    return _("%(code)s, due on %(day)s") % {"code": one.code, "day": _day(one.due_on, wording)}


def _plan(facts: LearningFacts, wording: Wording) -> Told:
    _ = wording.gettext
    head = _("Please plan the postmortem of %(code)s") % {"code": facts.code}
    parts = [(one_line(facts.title), "")]
    if facts.due_on is not None:
        parts.append((_("People should meet by %(day)s.") % {"day": _day(facts.due_on, wording)}, ""))
    return head, parts, f"incidents/{facts.code}/postmortem", _("Plan it")


def _meeting(facts: LearningFacts, wording: Wording) -> Told:
    _ = wording.gettext
    head = _("Today: the postmortem of %(code)s") % {"code": facts.code}
    parts = [(one_line(facts.title), "")]
    if facts.meets_at is not None:
        parts.append((wording.moment(facts.meets_at), facts.place))
    return head, parts, f"incidents/{facts.code}/postmortem", _("Agenda, and what was found")


_KINDS = {
    learning_clock.SOON: _soon,
    learning_clock.LATE: _late,
    learning_clock.DIGEST: _digest,
    learning_clock.PLAN: _plan,
    learning_clock.MEETING: _meeting,
}
