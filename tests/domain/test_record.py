"""The record: written by forms and merged from many browsers; nothing is overwritten, every version is kept."""

from contextlib import suppress
from datetime import timedelta

import pycrdt
import pytest
from sqlalchemy import func, select

from domain import incidents, record, record_known
from domain.catalog import Service
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.record_tables import Merged, Section


@pytest.fixture
def incident(cast, now):
    with writing():
        return incidents.declare(
            key="declared", by=cast.responder, at=now, title="入場のQRコードが読み取れません", severity="major",
            services={db.session.get(Service, 1): "partial_outage"}, began_at=now - timedelta(minutes=20), holding=False,
        )  # fmt: skip


class Browser:
    """Somebody's document, as the editor keeps it."""

    def __init__(self, incident, key, by, at):
        self.incident, self.key, self.by, self.at = incident, key, by, at
        self.doc = pycrdt.Doc()
        self.text = self.doc.get("text", type=pycrdt.Text)
        self.known = b""

    def type(self, words, at=None):
        self.text.insert(len(str(self.text).encode()) if at is None else at, words)

    def sync(self, at=None):
        update = self.doc.get_update(self.known) if self.known else self.doc.get_update()
        with writing():
            came = record.merge(
                self.incident, self.key, update, self.doc.get_state(), by=self.by, at=at or self.at
            )  # fmt: skip
        self.doc.apply_update(came.missing)
        self.known = came.state
        return came


def kept(incident, key):
    db.session.rollback()
    return record.section(incident, key)


def test_a_section_is_there_before_anybody_wrote(incident):
    assert record.has(incident, "what")
    assert record.section(incident, "what") is None


@pytest.mark.parametrize("key", ["nothing", "h1", "h0", "what-test", "", "h99999999"])
def test_there_are_no_other_sections(incident, key):
    assert not record.has(incident, key)


def test_a_form_saves_its_text(incident, cast, now):
    with writing():
        record.write(incident, "what", "入場できない\r\n", seen=0, by=cast.responder, at=now)
    assert kept(incident, "what").text == "入場できない"


def test_a_form_that_saw_an_older_text_is_refused(incident, cast, now):
    with writing():
        record.write(incident, "what", "一つ目", seen=0, by=cast.responder, at=now)
    with pytest.raises(Conflict, match="record_changed_between"), writing():
        record.write(incident, "what", "二つ目", seen=0, by=cast.admin, at=now)
    assert kept(incident, "what").text == "一つ目"


def test_the_same_text_again_changes_nothing(incident, cast, now):
    for _ in range(2):
        with writing():
            record.write(incident, "what", "同じ", seen=0, by=cast.responder, at=now)
    assert kept(incident, "what").seq == 1


def test_what_two_write_at_once_is_merged(incident, cast, now):
    one = Browser(incident, "what", cast.responder, now)
    other = Browser(incident, "what", cast.admin, now)
    one.type("障害🙂")
    other.type("別の人")
    one.sync()
    other.sync()
    one.sync()
    assert str(one.text) == str(other.text) == kept(incident, "what").text
    assert {"障害🙂", "別の人"} <= {kept(incident, "what").text[:3], kept(incident, "what").text[3:]}


def test_an_update_that_comes_again_changes_nothing(incident, cast, now):
    one = Browser(incident, "what", cast.responder, now)
    one.type("一度")
    update = one.doc.get_update()
    for _ in range(3):
        with writing():
            record.merge(incident, "what", update, b"", by=cast.responder, at=now)
    assert (kept(incident, "what").text, kept(incident, "what").seq) == ("一度", 1)


def test_a_deletion_is_merged(incident, cast, now):
    one = Browser(incident, "what", cast.responder, now)
    one.type("abc")
    one.sync()
    del one.text[1:2]
    one.sync()
    assert kept(incident, "what").text == "ac"


@pytest.mark.parametrize("update", [b"\xff\xff\xff", b"hello", b"\x01", b"\x00" * 50 + b"\xff" * 50])
def test_what_is_no_update_is_refused_or_does_nothing(incident, cast, now, update):
    with suppress(Refused), writing():
        record.merge(incident, "what", update, b"", by=cast.responder, at=now)
    assert kept(incident, "what") is None or kept(incident, "what").text == ""


def test_a_state_that_is_none_is_refused(incident, cast, now):
    with pytest.raises(Refused), writing():
        record.merge(incident, "what", b"", b"\xff\xff\xff\xff", by=cast.responder, at=now)


def test_what_no_table_takes_is_left_out_of_the_plain_text(incident, cast, now):
    one = Browser(incident, "what", cast.responder, now)
    one.type("a\x00b\u202ec")
    one.sync()
    assert kept(incident, "what").text == "abc"


def test_a_form_writes_between_live_writers(incident, cast, now):
    one = Browser(incident, "what", cast.responder, now)
    one.type("始まり。終わり。")
    seen = one.sync().seq
    with writing():
        record.write(incident, "what", "始まり。真ん中🙂。終わり。", seen=seen, by=cast.admin, at=now)
    one.type("あとから。")
    one.sync()
    assert kept(incident, "what").text == str(one.text) == "始まり。真ん中🙂。終わり。あとから。"


