"""The log: one line of JSON each (words for people on a terminal), with the request's id and without personal data."""

import ipaddress
import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog

_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+")
_TELEPHONE = re.compile(r"(?<![\w.:-])(?:\+\d[\d ()-]{7,}\d|0\d{1,4}[- ]?\d{1,4}[- ]?\d{3,4})(?![\w.:-])")
# What databases add to their errors: the values of the row, or of the statement.
_VALUES = re.compile(r"^(DETAIL:|\[parameters:|LINE \d+:).*$", re.MULTILINE)
_IP = ("address", "client")

Line = MutableMapping[str, Any]


class Steady:
    """A stream that may be full or closed: what cannot be logged must not end who wanted to log it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure(to: TextIO | None = None) -> None:
    """Everything that this process says from now on, by structlog or by `logging`, goes to standard error like this."""
    out: Any = Steady(to or sys.stderr)
    for_people = to is None and sys.stderr.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_persons,
    ]
    last = structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_lean, last]))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def without_persons(_logger: Any, _method: str, line: Line) -> Line:
    """Mail addresses, telephone numbers and a database's values go, wherever they stand; a client's network stays."""
    for name, value in line.items():
        if not isinstance(value, str) or name == "timestamp":
            continue
        line[name] = _network(value) if name in _IP else _masked(value)
    return line


def _masked(text: str) -> str:
    text = _VALUES.sub(lambda found: f"{found[1]} …", text)
    return _TELEPHONE.sub("<telephone>", _MAIL.sub("<mail>", text))


def _network(address: str) -> str:
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return _masked(address)
    return str(ipaddress.ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))


def _lean(_logger: Any, _method: str, line: Line) -> Line:
    return {name: value for name, value in line.items() if name not in ("_record", "_from_structlog")}
