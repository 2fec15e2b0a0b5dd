"""From Slack into the timeline: a message that carries the mark, with its author, words, files; struck, followed."""

import json
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from PIL import Image
from sqlalchemy import func, select

from domain import incidents, mobilising
from domain.catalog import Service
from domain.db import db, writing
from domain.outbox import Delivery
from domain.people import Person
from domain.timeline import Entry
from tests.blueprints.slack.conftest import BASE, ITO, OKAMOTO, OTSUKA, SATO, TAKAHASHI, whispers

WATANABE = "U0WATANABE"
"""In Slack, and unknown to the portal."""


@pytest.fixture
def declare(cast, clock, slack):
    """Declares an incident whose channel is there; nothing else of it goes out."""
    channel = slack.workspace.create("incident")
    channel.members += list(slack.workspace.users)

    def of(key="declared", **more):
        with writing():
            made = incidents.declare(
                key=key, by=db.session.get_one(Person, 2), at=clock.at, title="QRコードが読めません", severity="minor",
                services={db.session.get(Service, 1): "partial_outage"}, began_at=clock.at,
                holding_words={"situation": "調べています。"}, **more,
            )  # fmt: skip
            for step in mobilising.steps(made):
                step.drop(clock.at)
            mobilising.of(made).channel_id = channel.id
            return SimpleNamespace(id=made.id, code=made.code, channel=channel.id)

    return of


@pytest.fixture
def incident(declare):
    return declare()


@pytest.fixture
def say(slack, incident):
    """A message in the incident's channel; its `ts`."""

    def of(text="DBを再起動した", user=TAKAHASHI, **more):
        return slack.write(text, user, incident.channel, **more)["ts"]

    return of


@pytest.fixture
def mark(slack, incident, deliver):
    """Puts :memo: to a message, or takes it away, and lets the worker do its work."""

    def of(ts, user=OKAMOTO, name="memo"):
        status, _ = slack.react(incident.channel, ts, name, user)
        deliver()
        return status

    return of


def entries():
    db.session.rollback()
    return list(db.session.scalars(select(Entry).order_by(Entry.id)))


def test_a_marked_message_is_noted_with_author_time_link_and_text(say, mark, slack, incident, clock):
    ts = say("<https://example.jp|見て> DBを再起動した & 監視中 <@U0ITO>")
    assert mark(ts) == 200
    [entry] = entries()
    assert (entry.author_id, entry.author_name, entry.marked_by) == (3, "高橋 由紀子", "岡本 沙織")
    assert entry.text == "<https://example.jp|見て> DBを再起動した & 監視中 <@U0ITO>"
    assert abs(entry.happened_at - clock.at) < timedelta(seconds=1)
    assert entry.incident_id == incident.id
    assert entry.slack_link == f"{slack.url}archives/{incident.channel}/p{ts.replace('.', '')}"


def test_names_and_links_are_read_as_people_read_them(say, mark, slack, incident):
    ts = say("x")
    slack.workspace.message(slack.workspace.channel(incident.channel), ts)["text"] = "<@U0ITO>さん &lt;b&gt; <!here>"
    mark(ts)
    assert entries()[0].text == "@伊藤 航さん <b> @here"


def test_the_time_is_that_of_the_message_and_not_of_the_mark(say, mark, clock):
    ts, sent = say(), clock.at
    clock.forward(minutes=30)
    mark(ts)
    assert sent <= entries()[0].happened_at < sent + timedelta(seconds=1)


def test_an_answer_in_a_thread_is_noted_as_well(say, mark):
    top = say()
    mark(say("スレッドの返事", thread_ts=top))
    assert [one.text for one in entries()] == ["スレッドの返事"]


def test_whom_the_portal_does_not_know_is_called_as_slack_calls_them(say, mark):
    mark(say(user=WATANABE))
    [entry] = entries()
    assert (entry.author_id, entry.author_name) == (None, "渡辺 健")


def picture(kind="PNG"):
    data = BytesIO()
    Image.new("RGB", (3, 2), "red").save(data, kind)
    return data.getvalue()


