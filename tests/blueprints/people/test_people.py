"""Administrators' page of people: look up, add, change, invite, deactivate; who may not."""

import re

import pytest
from sqlalchemy import select

from domain import people
from domain.contacts import Details
from domain.db import db, writing
from domain.people import OneTimeLink, Person

NEW = {"name": "大久保 美奈子", "reading": "おおくぼ みなこ", "department": "営業", "email": "okubo@example.jp",
       "phone": "090-0000-0105", "slack_id": "U0OKUBO1"}  # fmt: skip


@pytest.fixture
def admin(sign_in, cast):
    client = sign_in(cast.admin)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


PAGES = ("/people", "/people/4", "/people/import")
DEEDS = ("/people", "/people/4", "/people/4/deactivation", "/people/5/reactivation", "/people/4/invitations",
         "/people/invitations", "/people/import", "/people/import/confirmation")  # fmt: skip


@pytest.mark.parametrize("who", ["reader", "responder", "bridge"])
def test_the_page_is_for_administrators(sign_in, cast, who):
    client = sign_in(getattr(cast, who))
    assert {client.get(path).status_code for path in PAGES} == {403}
    assert {client.post(path, data=NEW).status_code for path in DEEDS} == {403}
    assert people.by_email("okubo@example.jp") is None
    assert cast.reader.is_active


def test_nobody_sees_it_without_signing_in(client, cast):
    assert {client.get(path).location.partition("?")[0] for path in PAGES} == {"/login"}
    assert {client.post(path, data=NEW).location.partition("?")[0] for path in DEEDS} == {"/login"}


def test_people_stand_there_with_what_they_may(admin):
    page = admin.get("/people").text
    rows = {re.search(r"nb\">([^<]+)<", row)[1]: row for row in page.split("<tr>")[2:]}
    assert list(rows) == ["伊藤\xa0航", "大塚\xa0仁", "岡本\xa0沙織", "佐藤\xa0美咲", "高橋\xa0由紀子"]
    assert "Administrator" in rows["大塚\xa0仁"]
    assert "Responder" in rows["岡本\xa0沙織"]
    assert "Bridge" in rows["高橋\xa0由紀子"]
    assert "090-0000-0119" in rows["岡本\xa0沙織"]


def test_a_search_answers_with_the_rows_alone(admin):
    whole = admin.get("/people?q=さとう").text
    rows = admin.get("/people?q=さとう", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert "<html" in whole
    assert rows.lstrip().startswith('<div class="stack" id="people-rows">')
    assert rows.strip() in whole
    assert "佐藤" in rows
    assert "岡本" not in rows


@pytest.mark.parametrize(
    "query", ["q=%00%ff", "q=" + "あ" * 3000, "page=0", "page=-1", "page=x", "page=" + "9" * 40, "all=x"]
)
def test_any_look_up_is_answered(admin, query):
    assert admin.get(f"/people?{query}").status_code == 200


def test_a_thousand_people_cost_what_five_cost(admin, count_queries, now):
    admin.get("/people")
    with count_queries() as few:
        admin.get("/people")
    with writing() as session:
        for number in range(1000):
            person = Person(email=f"p{number}@example.jp", name=f"人 {number}", created_at=now)
            person.describe()
            session.add(person)
    with count_queries() as many:
        page = admin.get("/people").text
    assert len(few) == len(many)
    assert page.count("<tr>") == people.PAGE + 1
    assert "page=2" in page
    assert "page=20" in admin.get("/people?page=21").text


def link_in(page: str) -> str | None:
    found = re.search(r"http://localhost(/invitations/[\w-]{43})", page)
    return found[1] if found else None


def test_somebody_is_added_and_their_link_is_shown_once(admin, app):
    answer = admin.post("/people", data=NEW)
    assert answer.status_code == 303
    shown = admin.get(answer.location)
    assert shown.headers["Cache-Control"] == "no-store"
    link = link_in(shown.text)
    assert link
    assert link_in(admin.get(answer.location).text) is None
    assert app.test_client().get(link).status_code == 200
    assert people.by_email("okubo@example.jp").details == Details(
        "okubo@example.jp", "大久保 美奈子", "おおくぼ みなこ", "営業", "+819000000105", "U0OKUBO1", False
    )


def test_a_link_is_absolute_by_the_setting(admin, app):
    app.config["BASE_URL"] = "https://noroshi.example.jp/"
    location = admin.post("/people", data=NEW, headers={"Sec-Fetch-Site": "same-origin"}).location
    assert "https://noroshi.example.jp/invitations/" in admin.get(location).text


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " \u3000"}, "name"),
        ({"name": "🔥"}, "name"),
        ({"name": "あ" * 101}, "name"),
        ({"email": "okubo"}, "email"),
        ({"email": "READER@example.jp"}, "email"),
        ({"phone": "内線 23"}, "phone"),
        ({"slack_id": "@okubo"}, "slack_id"),
        ({"slack_id": "U0OKAMOTO"}, "slack_id"),
        ({"department": "x" * 1_000_000}, "department"),
    ],
)
def test_a_refused_form_keeps_what_was_typed_and_says_why_at_the_field(admin, changed, field):
    typed = {**NEW, **changed}
    answer = admin.post("/people", data=typed)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}-error"' in answer.text
    assert 'value="090-0000-0105"' in answer.text or field == "phone"
    assert 'value="おおくぼ みなこ"' in answer.text
    assert "<title>Error:" in answer.text


