"""The page: what people see, and that nothing posted can run."""

import urllib.request
from urllib.error import HTTPError

import pytest
from slack_sdk import WebClient

from local_slack import LocalSlack

pytestmark = pytest.mark.one_database
EVIL = "<script>alert(1)</script>"


def get(slack: LocalSlack, path: str = "", **headers: str) -> tuple[int, str, dict]:
    try:
        with urllib.request.urlopen(urllib.request.Request(slack.url + path, headers=headers)) as answer:
            return answer.status, answer.read().decode("utf-8", "replace"), dict(answer.headers)
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode(), dict(refused.headers)


def test_it_shows_blocks_pings_edits_and_threads(slack, client) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "障害の疑い"}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "<!channel> *至急* <https://example.jp/?a=1&amp;b=2|詳細>"},
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "報告: <@U0SATO>"}]},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "確認します"}}]},
    ]
    ts = client.chat_postMessage(channel="hotline", text="a", blocks=blocks)["ts"]
    client.chat_postMessage(channel="hotline", text="A &amp; B &lt;C&gt;", thread_ts=ts)
    client.chat_update(channel="C0HOTLINE", ts=ts, text="b")
    _, page, headers = get(slack)
    for part in ("<h3>障害の疑い</h3>", '<mark class="all">@channel</mark>', "<b>至急</b>", "@佐藤 美咲", "(edited)"):
        assert part in page
    assert 'href="https://example.jp/?a=1&amp;b=2"' in page
    assert '<ol class="thread"' in page
    assert "A &amp; B &lt;C&gt;" in page
    assert "chat.postMessage" in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "words", [EVIL, "&lt;script&gt;alert(1)&lt;/script&gt;", f"`{EVIL}` *{EVIL}*", f"```{EVIL}```"]
)
def test_it_escapes_everything(slack, client, words) -> None:
    client.chat_postMessage(channel="hotline", text=words)
    client.chat_postMessage(channel="hotline", text="a", username=EVIL)
    client.chat_postMessage(
        channel="hotline", text="a", blocks=[{"type": "header", "text": {"type": "plain_text", "text": words}}]
    )
    client.conversations_join(channel="C0HOTLINE")
    client.conversations_setTopic(channel="C0HOTLINE", topic=EVIL)
    assert EVIL not in get(slack)[1]
    assert "alert(1)" in get(slack)[1]


def test_a_link_cannot_be_a_script(slack, client) -> None:
    client.chat_postMessage(channel="hotline", text='<javascript:alert(1)|a> <https://a.jp/" onclick="b|c>')
    page = get(slack)[1]
    assert 'href="javascript' not in page
    assert '" onclick="b' not in page


def test_it_answers_304_until_something_changes(slack, client) -> None:
    status, _, headers = get(slack, "_live?channel=hotline")
    assert status == 200
    assert get(slack, "_live?channel=hotline", **{"If-None-Match": headers["ETag"]})[0] == 304
    client.chat_postMessage(channel="hotline", text="新しい")
    status, part, _ = get(slack, "_live?channel=hotline", **{"If-None-Match": headers["ETag"]})
    assert status == 200
    assert "新しい" in part


def test_the_permalink_shows_the_message_with_its_thread(slack, client) -> None:
    ts = client.chat_postMessage(channel="hotline", text="親")["ts"]
    client.chat_postMessage(channel="hotline", text="返信", thread_ts=ts)
    client.chat_postMessage(channel="hotline", text="別件")
    link = client.chat_getPermalink(channel="C0HOTLINE", message_ts=ts)["permalink"]
    status, page, _ = get(slack, link.removeprefix(slack.url))
    assert status == 200
    assert "親" in page
    assert "返信" in page
    assert "別件" not in page
    assert get(slack, "archives/C0HOTLINE/p1")[0] == 404


def test_files_are_pictures_or_downloads(slack, client) -> None:
    client.conversations_join(channel="C0HOTLINE")
    client.files_upload_v2(channel="C0HOTLINE", content=EVIL, filename="a.html", title="a")
    client.files_upload_v2(channel="C0HOTLINE", file=b"\x89PNG\r\n\x1a\n", filename="b.png", title="b")
    page, picture = (one["files"][0]["id"] for one in slack.messages("hotline"))
    assert get(slack, f"files/{page}")[2]["Content-Disposition"].startswith("attachment")
    assert get(slack, f"files/{picture}")[2]["Content-Type"] == "image/png"
    assert get(slack)[1].count("<img") == 1


def test_only_this_machine_and_this_page(slack) -> None:
    assert get(slack, Host="evil.example")[0] == 403
    assert get(slack, "_control/messages", Host="evil.example")[0] == 403
    assert get(slack, "_control/messages", Origin="http://evil.example")[0] == 403


def test_an_unknown_channel_is_404(slack: LocalSlack, client: WebClient) -> None:
    assert get(slack, "?channel=nowhere")[0] == 404
