"""Areas and emergency contacts: added, renamed, moved, retired."""

import pytest

from domain import areas, roster
from domain.db import writing
from domain.errors import Refused


def add(cast, now, name="決済", name_en="Payments", kind="other"):
    with writing():
        return areas.add_area(name=name, name_en=name_en, kind=kind, by=cast.admin, at=now)


def keys():
    return [area.key for area in roster.areas()]


def test_a_new_area_stands_last_and_has_nobody_in_charge(cast, now):
    assert add(cast, now).key == "payments"
    assert keys()[-1] == "payments"
    assert roster.area_duty("payments", now).gap


def test_an_area_without_an_english_name_has_an_address_too(cast, now):
    assert add(cast, now, name_en="", kind="other").key == "other"
    assert add(cast, now, name="配送", name_en="", kind="other").key == "other-2"


def test_an_area_never_stands_where_a_page_does(cast, now):
    assert add(cast, now, name_en="Covers").key == "covers-2"


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("", "other", "area_needs_name"),
        ("🔥", "other", "area_needs_name"),
        ("決済", "x", "area_needs_kind"),
        ("システム", "other", "area_name_taken"),
    ],
)
def test_what_cannot_be_an_area_is_refused(cast, now, name, kind, code):
    with pytest.raises(Refused, match=code):
        add(cast, now, name=name, kind=kind)


def test_a_renamed_area_keeps_its_address(cast, now):
    with writing():
        areas.change_area(
            roster.area_by_key("system"), name="基盤", name_en="Platform", kind="system", by=cast.admin, at=now
        )
    assert roster.area_by_key("system").name == "基盤"


def test_areas_are_moved_one_place(cast, now):
    with writing():
        areas.move_area(roster.area_by_key("system"), up=True, by=cast.admin, at=now)
    assert keys() == ["guest", "system", "partner", "bridge"]
    with writing():
        areas.move_area(roster.area_by_key("guest"), up=True, by=cast.admin, at=now)
    assert keys() == ["guest", "system", "partner", "bridge"]


def test_a_retired_area_can_be_used_again(cast, now):
    with writing():
        areas.retire_area(roster.area_by_key("partner"), by=cast.admin, at=now)
    assert "partner" not in keys()
    assert [area.key for area in areas.retired()] == ["partner"]
    with writing():
        areas.bring_back_area(roster.area_by_key("partner"), by=cast.admin, at=now)
    assert keys()[1] == "partner"


def test_emergency_contacts_are_added_and_removed(cast, now):
    with writing():
        contact = areas.add_last_resort(name="警備室", phone="+81312340000", by=cast.admin, at=now)
    assert [entry.name for entry in roster.last_resort()] == ["社長室", "警備室"]
    with writing():
        areas.remove_last_resort(contact, by=cast.admin, at=now)
    assert [entry.name for entry in roster.last_resort()] == ["社長室"]


def test_an_emergency_contact_has_a_name(cast, now):
    with pytest.raises(Refused), writing():
        areas.add_last_resort(name=" ", phone="+81312340000", by=cast.admin, at=now)