def test_files_are_included_and_kept(say, mark, sign_in, cast, incident):
    mark(say("画面です", files=(("画面.png", picture()), ("a.log", b"<script>x</script>"))))
    [entry] = entries()
    assert [(one.name, one.media_type, one.width) for one in entry.files] == [
        ("画面.png", "image/png", 3), ("a.log", "application/octet-stream", None),
    ]  # fmt: skip
    client, url = sign_in(cast.reader), f"/incidents/{incident.code}/timeline"
    shown, log = (client.get(f"{url}/files/{one.id}") for one in entry.files)
    assert shown.mimetype == "image/png"
    assert shown.headers["Content-Disposition"].startswith('inline; filename="_.png"')
    assert shown.headers["Content-Disposition"].isascii()
    assert f"filename*=UTF-8''{quote('画面.png')}" in shown.headers["Content-Disposition"]
    assert Image.open(BytesIO(shown.data)).size == (3, 2)
    assert log.mimetype == "application/octet-stream"
    assert log.headers["Content-Disposition"].startswith('attachment; filename="a.log"')
    assert log.headers["X-Content-Type-Options"] == "nosniff"
    html = client.get(url).text
    assert f'src="{url}/files/{entry.files[0].id}"' in html
    assert f'href="{url}/files/{entry.files[1].id}" download' in html


def test_files_are_for_who_is_signed_in_and_of_this_incident(client, say, mark, sign_in, cast, incident, declare):
    mark(say("x", files=(("a.log", b"x"),)))
    number = entries()[0].files[0].id
    other = declare("other").code
    assert client.get(f"/incidents/{incident.code}/timeline/files/{number}").status_code == 303
    reader = sign_in(cast.reader)
    assert reader.get(f"/incidents/{incident.code}/timeline/files/{number + 1}").status_code == 404
    assert reader.get(f"/incidents/{other}/timeline/files/{number}").status_code == 404


def test_what_says_that_it_is_a_picture_and_is_none_is_only_downloaded(say, mark, sign_in, cast, incident):
    mark(say("x", files=(("a.png", b"\x89PNG<script>"),)))
    [file] = entries()[0].files
    answer = sign_in(cast.reader).get(f"/incidents/{incident.code}/timeline/files/{file.id}")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("scopes", [("files:read",), ()])
def test_a_file_that_may_not_be_read_is_linked(say, mark, slack, scopes, sign_in, cast, incident):
    slack.scopes = frozenset({"channels:history", "users:read", *scopes})
    mark(say("x", files=(("a.log", b"x"),)))
    [file] = entries()[0].files
    assert file.kept is bool(scopes)
    html = sign_in(cast.reader).get(f"/incidents/{incident.code}/timeline", headers={"Accept-Language": "en"}).text
    assert (file.link in html) is not bool(scopes)
    assert "Not delivered:" not in html


def test_a_file_that_is_too_large_is_linked(monkeypatch, say, mark):
    monkeypatch.setattr("domain.slack_notes.LARGEST_FILE", 3)
    mark(say("x", files=(("a.log", b"1234"), ("b.log", b"123"))))
    assert [one.kept for one in entries()[0].files] == [False, True]


def test_a_file_added_later_comes_along_and_none_comes_twice(say, mark, slack, incident, deliver):
    ts = say("x", files=(("a.log", b"x"),))
    mark(ts)
    slack.edit(incident.channel, ts, "y", TAKAHASHI)
    deliver()
    assert len(entries()[0].files) == 1


def test_a_file_without_words_is_called_by_its_name(say, mark):
    mark(say("", files=(("画面.png", picture()),)))
    assert entries()[0].text == "画面.png"


def test_taking_the_mark_away_strikes_and_putting_it_back_counts_again(say, mark):
    ts = say()
    mark(ts)
    mark(ts)
    [entry] = entries()
    assert entry.struck_at
    assert entry.struck_by.name == "岡本 沙織"
    mark(ts)
    [entry] = entries()
    assert entry.struck_at is None
    assert [one.what for one in entry.versions] == ["strike", "restore"]


def test_marked_by_two_it_stays_until_both_have_taken_it_away(say, mark):
    ts = say()
    for user, struck in ((OKAMOTO, False), (ITO, False), (OKAMOTO, False), (ITO, True)):
        mark(ts, user)
        assert bool(entries()[0].struck_at) is struck


def test_an_edited_message_is_followed_and_what_was_there_is_kept(say, mark, slack, incident, deliver):
    ts = say()
    mark(ts)
    slack.edit(incident.channel, ts, "DBは再起動していない", TAKAHASHI)
    deliver()
    [entry] = entries()
    assert entry.text == "DBは再起動していない"
    assert [(one.what, one.text, one.by) for one in entry.versions] == [("correct", "DBを再起動した", None)]


