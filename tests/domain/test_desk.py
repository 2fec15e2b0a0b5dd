"""What the bridge publishes, and where it goes: what is internal stays with our own people."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import endings, followers, incidents
from domain.catalog import Service
from domain.db import db, writing
from domain.errors import Refused
from domain.outbox import Delivery
from integrations.facts import load
from integrations.slack_messages import build
from integrations.told_messages import mail_content, slack_content
from integrations.wording import Wording

SECRET = "委託先の証明書が切れました"
TYPED = f"入場できません。[[{SECRET}。]]窓口でご案内します。"


@pytest.fixture
def declare(cast, now):
    """Declares an incident with its holding text."""

    def do(key="i", **more):
        return incidents.declare(
            key=key, by=cast.responder, at=now, title="入場できません", severity="major", began_at=now,
            services={db.session.get(Service, 1): "partial_outage"},
            holding_words={"situation": "調べています。", "guest_notice": "ご不便をおかけします。"}, **more,
        )  # fmt: skip

    return do


@pytest.fixture
def publish(cast, now):
    """Publishes words on an incident; the promise is kept out of the way."""

    def do(incident, key="u", minutes=1, **more):
        words = more.pop("words", None) or {"situation": TYPED, "workaround": f"予約番号で。[[{SECRET}]]"}
        at = now + timedelta(minutes=minutes)
        return incident.publish(
            key=key, by=cast.bridge, at=at, state=more.pop("state", "investigating"), words=words,
            next_update_at=at + timedelta(minutes=10), **more,
        )  # fmt: skip

    return do


def test_the_words_are_kept_without_what_is_internal(declare, publish):
    with writing():
        update = publish(declare())
    assert update.situation == "入場できません。窓口でご案内します。"
    assert update.workaround == "予約番号で。"
    assert update.whole("situation") == TYPED
    assert SECRET not in update.incident.search


def test_nothing_internal_is_told_outside(app, cast, declare, publish, now):
    with writing():
        followers.follow(cast.reader, "all", 0, at=now)
        followers.choose(cast.reader, way="mail", at_night=True)
        followers.follow(cast.responder, "all", 0, at=now)
        publish(declare())
    told = [load(row.id, 0, now) for row in db.session.scalars(select(Delivery)) if row.details.get("update")]
    wording = Wording("ja", app.config["ZONE"], None)
    said = []
    for facts in told:
        if facts.told and not facts.told.needless:
            said += [slack_content(facts.told, wording, ""), mail_content(facts.told, wording, "")]
        elif facts.kind == "incident.updated":
            said.append(build(facts, wording, ""))
    assert len(said) >= 5
    assert "窓口でご案内します" in str(said)
    assert SECRET not in str(said)


def test_no_news_and_reopening_keep_what_is_internal(declare, publish, cast, now):
    with writing():
        incident = declare()
        first = publish(incident)
        again = incident.publish_unchanged(
            key="n", by=cast.bridge, at=now + timedelta(minutes=2), next_update_at=now + timedelta(minutes=9)
        )
        publish(incident, key="over", minutes=3, state="resolved", words={"situation": "復旧しました。"})
        reopened = endings.reopen(
            incident, key="r", by=cast.responder, at=now + timedelta(minutes=5), due=now + timedelta(minutes=9),
            situation="再発しました。",
        )  # fmt: skip
    assert again.whole("situation") == first.whole("situation")
    assert reopened.whole("workaround") == first.whole("workaround")


def test_the_same_form_sent_twice_is_one_update(declare, publish):
    with writing():
        incident = declare()
        assert publish(incident).id == publish(incident).id


@pytest.mark.parametrize(
    ("words", "field", "code"),
    [
        ({"situation": "案内", "guest_notice": "どうぞ [[秘密]]"}, "guest_notice", "internal_for_customers"),
        ({"situation": "案内", "partner_notice": "どうぞ ［［秘密"}, "partner_notice", "internal_for_customers"),
        ({"situation": "案内 [[秘密"}, "situation", "internal_broken"),
        ({"situation": "[[秘密だけ]]"}, "situation", "words_missing"),
    ],
)
def test_what_nobody_could_keep_apart_is_refused(declare, publish, words, field, code):
    with pytest.raises(Refused) as refused, writing():
        publish(declare(), words=words)
    assert (refused.value.field, refused.value.code) == (field, code)
