"""What is added to a report: details, voices, the verdict; who may, and that nothing typed is lost."""

import pytest

from domain import hotline
from domain.db import db, writing
from domain.hotline import Report

ENGLISH = {"Accept-Language": "en"}


def now_of(report) -> Report:
    db.session.expire_all()
    return db.session.get(Report, report.id)


@pytest.fixture
def judge(sign_in, cast, report):
    """`judge(verdict=…)` as the responder, or as `who`."""

    def post(who=None, **fields):
        return sign_in(who or cast.responder).post(f"/reports/{report.id}/verdict", data=fields, headers=ENGLISH)

    return post


def test_details_are_added_by_the_reporter(sign_in, cast, report):
    answer = sign_in(cast.reader).post(
        f"/reports/{report.id}/details",
        data={"body": "3番窓口", "facility": "青葉", "customers": "４０", "service": "1"},
    )
    assert (answer.status_code, answer.location) == (303, f"/reports/{report.id}?done=details")
    kept = now_of(report)
    assert (kept.facility_text, kept.customers, kept.service_id) == ("青葉", 40, 1)
    assert [one.body for one in kept.additions] == ["3番窓口"]


def test_empty_fields_leave_what_stands_there(sign_in, cast, report):
    client = sign_in(cast.reader)
    client.post(f"/reports/{report.id}/details", data={"facility": "青葉", "customers": "40", "since": "9:50"})
    client.post(f"/reports/{report.id}/details", data={"body": "続き", "facility": "", "customers": "", "since": ""})
    kept = now_of(report)
    assert (kept.facility_text, kept.customers) == ("青葉", 40)
    assert kept.since is not None


def test_details_are_not_for_those_who_have_nothing_to_do_with_it(sign_in, cast, report):
    with writing():
        other = hotline.file(key="o", by=cast.responder, at=report.created_at, body="別の話").id
    assert sign_in(cast.reader).post(f"/reports/{other}/details", data={"body": "x"}).status_code == 403
    sign_in(cast.reader).post(f"/reports/{other}/voices", data={})
    assert sign_in(cast.reader).post(f"/reports/{other}/details", data={"body": "x"}).status_code == 303


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "body"),
        ({"customers": "many"}, "customers"),
        ({"since": "soon"}, "since"),
        ({"body": "長" * 20_001}, "body"),
    ],
)
def test_refused_details_come_back_with_what_was_typed(sign_in, cast, report, fields, field):
    answer = sign_in(cast.reader).post(f"/reports/{report.id}/details", data={**fields, "facility": fields and "青葉"})
    assert answer.status_code == 422
    assert f'href="#details-{field}"' in answer.text
    assert all(typed in answer.text for typed in fields.values())


def test_me_too_is_one_tap_and_counts_once(sign_in, cast, report):
    client = sign_in(cast.admin)
    for _ in range(2):
        answer = client.post(f"/reports/{report.id}/voices", data={})
        assert (answer.status_code, answer.location) == (303, f"/reports/{report.id}?done=voice")
    assert len(now_of(report).voices) == 1
    assert "1 more person sees the same" in client.get(answer.location, headers=ENGLISH).text


def test_a_refused_voice_comes_back_with_what_was_typed(sign_in, cast, report):
    answer = sign_in(cast.admin).post(
        f"/reports/{report.id}/voices", data={"note": "2番ゲート", "customers": "たくさん"}
    )
    assert answer.status_code == 422
    assert "2番ゲート" in answer.text
    assert 'value="たくさん"' in answer.text
    assert now_of(report).voices == []


def test_a_voice_after_no_incident_opens_it_again(sign_in, cast, report, judge):
    judge(verdict="no_incident")
    sign_in(cast.reader).post(f"/reports/{report.id}/voices", data={"note": "まだ続いています"})
    assert now_of(report).status == "received"


def test_signed_out_people_add_nothing(client, report):
    for what in ("details", "voices", "verdict"):
        assert client.post(f"/reports/{report.id}/{what}", data={"body": "x"}).status_code == 303
    assert now_of(report).voices == []


