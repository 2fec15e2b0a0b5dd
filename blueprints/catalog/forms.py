"""The forms of the catalogue."""

from flask_babel import lazy_gettext as _l
from wtforms import Form, IntegerField, StringField
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from blueprints.shared.pages import one_line_filter

_number = _l("Please enter a number from 0 to 10000.")


def _line(most: int, *, required: bool = False) -> StringField:
    too_long = Length(max=most, message=_l("At most %(most)s characters, please.", most=most))
    entered = [DataRequired(message=_l("This must not be empty."))] if required else []
    return StringField(filters=[one_line_filter], validators=[*entered, too_long])


class Place(IntegerField):
    """A place in a list; what is no number is refused in the page's language."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([value for value in valuelist if value.strip()])
        except ValueError:
            raise ValueError(str(_number)) from None


class ServiceForm(Form):
    name = _line(100, required=True)
    name_en = _line(100)
    description = _line(200)
    description_en = _line(200)
    position = Place(validators=[Optional(), NumberRange(0, 10_000, message=_number)])


class SymptomForm(Form):
    name = _line(60, required=True)
    name_en = _line(60)
    icon = _line(20)
    position = Place(validators=[Optional(), NumberRange(0, 10_000, message=_number)])
