"""The room's words: kinds and states of actions, sentences for what was refused."""

from typing import Any

from flask_babel import lazy_gettext as _l

from blueprints.shared import words
from blueprints.shared.words import DELIVERY_KINDS, WORDS, Word

KINDS: dict[str, Any] = {
    "prevent": _l("Prevent"),
    "detect": _l("Detect"),
    "mitigate": _l("Mitigate"),
    "fix": _l("Fix faster"),
}

KIND_HINTS: dict[str, Any] = {
    "prevent": _l("so that it does not happen again"),
    "detect": _l("so that it is noticed sooner"),
    "mitigate": _l("so that it hurts less"),
    "fix": _l("so that it is repaired sooner"),
}

AGES: tuple[Any, ...] = (
    _l("Less than a week"),
    _l("1 to 4 weeks"),
    _l("1 to 3 months"),
    _l("3 months and more"),
)

STATES: dict[str, Any] = {
    "open": _l("Not begun"),
    "doing": _l("Being done"),
    "done": _l("Done"),
    "dropped": _l("Decided against"),
}

WORDS.update(
    {
        "action_open": Word(STATES["open"], "none"),
        "action_doing": Word(STATES["doing"], "info"),
        "action_done": Word(STATES["done"], "ok"),
        "action_dropped": Word(STATES["dropped"], "none"),
        "action_late": Word(_l("Overdue"), "warn"),
    }
)

DELIVERY_KINDS.update(
    {
        "told.action_soon": _l("Action that comes due, to who takes care of it"),
        "told.action_late": _l("Action past its date, to who takes care of it"),
        "told.actions": _l("Actions past their date, once a week"),
        "told.postmortem": _l("Postmortem to be planned"),
        "told.meeting": _l("Postmortem today, to who took part"),
    }
)

words.say(
    {
        "action_missing": _l("Please write what is to be done."),
        "action_kind": _l("Please choose what it does: prevent, detect, mitigate or fix faster."),
        "action_owner": _l("Please choose who takes care of it. What belongs to nobody is rarely done."),
        "action_due": _l("Please write by when, like 2026-08-31."),
        "action_due_past": _l("This date has passed. Please choose today or a later day."),
        "action_link": _l("Please give an address that begins with https:// or http://, or leave it empty."),
        "action_state": _l("Please choose how far it has come."),
        "action_why_dropped": _l("Please write in a sentence why it is not done after all."),
        "actions_many": _l("At most %(most)d actions for one incident. Which of them matter most?"),
        "action_changed_between": _l(
            "Somebody changed this action in between. Nothing was overwritten. Please compare."
        ),
        "postmortem_past": _l("This time has passed. Please choose one after now."),
        "postmortem_between": _l("Somebody wrote in between. Nothing was overwritten: both texts stand below."),
        "postmortem_elsewhere": _l("This one has no postmortem of its own: it went on elsewhere, or was no incident."),
        "action_of_others": _l("This is said by whoever takes care of it, or by those who stand in the roster."),
    }
)  # fmt: skip

HINTS: dict[str, Any] = {
    "culprit": _l("“%(word)s”: who it was explains little. What made it possible, for anybody?"),
    "trait": _l("“%(word)s”: a trait is hard to change. What made this way of doing it seem right then?"),
    "error": _l("“%(word)s”: people slip, always. What let the slip become an outage?"),
    "should": _l("“%(word)s”: afterwards everybody knows. What did people know at that moment?"),
    "forgot": _l("“%(word)s”: memory is not to be relied on. What could remind, or make it unnecessary?"),
    "careful": _l("“%(word)s”: care runs out. What would work on a tired day as well?"),
}
"""What is said of a word that looks for a culprit. Gentle: it may stay as it is."""

NAMES = {
    "action_kinds": KINDS,
    "action_hints": KIND_HINTS,
    "action_states": STATES,
    "action_ages": AGES,
    "hint_words": HINTS,
}
"""What the templates of this room call things by."""
