"""Measures the live board: how long after a commit the first, the median and the last open board have it.

    python -m bench.live --boards 1000

The portal runs in a process of its own on a new SQLite database, the readers in this one. The yardstick: a bare loop
of `socket.send` in another process hands the same bytes to the same kind of readers, in the same run.
"""

import argparse
import asyncio
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from bench.live_server import ANSWER

DEADLINE = 60.0
"""Seconds after which any one step gives up."""
CONNECT_AT_ONCE = 50
Instants = list[float]


class Reader(asyncio.Protocol):
    """An open board. Notes when the marker that it waits for has come; all instants are of the monotonic clock."""

    def __init__(self, count: Callable[[], None]) -> None:
        self._count = count
        self.seen = b""
        self.marker = b""
        self.came = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.seen += data
        if self.marker and self.marker in self.seen:
            self.came, self.marker = time.monotonic(), b""
            self._count()


class Readers:
    """All open boards."""

    def __init__(self) -> None:
        self.all: list[Reader] = []
        self._left = 0
        self._done = asyncio.Event()

    def expect(self, marker: bytes) -> None:
        """From now on every reader waits for the marker."""
        self._left = len(self.all)
        self._done.clear()
        for reader in self.all:
            reader.seen, reader.marker = b"", marker

    def _one(self) -> None:
        self._left -= 1
        if not self._left:
            self._done.set()

    async def arrived(self) -> Instants:
        async with asyncio.timeout(DEADLINE):
            await self._done.wait()
        return sorted(reader.came for reader in self.all)

    async def connect(self, count: int, port: int, request: bytes, marker: bytes) -> None:
        """Opens the streams, some at a time, and waits until each has the marker."""
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)
        loop = asyncio.get_running_loop()

        async def one() -> None:
            got = asyncio.Event()
            async with gate, asyncio.timeout(DEADLINE):
                _, reader = await loop.create_connection(lambda: Reader(got.set), "127.0.0.1", port)
                reader.marker = marker
                reader.transport.write(request)  # type: ignore[attr-defined]
                if marker:
                    await got.wait()
            reader._count = self._one
            self.all.append(reader)
            if len(self.all) % 250 == 0 or len(self.all) == count:
                say(f"  {len(self.all)} of {count} boards open")

        await asyncio.gather(*(one() for _ in range(count)))

    def close(self) -> None:
        for reader in self.all:
            reader.transport.close()


class Child:
    """A process that answers each line it is told with one line."""

    def __init__(self, role: str, folder: Path) -> None:
        command = [sys.executable, "-m", "bench.live_server", role, str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def told(self) -> str:
        """The next answer; what the process logs is passed on."""
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(ANSWER):
                return line.removeprefix(ANSWER).strip()
            print(line, end="", file=sys.stderr)
        raise SystemExit("the measured process ended early")

    def tell(self, line: str) -> None:
        assert self._process.stdin
        print(line, file=self._process.stdin, flush=True)

    async def ask(self, line: str) -> str:
        self.tell(line)
        return await asyncio.to_thread(self.told)

    def end(self) -> float:
        """Stops it; returns the seconds it took."""
        began = time.monotonic()
        self._process.terminate()
        self._process.communicate(timeout=DEADLINE)
        return time.monotonic() - began


def say(text: str) -> None:
    print(text, flush=True)


async def rounds(readers: Readers, count: int, go: Callable[[bytes], Awaitable[float]]) -> tuple[float, float, float]:
    """First, median and last board in ms after the instant that `go` reports; medians over the rounds."""
    results = []
    for number in range(count + 1):
        marker = f"marker-{number:04}".encode()
        readers.expect(marker)
        began = await go(marker)
        arrived = await readers.arrived()
        results.append([(instant - began) * 1000 for instant in (arrived[0], statistics.median(arrived), arrived[-1])])
        say(f"  round {number}: " + " / ".join(f"{value:.1f}" for value in results[-1]) + " ms")
        # Not in step with the portal's looks at the database.
        await asyncio.sleep(random.uniform(0.3, 0.5))
    # The first round warms up.
    first, median, last = (statistics.median(column) for column in zip(*results[1:], strict=True))
    return first, median, last


async def measure_portal(boards: int, count: int, folder: Path) -> tuple[list[tuple[str, tuple[float, ...]]], bytes]:
    say("The portal starts …")
    portal = Child("portal", folder)
    port, cookie = portal.told().split()
    readers = Readers()
    request = f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\nCookie: {cookie}\r\n\r\n"
    began = time.monotonic()
    await readers.connect(boards, int(port), request.encode(), b"\n\n\r\n")
    say(f"  opened in {time.monotonic() - began:.1f} s")

    async def inside(marker: bytes) -> float:
        return float(await portal.ask(f"inside {marker.decode()}"))

    async def outside(marker: bytes) -> float:
        return float(await portal.ask(f"outside {marker.decode()}"))

    say("A commit of the portal's own process: first / median / last board")
    own = await rounds(readers, count, inside)
    payload = readers.all[0].seen
    say("A commit of another process (a look every 100 ms)")
    other = await rounds(readers, count, outside)
    say(f"Stopping with {boards} streams took {await asyncio.to_thread(portal.end):.2f} s")
    readers.close()
    return [("commit in the portal", own), ("commit elsewhere", other)], payload


async def measure_yardstick(boards: int, count: int, folder: Path, payload: bytes) -> tuple[float, float, float]:
    say(f"The yardstick: a bare loop of send, {len(payload)} bytes each")
    (folder / "payload").write_bytes(re.sub(rb"marker-\d{4}", b"marker-0000", payload))
    bare = Child("bare", folder)
    readers = Readers()
    connecting = asyncio.create_task(readers.connect(boards, int(bare.told()), b"x", b""))
    await bare.ask(f"accept {boards}")
    await connecting

    async def send(marker: bytes) -> float:
        return float(await bare.ask(f"send {marker.decode()}"))

    try:
        return await rounds(readers, count, send)
    finally:
        readers.close()
        bare.end()


async def main(boards: int, count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="noroshi-bench-") as name:
        measured, payload = await measure_portal(boards, count, Path(name))
        yardstick = await measure_yardstick(boards, count, Path(name), payload)
    say(f"\n{boards} boards, {len(payload)} bytes each; ms after the commit, medians of {count} rounds")
    say(f"{'':24}{'first':>8}{'median':>8}{'last':>8}   last / yardstick's")
    for title, values in [*measured, ("yardstick: bare send", yardstick)]:
        say(f"{title:24}" + "".join(f"{value:8.1f}" for value in values) + f"   {values[2] / yardstick[2]:8.1f}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boards", type=int, default=1000, help="open boards, at most 10,000 (default 1000)")
    parser.add_argument("--rounds", type=int, default=10, help="commits to measure, at most 100 (default 10)")
    options = parser.parse_args()
    options.boards, options.rounds = min(max(1, options.boards), 10_000), min(max(1, options.rounds), 100)
    return options


if __name__ == "__main__":
    options = parse()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    os.environ.pop("DATABASE_URL", None)
    uvloop.run(main(options.boards, options.rounds))
