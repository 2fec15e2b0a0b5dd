"""The plan's form beyond five names: rows, times, rotations, by plain buttons; bad input at its field."""

import re

import pytest

from domain import planning, roster
from domain.db import writing
from tests.blueprints.roster.test_plan import EN

ROTATION = {
    "rotations": "1", "rotation-0-name": "週番", "rotation-0-unit": "week", "rotation-0-every": "1",
    "rotation-0-start": "2026-08-10T09:00", "rotation-0-members": "2", "rotation-0-member-0": "2", "rotation-0-member-1": "6",
}  # fmt: skip
NIGHT = {
    "rows": "2", "row-0-windows": "1", "row-0-window-0-days": ["sat", "hol"], "row-0-window-0-start": "22:00",
    "row-0-window-0-end": "6:00", "person-0": "3", "person-1": "6", "row-1-person-0": "turn-0-0", "row-1-person-1": "turn-0-1",
}  # fmt: skip


@pytest.fixture
def admin(sign_in, cast):
    return sign_in(cast.admin)


def typed(text):
    """Everything that a browser would send of the form."""
    form = re.search(r'<form action="/roster/system/plan".*?</form>', text, re.S)[0]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        kind = re.search(r'type="(\w+|datetime-local)"', tag)[1]
        if kind in ("checkbox", "radio") and " checked" not in tag:
            continue
        value = re.search(r'value="([^"]*)"', tag)
        sent.setdefault(re.search(r'name="([^"]*)"', tag)[1], []).append(value[1] if value else "")
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = [chosen[1] if chosen else ""]
    return sent


def post(client, **changes):
    seen = typed(client.get("/roster/system/plan").text)["seen"]
    return client.post("/roster/system/plan", data={"seen": seen, "starts_at": ""} | changes, headers=EN)


def press(client, text, button, **changes):
    answer = client.post("/roster/system/plan", data=typed(text) | {"press": button} | changes, headers=EN)
    assert answer.status_code == 200
    return answer.text


def test_the_simplest_plan_shows_five_names_and_nothing_else(admin):
    sent = typed(admin.get("/roster/system/plan").text)
    assert set(sent) == {"seen", "previewed", "rows", "rotations", "row-0-windows", "starts_at"} | {
        f"person-{rank}" for rank in range(5)
    }


def test_taking_turns_begins_with_the_people_of_the_standing_order(admin):
    sent = typed(press(admin, admin.get("/roster/system/plan").text, "add-rotation"))
    assert [sent[f"rotation-0-member-{n}"][0] for n in range(3)] == ["2", "6", ""]
    assert [sent[f"person-{n}"][0] for n in range(3)] == ["turn-0-0", "turn-0-1", ""]
    assert sent["rotation-0-start"] == ["2026-08-10T09:00"]


def test_nothing_that_was_typed_is_lost_by_one_more_and_one_less(admin):
    text = press(admin, admin.get("/roster/system/plan").text, "add-rotation", **{"starts_at": "2026-09-01T09:00"})
    before = typed(text)
    text = press(admin, text, "add-row")
    sent = typed(text)
    assert (sent["rows"], sent["row-1-person-0"], sent["row-0-windows"]) == (["2"], ["turn-0-0"], ["1"])
    text = press(admin, text, "add-window-0", **{"row-0-window-0-days": ["sat", "sun"], "row-0-window-0-start": "９時"})
    text = press(admin, press(admin, text, "add-member-0"), "drop-window-0-1")
    sent = typed(text)
    assert (sent["row-0-window-0-days"], sent["row-0-window-0-start"]) == (["sat", "sun"], ["９時"])
    assert typed(press(admin, text, "drop-row-0")) == before | {
        "rotation-0-members": ["4"], "rotation-0-member-3": [""],
    }  # fmt: skip


def test_rows_and_members_move_up(admin):
    text = press(admin, post(admin, **ROTATION, **NIGHT).text, "up-row-1")
    assert typed(text)["person-0"] == ["turn-0-0"]
    assert typed(press(admin, text, "up-member-0-1"))["rotation-0-member-0"] == ["6"]


def test_a_rotation_that_is_removed_leaves_its_people_in_order(admin):
    text = press(admin, admin.get("/roster/system/plan").text, "add-rotation")
    sent = typed(press(admin, text, "drop-rotation-0"))
    assert [sent[f"person-{n}"][0] for n in range(3)] == ["2", "6", ""]


@pytest.mark.parametrize("button", ["", "add", "drop-row-7", "drop-window-0-9", "up-member-3-1", "x-y-1", "add-row-٣"])
def test_a_button_that_is_not_there_does_nothing(admin, button):
    assert admin.post("/roster/system/plan", data={"person-0": "2", "press": button}).status_code == 200


def test_four_weeks_are_shown_and_what_was_shown_is_saved(admin, now):
    answer = post(admin, **ROTATION, **NIGHT)
    assert answer.status_code == 200
    assert "Four weeks of it" in answer.text
    assert answer.text.count('<svg class="plan"') == 4
    saved = admin.post("/roster/system/plan", data=typed(answer.text))
    assert saved.status_code == 303
    draft = planning.draft_of(roster.plans(roster.area_by_key("system"), now)[0])
    assert [len(row.windows) for row in draft.rows] == [1, 0]
    assert [person.id for person in draft.rotations[0].members] == [2, 6]
    page = admin.get("/roster/system", headers=EN).text
    assert "Sat, Days off 22:00–6:00 of the next day" in page
    assert "週番: whose turn it is" in page


