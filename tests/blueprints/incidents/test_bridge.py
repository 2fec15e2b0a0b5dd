"""The bridge's form: filled from the last update, the promise asked every time, nothing lost, nothing overwritten."""

import re
import time

import pytest

from domain.db import db, writing
from domain.incidents import Incident, UpdateDraft
from domain.text import clean


def latest(incident):
    db.session.rollback()
    return db.session.get(Incident, incident.id).latest


def test_the_form_is_filled_from_the_last_update_and_says_since_when(sign_in, cast, incident):
    page = sign_in(cast.bridge).get(f"/incidents/{incident.code}/updates/new", headers={"Accept-Language": "en"}).text
    assert "ご不便をおかけします。</textarea>" in page
    assert "unchanged since 10:42" in page
    assert f'name="seen" value="{incident.seen}"' in page


def test_the_next_update_is_never_chosen_beforehand(sign_in, cast, incident):
    page = sign_in(cast.bridge).get(f"/incidents/{incident.code}/updates/new").text
    chosen = [line for line in page.splitlines() if 'name="next_update"' in line and "checked" in line]
    assert chosen == []


def test_publishing_leads_to_the_page_and_says_who_wrote_as_what(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    answer = client.post(f"/incidents/{incident.code}/updates", data=fields)
    assert answer.status_code == 303
    update = latest(incident)
    assert (update.situation, update.published_by_id, update.wrote_as) == (
        "原因がわかりました。",
        cast.bridge.id,
        "bridge",
    )
    assert f'data-draft-done="update-{incident.id}"' in client.get(answer.location).text


def test_a_double_send_is_one_update(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    for _ in range(2):
        assert client.post(f"/incidents/{incident.code}/updates", data=fields).status_code == 303
    assert len(db.session.get(Incident, incident.id).updates) == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"next_update": ""}, "next_update"),
        ({"next_update": "9:00"}, "next_update"),
        ({"next_update": "2026-08-10T10:00"}, "next_update"),
        ({"next_update": "at", "next_update_time": "いつか"}, "next_update"),
        ({"next_update": "99d"}, "next_update"),
        ({"next_update": "none"}, "next_update_reason"),
        ({"state": ""}, "state"),
        ({"state": "scheduled"}, "state"),
        ({"situation": " ", "guest_notice": "\u200b"}, "situation"),
        ({"service-1": "broken"}, "service-1"),
        ({"situation": "字" * 350_000}, "situation"),
    ],
)
def test_what_cannot_be_taken_is_said_and_nothing_typed_is_lost(sign_in, cast, incident, fields, given, field):
    typed = {**fields, "not_yet": "返金のことはまだです", **given}
    answer = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates", data=typed)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "返金のことはまだです" in answer.text
    assert clean(typed["situation"]) in answer.text
    assert latest(incident).id == incident.seen


def test_nuls_surrogates_and_overrides_do_not_reach_the_page(sign_in, cast, incident, fields):
    body = {**fields, "situation": "右\u202eから\x00左"}
    assert sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates", data=body).status_code == 303
    assert latest(incident).situation == "右から左"