def test_a_change_is_kept(admin, cast):
    form = form_of(admin, 4)
    answer = admin.post("/people/4", data={**form, "phone": "03-1234-5678", "name": "佐藤\u202e 美咲\x00"})
    assert answer.status_code == 303
    assert (cast.reader.phone, cast.reader.name) == ("+81312345678", "佐藤 美咲")


def form_of(client, id: int) -> dict[str, str]:
    """The fields of the person's form as a browser would send them."""
    page = client.get(f"/people/{id}").text
    form = page[page.index(f'action="/people/{id}" method="post"') :].partition("</form>")[0]
    fields = {}
    for tag in re.findall(r"<input[^>]+>", form):
        name, value = re.search(r'name="(\w+)"', tag)[1], re.search(r'value="([^"]*)"', tag)[1]
        if 'type="checkbox"' not in tag or " checked" in tag:
            fields[name] = value.replace("&#34;", '"').replace("&#39;", "'")
    return fields


def test_a_form_sent_as_it_came_changes_nothing(admin, cast):
    for id in (1, 2, 4, 5):
        before = db.session.get(Person, id).details
        assert admin.post(f"/people/{id}", data=form_of(admin, id)).status_code == 303
        assert db.session.get(Person, id).details == before


def test_the_later_of_two_learns_what_the_other_changed(admin, cast):
    mine, theirs = form_of(admin, 2), form_of(admin, 2)
    admin.post("/people/2", data={**theirs, "department": "経理", "phone": "090-0000-0777"})
    answer = admin.post("/people/2", data={**mine, "phone": "090-0000-0888", "reading": "おかもと さおりこ"})
    assert answer.status_code == 409
    assert "<b>Department</b>" in answer.text
    assert "<del>090-0000-0119</del> → 090-0000-0777" in answer.text
    assert cast.responder.phone == "+819000000777"
    # Their change and mine stand in the form; saved again, both are kept.
    again = fields_in(answer.text, 2)
    assert (again["department"], again["phone"], again["reading"]) == ("経理", "090-0000-0888", "おかもと さおりこ")
    assert admin.post("/people/2", data=again).status_code == 303
    assert (cast.responder.phone, cast.responder.department) == ("+819000000888", "経理")


def fields_in(page: str, id: int) -> dict[str, str]:
    class Page:
        text = page

    class Client:
        @staticmethod
        def get(_path):
            return Page

    return form_of(Client, id)


@pytest.mark.parametrize("seen", ["", "x", "{}", "[]", '["a"]', "[1,2,3,4,5,6,7]", "[[],{},1,2,3,4,5]", None])
def test_a_form_that_does_not_say_what_it_saw_is_answered(admin, cast, seen):
    form = {**form_of(admin, 4), "seen": seen, "department": "営業"}
    assert admin.post("/people/4", data={k: v for k, v in form.items() if v is not None}).status_code in (303, 409)


