"""What the people room says when it refuses something, and what it calls the fields."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from blueprints.catalog.views import CSV_SENTENCES
from blueprints.shared import words
from blueprints.shared.pages import telephone
from domain.csv_table import Problem

words.say(
    {
        "email_missing": _l("Please enter the email address."),
        "email_bad": _l("An email address looks like name@example.jp."),
        "email_taken": _l("%(name)s has this email address already."),
        "name_missing": _l("Please enter the name."),
        "too_long": _l("At most %(most)s characters, please."),
        "phone_bad": _l("Please enter the telephone number in digits, like 090-1234-5678."),
        "slack_id_bad": _l("A Slack member ID begins with U or W, like U012AB3CD. It stands in the Slack profile."),
        "slack_id_taken": _l("%(name)s has this Slack member ID already."),
        "password_missing": _l("Please enter the password."),
        "password_short": _l("Please choose at least %(least)s characters. A few words are easy to remember."),
        "password_long": _l("At most %(most)s characters, please."),
        "password_own": _l("Please choose something other than the name or the email address."),
        "password_again": _l("The two passwords are not the same. Please enter them once more."),
        "password_wrong": _l("This is not the password you have now."),
        "sign_in_wrong": _l("The email address or the password is not right. Please try once more."),
        "nothing_to_follow": _l("There is nothing like this to follow any more. Please choose again."),
        "way_unknown": _l("Please choose Slack, mail, or as it fits."),
        "language_unknown": _l("The portal speaks Japanese and English."),
        "person_changed": _l("Somebody saved this person in between. Nothing was overwritten."),
        "not_yourself": _l("You cannot deactivate yourself. Please ask another administrator."),
        "last_administrator": _l("This is the only administrator who can sign in. Please name another one first."),
        "already_deactivated": _l("This person is deactivated. Please reactivate them first."),
        "already_active": _l("This person is active already."),
        "link_unknown": _l("Please check that the whole address was copied, or ask an administrator for a new link."),
        "link_used": _l(
            "This link was used already, or a newer one took its place. If you have a password, simply sign in. "
            "Otherwise please ask an administrator for a new link."
        ),
        "link_expired": _l("This link is older than seven days. Please ask an administrator for a new one."),
    }
)

FIELDS = {
    "email": _l("Email address"),
    "name": _l("Name"),
    "reading": _l("Reading"),
    "department": _l("Department"),
    "phone": _l("Telephone"),
    "slack_id": _l("Slack member ID"),
    "is_admin": _l("Administrator"),
    "admin": _l("Administrator"),
}

PROBLEMS = {
    **CSV_SENTENCES,
    "no_column": _l("The first line needs a heading for the email address: %(headers)s."),
    "not_yes_or_no": _l("“%(value)s” is neither yes nor no."),
    "slack_id_twice": _l("%(name)s has this Slack member ID already."),
    "nothing_sent": _l("Please choose a CSV file."),
}


def problem(found: Problem) -> str:
    """Why a line of a file cannot be taken: line, column, sentence."""
    text = PROBLEMS.get(found.code) or words.SENTENCES[found.code]
    sentence = str(text) % found.params if found.params else str(text)
    if not found.line:
        return sentence
    if found.column not in FIELDS:
        return gettext("Line %(line)s: %(sentence)s", line=found.line, sentence=sentence)
    column = str(FIELDS[found.column])
    return gettext("Line %(line)s, %(column)s: %(sentence)s", line=found.line, column=column, sentence=sentence)


def shown(field: str, value: Any) -> str:
    """A kept value of a field as people read it; an empty one says so."""
    if field == "is_admin":
        return gettext("yes") if value else gettext("no")
    return (telephone(value) if field == "phone" else str(value or "")) or gettext("(empty)")
