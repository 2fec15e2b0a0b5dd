"""Measures the page cache: the signed-in board that has not changed, beside nginx serving the same bytes.

    python -m bench.cache [--seconds 4] [--rounds 5]

The server has one core and the client another; the client is a C program (bench/load.c) that says what CPU it took. The
portal and nginx take turns, so both see the same noise. Then: how long a cached board takes while pages that are not
cached keep the process busy.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from bench.board import build

PORTAL, NGINX = 8197, 8198
SERVER, CLIENT = 0, 1
"""The cores."""
BROWSER = {
    "Accept-Language": "ja",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept": "text/html",
    "User-Agent": "bench",
}
CONFIGURATION = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log crit; worker_processes 1;
events {{ worker_connections 2048; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=10; etag on;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; default_type text/html;
  server {{ listen 127.0.0.1:{port}; root {folder}/site; location / {{ try_files /page =404; {headers} }} }}
}}
"""


@dataclass(frozen=True)
class Told:
    """What the client counted: microseconds are of one answer."""

    answers: int
    others: int
    seconds: float
    cpu: float
    median: float
    p99: float
    slowest: float

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


class Client:
    """The C program, made at first."""

    def __init__(self, folder: Path) -> None:
        self._program = folder / "load"
        source = Path(__file__).with_name("load.c")
        subprocess.run(["cc", "-O2", "-o", str(self._program), str(source)], check=True)

    def start(
        self, port: int, request: bytes, *, connections: int, seconds: float, status: int = 200, pause: int = 0
    ) -> subprocess.Popen[bytes]:
        command = [str(self._program), *map(str, (port, connections, seconds, status, pause))]
        process = subprocess.Popen(_on(CLIENT, command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin
        process.stdin.write(request)
        process.stdin.close()
        return process

    def told(self, process: subprocess.Popen[bytes]) -> Told:
        assert process.stdout
        words = process.stdout.read().split()
        assert process.wait() == 0
        found = Told(int(words[0]), int(words[1]), *map(float, words[2:]))
        assert found.others == 0, f"{found.others} answers of another status"
        return found

    def ask(self, port: int, request: bytes, **options: float) -> Told:
        return self.told(self.start(port, request, **options))  # type: ignore[arg-type]


def _on(core: int, command: list[str]) -> list[str]:
    return ["taskset", "-c", str(core), *command] if (os.cpu_count() or 1) > 1 else command


def cpu_of(process: subprocess.Popen[Any]) -> float:
    """Seconds of CPU that a process has taken."""
    user, system = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def portal(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The portal as `python app.py` serves it."""
    environment = {**os.environ, "NOROSHI_INSTANCE": str(folder), "PORT": str(PORTAL), "SECRET_KEY": "bench"}
    process = subprocess.Popen(
        _on(SERVER, [sys.executable, "app.py"]),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    try:
        assert any("ready" in line for line in process.stdout)
        yield process
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def nginx(folder: Path, body: bytes, headers: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """nginx with one worker, which serves the same bytes and headers from a file."""
    (folder / "site").mkdir()
    (folder / "site" / "page").write_bytes(body)
    ours = ("date", "etag", "content-length", "content-type", "server", "connection")
    added = "".join(f'add_header {name} "{value}";' for name, value in headers.items() if name.lower() not in ours)
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=NGINX, headers=added))
    # The worker of a root's nginx is another user.
    folder.chmod(0o755)
    process = subprocess.Popen(_on(SERVER, ["nginx", "-c", str(configuration), "-p", str(folder)]))
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def fetched(port: int, cookie: str, path: str = "/") -> tuple[bytes, dict[str, str]]:
    """An answer's body as it is on the wire, and its headers."""
    for _ in range(100):
        try:
            connection = HTTPConnection("127.0.0.1", port)
            connection.request("GET", path, headers={**BROWSER, "Cookie": cookie})
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read(), dict(answer.getheaders())
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise SystemExit("no answer")


def request_of(cookie: str, path: str = "/", tag: str = "") -> bytes:
    told = {"Host": f"127.0.0.1:{PORTAL}", **BROWSER, "Cookie": cookie, **({"If-None-Match": tag} if tag else {})}
    return (
        f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items()) + "\r\n"
    ).encode()


@dataclass
class Turns:
    """One server's rounds: answers a second, microseconds of its CPU an answer, the share of a core of the client."""

    port: int
    process: subprocess.Popen[Any]
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def one(self, client: Client, cookie: str, status: int, given: argparse.Namespace) -> None:
        # Asked for anew: with the minute the board is another.
        headers = fetched(self.port, cookie)[1]
        tag = headers.get("etag") or headers["ETag"]
        request = request_of(cookie, tag=tag if status == 304 else "")
        before = cpu_of(self.process)
        told = client.ask(self.port, request, connections=given.connections, seconds=given.seconds, status=status)
        self.rates.append(told.rate)
        self.costs.append((cpu_of(self.process) - before) / told.answers * 1e6)
        self.shares.append(told.cpu / told.seconds)


def beside_nginx(
    client: Client, cookie: str, processes: dict[str, subprocess.Popen[Any]], given: argparse.Namespace
) -> None:
    """200 and 304 by turns of the portal and of nginx, and the ratio of the medians."""
    size = len(fetched(PORTAL, cookie)[0])
    print(f"The board: {size} bytes packed; {given.connections} connections, {given.rounds} rounds by turns")
    for status in (200, 304):
        turns = {"nginx": Turns(NGINX, processes["nginx"]), "portal": Turns(PORTAL, processes["portal"])}
        for _ in range(given.rounds):
            for one in turns.values():
                one.one(client, cookie, status, given)
        for name, one in turns.items():
            spread = f"{min(one.rates):,.0f} to {max(one.rates):,.0f}"
            print(
                f"  {status} {name:<7}{median(one.rates):8,.0f} a second ({spread}), {median(one.costs):.1f} µs "
                f"of CPU an answer; the client took {median(one.shares):.0%} of its core"
            )
        ours, theirs = turns["portal"], turns["nginx"]
        rate, cost = median(ours.rates) / median(theirs.rates), median(theirs.costs) / median(ours.costs)
        print(f"  {status}: {rate:.0%} of nginx in answers a second, {cost:.0%} in answers for the same CPU")


def while_busy(client: Client, cookie: str, given: argparse.Namespace) -> None:
    """A cached board alone, and while pages that nobody keeps saturate the process."""
    board, other = request_of(cookie), request_of(cookie, "/me")
    options = {"connections": 10, "seconds": given.seconds * 2, "pause": 5000}
    alone = client.ask(PORTAL, board, **options)
    load = client.start(PORTAL, other, connections=30, seconds=given.seconds * 2 + 1)
    time.sleep(0.5)
    busy = client.ask(PORTAL, board, **options)
    others = client.told(load)
    print(
        f"A cached board while {others.rate:.0f} uncached pages a second ({others.p99 / 1000:.0f} ms p99) keep it busy"
    )
    for name, told in (("alone", alone), ("busy", busy)):
        print(
            f"  {name:<6} median {told.median / 1000:6.2f} ms, p99 {told.p99 / 1000:6.2f} ms, slowest "
            f"{told.slowest / 1000:6.2f} ms ({told.answers} boards)"
        )


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=4, help="of one measurement (default 4)")
    options.add_argument("--rounds", type=int, default=5, help="by turns (default 5)")
    options.add_argument("--connections", type=int, default=32, help="of the client (default 32)")
    given = options.parse_args()
    os.environ.pop("DATABASE_URL", None)
    if missing := [name for name in ("nginx", "cc", "taskset") if not shutil.which(name)]:
        print(f"  not measured: {', '.join(missing)} is not installed (Debian: apt-get install nginx gcc util-linux)")
        return 0
    with tempfile.TemporaryDirectory(prefix="noroshi-cache-") as name:
        folder = Path(name)
        client = Client(folder)
        app, signed = build(folder, 10)
        cookie = f"{app.config['SESSION_COOKIE_NAME']}={signed}"
        with portal(folder) as ours:
            with nginx(folder, *fetched(PORTAL, cookie)) as theirs:
                beside_nginx(client, cookie, {"portal": ours, "nginx": theirs}, given)
            while_busy(client, cookie, given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
