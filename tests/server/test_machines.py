"""Two web processes and two workers on one PostgreSQL: what one commits all show, and nobody's end loses anything."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from domain.db import db, writing
from domain.outbox import Delivery
from domain.suspicion import Report
from local_slack import LocalSlack
from tests.postgresql import Cluster
from tests.server.conftest import wait_for
from tests.server.machines import START, Machine, Machines, furnished

pytestmark = pytest.mark.one_database
READER, RESPONDER = 4, 2


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as running:
        yield running


@pytest.fixture(scope="module")
def machines(cluster: Cluster, slack: LocalSlack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("instance")
    with furnished(cluster, folder) as name, cluster.database(like=name) as url:
        running = Machines(url, folder, slack)
        yield running
        running.close()


@pytest.fixture(scope="module")
def webs(machines: Machines) -> list[Machine]:
    pair = [machines.web(), machines.web()]
    assert all(web.port for web in pair)
    return pair


def told(slack: LocalSlack, words: str) -> int:
    return sum(words in str(message) for message in slack.messages("hotline"))


def test_a_commit_on_one_reaches_the_boards_of_the_other(machines: Machines, webs: list[Machine]) -> None:
    board = machines.stream(webs[1])
    board.until(b"\n\n\r\n")
    assert machines.report(webs[0], "別の台からの報告です").status == 303
    board.until("別の台からの報告です".encode())


def test_who_is_signed_out_on_one_loses_the_stream_on_the_other(machines: Machines, webs: list[Machine]) -> None:
    board = machines.stream(webs[1], person=3)
    board.until(b"\n\n\r\n")
    answer = machines.ask(webs[0], "/me/signing-out", 3, sure="1")
    assert answer.status == 303
    board.closed()


def test_what_was_written_on_one_is_read_on_the_other_at_once(machines: Machines, webs: list[Machine]) -> None:
    for number in range(10):
        here, there = webs[number % 2], webs[1 - number % 2]
        assert machines.report(here, f"すぐに読めるはずの報告 {number}。").status == 303
        wait_for(lambda number=number, there=there: f"報告 {number}。" in machines.ask(there, "/reports", READER).text)


def test_killing_any_of_them_under_load_loses_and_doubles_nothing(
    machines: Machines, webs: list[Machine], slack: LocalSlack
) -> None:
    doomed, worker, another = machines.web(), machines.worker(), machines.worker()
    assert doomed.port
    # Each waits for what the other has begun, so both must work.
    assert (worker.port, another.port) == (0, 0)

    def send(number: int) -> None:
        """As a browser does it: what got no answer goes to the next machine, under the same key."""
        for web in (doomed, webs[number % 2]) if number % 3 == 0 else (webs[number % 2],):
            try:
                answer = machines.report(web, f"負荷の中の報告 {number:03}。", key=f"{number:032}")
            except OSError:
                continue
            assert answer.status == 303
            return
        raise AssertionError("nobody took it")

    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(send, number) for number in range(60)]
        sent[15].result(START)
        worker.kill()
        sent[30].result(START)
        doomed.kill()
        for one in sent:
            one.result(START)
    wait_for(lambda: told(slack, "負荷の中の報告") >= 60, START)
    each = [told(slack, f"負荷の中の報告 {number:03}。") for number in range(60)]
    assert each == [1] * 60
    assert machines.read(lambda: db.session.query(Report).filter(Report.body.startswith("負荷")).count()) == 60
    wait_for(lambda: not machines.read(lambda: db.session.query(Delivery).filter_by(state="waiting").count()), START)


def test_the_next_version_migrates_while_this_one_serves(machines: Machines, webs: list[Machine]) -> None:
    board = machines.stream(webs[0])
    board.until(b"\n\n\r\n")

    def migrate() -> None:
        with machines.app.app_context(), writing() as session:
            session.execute(text("ALTER TABLE reports ADD COLUMN weather VARCHAR(20)"))
            session.execute(
                text("CREATE TABLE forecasts (id SERIAL PRIMARY KEY, report_id INTEGER REFERENCES reports)")
            )
            session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    migrate()
    assert machines.report(webs[0], "新しい版の後の報告です").status == 303
    board.until("新しい版の後の報告です".encode())
    assert machines.ask(webs[1], "/", READER).status == 200
    assert machines.problems(webs[0]) == []
