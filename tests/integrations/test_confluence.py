"""The record's mirror: made at the declaration, written at most once a minute, found again, never fatal."""

from datetime import timedelta
from types import SimpleNamespace
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from domain import incidents, mirror, record, timeline
from domain.catalog import Service
from domain.db import db, writing
from domain.outbox import Delivery
from integrations.confluence import ConfluenceSender
from integrations.dispatch import Dispatcher
from integrations.wording import Wording
from local_services.confluence import LocalConfluence

BASE = "https://noroshi.example.jp"
MARKUP = "<script>alert(1)</script> & ]]> \ufffe \x08 <b>太字"


@pytest.fixture
def outside():
    with LocalConfluence() as running:
        yield running


@pytest.fixture
def incident(cast, now):
    with writing():
        return incidents.declare(
            key="declared", by=cast.responder, at=now, title="入場<できない>", severity="major", holding=False,
            services={db.session.get(Service, 1): "partial_outage"}, began_at=now,
        )  # fmt: skip


@pytest.fixture
def portal(app, outside, now):
    """`portal.passes(seconds=…)`: so much time goes by, then the clock is looked at and everything due is carried out."""
    hands = SimpleNamespace(at=now)
    sender = ConfluenceSender(
        outside.url, outside.user, outside.token, outside.space, base_url=BASE, wording=Wording("en", ZoneInfo("Asia/Tokyo")),
        time_limit=3.0,
    )  # fmt: skip
    dispatcher = Dispatcher({"confluence": sender}, clock=lambda: hands.at, margin=0.0)

    def passes(**span):
        hands.at += timedelta(**span)
        words = mirror.look(hands.at)
        db.session.rollback()
        with writing():
            mirror.write_down(words, hands.at)
        while dispatcher.next():
            pass
        return len(words)

    hands.passes = passes
    return hands


@pytest.fixture
def write(incident, cast, portal):
    def put(key, text):
        with writing():
            known = record.section(incident, key)
            record.write(incident, key, text, seen=known.seq if known else 0, by=cast.responder, at=portal.at)

    return put


def value(outside):
    (page,) = outside.pages.values()
    return page["body"]["storage"]["value"]


def deliveries():
    db.session.rollback()
    return list(db.session.scalars(select(Delivery).where(Delivery.service == "confluence").order_by(Delivery.id)))


def test_the_page_is_made_with_the_declaration(outside, incident, portal):
    portal.passes()
    (page,) = outside.pages.values()
    assert page["title"] == "2026-08-11 INC-1 入場<できない>"
    assert f"{BASE}/incidents/INC-1/record" in value(outside)
    assert mirror.where(incident).outside_url == f"{outside.url}wiki/spaces/OPS/pages/1000"


def test_it_follows_at_most_once_a_minute(outside, incident, portal, write):
    portal.passes()
    write("what", "一つ目")
    assert portal.passes(seconds=20) == 0
    write("what", "一つ目と二つ目")
    assert portal.passes(seconds=45) == 1
    assert "一つ目と二つ目" in value(outside)
    assert outside.pages["1000"]["version"]["number"] == 2


def test_nothing_changed_writes_nothing(outside, incident, portal):
    portal.passes(seconds=1)
    for _ in range(3):
        assert portal.passes(minutes=5) == 0
    assert len(outside.asked) == 2  # looked for, made


def test_everything_that_was_written_stands_in_it_whatever_was_typed(outside, incident, portal, write, cast):
    for key in record.SECTIONS:
        write(key, f"{key} {MARKUP}")
    with writing():
        record.suppose(incident, key="k", by=cast.responder, at=portal.at, text=f"仮説 {MARKUP}")
        timeline.add(incident, f"再起動 {MARKUP}", by=cast.responder, at=portal.at)
    portal.passes(minutes=2)
    tree = ElementTree.fromstring(f"<page>{value(outside)}</page>")
    said = "".join(tree.itertext())
    for words in (*record.SECTIONS, "仮説", "再起動", "<script>alert(1)</script>", "岡本 沙織"):
        assert words in said
    assert not tree.findall(".//script")


