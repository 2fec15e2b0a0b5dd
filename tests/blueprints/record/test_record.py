"""Reading a record and writing it without a script: everybody reads, responders write, nothing is overwritten."""

from datetime import timedelta

import pytest

from domain import incidents, record
from domain.catalog import Service
from domain.db import db, writing

MARKUP = '<script>alert(1)</script><img src=x onerror="alert(2)">&amp;"\''


def section(incident, key):
    db.session.rollback()
    return record.section(incidents.by_code(incident.code), key)


def test_everybody_who_is_signed_in_reads_it(sign_in, cast, incident, write):
    write("what", "改札でQRコードを読めない")
    page = sign_in(cast.reader).get(incident.url)
    assert page.status_code == 200
    assert "改札でQRコードを読めない" in page.text
    assert f"{incident.url}/edit" not in page.text


def test_nobody_else_reads_it(client, incident):
    assert client.get(incident.url).status_code in (302, 303, 401)
    assert client.get(f"{incident.url}/what").status_code in (302, 303, 401)


@pytest.mark.parametrize(
    ("way", "method"), [("edit", "get"), ("what", "post"), ("what/audience", "post"), ("hypotheses", "post")]
)
def test_readers_do_not_write(sign_in, cast, incident, way, method):
    answer = getattr(sign_in(cast.reader), method)(
        f"{incident.url}/{way}", **({"data": {"text": "x"}} if method == "post" else {})
    )
    assert answer.status_code == 403
    assert section(incident, "what") is None


def test_the_record_is_there_with_the_declaration(sign_in, cast, incident):
    page = sign_in(cast.responder).get(incident.url).text
    assert "入場管理" in page  # what it touches
    assert "10:42" in page  # when it began


@pytest.mark.parametrize("way", ["/incidents/INC-99999/record", "/incidents/nothing/record"])
def test_an_incident_that_is_not_there_has_no_record(sign_in, cast, way):
    assert sign_in(cast.responder).get(way).status_code == 404


def test_planned_work_has_a_record_without_what_only_an_incident_has(sign_in, cast, incident, now):
    with writing():
        work = incidents.plan_maintenance(
            key="w", by=cast.admin, at=now, title="メンテナンス", services={db.session.get(Service, 2): "under_maintenance"}, began_at=now + timedelta(hours=1),
            ends_at=now + timedelta(hours=2), words={"situation": "点検します。"},
        )  # fmt: skip
        code = work.code
    client = sign_in(cast.admin)
    assert f"/incidents/{code}/record" in client.get(f"/incidents/{code}").text
    page = client.get(f"/incidents/{code}/record").text
    assert "気づいた時刻" not in page
    assert "点検します。" in page
    assert client.get(f"/incidents/{code}/report.pdf").status_code == 200


def test_a_section_that_is_not_there_is_unknown(sign_in, cast, incident):
    client = sign_in(cast.responder)
    assert client.get(f"{incident.url}/nothing").status_code == 404
    assert client.post(f"{incident.url}/h7", data={"text": "x", "seen": "0"}).status_code == 404


