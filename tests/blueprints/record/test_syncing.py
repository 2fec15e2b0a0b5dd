"""What editors send: merged for responders, refused with a reason for everybody else and for what cannot be read."""

import base64

import pycrdt
import pytest

from domain import carets, incidents, record
from domain.db import db, writing


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def typed(words):
    doc = pycrdt.Doc()
    text = doc.get("text", type=pycrdt.Text)
    text += words
    return doc


@pytest.fixture
def send(incident):
    def of(client, doc=None, **more):
        told = {"update": b64(doc.get_update()) if doc else "", "have": b64(doc.get_state()) if doc else "", **more}
        return client.post(f"{incident.url}/what/updates", json=told)

    return of


def test_what_is_sent_is_merged_and_what_is_lacking_comes_back(sign_in, cast, incident, write, send):
    write("what", "先に")
    doc = typed("あとで")
    came = send(sign_in(cast.admin), doc).json
    doc.apply_update(base64.b64decode(came["missing"]))
    db.session.rollback()
    assert record.section(incidents.by_code(incident.code), "what").text == str(doc.get("text", type=pycrdt.Text))
    assert came["seq"] == 2


def test_asking_alone_writes_nothing(sign_in, cast, incident, write, send, count_queries):
    write("what", "先に")
    with count_queries() as queries:
        came = send(sign_in(cast.admin), have=b64(pycrdt.Doc().get_state())).json
    assert not [one for one in queries if one.startswith(("INSERT", "UPDATE", "DELETE"))]
    doc = pycrdt.Doc()
    doc.apply_update(base64.b64decode(came["missing"]))
    assert str(doc.get("text", type=pycrdt.Text)) == "先に"


def test_readers_send_nothing(sign_in, cast, incident, send, client):
    assert send(sign_in(cast.reader), typed("x")).status_code == 403
    answer = client.post(f"{incident.url}/what/updates", json={}, headers={"Accept": "application/json"})
    assert answer.status_code in (303, 401)
    assert record.section(incidents.by_code(incident.code), "what") is None


@pytest.mark.parametrize(
    "told",
    [[], {}, "x", {"update": "!", "have": ""}, {"update": 1, "have": ""}, {"update": "", "have": None}, {"update": "AA=", "have": "x"}],
)  # fmt: skip
def test_what_is_no_message_is_a_400(sign_in, cast, incident, told):
    assert sign_in(cast.responder).post(f"{incident.url}/what/updates", json=told).status_code == 400


def test_what_is_no_json_is_refused(sign_in, cast, incident):
    assert sign_in(cast.responder).post(f"{incident.url}/what/updates", data=b"\x00\xff").status_code in (400, 415)


@pytest.mark.parametrize("update", [b"\xff\xff\xff", b"\x01\x02\x03garbage", b"\x00" * 30 + b"\x99"])
def test_what_cannot_be_merged_is_refused_with_a_sentence(sign_in, cast, incident, update, send):
    answer = send(sign_in(cast.responder), update=b64(update), have=b64(pycrdt.Doc().get_state()))
    assert answer.status_code in (200, 422)
    db.session.rollback()
    found = record.section(incidents.by_code(incident.code), "what")
    assert found is None or found.text == ""


def test_a_caret_is_told_to_the_others_until_it_leaves(app, sign_in, cast, incident, send):
    client = sign_in(cast.responder)
    send(client, typed("x"), tab="tab0tab0", section="what", caret="AAAA")
    fragment = lambda: app.extensions["live"].render(f"record-{incident.id}", "ja", "responder")[0]  # noqa: E731
    assert "tab0tab0" in fragment()
    assert "岡本" in fragment()
    client.post(
        f"{incident.url}/what/updates", json={"update": "", "have": "", "tab": "tab0tab0", "section": "", "caret": ""}
    )
    assert "tab0tab0" not in fragment()


def test_a_caret_is_forgotten_by_the_clock(app, cast, incident, now, clock):
    with writing():
        carets.put(incidents.by_code(incident.code), "tab0tab0", "what", "", by=cast.responder, at=now)
    assert len(carets.here(incidents.by_code(incident.code), now)) == 1
    assert carets.here(incidents.by_code(incident.code), clock.forward(seconds=46)) == []


@pytest.mark.parametrize(
    "caret",
    [
        {"tab": "<script>", "section": "what", "caret": ""},
        {"tab": "tab0tab0", "section": "nothing", "caret": ""},
        {"tab": "tab0tab0", "section": "what", "caret": "x" * 5000},
        {"tab": 1, "section": [], "caret": None},
    ],
)
def test_a_strange_caret_is_not_told_and_the_words_are_kept(app, sign_in, cast, incident, send, caret):
    told = {"update": b64(typed("文").get_update()), "have": "", **caret}
    assert sign_in(cast.responder).post(f"{incident.url}/what/updates", json=told).status_code == 200
    db.session.rollback()
    found = incidents.by_code(incident.code)
    assert record.section(found, "what").text == "文"
    assert carets.here(found, found.declared_at) == []


def test_nobody_moves_anothers_caret(cast, incident, now):
    with writing():
        carets.put(incidents.by_code(incident.code), "tab0tab0", "what", "A", by=cast.responder, at=now)
        carets.put(incidents.by_code(incident.code), "tab0tab0", "cause", "B", by=cast.admin, at=now)
        carets.put(incidents.by_code(incident.code), "tab0tab0", "", "", by=cast.admin, at=now)
    assert [(one.person_id, one.section) for one in carets.here(incidents.by_code(incident.code), now)] == [
        (cast.responder.id, "what")
    ]


def test_only_editors_get_what_was_written_with_the_stream(app, incident, write):
    write("what", "新しい")
    assert "fresh" in app.extensions["live"].render(f"record-{incident.id}", "ja", "responder")[0]
    assert "fresh" not in app.extensions["live"].render(f"record-{incident.id}", "ja", "reader")[0]


def test_a_hypothesis_to_write_in_is_for_responders(sign_in, cast, incident):
    sign_in(cast.responder).post(f"{incident.url}/hypotheses", data={"key": "k"})
    assert sign_in(cast.responder).get(f"{incident.url}/hypotheses/1").status_code == 200
    assert sign_in(cast.responder).get(f"{incident.url}/hypotheses/2").status_code == 404
    assert sign_in(cast.reader).get(f"{incident.url}/hypotheses/1").status_code == 403
