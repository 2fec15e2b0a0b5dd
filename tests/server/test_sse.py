"""The framing of event streams."""

import pytest

from server import sse


def unchunk(data: bytes) -> str:
    length, _, rest = data.partition(b"\r\n")
    assert rest.endswith(b"\r\n")
    assert int(length, 16) == len(rest) - 2
    return rest[:-2].decode()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_of_the_html_is_a_line_of_data(end: str) -> None:
    assert unchunk(sse.message(f"<p>一{end}二</p>", "v")) == "id: v\ndata: <p>一\ndata: 二</p>\n\n"


def test_only_line_ends_of_the_format_split_a_line() -> None:
    assert unchunk(sse.message("a\u2028b\x0cc\x85d", "v")) == "id: v\ndata: a\u2028b\x0cc\x85d\n\n"


def test_a_named_event_carries_its_name_and_data() -> None:
    assert unchunk(sse.named("beat", "now")) == "event: beat\ndata: now\n\n"


def test_an_empty_line_at_the_end_does_not_end_the_message_early() -> None:
    assert unchunk(sse.message("a\n\nb\n", "v")) == "id: v\ndata: a\ndata: \ndata: b\ndata: \n\n"


def test_equal_bytes_have_equal_versions() -> None:
    assert sse.version_of("一") == sse.version_of("一")
    assert sse.version_of("一") != sse.version_of("二")
