"""Changing a plan: the preview first, then a new version; two administrators at once; who may not."""

import re
from datetime import timedelta

import pytest

from domain import planning, roster
from domain.db import writing

EN = {"Accept-Language": "en"}


def fields(text):
    """What a browser would send: the hidden fields and the chosen options of the form."""
    sent = dict(re.findall(r'<input type="hidden" name="(seen|previewed)" value="([^"]*)">', text))
    for name, options in re.findall(r'<select[^>]* name="(person-\d)"[^>]*>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="(\d*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    start = re.search(r'name="starts_at"[^>]* value="([^"]*)"', text)
    return sent | {"starts_at": start[1] if start else ""}


def changed(text):
    """The places that change, as the preview says them."""
    lines = re.findall(r"<dd>(<del>.*?)</dd>", text, re.S)
    return [re.sub(r"<[^>]+>", "", one).replace("\u00a0", " ").strip() for one in lines]


@pytest.fixture
def admin(sign_in, cast):
    return sign_in(cast.admin)


def send(client, **changes):
    form = fields(client.get("/roster/system/plan").text)
    return client.post("/roster/system/plan", data=form | changes, headers=EN)


def line(now):
    return [place.person.id for place in roster.area_duty("system", now).people]


def test_the_form_shows_the_plan_in_order(admin):
    form = fields(admin.get("/roster/system/plan").text)
    assert [form[f"person-{rank}"] for rank in range(5)] == ["2", "6", "", "", ""]


def test_people_are_offered_by_reading_and_without_those_who_left(admin):
    select = re.search(r'<select[^>]*name="person-0".*?</select>', admin.get("/roster/system/plan").text, re.S)[0]
    assert re.findall(r'value="(\d+)"', select) == ["6", "1", "2", "4", "3"]


def test_nothing_is_saved_before_the_preview(admin, now):
    answer = send(admin, **{"person-0": "4"})
    assert answer.status_code == 200
    assert "What changes" in answer.text
    assert changed(answer.text)[:1] == ["岡本 沙織 → 佐藤 美咲"]
    assert line(now) == [2, 6]


def test_what_was_previewed_is_saved(admin, now):
    preview = send(admin, **{"person-0": "4"})
    answer = admin.post("/roster/system/plan", data=fields(preview.text))
    assert (answer.status_code, answer.location) == (303, "/roster/system")
    assert line(now) == [4, 6]


def test_what_was_changed_after_the_preview_is_shown_first(admin, now):
    preview = send(admin, **{"person-0": "4"})
    answer = admin.post("/roster/system/plan", data=fields(preview.text) | {"person-1": "3"})
    assert answer.status_code == 200
    assert line(now) == [2, 6]


def test_somebody_twice_is_refused_and_the_choice_kept(admin):
    answer = send(admin, **{"person-1": "2"})
    assert answer.status_code == 422
    assert 'href="#person-1"' in answer.text
    assert fields(answer.text)["person-1"] == "2"


@pytest.mark.parametrize(
    "changes",
    [
        {"person-0": "", "person-1": ""},
        {"person-0": "5"},
        {"person-0": "999"},
        {"starts_at": "x"},
        {"starts_at": "2020-01-01T00:00"},
    ],
)
def test_what_cannot_be_is_refused(admin, changes):  # fmt: skip
    assert send(admin, **changes).status_code == 422


def test_two_administrators_at_once_are_told_and_nothing_is_overwritten(admin, cast, now):
    preview = fields(send(admin, **{"person-0": "4"}).text)
    with writing():
        planning.set_plan(roster.area_by_key("system"), [cast.bridge], starts_at=now, seen=3, by=cast.admin, at=now)
    answer = admin.post("/roster/system/plan", data=preview, headers=EN)
    assert answer.status_code == 409
    assert "Somebody else has changed this plan in the meantime." in answer.text
    assert fields(answer.text)["person-0"] == "4"
    assert line(now) == [3]
    assert admin.post("/roster/system/plan", data=fields(answer.text)).status_code == 303
    assert line(now) == [4, 6]


def test_a_plan_can_begin_later(admin, now):
    preview = send(admin, **{"person-0": "4", "starts_at": "2026-08-12T09:00"})
    admin.post("/roster/system/plan", data=fields(preview.text))
    assert line(now) == [2, 6]
    assert roster.area_duty("system", now).until.isoformat() == "2026-08-12T00:00:00+00:00"


def test_a_plan_to_come_can_be_changed_itself(admin, cast, now):
    later = now + timedelta(days=2)
    with writing():
        system = roster.area_by_key("system")
        planned = planning.set_plan(system, [cast.reader], starts_at=later, seen=3, by=cast.admin, at=now)
    form = fields(admin.get("/roster/system/plan").text)
    assert (form["person-0"], form["starts_at"]) == ("2", "")
    preview = admin.post(
        "/roster/system/plan", data=fields(admin.get(f"/roster/system/plan?plan={planned.id}").text) | {"person-0": "3"}
    )
    assert changed(preview.text)[:1] == ["佐藤 美咲 → 高橋 由紀子"]
    admin.post("/roster/system/plan", data=fields(preview.text))
    assert line(now) == [2, 6]
    assert line(later) == [3]


@pytest.mark.parametrize("who", ["responder", "reader"])
def test_only_administrators_change_plans(sign_in, cast, who):
    client = sign_in(getattr(cast, who))
    assert client.get("/roster/system/plan").status_code == 403
    assert client.post("/roster/system/plan", data={"person-0": "4"}).status_code == 403
