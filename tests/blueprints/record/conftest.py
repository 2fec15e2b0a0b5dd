"""An incident with a record to write in."""

from types import SimpleNamespace

import pytest

from domain import incidents, record
from domain.catalog import Service
from domain.db import db, writing


@pytest.fixture
def incident(cast, now, clock):
    """INC-…, declared now by the responder; its title would break a page that escapes nothing."""
    with writing():
        made = incidents.declare(
            key="declared", by=cast.responder, at=now, title="入場<b>できません</b>", severity="major",
            services={db.session.get(Service, 1): "partial_outage"}, began_at=now, holding=False,
        )  # fmt: skip
        return SimpleNamespace(code=made.code, id=made.id, url=f"/incidents/{made.code}/record")


@pytest.fixture
def write(incident, cast, now):
    """`write("what", "…")` puts a text into a section."""

    def put(key, text, by=None):
        with writing():
            found = incidents.by_code(incident.code)
            known = record.section(found, key)
            record.write(found, key, text, seen=known.seq if known else 0, by=by or cast.responder, at=now)

    return put
