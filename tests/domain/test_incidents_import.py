"""Moving history in: both forms, everything kept that was said, odd records named, nothing twice, nothing half."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain import incidents
from domain.db import db, writing
from domain.history_import import NotUnderstood, keep, read
from domain.incidents import Incident

PLAIN = {
    "id": "x-1",
    "title": "予約が失敗する",
    "impact": "minor",
    "status": "resolved",
    "organisation": "さくら",
    "created_at": "2030-04-02T10:00:00+09:00",
    "resolved_at": "2030-04-02T11:00:00+09:00",
    "components": ["入場管理", "未知の部品 <b>"],
    "updates": [
        {"at": "2030-04-02T01:00:00Z", "status": "investigating", "body": "調査中 ⚠️ & <確認中>", "body_format": "text"},
        {"at": "2030-04-02T02:00:00Z", "status": "resolved", "body": "**復旧**", "body_format": "markdown"},
    ],
}
STATUSPAGE = {
    "page": {"name": "Sakura Example"},
    "incidents": [
        {
            "id": "i1",
            "name": "Bookings fail",
            "status": "identified",
            "impact": "major",
            "components": [{"name": "Booking site"}],
            "created_at": "2030-04-02T10:00:00.000+09:00",
            "started_at": "2030-04-02T09:58:00.000+09:00",
            "resolved_at": None,
            "incident_updates": [
                {
                    "id": "u2",
                    "incident_id": "i1",
                    "status": "identified",
                    "body": "<p>Found</p>",
                    "display_at": "2030-04-02T10:15:00+09:00",
                },
                {
                    "id": "u1",
                    "incident_id": "i1",
                    "status": "investigating",
                    "body": "Looking",
                    "display_at": "2030-04-02T10:00:00+09:00",
                },
            ],
        }
    ],
    "scheduled_maintenances": [
        {
            "id": "m1",
            "name": "Work",
            "status": "completed",
            "impact": "maintenance",
            "created_at": "2030-03-01T00:00:00Z",
            "scheduled_for": "2030-04-01T00:00:00Z",
            "scheduled_until": "2030-04-01T02:00:00Z",
            "resolved_at": "2030-04-01T01:00:00Z",
            "incident_updates": [],
        }
    ],
}


@pytest.fixture
def move_in(app, now):
    """Reads and keeps a file's content; gives what was said about it."""

    def of(data):
        found, unread = read(data, at=now)
        with writing():
            keep(found, at=now)
        return [odd for past in found for odd in past.odd] + unread

    return of


def only():
    return db.session.scalars(select(Incident)).one()


def test_the_plain_form_keeps_all_that_was_said(move_in):
    assert move_in({"incidents": [PLAIN]}) == []
    incident = only()
    assert (incident.title, incident.source, incident.state) == ("予約が失敗する", "さくら", "resolved")
    assert [update.format for update in incident.updates] == ["text", "markdown"]
    assert "調査中 ⚠️ & <確認中>" in incident.updates[0].situation
    assert incident.closed_at == incident.resolved_at


def test_a_component_becomes_a_service_only_where_it_is_called_the_same(move_in):
    move_in({"incidents": [PLAIN]})
    assert [one.service_id for one in only().affected] == [1]
    assert "未知の部品 <b>" in only().updates[0].situation


def test_statuspage_comes_newest_first_and_open_ones_are_on_the_board(move_in, now):
    assert move_in(STATUSPAGE) == []
    incident = db.session.scalars(select(Incident).where(Incident.kind == "incident")).one()
    assert [update.state for update in incident.updates] == ["investigating", "identified"]
    assert (incident.source, incident.updates[1].format) == ("Sakura Example", "html")
    assert incidents.service_states(incident.declared_at) == {2: ("partial_outage", [incident.code])}


def test_planned_work_is_moved_in_as_such(move_in):
    move_in(STATUSPAGE)
    work = db.session.scalars(select(Incident).where(Incident.kind == "maintenance")).one()
    assert (work.state, work.began_at.hour, work.ends_at.hour) == ("completed", 0, 2)


def test_moving_in_twice_changes_nothing(move_in):
    move_in({"incidents": [PLAIN, PLAIN]})
    move_in({"incidents": [{**PLAIN, "title": "別"}]})
    assert only().title == "予約が失敗する"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"resolved_at": "2030-04-01T00:00:00Z"}, "ends before it begins"),
        ({"status": "exploded"}, "“exploded” is not known"),
        ({"impact": "cosmic"}, "“cosmic” is not known"),
        ({"resolved_at": None}, "end is not recorded"),
        ({"created_at": None}, "has no beginning"),
    ],
)
def test_what_is_odd_is_named_and_kept_as_well_as_can_be(move_in, given, told):
    assert any(told in line for line in move_in({"incidents": [{**PLAIN, **given}]}))
    assert only().duration is None or only().duration.total_seconds() >= 0


def test_one_record_that_cannot_be_read_does_not_keep_the_others_out(move_in):
    told = move_in({"incidents": [PLAIN, {"id": "broken", "updates": []}, "text", {"id": "t", "created_at": "soon"}]})
    assert [line.split(" cannot")[0] for line in told] == ["Record 2 (broken)", "Record 3 (without id)", "Record 4 (t)"]
    assert only().title == "予約が失敗する"


def test_a_record_without_updates_is_kept(move_in):
    move_in({"incidents": [{**PLAIN, "updates": [], "components": []}]})
    assert only().updates == []


def test_a_title_that_is_too_long_stands_whole_in_the_first_update(move_in):
    title = "長い" * 150
    move_in({"incidents": [{**PLAIN, "title": title}]})
    assert len(only().title) == 200
    assert only().updates[0].situation.startswith(title)


@pytest.mark.parametrize("data", [None, [], "x", {}, {"incidents": None}, {"incidents": {}}, {"incidents": [1, 2]}])
def test_a_file_that_is_something_else_changes_nothing(app, data, now):
    with pytest.raises(NotUnderstood):
        read(data, at=now)
    assert db.session.scalar(select(func.count()).select_from(Incident)) == 0


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["2030-04-02T01:00:00Z", "resolved"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "title", "status", "impact", "created_at", "updates", "at", "body", "components", "name"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(_json)
def test_any_record_is_read_or_named(record):
    found, unread = read({"incidents": [PLAIN, record]}, at=datetime(2031, 1, 1, tzinfo=UTC))
    assert len(found) + len(unread) == 2
