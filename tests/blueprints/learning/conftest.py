"""An incident to learn from."""

from types import SimpleNamespace

import pytest

from domain import incidents
from domain.catalog import Service
from domain.db import db, writing
from tests.domain.learning import draft


@pytest.fixture
def incident(cast, now, clock):
    """INC-…, declared now by the responder."""
    with writing():
        made = incidents.declare(
            key="declared", by=cast.responder, at=now, title="入場のQRコードが読み取れません", severity="major",
            services={db.session.get(Service, 1): "partial_outage"}, began_at=now,
            holding_words={"situation": "調べています。"},
        )  # fmt: skip
        return SimpleNamespace(code=made.code, id=made.id)


@pytest.fixture
def fields():
    """The fields of an action as they are sent."""
    return {
        "key": "a1", "kind": "prevent", "body": "配信前に読み取りを試す", "owner": "2", "due_on": "2026-08-31", "area": "3",
        "link": "https://tracker.example.jp/12",
    }  # fmt: skip


@pytest.fixture
def action(incident, now):
    """An action of the responder, due on 31 August."""
    from domain import actions
    from domain.incidents import Incident
    from domain.people import Person

    with writing():
        found = db.session.get_one(Incident, incident.id)
        return actions.add(found, draft(), key="a0", by=db.session.get_one(Person, 2), at=now).id
