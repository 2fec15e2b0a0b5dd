"""The process's memory: where the C library can be told, it is; where not, nothing happens."""

import ctypes
from types import SimpleNamespace
from typing import Any

import pytest

from server import memory


def test_the_c_library_is_told_to_keep_few_heaps(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, ...]] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace(mallopt=lambda *given: told.append(given)))
    memory.keep_together()
    assert told == [(-8, 2)]


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace())
    memory.keep_together()


def test_glibc_takes_it() -> None:
    mallopt: Any = getattr(ctypes.CDLL(None), "mallopt", None)
    assert mallopt is None or mallopt(-8, memory.ARENAS) == 1
