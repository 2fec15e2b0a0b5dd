"""Proves the page cache: random requests of many people, to a process with the cache and to a twin without one.

    python -m bench.twin --requests 1000000 [--database postgresql] [--seed 7]

Every answer must be the same to the byte. In between people write, through either process or past both, are signed
out everywhere, deactivated, given and deprived of rights; and the clock moves on, often to the very instant at which a
page ends. On PostgreSQL what another process has committed is waited for, but by whoever wrote it: they look at once.
What the twin has answered is asked again only after something was written or the clock was moved.
"""

import argparse
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import make_url

from bench.twin_parts import DEADLINE, Got, Hands, Lines, Noise, Running, Somebody, Twin, difference, plain, portal

BEGIN = datetime(2026, 8, 11, 1, 42, 7, tzinfo=UTC)
SAYS = [("Accept-Language", "ja"), ("Accept-Language", "en"), ("Accept-Language", "ja,en;q=0.5")]
TAKES = [[("Accept-Encoding", "gzip, deflate, br")], [("Accept-Encoding", "gzip")], []]
AT_ONCE = 32
"""Requests that are on their way together, at most."""
MOST_TAGS = 200
"""Pages that are remembered to ask whether they are still the same."""
OTHERS = (
    "/history",
    "/reports",
    "/reports/new",
    "/me",
    "/roster/system",
    "/administration",
    "/nothing-here",
    "/logout",
)


class Difference(AssertionError):
    """The two did not answer the same."""


