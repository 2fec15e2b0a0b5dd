"""`make bench`: every measurement, one after the other."""

import subprocess
import sys

MEASUREMENTS = (
    ("bench.board",),
    ("bench.roster",),
    ("bench.cache",),
    ("bench.live",),
    ("bench.live", "--processes", "2"),
    ("bench.reports",),
    ("bench.writes",),
    ("bench.start",),
    ("bench.declare",),
)

if __name__ == "__main__":
    for name, *options in MEASUREMENTS:
        print(f"— {name}", flush=True)
        subprocess.run([sys.executable, "-m", name, *options], check=True)
