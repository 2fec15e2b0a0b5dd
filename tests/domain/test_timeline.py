"""The timeline: noted, put right with what was there kept, moved, struck and restored; many lines at once or none."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain import incidents, timeline
from domain.catalog import Service
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.incidents import Incident
from domain.people import Person
from domain.timeline import Entry


def person(number):
    return db.session.get_one(Person, number)


@pytest.fixture
def incident(app, now):
    with writing():
        return incidents.declare(
            key="declared", by=person(2), at=now, title="入場のQRコードが読み取れません", severity="major",
            services={db.session.get_one(Service, 1): "partial_outage"}, began_at=now,
            holding_words={"situation": "調べています。"},
        ).id  # fmt: skip


@pytest.fixture
def act(incident):
    """`act(verb)`: one transaction; the verb gets the incident."""

    def of(verb):
        with writing():
            return verb(db.session.get_one(Incident, incident))

    return of


@pytest.fixture
def note(act, now):
    def of(text="DB再起動", by=2, at=None, **more):
        return act(lambda incident: timeline.add(incident, text, by=person(by), at=at or now, **more).id)

    return of


def entry(number):
    db.session.rollback()
    return db.session.get_one(Entry, number)


def change(number, verb, *given, by=2, at, **more):
    with writing():
        getattr(db.session.get_one(Entry, number), verb)(*given, by=person(by), at=at, **more)


def count():
    db.session.rollback()
    return db.session.scalar(select(func.count(Entry.id)))


def test_a_note_says_what_when_and_who(note, now):
    one = entry(note("  DB再起動\n", kind="action"))
    assert (one.text, one.kind, one.happened_at, one.author.name, one.author_name) == (
        "DB再起動", "action", now, "岡本 沙織", "岡本 沙織",
    )  # fmt: skip


def test_it_may_have_happened_before(note, now):
    assert entry(note(happened_at=now - timedelta(hours=1))).happened_at == now - timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("", {}, "timeline_missing"),
        ("\u3000\u200b", {}, "timeline_missing"),
        ("あ" * 5001, {}, "timeline_long"),
        ("a", {"kind": "gossip"}, "timeline_kind"),
    ],
)
def test_what_is_no_note_is_refused(note, text, more, code):
    with pytest.raises(Refused, match=code):
        note(text, **more)


def test_the_future_is_refused_but_a_clock_may_be_a_little_ahead(note, now):
    note(happened_at=now + timedelta(minutes=4))
    with pytest.raises(Refused, match="timeline_future"):
        note(happened_at=now + timedelta(minutes=6))


def test_a_correction_keeps_what_was_there(note, now):
    number = note("DB再起勤")
    change(number, "correct", "DB再起動", at=now + timedelta(minutes=1), by=3)
    one = entry(number)
    assert one.text == "DB再起動"
    assert [(old.what, old.text, old.by.name) for old in one.versions] == [("correct", "DB再起勤", "高橋 由紀子")]


def test_the_same_words_again_change_nothing(note, now):
    number = note()
    change(number, "correct", " DB再起動 ", at=now)
    assert entry(number).versions == []


def test_two_who_correct_at_once_see_each_other(note, now):
    number = note("a")
    change(number, "correct", "b", at=now, seen="a")
    with pytest.raises(Conflict, match="timeline_changed_between"):
        change(number, "correct", "c", at=now, by=3, seen="a")
    assert entry(number).text == "b"


def test_a_moved_note_keeps_when_it_was_before(note, now):
    number = note()
    change(number, "move", now - timedelta(minutes=9), at=now)
    one = entry(number)
    assert (one.happened_at, one.versions[0].happened_at) == (now - timedelta(minutes=9), now)


def test_nothing_is_moved_into_the_future(note, now):
    number = note()
    with pytest.raises(Refused, match="timeline_future"):
        change(number, "move", now + timedelta(hours=1), at=now)


def test_what_is_struck_stays_and_comes_back(note, now):
    number = note()
    change(number, "strike", at=now, by=3)
    change(number, "strike", at=now + timedelta(minutes=1))
    assert (entry(number).struck_at, entry(number).struck_by_id) == (now, 3)
    change(number, "restore", at=now)
    assert entry(number).struck_at is None
    assert [old.what for old in entry(number).versions] == ["strike", "restore"]


def test_what_the_bridge_should_know_comes_in_order(note, act, now):
    note("late", for_bridge=True)
    note("early", for_bridge=True, happened_at=now - timedelta(minutes=5))
    note("not for the bridge")
    change(note("struck", for_bridge=True), "strike", at=now)
    before = now - timedelta(seconds=1)
    assert act(lambda one: [e.text for e in timeline.for_bridge_since(one, before)]) == ["early", "late"]
    assert act(lambda one: timeline.for_bridge_since(one, now)) == []


def lines(now, *texts):
    return [(now, text) for text in texts]


def add_all(act, given, at, key="k", by=2):
    return act(lambda incident: timeline.add_all(incident, given, by=person(by), at=at, key=key))


def test_many_lines_are_written_once_however_often_they_are_sent(act, now):
    assert [add_all(act, lines(now, "a", "b"), now) for _ in range(2)] == [2, 2]
    assert count() == 2


def test_two_people_pasting_ten_thousand_lines_lose_none(act, now):
    for key, by in (("k2", 2), ("k3", 3)):
        add_all(act, lines(now, *(f"行 {number}" for number in range(10_000))), now, key, by)
    assert count() == 20_000


def test_too_many_lines_are_refused_whole(act, now):
    with pytest.raises(Refused, match="timeline_many"):
        add_all(act, lines(now, *["x"] * 10_001), now)
    assert count() == 0


def test_a_line_that_cannot_be_taken_is_named_and_nothing_is_written(act, now):
    with pytest.raises(Refused, match="timeline_long_line") as refused:
        add_all(act, lines(now, "a", "あ" * 5001), now)
    assert refused.value.params["line"] == 2
    assert count() == 0


def test_a_key_of_somebody_else_is_a_conflict(act, now):
    add_all(act, lines(now, "a"), now)
    with pytest.raises(Conflict, match="key_used"):
        add_all(act, lines(now, "b"), now, by=3)


def test_an_entry_is_found_in_its_own_incident_only(act, note, now):
    number = note()
    with writing():
        other = incidents.declare(
            key="other", by=person(2), at=now, title="別の障害です", severity="minor",
            services={db.session.get_one(Service, 2): "degraded_performance"}, began_at=now,
            holding_words={"situation": "調べています。"},
        )  # fmt: skip
        assert timeline.found(other, number) is None
    assert act(lambda one: timeline.found(one, number)).id == number