class Trial:
    """One run. `cached` is the process that is tried, `twin` says what is right."""

    def __init__(
        self,
        url: str,
        folder: Path,
        seed: int,
        *,
        readers: int = 1,
        between: float = 25,
        browsers: int = 0,
        seldom: float = 1.0,
    ) -> None:
        self.chance = random.Random(seed)
        self.between = between
        self.hands = Hands(folder / "clock")
        self.hands.set(BEGIN)
        self.url = url
        self.app = portal(url, folder, self.hands, 8)
        self._fill()
        self.cached, self.twin = Running(self.app), Twin(url, folder)
        self.line, self.truth = Lines(self.cached.port, AT_ONCE), Lines(self.twin.port, AT_ONCE)
        self.raw = _Raw(url)
        self.numbers = count()
        self.counts: Counter[str] = Counter()
        self.seldom = seldom
        self._right: dict[bytes, Got] = {}
        self._tagged: dict[str, Got] = {}
        self.people = [self._browser(number) for number in self.raw.ids("people") for _ in range(2)]
        self.people += [self._browser(0) for _ in range(3)]
        if browsers:
            self.people = self.chance.sample(self.people, browsers)
        self._look_around()
        noise = random.Random(seed)  # of its own: what is compared must not hang on how fast others ask
        self.noise = Noise(self.cached.port, lambda: self._read(noise.choice(self.people), noise), readers)

    def _fill(self) -> None:
        from flask_migrate import upgrade

        import sample
        from domain import beginnings
        from domain.db import db, writing

        with self.app.app_context():
            upgrade()
            with writing():
                if beginnings.is_bare():
                    beginnings.furnish(BEGIN)
            with writing():
                sample.build(BEGIN, None)
            db.session.remove()

    def close(self) -> None:
        self.noise.stop()
        for one in (self.line, self.truth, self.twin, self.cached):
            one.close() if isinstance(one, Lines) else one.stop()
        self.raw.close()

    # Who asks, and what for

    def _browser(self, person: int) -> Somebody:
        chance = self.chance
        found = Somebody(person, [chance.choice(SAYS), *chance.choice(TAKES)])
        self._sign_in(found)
        return found

    def _sign_in(self, browser: Somebody) -> None:
        browser.cookies.pop("noroshi", None)
        if browser.person:
            epoch = self.raw.value(f"SELECT epoch FROM people WHERE id = {browser.person}")
            signer = self.app.session_interface.get_signing_serializer(self.app)
            browser.cookies["noroshi"] = signer.dumps({"_user_id": f"{browser.person}.{epoch}", "_fresh": True})

    def _look_around(self) -> None:
        """What there is to ask for now."""
        self.incidents = self.raw.ids("incidents", "closed_at IS NULL")
        self.reports = self.raw.ids("reports", "status = 'new'")
        if self.seldom < 1:
            self.readers = self._readers()

    def _readers(self) -> set[int]:
        from domain import rights
        from domain.db import db

        with self.app.app_context():
            found = rights.standing([browser.person for browser in self.people], self.hands())
            db.session.remove()
        return {0} | {person for person, _epoch, level in found if level == "reader"}

    def _read(self, browser: Somebody, chance: random.Random) -> bytes:
        one = self.incidents[-1] if self.incidents else 1
        path = chance.choices(
            ("/", "/live/poll", f"/live/poll?topic=incident-{one}", f"/incidents/INC-{one}", "/roster", "other"),
            (40, 10, 5, 25, 10, 10),
        )[0]
        path = chance.choice(OTHERS) if path == "other" else path
        # What is not kept is the same page twice: a few of those say as much as many.
        if self.seldom < 1 and self._is_not_kept(path, browser) and chance.random() > self.seldom:
            path = "/"
        partial = [("HX-Request-Type", "partial"), ("HX-Request", "true")] if path == "/roster" else []
        return browser.head("GET", path, partial if chance.random() < 0.3 else [])

    def _is_not_kept(self, path: str, browser: Somebody) -> bool:
        """Forms have keys of their own: those that everybody has, and those of who works on an incident."""
        return path == "/reports/new" or (browser.person not in self.readers and path.startswith("/incidents/"))

    # Reading and comparing

    def read(self, *browsers: Somebody) -> None:
        """One request each, at the same time, of both; and the comparison."""
        heads = [self._head(browser) for browser in browsers]
        new = list(dict.fromkeys(head for head in heads if head not in self._right))
        self._right.update(zip(new, self.truth.ask_all(new), strict=True))
        rights = [self._right[head] for head in heads]
        asked = [self._with_condition(head, right) for head, right in zip(heads, rights, strict=True)]
        for browser, head, got, right in zip(browsers, heads, self.line.ask_all(asked), rights, strict=True):
            self._compare(head, got, right)
            self.counts[f"read {got.status}"] += 1
            if got.cookies or right.cookies:
                # What is said once: the note is gone for both.
                self._right.pop(head, None)
                browser.take(got)
        while len(self._tagged) > MOST_TAGS:
            del self._tagged[next(iter(self._tagged))]

    def _head(self, browser: Somebody) -> bytes:
        head = self._read(browser, self.chance)
        if self.chance.random() < 0.1 and head.startswith((b"GET / ", b"GET /roster ")):
            head = head.replace(b"GET ", b"HEAD ", 1)
        return head

    def _with_condition(self, head: bytes, right: Got) -> bytes:
        """Now and then the request of who has the page, or another one, already."""
        if self.chance.random() >= 0.3 or not self._tagged:
            return head
        known = right.tag in self._tagged and self.chance.random() < 0.5
        tag = right.tag if known else self.chance.choice([*self._tagged])
        return head.replace(b"\r\n\r\n", f"\r\nIf-None-Match: {tag}\r\n\r\n".encode())

    def _compare(self, head: bytes, got: Got, right: Got) -> None:
        if got.status == 304:
            held = self._tagged[got.tag or ""]
            same = right.tag == got.tag if head.startswith(b"HEAD") else plain(right) == plain(held)
            wrong = "" if same and right.status == 200 else "304, but the bytes are others"
        else:
            wrong = difference(got, right)
        if wrong:
            raise Difference(f"{head.decode()}{wrong}\nafter {self.last}")
        if got.status == 200 and got.tag and head[:4] != b"HEAD":
            self._tagged[got.tag] = got

    # Writing

    def change(self) -> None:
        """Something is written, or the clock moves."""
        name, act = self.chance.choices(CHANGES, [weight for _, _, weight in CHANGES])[0][:2]
        self.last = name
        self.counts[name] += 1
        act(self)
        self._right.clear()
        self._look_around()

    def post(self, browser: Somebody, path: str, **fields: str) -> None:
        """Sends a form through either process; who sent it looks at once."""
        body = urlencode(fields).encode()
        more = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body)))]
        elsewhere = self.chance.random() < 0.5
        line = self.truth if elsewhere else self.line
        got = line.ask(browser.head("POST", path, more), body)
        self.counts[f"write {got.status}"] += 1
        if got.status >= 500:
            raise Difference(f"{path} answered {got}")
        browser.take(got)
        self._right.clear()
        self._look_around()
        if "w" in browser.cookies:
            self.read(browser)
        if elsewhere:
            self.heard()

    def commit(self, statement: str, *values: Any) -> None:
        """Past both processes."""
        self.raw.commit(statement, values)
        self.heard()

    def heard(self) -> None:
        """Waits, on PostgreSQL, until the bus has heard of everything that is committed."""
        bus: Any = self.cached.process.bus
        if self.url.startswith("sqlite"):
            return
        since, end = time.monotonic(), time.monotonic() + DEADLINE
        while bus._heard_at <= since:
            assert time.monotonic() < end
            time.sleep(0.001)

    def anybody(self) -> Somebody:
        return self.chance.choice([one for one in self.people if "noroshi" in one.cookies])

    def admin(self) -> Somebody:
        """Somebody who may, signed in anew."""
        number = self.raw.value("SELECT min(id) FROM people WHERE is_admin AND deactivated_at IS NULL")
        browser = self._browser(number)
        browser.cookies["w"] = "admin"
        return browser

    def number(self) -> str:
        return f"{next(self.numbers)}"

    def compared(self) -> int:
        return sum(number for name, number in self.counts.items() if name.startswith("read"))

    def run(self, requests: int) -> Counter[str]:
        """That many compared requests; returns what happened how often."""
        self.last = "the start"
        while self.compared() < requests:
            size = min(self.chance.randint(1, AT_ONCE), requests - self.compared())
            if self.chance.random() < size / self.between:
                self.change()
            self.read(*self.chance.choices(self.people, k=size))
        return self.counts


