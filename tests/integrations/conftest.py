"""A local Slack on the tests' own clock, a sender to it, and hands that move the clock."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from domain import hotline
from domain.db import db, writing
from domain.outbox import Delivery
from domain.people import Person
from integrations.dispatch import Dispatcher
from integrations.slack import SlackSender
from local_slack import LocalSlack
from tests.conftest import NOW

TOKYO = ZoneInfo("Asia/Tokyo")


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def slack(hands: Hands) -> Iterator[LocalSlack]:
    with LocalSlack(clock=lambda: hands().timestamp()) as running:
        yield running


@pytest.fixture
def sender(slack: LocalSlack) -> SlackSender:
    return SlackSender(
        slack.token, slack.api_url, "#hotline", "https://noroshi.example.jp", "en", TOKYO, None, time_limit=2.0
    )


@pytest.fixture
def dispatcher(app: Flask, sender: SlackSender, hands: Hands) -> Dispatcher:
    return Dispatcher({"slack": sender}, hands)


@pytest.fixture
def deliver(dispatcher: Dispatcher, hands: Hands) -> Callable[..., int]:
    """Delivers until nothing waits, moving the clock on to what is due next; returns the attempts that it took."""

    def all_of(most: int = 40) -> int:
        for attempts in range(most):
            due = dispatcher.due()
            if due is None:
                return attempts
            hands.at = max(hands.at, due)
            dispatcher.next()
        raise AssertionError("it does not end")

    return all_of


@pytest.fixture
def file(app: Flask, hands: Hands) -> Callable[..., int]:
    """Files a report of the reader and returns its id."""
    count = iter(range(1, 1000))

    def one(body: str = "入場ゲートでQRが読めません", **more: object) -> int:
        with writing():
            by = db.session.get_one(Person, 4)
            return hotline.file(key=f"key-{next(count)}", by=by, at=hands(), body=body, **more).id  # type: ignore[arg-type]

    return one


def row(number: int = 1) -> Delivery:
    """The delivery with this id, read anew."""
    db.session.rollback()
    return db.session.scalars(select(Delivery).where(Delivery.id == number)).one()
