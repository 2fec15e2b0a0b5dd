"""Measures how reports are taken while ten thousand boards are open and an update goes out every second.

    python -m bench.reports --rate 100 --seconds 20

Reports come at instants of their own, whether the ones before were answered or not: what waits is counted as waiting.
The client opens a connection more whenever none is free, says by how much it was late itself and what CPU it took.
The yardstick: the same rate with no board open and no update.
"""

import argparse
import asyncio
import secrets
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from bench.crowd import Crowd, processor, say
from bench.live import DEADLINE, Child

HEAD = (
    "POST /reports HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
)
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Taken:
    """What became of the reports that were sent. Times are seconds from when each was due."""

    title: str
    sent: int = 0
    accepted: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    late: float = 0.0
    """By how much the client itself was late at most."""
    in_time: int = 0
    """Accepted by the end of the time in which they were sent."""
    seconds: float = 0.0
    cpu: float = 0.0
    """Seconds that the client took."""
    served: float = 0.0
    """Seconds that the portal took."""

    def row(self) -> str:
        found = sorted(self.accepted) or [DEADLINE]
        p50, p99 = (1000 * found[int(share * (len(found) - 1))] for share in (0.5, 0.99))
        times = f"{p50:8.0f}{p99:8.0f}{1000 * found[-1]:8.0f}"
        failed = f"{len(self.refused):8}{len(self.broken):8}"
        shares = f"{100 * self.served / self.seconds:8.0f} %{100 * self.cpu / self.seconds:8.0f} %"
        return f"{self.title:40}{self.in_time / self.seconds:8.1f}{times}{failed}{shares}{1000 * self.late:8.0f}"


class Client:
    """Sends reports over as many connections as are needed at a time."""

    def __init__(self, port: int, cookies: list[str]) -> None:
        self.port, self.cookies = port, cookies
        self.free: list[Connection] = []

    async def send(self, taken: Taken, number: int, due: float, end: float) -> None:
        taken.sent += 1
        taken.late = max(taken.late, time.monotonic() - due)
        try:
            async with asyncio.timeout(DEADLINE):
                status = await self.post(number)
        except (OSError, EOFError) as error:  # a time that is up is an OSError, an answer cut short an EOFError
            taken.broken.append(repr(error))
            return
        if status != 303:
            taken.refused.append(status)
            return
        taken.accepted.append(time.monotonic() - due)
        taken.in_time += time.monotonic() < end

    async def post(self, number: int) -> int:
        """Returns the status of the answer."""
        reader, writer = self.free.pop() if self.free else await asyncio.open_connection("127.0.0.1", self.port)
        form = urlencode({"key": secrets.token_hex(16), "body": f"計測の報告 {number}"})
        cookie = self.cookies[number % len(self.cookies)]
        try:
            writer.write(HEAD.format(port=self.port, cookie=cookie, length=len(form), form=form).encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            await reader.readexactly(int(head.partition("content-length:")[2].partition("\r")[0]))
        except BaseException:
            writer.close()
            raise
        self.free.append((reader, writer))
        return int(head.split()[1])


async def run(portal: Child, cookies: list[str], rate: float, seconds: float, title: str = "") -> Taken:
    """Sends so many a second for so long, and waits for all answers."""
    taken, client = Taken(title, seconds=seconds), Client(portal.port, cookies)
    before, began_cpu = processor(portal.pid), time.process_time()
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.create_task(client.send(taken, number, due, began + seconds))
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        taken.cpu, taken.served = time.process_time() - began_cpu, processor(portal.pid) - before
    for _, writer in client.free:
        writer.close()
    return taken


class Updates:
    """An update at every full second, in a thread of its own; one that the last had not arrived before is left out."""

    def __init__(self, portal: Child, crowd: Crowd) -> None:
        self.portal, self.crowd = portal, crowd
        self.late: list[float] = []
        self.left_out = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Updates":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        due, number = time.monotonic() + 1, 0
        while not self._end.wait(max(0.0, due - time.monotonic())):
            number += 1
            self.crowd.expect(f"marker-{number:04}")
            began = self.portal.ask(f"inside marker-{number:04}")
            came = self.crowd.arrived()
            self.late.append(came.last - began if came.count == self.crowd.size else DEADLINE)
            passed = int(max(0.0, time.monotonic() - due))
            self.left_out += passed
            due += 1 + passed


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
        asyncio.run(run(portal, cookies, 20, 2))
        before = portal.ask("reports -")
        alone = asyncio.run(run(portal, cookies, given.rate, given.seconds, "yardstick: nobody else"))
        crowd = Crowd()
        say(f"Opening {given.boards} boards …")
        crowd.open(portal.port, given.boards, folder / "cookies")
        title = f"{given.boards} boards, an update every second"
        with Updates(portal, crowd) as updates:
            crowded = asyncio.run(run(portal, cookies, given.rate, given.seconds, title))
        kept = portal.ask("reports -") - before
        crowd.end()
        portal.end()
    say(f"\n{given.rate:.0f} reports a second for {given.seconds:.0f} s each; ms from when each was due\n")
    columns = (
        f"{'accepted/s':>8}{'p50':>6}{'p99':>8}{'longest':>8}{'refused':>8}{'broken':>8}{'portal':>10}{'client':>10}"
    )
    say(f"{'':40}{columns}{'late':>8}\n{alone.row()}\n{crowded.row()}")
    accepted = len(alone.accepted) + len(crowded.accepted)
    say(f"sent {alone.sent + crowded.sent}, accepted {accepted}, kept {kept:.0f}, lost {max(0, accepted - kept):.0f}")
    if broken := set(alone.broken + crowded.broken):
        say(f"broken: {', '.join(sorted(broken))}")
    median = 1000 * statistics.median(updates.late or [DEADLINE])
    left_out = f"{updates.left_out} left out because the one before was still under way"
    say(f"meanwhile the last board had an update after {median:.0f} ms (median of {len(updates.late)}; {left_out})")


if __name__ == "__main__":
    main()
