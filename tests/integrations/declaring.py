"""A declaration with everything that it starts: local Slack, PagerDuty and Zoom, and what must be there at the end."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select

from domain import incidents
from domain.catalog import Service
from domain.db import db, writing
from domain.outbox import Delivery
from domain.people import Person
from integrations.calls import CallsSender, Zoom
from integrations.dispatch import Dispatcher
from integrations.pagerduty import PagerDutySender
from integrations.slack import SlackSender
from integrations.wording import Wording
from local_services import LocalPagerDuty, LocalZoom
from local_slack import LocalSlack
from local_slack.workspace import BOT_USER

TOKYO = ZoneInfo("Asia/Tokyo")
KEY, DRILL_KEY = "R" * 32, "D" * 32
BASE = "https://noroshi.example.jp"


@dataclass
class Outside:
    """The three services."""

    slack: LocalSlack
    pager: LocalPagerDuty
    zoom: LocalZoom

    def senders(self, limit: float = 2.0, **more: object) -> dict[str, object]:
        wording = Wording("en", TOKYO)
        zoom = Zoom("account", "client", "secret", self.zoom.token_url, self.zoom.api_url)
        return {
            "slack": SlackSender(
                self.slack.token, self.slack.api_url, "hotline", BASE, "en", TOKYO, None, time_limit=limit
            ),
            "pagerduty": PagerDutySender(KEY, DRILL_KEY, self.pager.events_url, BASE, wording, time_limit=limit),
            "calls": CallsSender(zoom, BASE, wording=wording, time_limit=limit),
            **more,
        }


@contextmanager
def outside(clock: Callable[[], float]) -> Iterator[Outside]:
    """The three services while the block runs."""
    with LocalSlack(clock=clock) as slack, LocalPagerDuty() as pager, LocalZoom() as zoom:
        yield Outside(slack, pager, zoom)


def declare(at: object, key: str = "declared", **more: object) -> int:
    """Declares a large incident that pages everybody; its id."""
    given = {"title": "入場QRが読めない", "severity": "critical", "page": True, "holding": False, **more}
    with writing():
        service = db.session.get(Service, 1)
        return incidents.declare(
            key=key, by=db.session.get_one(Person, 2), at=at, began_at=at,  # type: ignore[arg-type]
            services={service: "major_outage"} if service else {}, **given,  # type: ignore[arg-type]
        ).id  # fmt: skip


def rows() -> list[Delivery]:
    """Every delivery, read anew."""
    db.session.rollback()
    return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))


def made(slack: LocalSlack) -> list[object]:
    """The channels that we have made."""
    with slack.workspace.lock:
        return [one for one in slack.workspace.channels.values() if one.creator == BOT_USER and not one.is_im]


def check_everything_once(there: Outside, wanted: int = 1, areas: int = 4) -> None:
    """Each outside effect of `wanted` declarations is there exactly once."""
    wrong = [(one.kind, one.state, one.error) for one in rows() if one.state not in ("sent", "dropped")]
    assert not wrong
    channels = made(there.slack)
    assert len(channels) == wanted
    for channel in channels:
        assert len([one for one in channel.messages if "metadata" in one]) == 1  # type: ignore[attr-defined]
        assert len(channel.pins) == 1  # type: ignore[attr-defined]
        assert channel.topic  # type: ignore[attr-defined]
        assert channel.purpose  # type: ignore[attr-defined]
        links = Counter(one["link"] for one in channel.bookmarks)  # type: ignore[attr-defined]
        assert len(links) == 3
        assert set(links.values()) == {1}
        assert "U0OKAMOTO" in channel.members  # type: ignore[attr-defined]
    keys = Counter(one["metadata"]["event_payload"]["key"] for one in there.slack.messages("hotline"))
    assert len(keys) == wanted
    assert set(keys.values()) == {1}
    assert len(there.pager.alerts) == wanted * areas
    assert {routing for routing, _ in there.pager.alerts} <= {KEY}
    assert len(there.zoom.meetings) == 2 * wanted
    assert len({one["agenda"] for one in there.zoom.meetings}) == 2 * wanted


def dispatcher(there: Outside, clock: Callable[[], object], limit: float = 2.0) -> Dispatcher:
    return Dispatcher(there.senders(limit), clock)  # type: ignore[arg-type]
