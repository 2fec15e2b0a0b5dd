"""Confluence's settings: all or none, and a title that is unique."""

import pytest

from app import create_app
from settings import SettingError

WHOLE = {
    "CONFLUENCE_URL": "https://example.atlassian.net", "CONFLUENCE_USER": "bot@example.jp", "CONFLUENCE_TOKEN": "t",
    "CONFLUENCE_SPACE_ID": "98765",
}  # fmt: skip

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"CONFLUENCE_TOKEN": None}, "CONFLUENCE_TOKEN"),
        ({"CONFLUENCE_URL": "example"}, "CONFLUENCE_URL"),
        ({"CONFLUENCE_SPACE_ID": "OPS"}, "CONFLUENCE_SPACE_ID"),
        ({"CONFLUENCE_TITLE": "{title}"}, "CONFLUENCE_TITLE"),
        ({"CONFLUENCE_TITLE": "{code} {nothing}"}, "CONFLUENCE_TITLE"),
    ],
)
def test_a_wrong_one_stops_the_start_and_is_named(tmp_path, given, named):
    with pytest.raises(SettingError, match=named):
        create_app({"TESTING": True, "SECRET_KEY": "x", **WHOLE, **given}, str(tmp_path))


def test_with_all_of_them_the_record_is_mirrored(tmp_path):
    app = create_app({"TESTING": True, "SECRET_KEY": "x", **WHOLE}, str(tmp_path))
    assert "watch" in app.extensions
    assert [one for one in app.extensions["deliver"].each() if "confluence" in one._senders]
