"""What the roster's keepers read: windows, rotations and what was refused, in words."""

from typing import Any

from babel.dates import get_day_names
from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l

from blueprints.roster import bp
from blueprints.shared import words
from domain.walltime import DAYS

DAY_TYPES = (*DAYS, "hol")

words.say(
    {
        "clock_unreadable": _l("Please write a time of day like 9:00, at most 24:00."),
        "zone_unknown": _l("Please choose a time zone from the list, like Asia/Tokyo."),
        "zone_in_use": _l(
            "This area’s plans have times already, which would be read anew. For another zone, please add a new area."
        ),
        "plan_row_nobody": _l("Please choose at least one person here, or remove this row."),
        "plan_rows": _l("A plan has at most %(most)s rows."),
        "plan_turn_twice": _l("This place of the rotation stands here twice. Please choose it once."),
        "rotation_needs_name": _l("Please give the rotation a name."),
        "rotation_nobody": _l("Please choose at least one person who takes turns."),
        "rotation_too_long": _l("At most %(most)s people can take turns."),
        "rotation_every": _l("Please write a number from 1 to %(most)s."),
        "rotation_unit": _l("Please choose weekly or daily."),
        "rotation_unused": _l("No place in the plan uses this rotation yet. Please choose it in a row, or remove it."),
        "swap_oneself": _l("Please choose two different people: nobody can exchange with themselves."),
        "swap_no_effect": _l(
            "Neither %(name)s nor %(other)s is in a line of succession then, so there is nothing to exchange."
        ),
        "swap_of_others": _l("A swap is proposed by one of the two, or by an administrator."),
        "absence_both": _l("Please use either whole days or times, not both."),
        "last_day_before": _l("Please choose a last day that is not before the first."),
        "slack_group_bad": _l("A Slack user group’s id looks like S0123ABCD. Slack shows it under “Copy group ID”."),
        "day_has_begun": _l("Please choose a day after today: what has begun does not change any more."),
        "day_needed": _l("Please write a date, like 2026-12-29."),
        "holiday_known": _l("This day is in the list already."),
        "holiday_name_long": _l("Please use at most 60 characters."),
        "days_unreadable": _l("Line %(line)s: %(text)s. Please write one day a line, like “2026-12-29, year-end”."),
        "days_refused": _l("Line %(line)s: %(why)s"),
        "handover_needs_words": _l("Please write what whoever comes should know."),
        "handover_long": _l("Please use at most 1,000 characters."),
        "handover_of_others": _l(
            "A hand-over note is left by whoever is or was last in charge, a deputy, or an administrator."
        ),
        "hours_backwards": _l("Please choose an end that is not before the beginning."),
        "hours_long": _l("Please choose at most a year."),
    }
)


@bp.app_template_global()
def day_types() -> list[tuple[str, str]]:
    """The kinds of day with their short names, Monday first, days off last."""
    names = get_day_names("abbreviated", locale=get_locale())
    return [*((code, names[number]) for number, code in enumerate(DAYS)), ("hol", gettext("Days off"))]


@bp.app_template_global()
def window_told(window: Any) -> str:
    """A window as it is kept (`{"days"?, "start", "end"}`) in words: `Mon, Tue 9:00–18:00`."""
    start, end = (f"{int(window[name][:2])}:{window[name][3:]}" for name in ("start", "end"))
    if window["start"] == window["end"]:
        hours = gettext("24 hours from %(start)s", start=start)
    elif (window["start"], window["end"]) == ("00:00", "24:00"):
        hours = gettext("all day")
    elif window["end"] < window["start"]:
        hours = gettext("%(start)s–%(end)s of the next day", start=start, end=end)
    else:
        hours = f"{start}–{end}"
    return gettext("%(days)s %(hours)s", days=days_told(window.get("days")), hours=hours)


@bp.app_template_global()
def days_told(days: list[str] | None) -> str:
    """Kinds of day in words; weekdays in a row as a span."""
    chosen = [number for number, code in enumerate(DAY_TYPES) if not days or code in days]
    if len(chosen) == len(DAY_TYPES):
        return gettext("every day")
    names = [name for _code, name in day_types()]
    week = [number for number in chosen if number < len(DAYS)]
    in_a_row = len(week) > 2 and week == list(range(week[0], week[-1] + 1))
    parts = [f"{names[week[0]]}–{names[week[-1]]}"] if in_a_row else [names[number] for number in week]
    return gettext(", ").join([*parts, *(names[number] for number in chosen if number == len(DAYS))])


@bp.app_template_global()
def rhythm_told(rotation: Any) -> str:
    """How often a rotation hands over, in words."""
    if rotation.unit == "week":
        return ngettext("every week", "every %(num)d weeks", rotation.every)
    if rotation.days:
        every = ngettext("every such day", "every %(num)d such days", rotation.every)
        return gettext("%(days)s, %(every)s", days=days_told(rotation.days), every=every)
    return ngettext("every %(num)d day", "every %(num)d days", rotation.every)


@bp.app_template_filter()
def area_called(area: Any) -> str:
    """An area's name in the language of the page."""
    locale = get_locale()
    return str(area.called(locale.language if locale else "ja"))
