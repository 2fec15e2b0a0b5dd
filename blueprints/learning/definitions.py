"""What each figure means, in the words that stand beside it: a number without its definition misleads."""

from typing import Any

from flask_babel import lazy_gettext as _l

from domain.figures import COUNT, MEAN, SHARE, TIME

UNITS = {COUNT: "number", TIME: "minutes", SHARE: "share", MEAN: "mean"}

NAMES_OF: dict[str, Any] = {
    "reports": _l("Reports"),
    "none_reports": _l("Reports that were none"),
    "voices": _l("Voices: “I see it too”"),
    "incidents": _l("Incidents"),
    "to_acknowledgement": _l("From report to “I will check”"),
    "to_declaration": _l("From report to declaration"),
    "to_first_update": _l("From report to the first update"),
    "to_mitigation": _l("From report to easing of the impact"),
    "to_restoration": _l("From report to restoration"),
    "to_closing": _l("From report to the end of customer follow-up"),
    "duration": _l("From beginning to restoration"),
    "promises": _l("Promises of the next update kept"),
    "updates": _l("Updates per incident"),
    "actions_in_time": _l("Actions done in time"),
}

DEFINITIONS: dict[str, Any] = {
    "reports": _l(
        "All reports to the hotline, by the month in which they were filed; what was the same as another counts too."
    ),
    "none_reports": _l(
        "Reports after which somebody looked and found no incident. The more of them, the lower the bar to "
        "report: we are proud of them."
    ),
    "voices": _l("How many joined a report with one tap, each person once for a report."),
    "incidents": _l(
        "Declared incidents by the month of their declaration; moved-in history by the month in which it "
        "began. What was merged or was none is left out."
    ),
    "to_acknowledgement": _l(
        "Median time from a report until somebody pressed “I will check”; reports that nobody pressed it for "
        "are left out."
    ),
    "to_declaration": _l(
        "Median time from the first report of an incident to its declaration; incidents that were declared "
        "without or before a report are left out."
    ),
    "to_first_update": _l(
        "Median time from the first report of an incident to the first update written for it; the holding "
        "text of the declaration does not count."
    ),
    "to_mitigation": _l(
        "Median time from the first report of an incident until an update said “watching” or “restored”."
    ),
    "to_restoration": _l("Median time from the first report of an incident to the recorded end of its impact."),
    "to_closing": _l(
        "Median time from the first report of an incident until the customer side had finished its follow-up."
    ),
    "duration": _l(
        "Median time from the recorded beginning to the recorded end of the impact, with moved-in history; "
        "records that end before they begin are left out."
    ),
    "promises": _l(
        "Share of promised next updates, by the month in which they were due, before whose time (and one "
        "minute) something was published. Those that are not due yet do not count."
    ),
    "updates": _l("Mean number of updates of an incident, without the holding text of its declaration."),
    "actions_in_time": _l(
        "Share of actions, by the month in which they were due, that were done by their date. Decided against"
        " does not count."
    ),
}
