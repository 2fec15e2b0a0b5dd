"""Importing people: a preview, then exactly that; nothing with one bad line; who changed what in between."""

import re
from html import unescape

import pytest

from domain.db import writing
from domain.people import by_email

FILE = (
    "email,name,reading,department,phone,slack_id,admin\r\n"
    "okubo@example.jp,大久保 美奈子,,営業,,,\r\n"
    "reader@example.jp,,,経理,,,\r\n"
)


@pytest.fixture
def admin(sign_in, cast):
    client = sign_in(cast.admin)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def preview(client, data: bytes | str):
    # Put together by hand: the test client would leave a temporary file open for a large one.
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n\r\n'
    body = head + (data if isinstance(data, bytes) else data.encode()) + b"\r\n--x--\r\n"
    return client.post("/people/import", data=body, content_type="multipart/form-data; boundary=x")


def confirmation(page: str) -> dict[str, str]:
    """The fields of the preview's form, as a browser would send them."""
    text = re.search(r'<textarea name="text" hidden>\n(.*?)</textarea>', page, re.DOTALL)[1]
    text = unescape(text).replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return {"seen": re.search(r'name="seen" value="(\w+)"', page)[1], "text": text}


def test_the_preview_shows_what_would_change_and_changes_nothing(admin, cast):
    answer = preview(admin, FILE)
    assert answer.status_code == 200
    assert "大久保\xa0美奈子" in answer.text
    assert "Department: <del>(empty)</del> → 経理" in answer.text
    assert by_email("okubo@example.jp") is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_what_was_seen_is_done(admin, cast, encoding):
    page = preview(admin, FILE.encode(encoding)).text
    answer = admin.post("/people/import/confirmation", data=confirmation(page))
    assert (answer.status_code, answer.location) == (303, "/people")
    assert by_email("okubo@example.jp").name == "大久保 美奈子"
    assert cast.reader.department == "経理"
    # The same file once more has nothing to do.
    assert "confirmation" not in preview(admin, FILE).text


def test_a_change_in_between_is_shown_before_anything_is_done(admin, cast):
    page = preview(admin, FILE).text
    with writing():
        cast.reader.department = "法務"
    answer = admin.post("/people/import/confirmation", data=confirmation(page))
    assert answer.status_code == 409
    assert "<del>法務</del> → 経理" in answer.text
    assert by_email("okubo@example.jp") is None
    assert admin.post("/people/import/confirmation", data=confirmation(answer.text)).status_code == 303
    assert cast.reader.department == "経理"


def test_another_text_than_the_one_seen_is_not_done(admin, cast):
    sent = confirmation(preview(admin, FILE).text)
    sent["text"] = sent["text"].replace("営業", "営業,").replace("大久保", "久保")
    assert admin.post("/people/import/confirmation", data=sent).status_code == 409
    assert by_email("okubo@example.jp") is None


def test_every_bad_line_is_named(admin, cast):
    answer = preview(admin, FILE + "bad,x,,,内線,,\n")
    assert answer.status_code == 422
    assert "Line 4, Email address:" in answer.text
    assert "Line 4, Telephone:" in answer.text
    assert 'name="seen"' not in answer.text


def test_lines_that_went_bad_in_between_are_named(admin, cast):
    page = preview(admin, "email,slack_id\nreader@example.jp,U0SATO01\n").text
    with writing():
        cast.bridge.slack_id = "U0SATO01"
    answer = admin.post("/people/import/confirmation", data=confirmation(page))
    assert answer.status_code == 422
    assert "Line 2, Slack member ID" in answer.text


@pytest.mark.parametrize("data", [b"", b"\x00\x01\xff", b"name\nx\n", b'"'])
def test_what_is_no_such_file_is_refused_in_words(admin, data):
    answer = preview(admin, data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_file_of_more_than_two_megabytes_is_too_much(admin):
    assert preview(admin, b"email\n" + b"x" * (2 * 1024 * 1024)).status_code == 413


def test_a_confirmation_of_nothing_is_refused(admin):
    assert admin.post("/people/import/confirmation").status_code == 422


def test_markup_in_a_file_is_text(admin):
    page = preview(admin, 'email,name\na@example.jp,"</textarea><script>x</script>"\n').text
    assert "<script>x" not in page


def test_no_file_at_all(admin):
    assert admin.post("/people/import").status_code == 422
    assert admin.get("/people/import").status_code == 200
