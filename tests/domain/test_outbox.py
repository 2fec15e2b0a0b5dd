"""The outbox: lanes, leases, pauses; no row twice, no late worker, nothing forgotten."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from domain import outbox
from domain.db import db, writing
from domain.outbox import Delivery, DeliveryError
from tests.conftest import NOW

LEASE = timedelta(seconds=10)
SLACK = ("slack",)


@pytest.fixture
def put(app: Flask) -> Callable[..., int]:
    """Writes a word down and returns its id. `subject`: the lane; `needs`: an id; the rest: columns."""

    def one(subject: str = "a", needs: int | None = None, service: str = "slack", **columns: object) -> int:
        with writing() as session:
            cause = session.get(Delivery, needs) if needs else None
            delivery = outbox.enqueue(service, "report.filed", at=NOW, needs=cause)
            delivery.lane = f"{service}:{subject}"
            for name, value in columns.items():
                setattr(delivery, name, value)
            session.flush()
            return delivery.id

    return one


def claim(at: datetime = NOW, services: tuple[str, ...] = SLACK) -> int | None:
    with writing():
        delivery = outbox.claim(services, at, LEASE)
        return delivery.id if delivery else None


def row(number: int) -> Delivery:
    db.session.rollback()
    return db.session.get_one(Delivery, number)


def settle(number: int, verb: str, *values: object) -> None:
    with writing() as session:
        getattr(session.get_one(Delivery, number), verb)(*values)


def test_claiming_counts_the_attempt_and_takes_a_lease(put: Callable[..., int]) -> None:
    first = put()
    assert claim() == first
    taken = row(first)
    assert (taken.state, taken.attempts, taken.sent_at, taken.lease_until) == ("sending", 1, NOW, NOW + LEASE)
    assert claim() is None


def test_a_lease_that_ran_out_is_taken_over_and_the_first_try_is_kept(put: Callable[..., int]) -> None:
    first = put()
    claim()
    assert claim(NOW + LEASE - timedelta(milliseconds=1)) is None
    assert claim(NOW + LEASE) == first
    assert (row(first).attempts, row(first).sent_at) == (2, NOW)


def test_a_late_worker_does_not_hold_it_any_more(put: Callable[..., int]) -> None:
    first = put()
    claim()
    claim(NOW + LEASE)
    with writing():
        assert outbox.claimed(first, 1) is None
        held = outbox.claimed(first, 2)
        assert held is not None
        held.succeed(NOW, "1.1", "C1", "https://slack")
        assert outbox.claimed(first, 2) is None
    assert (row(first).state, row(first).outside_id, row(first).lease_until) == ("sent", "1.1", None)


def test_a_lane_keeps_its_order_and_others_do_not_wait(put: Callable[..., int]) -> None:
    first, second, other = put("a"), put("a"), put("b")
    assert claim() == first
    assert claim() == other
    assert claim() is None
    settle(first, "retry", DeliveryError("away"), NOW)
    assert claim() is None, "the second waits for the first"
    settle(first, "succeed", NOW)
    assert claim() == second


def test_what_needs_another_waits_for_it_across_lanes(put: Callable[..., int]) -> None:
    first = put("a")
    second = put("b", needs=first)
    assert claim() == first
    assert claim() is None
    settle(first, "succeed", NOW)
    assert claim() == second


def test_past_a_failed_one_the_lane_goes_on_without_what_needs_it(put: Callable[..., int]) -> None:
    first = put()
    needing, free = put(needs=first), put()
    claim()
    settle(first, "give_up", DeliveryError("no", permanent=True), NOW)
    assert claim() == free
    assert claim() is None
    settle(free, "succeed", NOW)
    settle(first, "send_again", NOW)
    assert claim() == first
    settle(first, "succeed", NOW)
    assert claim() == needing


def test_only_the_services_asked_for(put: Callable[..., int]) -> None:
    put(service="pagerduty")
    mine = put()
    assert claim() == mine
    assert not outbox.due(SLACK, NOW)
    assert outbox.due(["pagerduty"], NOW)


def test_pauses_grow_to_five_minutes_and_never_end(put: Callable[..., int]) -> None:
    first, at, pauses = put(), NOW, []
    for _ in range(40):
        assert claim(at) == first
        settle(first, "retry", DeliveryError("away"), at)
        next_at = row(first).next_at
        assert next_at is not None
        pauses.append((next_at - at).total_seconds())
        at = next_at
    assert all(0.8 * 2**number <= pauses[number] <= 1.2 * 2**number for number in range(8))
    assert max(pauses) <= 300
    assert min(pauses[10:]) >= 240


@pytest.mark.parametrize(("asked", "pause"), [(45.0, 45.0), (1e9, 3600.0)])
def test_a_service_may_ask_for_a_longer_pause(put: Callable[..., int], asked: float, pause: float) -> None:
    first = put()
    claim()
    settle(first, "retry", DeliveryError("slow down", retry_after=asked), NOW)
    assert row(first).next_at == NOW + timedelta(seconds=pause)


def test_after_an_ambiguous_failure_even_an_administrator_waits_for_the_lease(put: Callable[..., int]) -> None:
    first = put()
    claim()
    settle(first, "retry", DeliveryError("lost", ambiguous=True), NOW)
    assert row(first).next_at == NOW + LEASE
    settle(first, "send_again", NOW + timedelta(seconds=1))
    assert row(first).next_at == NOW + LEASE
    settle(first, "send_again", NOW + timedelta(minutes=1))
    assert row(first).next_at == NOW + timedelta(minutes=1)


def test_send_again_leaves_alone_what_is_under_way_or_has_arrived(put: Callable[..., int]) -> None:
    first = put()
    claim()
    settle(first, "send_again", NOW)
    assert row(first).state == "sending"
    settle(first, "succeed", NOW)
    settle(first, "send_again", NOW)
    assert row(first).state == "sent"


def test_next_due_looks_without_the_lock(put: Callable[..., int]) -> None:
    assert outbox.next_due(SLACK) is None
    first = put()
    assert outbox.next_due(SLACK) == NOW
    claim()
    assert outbox.next_due(SLACK) == NOW + LEASE
    assert not outbox.due(SLACK, NOW)
    settle(first, "succeed", NOW)
    assert outbox.next_due(SLACK) is None


def test_what_administrators_see(put: Callable[..., int]) -> None:
    failed, retried, fresh, sent = put("a"), put("b"), put("c"), put("d")
    settle(failed, "give_up", DeliveryError("the token is wrong", permanent=True), NOW)
    settle(retried, "retry", DeliveryError("away"), NOW)
    settle(sent, "succeed", NOW)
    assert [one.id for one in outbox.problems()] == [failed, retried]
    assert [one.id for one in outbox.open_deliveries()] == [failed, retried, fresh]
    assert [one.id for one in outbox.recent()] == [sent]
    assert [one.id for one in outbox.held(SLACK)] == [retried, fresh]
    assert [one.id for one in outbox.held(SLACK, after=retried)] == [fresh]


def test_stuck_is_what_nobody_takes_up(put: Callable[..., int]) -> None:
    first = put()
    put(needs=first)
    later = NOW + timedelta(minutes=5)
    assert outbox.stuck(NOW + timedelta(minutes=4)) == 0
    assert outbox.stuck(later) == 1
    assert outbox.stuck(later, held=SLACK) == 0
    claim(later)
    settle(first, "retry", DeliveryError("away"), later)
    assert outbox.stuck(later) == 0, "tried and refused: a worker is alive"


def test_two_workers_never_take_the_same(app: Flask, put: Callable[..., int]) -> None:
    wanted = {put(f"lane {number}") for number in range(30)}
    db.session.rollback()
    taken: list[int] = []
    start = threading.Barrier(3)

    def work() -> None:
        with app.app_context():
            start.wait()
            while (number := claim()) is not None:
                taken.append(number)
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(taken) == sorted(wanted)
