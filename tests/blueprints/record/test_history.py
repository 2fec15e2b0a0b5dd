"""The history of a section: everybody reads it, responders go back, nothing is overwritten by that."""

from datetime import timedelta

import pytest

from domain import incidents, record
from domain.db import db, writing


@pytest.fixture
def twice(incident, cast, now):
    """A section that said one thing, and another an hour later."""
    for number, text in enumerate(("改札で<b>読めない</b>", "受付で読めない。" * 10)):
        with writing():
            record.write(
                incidents.by_code(incident.code), "what", text, seen=number, by=(cast.responder, cast.admin)[number],
                at=now + timedelta(hours=number),
            )  # fmt: skip
    return f"{incident.url}/what"


def said(incident):
    db.session.rollback()
    return record.section(incidents.by_code(incident.code), "what").text


def test_everybody_sees_who_wrote_what_when(sign_in, cast, twice):
    page = sign_in(cast.reader).get(f"{twice}/history")
    assert page.status_code == 200
    for words in ("岡本 沙織", "大塚 仁", "<ins>", "&lt;b&gt;"):
        assert words in page.text
    assert "/restorations" not in page.text


def test_a_section_that_nobody_wrote_has_an_empty_history(sign_in, cast, incident):
    assert sign_in(cast.reader).get(f"{incident.url}/cause/history").status_code == 200


@pytest.mark.parametrize("version", ["0", "99", "x", "-1", "9" * 30])
def test_a_version_that_is_not_there_shows_the_newest(sign_in, cast, twice, version):
    page = sign_in(cast.reader).get(f"{twice}/history?version={version}")
    assert page.status_code == 200
    assert "大塚 仁" in page.text


def test_a_responder_goes_back(sign_in, cast, incident, twice):
    answer = sign_in(cast.responder).post(f"{twice}/restorations", data={"number": "1", "seen": "2"})
    assert answer.status_code == 303
    assert said(incident) == "改札で<b>読めない</b>"


def test_not_over_what_somebody_wrote_meanwhile(sign_in, cast, incident, twice):
    answer = sign_in(cast.responder).post(f"{twice}/restorations", data={"number": "1", "seen": "1"})
    assert answer.status_code == 409
    assert said(incident) == "受付で読めない。" * 10


@pytest.mark.parametrize("number", ["", "0", "77", "x"])
def test_there_is_no_going_back_to_what_never_was(sign_in, cast, incident, twice, number):
    answer = sign_in(cast.responder).post(f"{twice}/restorations", data={"number": number, "seen": "2"})
    assert answer.status_code == 422


def test_readers_do_not_go_back(sign_in, cast, incident, twice):
    answer = sign_in(cast.reader).post(f"{twice}/restorations", data={"number": "1", "seen": "2"})
    assert answer.status_code == 403
    assert said(incident) == "受付で読めない。" * 10
