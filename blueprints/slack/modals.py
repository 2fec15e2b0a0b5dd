"""PURE: the modals. Values in, Slack's JSON out, in the language of the request; a field's block is called as it is."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext

from blueprints.shared import words
from domain.lifecycle import TITLE_LENGTH
from domain.text import cut

View = dict[str, Any]
Option = tuple[str, str]
"""A value and what it is called."""

FIELD = "typed"
"""The `action_id` of every field."""
MOST_OPTIONS = 100
MOST_CHOICES = 1000
"""Slack takes modals up to 250 KB; a name in Japanese weighs up to 200 bytes."""

FEW = 10
"""As many as can stand side by side to be tapped; more become a list."""


def report(
    key: str, symptoms: Sequence[Option], services: Sequence[Option], typed: Mapping[str, Any] | None = None
) -> View:
    """The form of a suspicion: a tile or a sentence, the rest is optional."""
    said = typed or {}
    blocks = [
        _words(gettext("If something seems off, report it, any hour. Being wrong is fine.")),
        *_chosen("symptom", gettext("What is seen"), symptoms, said.get("symptom")),
        _text("body", gettext("Or one sentence"), said.get("body"), long=True),
        *_listed("service", gettext("Service"), services, said.get("service")),
        _text("facility", gettext("Facility"), said.get("facility"), most=200),
        _field("since", gettext("Since"), {"type": "timepicker"}),
    ]
    return _modal("report", gettext("Report an issue"), gettext("Report"), blocks, key=key)


def declare(
    *,
    key: str,
    report: str,
    newest: int,
    began_at: datetime,
    services: Sequence[Option],
    facilities: Sequence[Option] = (),
    chosen: Iterable[str] = (),
    places: Iterable[str] = (),
    title: str = "",
    severity: str = "",
    warning: str = "",
    about: str = "",
    page: str = "",
    page_why: str = "",
) -> View:
    """The declaration. `chosen`: services; `places`: facilities, none means all. `warning`: what happened meanwhile;
    sent once more it is declared all the same. `page`: yes, no, or empty where nothing is chosen yet; `page_why`: what
    is proposed and why.
    """
    scales = [(code, str(words.word(code).label)) for code in ("critical", "major", "minor")]
    publish = _option("holding", gettext("Publish the holding text for customers now"))
    drill = _option("drill", gettext("This is a drill"))
    blocks = [
        *([_words(f":warning: {warning}")] if warning else []),
        *([_words(about)] if about else []),
        _text("title", gettext("What cannot be done, in one line"), title, most=TITLE_LENGTH, optional=False),
        _field("severity", gettext("Scale"), _radio(scales, severity), optional=False),
        *_several("services", gettext("Services"), services, chosen, optional=False),
        *_several("facilities", gettext("Facilities (nothing chosen: all, or not known yet)"), facilities, places),
        _field(
            "began_at",
            gettext("Since when"),
            {"type": "datetimepicker", "initial_date_time": int(began_at.timestamp())},
            optional=False,
        ),
        *([_words(page_why)] if page_why else []),
        _field(
            "page",
            gettext("Is help needed from many sides?"),
            _radio([("yes", gettext("Yes: page everybody")), ("no", gettext("No"))], page),
        ),
        _field(
            "options",
            gettext("How"),
            {"type": "checkboxes", "options": [publish, drill], "initial_options": [publish]},
        ),
    ]
    return _modal(
        "declare", gettext("Declare an incident"), gettext("Declare"), blocks, key=key, report=report, newest=newest
    )


def no_incident(report: str, about: str) -> View:
    """Closing with thanks, and a word to who reported it."""
    blocks = [
        _words(about),
        _text("note", gettext("A word to who reported it (optional)"), None, long=True),
    ]
    return _modal("no_incident", gettext("No incident"), gettext("Close with thanks"), blocks, report=report)


def same(report: str, about: str, incidents: Sequence[Option], reports: Sequence[Option]) -> View:
    """What it is the same as: an open incident, or another open report."""
    groups = [(gettext("Incidents"), incidents), (gettext("Reports"), reports)]
    offered = [
        {"label": _plain(label, 75), "options": [_option(*one) for one in options[:MOST_OPTIONS]]}
        for label, options in groups
        if options
    ]
    select = {"type": "static_select", "option_groups": offered, "placeholder": _plain(gettext("Please choose"), 150)}
    blocks = [_words(about), _field("same", gettext("The same as"), select, optional=False)]
    return _modal("same", gettext("Same as…"), gettext("Close as the same"), blocks, report=report)


def told(title: str, text: str) -> View:
    """A modal that says something and is closed."""
    return {
        "type": "modal",
        "callback_id": "told",
        "title": _plain(title, 24),
        "close": _plain(gettext("Close"), 24),
        "blocks": [_words(text)],
    }


def _modal(callback: str, title: str, submit: str, blocks: list[View], **kept: Any) -> View:
    return {
        "type": "modal",
        "callback_id": callback,
        "title": _plain(title, 24),
        "submit": _plain(submit, 24),
        "close": _plain(gettext("Cancel"), 24),
        "private_metadata": json.dumps(kept),
        "blocks": blocks,
    }


def _plain(text: str, most: int) -> View:
    return {"type": "plain_text", "text": cut(text, most), "emoji": False}


def _words(text: str) -> View:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, 2900), "verbatim": True}}


def _option(value: str, label: str) -> View:
    return {"text": _plain(label, 75), "value": value}


def _field(name: str, label: str, element: View, *, optional: bool = True) -> View:
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label, 2000),
        "element": {**element, "action_id": FIELD},
        "optional": optional,
    }


def _text(
    name: str, label: str, typed: str | None, *, most: int = 3000, long: bool = False, optional: bool = True
) -> View:
    element: View = {"type": "plain_text_input", "multiline": long, "max_length": most}
    if typed:
        element["initial_value"] = typed[:most]
    return _field(name, label, element, optional=optional)


def _radio(options: Sequence[Option], typed: str | None) -> View:
    made = [_option(*one) for one in options]
    initial = next((one for one in made if one["value"] == typed), None)
    return {"type": "radio_buttons", "options": made, **({"initial_option": initial} if initial else {})}


def _chosen(name: str, label: str, options: Sequence[Option], typed: str | None) -> list[View]:
    """One of several: to be tapped where they are few."""
    if 0 < len(options) <= FEW:
        return [_field(name, label, _radio(options, typed))]
    return _listed(name, label, options, typed)


def _listed(name: str, label: str, options: Sequence[Option], typed: str | None) -> list[View]:
    if not options:
        return []
    element = _radio(options[:MOST_OPTIONS], typed) | {
        "type": "static_select",
        "placeholder": _plain(gettext("Please choose"), 150),
    }
    return [_field(name, label, element)]


def _several(
    name: str, label: str, options: Sequence[Option], chosen: Iterable[str], *, optional: bool = True
) -> list[View]:
    """Any number of them; Slack searches in the list. As many as fit into a modal."""
    if not options:
        return []
    made = [_option(*one) for one in options[:MOST_CHOICES]]
    ticked = set(chosen)
    initial = [one for one in made if one["value"] in ticked]
    element = {
        "type": "multi_static_select",
        **_parted(made),
        "placeholder": _plain(gettext("Please choose"), 150),
        **({"initial_options": initial} if initial else {}),
    }
    return [_field(name, label, element, optional=optional)]


def _parted(made: list[View]) -> View:
    """The options, or as many groups as Slack needs, each called after its first and its last."""
    if len(made) <= MOST_OPTIONS:
        return {"options": made}
    parts = [made[start : start + MOST_OPTIONS] for start in range(0, len(made), MOST_OPTIONS)]
    names = [[cut(one["text"]["text"], 34) for one in (part[0], part[-1])] for part in parts]
    return {
        "option_groups": [
            {"label": _plain(" – ".join(name), 75), "options": part} for name, part in zip(names, parts, strict=True)
        ]
    }
