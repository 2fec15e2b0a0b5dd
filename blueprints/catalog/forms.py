"""The forms of the catalogue."""

from wtforms import Form, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from blueprints.shared.pages import one_line_filter


class ServiceForm(Form):
    name = StringField(filters=[one_line_filter], validators=[InputRequired(), Length(max=100)])
    name_en = StringField(filters=[one_line_filter], validators=[Length(max=100)])
    description = StringField(filters=[one_line_filter], validators=[Length(max=200)])
    description_en = StringField(filters=[one_line_filter], validators=[Length(max=200)])
    position = IntegerField(validators=[Optional(), NumberRange(0, 10_000)])


class SymptomForm(Form):
    name = StringField(filters=[one_line_filter], validators=[InputRequired(), Length(max=60)])
    name_en = StringField(filters=[one_line_filter], validators=[Length(max=60)])
    icon = StringField(filters=[one_line_filter], validators=[Length(max=20)])
    position = IntegerField(validators=[Optional(), NumberRange(0, 10_000)])
