"""The pages of actions: adding, refusing, changing, moving on; who may; the overview and its file."""

import csv
import io
from datetime import timedelta

import pytest

from domain import actions
from domain.db import db, writing
from domain.incidents import Incident
from domain.people import Person
from tests.domain.learning import draft


def page(answer):
    return answer.get_data(as_text=True)


def test_an_action_is_added_and_stands_on_the_incidents_page(sign_in, cast, incident, fields):
    client = sign_in(cast.responder)
    answer = client.post(f"/incidents/{incident.code}/actions", data=fields)
    assert (answer.status_code, answer.location) == (303, f"/incidents/{incident.code}#learning")
    shown = page(client.get(f"/incidents/{incident.code}"))
    assert "配信前に読み取りを試す" in shown
    assert "1件の対策が残っています" in shown


def test_an_action_without_an_owner_is_refused_with_what_was_typed(sign_in, cast, incident, fields):
    answer = sign_in(cast.responder).post(f"/incidents/{incident.code}/actions", data={**fields, "owner": ""})
    assert answer.status_code == 422
    assert "担当者を選んでください" in page(answer)
    assert "配信前に読み取りを試す" in page(answer)
    assert 'value="2026-08-31"' in page(answer)


def test_a_tap_on_the_same_form_is_one_action(sign_in, cast, incident, fields):
    client = sign_in(cast.responder)
    for _ in range(2):
        assert client.post(f"/incidents/{incident.code}/actions", data=fields).status_code == 303
    assert len(actions.of([incident.id])) == 1


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "ftp://a.example"])
def test_a_link_that_is_no_web_address_is_refused(sign_in, cast, incident, fields, link):
    answer = sign_in(cast.responder).post(f"/incidents/{incident.code}/actions", data={**fields, "link": link})
    assert answer.status_code == 422
    assert f'href="{link}"' not in page(answer)


def test_markup_in_every_field_stays_text(sign_in, cast, incident, fields):
    client = sign_in(cast.responder)
    evil = "<script>alert(1)</script>"
    client.post(f"/incidents/{incident.code}/actions", data={**fields, "body": evil})
    for path in (f"/incidents/{incident.code}", "/actions", "/actions/1"):
        assert evil not in page(client.get(path))


@pytest.mark.parametrize("what", ["form", "add", "change"])
def test_a_reader_writes_no_actions(sign_in, cast, incident, action, fields, what):
    client = sign_in(cast.reader)
    answer = {
        "form": lambda: client.get(f"/incidents/{incident.code}/actions/new"),
        "add": lambda: client.post(f"/incidents/{incident.code}/actions", data=fields),
        "change": lambda: client.post(f"/actions/{action}", data=fields),
    }[what]()
    assert answer.status_code == 403
    assert [one.body for one in actions.of([incident.id])] == ["配信前に読み取りを試す"]


def test_who_is_not_signed_in_sees_nothing(client, incident, action):
    for path in ("/actions", "/actions.csv", f"/actions/{action}"):
        answer = client.get(path)
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login")


def test_its_owner_moves_it_on_though_a_reader(sign_in, cast, incident, now):
    with writing():
        found = db.session.get_one(Incident, incident.id)
        number = actions.add(found, draft(owner=4), key="x", by=db.session.get_one(Person, 2), at=now).id
    answer = sign_in(cast.reader).post(f"/actions/{number}/state", data={"state": "done"})
    assert answer.status_code == 303
    assert actions.found(number).state == "done"


def test_another_reader_does_not(sign_in, cast, action):
    assert sign_in(cast.reader).post(f"/actions/{action}/state", data={"state": "done"}).status_code == 403
    assert actions.found(action).state == "open"


def test_an_incident_whose_actions_are_done_says_so(sign_in, cast, incident, action):
    client = sign_in(cast.responder)
    client.post(f"/actions/{action}/state", data={"state": "done", "then": "incident"})
    assert "対策はすべて完了しました" in page(client.get(f"/incidents/{incident.code}"))


def test_deciding_against_without_a_reason_is_refused(sign_in, cast, action):
    answer = sign_in(cast.responder).post(f"/actions/{action}/state", data={"state": "dropped"})
    assert answer.status_code == 422
    assert actions.found(action).is_open


def test_a_change_of_what_somebody_else_changed_is_refused_with_the_words(sign_in, cast, action, fields):
    client = sign_in(cast.responder)
    seen = actions.found(action).mark
    client.post(f"/actions/{action}", data={**fields, "body": "先の変更", "seen": seen})
    answer = client.post(f"/actions/{action}", data={**fields, "body": "後の変更", "seen": seen})
    assert answer.status_code == 409
    assert "後の変更" in page(answer)
    assert actions.found(action).body == "先の変更"


def test_an_action_that_does_not_exist_is_not_found(sign_in, cast, action):
    client = sign_in(cast.responder)
    assert client.get("/actions/999").status_code == 404
    assert client.post("/actions/999/state", data={"state": "done"}).status_code == 404


def test_the_overview_narrows_down(sign_in, cast, incident, action):
    client = sign_in(cast.reader)
    assert "配信前に読み取りを試す" in page(client.get("/actions"))
    assert "配信前に読み取りを試す" in page(client.get("/actions?kind=prevent&age=0"))
    for query in ("kind=fix", "age=3", "area=3", "state=ended", "mine=1"):
        assert "配信前に読み取りを試す" not in page(client.get(f"/actions?{query}"))
    for nonsense in ("kind=%00", "age=99", "area=x", "page=0", "page=99999999999", "state=%27"):
        assert client.get(f"/actions?{nonsense}").status_code == 200


def test_the_file_holds_no_formulas(sign_in, cast, incident, now):
    with writing():
        found = db.session.get_one(Incident, incident.id)
        for number, body in enumerate(("=HYPERLINK(1)", "＝cmd", "+1", "@x", " =2", "plain")):
            actions.add(found, draft(body=body + "あ"), key=str(number), by=db.session.get_one(Person, 2), at=now)
    answer = sign_in(cast.reader).get("/actions.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(page(answer).removeprefix("\ufeff"))))
    assert [row["action"][:2] for row in rows] == ["'=", "'＝", "'+", "'@", "'=", "pl"]
    assert rows[0]["owner"] == "岡本 沙織"


def test_many_actions_cost_as_many_queries_as_one(sign_in, cast, incident, action, now, count_queries):
    client = sign_in(cast.responder)
    paths = ("/actions", "/actions.csv", f"/incidents/{incident.code}")
    counts = []
    for _ in range(2):
        for path in paths:
            with count_queries() as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
        with writing():
            found = db.session.get_one(Incident, incident.id)
            for number in range(30):
                actions.add(
                    found, draft(), key=f"m{number}", by=db.session.get_one(Person, 2), at=now - timedelta(days=number)
                )
    assert counts[:3] == counts[3:]
    assert max(counts[:2]) <= 8
