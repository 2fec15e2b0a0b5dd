"""Random requests of many people: the page cache answers what a process without one answers, to the byte."""

import os
from pathlib import Path

import pytest

from bench.twin import Trial
from server import metrics

REQUESTS = int(os.environ.get("NOROSHI_TWIN_REQUESTS", "200"))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.one_database
def test_everybody_gets_what_flask_would_answer_now(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = (
        request.getfixturevalue("postgresql_url") if database == "postgresql" else f"sqlite:///{tmp_path / 'twins.db'}"
    )
    kept = metrics.page_cache.labels("kept")
    trial, before = Trial(url, tmp_path, seed=7, between=8), kept._value.get()
    try:
        counts = trial.run(REQUESTS)
    finally:
        trial.close()
    assert counts["read 200"] > counts["read 304"] > 0
    # Not what is in the cache at the end: the last thing that happened may have emptied it.
    assert kept._value.get() > before
