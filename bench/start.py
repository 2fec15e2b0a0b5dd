"""Measures the start: from `python app.py` to the first answer, and what the process holds at rest.

    python -m bench.start

The yardstick: a Flask app with one page behind the same server library, started the same way, in the same run.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

from bench.crowd import memory, say

ROUNDS = 7
BARE = """
import asyncio, socket, uvicorn
from flask import Flask
from server.bridge import Bridge
from concurrent.futures import ThreadPoolExecutor
app = Flask("bare")
app.get("/healthz")(lambda: "ok")
bridge = Bridge(app, ThreadPoolExecutor(3), 1000)
async def front(scope, receive, send):
    await (await bridge.ask(scope, receive)).send(send)
listener = socket.create_server(("127.0.0.1", 0))
print("Noroshi is ready: http://127.0.0.1:%d" % listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(front, loop="uvloop", ws="none", lifespan="off", log_config=None)).run(sockets=[listener])
"""


def start(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds to the first answer, and MB held a second after it."""
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    ready = next(found for line in process.stdout if (found := re.search(r"ready: http://127.0.0.1:(\d+)", line)))
    connection = HTTPConnection("127.0.0.1", int(ready[1]), timeout=30)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read()
    took = time.monotonic() - began
    connection.close()
    time.sleep(1)
    held = memory(process.pid) / 1e6
    process.terminate()
    process.communicate()
    return took, held


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "NOROSHI_INSTANCE": folder,
            "PORT": "0",
            "HOST": "127.0.0.1",
            "SECRET_KEY": "bench",
        }
        environment.pop("DATABASE_URL", None)
        flask = [str(Path(sys.executable).with_name("flask")), "--app", "app", "db", "upgrade"]
        subprocess.run(flask, env=environment, check=True, capture_output=True)
        pairs = [
            (start([sys.executable, "app.py"], environment), start([sys.executable, "-c", BARE], environment))
            for _ in range(ROUNDS)
        ]
    for title, which in (("the portal", 0), ("a bare Flask app", 1)):
        seconds = [pair[which][0] for pair in pairs]
        held = statistics.median(pair[which][1] for pair in pairs)
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        say(f"{title:18} first answer after {statistics.median(seconds):.2f} s ({spread}); at rest {held:.0f} MB")


if __name__ == "__main__":
    main()
