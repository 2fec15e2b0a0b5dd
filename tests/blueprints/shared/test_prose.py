"""Text that people wrote, as safe HTML."""

import pytest

from blueprints.shared.prose import plain, rich

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("正しくは**「38施設」**です", "<p>正しくは<strong>「38施設」</strong>です</p>\n"),
        ("**2** and *x*", "<p><strong>2</strong> and <em>x</em></p>\n"),
        ("a\nb", "<p>a<br>\nb</p>\n"),
        ("5 ** 3 ** 2", "<p>5 ** 3 ** 2</p>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
    ],
)
def test_markdown_is_what_people_mean(typed: str, shown: str) -> None:
    assert rich(typed) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "[x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.example/t.gif)",
        "<a href=//x onclick=a>",
    ],
)
@pytest.mark.parametrize("format", ["markdown", "html", "text"])
def test_nothing_runs_and_nothing_is_fetched(typed: str, format: str) -> None:
    shown = str(rich(typed, format))
    assert "<img" not in shown
    assert 'href="javascript' not in shown
    assert "<a href=//x onclick" not in shown
    assert "<script" not in shown


def test_imported_html_keeps_its_words() -> None:
    assert plain("<p>All <b>fixed</b> <blink>now</blink>.</p>", "html") == "All fixed now."
