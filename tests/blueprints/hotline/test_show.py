"""The page of a report: thanks, whether it arrived, whom to call instead, what became of it, all reports."""

from datetime import timedelta

import pytest

from blueprints.shared import live
from domain import hotline
from domain.db import writing
from domain.outbox import DeliveryError

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def page(sign_in, cast, report):
    """`page()` gives the report's page in English, as its reporter sees it."""
    return lambda who=None, query="": (
        sign_in(who or cast.reader).get(f"/reports/{report.id}{query}", headers=ENGLISH).text
    )


@pytest.fixture
def with_slack(app):
    app.config["SLACK_BOT_TOKEN"] = "xoxb-for-tests"


def test_thanks_come_first_and_clear_the_draft(page, with_slack):
    text = page(query="?thanks=1")
    assert "Thank you for telling us" in text
    assert "Even if it turns out to be nothing, that is fine" in text
    assert 'data-draft-done="report"' in text
    assert "Sending to #hotline" in text
    assert "tel:" not in text


def test_it_says_when_it_arrived_with_a_link(page, with_slack, delivered):
    text = page()
    assert "Delivered to Slack" in text
    assert 'href="https://example.slack.com/archives/C01/p1"' in text


def test_a_failed_try_shows_whom_to_call_at_once(page, with_slack, report, now):
    with writing():
        hotline.announcement(report).retry(DeliveryError("Slack does not answer"), now)
    text = page()
    assert "Your report is safe. If it is urgent, please call." in text
    assert text.index("tel:+819000000119") < text.index("tel:+819000000121")
    assert f"report R-{report.id}" in text


def test_a_delivery_that_was_given_up_says_who_sees_it(page, with_slack, report, now):
    with writing():
        hotline.announcement(report).give_up(DeliveryError("channel_not_found", permanent=True), now)
    text = page()
    assert "tel:+819000000119" in text
    assert "An administrator sees it" in text


def test_without_slack_the_reporter_is_told_to_call(page):
    text = page()
    assert "Slack is not set up here" in text
    assert "tel:+819000000119" in text


def test_patience_ends_by_the_clock(page, with_slack, clock, now):
    assert "tel:" not in page()
    clock.forward(seconds=15)
    assert "tel:+819000000119" in page()


def test_in_a_gap_the_emergency_contact_is_shown(page, report, now, app):
    from domain.roster import Absence

    with writing() as session:
        for person in (2, 6):
            session.add(
                Absence(person_id=person, starts_at=now - timedelta(hours=1), recorded_at=now - timedelta(hours=1))
            )
    assert "tel:+81312345678" in page()


def test_once_somebody_checks_it_the_reporter_reads_who_and_since_when(page, report, cast, now):
    with writing():
        report.judge("acknowledged", by=cast.responder, at=now)
    text = page()
    assert "岡本\u00a0沙織</span> is checking" in text
    assert "tel:" not in text


def test_no_incident_comes_with_thanks_and_the_note(page, report, cast, now):
    with writing():
        report.judge("no_incident", by=cast.responder, at=now, note="期限が8月10日まででした")
    text = page()
    assert "No incident. Thank you; please never hesitate." in text
    assert "期限が8月10日まででした" in text
    assert "It is still going on" in text


def test_declared_names_the_incident_and_when_more_comes(page, report, incident, cast, now):
    with writing():
        report.become(incident, by=cast.responder, at=now)
    text = page()
    assert "First details by" in text
    assert f'href="/incidents/{incident.code}"' in text


def test_a_duplicate_shows_what_becomes_of_the_other(sign_in, page, report, cast, now):
    with writing():
        other = hotline.file(key="k2", by=cast.bridge, at=now, body="入れません")
        report.judge("duplicate", by=cast.responder, at=now, of=other)
        other.judge("no_incident", by=cast.responder, at=now, note="点検中でした")
        number = other.id
    text = page()
    assert f'href="/reports/{number}"' in text
    assert "点検中でした" in text


