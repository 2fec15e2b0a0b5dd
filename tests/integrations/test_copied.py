"""Copied words in Slack: who copied them is told once, in their language, and the message follows every correction."""

from collections.abc import Callable

from domain import copies
from domain.db import db, writing
from domain.updates import Update
from local_slack import LocalSlack
from tests.conftest import NOW
from tests.integrations.test_slack_duty import direct
from tests.integrations.test_told import dispatcher, incident, person, publish, sender, states

__all__ = ["dispatcher", "incident", "sender"]


def said(slack: LocalSlack) -> list[str]:
    return [one for one in direct(slack, "U0SATO") if "copied" in one]


def test_a_correction_of_copied_words_is_told_once_and_edited(
    incident: int, deliver: Callable[..., int], slack: LocalSlack
) -> None:
    given = {"guest_notice": "All gates are closed."}
    wrong = publish(incident, "First.", words={"situation": "First.", **given})
    with writing():
        copies.note(db.session.get_one(Update, wrong), "guest_notice", by=person(4), at=NOW)
    better = publish(
        incident, "Second.", corrects=wrong, words={"situation": "Second.", "guest_notice": "Gate 3 is closed."}
    )
    deliver()
    (message,) = said(slack)
    assert "The wording for guests that you copied was corrected: INC-1" in message
    assert "Gate 3 is closed." in message
    publish(incident, "Third.", corrects=better, words={"situation": "Third."})
    deliver()
    (message,) = said(slack)
    assert "was withdrawn" in message
    assert set(states(copies.COPIED)) == {"sent"}


def test_who_has_seen_it_on_the_portal_is_not_told_as_well(
    incident: int, deliver: Callable[..., int], slack: LocalSlack
) -> None:
    wrong = publish(incident, "First.", words={"situation": "First.", "guest_notice": "All gates are closed."})
    with writing():
        copies.note(db.session.get_one(Update, wrong), "guest_notice", by=person(4), at=NOW)
    publish(incident, "Second.", corrects=wrong, words={"situation": "Second.", "guest_notice": "Gate 3."})
    with writing():
        copies.notices(person(4))[0].see(NOW)
    deliver()
    assert said(slack) == []
    assert states(copies.COPIED) == ["dropped"]
