"""Runs the portal for a while as it is in its worst hour, and says whether it could go on like that.

    python -m bench.soak                       20 minutes, 5,000 boards
    python -m bench.soak --minutes 1 --boards 500

All at once: open boards that break off and come back, an update every two seconds that must reach every board, reports
under way to a Slack that fails in many ways, pages, readers that never read, uploads that stand still. It ends with 1
when anything went wrong that a person would have seen, when a report did not reach Slack or came twice, or when memory
grew.
"""

import argparse
import os
import random
import secrets
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from bench.crowd import Crowd, memory, say
from bench.live import DEADLINE, Child
from local_slack import LocalSlack

PAGES = ("/", "/reports", "/reports/new", "/roster", "/history", "/incidents/nothing", "/live/poll", "/me")
FAULTS = ("rate_limited", "error_500_html", "break_before", "break_after", "cut_body")
GROWTH = 1.1
"""What memory may be at the end of what it was after the first third."""


class Soak:
    """What runs, what was seen, and what went wrong."""

    def __init__(self, portal: Child, crowd: Crowd, cookies: Path, slack: LocalSlack) -> None:
        self.portal, self.crowd, self.slack = portal, crowd, slack
        self._file = cookies
        self._cookies = cookies.read_text().splitlines()
        self.seen: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.late: list[float] = []
        self.sent: list[str] = []
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def every(self, seconds: float, act: Callable[[HTTPConnection], None]) -> None:
        """Does it again and again, on a connection of its own, until the end; what it raises went wrong."""

        def work() -> None:
            connection = HTTPConnection("127.0.0.1", self.portal.port, timeout=DEADLINE)
            while not self._stop.wait(random.uniform(0.5, 1.5) * seconds):
                try:
                    act(connection)
                except Exception as error:
                    self.wrong[f"{act.__name__}: {type(error).__name__}: {error}"[:120]] += 1
                    connection.close()
            connection.close()

        self._threads.append(threading.Thread(target=work))
        self._threads[-1].start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _headers(self) -> dict[str, str]:
        return {"Cookie": random.choice(self._cookies), "Accept-Language": "ja"}

    def page(self, connection: HTTPConnection) -> None:
        path = random.choice(PAGES)
        connection.request("GET", path, headers=self._headers())
        answer = connection.getresponse()
        answer.read()
        self.seen["pages"] += 1
        if answer.status != (404 if "nothing" in path else 200):
            self.wrong[f"{path}: {answer.status}"] += 1

    def report(self, connection: HTTPConnection) -> None:
        words = f"報告 {secrets.token_hex(6)}"
        form = urlencode({"key": secrets.token_hex(16), "body": words})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        connection.request("POST", "/reports", form, self._headers() | headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 303:
            self.sent.append(words)
        else:
            self.wrong[f"report: {answer.status}"] += 1

    def update(self, _connection: HTTPConnection) -> None:
        number = self.seen["updates"] = self.seen["updates"] + 1
        dropped = self.crowd.size // 100
        # One in a hundred goes away and somebody else comes.
        self.crowd.ask(f"drop {dropped}")
        self.crowd.size -= dropped
        self.crowd.open(self.portal.port, dropped, self._file)
        self.seen["reconnects"] += dropped
        self.crowd.expect(f"marker-{number % 10000:04}")
        began = self.portal.ask(f"inside marker-{number % 10000:04}")
        came = self.crowd.arrived()
        self.late.append(came.last - began)
        if came.count < self.crowd.size:
            self.wrong["boards without the update"] += self.crowd.size - came.count

    def fault(self, _connection: HTTPConnection) -> None:
        self.slack.faults.add(random.choice(FAULTS))
        self.seen["faults of Slack"] += 1

    def rude(self, _connection: HTTPConnection) -> None:
        """A reader that never reads, or an upload that stands still; both go away after a while."""
        with socket.create_connection(("127.0.0.1", self.portal.port)) as rude:
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            live, upload = "GET /live", "POST /reports"
            head = f"HTTP/1.1\r\nHost: t\r\nCookie: {random.choice(self._cookies)}\r\nContent-Length: "
            rude.sendall(f"{random.choice([f'{live} {head}0', f'{upload} {head}1000'])}\r\n\r\n".encode())
            self.seen["rude clients"] += 1
            self._stop.wait(20)


def delivered(soak: Soak) -> None:
    """Waits until Slack has everything, and counts what is lost and what is there twice."""
    found: Counter[str] = Counter()
    end = time.monotonic() + 240
    while time.monotonic() < end:
        told = [str(message) for message in roots(soak.slack)]
        found = Counter({words: sum(words in one for one in told) for words in soak.sent})
        if all(found[words] for words in soak.sent):
            break
        time.sleep(2)
    soak.wrong["reports that Slack does not have"] += sum(not found[words] for words in soak.sent)
    soak.wrong["reports that Slack has twice"] += sum(found[words] > 1 for words in soak.sent)


def roots(slack: LocalSlack) -> list[dict[str, object]]:
    return [message for message in slack.messages("hotline") if message.get("thread_ts") in (None, message["ts"])]


def run(soak: Soak, minutes: float, boards: int) -> list[int]:
    """Lets it run; returns what the portal held, every few seconds."""
    soak.crowd.open(soak.portal.port, boards, soak._file)
    soak.every(2, soak.update)
    for _ in range(4):
        soak.every(0.1, soak.page)
    soak.every(0.5, soak.report)
    soak.every(5, soak.fault)
    for _ in range(20):
        soak.every(2, soak.rude)
    held, end = [], time.monotonic() + minutes * 60
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 5))
        held.append(memory(soak.portal.pid))
        if len(held) % 12 == 0:
            seen, wrong = dict(soak.seen), sum(soak.wrong.values())
            say(f"  {left / 60:4.1f} min left; {held[-1] / 1e6:.0f} MB; {seen}; wrong: {wrong}")
    soak.end()
    return held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--boards", type=int, default=5_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="noroshi-soak-") as name, LocalSlack() as slack:
        folder = Path(name)
        os.environ |= {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.token, "SLACK_TIMEOUT": "3"}
        portal = Child(folder, given.boards, f"sqlite:///{folder / 'noroshi.sqlite3'}")
        soak = Soak(portal, Crowd(), folder / "cookies", slack)
        held = run(soak, given.minutes, given.boards)
        delivered(soak)
        soak.wrong["reports that the portal does not have"] += int(len(soak.sent) - portal.ask("reports -"))
        stop = portal.end()
        soak.crowd.end()
        log = (folder / "log").read_text()
    # What it says of Slack's faults is no error of the portal's.
    soak.wrong["errors in the log"] += log.count("Traceback")
    late = sorted(soak.late)
    settled, last = held[len(held) // 3], held[-1]
    if last > settled * GROWTH:
        soak.wrong["memory grew"] += 1
    say(f"\n{given.minutes:g} minutes, {given.boards} boards: {dict(soak.seen)}, {len(soak.sent)} reports")
    say(
        f"memory {settled / 1e6:.0f} MB after a third, {last / 1e6:.0f} MB at the end, {max(held) / 1e6:.0f} MB at most"
    )
    median = 1000 * late[len(late) // 2]
    say(f"last board after {median:.0f} ms (median), {1000 * late[-1]:.0f} ms at most; stop in {stop:.2f} s")
    wrong = {what: number for what, number in soak.wrong.items() if number}
    say(f"went wrong: {wrong or 'nothing'}")
    if wrong and "errors in the log" in wrong:
        say(log[-3000:])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
