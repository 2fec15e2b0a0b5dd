"""What the bridge publishes, and where it goes: what is internal stays with our own people."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain import copies, endings, followers, incidents
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


def copied(update, person, name="guest_notice", at=None):
    return copies.note(update, name, by=person, at=at or update.published_at)


def told():
    rows = db.session.scalars(select(Delivery).where(Delivery.kind == copies.COPIED).order_by(Delivery.id))
    return [(row.service, row.details["person"]) for row in rows]


def words(guest, partner="お待ちください。"):
    return {"situation": "入場できません。", "guest_notice": guest, "partner_notice": partner}


def test_whoever_copied_what_is_corrected_is_told_and_only_they(declare, publish, cast):
    with writing():
        incident = declare()
        wrong = publish(incident, words=words("全施設です。"))
        copied(wrong, cast.responder)
        copied(wrong, cast.reader, "partner_notice")
        publish(incident, "c", 2, words=words("一部の施設です。"), corrects=wrong.id)
    assert told() == [("direct", cast.responder.id)]
    assert [one.text for one in copies.notices(cast.responder)] == ["一部の施設です。"]
    assert copies.notices(cast.reader) == []
    assert (cast.responder.has_notices, cast.reader.has_notices) == (True, False)


def test_whoever_copied_the_same_words_of_a_later_update_is_told(declare, publish, cast):
    with writing():
        incident = declare()
        wrong = publish(incident, words=words("全施設です。"))
        later = publish(incident, "l", 2, words={**words("全施設です。"), "situation": "続いています。"})
        copied(later, cast.responder)
        publish(incident, "c", 3, words=words("一部の施設です。"), corrects=wrong.id)
    assert told() == [("direct", cast.responder.id)]


def test_words_that_only_gave_way_to_newer_ones_are_no_mistake(declare, publish, cast):
    with writing():
        incident = declare()
        copied(publish(incident, words=words("お待ちください。")), cast.responder)
        publish(incident, "n", 2, words=words("順に入場できます。"))
    assert told() == []


def test_words_that_are_gone_were_withdrawn(declare, publish, cast):
    with writing():
        incident = declare()
        copied(publish(incident, words=words("お待ちください。")), cast.reader)
        publish(incident, "n", 2, words={"situation": "確認中です。"})
    assert told() == [("mail", cast.reader.id)]
    assert [one.text for one in copies.notices(cast.reader)] == [""]


def test_whoever_copied_for_what_was_no_incident_is_told(declare, publish, cast, now):
    with writing():
        incident = declare()
        copied(incident.latest, cast.responder)
        endings.no_incident(
            incident, key="none", by=cast.bridge, at=now + timedelta(minutes=3), words={"situation": "違いました。"}
        )
    assert told() == [("direct", cast.responder.id)]


def test_a_second_correction_changes_the_same_message(declare, publish, cast):
    with writing():
        incident = declare()
        wrong = publish(incident, words=words("全施設です。"))
        copied(wrong, cast.responder)
        better = publish(incident, "c", 2, words=words("三施設です。"), corrects=wrong.id)
        publish(incident, "d", 3, words=words("二施設です。"), corrects=better.id)
    assert told() == [("direct", cast.responder.id)]
    assert [one.text for one in copies.notices(cast.responder)] == ["二施設です。"]


def test_copying_what_counts_now_or_saying_so_ends_the_notice(declare, publish, cast, now):
    with writing():
        incident = declare()
        wrong = publish(incident, words=words("全施設です。", "全施設です。"))
        copied(wrong, cast.responder)
        partner = copied(wrong, cast.responder, "partner_notice")
        right = publish(incident, "c", 2, words=words("一施設です。", "一施設です。"), corrects=wrong.id)
        copied(right, cast.responder)
        assert [one.name for one in copies.notices(cast.responder)] == ["partner_notice"]
        partner.see(now)
    assert copies.notices(cast.responder) == []
    assert not cast.responder.has_notices


def test_copying_from_a_page_that_is_old_is_told_at_once(declare, publish, cast):
    with writing():
        incident = declare()
        wrong = publish(incident, words=words("全施設です。"))
        right = publish(incident, "c", 2, words=words("一施設です。"), corrects=wrong.id)
        copied(wrong, cast.responder, at=right.published_at)
    assert told() == [("direct", cast.responder.id)]


def test_who_corrects_their_own_words_and_who_has_left_are_not_told(declare, publish, cast, now):
    with writing():
        incident = declare()
        wrong = publish(incident, words=words("全施設です。"))
        copied(wrong, cast.bridge)
        copied(wrong, cast.reader)
        cast.reader.deactivated_at = now
        publish(incident, "c", 2, words=words("一施設です。"), corrects=wrong.id)
    assert told() == []


def test_a_drill_tells_on_the_portal_only(declare, publish, cast):
    with writing():
        incident = declare(drill=True)
        wrong = publish(incident, words=words("全施設です。"))
        copied(wrong, cast.responder)
        publish(incident, "c", 2, words=words("一施設です。"), corrects=wrong.id)
    assert told() == []
    assert len(copies.notices(cast.responder)) == 1


def test_only_words_for_customers_are_copied(declare, publish, cast):
    with writing():
        update = publish(declare(), words={"situation": "確認中です。"})
        assert copied(update, cast.reader) is None
    with pytest.raises(Refused), writing():
        copied(update, cast.reader, "not_yet")
