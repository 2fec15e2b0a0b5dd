"""Any order of edits, drops and reconnects gives everybody the same text, and the database too."""

from datetime import timedelta

import pycrdt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import incidents, record
from domain.catalog import Service
from domain.db import db, writing

WORDS = st.text(alphabet="あ漢🙂a\n ", min_size=1, max_size=6)
WRITER = st.integers(0, 2)
STEP = st.one_of(
    st.tuples(st.just("type"), WRITER, st.integers(0, 40), WORDS),
    st.tuples(st.just("delete"), WRITER, st.integers(0, 40), st.integers(1, 5)),
    st.tuples(st.just("sync"), WRITER, st.just(0), st.just(0)),
    st.tuples(st.just("lost answer"), WRITER, st.just(0), st.just(0)),
    st.tuples(st.just("lost request"), WRITER, st.just(0), st.just(0)),
    st.tuples(st.just("reload"), WRITER, st.just(0), st.just(0)),
)


class Writer:
    """A browser as `static/editor.js` is one: it sends everything that the server lacked when it last answered."""

    def __init__(self):
        self.server = b""
        self.open(b"")

    def open(self, kept):
        self.doc = pycrdt.Doc()
        self.text = self.doc.get("text", type=pycrdt.Text)
        if kept:
            self.doc.apply_update(kept)

    def at(self, place):
        """The byte at which a character begins."""
        said = str(self.text)
        return len(said[: min(place, len(said))].encode())

    def act(self, what, place, more):
        start = self.at(place)
        if what == "type":
            self.text.insert(start, more)
        elif (end := self.at(place + more)) > start:
            del self.text[start:end]

    def exchange(self, incident, by, at, *, answered):
        update = self.doc.get_update(self.server) if self.server else self.doc.get_update()
        with writing():
            came = record.merge(incident, "what", update, self.doc.get_state(), by=by, at=at)
        if answered:
            self.doc.apply_update(came.missing)
            self.server = came.state

    def reload(self):
        """What was not sent lies on the device; the rest comes from the server."""
        self.open(self.doc.get_update())
        self.server = b""


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, max_size=30))
def test_everybody_and_the_database_end_with_the_same_text(app, cast, now, monkeypatch, steps):
    # So that the log is packed under the hands of who was away meanwhile.
    monkeypatch.setattr(record, "PACK", 4)
    with writing():
        incident = incidents.declare(
            key=f"k{record.db.session.query(incidents.Incident).count()}", by=cast.responder, at=now, title="障害",
            severity="minor", services={db.session.get(Service, 1): "partial_outage"}, began_at=now, holding=False,
        )  # fmt: skip
    writers = [Writer() for _ in range(3)]
    at = now
    for what, who, place, more in steps:
        at += timedelta(seconds=40)
        if what in ("type", "delete"):
            writers[who].act(what, place, more)
        elif what == "reload":
            writers[who].reload()
        elif what != "lost request":
            writers[who].exchange(incident, cast.responder, at, answered=what == "sync")
    for _ in range(2):
        for writer in writers:
            writer.exchange(incident, cast.responder, at, answered=True)
    section = record.section(incident, "what")
    assert {str(writer.text) for writer in writers} == {section.text}
    assert record.documents([section])["what"].text == section.text
