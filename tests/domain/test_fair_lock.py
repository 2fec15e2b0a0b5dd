"""Whoever waited longest is next, and nobody who stops waiting takes the turn with them."""

import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from domain.fair_lock import FairLock
from tests.server.conftest import wait_for


class Interrupted(Exception):
    pass


@pytest.fixture
def interrupt() -> Iterator[Callable[[], None]]:
    """Interrupts the main thread, as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, stop)
    yield lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


def until_in_line(lock: FairLock, number: int) -> None:
    """Returns once so many wait; a lock tells nobody that somebody began to wait for it."""
    wait_for(lambda: len(lock._waiting) >= number)


def waiter(lock: FairLock, name: int, order: list[int]) -> threading.Thread:
    def take() -> None:
        with lock:
            order.append(name)

    thread = threading.Thread(target=take)
    thread.start()
    return thread


def test_whoever_came_first_is_next() -> None:
    lock, order, threads = FairLock(), list[int](), list[threading.Thread]()
    with lock:
        for number in range(5):
            threads.append(waiter(lock, number, order))
            until_in_line(lock, number + 1)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_who_just_had_it_stands_behind_who_waits() -> None:
    lock, order = FairLock(), list[int]()
    with lock:
        thread = waiter(lock, 1, order)
        until_in_line(lock, 1)
    with lock:
        order.append(2)
    thread.join()
    assert order == [1, 2]


def test_an_error_inside_gives_it_back() -> None:
    lock = FairLock()
    with pytest.raises(ZeroDivisionError), lock:
        _ = 1 / 0
    with lock:
        pass


def test_who_stops_waiting_is_passed_over(interrupt: Callable[[], None]) -> None:
    lock, order = FairLock(), list[int]()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            until_in_line(lock, 1)
            interrupt()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    with pytest.raises(Interrupted), lock:
        order.append(1)
    assert len(lock._waiting) == 0
    done.set()
    with lock:
        order.append(2)
    thread.join()
    assert order == [2]


def test_a_turn_that_came_while_its_owner_was_interrupted_goes_on() -> None:
    lock, order = FairLock(), list[int]()
    gone = threading.Lock()
    gone.acquire()
    with lock:
        lock._waiting.append(gone)
        thread = waiter(lock, 1, order)
        until_in_line(lock, 2)
    lock._leave(gone)
    thread.join()
    assert order == [1]