@pytest.mark.parametrize("verdict", ["acknowledged", "no_incident"])
def test_readers_do_not_judge(judge, cast, report, verdict):
    assert judge(cast.reader, verdict=verdict).status_code == 403
    assert now_of(report).status == "received"


@pytest.mark.parametrize("who", ["responder", "bridge", "deputy", "admin"])
def test_responders_judge(judge, cast, report, who):
    assert judge(getattr(cast, who), verdict="acknowledged").status_code == 303
    assert now_of(report).acknowledged_by_id == getattr(cast, who).id


def test_the_second_who_checks_reads_who_does_already_and_may_take_over(judge, cast, report):
    judge(verdict="acknowledged")
    answer = judge(cast.deputy, verdict="acknowledged")
    assert answer.status_code == 409
    assert "岡本 沙織 is checking this already" in answer.text
    assert 'name="take_over"' in answer.text
    assert judge(cast.deputy, verdict="acknowledged", take_over="1").status_code == 303
    assert now_of(report).acknowledged_by_id == cast.deputy.id


def test_a_verdict_on_what_is_judged_keeps_the_note(judge, cast, report):
    assert judge(verdict="no_incident", note="期限切れ").status_code == 303
    answer = judge(cast.deputy, verdict="no_incident", note="点検のためです")
    assert answer.status_code == 409
    assert "点検のためです" in answer.text
    assert now_of(report).note == "期限切れ"
    assert judge(verdict="no_incident", note="期限切れ").status_code == 303


def test_a_verdict_can_link_to_an_open_incident(judge, report, incident):
    assert judge(verdict="incident", incident=incident.code).status_code == 303
    assert (now_of(report).status, now_of(report).incident_id) == ("incident", incident.id)


@pytest.mark.parametrize("of", ["INC", "R"])
def test_a_verdict_can_say_that_it_is_the_same(judge, cast, report, incident, of):
    with writing():
        other = hotline.file(key="o", by=cast.bridge, at=report.created_at, body="別の話").code
    assert judge(verdict="duplicate", duplicate_of=incident.code if of == "INC" else other).status_code == 303
    kept = now_of(report)
    assert (kept.status, kept.incident_id is None, kept.duplicate_of_id is None) == (
        "duplicate",
        of == "R",
        of == "INC",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"verdict": "false_alarm"},
        {"verdict": "duplicate"},
        {"verdict": "duplicate", "duplicate_of": "INC-999"},
        {"verdict": "duplicate", "duplicate_of": "R-99999999999999"},
        {"verdict": "incident", "incident": "INC-x"},
        {"verdict": "no_incident", "note": "長" * 20_001},
    ],
)
def test_a_verdict_that_says_nothing_is_refused(judge, report, fields):
    answer = judge(**fields)
    assert answer.status_code == 422
    assert 'id="summary"' in answer.text
    assert now_of(report).status == "received"


def test_a_report_is_not_the_same_as_itself(judge, report):
    assert judge(verdict="duplicate", duplicate_of=report.code).status_code == 422


def test_two_people_declaring_from_one_report_are_one_incident(sign_in, cast, report):
    fields = {
        "title": "入場できません", "severity": "major", "services": "1", "began_at": "2026-08-11T10:40",
        "report": report.id,
    }  # fmt: skip
    first = sign_in(cast.responder).post("/incidents", data={**fields, "key": "a"})
    second = sign_in(cast.deputy).post("/incidents", data={**fields, "key": "b"})
    assert (first.status_code, second.status_code) == (303, 409)
    assert now_of(report).incident.code in second.text


@pytest.mark.parametrize("what", ["details", "voices", "verdict"])
def test_answers_to_a_report_that_is_not_there_are_not_found(sign_in, cast, what):
    for number in ("999", "9" * 30):
        assert (
            sign_in(cast.admin).post(f"/reports/{number}/{what}", data={"verdict": "acknowledged"}).status_code == 404
        )
