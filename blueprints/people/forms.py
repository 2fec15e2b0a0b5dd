"""The forms of the people room. What is typed is understood by the domain; its refusals stand at the field."""

from collections.abc import Callable
from typing import Any

from flask import current_app
from wtforms import BooleanField, Form, PasswordField, StringField, ValidationError

from blueprints.people import wording  # noqa: F401  (its sentences)
from blueprints.shared import words
from blueprints.shared.pages import one_line_filter
from domain import contacts, people
from domain.errors import Refused
from settings import LANGUAGES

NOTICES = ("guest", "partner")


class Understood:
    """A validator: the domain can read the field."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self.read = read

    def __call__(self, _form: Form, field: Any) -> None:
        try:
            self.read(field.data or "")
        except Refused as refused:
            raise ValidationError(words.sentence(refused)) from None


def read_phone(text: str) -> str | None:
    return contacts.read_phone(text, current_app.config["PHONE_REGION"])


def _entered(text: str) -> None:
    if not text:
        raise Refused("password", "password_missing")


def _reasonable(text: str) -> None:
    if len(text) > people.PASSWORD_MOST:
        raise Refused("password", "password_long", most=people.PASSWORD_MOST)


def _language(text: str) -> None:
    if text not in ("", *LANGUAGES):
        raise Refused("locale", "language_unknown")


def _line(field: str) -> Understood:
    return Understood(lambda text: contacts.read_line(field, text))


class SignInForm(Form):
    email = StringField(filters=[one_line_filter], validators=[Understood(contacts.read_email)])
    password = PasswordField(validators=[Understood(_entered), Understood(_reasonable)])


class PersonForm(Form):
    """What administrators keep about a person."""

    name = StringField(filters=[one_line_filter], validators=[Understood(contacts.read_name)])
    reading = StringField(filters=[one_line_filter], validators=[_line("reading")])
    department = StringField(filters=[one_line_filter], validators=[_line("department")])
    email = StringField(filters=[one_line_filter], validators=[Understood(contacts.read_email)])
    phone = StringField(filters=[one_line_filter], validators=[Understood(read_phone)])
    slack_id = StringField(filters=[one_line_filter], validators=[Understood(contacts.read_slack_id)])
    admin = BooleanField()

    def details(self) -> contacts.Details:
        """What was typed, as it is kept. Call it after `validate()`."""
        return contacts.Details(
            email=contacts.read_email(self.email.data),
            name=contacts.read_name(self.name.data),
            reading=contacts.read_line("reading", self.reading.data),
            department=contacts.read_line("department", self.department.data),
            phone=read_phone(self.phone.data or ""),
            slack_id=contacts.read_slack_id(self.slack_id.data),
            is_admin=bool(self.admin.data),
        )


class NewPasswordForm(Form):
    """A new password, twice. `whose` is set by the view: (email, name)."""

    password = PasswordField(validators=[Understood(_entered)])
    again = PasswordField()
    whose: tuple[str, str] = ("", "")

    def validate_password(self, field: Any) -> None:
        email, name = self.whose
        Understood(lambda text: people.check_new_password(text, email=email, name=name))(self, field)

    def validate_again(self, field: Any) -> None:
        # The page asks twice; a script that sends the password once has nothing to compare.
        if field.raw_data and not self.password.errors and field.data != self.password.data:
            raise ValidationError(str(words.SENTENCES["password_again"]))


class FirstForm(NewPasswordForm):
    """The first administrator of an empty instance."""

    name = StringField(filters=[one_line_filter], validators=[Understood(contacts.read_name)])
    email = StringField(filters=[one_line_filter], validators=[Understood(contacts.read_email)])

    def validate_password(self, field: Any) -> None:
        self.whose = (self.email.data or "", self.name.data or "")
        super().validate_password(field)


class OwnPasswordForm(NewPasswordForm):
    current = PasswordField(validators=[Understood(_entered), Understood(_reasonable)])


class MineForm(Form):
    """What people set for themselves. `locale` empty follows the browser."""

    locale = StringField(validators=[Understood(_language)])
    notice_first = StringField(filters=[lambda text: text if text in NOTICES else NOTICES[0]])
    phone = StringField(filters=[one_line_filter], validators=[Understood(read_phone)])