def test_the_log_is_packed_and_says_the_same(incident, cast, now):
    one = Browser(incident, "what", cast.responder, now)
    for number in range(record.PACK + 5):
        one.type(f"{number} ")
        one.sync()
    section = kept(incident, "what")
    assert section.packed_seq == record.PACK
    assert db.session.scalar(select(func.count(Merged.id)).where(Merged.section_id == section.id)) == 5
    assert record.documents([section])["what"].text == section.text == str(one.text)


def test_too_much_is_refused_and_what_was_there_stays(incident, cast, now, monkeypatch):
    monkeypatch.setattr(record, "MOST_TEXT", 10)
    one = Browser(incident, "what", cast.responder, now)
    one.type("x" * 10)
    one.sync()
    one.type("y")
    with pytest.raises(Refused, match="record_long"):
        one.sync()
    assert kept(incident, "what").text == "x" * 10


def test_writing_for_some_minutes_is_one_version_with_its_authors(incident, cast, now):
    one, other = Browser(incident, "what", cast.responder, now), Browser(incident, "what", cast.admin, now)
    one.type("一")
    one.sync()
    other.type("二")
    other.sync(now + timedelta(minutes=2))
    one.type("三")
    one.sync(now + timedelta(minutes=6))
    newest, oldest = record.history(kept(incident, "what"))
    assert (oldest.authors, newest.authors) == ([cast.responder.id, cast.admin.id], [cast.responder.id])


def test_what_is_deleted_at_once_stays_as_a_version(incident, cast, now):
    one = Browser(incident, "what", cast.responder, now)
    one.type("長い文章です。" * 10)
    one.sync()
    del one.text[0 : len("長い文章です。".encode()) * 9]
    one.sync()
    section = kept(incident, "what")
    found = record.versions(section, [1, 2])
    assert record.said_in(found[1], section) == "長い文章です。" * 10
    assert record.said_in(found[2], section) == section.text == "長い文章です。"


def test_an_older_version_is_restored_and_the_newer_stays_in_the_history(incident, cast, now):
    for number, text in enumerate(("一つ目の文章", "まったく別のことが書いてある、二つ目の長い文章")):
        with writing():
            record.write(
                incident, "what", text, seen=number, by=cast.responder, at=now + timedelta(hours=number)
            )  # fmt: skip
    with writing():
        record.restore(incident, "what", 1, seen=2, by=cast.admin, at=now + timedelta(hours=2))
    section = kept(incident, "what")
    assert section.text == "一つ目の文章"
    newest, second, _ = record.history(section)
    assert (newest.what, newest.restored, newest.authors) == ("restore", 1, [cast.admin.id])
    assert record.versions(section, [second.number])[second.number].text.startswith("まったく別")


def test_restoring_over_what_somebody_just_wrote_is_refused(incident, cast, now):
    with writing():
        record.write(incident, "what", "一", seen=0, by=cast.responder, at=now)
    with pytest.raises(Conflict), writing():
        record.restore(incident, "what", 1, seen=0, by=cast.admin, at=now)


def test_the_same_hypothesis_form_twice_is_one_hypothesis(incident, cast, now):
    for _ in range(2):
        with writing():
            record.suppose(incident, key="k1", by=cast.responder, at=now, text="アプリの更新")
    assert [one.number for one in record.hypotheses(incident)] == [1]
    assert record.has(incident, "h1-result")
    assert kept(incident, "h1").text == "アプリの更新"


def test_a_hypothesis_is_judged(incident, cast, now):
    with writing():
        record.suppose(incident, key="k1", by=cast.responder, at=now)
        record.judge(incident, 1, "refuted", by=cast.responder, at=now)
    assert record.hypotheses(incident)[0].verdict == "refuted"
    with pytest.raises(Refused), writing():
        record.judge(incident, 1, "wrong", by=cast.responder, at=now)


def test_facts_and_hypotheses_are_internal_until_somebody_lets_them_out(incident, cast, now):
    assert [record.is_internal(key, None) for key in ("what", "facts", "h1")] == [False, True, True]
    with writing():
        record.mark(incident, "facts", False, by=cast.responder, at=now)
    assert not record.is_internal("facts", kept(incident, "facts"))


def test_the_portal_knows_the_times(incident, now):
    known = record_known.of(incident)
    assert (known.began, known.noticed, known.declared) == (now - timedelta(minutes=20), now, now)
    assert (known.mitigated, known.restored, known.customers) == (None, None, None)


def test_the_plain_text_is_readable_in_the_database(incident, cast, now):
    with writing():
        record.write(incident, "cause", "証明書の期限切れ", seen=0, by=cast.responder, at=now)
    assert db.session.scalar(select(Section.text).where(Section.key == "cause")) == "証明書の期限切れ"


def test_who_was_offline_for_two_days_is_merged_although_the_log_was_packed(incident, cast, now, monkeypatch):
    monkeypatch.setattr(record, "PACK", 3)
    away, here = (Browser(incident, "what", by, now) for by in (cast.responder, cast.admin))
    away.type("出かける前。")
    away.sync()
    here.sync()
    away.type("電車で書いた。", at=0)
    for number in range(8):
        here.type(f"{number}。")
        here.sync(now + timedelta(hours=5 * number))
    away.sync(now + timedelta(days=2))
    here.sync(now + timedelta(days=2))
    assert str(away.text) == str(here.text) == kept(incident, "what").text
    assert str(here.text).startswith("電車で書いた。出かける前。0。")
