"""A report to work on, filed as the portal files it, and pictures of every kind."""

from io import BytesIO

import pytest
from PIL import Image

from domain import hotline, incidents
from domain.catalog import Service, Symptom
from domain.db import db, writing
from domain.outbox import Delivery


@pytest.fixture
def report(cast, now, clock):
    """Filed now by the reader."""
    with writing():
        return hotline.file(
            key="filed", by=cast.reader, at=now, symptom=db.session.get(Symptom, 1), body="QRが赤い画面になります"
        )


@pytest.fixture
def incident(cast, now):
    with writing():
        return incidents.declare(
            key="declared", by=cast.bridge, at=now, title="入場のQRコードが読み取れません", severity="major",
            services={db.session.get(Service, 1): "partial_outage"}, began_at=now, holding=False,
        )  # fmt: skip


@pytest.fixture
def delivered(report, now):
    """The report has arrived in #hotline."""
    with writing():
        delivery = hotline.announcement(report)
        delivery.state, delivery.delivered_at = "sent", now
        delivery.outside_url = "https://example.slack.com/archives/C01/p1"


@pytest.fixture
def picture():
    """`picture("PNG", (10, 10))` gives a picture's bytes; further arguments go to Pillow's `save`."""

    def of(kind: str = "PNG", size: tuple[int, int] = (20, 10), mode: str = "RGB", **how: object) -> BytesIO:
        data = BytesIO()
        Image.new(mode, size, "red" if mode != "1" else 1).save(data, kind, **how)
        data.seek(0)
        return data

    return of


def announcement_of(number: int) -> Delivery:
    return hotline.announcement(db.session.get(hotline.Report, number))
