"""What the bridge's form offers and takes as the next update, and what the timeline says of reminders."""

import re
from datetime import timedelta

import pytest

from domain import promise_clock
from domain.db import db, writing
from domain.incidents import Incident


def offered(page: str) -> list[str]:
    return re.findall(r'type="radio" name="next_update" value="(\w+)"', page)


@pytest.fixture
def bridge(cast, sign_in):
    return sign_in(cast.bridge)


def test_soon_after_the_declaration_at_most_twenty_minutes_are_offered(bridge, incident, clock):
    page = bridge.get(f"/incidents/{incident.code}/updates/new").get_data(as_text=True)
    assert offered(page) == ["10m", "15m", "20m", "at", "none"]
    clock.forward(hours=2)
    page = bridge.get(f"/incidents/{incident.code}/updates/new").get_data(as_text=True)
    assert offered(page) == ["15m", "30m", "60m", "at", "none"]


def test_no_news_offers_the_same(bridge, incident):
    page = bridge.get("/").get_data(as_text=True)
    assert re.findall(r'name="next_update" value="(\w+)"', page) == ["10m", "15m", "20m"]


@pytest.mark.parametrize("typed", ["30m", "12:30"])
def test_the_form_takes_no_later_promise_and_keeps_what_was_typed(bridge, incident, fields, typed):
    answer = bridge.post(f"/incidents/{incident.code}/updates", data=fields | {"next_update": typed, "ask": "1"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "最長20分" in page
    assert "原因がわかりました。" in page
    assert len(db.session.get_one(Incident, incident.id).updates) == 1


def test_the_limit_itself_a_reason_and_a_later_time_after_two_hours_are_taken(bridge, incident, fields, clock):
    def send(key, seen, **more):
        data = fields | {"key": key, "ask": "1", "seen": str(seen), **more}
        assert bridge.post(f"/incidents/{incident.code}/updates", data=data).status_code == 303
        return db.session.get_one(Incident, incident.id).latest.id

    last = send("u1", incident.seen, next_update="20m")
    last = send("u2", last, next_update="none", next_update_reason="明朝、業者の回答を待ちます。")
    clock.forward(hours=2)
    send("u3", last, next_update="60m")


def test_a_promise_that_came_without_the_form_counts_as_it_is(bridge, incident, fields, now):
    assert bridge.post(f"/incidents/{incident.code}/updates", data=fields).status_code == 303
    assert db.session.get_one(Incident, incident.id).next_update_at == now + timedelta(minutes=30)


def test_reminders_stand_in_the_timeline(bridge, incident, now):
    for minutes in (3, 5, 8):
        at = now + timedelta(minutes=minutes)
        with writing():
            promise_clock.write_down(promise_clock.look(at), at)
    page = bridge.get(f"/incidents/{incident.code}/timeline").get_data(as_text=True)
    assert "次回更新の時刻が近いことをお知らせ（高橋 由紀子さんへ）" in page
    assert page.count("次回更新の遅れをお知らせ") == 2