def test_what_was_put_right_in_the_portal_stays_until_the_message_is_edited(say, mark, slack, incident, deliver, clock):
    ts = say()
    mark(ts)
    with writing():
        entries()[0].correct("人が直した", by=db.session.get(Person, 2), at=clock.at)
    mark(ts, ITO)
    assert entries()[0].text == "人が直した"
    slack.edit(incident.channel, ts, "Slackで直した", TAKAHASHI)
    deliver()
    assert entries()[0].text == "Slackで直した"


def test_struck_in_the_portal_it_stays_struck_when_the_message_is_edited(say, mark, slack, incident, deliver, clock):
    ts = say()
    mark(ts)
    with writing():
        entries()[0].strike(by=db.session.get(Person, 2), at=clock.at)
    slack.edit(incident.channel, ts, "直した", TAKAHASHI)
    deliver()
    [entry] = entries()
    assert (entry.text, bool(entry.struck_at)) == ("直した", True)


def test_edited_while_it_is_about_to_be_read(say, slack, incident, deliver):
    ts = say()
    slack.react(incident.channel, ts, "memo", OKAMOTO)
    slack.edit(incident.channel, ts, "直した", TAKAHASHI)
    deliver()
    assert [one.text for one in entries()] == ["直した"]


def test_a_deleted_message_is_struck_and_stays(say, mark, slack, incident, deliver):
    ts = say()
    mark(ts)
    slack.delete(incident.channel, ts, TAKAHASHI)
    deliver()
    [entry] = entries()
    assert (entry.text, bool(entry.struck_at)) == ("DBを再起動した", True)


# What changes nothing


@pytest.mark.parametrize(("user", "why"), [(WATANABE, "取り込みませんでした"), (SATO, "not taken into the timeline")])
def test_who_is_unknown_or_no_responder_changes_nothing_and_is_told_why(say, mark, slack, user, why):
    assert mark(say(), user) == 200
    assert entries() == []
    [(to, text)] = whispers(slack)
    assert to == user
    assert why in text


def test_somebody_unknown_takes_nothing_away(say, mark):
    ts = say()
    mark(ts)
    mark(ts, WATANABE)
    mark(ts, WATANABE)
    assert entries()[0].struck_at is None


def test_another_reaction_another_channel_an_unmarked_edit(say, mark, slack, incident, deliver):
    ts = say()
    mark(ts, name="eyes")
    slack.edit(incident.channel, ts, "直した", TAKAHASHI)
    slack.workspace.join(slack.workspace.channel("hotline", by_name=True), "U0NOROSHI")
    elsewhere = slack.write("x", SATO)["ts"]
    assert slack.react("hotline", elsewhere, "memo", OKAMOTO)[0] == 200
    deliver()
    assert entries() == []
    assert db.session.scalar(select(func.count(Delivery.id)).where(Delivery.kind == "timeline.read")) == 0


def test_another_reaction_may_be_chosen(app, say, mark):
    app.config["SLACK_TIMELINE_REACTION"] = "pushpin"
    ts = say()
    mark(ts)
    assert entries() == []
    mark(ts, name="pushpin")
    assert len(entries()) == 1


def test_what_comes_again_is_dropped(say, slack, incident, deliver):
    ts = say()
    slack.react(incident.channel, ts, "memo", OKAMOTO)
    for _ in range(3):
        assert slack.repeat()[0] == 200
    deliver()
    assert len(entries()) == 1
    assert db.session.scalar(select(func.count(Delivery.id)).where(Delivery.kind == "timeline.read")) == 1


def test_a_late_repeat_of_a_mark_that_was_taken_away_does_not_bring_it_back(say, mark, slack, incident, deliver):
    ts = say()
    slack.react(incident.channel, ts, "memo", OKAMOTO)
    late = slack._settings.last_event
    mark(ts)
    slack._settings.last_event = {**late, "event_id": "EvOTHER"}
    slack.repeat()
    deliver()
    assert all(one.struck_at for one in entries())


def test_an_unsigned_event_changes_nothing(client, say, slack, incident, deliver):
    ts = say()
    item = {"type": "message", "channel": incident.channel, "ts": ts}
    event = {"type": "reaction_added", "user": OKAMOTO, "reaction": "memo", "item": item}
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": event})
    headers = slack.sign(body.encode()) | {"X-Slack-Signature": "v0=0"}
    assert client.post("/slack/events", data=body, headers=headers).status_code == 401
    deliver()
    assert entries() == []


