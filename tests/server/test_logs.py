"""The log: JSON, a line each, with the request's id, without personal data."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from server import logs
from server.logs import Steady

pytestmark = pytest.mark.one_database


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Where the log of this test goes; afterwards everything is as it was."""
    handlers, level, before = logging.root.handlers[:], logging.root.level, structlog.get_config()
    into = io.StringIO()
    logs.configure(into)
    yield into
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_json_with_level_time_and_the_request(out: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request="abcd1234")
    structlog.get_logger().warning("狼煙", number=3)
    (line,) = lines(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "狼煙", "level": "warning", "number": 3, "request": "abcd1234"}


def test_libraries_speak_the_same_way(out: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    (line,) = lines(out)
    assert (line["event"], line["level"]) == ("Invalid HTTP request received.", "warning")


@pytest.mark.parametrize("private", ["misaki.sato+x@example.co.jp", "+81 90 0000 0101", "090-1234-5678", "0312345678"])
def test_addresses_and_telephone_numbers_do_not_stand_in_it(out: io.StringIO, private: str) -> None:
    try:
        raise ValueError(f"not unique: {private}")
    except ValueError:
        structlog.get_logger().exception("failed", what=f"for {private}")
    assert private not in out.getvalue()
    assert "not unique" in lines(out)[0]["exception"]


def test_what_a_database_adds_to_its_errors_does_not_stand_in_it(out: io.StringIO) -> None:
    error = "duplicate key\nDETAIL:  Key (name)=(佐藤 美咲) already exists.\n[parameters: {'name': '佐藤 美咲'}]"
    structlog.get_logger().error("failed", error=error)
    assert "佐藤" not in out.getvalue()
    assert "duplicate key" in out.getvalue()


def test_of_a_client_only_its_network_stays(out: io.StringIO) -> None:
    structlog.get_logger().info("refused", address="203.0.113.77")
    structlog.get_logger().info("refused", address="2001:db8:1:2:3::7")
    assert [line["address"] for line in lines(out)] == ["203.0.113.0/24", "2001:db8:1::/48"]


@pytest.mark.parametrize("number", ["INC-42", "2026-11-25T13:00:00Z", "7305011", "3f2a9c0d1e4b5a69"])
def test_what_is_no_telephone_number_stays(out: io.StringIO, number: str) -> None:
    structlog.get_logger().info("said", what=number)
    assert lines(out)[0]["what"] == number


def test_a_log_that_cannot_be_written_ends_nobody() -> None:
    closed = io.StringIO()
    closed.close()
    Steady(closed).write("a line")
    Steady(closed).flush()