def test_gaps_and_single_people_are_marked(admin):
    text = post(admin, **{"rows": "1", "row-0-windows": "1", "row-0-window-0-start": "9:00", "row-0-window-0-end": "18:00", "person-0": "2"}).text  # fmt: skip
    assert "Nobody is in charge at 28 times." in text
    assert "There is no deputy at" in text


def test_a_useless_row_is_a_warning(admin):
    text = post(admin, **{"rows": "2", "person-0": "2", "row-1-person-0": "6"}).text
    assert "Row 2 never applies" in text


def test_the_form_of_a_running_rotation_begins_with_whose_turn_it_is(admin, clock):
    admin.post("/roster/system/plan", data=typed(post(admin, **ROTATION, **NIGHT).text))
    clock.forward(days=7)
    sent = typed(admin.get("/roster/system/plan").text)
    assert (sent["rotation-0-member-0"], sent["rotation-0-start"]) == (["6"], ["2026-08-17T09:00"])
    same = admin.post("/roster/system/plan", data=sent, headers=EN)
    assert "Nothing: the plan is as before." in same.text


WINDOW = {"row-0-windows": "1", "person-0": "2"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"person-0": ""}, "person-0"),
        ({"person-0": "999999"}, "person-0"),
        ({"person-0": "x"}, "person-0"),
        ({"person-0": "5"}, "person-0"),
        ({"person-0": "turn-0-0"}, "person-0"),
        ({"person-0": "2", "person-1": "2"}, "person-1"),
        ({f"person-{n}": str(one) for n, one in enumerate((1, 2, 3, 4, 6, 1))}, "person-4"),
        ({"rows": "2", "person-0": "2"}, "row-1-person-0"),
        (WINDOW | {"row-0-window-0-start": "25:00", "row-0-window-0-end": "6:00"}, "row-0-window-0-start"),
        (WINDOW | {"row-0-window-0-start": "9:00"}, "row-0-window-0-end"),
        (WINDOW | {"row-0-window-0-start": "9:00", "row-0-window-0-end": "24:01"}, "row-0-window-0-end"),
        (WINDOW | {"row-0-window-0-start": "9:75", "row-0-window-0-end": "10:00"}, "row-0-window-0-start"),
        (ROTATION | {"person-0": "2"}, "rotation-0-name"),
        (ROTATION | {"person-0": "turn-0-0", "person-1": "turn-0-0"}, "person-1"),
        (ROTATION | {"person-0": "turn-0-0", "rotation-0-member-0": "", "rotation-0-member-1": ""}, "rotation-0-member-0"),
        (ROTATION | {"person-0": "turn-0-0", "rotation-0-member-1": "5"}, "rotation-0-member-1"),
        (ROTATION | {"person-0": "turn-0-0", "rotation-0-name": ""}, "rotation-0-name"),
        (ROTATION | {"person-0": "turn-0-0", "rotation-0-every": "0"}, "rotation-0-every"),
        (ROTATION | {"person-0": "turn-0-0", "rotation-0-every": "x"}, "rotation-0-every"),
        (ROTATION | {"person-0": "turn-0-0", "rotation-0-unit": "hour"}, "rotation-0-unit"),
        (ROTATION | {"person-0": "turn-0-0", "rotation-0-start": ""}, "rotation-0-start"),
        (ROTATION | {"person-0": "turn-0-0", "rotation-0-start": "2026-02-30T09:00"}, "rotation-0-start"),
        ({"person-0": "2", "starts_at": "2026-08-01T00:00"}, "starts_at"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(admin, changes, field):
    answer = post(admin, **changes)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text


def test_everything_that_is_wrong_is_said_at_once(admin):
    text = post(admin, **ROTATION | {"person-0": "", "rotation-0-name": "", "rotation-0-every": "0"}).text
    assert text.count('<li><a href="#') >= 3


def test_rows_of_two_administrators_at_once_are_both_shown(admin, cast, now):
    preview = typed(post(admin, **ROTATION, **NIGHT).text)
    with writing():
        planning.set_plan(roster.area_by_key("system"), [cast.bridge], starts_at=now, seen=3, by=cast.admin, at=now)
    answer = admin.post("/roster/system/plan", data=preview, headers=EN)
    assert answer.status_code == 409
    assert "The newest plan" in answer.text
    again = typed(answer.text)
    assert {name: again[name] for name in preview if name not in ("seen", "previewed")} == {
        name: preview[name] for name in preview if name not in ("seen", "previewed")
    }
    assert admin.post("/roster/system/plan", data=again).status_code == 303


@pytest.mark.parametrize("who", ["responder", "reader"])
def test_only_administrators_press_its_buttons(sign_in, cast, who):
    client = sign_in(getattr(cast, who))
    assert client.post("/roster/system/plan", data={"person-0": "4", "press": "add-row"}).status_code == 403
