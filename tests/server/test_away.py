"""The database is away for a while: pages as last seen, which say so; nothing is lost; it recovers by itself."""

from collections.abc import Iterator

import pytest

from domain.db import db
from domain.people import Person
from domain.suspicion import Report
from tests.conftest import NOW
from tests.postgresql import Cluster, find_postgresql
from tests.server.conftest import wait_for
from tests.server.machines import Machine, Machines, furnished

pytestmark = pytest.mark.one_database
ADMIN, RESPONDER, BRIDGE, READER, DEPUTY = 1, 2, 3, 4, 6


@pytest.fixture(scope="module")
def power() -> Iterator[Cluster]:
    """A PostgreSQL of this file's own, which it may switch off."""
    binaries = find_postgresql()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with Cluster(binaries) as running:
        yield running


@pytest.fixture(scope="module")
def machines(power: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("instance")
    with furnished(power, folder) as name, power.database(like=name) as url:
        running = Machines(url, folder)
        yield running
        running.close()


@pytest.fixture(scope="module")
def only(machines: Machines) -> Machine:
    """Started once: starting takes longer than all that is tested here."""
    return machines.web()


class Switch:
    """The power of the database."""

    def __init__(self, power: Cluster) -> None:
        self._power = power
        self._is_on = True

    def off(self) -> None:
        self._power.stop()
        self._is_on = False

    def on(self) -> None:
        if not self._is_on:
            self._power.start()
        self._is_on = True


@pytest.fixture
def switch(power: Cluster) -> Iterator[Switch]:
    """Whatever a test does, the power is on again afterwards."""
    one = Switch(power)
    yield one
    one.on()


@pytest.fixture
def web(only: Machine, machines: Machines, switch: Switch) -> Machine:
    """A process that is well, whatever the test before has done to its database."""
    wait_for(lambda: not machines.problems(only))
    wait_for(lambda: (page := machines.ask(only, "/me", ADMIN)).status == 200 and "X-As-Of" not in page.headers)
    return only


def seen(machines: Machines, web: Machine, person: int = READER) -> None:
    """Somebody has just looked at the board."""
    assert machines.ask(web, "/", person).status == 200


def test_a_page_is_shown_as_it_was_seen_last_and_says_so(machines: Machines, web: Machine, switch: Switch) -> None:
    seen(machines, web)
    switch.off()
    page = wait_for(lambda: (found := machines.ask(web, "/", READER)).status == 200 and found)
    assert "データに接続できません" in page.text
    assert "data-kept-at" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_who_has_seen_nothing_is_told_in_a_sentence(machines: Machines, web: Machine, switch: Switch) -> None:
    switch.off()
    answer = machines.ask(web, "/", BRIDGE)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "この端末に残って" in answer.text


def test_what_looks_whether_all_is_well_is_not_told_so(machines: Machines, web: Machine, switch: Switch) -> None:
    assert machines.ask(web, "/live/poll", READER).status == 200
    switch.off()
    # The cache answers until the process has noticed, which takes a moment.
    wait_for(lambda: machines.ask(web, "/live/poll", READER).status == 503)


def test_nobody_is_shown_what_another_has_seen(machines: Machines, web: Machine, switch: Switch) -> None:
    seen(machines, web)
    switch.off()
    assert machines.ask(web, "/", RESPONDER).status == 503


def test_who_was_deactivated_meanwhile_sees_nothing(machines: Machines, web: Machine, switch: Switch) -> None:
    seen(machines, web, DEPUTY)
    board = machines.stream(web, DEPUTY)
    machines.write(lambda: db.session.get_one(Person, DEPUTY).deactivate(by=db.session.get_one(Person, ADMIN), at=NOW))
    # The process has heard of it: it ends what that person looks at.
    board.closed()
    switch.off()
    assert machines.ask(web, "/", DEPUTY).status in (303, 503)


def test_it_recovers_by_itself_and_open_boards_go_on(machines: Machines, web: Machine, switch: Switch) -> None:
    seen(machines, web)
    board = machines.stream(web)
    board.until(b"\n\n\r\n")
    switch.off()
    wait_for(lambda: machines.ask(web, "/reports", RESPONDER).status == 503)
    assert machines.ask(web, "/healthz").status == 200
    assert "does not answer" in machines.problems(web)[0]
    switch.on()
    wait_for(lambda: machines.ask(web, "/reports", RESPONDER).status == 200)
    wait_for(lambda: not machines.problems(web))
    machines.declare("復旧の後")
    board.until("復旧の後".encode())


def test_a_report_that_is_sent_again_afterwards_is_one(machines: Machines, web: Machine, switch: Switch) -> None:
    switch.off()
    assert machines.report(web, "入れません", key="k" * 32).status == 503
    switch.on()
    wait_for(lambda: machines.report(web, "入れません", key="k" * 32).status == 303)
    assert machines.report(web, "入れません", key="k" * 32).status == 303
    assert machines.read(lambda: db.session.query(Report).count()) == 1


def test_while_it_is_away_everybody_is_answered_at_once(machines: Machines, web: Machine, switch: Switch) -> None:
    seen(machines, web)
    switch.off()
    wait_for(lambda: "X-As-Of" in machines.ask(web, "/", READER).headers)
    log = web.log.read_text().count("the database is away")
    for _ in range(50):
        assert "X-As-Of" in machines.ask(web, "/", READER).headers
    assert web.log.read_text().count("the database is away") == log, "said once"
