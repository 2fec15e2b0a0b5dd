"""The timeline's pages: who reads, who notes, what stands there by itself, what is refused, in both languages."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from blueprints.incidents.chronicle import _WORDS, PER_PAGE
from domain import chronicle, postmortem
from domain.db import db, writing
from domain.incidents import Incident
from domain.outbox import Delivery, DeliveryError
from domain.people import Person
from domain.timeline import Entry

EN = {"Accept-Language": "en"}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def url(incident):
    return f"/incidents/{incident.code}/timeline"


@pytest.fixture
def post(sign_in, cast, url):
    def of(body="9:05 DB再起動", by="responder", headers=None, **more):
        return sign_in(getattr(cast, by)).post(url, data={"body": body, **more}, headers=headers)

    return of


@pytest.fixture
def page(sign_in, cast, url):
    def of(by="reader", headers=EN, **query):
        return sign_in(getattr(cast, by)).get(url, query_string=query, headers=headers).text

    return of


def entries():
    db.session.rollback()
    return list(db.session.scalars(select(Entry).order_by(Entry.id)))


def count():
    db.session.rollback()
    return db.session.scalar(select(func.count(Entry.id)))


def texts(html):
    """The rows of a page, without their marks."""
    rows = re.findall(r'<li id="[ute]\w*">(.*?)</li>', html, re.S) + re.findall(
        r'<li id="(?:began|ended)">(.*?)</li>', html
    )
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in rows]


# Who


def test_a_responder_notes_and_everybody_reads(post, page):
    assert post("9:05 DB再起動", kind="action").status_code == 303
    html = page()
    assert "DB再起動" in html
    assert "9:05" in html
    assert "岡本 沙織" in html


@pytest.mark.parametrize("by", ["reader"])
def test_a_reader_notes_nothing_and_puts_nothing_right(sign_in, cast, post, url, by):
    post()
    client = sign_in(getattr(cast, by))
    for path in ("", "/1", "/1/strikes"):
        assert client.post(f"{url}{path}", data={"body": "x"}).status_code == 403
    assert [one.text for one in entries()] == ["DB再起動"]


def test_who_is_not_signed_in_sees_and_notes_nothing(client, post, url):
    post()
    for path in ("", "/1"):
        assert client.get(f"{url}{path}").status_code == 303
    for path in ("", "/1", "/1/strikes"):
        assert client.post(f"{url}{path}", data={"body": "x"}).status_code == 303
    assert count() == 1


def test_somebody_who_has_left_is_sent_away(sign_in, cast, url):
    assert sign_in(cast.outsider).get(url).status_code == 303


def test_a_reader_gets_no_forms(post, page, url):
    post()
    html = page()
    assert f'action="{url}" method="post"' not in html
    assert f'action="{url}" method="post"' in page("responder")


def test_what_is_not_there_is_not_found(sign_in, cast, post, url):
    post()
    client = sign_in(cast.responder)
    assert client.get("/incidents/INC-999/timeline").status_code == 404
    assert client.get(f"{url}/999").status_code == 404
    assert client.post(f"{url}/999", data={"body": "x"}).status_code == 404
    assert client.post(f"{url}/999/strikes").status_code == 404


# Noting


def test_several_lines_at_once(post):
    post("9:05 DB再起動\n9:07 監視\n今 復旧を確認", kind="action")
    assert [(f"{one.happened_at:%H:%M}", one.text, one.kind) for one in entries()] == [
        ("00:05", "DB再起動", "action"), ("00:07", "監視", "action"), ("01:42", "復旧を確認", "action"),
    ]  # fmt: skip


def test_now_is_what_is_meant_where_no_time_is_typed(post, now):
    post("DB再起動")
    assert entries()[0].happened_at == now


def test_the_field_for_the_time_counts(post, now):
    post("DB再起動", at="10:00")
    assert entries()[0].happened_at == now - timedelta(minutes=42)


def test_of_another_day_it_says_so(sign_in, cast, url):
    client = sign_in(cast.responder)
    answer = client.post(url, data={"body": "23:50 DB"}, headers=EN)
    assert "Noted for Mon, 10 Aug 23:50." in client.get(answer.location, headers=EN).text


def test_a_double_tap_notes_once(post):
    for _ in range(2):
        assert post("a\nb", key="k").status_code == 303
    assert count() == 2


def test_ten_thousand_lines_are_noted_and_one_more_is_refused_with_everything_kept(post):
    assert post("\n".join(f"行{number}" for number in range(10_000)), key="a").status_code == 303
    assert count() == 10_000
    answer = post("\n".join(f"線{number}" for number in range(10_001)), key="b")
    assert answer.status_code == 422
    assert "線10000" in answer.text
    assert count() == 10_000


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("", {}),
        ("\u3000\n\u200b", {}),
        ("9:05 a\n25:61 大事なこと", {}),
        ("9:05", {}),
        ("あ" * 5001, {}),
        ("大事なこと", {"at": "soon"}),
        ("大事なこと", {"kind": "gossip"}),
        ("8/12 9:05 大事なこと", {}),
        ("11:42 大事なこと", {}),
        ("大事なこと", {"at": "11:42"}),
    ],
)
def test_what_is_refused_comes_back_as_it_was_typed(post, body, more):
    answer = post(body, **more)
    assert answer.status_code == 422
    assert body.strip("\u3000\n\u200b") in answer.text
    assert 'role="alert"' in answer.text
    assert count() == 0


def test_a_clock_that_is_an_hour_ahead_is_told_to_look_at_the_clock(post):
    answer = post("10:40 a\n11:42 b", headers=EN)
    assert "Line 2 has a time that has not come yet" in answer.text
    assert "look at the clock" in post("a", at="11:42", headers=EN).text


def test_two_people_paste_ten_thousand_lines(post, page, url, sign_in, cast):
    lines = "\n".join(f"9:{number % 60:02} 行{number}" for number in range(10_000))
    for by in ("responder", "bridge"):
        assert post(lines, by=by, key=by).status_code == 303
    assert count() == 20_000
    html = page()
    assert html.count('<li id="') == PER_PAGE
    assert len(html) < 150_000


def test_a_key_of_somebody_else_is_a_conflict_with_the_words_kept(post):
    post("a", key="k")
    answer = post("大事なこと", by="bridge", key="k")
    assert answer.status_code == 409
    assert "大事なこと" in answer.text
    assert 'value="k"' not in answer.text


def test_markup_is_shown_and_never_run_and_addresses_are_links(post, page):
    post(f"{SCRIPT} https://example.jp/a?b=1&c=2。 javascript:alert(1)")
    html = page()
    assert SCRIPT not in html
    assert "&lt;script&gt;" in html
    assert 'href="https://example.jp/a?b=1&amp;c=2"' in html
    assert 'href="javascript' not in html


def test_a_closed_incident_still_takes_notes(post, incident, cast, now):
    with writing():
        one = db.session.get_one(Incident, incident.id)
        one.closed_at = now
    assert post().status_code == 303


# Putting right


def test_a_correction_shows_what_was_there(sign_in, cast, post, url, page):
    post("9:05 DB再起勤")
    client = sign_in(cast.bridge)
    data = {"body": "DB再起動", "kind": "action", "at": "2026-08-11 09:05", "seen": "DB再起勤"}
    assert client.post(f"{url}/1", data=data).status_code == 303
    assert "DB再起勤" not in page()
    history = sign_in(cast.reader).get(f"{url}/1", headers=EN).text
    assert "DB再起勤" in history
    assert "高橋 由紀子" in history


def test_two_who_correct_at_once_see_each_other(sign_in, cast, post, url):
    post("a")
    client = sign_in(cast.bridge)
    client.post(f"{url}/1", data={"body": "b", "seen": "a"})
    answer = client.post(f"{url}/1", data={"body": "大事なこと", "seen": "a"})
    assert answer.status_code == 409
    assert "大事なこと" in answer.text
    assert entries()[0].text == "b"


@pytest.mark.parametrize("data", [{"body": ""}, {"body": "x", "at": "soon"}, {"body": "x", "kind": "gossip"}])
def test_a_correction_that_is_refused_changes_nothing(sign_in, cast, post, url, data):
    post("a")
    assert sign_in(cast.bridge).post(f"{url}/1", data=data).status_code == 422
    assert (entries()[0].text, entries()[0].versions) == ("a", [])


def test_moved_in_time_the_order_follows(sign_in, cast, post, url, page):
    post("9:00 一番目\n9:30 二番目")
    assert page(kind="noted").index("二番目") < page(kind="noted").index("一番目")
    sign_in(cast.bridge).post(f"{url}/1", data={"body": "一番目", "at": "9:40", "seen": "一番目"})
    assert page(kind="noted").index("一番目") < page(kind="noted").index("二番目")


def test_a_time_that_was_not_touched_keeps_its_seconds(sign_in, cast, post, url):
    post("9:05:33 a")
    at = entries()[0].happened_at
    sign_in(cast.bridge).post(f"{url}/1", data={"body": "b", "at": "2026-08-11 09:05"})
    assert (entries()[0].happened_at, entries()[0].text) == (at, "b")


def test_struck_it_stays_and_comes_back(sign_in, cast, post, url, page):
    post("DB再起動")
    client = sign_in(cast.bridge)
    client.post(f"{url}/1/strikes")
    assert "<del>DB再起動</del>" in page()
    client.post(f"{url}/1/strikes", data={"undo": "1"})
    assert "<del>" not in page()


# What stands there by itself


def test_every_kind_of_event_has_its_words_or_is_left_out():
    """Whoever records something new in the domain decides here whether it stands in the timeline."""
    kinds = set()
    for file in Path("domain").glob("*.py"):
        kinds |= set(
            re.findall(
                r'record\(\s*"((?:incident|report|question|followup|maintenance|delivery|postmortem)\.\w+)"',
                file.read_text(),
            )
        )
    told = {kind for group in chronicle.GROUPS.values() for kind in group}
    assert kinds - told - chronicle.LEFT_OUT == set()
    assert told - set(_WORDS) == {"incident.published", "incident.unchanged"}


@pytest.fixture
def everything(cast, now, sign_in, incident, url):
    """A report with all that can happen to it, an incident with a channel, pages, calls, positions, answers, failures."""
    client = sign_in(cast.bridge)
    base = f"/incidents/{incident.code}"
    sign_in(cast.reader).post("/reports", data={"key": "r", "body": f"入場できません {SCRIPT}"})
    sign_in(cast.deputy).post("/reports/1/voices", data={"note": "こちらも", "customers": "3"})
    sign_in(cast.responder).post("/reports/1/verdict", data={"verdict": "acknowledged"})
    sign_in(cast.responder).post("/reports/1/verdict", data={"verdict": "incident", "incident": incident.code})
    client.post(f"{base}/positions", data={"position": "scribe", "person": "4"})
    client.post(f"{base}/questions", data={"body": "返金はできますか"})
    client.post(f"{base}/questions/1/answer", data={"body": "できます"})
    client.post(f"{base}/calls", data={"call": "system"})
    client.post(f"{base}/attempts", data={"area": "system", "person": "2", "result": "no_answer"})
    client.post(f"{base}/pages", data={"area": "system"})
    client.post(f"{base}/updates", data={
        "key": "u1", "state": "identified", "situation": "原因がわかりました。", "next_update": "30m", "seen": str(incident.seen),
    })  # fmt: skip
    client.post(f"{base}/edit", data={
        "title": "新しい見出しです", "severity": "critical", "began_at": "2026-08-11T10:42", "where": "all",
    })  # fmt: skip
    with writing():
        for row in db.session.scalars(select(Delivery)):
            if row.kind == "channel.create":
                row.succeed(now, "C1", "inc-1", "https://slack.example/archives/C1")
            elif row.kind == "page.trigger":
                row.succeed(now, "dedup")
            elif row.kind == "channel.pin":
                row.give_up(DeliveryError("no_permission", permanent=True), now)


def test_everything_that_the_portal_knows_stands_there_by_itself(everything, page):
    html = page("responder")
    for words in (
        "Reported as R-1", "Sees R-1 too", "3 customers in trouble", "Checking R-1", "R-1 belongs to INC-1",
        "The incident was declared", "Channel opened in Slack: #inc-1", "Called 岡本 沙織 (System): No answer", "Paged: System",
        "The page is with PagerDuty: System", "Joined: System call", "Scribe", "返金はできますか", "できます", "Status update",
        "原因がわかりました。", "Headline changed", "Not delivered: Pin the first message", "no_permission", "The impact began",
    ):  # fmt: skip
        assert words in html, words
    assert SCRIPT not in html


def test_what_comes_after_closing_stands_there_as_well(page, incident, cast, now):
    with writing():
        one = db.session.get_one(Incident, incident.id)
        meeting = postmortem.begun(one)
        by = db.session.get_one(Person, cast.bridge.id)
        meeting.plan(now + timedelta(days=3), host=by, place="", by=by, at=now)
        meeting.hold(True, by=by, at=now)
    html = page()
    assert "Postmortem planned for" in html
    assert "The postmortem took place" in html


def test_in_japanese_as_well(everything, page):
    html = page(headers={"Accept-Language": "ja"})
    for words in (
        "R-1 として報告",
        "障害",
        "Slackチャンネルを作成: #inc-1",
        "届いていません",
        "呼び出し: システム",
        "状況の更新",
    ):
        assert words in html, words
    assert "Reported as" not in html


def test_why_something_failed_is_told_to_responders_alone(everything, page):
    assert "Not delivered" in page("reader")
    assert "no_permission" not in page("reader")


def test_the_incidents_page_shows_what_happened_last(everything, sign_in, cast, incident, post):
    post("いま書いたこと")
    for by in ("reader", "responder"):
        html = sign_in(getattr(cast, by)).get(f"/incidents/{incident.code}").text
        assert "いま書いたこと" in html
        assert f"/incidents/{incident.code}/timeline" in html


def test_noted_on_the_incidents_page_one_stays_there(post, incident):
    assert post(then="show").location.startswith(f"/incidents/{incident.code}?")


# Finding


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "さいきどう"}, []),
        ({"q": "ｄｂ"}, ["DB再起動"]),
        ({"q": "岡本"}, ["DB再起動", "電話した"]),
        ({"kind": "action"}, ["DB再起動"]),
        ({"kind": "noted"}, ["DB再起動", "電話した"]),
        ({"kind": "action", "q": "電話"}, []),
        ({"kind": "update"}, []),
        ({"q": "100%_"}, []),
    ],
)
def test_filtered_and_searched(post, page, query, found):
    post("9:05 DB再起動", kind="action")
    post("9:10 電話した", kind="communication")
    html = page(**query)
    shown = [text for text in ("DB再起動", "電話した") if f"</b> {text}" in html]
    assert shown == found


def test_facts_are_found_by_their_words(everything, page):
    assert "Channel opened" in page(q="inc-1")
    html = page(q="こちらも")
    assert "Sees R-1 too" in html
    assert "Channel opened" not in html


@pytest.mark.parametrize(
    "query", [{"page": "99999999999"}, {"page": "-1"}, {"page": "x"}, {"kind": "zzz"}, {"to": "t9"}, {"order": "?"}]
)
def test_odd_addresses_show_the_timeline(post, page, query):
    post()
    assert "DB再起動" in page(**query)


def test_a_long_timeline_comes_in_pages_and_a_row_is_found_on_its_page(post, page):
    post("\n".join(f"9:{number // 10:02} 行{number}。" for number in range(250)))
    assert page().count("<li id=") == PER_PAGE
    assert "行0。" in page(to="t1")
    assert "page 3 of 3" in page(page="3")
    assert "行0。" in page(order="oldest")


@pytest.mark.parametrize("order", ["", "oldest"])
def test_pages_put_together_are_the_whole_and_every_row_is_on_the_page_it_is_looked_for(
    everything, monkeypatch, post, sign_in, cast, url, order
):
    """Facts and notes at the same instants, so that what comes first is told by nothing but the order itself."""
    client = sign_in(cast.reader)

    def marks(**query):
        html = client.get(url, query_string={"order": order, **query}).text
        return re.findall(r'<li id="(\w+)">', html)

    post("\n".join(["10:42 同じとき", "10:41 少し前", "今 いま"] * 4))
    whole = marks()
    assert len(whole) > 25
    monkeypatch.setattr("blueprints.incidents.chronicle.PER_PAGE", 3)
    pages = [marks(page=number) for number in range(1, -(-len(whole) // 3) + 1)]
    assert [mark for page in pages for mark in page] == whole
    assert len(set(whole)) == len(whole)
    assert all(mark in marks(to=mark) for mark in whole)


def test_an_update_is_jumped_to(post, page):
    post("\n".join(f"10:42 行{number}。" for number in range(250)))
    link = re.search(r'href="[^"]*\?to=(u\d+)[^"]*#\1"', page())
    assert link
    assert f'id="{link[1]}"' in page(to=link[1])


def test_the_queries_are_the_same_however_long_it_is(post, page, everything, count_queries, sign_in, cast, incident):
    def asked(path):
        client = sign_in(cast.responder)
        client.get(path)
        with count_queries() as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    paths = [f"/incidents/{incident.code}/timeline", f"/incidents/{incident.code}"]
    post("a")
    before = [asked(path) for path in paths]
    post("\n".join(f"行{number}" for number in range(500)), key="b")
    assert [asked(path) for path in paths] == before
    assert before[0] <= 20


# Live


def test_the_live_part_is_the_page_for_each_kind(app, post, sign_in, cast, incident):
    post("DB再起動", kind="action")
    client = sign_in(cast.reader)
    for topic, there in (("timeline-1", True), ("timeline-1-action", True), ("timeline-1-decision", False)):
        html = client.get("/live/poll", query_string={"topic": topic}).text
        assert ("DB再起動" in html) == there
    for topic in ("timeline-99", "timeline-1-zzz", "timeline-x"):
        assert client.get("/live/poll", query_string={"topic": topic}).status_code == 404


def test_a_reader_is_not_shown_what_responders_press(post, sign_in, cast):
    post("DB再起動")
    html = sign_in(cast.reader).get("/live/poll", query_string={"topic": "timeline-1"}, headers=EN).text
    assert "Put right" not in html
