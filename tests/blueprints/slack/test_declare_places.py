"""The declaration in Slack asks which facilities it touches, as the portal's form does, however many there are."""

import pytest

from domain.catalog import Facility
from domain.db import db, writing
from domain.incidents import Incident
from tests.blueprints.slack.conftest import OKAMOTO


@pytest.fixture
def facilities(app, clock):
    """`facilities(3)` makes that many."""

    def made(number: int) -> list[str]:
        with writing() as session:
            session.add_all(
                Facility(name=f"施設{one:04}", reading=f"しせつ{one:04}", created_at=clock.at) for one in range(number)
            )
        return [str(one.id) for one in db.session.query(Facility).order_by(Facility.reading)]

    return made


def declare(slack, **typed: object) -> None:
    given = {"title": "Guests cannot enter", "severity": "critical", "services": ["1"], "page": "no", **typed}
    assert slack.submit(given, OKAMOTO)[0] == 200


def opened(slack, report) -> dict:
    slack.click("hotline", report.ts, "report.declare", OKAMOTO)
    return slack.modal(OKAMOTO)


def field(view: dict) -> dict:
    (block,) = [one for one in view["blocks"] if one.get("block_id") == "facilities"]
    return block


def incident() -> Incident:
    db.session.rollback()
    return db.session.query(Incident).one()


def test_nothing_chosen_means_all(slack, report, facilities) -> None:
    facilities(3)
    assert field(opened(slack, report))["optional"]
    declare(slack)
    assert incident().all_facilities


def test_those_chosen_are_touched_and_no_others(slack, report, facilities) -> None:
    known = facilities(3)
    opened(slack, report)
    declare(slack, facilities=known[:2])
    assert not incident().all_facilities
    assert [str(one.id) for one in incident().facilities] == known[:2]


def test_without_facilities_nothing_is_asked(slack, report) -> None:
    assert "facilities" not in [one.get("block_id") for one in opened(slack, report)["blocks"]]
    declare(slack)
    assert incident().all_facilities


def test_more_than_a_list_takes_come_in_groups(slack, report, facilities) -> None:
    known = facilities(230)
    groups = field(opened(slack, report))["element"]["option_groups"]
    assert [len(group["options"]) for group in groups] == [100, 100, 30]
    assert groups[0]["label"]["text"] == "施設0000 – 施設0099"
    declare(slack, facilities=[known[229], known[0]])
    assert [str(one.id) for one in incident().facilities] == [known[0], known[229]]


def test_what_was_retired_meanwhile_is_said_at_the_field(slack, report, facilities, clock) -> None:
    known = facilities(2)
    opened(slack, report)
    with writing():
        for one in db.session.query(Facility):
            one.retired_at = clock.at
    declare(slack, facilities=known)
    assert db.session.query(Incident).count() == 0
    assert "facilities" in slack.modal(OKAMOTO)["_errors"]


def test_what_was_chosen_stays_when_somebody_else_was_faster(slack, report, facilities, cast, clock) -> None:
    from domain import incidents

    known = facilities(2)
    opened(slack, report)
    with writing():
        incidents.declare(
            key="k", by=cast.deputy, at=clock.at, title="Payment fails", severity="major", services={},
            began_at=clock.at, holding=False,
        )  # fmt: skip
    declare(slack, facilities=known[:1])
    element = field(slack.modal(OKAMOTO))["element"]
    assert [one["value"] for one in element["initial_options"]] == known[:1]
