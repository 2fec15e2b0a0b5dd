"""`flask incidents import`: says what it did, shows on page and history, refuses what it does not understand."""

import json

import pytest
from sqlalchemy import select

from domain.db import db
from domain.incidents import Incident

RECORD = {
    "id": "x-1",
    "title": "予約が失敗する",
    "impact": "major",
    "status": "resolved",
    "organisation": "さくら",
    "created_at": "2026-04-02T10:00:00+09:00",
    "resolved_at": "2026-04-01T11:00:00+09:00",
    "components": ["部品"],
    "updates": [
        {
            "at": "2026-04-02T01:00:00Z",
            "status": "resolved",
            "body": "<script>alert(1)</script><b>太字</b>",
            "body_format": "html",
        }
    ],
}


@pytest.fixture
def run(app, tmp_path):
    def of(content):
        path = tmp_path / "incidents.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return app.test_cli_runner().invoke(args=["incidents", "import", str(path)])

    return of


def test_it_moves_in_and_again_changes_nothing(run):
    assert "1 incidents moved in, 0 were here already" in run({"incidents": [RECORD]}).output
    assert "0 incidents moved in, 1 were here already" in run({"incidents": [RECORD]}).output


def test_what_was_moved_in_shows_safely_and_says_what_is_not_known(run, sign_in, cast, clock):
    run({"incidents": [RECORD]})
    code = db.session.scalars(select(Incident)).one().code
    page = sign_in(cast.reader).get(f"/incidents/{code}", headers={"Accept-Language": "en"}).text
    assert "<b>太字</b>" in page
    assert "alert(1)" not in page
    assert "How long it lasted is not known." in page


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"{", b"[]", b'{"incidents": 5}', b"[" * 100_000])
def test_what_it_does_not_understand_changes_nothing(run, content):
    answer = run(content)
    assert answer.exit_code == 1
    assert "was not understood, nothing was changed" in answer.output
    assert db.session.scalars(select(Incident)).all() == []
