"""The form of three taps: what stands above it, what it takes, and that nothing typed is lost."""

import re

import pytest
from sqlalchemy import func, select

from domain import hotline
from domain.catalog import Facility
from domain.db import db, writing
from domain.hotline import Report
from domain.outbox import Delivery


def last() -> Report:
    return db.session.scalar(select(Report).order_by(Report.id.desc()).limit(1))


def count() -> int:
    return db.session.scalar(select(func.count(Report.id)))


def send(client, **fields):
    return client.post("/reports", data={"key": "k1", **fields})


def test_above_the_form_stands_that_being_wrong_is_fine_and_who_is_told(sign_in, cast):
    page = sign_in(cast.reader).get("/reports/new", headers={"Accept-Language": "en"}).text
    assert "Being wrong is fine" in page
    assert "Everyone in #hotline" in page
    assert "岡本\u00a0沙織" in page
    assert page.index("Being wrong") < page.index("<fieldset")


def test_tiles_speak_the_persons_language_and_none_is_chosen(sign_in, cast):
    page = sign_in(cast.reader).get("/reports/new", headers={"Accept-Language": "en"}).text
    assert "Guests cannot enter" in page
    assert "入場できない" in sign_in(cast.reader).get("/reports/new", headers={"Accept-Language": "ja"}).text
    assert " checked" not in page


def test_every_form_has_a_key_of_its_own(sign_in, cast):
    client = sign_in(cast.reader)
    keys = {re.search(r'name="key" value="([^"]{16,})"', client.get("/reports/new").text)[1] for _ in range(2)}
    assert len(keys) == 2


def test_nobody_reports_without_signing_in(client):
    assert client.get("/reports/new").status_code == 303
    answer = send(client, body="遅い")
    assert answer.status_code == 303
    assert "/login" in answer.location
    assert count() == 0


@pytest.mark.parametrize(
    "fields", [{"symptom": "entrance"}, {"body": "QRが赤い"}, {"symptom": "payment", "body": "カード"}]
)
def test_a_tile_or_a_sentence_is_enough(sign_in, cast, fields):
    answer = send(sign_in(cast.reader), **fields)
    assert (answer.status_code, answer.location) == (303, f"/reports/{last().id}?thanks=1")
    assert (last().reporter_id, last().key) == (cast.reader.id, "k1")


def test_a_double_tap_is_one_report_and_one_message(sign_in, cast):
    client = sign_in(cast.reader)
    assert {send(client, body="遅い").location for _ in range(3)} == {f"/reports/{last().id}?thanks=1"}
    assert count() == 1
    assert db.session.scalar(select(func.count(Delivery.id))) == 1


def test_a_report_without_a_key_is_taken_all_the_same(sign_in, cast):
    assert sign_in(cast.reader).post("/reports", data={"body": "遅い"}).status_code == 303


@pytest.mark.parametrize("key", ["k" * 500, "鍵\x00" * 40])
def test_a_strange_key_still_makes_a_double_tap_one(sign_in, cast, key):
    client = sign_in(cast.reader)
    for _ in range(2):
        assert send(client, key=key, body="遅い").status_code == 303
    assert count() == 1


def test_the_used_form_with_other_words_is_kept_and_can_be_sent_as_new(sign_in, cast):
    client = sign_in(cast.reader)
    send(client, body="遅い")
    answer = send(client, body="今度は決済です")
    assert answer.status_code == 409
    assert "今度は決済です" in answer.text
    assert f"/reports/{last().id}" in answer.text
    fresh = re.search(r'name="key" value="([^"]+)"', answer.text)[1]
    assert send(client, key=fresh, body="今度は決済です").status_code == 303
    assert count() == 2


@pytest.mark.parametrize("fields", [{}, {"body": " \u3000\u200b"}, {"symptom": "", "body": "\x00"}])
def test_nothing_chosen_and_nothing_written_is_said_in_words(sign_in, cast, fields):
    answer = send(sign_in(cast.reader), **fields)
    assert answer.status_code == 422
    assert 'id="summary"' in answer.text
    assert 'href="#body"' in answer.text
    assert "data-draft-fresh" in answer.text
    assert count() == 0


