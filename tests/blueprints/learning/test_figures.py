"""The page of figures, its plots and tables, CSV and JSON; who sees them."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest

from domain import hotline, tokens
from domain.db import db, writing
from domain.figures import FORMS
from domain.incidents import Incident
from domain.people import Person


def page(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def played(incident, now):
    """A report that was none, and an incident that is over after half an hour."""
    with writing():
        found = db.session.get_one(Incident, incident.id)
        found.resolved_at = now + timedelta(minutes=30)
        report = hotline.file(
            key="r", by=db.session.get_one(Person, 4), at=now, symptom=None, body="=cmd|' /C calc'!A0"
        )
        report.judge("no_incident", by=db.session.get_one(Person, 2), at=now)


def test_every_figure_has_a_definition_a_plot_and_a_table(sign_in, cast, played):
    shown = page(sign_in(cast.reader).get("/figures"))
    for code in FORMS:
        (part,) = re.findall(rf'<section[^>]*id="{code}">.*?</section>', shown, re.S)
        assert len(re.findall(r'<svg class="bars" role="img" aria-label="[^"]{10,}', part)) == 1
        assert part.count("<tr>") >= 13
        assert len(re.search(r'<p class="small soft">(.*?)</p>', part)[1]) > 20
    assert "style=" not in shown


def test_reports_that_were_none_are_counted_proudly(sign_in, cast, played):
    shown = page(sign_in(cast.reader).get("/figures"))
    assert "教えてくださってありがとうございます" in shown
    assert "1件は、調べた結果、障害ではありませんでした" in shown
    assert "佐藤" in shown


@pytest.mark.parametrize("until", ["2026-08", "2024-01", "2026-13", "9999-01", "x", "2026-08-01", "1970-01", "2999-12"])
def test_any_month_can_be_asked_for(sign_in, cast, played, until):
    assert sign_in(cast.reader).get(f"/figures?until={until}").status_code == 200


def test_an_empty_house_has_the_page_too(sign_in, cast, app):
    assert sign_in(cast.reader).get("/figures").status_code == 200
    assert sign_in(cast.reader).get("/figures.json").status_code == 200


def test_the_file_has_every_month_and_the_whole(sign_in, cast, played):
    answer = sign_in(cast.reader).get("/figures.csv")
    rows = list(csv.DictReader(io.StringIO(page(answer).removeprefix("\ufeff"))))
    assert [row["figure"] for row in rows if row["month"] == "all"] == list(FORMS)
    (duration,) = [row for row in rows if (row["figure"], row["month"]) == ("duration", "2026-08")]
    assert (duration["value"], duration["of"], duration["unit"]) == ("30.0", "1", "minutes")
    assert duration["definition"]


def test_machines_read_json_with_a_token(app, client, cast, played, now):
    with writing():
        secret = tokens.issue("api", by=db.session.get_one(Person, 1), at=now, name="figures")[1]
    answer = client.get("/figures.json", headers={"Authorization": f"Bearer {secret}"})
    found = {one["code"]: one for one in json.loads(page(answer))["figures"]}
    assert found["none_reports"]["all"] == {"value": 1, "of": 1, "tenth": None}
    assert found["duration"]["months"] == [{"month": "2026-08", "value": 30.0, "of": 1, "tenth": 30.0}]
    assert client.get("/figures.json", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_who_is_not_signed_in_sees_nothing(client, played):
    for path in ("/figures", "/figures.csv", "/figures.json"):
        assert client.get(path).status_code in (303, 401)


def test_a_commit_is_seen_at_once(sign_in, cast, played, now):
    client = sign_in(cast.reader)
    before = json.loads(page(client.get("/figures.json")))
    with writing():
        hotline.file(key="r2", by=db.session.get_one(Person, 4), at=now, symptom=None, body="もう1件")
    after = json.loads(page(client.get("/figures.json")))
    assert after["figures"][0]["all"]["value"] == before["figures"][0]["all"]["value"] + 1


def test_english_is_whole_too(sign_in, cast, played):
    client = sign_in(cast.reader)
    client.set_cookie("language", "en")
    shown = page(client.get("/figures"))
    assert "Promises of the next update kept" in shown
    assert "Thank you for telling us" in shown
