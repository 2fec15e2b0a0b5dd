"""A throwaway PostgreSQL for tests: its own folder, its own socket, gone afterwards."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def find_postgresql() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, newest version first, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


class Cluster:
    """PostgreSQL on a Unix socket, without fsync unless it is to be `safe`. As root it runs as `postgres` or `nobody`: it refuses root."""

    def __init__(self, binaries: Path, safe: bool = False) -> None:
        self.binaries = binaries
        self.careless = "" if safe else " -c fsync=off -c full_page_writes=off"
        self.folder = Path(tempfile.mkdtemp(prefix="noroshi-pg-"))
        self.user = self._user()

    def _user(self) -> str | None:
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            try:
                pwd.getpwnam(name)
            except KeyError:
                continue
            shutil.chown(self.folder, name)
            return name
        return None

    def _run(self, *command: str) -> None:
        subprocess.run(
            [str(self.binaries / command[0]), *command[1:]],
            user=self.user,
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )

    def __enter__(self) -> "Cluster":
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "noroshi", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
        self.start()
        return self

    def start(self) -> None:
        """Runs it; after `stop` with everything that was committed."""
        data = str(self.folder / "data")
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder}{self.careless}"
        self._run("pg_ctl", "-D", data, "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Ends it at once, with every connection."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def database(self, like: str = "template1") -> Iterator[str]:
        """A database, empty or like another one that nobody uses now; gives its SQLAlchemy URL."""
        name = f"test_{secrets.token_hex(4)}"
        self._admin(f"CREATE DATABASE {name} TEMPLATE {like}")
        try:
            yield f"postgresql+psycopg://noroshi@/{name}?host={self.folder}"
        finally:
            self._admin(f"DROP DATABASE {name} WITH (FORCE)")

    def _admin(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="noroshi", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)
