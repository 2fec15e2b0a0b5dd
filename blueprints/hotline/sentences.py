"""What this room says when it refuses, and how it calls what became of a report."""

from typing import Any

from flask_babel import lazy_gettext as _l

from blueprints.hotline import bp
from blueprints.shared import words

words.say(
    {
        "report_empty": _l("Please choose what is happening, or write one sentence."),
        "report_sent_already": _l("You have sent this form already, as %(report)s."),
        "symptom_unknown": _l("This choice is no longer offered. Please choose again, or write one sentence."),
        "service_unknown": _l("Please choose a service from the list."),
        "text_long": _l("Please keep it within %(most)d characters; it has %(length)d now."),
        "facility_long": _l("Please keep the name of the facility within %(most)d characters."),
        "customers_impossible": _l("Please write the number of customers as a number from 0 to 10,000,000."),
        "since_unreadable": _l("Please write since when, like 9:50 or 2026-08-11 9:50."),
        "since_in_future": _l("This time has not come yet. Please write when it was first noticed."),
        "details_empty": _l("There is nothing to add yet. Please write something, or choose a photo."),
        "details_by_reporter": _l("More is added by who reported it, by who sees it too, and by those who check it."),
        "photo_unreadable": _l("This file is not a picture that can be read. Please choose a JPEG or PNG."),
        "photo_heic": _l("This photo is in the HEIC format. Please choose a screenshot of it, or a JPEG."),
        "photo_large": _l("This picture has more than 50 million pixels. A screenshot of it is enough."),
        "photo_many": _l("There are %(most)d photos already. That is enough, thank you."),
        "photo_again": _l("Please choose the photo again: a browser does not keep it."),
        "verdict_missing": _l("Please choose the outcome."),
        "duplicate_of_missing": _l("Please choose what it is the same as."),
        "incident_missing": _l("Please choose the incident that it belongs to."),
        "report_acknowledged": _l("%(name)s is checking this already. If you agreed on it, you can take over below."),
        "report_judged": _l("%(name)s has given the outcome already. It stands here now."),
        "report_is_duplicate": _l("This report is the same as %(of)s. Please declare from there."),
    }
)  # fmt: skip

STEPS: dict[str, Any] = {
    "voice": _l("Seen by somebody else, too"),
    "details": _l("Added"),
    "photo": _l("Photo added"),
    "reopened": _l("Opened again"),
    "reminded": _l("Nobody had taken it"),
    "paged": _l("Nobody had taken it"),
    "restored": _l("Restored"),
    "went_on": _l("Not over after all"),
    "merged": _l("Goes on as another incident"),
}
"""Steps that are no status: those have their word in `words.WORDS`."""

CHANGED: dict[str, Any] = {
    "facility_id": _l("Facility"),
    "facility_text": _l("Facility"),
    "service_id": _l("Service"),
    "since": _l("Since"),
    "customers": _l("Customers in trouble"),
}
"""What was added besides words, by column."""


def change_names(columns: list[str]) -> list[str]:
    """What was added, each once, in the page's language."""
    return list(dict.fromkeys(str(CHANGED[name]) for name in columns if name in CHANGED))


@bp.app_context_processor
def _names() -> dict[str, Any]:
    return {"report_steps": STEPS, "report_change_names": change_names}
