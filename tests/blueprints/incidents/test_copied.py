"""Copied words: noted, put right on the pages of who copied them, and of nobody else."""

import pytest

from domain import copies
from domain.db import db, writing
from domain.incidents import Incident

EN = {"Accept-Language": "en"}


@pytest.fixture
def correct(incident, cast, now):
    """Corrects the holding text."""

    def do(**words):
        with writing():
            db.session.get(Incident, incident.id).publish(
                key="c", by=cast.bridge, at=now, state="investigating", corrects=incident.seen,
                words={"situation": "訂正します。", **words}, next_update_reason="夜間",
            )  # fmt: skip

    return do


def copy(client, incident, name="guest_notice"):
    return client.post("/copied", data={"update": str(incident.seen), "name": name})


def test_what_was_copied_and_corrected_stands_on_every_page_until_it_was_seen(sign_in, cast, incident, correct):
    client = sign_in(cast.reader)
    assert copy(client, incident).status_code == 204
    assert "was corrected" not in client.get("/", headers=EN).text
    correct(guest_notice="正しい案内です。")
    for page in ("/", "/reports/new", "/copied"):
        text = client.get(page, headers=EN).text
        assert "The wording that you copied 10:42 was corrected 10:42." in text
        assert "正しい案内です。" in text
    number = copies.notices(cast.reader)[0].id
    assert client.post(f"/copied/{number}/seen").location == f"/incidents/{incident.code}"
    assert "was corrected" not in client.get("/", headers=EN).text


def test_words_that_are_withdrawn_are_said_to_be(sign_in, cast, incident, correct):
    client = sign_in(cast.reader)
    copy(client, incident)
    correct()
    assert "was withdrawn" in client.get("/", headers=EN).text


def test_nobody_else_sees_it_or_ends_it(sign_in, cast, incident, correct):
    copy(sign_in(cast.reader), incident)
    correct(guest_notice="正しい案内です。")
    number = copies.notices(cast.reader)[0].id
    other = sign_in(cast.responder)
    assert "was corrected" not in other.get("/", headers=EN).text
    assert other.post(f"/copied/{number}/seen").status_code == 404
    assert len(copies.notices(cast.reader)) == 1


@pytest.mark.parametrize("given", [{"update": "999"}, {"update": "x"}, {}])
def test_copies_of_nothing_are_not_noted(sign_in, cast, incident, given):
    assert sign_in(cast.reader).post("/copied", data={"name": "guest_notice", **given}).status_code == 404


def test_strange_names_are_refused_and_strangers_sent_away(sign_in, cast, incident, client):
    assert copy(sign_in(cast.reader), incident, "not_yet").status_code == 422
    assert copy(client, incident).status_code in (302, 303, 401)


def test_who_has_no_notice_pays_no_query(sign_in, cast, incident, count_queries):
    client = sign_in(cast.reader)
    client.get("/reports/new")
    with count_queries() as statements:
        client.get("/reports/new")
    assert not [one for one in statements if "FROM copies" in one]
