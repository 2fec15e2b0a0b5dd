"""A report from the first tap to what became of it: filed once, voiced, judged, reopened, told."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain import hotline, incidents
from domain.catalog import Facility, Service, Symptom
from domain.db import db, writing
from domain.errors import Conflict, Refused
from domain.hotline import Report
from domain.outbox import Delivery
from domain.people import Person


@pytest.fixture
def report(cast, now):
    with writing():
        return hotline.file(key="k1", by=cast.reader, at=now, symptom=entrance(), body="QRが赤い画面になります")


@pytest.fixture
def incident(cast, now):
    with writing():
        return incidents.declare(
            key="d1", by=cast.bridge, at=now, title="入場できません", severity="major", began_at=now,
            services={db.session.get(Service, 1): "partial_outage"}, holding=False,
        )  # fmt: skip


def entrance() -> Symptom:
    return db.session.get(Symptom, 1)


def deliveries(*kinds: str) -> list[Delivery]:
    return list(db.session.scalars(select(Delivery).where(Delivery.kind.in_(kinds)).order_by(Delivery.id)))


def told() -> list[str]:
    return [delivery.details["what"] for delivery in deliveries("report.told")]


def test_filing_tells_the_hotline_once(report):
    assert [delivery.report_id for delivery in deliveries("report.filed")] == [report.id]
    assert (report.status, report.code) == ("received", f"R-{report.id}")


def test_the_same_key_is_the_same_report(report, cast, now):
    with writing():
        again = hotline.file(key="k1", by=cast.reader, at=now, symptom=entrance(), body="QRが赤い画面になります")
    assert again.id == report.id
    assert len(deliveries("report.filed")) == 1


def test_a_double_tap_at_the_same_moment_is_one_report(app, now):
    start, found = threading.Barrier(6), []

    def tap() -> None:
        with app.app_context():
            start.wait()
            with writing():
                found.append(hotline.file(key="race", by=db.session.get(Person, 4), at=now, body="遅い").id)
            db.session.remove()

    taps = [threading.Thread(target=tap) for _ in range(6)]
    for thread in taps:
        thread.start()
    for thread in taps:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 6
    assert len(deliveries("report.filed")) == 1


def test_a_key_sent_again_with_other_words_loses_nothing(report, cast, now):
    with pytest.raises(Conflict) as conflict, writing():
        hotline.file(key="k1", by=cast.reader, at=now, body="別の話です")
    assert conflict.value.params == {"report": report.code}


@pytest.mark.parametrize("body", ["", "  \n", "\u200b\u3000", "\u202e"])
def test_a_report_needs_a_tile_or_a_sentence(cast, now, body):
    with pytest.raises(Refused) as refused, writing():
        hotline.file(key="k", by=cast.reader, at=now, body=body)
    assert (refused.value.field, refused.value.code) == ("body", "report_empty")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"body": "あ" * 20_001}, "body"),
        ({"customers": -1}, "customers"),
        ({"customers": 10_000_001}, "customers"),
        ({"facility_text": "館" * 201}, "facility"),
        ({"minutes": 6}, "since"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_filed(cast, now, given, field):
    if minutes := given.pop("minutes", None):
        given = {"since": now + timedelta(minutes=minutes)}
    with pytest.raises(Refused) as refused, writing():
        hotline.file(key="k", by=cast.reader, at=now, symptom=entrance(), **given)
    assert refused.value.field == field
    assert db.session.scalar(select(func.count(Report.id))) == 0


def test_typed_text_is_cleaned(cast, now):
    with writing():
        report = hotline.file(key="k", by=cast.reader, at=now, body="\x00入場\u202eでき\ud800ない ")
    assert report.body == "入場でき\ufffdない"


def test_the_headline_is_one_short_line(report, cast, now):
    assert report.headline("ja") == "入場できない「QRが赤い画面になります」"
    assert report.headline("en") == "Guests cannot enter: “QRが赤い画面になります”"
    with writing():
        long = hotline.file(key="k", by=cast.reader, at=now, body="長い\n話" * 100)
    assert 50 < len(long.headline("ja")) <= 60


def test_a_voice_is_one_a_person(report, cast, now):
    for note in ("こちらでも", "こちらでも", "2番ゲートです"):
        with writing():
            report.add_voice(by=cast.admin, at=now, note=note, customers=3)
    assert [(voice.note, voice.customers) for voice in report.voices] == [("こちらでも\n2番ゲートです", 3)]


def test_the_reporters_own_voice_is_not_doubled(report, cast, now):
    with writing():
        report.add_voice(by=cast.reader, at=now, note="まだ続いています", customers=40)
    assert report.voices == []
    assert ([one.body for one in report.additions], report.customers) == (["まだ続いています"], 40)


def test_a_bare_voice_raises_the_number_and_leaves_the_thread_alone(report, cast, now):
    for person in (cast.admin, cast.bridge):
        with writing():
            report.add_voice(by=person, at=now)
    assert len(deliveries("report.changed")) == 1
    assert told() == []


def test_a_voice_after_no_incident_opens_it_again_and_tells_the_hotline(report, cast, now):
    with writing():
        report.judge("no_incident", by=cast.responder, at=now, note="期限切れでした")
    with writing():
        report.add_voice(by=cast.admin, at=now, note="まだ起きています")
    assert (report.status, report.judged_by, report.acknowledged_by) == ("received", None, None)
    assert told() == ["no_incident", "reopened"]
    assert [step.kind for step in hotline.fate(report)] == ["reopened", "no_incident", "filed"]


def test_a_voice_on_a_duplicate_counts_where_it_is_handled(report, cast, now):
    with writing():
        other = hotline.file(key="k2", by=cast.bridge, at=now, body="入れません")
        other.judge("duplicate", by=cast.responder, at=now, of=report)
    with writing():
        assert other.add_voice(by=cast.admin, at=now).id == report.id
    assert len(report.voices) == 1
    assert other.voices == []


def test_details_are_added_and_told(report, cast, now):
    with writing():
        report.add_details(by=cast.reader, at=now, body="3番窓口", facility_text="青葉パーク", customers=40)
        report.add_details(by=cast.reader, at=now, body="3番窓口", facility_text="青葉パーク", customers=40)
    assert [one.body for one in report.additions] == ["3番窓口"]
    assert (report.facility_text, report.customers) == ("青葉パーク", 40)
    assert told() == ["details"]


def test_a_known_facility_replaces_the_typed_one(report, cast, now):
    with writing():
        park = Facility(name="青葉パーク", created_at=now)
        db.session.add(park)
        db.session.flush()
        report.add_details(by=cast.reader, at=now, facility_text="あおばパーク")
        report.add_details(by=cast.reader, at=now, facility=park)
    assert (report.facility.name, report.facility_text) == ("青葉パーク", "")


def test_the_same_photo_is_kept_once_and_ten_at_most(report, cast, now):
    with writing():
        for number in (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9):
            report.add_photo(by=cast.reader, at=now, data=b"%d" % number, media_type="image/png", width=1, height=1)
    assert len(report.photos) == len(deliveries("report.photo")) == 10
    with pytest.raises(Refused), writing():
        report.add_photo(by=cast.reader, at=now, data=b"more", media_type="image/png", width=1, height=1)


def test_the_second_who_checks_learns_who_checks_already(report, cast, now):
    with writing():
        report.judge("acknowledged", by=cast.responder, at=now)
        report.judge("acknowledged", by=cast.responder, at=now)
    with pytest.raises(Conflict) as conflict, writing():
        report.judge("acknowledged", by=cast.deputy, at=now)
    assert conflict.value.params == {"name": "岡本 沙織"}
    assert told() == ["acknowledged"]


def test_checking_can_be_taken_over_on_purpose(report, cast, now):
    with writing():
        report.judge("acknowledged", by=cast.responder, at=now)
        report.judge("acknowledged", by=cast.deputy, at=now, take=True)
    assert report.acknowledged_by.name == "伊藤 航"


@pytest.mark.parametrize("verdict", ["acknowledged", "no_incident", "duplicate", "incident"])
def test_what_is_judged_is_not_judged_again(report, cast, now, incident, verdict):
    with writing():
        report.judge("no_incident", by=cast.responder, at=now)
    with pytest.raises(Conflict) as conflict, writing():
        report.judge(verdict, by=cast.deputy, at=now, of=incident)
    assert conflict.value.code == "report_judged"
    assert report.status == "no_incident"


def test_the_same_verdict_sent_twice_is_one(report, cast, now):
    for _ in range(2):
        with writing():
            report.judge("no_incident", by=cast.responder, at=now, note="期限切れでした")
    assert told() == ["no_incident"]


def test_a_verdict_edits_the_message_and_tells_its_thread(report, cast, now):
    with writing():
        report.judge("no_incident", by=cast.responder, at=now)
    [filed] = deliveries("report.filed")
    assert [(one.kind, one.needs_id) for one in deliveries("report.changed", "report.told")] == [
        ("report.changed", filed.id),
        ("report.told", filed.id),
    ]


@pytest.mark.parametrize(
    ("verdict", "field"), [("", "verdict"), ("duplicate", "duplicate_of"), ("incident", "incident")]
)
def test_a_verdict_must_say_what(report, cast, now, verdict, field):
    with pytest.raises(Refused) as refused, writing():
        report.judge(verdict, by=cast.responder, at=now)
    assert refused.value.field == field


def test_duplicates_never_go_in_circles(report, cast, now):
    with writing():
        second = hotline.file(key="k2", by=cast.bridge, at=now, body="同じ")
        third = hotline.file(key="k3", by=cast.bridge, at=now, body="同じです")
        second.judge("duplicate", by=cast.responder, at=now, of=report)
        third.judge("duplicate", by=cast.responder, at=now, of=second)
    assert third.duplicate_of.id == report.id
    with pytest.raises(Refused), writing():
        report.judge("duplicate", by=cast.responder, at=now, of=third)


def test_whoever_reported_a_duplicate_learns_what_became_of_the_other(report, cast, now):
    with writing():
        second = hotline.file(key="k2", by=cast.bridge, at=now, body="同じ")
        second.judge("duplicate", by=cast.responder, at=now, of=report)
        report.judge("no_incident", by=cast.responder, at=now + timedelta(minutes=1))
    assert [step.kind for step in hotline.fate(second)] == ["no_incident", "duplicate", "filed"]


def test_declaring_makes_the_report_an_incident(report, cast, now):
    with writing():
        declared = incidents.declare(
            key="d2", by=cast.responder, at=now, title="入場できません", severity="major", began_at=now,
            services={db.session.get(Service, 1): "partial_outage"}, report=report, holding=False,
        )  # fmt: skip
    assert (report.status, report.incident.code) == ("incident", declared.code)
    assert told() == ["incident"]


def test_the_second_who_declares_learns_of_the_first_incident(report, cast, now, incident):
    with writing():
        report.become(incident, by=cast.responder, at=now)
        report.become(incident, by=cast.responder, at=now)
    with pytest.raises(Conflict) as conflict, writing():
        incidents.declare(
            key="d3", by=cast.deputy, at=now, title="入場できません", severity="major", began_at=now,
            services={db.session.get(Service, 1): "partial_outage"}, report=report, holding=False,
        )  # fmt: skip
    assert conflict.value.params == {"incident": incident.code}


def test_a_wrong_no_incident_can_still_be_declared(report, cast, now, incident):
    with writing():
        report.judge("no_incident", by=cast.responder, at=now)
        report.become(incident, by=cast.deputy, at=now)
    assert report.status == "incident"


def test_joining_an_incident_is_told_in_its_thread_and_is_no_suspicion(cast, now, incident):
    with writing():
        report = hotline.file(key="j", by=cast.reader, at=now, body="ここでも", same=incident)
    [declared] = deliveries("incident.declared")
    assert (report.status, report.incident.code, hotline.count_open()) == ("duplicate", incident.code, 0)
    assert [(one.details["what"], one.needs_id) for one in deliveries("report.told")] == [("joined", declared.id)]
    assert deliveries("report.filed") == []
    with writing():
        report.add_details(by=cast.reader, at=now, body="続きです")
    assert {one.needs_id for one in deliveries("report.told")} == {declared.id}


def test_what_happens_after_the_restoration_is_a_report_of_its_own(cast, now, incident):
    with writing():
        incident.resolved_at = now
        report = hotline.file(key="j", by=cast.reader, at=now, body="また起きました", same=incident)
    assert report.status == "received"
    assert len(deliveries("report.filed")) == 1


def test_the_board_sees_what_nobody_has_judged(report, cast, now, count_queries):
    with writing():
        report.judge("acknowledged", by=cast.responder, at=now)
        hotline.file(key="k2", by=cast.bridge, at=now, symptom=entrance())
        hotline.file(key="k3", by=cast.bridge, at=now, body="済み").judge("no_incident", by=cast.responder, at=now)
    db.session.expire_all()
    with count_queries() as queries:
        shown = [
            (one.reporter.name, one.headline("ja"), one.acknowledged_by and one.acknowledged_by.name, len(one.voices))
            for one in hotline.open_suspicions()
        ]
    assert shown == [
        ("高橋 由紀子", "入場できない", None, 0),
        ("佐藤 美咲", "入場できない「QRが赤い画面になります」", "岡本 沙織", 0),
    ]
    assert len(queries) == 2
    assert hotline.count_open() == 2


def test_the_list_has_open_ones_first_and_knows_whose(report, cast, now):
    with writing():
        judged = hotline.file(key="k2", by=cast.bridge, at=now, body="済み")
        judged.judge("no_incident", by=cast.responder, at=now)
        report.add_voice(by=cast.bridge, at=now)
    listed = hotline.reports(page=1)
    assert [one.id for one in listed.reports] == [report.id, judged.id]
    assert (listed.newer, listed.older) == (None, None)
    assert [one.id for one in hotline.reports(page=1, of=cast.bridge).reports] == [report.id, judged.id]
    assert [one.id for one in hotline.reports(page=1, of=cast.reader).reports] == [report.id]
    assert hotline.reports(page=9**30).reports == []