def test_a_page_that_somebody_else_wrote_is_read_again_and_written(outside, incident, portal, write):
    portal.passes()
    outside.edit("1000", "<p>別の人</p>")
    write("what", "私たちの文")
    portal.passes(minutes=2)
    assert "私たちの文" in value(outside)
    assert [one.state for one in deliveries()] == ["sent", "sent"]


def test_a_page_of_the_same_title_is_left_alone(outside, incident, portal):
    outside.pages["7"] = {
        "id": "7", "status": "current", "title": "2026-08-11 INC-1 入場<できない>", "version": {"number": 4},
        "body": {"storage": {"value": "<p>よその頁</p>"}}, "_links": {},
    }  # fmt: skip
    portal.passes()
    assert outside.pages["7"]["body"]["storage"]["value"] == "<p>よその頁</p>"
    assert [page["title"] for page in outside.pages.values()][1] == "2026-08-11 INC-1 入場<できない> (2)"


def test_a_page_whose_answer_was_lost_is_found_again(outside, incident, portal):
    outside.fail("break_after", path="/wiki/api/v2/pages", after=1)
    portal.passes()
    portal.passes(minutes=2)
    assert len(outside.pages) == 1
    assert [one.state for one in deliveries()] == ["sent"]


def test_a_deleted_page_is_made_anew(outside, incident, portal, write):
    portal.passes()
    outside.pages["1000"]["status"] = "trashed"
    write("what", "続き")
    portal.passes(minutes=2)
    assert mirror.where(incident).outside_id == "1001"


def test_a_page_that_was_moved_is_written_where_it_lies_now(outside, incident, portal, write):
    portal.passes()
    page = outside.pages["1000"]
    page.update(spaceId="11", _links=page["_links"] | {"webui": "/spaces/NEW/pages/1000"})
    write("what", "続き")
    portal.passes(minutes=2)
    assert "続き" in value(outside)
    kept = mirror.where(incident)
    assert (kept.outside_id, len(outside.pages)) == ("1000", 1)
    assert kept.outside_url.endswith("/spaces/NEW/pages/1000")


def test_a_renamed_incident_renames_its_page(outside, incident, portal, write, cast):
    portal.passes()
    with writing():
        db.session.get(incidents.Incident, incident.id).title = "新しい見出し"
    write("what", "文")
    portal.passes(minutes=2)
    assert outside.pages["1000"]["title"].endswith("新しい見出し")


def test_without_rights_it_says_so_and_is_tried_again_later(outside, incident, portal, write):
    outside.may_write = False
    portal.passes()
    (row,) = deliveries()
    assert (row.state, "no permission" in row.error) == ("failed", True)
    write("what", "文")
    assert portal.passes(minutes=5) == 0
    outside.may_write = True
    assert portal.passes(minutes=30) == 1
    assert "文" in value(outside)


@pytest.mark.parametrize("fault", ["error_500", "rate_limited", "break_before", "cut_body", "unauthorized"])
def test_nothing_that_it_does_is_fatal(outside, incident, portal, write, fault):
    outside.fail(fault)
    portal.passes()
    assert deliveries()[0].state in ("waiting", "failed")
    portal.passes(minutes=31)
    portal.passes(minutes=2)
    assert len(outside.pages) == 1


def test_a_drill_says_that_it_is_one(outside, cast, now, portal):
    with writing():
        incidents.declare(
            key="drill", by=cast.responder, at=now, title="訓練の件", severity="minor", holding=False, drill=True,
            services={db.session.get(Service, 1): "partial_outage"}, began_at=now,
        )  # fmt: skip
    portal.passes()
    (page,) = outside.pages.values()
    assert page["title"].startswith("[DRILL]")


def test_what_was_finished_long_ago_is_left_alone(outside, incident, portal, now):
    with writing():
        found = db.session.get(incidents.Incident, incident.id)
        found.closed_at = now - timedelta(days=30)
    assert portal.passes(seconds=1) == 0


def test_an_endless_record_still_fits_a_page(outside, incident, portal, write):
    write("facts", "ログの行\n" * 100_000)
    portal.passes()
    assert len(value(outside)) < 450_000
    assert "The rest stands in the portal." in value(outside)