class _Raw:
    """A connection of nobody's: reads what there is, commits past every process."""

    def __init__(self, url: str) -> None:
        self._sqlite = url.startswith("sqlite")
        self._connection: Any
        if self._sqlite:
            self._connection = sqlite3.connect(str(make_url(url).database), isolation_level=None, timeout=30)
        else:
            import psycopg

            plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = psycopg.connect(plain, autocommit=True)

    def value(self, query: str) -> Any:
        return self._connection.execute(query).fetchone()[0]

    def ids(self, table: str, where: str = "1 = 1") -> list[int]:
        query = f"SELECT id FROM {table} WHERE {where} ORDER BY id"
        return [row[0] for row in self._connection.execute(query)]

    def commit(self, statement: str, values: tuple[Any, ...]) -> None:
        from domain.db import CHANNEL

        if self._sqlite:
            self._connection.execute(statement.replace("%s", "?"), values)
            return
        with self._connection.transaction():
            self._connection.execute(f"SELECT pg_notify('{CHANNEL}', '')")
            self._connection.execute(statement, values)

    def close(self) -> None:
        self._connection.close()


from bench.twin_changes import CHANGES  # noqa: E402 (they are written in terms of a Trial)


def serve(url: str, folder: Path) -> None:
    """The twin: without a cache, until standard input ends."""
    running = Running(portal(url, folder, Hands(folder / "clock"), 0))
    print(running.port, flush=True)
    sys.stdin.read()
    running.stop()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--requests", type=int, default=20_000, help="compared requests (default 20000)")
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--readers", type=int, default=1, help="further readers at the same time (default 1)")
    options.add_argument("--between", type=float, default=50, help="requests between two changes (default 50)")
    options.add_argument("--browsers", type=int, default=0, help="so many at once, drawn from all (default: all)")
    options.add_argument("--seldom", type=float, default=1, help="share of the pages that are not kept (default 1)")
    options.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        serve(given.serve[0], Path(given.serve[1]))
        return 0
    os.environ.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory(prefix="noroshi-twin-") as name:
        run: Callable[[str], None] = lambda url: report(url, Path(name), given)  # noqa: E731
        if given.database == "sqlite":
            run(f"sqlite:///{Path(name) / 'noroshi.sqlite3'}")
            return 0
        from tests.postgresql import Cluster, find_postgresql

        binaries = find_postgresql()
        assert binaries, "PostgreSQL is not installed"
        with Cluster(binaries) as cluster, cluster.database() as url:
            run(url)
    return 0


def report(url: str, folder: Path, given: argparse.Namespace) -> None:
    from server import metrics

    options = {name: getattr(given, name) for name in ("readers", "between", "browsers", "seldom")}
    trial = Trial(url, folder, given.seed, **options)
    began = time.monotonic()
    try:
        for part in range(1, 101):
            trial.run(given.requests * part // 100)
            print(f"  {trial.compared()} compared after {time.monotonic() - began:.0f} s, none differs", flush=True)
    finally:
        trial.close()
    print(f"{given.requests} requests compared in {time.monotonic() - began:.0f} s, every byte the same")
    print("  " + ", ".join(f"{name}: {number}" for name, number in sorted(trial.counts.items())))
    found = {how: metrics.page_cache.labels(how)._value.get() for how in ("kept", "page", "bytes")}
    print("  the cache: " + ", ".join(f"{how} {number:.0f}" for how, number in found.items()))


if __name__ == "__main__":
    sys.exit(main())