def test_broken_bytes_do_not_break_it(sign_in, cast, incident):
    answer = sign_in(cast.bridge).post(
        f"/incidents/{incident.code}/updates",
        data=b"key=u1&state=identified&next_update=30m&situation=%ED%A0%80%FF",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code in (303, 422)


def test_what_somebody_else_published_meanwhile_stands_beside_ones_own(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    client.post(f"/incidents/{incident.code}/updates", data={**fields, "situation": "ほかの人の更新"})
    answer = client.post(f"/incidents/{incident.code}/updates", data={**fields, "key": "u2", "situation": "私の更新"})
    assert answer.status_code == 409
    assert "ほかの人の更新" in answer.text
    assert "私の更新" in answer.text
    newer = latest(incident)
    assert newer.situation == "ほかの人の更新"
    assert f'name="seen" value="{newer.id}"' in answer.text
    again = {**fields, "key": "u2", "situation": "私の更新", "seen": str(newer.id)}
    assert client.post(f"/incidents/{incident.code}/updates", data=again).status_code == 303


def test_a_restored_incident_refuses_and_keeps_what_was_typed(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    client.post(f"/incidents/{incident.code}/updates", data={**fields, "state": "resolved"})
    late = {**fields, "key": "u2", "situation": "まだ続いています"}
    for given in (late, {key: value for key, value in late.items() if key != "seen"}):
        answer = client.post(f"/incidents/{incident.code}/updates", data=given)
        assert answer.status_code == 409
        assert "まだ続いています" in answer.text
    reopened = client.post(f"/incidents/{incident.code}/updates", data={**late, "reopen": "1", "seen": ""})
    assert reopened.status_code == 303
    assert db.session.get(Incident, incident.id).resolved_at is None


def test_the_restoration_is_shown_before_it_is_published(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    asked = client.post(f"/incidents/{incident.code}/updates", data={**fields, "state": "resolved", "ask": "1"})
    assert asked.status_code == 200
    assert "入場管理" in asked.text
    assert 'name="situation" value="原因がわかりました。"' in asked.text
    assert 'name="ask"' not in asked.text
    assert latest(incident).id == incident.seen


def test_readers_do_not_publish(sign_in, cast, incident, fields):
    client = sign_in(cast.reader)
    assert client.post(f"/incidents/{incident.code}/updates", data=fields).status_code == 403
    assert client.get(f"/incidents/{incident.code}/updates/new").status_code == 403
    assert client.post(f"/incidents/{incident.code}/updates/unchanged", data={"next_update": "30m"}).status_code == 403
    assert client.post(f"/incidents/{incident.code}/updates/preview", data=fields).status_code == 403
    assert latest(incident).id == incident.seen


def test_a_responder_is_offered_the_bridge_and_keeps_what_was_typed(sign_in, colleague, incident, fields):
    client = sign_in(colleague)
    answer = client.post(f"/incidents/{incident.code}/updates", data=fields)
    assert answer.status_code == 403
    assert "原因がわかりました。" in answer.text
    assert 'name="take_bridge"' in answer.text
    assert client.post(f"/incidents/{incident.code}/updates", data={**fields, "take_bridge": "1"}).status_code == 303
    assert latest(incident).published_by_id == colleague.id


def test_taking_the_bridge_gives_the_right_to_publish(sign_in, colleague, incident, fields):
    client = sign_in(colleague)
    client.post(f"/incidents/{incident.code}/positions", data={"position": "bridge", "person": "me"})
    assert client.post(f"/incidents/{incident.code}/updates", data=fields).status_code == 303


def test_no_news_is_one_tap(sign_in, cast, incident, clock):
    clock.forward(minutes=4)
    data = {"key": "n1", "seen": str(incident.seen), "next_update": "30m"}
    answer = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates/unchanged", data=data)
    assert answer.status_code == 303
    assert (latest(incident).kind, latest(incident).guest_notice) == ("unchanged", "ご不便をおかけします。")


@pytest.mark.parametrize("promise", ["", "9:00", "none", "soon"])
def test_no_news_asks_for_a_promise_too(sign_in, cast, incident, promise):
    answer = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates/unchanged", data={"next_update": promise})
    assert answer.status_code == 422
    assert latest(incident).id == incident.seen


def test_the_preview_is_the_card_and_publishes_nothing(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    part = client.post(
        f"/incidents/{incident.code}/updates/preview", data=fields, headers={"HX-Request-Type": "partial"}
    ).text
    assert part.lstrip().startswith('<section class="stack tight" id="preview"')
    assert "原因がわかりました。" in part
    whole = client.post(f"/incidents/{incident.code}/updates/preview", data=fields).text
    assert 'id="update-form"' in whole
    assert latest(incident).id == incident.seen


@pytest.mark.parametrize("given", [{}, {"next_update": "x", "state": "x", "seen": "x", "service-1": "x"}])
def test_the_preview_takes_anything(sign_in, cast, incident, given):
    assert sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates/preview", data=given).status_code == 200


def test_a_template_fills_only_what_is_empty(sign_in, cast, incident, fields):
    typed = {**fields, "situation": "私の言葉", "partner_notice": "", "template": "ja"}
    page = sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates/new", data=typed).text
    assert "私の言葉</textarea>" in page
    assert "入場管理" in page


def test_a_draft_is_there_on_every_device_of_the_person_and_told_to_others(sign_in, cast, incident, fields):
    sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates/draft", data={**fields, "situation": "書きかけ"})
    assert "書きかけ</textarea>" in sign_in(cast.bridge).get(f"/incidents/{incident.code}/updates/new").text
    others = sign_in(cast.deputy).get(f"/incidents/{incident.code}/updates/new").text
    assert "書きかけ" not in others
    assert cast.bridge.name in others


def test_a_draft_is_put_beside_what_was_published_since(sign_in, cast, incident, fields):
    sign_in(cast.deputy).post(f"/incidents/{incident.code}/updates/draft", data={**fields, "situation": "古い下書き"})
    sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates", data={**fields, "situation": "新しい更新"})
    page = sign_in(cast.deputy).get(f"/incidents/{incident.code}/updates/new", headers={"Accept-Language": "en"}).text
    assert "古い下書き</textarea>" in page
    assert "新しい更新" in page
    assert "Somebody published in between." in page


def test_a_draft_ends_with_publishing_or_when_it_is_dropped(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    client.post(f"/incidents/{incident.code}/updates/draft", data=fields)
    client.post(f"/incidents/{incident.code}/updates", data=fields)
    assert db.session.query(UpdateDraft).count() == 0
    client.post(f"/incidents/{incident.code}/updates/draft", data=fields)
    client.post(f"/incidents/{incident.code}/updates/draft", data={"drop": "1"})
    db.session.rollback()
    assert db.session.query(UpdateDraft).count() == 0


def test_a_closed_incident_takes_nothing(sign_in, cast, incident, fields, now):
    with writing():
        closed = db.session.get(Incident, incident.id)
        closed.publish(key="r", by=cast.bridge, at=now, state="resolved", words={"situation": "復旧"})
        closed.close(by=cast.responder, at=now)
    client = sign_in(cast.bridge)
    assert client.get(f"/incidents/{incident.code}/updates/new").status_code == 409
    assert client.post(f"/incidents/{incident.code}/updates", data={**fields, "reopen": "1"}).status_code == 409


def test_a_draft_keeps_what_was_emptied_and_the_states_of_services(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    typed = {**fields, "guest_notice": "", "service-1": "degraded_performance"}
    client.post(f"/incidents/{incident.code}/updates/draft", data=typed)
    page = client.get(f"/incidents/{incident.code}/updates/new").text
    assert "ご不便をおかけします。</textarea>" not in page
    assert '<option value="degraded_performance" selected>' in page


def test_a_template_takes_the_place_of_another_templates_words_but_not_of_ones_own(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    address = f"/incidents/{incident.code}/updates/new"
    empty = {**fields, "situation": "自分で書いた文です。", "guest_notice": "", "state": "investigating"}
    begun = client.post(address, data={**empty, "template": "en"}).text
    standing = re.search(r"([^<>]*we are investigating. We apologise\.)</textarea>", begun)[1]
    page = client.post(address, data={**empty, "guest_notice": standing, "state": "identified", "template": "en"}).text
    assert "We have found the cause and are restoring it. We apologise." in page
    assert "自分で書いた文です。" in page


def test_words_changed_after_going_back_are_kept_and_go_out_with_the_next_press(sign_in, cast, incident, fields):
    client = sign_in(cast.bridge)
    client.post(f"/incidents/{incident.code}/updates", data=fields)
    changed = fields | {"situation": "やはり原因は別でした。"}
    answer = client.post(f"/incidents/{incident.code}/updates", data=changed)
    assert answer.status_code == 409
    assert "やはり原因は別でした。</textarea>" in answer.text
    again = {name: re.search(rf'name="{name}" value="([^"]+)"', answer.text)[1] for name in ("key", "seen")}
    assert client.post(f"/incidents/{incident.code}/updates", data=changed | again).status_code == 303
    assert latest(incident).situation == "やはり原因は別でした。"


@pytest.mark.parametrize("key", ["k:holding", "k" * 64, "k" * 63 + "x"])
def test_no_key_of_an_update_stands_in_the_way_of_a_declaration(sign_in, cast, incident, fields, key):
    client = sign_in(cast.bridge)
    assert client.post(f"/incidents/{incident.code}/updates", data=fields | {"key": key}).status_code == 303
    for other in ("k", "k" * 62):
        given = {
            "key": other,
            "title": f"入場できません {other}",
            "severity": "major",
            "services": "1",
            "began_at": "10:00",
        }
        assert client.post("/incidents", data=given | {"another": "1"}).status_code == 303


def test_a_preview_of_far_too_much_does_not_hold_the_process(sign_in, cast, incident, fields):
    began = time.process_time()
    too_much = fields | {"situation": "![" * 50_000}
    assert sign_in(cast.bridge).post(f"/incidents/{incident.code}/updates/preview", data=too_much).status_code == 200
    assert time.process_time() - began < 3


def test_no_news_with_a_wrong_time_gives_the_form_with_what_is_wrong(sign_in, cast, incident):
    answer = sign_in(cast.bridge).post(
        f"/incidents/{incident.code}/updates/unchanged", data={"next_update": "9:30"}, headers={"Accept-Language": "en"}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Please choose a time after now" in page
    assert 'name="situation"' in page
