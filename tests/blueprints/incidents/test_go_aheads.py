"""The go-ahead: optional, one tap for the commander, nothing published before it, nobody waits for ever."""

from dataclasses import replace

import pytest

from domain import go_ahead
from domain.db import db, organisation, writing
from domain.incidents import Incident

EN = {"Accept-Language": "en"}


@pytest.fixture
def asking(app):
    """The organisation wants it to be possible."""
    before = organisation()
    db.engine.update_execution_options(organisation=replace(before, go_ahead=True))
    yield
    db.engine.update_execution_options(organisation=before)


@pytest.fixture
def pending(asking, sign_in, cast, incident, fields):
    """The bridge has asked; the responder commands by the roster."""
    sign_in(cast.bridge).post(
        f"/incidents/{incident.code}/updates", data={**fields, "go_ahead": "1", "then": "desk"}
    )  # fmt: skip
    return f"/incidents/{incident.code}/go-aheads/{waiting(incident).id}"


def found(incident):
    db.session.rollback()
    return db.session.get(Incident, incident.id)


def waiting(incident):
    return go_ahead.waiting(found(incident))


def test_where_it_is_not_wanted_nothing_of_it_is_offered_or_taken(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    assert 'name="go_ahead"' not in client.get(f"/incidents/{incident.code}/desk").text
    asked = client.post(f"/incidents/{incident.code}/updates", data={**fields, "go_ahead": "1"})
    assert asked.status_code == 403
    assert found(incident).latest.id == incident.seen


def test_what_waits_is_published_by_one_tap_of_the_commander_in_the_name_of_the_bridge(
    sign_in, cast, incident, pending, clock
):
    assert found(incident).latest.id == incident.seen
    commander = sign_in(cast.responder)
    page = commander.get(f"/incidents/{incident.code}", headers=EN).text
    assert "An update waits for the go-ahead of 岡本 沙織" in page
    assert "原因がわかりました。" in page
    clock.forward(minutes=3)
    assert commander.post(pending, data={"what": "give"}).status_code == 303
    update = found(incident).latest
    assert (update.situation, update.published_by_id, update.wrote_as) == (
        "原因がわかりました。",
        cast.bridge.id,
        "bridge",
    )
    # “In 30 minutes” counts from the go-ahead on.
    assert (update.next_update_at - update.published_at).total_seconds() == 30 * 60
    assert waiting(incident) is None


def test_a_second_tap_is_the_same_update(sign_in, cast, incident, pending):
    commander = sign_in(cast.responder)
    for _ in range(2):
        assert commander.post(pending, data={"what": "give"}).status_code == 303
    assert len(found(incident).updates) == 2


def test_the_same_form_sent_twice_asks_once(sign_in, cast, incident, fields, pending):
    client = sign_in(cast.bridge)
    again = client.post(f"/incidents/{incident.code}/updates", data={**fields, "go_ahead": "1"})
    assert again.status_code == 303
    assert db.session.query(go_ahead.PendingUpdate).count() == 1


def test_what_is_sent_back_says_why_and_stands_in_the_form_again(sign_in, cast, incident, pending):
    sign_in(cast.responder).post(pending, data={"what": "refuse", "note": "原因はまだ伏せてください"})
    assert found(incident).latest.id == incident.seen
    desk = sign_in(cast.bridge).get(f"/incidents/{incident.code}/desk", headers=EN).text
    assert "岡本 沙織 sent the update back" in desk
    assert "原因はまだ伏せてください" in desk
    assert "原因がわかりました。</textarea>" in desk


def test_the_bridge_may_publish_without_waiting_or_stop_waiting(sign_in, cast, incident, pending):
    client = sign_in(cast.bridge)
    answer = client.post(pending, data={"what": "withdraw", "then": "desk"})
    assert answer.location == f"/incidents/{incident.code}/desk"
    assert waiting(incident) is None
    assert client.post(pending, data={"what": "give"}).status_code == 409
    assert found(incident).latest.id == incident.seen


def test_nobody_else_decides(sign_in, cast, colleague, incident, pending):
    for person in (cast.reader, colleague):
        for what in ("give", "refuse", "withdraw"):
            assert sign_in(person).post(pending, data={"what": what}).status_code == 403
    # The bridge does not refuse itself.
    assert sign_in(cast.bridge).post(pending, data={"what": "refuse"}).status_code == 403
    assert waiting(incident) is not None
    assert "原因がわかりました。" not in sign_in(cast.reader).get(f"/incidents/{incident.code}").text


def test_words_that_somebody_overtook_are_not_waved_through(sign_in, cast, incident, pending, now):
    with writing():
        found(incident).publish(
            key="r", by=cast.admin, at=now, state="investigating", words={"situation": "別の更新"},
            next_update_reason="夜間",
        )  # fmt: skip
    commander = sign_in(cast.responder)
    assert "Something else was published meanwhile" in commander.get(f"/incidents/{incident.code}", headers=EN).text
    assert commander.post(pending, data={"what": "give"}).status_code == 409
    assert found(incident).latest.situation == "別の更新"


def test_publishing_without_waiting_ends_the_waiting(sign_in, cast, incident, fields, pending):
    client = sign_in(cast.bridge)
    other = {**fields, "situation": "急ぎます"}
    assert client.post(f"/incidents/{incident.code}/updates", data=other).status_code == 303
    assert waiting(incident) is None
    assert sign_in(cast.responder).post(pending, data={"what": "give"}).status_code == 409
    assert found(incident).latest.situation == "急ぎます"
    assert "原因がわかりました。" not in client.get(f"/incidents/{incident.code}/desk").text


def test_asking_anew_takes_the_place_of_what_waited(sign_in, cast, incident, fields, pending):
    newer = {**fields, "key": "u2", "situation": "書き直しました", "go_ahead": "1"}
    sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates", data=newer)
    states = [one.state for one in db.session.query(go_ahead.PendingUpdate).order_by(go_ahead.PendingUpdate.id)]
    assert states == ["withdrawn", "waiting"]


def test_the_commander_is_not_asked_for_their_own_go_ahead(asking, sign_in, cast, incident, fields):
    client = sign_in(cast.responder)
    assert 'name="go_ahead"' not in client.get(f"/incidents/{incident.code}/desk").text
    answer = client.post(f"/incidents/{incident.code}/updates", data={**fields, "go_ahead": "1"}, headers=EN)
    assert answer.status_code == 409
    assert "You command this incident yourself" in answer.text
    assert "原因がわかりました。" in answer.text


def test_what_is_wrong_is_said_before_anybody_is_asked(asking, sign_in, cast, incident, fields):
    typed = {**fields, "go_ahead": "1", "guest_notice": "[[秘密]]", "then": "desk"}
    answer = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates", data=typed)
    assert answer.status_code == 422
    assert 'href="#guest_notice"' in answer.text
    assert waiting(incident) is None


def test_a_restoration_can_wait_as_well(asking, sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    shown = client.post(
        f"/incidents/{incident.code}/updates", data={**fields, "state": "resolved", "go_ahead": "1", "ask": "1"}
    )
    assert shown.status_code == 200
    assert 'name="go_ahead" value="1"' in shown.text
    ended = {**fields, "state": "resolved", "go_ahead": "1", "ended_at": "2026-08-11T10:42"}
    client.post(f"/incidents/{incident.code}/updates", data=ended)
    assert found(incident).resolved_at is None
    number = waiting(incident).id
    sign_in(cast.responder).post(f"/incidents/{incident.code}/go-aheads/{number}", data={"what": "give"})
    assert found(incident).resolved_at is not None


def test_it_stands_in_the_timeline(sign_in, cast, incident, pending):
    sign_in(cast.responder).post(pending, data={"what": "give"})
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}/timeline", headers=EN).text
    assert "Go-ahead for an update asked of 岡本 沙織" in page
    assert page.count("Go-ahead for an update") == 2


@pytest.mark.parametrize(("number", "what", "code"), [("999", "give", 404), (None, "dance", 400), (None, "", 400)])
def test_strange_wishes_change_nothing(sign_in, cast, incident, pending, number, what, code):
    address = pending if number is None else f"/incidents/{incident.code}/go-aheads/{number}"
    assert sign_in(cast.responder).post(address, data={"what": what}).status_code == code
    assert waiting(incident) is not None