def test_everybody_signed_in_reads_it_and_nobody_else(sign_in, cast, client, report):
    for person in (cast.admin, cast.responder, cast.bridge, cast.reader, cast.deputy):
        assert sign_in(person).get(f"/reports/{report.id}").status_code == 200
    assert client.get(f"/reports/{report.id}").status_code == 303
    assert sign_in(cast.outsider).get(f"/reports/{report.id}").status_code == 303


@pytest.mark.parametrize("number", ["0", "999", "9" * 40, "x", "-1"])
def test_a_report_that_is_not_there_is_not_found(sign_in, cast, number):
    assert sign_in(cast.reader).get(f"/reports/{number}").status_code == 404


def test_the_reporter_may_add_and_others_say_me_too(page, cast):
    mine, theirs = page(), page(cast.admin)
    assert 'id="more"' in mine
    assert 'id="voice"' not in mine
    assert 'id="voice"' in theirs


def test_only_responders_see_the_verdict(page, cast):
    assert 'id="verdict-' in page(cast.responder)
    assert 'id="verdict-' not in page()


def test_htmx_gets_the_fragment_that_the_page_includes(sign_in, cast, report):
    client = sign_in(cast.reader)
    fragment = client.get(f"/reports/{report.id}", headers={**ENGLISH, "HX-Request-Type": "partial"}).text.strip()
    assert fragment.startswith(f'<section class="stack" id="report-{report.id}"')
    assert "<html" not in fragment


def test_the_live_fragment_is_the_same_for_everybody_of_a_class(app, report):
    readers = app.extensions["live"].render(f"report-{report.id}", "en", "reader")
    assert f'hx-target="#report-{report.id}"' in readers[0]
    assert "verdict-" not in readers[0]
    assert (
        f'hx-target="#verdict-{report.id}"'
        in app.extensions["live"].render(f"report-{report.id}", "en", "responder")[0]
    )


@pytest.mark.parametrize("subject", ["999", "x", "", "9" * 40, "²"])
def test_there_is_no_stream_of_a_report_that_is_not_there(app, subject):
    assert app.extensions["live"].render(f"report-{subject}", "ja", "reader") is None


def test_the_fragment_changes_by_itself_when_patience_ends(app, report, with_slack, now):
    with app.test_request_context():
        from flask import g

        g.language, g.rights, g.now = "ja", live.LEVELS["reader"], now
        assert live.fragment(f"report-{report.id}")[1] == now + timedelta(seconds=15)


def test_the_page_asks_the_same_number_of_questions_however_much_happened(sign_in, cast, report, now, count_queries):
    client = sign_in(cast.responder)
    with count_queries() as few:
        client.get(f"/reports/{report.id}")
    with writing():
        for number, person in enumerate((cast.admin, cast.bridge, cast.deputy)):
            report.add_voice(by=person, at=now, note=f"こちらでも{number}")
            hotline.file(key=f"o{number}", by=person, at=now, body="別の話")
    with count_queries() as many:
        client.get(f"/reports/{report.id}")
    assert len(many) <= len(few)
    assert len(many) <= 30


def test_the_list_shows_open_ones_first_in_pages(sign_in, cast, report, now, count_queries):
    with writing():
        for number in range(40):
            hotline.file(key=f"n{number}", by=cast.bridge, at=now, body=f"件{number}").judge(
                "no_incident", by=cast.responder, at=now
            )
    client = sign_in(cast.reader)
    with count_queries() as queries:
        text = client.get("/reports", headers=ENGLISH).text
    assert text.index(f'href="/reports/{report.id}"') < text.index("件39")
    assert len(queries) <= 12
    older = client.get("/reports?page=2", headers=ENGLISH).text
    assert "件0" in older
    assert "件39" not in older


def test_my_reports_are_mine_and_those_i_joined(sign_in, cast, report, now):
    with writing():
        hotline.file(key="other", by=cast.bridge, at=now, body="別の人の話")
    assert "別の人の話" not in sign_in(cast.reader).get("/reports?mine=1").text
    assert "QRが赤い" not in sign_in(cast.admin).get("/reports?mine=1").text
    assert sign_in(cast.reader).get("/reports?page=x&mine=2").status_code == 200
    assert sign_in(cast.reader).get(f"/reports?page={'9' * 30}").status_code == 200
