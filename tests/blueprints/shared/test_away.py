"""What is kept of pages for when the database is away, and when it is looked for again."""

import time

import pytest
from sqlalchemy.exc import OperationalError

from blueprints.shared.away import DOUBT, Away, Breaker, LastKnown, Seen
from tests.conftest import NOW

pytestmark = pytest.mark.one_database
MISAKI = (4, 0, "reader")


def seen(body: bytes = b"page", person: tuple[int, int, str] = MISAKI) -> Seen:
    return Seen(person, NOW, "", body)


def fail() -> None:
    raise OperationalError("SELECT 1", {}, Exception("gone"))


def test_a_page_is_found_by_its_session_and_address_only() -> None:
    known = LastKnown()
    known.keep("/", seen())
    assert known.find("4.0", "/", 0)
    assert not known.find("4.1", "/", 0)
    assert not known.find("3.0", "/", 0)
    assert not known.find("4.0", "/roster", 0)


def test_the_oldest_make_room() -> None:
    known = LastKnown(most=10)
    for number in range(4):
        known.keep(f"/{number}", seen(b"x" * 4))
    assert [bool(known.find("4.0", f"/{number}", 0)) for number in range(4)] == [False, False, True, True]


def test_who_is_somebody_else_by_now_is_forgotten() -> None:
    known = LastKnown()
    known.keep("/", seen())
    known.keep("/", seen(person=(3, 0, "responder")))
    known.doubt()
    known.settle(known.doubts, {(4, 0, "responder"), (3, 0, "responder")})
    assert not known.find("4.0", "/", 0)
    assert known.find("3.0", "/", 0)


def test_rights_that_nobody_could_ask_for_long_show_nothing() -> None:
    known = LastKnown()
    known.keep("/", seen())
    known.doubt()
    assert known.find("4.0", "/", time.monotonic())
    assert not known.find("4.0", "/", time.monotonic() + DOUBT + 1)
    known.settle(known.doubts, {MISAKI})
    assert known.find("4.0", "/", time.monotonic() + DOUBT + 1)


def test_one_looks_and_the_others_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = Breaker()
    breaker.check(fail)
    breaker.failed()
    looked: list[int] = []
    with pytest.raises(Away):
        breaker.check(lambda: looked.append(1))
    assert looked == []
    monkeypatch.setattr("blueprints.shared.away.PAUSE", 0.0)
    breaker.failed()

    def look() -> None:
        with pytest.raises(Away):
            breaker.check(lambda: looked.append(2))
        looked.append(1)

    breaker.check(look)
    assert looked == [1]
    breaker.check(fail)


def test_it_stays_away_as_long_as_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blueprints.shared.away.PAUSE", 0.0)
    breaker = Breaker()
    breaker.failed()
    for _ in range(2):
        with pytest.raises(Away):
            breaker.check(fail)
    assert breaker.is_open
