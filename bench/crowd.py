"""A crowd of open boards, and a plain loop of send to as many sockets: both in C (`crowd.c`), so that the client is not
what is measured. Needs a C compiler."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_name("crowd.c")
PATIENCE = 60
"""Seconds for which arrivals are waited for."""


@cache
def built() -> str:
    """The program, compiled once a run.

    Raises:
        SystemExit: there is no compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit(
            "The crowd of readers is written in C; please install a compiler (Debian: apt-get install gcc)."
        )
    program = Path(tempfile.mkdtemp(prefix="noroshi-crowd-")) / "crowd"
    subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE)], check=True, stderr=subprocess.DEVNULL)
    return str(program)


class Told:
    """A process that answers each line with one line."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, line: str) -> None:
        assert self.process.stdin
        print(line, file=self.process.stdin, flush=True)

    def answer(self) -> str:
        """The next line."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a measured process ended early")
        return line.strip()

    def ask(self, line: str) -> str:
        self.tell(line)
        return self.answer()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass(frozen=True)
class Arrivals:
    """When the first, the median and the last board had it (monotonic seconds), and what CPU the client took."""

    first: float
    median: float
    last: float
    count: int
    cpu: float


class Crowd(Told):
    """Open boards."""

    def __init__(self) -> None:
        super().__init__(built(), "read")
        self.size = 0

    def open(self, port: int, count: int, cookies: Path | str) -> float:
        """Opens so many boards more, each with the next of the cookies; returns the seconds it took."""
        took, missing = self.ask(f"open {port} {count} {cookies}").split()
        if int(missing):
            raise SystemExit(f"{missing} boards did not open")
        self.size += count
        return float(took)

    def expect(self, marker: str) -> None:
        self.ask(f"expect {marker}")

    def arrived(self) -> Arrivals:
        first, median, last, count, cpu = self.ask(f"wait {PATIENCE}").split()
        return Arrivals(float(first), float(median), float(last), int(count), float(cpu))


class Loop(Told):
    """The yardstick: the file's bytes to each socket, one after the other."""

    def __init__(self, payload: Path) -> None:
        super().__init__(built(), "send", str(payload))
        self.port = int(self.answer())

    def accept(self, count: int) -> None:
        self.tell(f"accept {count}")

    def send(self, marker: str) -> float:
        """When it began (monotonic seconds)."""
        return float(self.ask(f"send {marker}"))


def memory(pid: int) -> int:
    """Bytes that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def processor(pid: int) -> float:
    """Seconds of CPU that a process has taken: what others do on the machine does not count."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def say(text: str) -> None:
    print(text, file=sys.stdout, flush=True)