def test_a_megabyte_comes_back_with_the_form(sign_in, cast):
    body = "あ" * 350_000
    answer = send(sign_in(cast.reader), body=body, symptom="entrance")
    assert answer.status_code == 422
    assert body in answer.text
    assert re.search(r'value="entrance" checked', answer.text)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"customers": "たくさん"}, "customers"),
        ({"customers": "-3"}, "customers"),
        ({"customers": "1e9"}, "customers"),
        ({"customers": "99999999999999999999"}, "customers"),
        ({"since": "さっき"}, "since"),
        ({"since": "10:48"}, "since"),
        ({"since": "9999-99-99"}, "since"),
        ({"service": "999"}, "service"),
        ({"facility": "館" * 300}, "facility"),
        ({"symptom": "gone", "body": ""}, "symptom"),
    ],
)
def test_what_cannot_be_comes_back_with_everything_that_was_typed(sign_in, cast, fields, field):
    answer = send(sign_in(cast.reader), **{"body": "QRが赤い", **fields})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    for typed in {**{"body": "QRが赤い"}, **fields}.values():
        assert typed in answer.text or field in ("service", "symptom")
    assert count() == 0


@pytest.mark.parametrize(
    ("typed", "number"), [("40", 40), ("４０", 40), ("1,000", 1000), ("約40人", 40), ("0", 0), ("", None)]
)
def test_numbers_are_read_as_people_write_them(sign_in, cast, typed, number):
    send(sign_in(cast.reader), body="遅い", customers=typed)
    assert last().customers == number


@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("9:50", "2026-08-11T00:50:00+00:00"),
        ("10:46", "2026-08-11T01:46:00+00:00"),
        ("23:50", "2026-08-10T14:50:00+00:00"),
        ("2026-08-10T23:50", "2026-08-10T14:50:00+00:00"),
        ("2026-08-11T00:50:00Z", "2026-08-11T00:50:00+00:00"),
    ],
)
def test_since_when_is_the_organisations_wall_clock(sign_in, cast, typed, instant):
    send(sign_in(cast.reader), body="遅い", since=typed)
    assert last().since.isoformat() == instant


def test_a_facility_is_known_by_its_exact_name_or_reading_else_kept_as_typed(sign_in, cast, now):
    with writing() as session:
        for name in ("青葉パーク", "青葉パーク第二"):
            park = Facility(name=name, reading="", created_at=now)
            park.describe()
            session.add(park)
    client = sign_in(cast.reader)
    send(client, key="a", body="遅い", facility="青葉 パーク")
    assert last().facility.name == "青葉パーク"
    send(client, key="b", body="遅い", facility="青葉")
    assert (last().facility, last().facility_text) == (None, "青葉")


def test_a_service_is_given_by_id_or_name(sign_in, cast):
    client = sign_in(cast.reader)
    for typed in ("1", "入場管理", "admission"):
        send(client, key=typed, body="遅い", service=typed)
        assert last().service_id == 1


def test_a_tile_taken_away_while_the_form_was_open_still_counts(sign_in, cast, now):
    with writing() as session:
        session.get(hotline.Symptom, 1).retired_at = now
    send(sign_in(cast.reader), symptom="entrance")
    assert last().symptom_id == 1


def test_fields_for_later_stand_on_the_form_only_when_filled(sign_in, cast):
    client = sign_in(cast.reader)
    assert 'name="facility"' not in client.get("/reports/new").text
    assert 'value="青葉パーク"' in client.get("/reports/new?facility=青葉パーク").text


def test_markup_in_what_was_typed_stays_text(sign_in, cast):
    answer = send(sign_in(cast.reader), body="<script>alert(1)</script>", customers="x")
    assert "<script>alert" not in answer.text
    page = sign_in(cast.reader)
    send(page, body="<script>alert(1)</script>")
    assert "<script>alert" not in page.get(f"/reports/{last().id}").text


def test_another_site_cannot_report(sign_in, cast):
    answer = sign_in(cast.reader).post("/reports", data={"body": "遅い"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert count() == 0
