"""Measures the live board: how long after a commit the first, the median and the last of ten thousand boards have it.

    python -m bench.live                     one process on SQLite
    python -m bench.live --processes 2       two on PostgreSQL, the commit on the first, half of the boards on each

Each board is somebody else's. The yardstick, in the same run: a plain loop of `send` in C hands the same bytes to as
many sockets of the same client. CPU is what the measured processes took: it says the same on a busy machine.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from bench.crowd import Arrivals, Crowd, Loop, memory, processor, say

DEADLINE = 60.0
Figures = tuple[float, float, float]


class Child:
    """A portal in a process of its own, which commits when it is told to. What it logs lies in `log` of its folder."""

    def __init__(self, folder: Path, people: int, url: str) -> None:
        command = [sys.executable, "-m", "bench.live_server", str(folder), str(people), url]
        with (folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.pid = self._process.pid
        self.stop_cpu = 0.0
        """Seconds of CPU that its end took."""
        self.port = int(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the measured process ended early; see its log")
        return line.strip()

    def ask(self, line: str) -> float:
        assert self._process.stdin
        print(line, file=self._process.stdin, flush=True)
        return float(self._answer())

    def end(self) -> float:
        """Stops it; returns the seconds it took."""
        began, before = time.monotonic(), processor(self.pid)
        self._process.terminate()
        _, _, usage = os.wait4(self.pid, 0)
        self._process.returncode = 0
        self.stop_cpu = usage.ru_utime + usage.ru_stime - before
        return time.monotonic() - began


@contextmanager
def database(processes: int, folder: Path) -> Iterator[str]:
    """SQLite for one process; for more a PostgreSQL of its own."""
    if processes == 1:
        yield f"sqlite:///{folder / 'noroshi.sqlite3'}"
        return
    from tests.postgresql import Cluster, find_postgresql

    binaries = find_postgresql()
    if binaries is None:
        raise SystemExit("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with Cluster(binaries) as cluster, cluster.database() as url:
        yield url


def rounds(crowd: Crowd, count: int, pids: list[int], go: Callable[[str], float]) -> tuple[Figures, float, float]:
    """First, median and last board in ms after the instant that `go` reports, medians over the rounds; the CPU that the
    processes took for it, in ms; and the share of a core that the client took until the last one had it."""
    results: list[Figures] = []
    shares: list[float] = []
    taken = 0.0
    for number in range(count + 1):
        marker = f"marker-{number:04}"
        crowd.expect(marker)
        before = sum(processor(pid) for pid in pids)
        began = go(marker)
        came: Arrivals = crowd.arrived()
        taken += (sum(processor(pid) for pid in pids) - before) * bool(number)
        if came.count < crowd.size:
            raise SystemExit(f"only {came.count} of {crowd.size} boards got it")
        results.append(((came.first - began) * 1000, (came.median - began) * 1000, (came.last - began) * 1000))
        shares.append(came.cpu / max(came.last - began, 0.001))
        # Not in step with the portal's looks at the database; the first round warms up.
        time.sleep(random.uniform(0.3, 0.5))
    spread = ", ".join(f"{last:.0f}" for _, _, last in results[1:])
    say(f"  last board of each round: {spread} ms")
    first, median, last = (statistics.median(column) for column in zip(*results[1:], strict=True))
    return (first, median, last), 1000 * taken / count, statistics.median(shares[1:])


@contextmanager
def saturated(ports: list[int], cookies: Path) -> Iterator[None]:
    """Meanwhile pages that no cache knows are asked for, more than the processes can answer."""
    stop = threading.Event()
    cookie = cookies.read_text().splitlines()[0]

    def ask(port: int, number: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        while not stop.is_set():
            number += 1
            connection.request("GET", f"/roster?unknown={number}", headers={"Cookie": cookie})
            connection.getresponse().read()
        connection.close()

    threads = [threading.Thread(target=ask, args=(port, 10_000_000 * lane)) for port in ports for lane in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def payload_of(portal: Child, cookies: Path, into: Path) -> int:
    """One board as the stream sends it, with "marker-0000" in it, for the yardstick; returns its bytes."""
    connection = HTTPConnection("127.0.0.1", portal.port, timeout=DEADLINE)
    portal.ask("inside marker-0000")
    headers = {"Cookie": cookies.read_text().splitlines()[0], "Accept-Language": "ja"}
    connection.request("GET", "/live", headers=headers)
    answer, seen = connection.getresponse(), b""
    while b"marker-0000" not in seen or not seen.endswith(b"\n\n"):
        seen += answer.read1(65536)
    connection.close()
    into.write_bytes(seen[seen.rindex(b"id: ") :])  # the board before it may have come first
    return into.stat().st_size


def measure(boards: int, count: int, processes: int, folder: Path, stack: ExitStack) -> None:
    url = stack.enter_context(database(processes, folder))
    say(f"{processes} process{'es' * (processes > 1)}; {boards} boards, each somebody else's")
    portals = [Child(folder, boards if number == 0 else 0, url) for number in range(processes)]
    cookies, crowd = folder / "cookies", Crowd()
    before = [memory(portal.pid) for portal in portals]
    took = sum(crowd.open(portal.port, boards // processes, cookies) for portal in portals)
    grown = sum(memory(portal.pid) for portal in portals) - sum(before)
    say(f"  opened in {took:.0f} s; at rest {before[0] / 1e6:.0f} MB, {grown / crowd.size / 1024:.1f} KB a board")
    pids = [portal.pid for portal in portals]
    found = {"commit in the portal": rounds(crowd, count, pids, lambda marker: portals[0].ask(f"inside {marker}"))}
    if processes == 1:
        found["commit elsewhere"] = rounds(crowd, count, pids, lambda marker: portals[0].ask(f"outside {marker}"))
    with saturated([portal.port for portal in portals], cookies):
        found["while pages saturate"] = rounds(crowd, count, pids, lambda marker: portals[0].ask(f"inside {marker}"))
    bytes_each = payload_of(portals[0], cookies, folder / "payload")
    stops = [portal.end() for portal in portals]
    crowd.end()
    cpu = max(portal.stop_cpu for portal in portals)
    say(f"  stopping with the boards open took {max(stops):.2f} s ({cpu:.2f} s of CPU)")
    found["yardstick: a C loop"] = yardstick(crowd.size, count, folder / "payload")
    say(f"\n{crowd.size} boards, {bytes_each} bytes each; ms after the commit, medians of {count} rounds")
    say(f"{'':24}{'first':>8}{'median':>8}{'last':>8}   / C loop   CPU ms   / C loop   client")
    (_, _, last), cpu, _ = found["yardstick: a C loop"]
    for title, (values, taken, share) in found.items():
        row = "".join(f"{value:8.1f}" for value in values)
        say(f"{title:24}{row}   {values[2] / last:8.2f}   {taken:6.0f}   {taken / cpu:8.2f}   {share:6.0%}")


def yardstick(boards: int, count: int, payload: Path) -> tuple[Figures, float, float]:
    say("The yardstick: a plain loop of send in C")
    loop, crowd = Loop(payload), Crowd()
    loop.accept(boards)
    crowd.open(loop.port, boards, "-")
    loop.answer()
    try:
        return rounds(crowd, count, [loop.process.pid], loop.send)
    finally:
        crowd.end()
        loop.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boards", type=int, default=10_000, help="open boards (default and at most 10,000)")
    parser.add_argument("--rounds", type=int, default=8, help="commits to measure (default 8)")
    parser.add_argument("--processes", type=int, default=1, help="web processes; from 2 on PostgreSQL")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="noroshi-bench-") as name, ExitStack() as stack:
        measure(min(max(1, given.boards), 10_000), max(1, given.rounds), max(1, given.processes), Path(name), stack)


if __name__ == "__main__":
    main()
