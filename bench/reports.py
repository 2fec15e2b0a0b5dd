"""Measures how reports are taken while ten thousand boards are open and an update goes out every second.

    python -m bench.reports --rate 100 --seconds 20

Reports come at instants of their own, whether the ones before were answered or not: what waits is counted as waiting.
The yardstick: the same rate with no board open and no update.
"""

import argparse
import secrets
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from bench.crowd import Crowd, say
from bench.live import DEADLINE, Child

SENDERS = 24
"""Connections of the client; more than are ever under way."""
HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


@dataclass
class Taken:
    """What became of the reports."""

    seconds: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    def row(self, title: str, rate: float) -> str:
        found = sorted(self.seconds)
        p50, p99 = (1000 * found[int(share * (len(found) - 1))] for share in (0.5, 0.99))
        lost = len(self.refused)
        return f"{title:44}{rate:8.0f}{p50:10.0f}{p99:10.0f}{1000 * found[-1]:10.0f}{lost:9}"


class Sender(threading.local):
    """A connection for each thread."""

    connection: HTTPConnection | None = None


def run(portal: Child, cookies: list[str], rate: float, seconds: float) -> tuple[Taken, float]:
    """Sends so many a second for so long; returns what became of them and how many a second were answered."""
    taken, sender = Taken(), Sender()

    def send(number: int, due: float) -> None:
        sender.connection = sender.connection or HTTPConnection("127.0.0.1", portal.port, timeout=DEADLINE)
        form = urlencode({"key": secrets.token_hex(16), "body": f"計測の報告 {number}"})
        headers = {**HEADERS, "Cookie": cookies[number % len(cookies)]}
        sender.connection.request("POST", "/reports", form, headers)
        answer = sender.connection.getresponse()
        answer.read()
        taken.seconds.append(time.monotonic() - due)
        if answer.status != 303:
            taken.refused.append(answer.status)

    began = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            pool.submit(send, number, due)
    return taken, len(taken.seconds) / (time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boards", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=100, help="reports a second (default 100)")
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="noroshi-bench-") as name:
        folder = Path(name)
        portal = Child(folder, given.boards, f"sqlite:///{folder / 'noroshi.sqlite3'}")
        cookies = (folder / "cookies").read_text().splitlines()
        run(portal, cookies, 20, 2)
        before = portal.ask("reports -")
        alone, alone_rate = run(portal, cookies, given.rate, given.seconds)
        crowd = Crowd()
        say(f"Opening {given.boards} boards …")
        crowd.open(portal.port, given.boards, folder / "cookies")
        stop, late = threading.Event(), []

        def update() -> None:
            number = 0
            while not stop.wait(1):
                number += 1
                crowd.expect(f"marker-{number:04}")
                began = portal.ask(f"inside marker-{number:04}")
                came = crowd.arrived()
                late.append(came.last - began if came.count == crowd.size else DEADLINE)

        updates = threading.Thread(target=update)
        updates.start()
        crowded, rate = run(portal, cookies, given.rate, given.seconds)
        stop.set()
        updates.join()
        kept = portal.ask("reports -") - before
        sent = len(alone.seconds) + len(crowded.seconds)
        crowd.end()
        portal.end()
    say(f"\n{given.rate:.0f} reports a second for {given.seconds:.0f} s each; ms from when each was due\n")
    say(f"{'':44}{'answered':>8}{'p50':>10}{'p99':>10}{'longest':>10}{'refused':>9}")
    say(alone.row("yardstick: nobody else", alone_rate))
    say(crowded.row(f"{given.boards} boards, an update every second", rate))
    say(f"sent {sent}, kept {kept:.0f}, lost {sent - kept:.0f}")
    say(f"meanwhile the last board had an update after {1000 * statistics.median(late):.0f} ms (median of {len(late)})")


if __name__ == "__main__":
    main()
