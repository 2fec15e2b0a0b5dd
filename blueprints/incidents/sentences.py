"""What this room says when it refuses, and how it calls what it shows."""

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

from blueprints.incidents import bp
from blueprints.shared import words
from blueprints.shared.language import now
from domain import promises
from domain.incidents import Incident, state_at

SPANS = (5, 10, 15, 30, 60)
"""Minutes ahead for which the next update is offered."""

words.say(
    {
        "title_missing": _l("Please write in words what cannot be done."),
        "title_long": _l("Please keep the headline within %(most)d characters; details go into the update."),
        "severity_missing": _l("Please choose the scale. It can be changed later."),
        "services_missing": _l("Please choose at least one service."),
        "service_state_unknown": _l("Please choose a state from the list."),
        "facilities_missing": _l("Please choose the facilities, or “All facilities”."),
        "began_unreadable": _l("Please write when it began, like 2026-08-11 9:52."),
        "began_in_future": _l("The beginning cannot lie ahead. Please write when it was first noticed."),
        "ends_unreadable": _l("Please write when it ends, like 2026-08-11 9:52."),
        "maintenance_long": _l("At most 31 days at once. Please split it."),
        "report_unknown": _l("This report was not found."),
        "words_missing": _l("Please write what can be said now, even if it is one sentence."),
        "internal_broken": _l(
            "An internal sentence begins with [[ and ends with ]]. One of the marks is missing, or one is too many."
        ),
        "internal_for_customers": _l(
            "What customers are told cannot hold an internal sentence. Please write it into the situation."
        ),
        "words_long": _l("Please keep it within %(most)d characters."),
        "next_update_apart": _l(
            "Soon after the declaration updates come at most %(most)d minutes apart. "
            "Please choose an earlier time, or “None” with the reason."
        ),
        "reason_missing": _l("Please write why no next update is planned."),
        "state_missing": _l("Please choose how far it has come."),
        "corrects_unknown": _l("The update to be corrected was not found."),
        "position_missing": _l("Please choose a position."),
        "person_missing": _l("Please choose a person."),
        "key_used": _l(
            "This form had been sent before with other words. "
            "Your words are kept: please look at them and send once more."
        ),
        "published_between": _l(
            "Somebody published in between. Nothing was overwritten. Please compare and send again."
        ),
        "incident_resolved": _l("%(incident)s is restored already. If it happens again, please tick “Reopen”."),
        "incident_closed": _l(
            "Customer follow-up for %(incident)s is finished. If it happens again, please declare anew."
        ),
        "not_restored_yet": _l("%(incident)s is not restored yet. Please publish the restoration first."),
        "nothing_published_yet": _l("Nothing has been published yet, so there are no words to confirm."),
        "report_has_incident": _l("Somebody declared %(incident)s from this report just now. Is it the same?"),
        "not_in_line": _l("%(name)s is not in the line any more. Please look at who is now."),
        "incident_over": _l("This incident is finished, so nobody needs to be called for it."),
        "attempt_unknown": _l("Please choose what came of the call."),
        "call_unknown": _l("Please choose the system call or the customer call."),
        "page_whom": _l("Please choose whom to page."),
        "page_undecided": _l("Please decide whether everybody is paged: it is outside business hours, and large."),
        "question_missing": _l("Please write what you would like to know."),
        "answer_missing": _l("Please write the answer, even if it is “we do not know yet”."),
        "answered_by_bridge": _l("Questions are answered by the bridge. You can take the bridge in one tap."),
        "answered_between": _l("Somebody answered in between. Please compare, and send again if yours is better."),
        "ended_unreadable": _l("Please write when the impact ended, like 2026-08-11 9:52."),
        "ended_impossible": _l("The impact cannot have ended before it began, or ahead."),
        "help_needed": _l("%(num)d on the list still need help. Please tick them off, or go on helping."),
        "ended_otherwise": _l("%(incident)s was merged or was no incident. If it happens again, please declare anew."),
        "follow_up_missing": _l("Please write who still needs help."),
        "follow_ups_many": _l("The list holds at most %(most)d lines."),
        "merged_in_a_circle": _l("An incident cannot be merged into itself, or into one that was merged into it."),
        "not_to_be_merged": _l("These two cannot be one: a drill, or planned work, stays by itself."),
        "merge_missing": _l("Please choose the incident that it is the same as."),
        "declared_between": _l("%(incident)s was declared while you were writing. Is it the same?"),
    }
)

ATTEMPTS: dict[str, words.Word] = {
    "no_answer": words.Word(_l("No answer"), "warn"),
    "declined": words.Word(_l("Cannot take it"), "warn"),
    "reached": words.Word(_l("Reached"), "ok"),
    "start_over": words.Word(_l("Started over"), "none"),
}

WROTE_AS: dict[str, Any] = {
    "bridge": _l("Bridge"),
    "commander": _l("Commander"),
    "responder": _l("Responder"),
    "admin": _l("Administrator"),
}


@bp.app_template_global("state_at")
def state_now(incident: Incident) -> str:
    """The state of planned work now, for templates."""
    return state_at(incident, now())


@bp.app_template_global("promise_spans")
def promise_spans(incident: Incident) -> list[int]:
    """How many minutes ahead the next update is offered: as far as updates may lie apart now."""
    apart = promises.longest(incident, now())
    most = int(apart.total_seconds() // 60) if apart else SPANS[-1]
    return [*[one for one in SPANS if one < most][-2:], most]


@bp.app_context_processor
def _names() -> dict[str, Any]:
    return {"wrote_as_names": WROTE_AS, "attempt_words": ATTEMPTS, "one_minute": timedelta(minutes=1)}
