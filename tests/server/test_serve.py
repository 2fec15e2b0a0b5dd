"""The process from outside: signals, exit codes, what it says."""

import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from server.serve import serve
from tests.server.conftest import DEADLINE, make_app

pytestmark = pytest.mark.one_database
ROOT = Path(__file__).parents[2]
SMALL_PORTAL = """
import sys
from server.serve import serve
from tests.server.conftest import make_app
sys.exit(serve(make_app(sys.argv[1]), "127.0.0.1", 0, lambda url: print(url, flush=True)))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_without_a_word(tmp_path: Path, number: int) -> None:
    command = [sys.executable, "-c", SMALL_PORTAL, f"sqlite:///{tmp_path / 'small.sqlite3'}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = int(process.stdout.readline().rpartition(":")[2])
        connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        connection.request("GET", "/live?person=1")
        answer = connection.getresponse()
        assert answer.status == 200
        process.send_signal(number)
        answer.read()
        connection.close()
        rest, errors = process.communicate(timeout=DEADLINE)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = make_app(f"sqlite:///{tmp_path / 'small.sqlite3'}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert serve(app, "127.0.0.1", port, lambda url: None) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"Noroshi cannot listen on 127.0.0.1:{port}: ")
    assert said.err.count("\n") == 1