def test_a_refused_form_still_finds_out_what_was_changed_meanwhile(admin, cast):
    mine = form_of(admin, 2)
    admin.post("/people/2", data={**form_of(admin, 2), "department": "経理"})
    refused = admin.post("/people/2", data={**mine, "phone": "内線"})
    assert refused.status_code == 422
    assert admin.post("/people/2", data={**fields_in(refused.text, 2), "phone": ""}).status_code == 409


def test_the_last_administrator_stays_one(admin, cast):
    form = form_of(admin, 1)
    del form["admin"]
    answer = admin.post("/people/1", data=form)
    assert answer.status_code == 422
    assert 'id="admin-error"' in answer.text
    assert admin.post("/people/1/deactivation").status_code == 409
    assert cast.admin.is_admin


def test_whoever_gives_the_administration_up_lands_where_they_may(admin, cast):
    with writing():
        cast.reader.is_admin = True
    form = form_of(admin, 1)
    del form["admin"]
    assert admin.post("/people/1", data=form).location == "/me"


def test_deactivating_and_back(admin, sign_in, cast):
    theirs = sign_in(cast.reader)
    assert theirs.get("/me").status_code == 200
    assert admin.post("/people/4/deactivation").status_code == 303
    assert theirs.get("/me").status_code == 303
    assert admin.post("/people/4/deactivation").status_code == 409
    assert admin.post("/people/4/invitations").status_code == 409
    assert admin.post("/people/4/reactivation").status_code == 303
    assert admin.post("/people/4/reactivation").status_code == 409
    assert cast.reader.is_active


def test_one_does_not_deactivate_oneself_even_where_others_administrate(admin, cast):
    with writing():
        cast.reader.is_admin = True
    answer = admin.post("/people/1/deactivation")
    assert answer.status_code == 409
    assert "another administrator" in answer.text
    assert "Deactivate</button>" not in admin.get("/people/1").text


def test_a_new_link_ends_the_earlier_one(admin, app):
    first = link_in(admin.get(admin.post("/people/4/invitations").location).text)
    second = link_in(admin.get(admin.post("/people/4/invitations").location).text)
    assert app.test_client().get(first).status_code == 409
    assert app.test_client().get(second).status_code == 200


def test_a_link_is_not_shown_on_somebody_else_s_page(admin):
    admin.post("/people/4/invitations")
    assert link_in(admin.get("/people/2").text) is None
    assert link_in(admin.get("/people/4").text)


def test_links_for_everybody_without_a_password_at_once(admin, app, now):
    with writing():
        for number in range(3):
            people.add(Details(f"p{number}@example.jp", f"人 {number}"), by=None, at=now)
    answer = admin.post("/people/invitations")
    links = set(re.findall(r"http://localhost(/invitations/[\w-]{43})", answer.text))
    assert len(links) == 3
    assert answer.headers["Cache-Control"] == "no-store"
    assert {app.test_client().get(link).status_code for link in links} == {200}
    assert "/invitations/" not in admin.post("/people/invitations").text.partition("<main")[2].partition("</main")[0]
    assert len(list(db.session.scalars(select(OneTimeLink)))) == 3


@pytest.mark.parametrize("path", ["/people/999", "/people/0", "/people/99999999999999999999", "/people/x"])
def test_an_unknown_person_is_unknown(admin, path):
    assert admin.get(path).status_code == 404
    # Werkzeug calls a number that no row can have a wrong method where another rule takes GET alone.
    assert admin.post(path, data=NEW).status_code in (404, 405)
    assert admin.post(f"{path}/deactivation").status_code == 404


def test_names_and_departments_are_text(admin, cast):
    with writing():
        cast.reader.take(Details("reader@example.jp", "<b>佐藤</b>", department='"><script>'))
    for path in ("/people", "/people/4"):
        page = admin.get(path).text
        assert "<script>" not in page
        assert "<b>佐藤" not in page


@pytest.mark.parametrize(
    "seen",
    [
        "[" * 100_000,
        '["\\ud800", "名前", "", "", null, null, false]',
        '[null, true, null, 1, true, false, "x"]',
        '["a", "b", true, true, null, null, false]',
        '{"a": 1}',
    ],
)
def test_a_strange_seen_is_passed_over(sign_in, cast, seen):
    answer = sign_in(cast.admin).post("/people/4", data={"name": "佐藤", "email": "sato@example.jp", "seen": seen})
    assert answer.status_code == 303
