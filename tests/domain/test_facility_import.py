"""Facilities from a CSV file: a plan first, every bad line named, the same file twice changes nothing."""

from types import SimpleNamespace

from sqlalchemy import select

from domain import catalog, facility_import
from domain.catalog import Facility
from domain.db import db, writing
from tests.conftest import NOW

GOOD = "名前,よみ,サービス\nみどり水族館,みどりすいぞくかん,入場管理; Booking site\n青葉パーク,あおばぱーく,\n"


def imported(cast: SimpleNamespace, text: str = GOOD) -> facility_import.Plan:
    with writing():
        plan = facility_import.plan(text.encode())
        facility_import.carry_out(plan, by=cast.admin, at=NOW)
    return plan


def test_it_plans_without_changing_anything(cast: SimpleNamespace) -> None:
    plan = facility_import.plan(GOOD.encode())
    assert [row.change for row in plan.rows] == ["added", "added"]
    assert db.session.scalar(select(Facility.id)) is None


def test_it_imports_names_readings_and_services(cast: SimpleNamespace) -> None:
    imported(cast)
    facility = db.session.scalar(select(Facility).where(Facility.name == "みどり水族館"))
    assert facility
    assert [service.name for service in facility.services] == ["入場管理", "予約サイト"]


def test_the_same_file_again_changes_nothing(cast: SimpleNamespace) -> None:
    imported(cast)
    assert facility_import.plan(GOOD.encode()).count("same") == 2


def test_a_facility_is_found_by_its_reading(cast: SimpleNamespace) -> None:
    imported(cast)
    assert [found.name for found in catalog.find_facilities("ミドリ")] == ["みどり水族館"]
    assert [found.name for found in catalog.find_facilities("あおば")] == ["青葉パーク"]
    assert catalog.find_facilities("%") == []


def test_shift_jis_is_understood(cast: SimpleNamespace) -> None:
    assert facility_import.plan(GOOD.encode("cp932")).problems == []


def test_every_bad_line_is_named(cast: SimpleNamespace) -> None:
    plan = facility_import.plan("name,services\nA,何か\n,\nB,\nB,\n".encode())
    assert [(problem.line, problem.code) for problem in plan.problems] == [(2, "unknown_service"), (5, "twice")]


def test_a_file_that_is_no_text_is_refused(cast: SimpleNamespace) -> None:
    assert facility_import.plan(b"\xff\xfe\x00\x01\x80").problems[0].code == "not_text"