def test_a_section_is_saved_from_its_form(sign_in, cast, incident):
    client = sign_in(cast.responder)
    answer = client.post(f"{incident.url}/what", data={"text": "一行目\r\n二行目", "seen": "0"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{incident.url}/edit#e-what")
    assert section(incident, "what").text == "一行目\n二行目"


def test_an_older_form_is_refused_and_both_texts_are_shown(sign_in, cast, incident, write):
    write("what", "先に書かれた文")
    answer = sign_in(cast.admin).post(f"{incident.url}/what", data={"text": "あとから書いた文", "seen": "0"})
    assert answer.status_code == 409
    assert "先に書かれた文" in answer.text
    assert "あとから書いた文" in answer.text
    assert 'name="seen" value="1"' in answer.text
    assert section(incident, "what").text == "先に書かれた文"


def test_both_texts_together_are_saved_after_that(sign_in, cast, incident, write):
    write("what", "先の文")
    answer = sign_in(cast.admin).post(f"{incident.url}/what", data={"text": "先の文\n後の文", "seen": "1"})
    assert answer.status_code == 303
    assert section(incident, "what").text == "先の文\n後の文"


@pytest.mark.parametrize("seen", ["", "x", "-1", "99999999999999999999", "0x1"])
def test_a_form_that_does_not_say_what_it_saw_overwrites_nothing(sign_in, cast, incident, write, seen):
    write("what", "先の文")
    assert sign_in(cast.admin).post(f"{incident.url}/what", data={"text": "別", "seen": seen}).status_code == 409
    assert section(incident, "what").text == "先の文"


def test_too_much_is_refused_and_comes_back(sign_in, cast, incident, monkeypatch):
    monkeypatch.setattr(record, "MOST_TEXT", 10)
    answer = sign_in(cast.responder).post(f"{incident.url}/what", data={"text": "長い文章" * 5, "seen": "0"})
    assert answer.status_code == 422
    assert "長い文章" * 5 in answer.text


@pytest.mark.parametrize("key", record.SECTIONS)
def test_markup_is_shown_as_it_was_typed(sign_in, cast, incident, write, key):
    write(key, MARKUP)
    client = sign_in(cast.responder)
    for page in (client.get(incident.url), client.get(f"{incident.url}/edit"), client.get(f"{incident.url}/{key}")):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_a_first_empty_line_survives_the_form(sign_in, cast, incident, write):
    """A browser swallows the first line break of a text area."""
    assert "<textarea" in sign_in(cast.responder).get(f"{incident.url}/edit").text
    write("what", "x")
    page = sign_in(cast.responder).get(f"{incident.url}/edit").text
    assert 'name="text" rows="4" autocomplete="off" aria-describedby="w-what-hint">\nx</textarea>' in page


def test_a_record_of_two_hundred_kilobytes_is_shown(sign_in, cast, incident, write):
    write("facts", "2026-08-11T01:42:00Z ERROR gate-07 certificate verify failed\n" * 3400)
    assert sign_in(cast.reader).get(incident.url).status_code == 200


def test_the_page_asks_the_same_however_much_is_written(sign_in, cast, incident, write, count_queries):
    client = sign_in(cast.responder)
    client.get(incident.url)
    with count_queries() as few:
        client.get(incident.url)
    for key in record.SECTIONS:
        write(key, "文")
    with count_queries() as many:
        client.get(incident.url)
    assert len(many) <= len(few) + 1


def test_a_hypothesis_is_added_tested_and_judged(sign_in, cast, incident):
    client = sign_in(cast.responder)
    assert client.post(f"{incident.url}/hypotheses", data={"key": "k"}).headers["Location"].endswith("#e-h1")
    for key, text in (("h1", "アプリの更新"), ("h1-test", "前の版で読む"), ("h1-result", "読めた")):
        assert client.post(f"{incident.url}/{key}", data={"text": text, "seen": "0"}).status_code == 303
    assert client.post(f"{incident.url}/hypotheses/1", data={"verdict": "confirmed"}).status_code == 303
    page = sign_in(cast.reader).get(incident.url).text
    for words in ("アプリの更新", "前の版で読む", "読めた", "確かめた"):
        assert words in page


def test_a_verdict_that_is_none_is_refused(sign_in, cast, incident):
    client = sign_in(cast.responder)
    client.post(f"{incident.url}/hypotheses", data={"key": "k"})
    assert client.post(f"{incident.url}/hypotheses/1", data={"verdict": "x"}).status_code == 422
    assert client.post(f"{incident.url}/hypotheses/2", data={"verdict": "open"}).status_code == 404


def test_a_section_is_kept_internal(sign_in, cast, incident):
    sign_in(cast.responder).post(f"{incident.url}/cause/audience", data={"internal": "1"})
    assert section(incident, "cause").internal


def test_the_live_state_says_how_far_each_section_is(app, incident, write):
    write("what", "文")
    for level in ("reader", "responder"):
        html, _ = app.extensions["live"].render(f"record-{incident.id}", "ja", level)
        assert "&#34;what&#34;: 1" in html
    assert app.extensions["live"].render("record-99999", "ja", "reader") is None
    assert app.extensions["live"].render("record-x", "ja", "reader") is None
