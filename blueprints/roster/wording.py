"""The roster's words and sentences."""

from flask_babel import lazy_gettext as _l

from blueprints.shared import words
from blueprints.shared.words import Word

KINDS = (
    ("guest", _l("Customers: guests")),
    ("partner", _l("Customers: partners")),
    ("system", _l("System")),
    ("bridge", _l("Bridge")),
    ("other", _l("Other")),
)
"""What the flow uses an area for."""

words.WORDS.update(
    {
        "gap": Word(_l("Nobody in charge"), "bad"),
        "proposed": Word(_l("Waiting for an answer"), "warn"),
        "agreed": Word(_l("Agreed"), "ok"),
        "declined": Word(_l("Not possible this time"), "none"),
        "cancelled": Word(_l("Cancelled"), "none"),
    }
)

words.say(
    {
        "time_unreadable": _l("Please write a date and a time, like 2026-08-11 14:30."),
        "day_unreadable": _l("Please write a date, like 2026-08-11."),
        "month_unreadable": _l("Please write a month, like 2026-08."),
        "person_unknown": _l("Please choose somebody from the list."),
        "person_left": _l("%(name)s no longer uses Noroshi. Please choose somebody else."),
        "span_needs_both": _l("Please give both a beginning and an end: from and to."),
        "span_too_long": _l("Please ask for at most 366 days at a time."),
        "group_taken": _l("Another area keeps this Slack user group already."),
        "ends_before_begin": _l("Please choose an end that is after the beginning."),
        "ends_in_past": _l("This end has already passed. Please choose one after now."),
        "plan_nobody": _l("Please choose at least one person. To stop using an area, use “Areas”."),
        "plan_too_long": _l("At most five people can stand in a plan."),
        "plan_twice": _l("%(name)s stands here twice. Please choose each person once."),
        "plan_in_past": _l("A plan cannot begin in the past. Leave it empty for now, or choose a time to come."),
        "plan_changed": _l("Somebody else has changed this plan in the meantime."),
        "area_retired": _l("This area is no longer used."),
        "absence_of_others": _l("An absence is recorded by the person, or by an administrator."),
        "absence_over": _l("This absence is already over or cancelled."),
        "cover_oneself": _l("Please choose two different people."),
        "cover_no_effect": _l("%(name)s is not in any line of succession then, so there is nothing to cover."),
        "cover_of_others": _l("This is answered by the people named in it, or by an administrator."),
        "cover_not_open": _l("This has already been answered, cancelled, or is over."),
        "you_are_absent": _l("You are recorded as away right now. Please cancel your absence first."),
        "length_unknown": _l("Please choose for how long."),
        "area_unknown": _l("Please choose an area from the list."),
        "area_needs_name": _l("Please give the area a name."),
        "area_needs_kind": _l("Please choose what the area is for."),
        "area_name_taken": _l("There is already an area with this name."),
        "area_name_long": _l("Please use at most 60 characters."),
        "last_resort_needs_name": _l("Please say who answers this number."),
        "last_resort_long": _l("Please use at most 100 characters."),
    }
)
