"""The sample organisation is built by the verbs of the domain, and nothing of it goes out."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, text

import sample
from domain import board, postmortem, roster
from domain.db import db, writing
from domain.incidents import Incident
from domain.outbox import Delivery
from tests.conftest import NOW


def test_it_shows_what_the_product_is_for(app: Flask) -> None:
    with writing() as session:
        for table in ("last_resorts", "plan_slots", "plans", "areas", "services", "symptoms", "people"):
            session.execute(text(f"DELETE FROM {table}"))
    with writing():
        sample.build(NOW, None)
    shown = board.load(NOW)
    assert (shown.overall.incidents, shown.overall.suspicions) == (2, 1)
    assert shown.maintenances
    handover = min(duty.until for duty in roster.duty_now(NOW) if duty.until)
    assert NOW < handover <= NOW + timedelta(hours=1)
    (before,) = postmortem.same_cause(postmortem.of(db.session.scalars(select(Incident).order_by(Incident.id)).first()))
    assert len(before.open_actions) == 1
    states = [delivery.state for delivery in db.session.scalars(select(Delivery))]
    assert states.count("failed") == 1
    assert set(states) == {"sent", "failed"}