@pytest.mark.parametrize(
    "event",
    [
        {"type": "reaction_added"},
        {"type": "reaction_added", "reaction": "memo", "item": "x"},
        {"type": "reaction_added", "reaction": "memo", "item": {"type": "message", "channel": 1, "ts": None}},
        {"type": "reaction_added", "reaction": "memo", "item": {"type": "message", "channel": "C1", "ts": "nan"}},
        {"type": "reaction_added", "reaction": "memo", "item": {"type": "message", "channel": "C1", "ts": "1e400"}},
        {"type": "message", "subtype": "message_changed"},
        {"type": "message", "subtype": "message_changed", "message": [], "channel": {}},
        {"type": "message", "subtype": "message_deleted", "deleted_ts": "\x00", "channel": "C1"},
        {"type": "message", "text": "x"},
        {
            "type": "reaction_added",
            "reaction": "memo",
            "user": "\x00",
            "item": {"type": "message", "channel": "C1", "ts": "1786412520.1"},
        },
        {"type": "app_mention", "user": "\x00", "channel": "\x00"},
    ],
)
def test_odd_events_are_heard_and_change_nothing(client, slack, incident, clock, event):
    event = json.loads(json.dumps(event).replace('"C1"', f'"{incident.channel}"'))
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": event}).encode()
    headers = slack.sign(body, clock.at.timestamp())
    assert client.post("/slack/events", data=body, headers=headers).status_code == 200
    assert entries() == []


# Where Slack is slow, refuses, or is ahead of us


def test_where_slack_is_away_it_is_noted_later(say, slack, incident, deliver, clock):
    ts = say()
    slack.faults.add("error_500_html", "conversations.history")
    slack.react(incident.channel, ts, "memo", OKAMOTO)
    deliver()
    assert entries() == []
    clock.forward(seconds=30)
    deliver()
    assert len(entries()) == 1


def test_without_the_permission_the_timeline_says_what_is_missing(say, mark, slack, sign_in, cast, incident):
    slack.scopes = frozenset({"chat:write"})
    mark(say())
    assert entries() == []
    html = sign_in(cast.responder).get(f"/incidents/{incident.code}/timeline", headers={"Accept-Language": "en"}).text
    assert "Not delivered: Marked message into the timeline" in html


def test_names_that_may_not_be_read_stop_nothing(say, mark, slack):
    slack.scopes = frozenset({"channels:history", "chat:write"})
    mark(say(user=WATANABE))
    assert entries()[0].author_name == WATANABE


def test_a_message_ahead_of_our_clock_is_noted_now(say, mark, clock):
    ts = say()
    clock.at = clock.at.replace(minute=clock.at.minute - 4)
    mark(ts)
    assert entries()[0].happened_at == clock.at


def test_each_drill_gets_what_was_said_since_it_was_declared(declare, slack, deliver, clock):
    first = declare("a", drill=True)
    early = slack.write("一つめ", TAKAHASHI, first.channel)["ts"]
    clock.forward(hours=1)
    second = declare("b", drill=True)
    assert first.channel == second.channel
    clock.forward(minutes=1)
    late = slack.write("二つめ", TAKAHASHI, first.channel)["ts"]
    for ts in (early, late):
        slack.react(first.channel, ts, "memo", OKAMOTO)
    deliver()
    assert [(one.incident_id, one.text) for one in entries()] == [(first.id, "一つめ"), (second.id, "二つめ")]


# On the page


def test_the_page_shows_where_it_comes_from_and_escapes_everything(say, mark, sign_in, cast, incident):
    script = "<script>alert(1)</script>"
    ts = say(script, files=((f"{script}.txt", b"x"),))
    mark(ts)
    for path in (f"/incidents/{incident.code}/timeline", f"/incidents/{incident.code}/timeline/{entries()[0].id}"):
        html = sign_in(cast.reader).get(path, headers={"Accept-Language": "en"}).text
        assert script not in html
        assert "alert(1)" in html
        assert ">Slack</a>" in html
    assert f"{BASE}/" not in html


def test_controls_in_a_message_are_left_out(say, mark):
    mark(say("a\x00b\u202ec", files=(("a\x00.log", b"x"),)))
    [entry] = entries()
    assert (entry.text, entry.files[0].name) == ("abc", "a.log")


def test_a_message_of_forty_thousand_characters_is_noted_as_far_as_it_fits(say, mark):
    mark(say("あ" * 40_000))
    assert len(entries()[0].text) == 5000


def test_an_administrator_marks_as_well(say, mark):
    mark(say(), OTSUKA)
    assert len(entries()) == 1
