"""The limit of open files: raised, counted, and named at the start."""

import resource
import socket

import pytest

from server import limits
from server.serve import serve
from tests.server.conftest import make_app

pytestmark = pytest.mark.one_database


def test_pages_keep_their_share() -> None:
    assert limits.room(20_000) == 19_000
    assert limits.room(1_024) == 512


def test_the_limit_is_raised_as_far_as_the_system_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (1_024, 20_000))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limit: asked.append(limit))
    assert limits.raise_open_files() == 20_000
    assert asked == [(20_000, 20_000)]


def test_no_limit_is_not_taken_for_more_than_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (endless, endless))
    assert limits.raise_open_files() == limits.ENOUGH


def test_too_few_are_named_at_the_start_with_the_way_out(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(limits, "raise_open_files", lambda: 1_024)
    given: dict[str, int] = {}

    class Started:
        def __init__(self, _app: object, listener: socket.socket, _ready: object, **options: int) -> None:
            given.update(options)
            listener.close()

        def run(self) -> None: ...

    monkeypatch.setattr("server.serve.Process", Started)
    assert serve(make_app(f"sqlite:///{tmp_path}/small.sqlite3"), "127.0.0.1", 0, lambda url: None) == 0
    assert given == {"most": 512}
    said = capsys.readouterr().err
    assert "512 live streams" in said
    assert "LimitNOFILE=" in said
    assert "11,000" in said


def test_enough_is_said_without_advice() -> None:
    assert "LimitNOFILE" not in limits.said(20_000)
