"""Areas and emergency contacts through their forms, by administrators only."""

import pytest

from domain import roster

EN = {"Accept-Language": "en"}


@pytest.fixture
def admin(sign_in, cast):
    return sign_in(cast.admin)


def test_an_area_is_added_and_shown(admin):
    assert admin.post("/areas", data={"name": "決済", "name_en": "Payments", "kind": "other"}).status_code == 303
    assert "Payments" in admin.get("/areas", headers=EN).text
    assert admin.get("/roster/payments").status_code == 200


@pytest.mark.parametrize("name", ["", " \u3000", "🔥", "長" * 61, "システム"])
def test_a_name_that_cannot_be_is_refused_and_kept(admin, name):
    answer = admin.post("/areas", data={"name": name, "name_en": "Kept", "kind": "other"})
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.text


def test_an_area_is_renamed(admin):
    admin.post("/areas/system", data={"name": "基盤", "name_en": "Platform", "kind": "system"})
    assert roster.area_by_key("system").name == "基盤"


def test_areas_are_put_in_order(admin):
    admin.post("/areas/system/place", data={"to": "up"})
    assert [area.key for area in roster.areas()] == ["guest", "system", "partner", "bridge"]


def test_an_area_is_retired_and_used_again(admin):
    admin.post("/areas/system/retirement", data={"retired": "yes"})
    assert "system" not in [area.key for area in roster.areas()]
    assert "No longer used" in admin.get("/areas", headers=EN).text
    admin.post("/areas/system/retirement", data={"retired": "no"})
    assert "system" in [area.key for area in roster.areas()]


def test_an_emergency_contact_is_kept_as_it_is_called(admin):
    sent = {"last_resort_name": "警備室", "phone": "０３-1234-0000"}
    assert admin.post("/areas/emergency-contacts", data=sent).status_code == 303
    contact = roster.last_resort()[-1]
    assert (contact.name, contact.phone) == ("警備室", "+81312340000")
    admin.post(f"/areas/emergency-contacts/{contact.id}/removal")
    assert len(roster.last_resort()) == 1


@pytest.mark.parametrize("phone", ["", "call me", "12"])
def test_what_cannot_be_called_is_refused(admin, phone):
    answer = admin.post("/areas/emergency-contacts", data={"last_resort_name": "警備室", "phone": phone})
    assert answer.status_code == 422
    assert 'value="警備室"' in answer.text


KEPT = ("", "/system", "/system/place", "/system/retirement", "/emergency-contacts", "/emergency-contacts/1/removal")


@pytest.mark.parametrize("path", KEPT)
def test_only_administrators_keep_areas(sign_in, cast, path):
    assert sign_in(cast.responder).post(f"/areas{path}", data={"name": "x"}).status_code == 403


def test_only_administrators_see_them(sign_in, cast):
    assert sign_in(cast.responder).get("/areas").status_code == 403


def test_the_slack_group_of_an_area_is_kept(admin):
    sent = {"name": "システム", "name_en": "System", "kind": "system"}
    admin.post("/areas/system", data={**sent, "slack_group": "S0SYSTEM0"})
    assert roster.area_by_key("system").slack_group == "S0SYSTEM0"
    assert 'value="S0SYSTEM0"' in admin.get("/areas/system").text
    admin.post("/areas/system", data={**sent, "slack_group": ""})
    assert roster.area_by_key("system").slack_group is None


@pytest.mark.parametrize("group", ["system", "C0HOTLINE", "s0system0"])
def test_what_is_no_slack_group_is_refused_and_kept(admin, group):
    sent = {"name": "システム", "name_en": "System", "kind": "system", "slack_group": group}
    answer = admin.post("/areas/system", data=sent)
    assert answer.status_code == 422
    assert f'value="{group}"' in answer.text


def test_two_areas_do_not_keep_one_group(admin):
    admin.post("/areas/system", data={"name": "システム", "kind": "system", "slack_group": "S0SYSTEM0"})
    answer = admin.post("/areas/bridge", data={"name": "ブリッジ役", "kind": "bridge", "slack_group": "S0SYSTEM0"})
    assert answer.status_code == 422
