"""A new instance begins with the areas of the flow and with tiles; once, and never again."""

from flask import Flask
from sqlalchemy import func, select, text

from domain import beginnings
from domain.catalog import Symptom
from domain.db import db, writing
from domain.roster import Area
from tests.conftest import NOW


def test_it_furnishes_a_bare_instance(app: Flask) -> None:
    with writing() as session:
        for table in ("plan_slots", "plans", "areas", "symptoms"):
            session.execute(text(f"DELETE FROM {table}"))
    with writing():
        beginnings.furnish(NOW)
    assert set(db.session.scalars(select(Area.kind))) == {"guest", "partner", "system", "bridge"}
    assert db.session.scalar(select(func.count(Symptom.id))) == 6


def test_it_leaves_what_is_there_alone(app: Flask) -> None:
    before = db.session.scalar(select(func.count(Symptom.id)))
    with writing():
        beginnings.furnish(NOW)
    assert db.session.scalar(select(func.count(Symptom.id))) == before
