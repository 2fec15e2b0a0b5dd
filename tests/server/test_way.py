"""What somebody sends goes before the boards, for a while."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from server.way import Way
from tests.server.conftest import DEADLINE

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: in this one the browser tests' loop may run."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result(DEADLINE)


def test_the_boards_let_what_somebody_sends_go_first() -> None:
    async def play() -> list[str]:
        way, said = Way(), []

        async def boards() -> None:
            assert await way.let_pass(DEADLINE) > 0
            said.append("boards")

        with way.hurry():
            task = asyncio.create_task(boards())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            said.append("sent")
        await task
        return said

    assert run(play()) == ["sent", "boards"]


def test_they_wait_until_the_last_of_several_is_through() -> None:
    async def play() -> None:
        way = Way()
        first, second = way.hurry(), way.hurry()
        first.__enter__()
        second.__enter__()
        boards = asyncio.create_task(way.let_pass(DEADLINE))
        first.__exit__(None, None, None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not boards.done()
        second.__exit__(None, None, None)
        await boards

    run(play())


def test_something_that_takes_long_holds_the_boards_up_only_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.way.BRIEF", 0.01)

    async def play() -> float:
        way = Way()
        with way.hurry():
            return await way.let_pass(DEADLINE)

    assert 0 < run(play()) < DEADLINE


def test_boards_without_patience_left_wait_for_nothing() -> None:
    async def play() -> float:
        way = Way()
        with way.hurry():
            return await way.let_pass(0)

    assert run(play()) == 0


def test_where_nothing_was_sent_nobody_waits() -> None:
    assert run(Way().let_pass(DEADLINE)) == 0
