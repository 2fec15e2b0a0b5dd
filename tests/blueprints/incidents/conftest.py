"""An incident to work on, declared as the portal declares it."""

from types import SimpleNamespace

import pytest

from domain import incidents
from domain.catalog import Service
from domain.db import db, writing


@pytest.fixture
def incident(cast, now, clock):
    """INC-…, declared now by the responder, with its holding text."""
    with writing():
        made = incidents.declare(
            key="declared", by=cast.responder, at=now, title="入場のQRコードが読み取れません", severity="major",
            services={db.session.get(Service, 1): "partial_outage"}, began_at=now,
            holding_words={"situation": "調べています。", "guest_notice": "ご不便をおかけします。"},
        )  # fmt: skip
        return SimpleNamespace(code=made.code, id=made.id, seen=made.latest.id)


@pytest.fixture
def fields(incident):
    """The fields of an update as the bridge sends them."""
    return {
        "key": "u1", "state": "identified", "situation": "原因がわかりました。", "guest_notice": "案内です。",
        "next_update": "30m", "seen": str(incident.seen),
    }  # fmt: skip
