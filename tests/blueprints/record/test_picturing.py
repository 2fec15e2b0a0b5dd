"""Pictures in a record: encoded anew, handed out as what they are, shown where a section names them."""

from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader

from domain import incidents, pictures, record
from domain.db import db


def picture(size=(40, 20), kind="PNG", **more):
    data = BytesIO()
    Image.new("RGB", size, "red").save(data, kind, **more)
    return data.getvalue()


@pytest.fixture
def send(incident):
    def of(client, data, name="<b>図.png", key="k", **more):
        return client.post(
            f"{incident.url}/facts/pictures", data={"photo": (BytesIO(data), name), "key": key, **more}
        )  # fmt: skip

    return of


def facts(incident):
    db.session.rollback()
    found = record.section(incidents.by_code(incident.code), "facts")
    return found.text if found else ""


def test_a_form_puts_it_at_the_end_of_the_section(sign_in, cast, incident, write, send):
    write("facts", "ログ")
    assert send(sign_in(cast.responder), picture()).status_code == 303
    assert facts(incident) == "ログ\n[画像1]"


def test_an_editor_gets_the_mark_and_puts_it_itself(sign_in, cast, incident, send):
    client = sign_in(cast.responder)
    answer = client.post(
        f"{incident.url}/what/pictures", data={"photo": (BytesIO(picture()), "x.png"), "place": "caret"},
        headers={"Accept": "application/json"},
    )  # fmt: skip
    assert answer.json == {"number": 1, "mark": "[画像1]"}
    assert facts(incident) == ""


def test_everybody_who_is_signed_in_sees_it_as_what_it_is(sign_in, cast, incident, send, client):
    send(sign_in(cast.responder), picture())
    answer = sign_in(cast.reader).get(f"{incident.url}/pictures/1")
    assert answer.content_type == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert Image.open(BytesIO(answer.data)).size == (40, 20)
    assert client.get(f"{incident.url}/pictures/1").status_code in (302, 303, 401)
    assert sign_in(cast.reader).get(f"{incident.url}/pictures/2").status_code == 404


def test_another_incident_does_not_show_it(sign_in, cast, incident, send, now):
    from domain.catalog import Service
    from domain.db import writing

    send(sign_in(cast.responder), picture())
    with writing():
        other = incidents.declare(
            key="other", by=cast.responder, at=now, title="別の障害", severity="minor", began_at=now, holding=False,
            services={db.session.get(Service, 1): "partial_outage"},
        ).code  # fmt: skip
    assert sign_in(cast.reader).get(f"/incidents/{other}/record/pictures/1").status_code == 404


def test_the_bytes_that_came_in_are_never_kept(sign_in, cast, incident, send):
    data = picture(kind="JPEG", comment=b"<script>alert(1)</script>")
    send(sign_in(cast.responder), data)
    kept = sign_in(cast.reader).get(f"{incident.url}/pictures/1").data
    assert kept != data
    assert b"<script>" not in kept


@pytest.mark.parametrize("data", [b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"GIF89a"])  # fmt: skip
def test_what_is_no_picture_is_refused_with_a_sentence(sign_in, cast, incident, send, data):
    answer = send(sign_in(cast.responder), data)
    assert answer.status_code == 422
    assert facts(incident) == ""
    assert pictures.of(incidents.by_code(incident.code)) == {}


def test_thirty_megabytes_are_refused(sign_in, cast, incident):
    answer = sign_in(cast.responder).post(
        f"{incident.url}/facts/pictures", input_stream=BytesIO(b"x"), environ_overrides={"CONTENT_LENGTH": str(30 * 1024 * 1024)},
        content_type="multipart/form-data; boundary=x",
    )  # fmt: skip
    assert answer.status_code == 413
    assert "15" in answer.text
    assert pictures.of(incidents.by_code(incident.code)) == {}


def test_the_same_form_twice_is_one_picture(sign_in, cast, incident, send):
    client = sign_in(cast.responder)
    for _ in range(2):
        send(client, picture())
    assert facts(incident) == "[画像1]"


def test_too_many_are_refused(sign_in, cast, incident, send, monkeypatch):
    monkeypatch.setattr(pictures, "MOST", 1)
    client = sign_in(cast.responder)
    assert send(client, picture()).status_code == 303
    assert send(client, picture(), key="k2").status_code == 422


def test_readers_add_none(sign_in, cast, incident, send):
    assert send(sign_in(cast.reader), picture()).status_code == 403


def test_it_stands_in_the_record_and_in_the_report(sign_in, cast, incident, send):
    send(sign_in(cast.responder), picture())
    client = sign_in(cast.reader)
    src = f'src="{incident.url}/pictures/1"'
    for page in (client.get(incident.url).text, client.get(f"/incidents/{incident.code}/report").text):
        assert src in page
        assert "<b>図" not in page
    assert "/record/pictures/1)" in client.get(f"/incidents/{incident.code}/report.md").text
    pages = PdfReader(BytesIO(client.get(f"/incidents/{incident.code}/report.pdf").data)).pages
    assert sum(len(page.images) for page in pages) == 1


def test_partners_get_no_picture_of_an_internal_section(sign_in, cast, incident, send):
    send(sign_in(cast.responder), picture())
    page = sign_in(cast.reader).get(f"/incidents/{incident.code}/report?for=partners").text
    assert "/pictures/1" not in page


def test_a_picture_that_is_not_there_is_its_mark(sign_in, cast, incident, write):
    write("what", "前[画像9]後")
    assert "[画像9]" in sign_in(cast.reader).get(incident.url).text
