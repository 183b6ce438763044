from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_samples import everything

from gateway.store.open import open_store

ROUNDS = 10


@pytest.fixture
def committer() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("committer.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        text=True,
    )
    with process:
        yield process


def kill_while_committing(
    committer: subprocess.Popen[str], path: Path, start: int, after: float
) -> int:
    """The last number that was reported to be on the disk."""
    assert committer.stdin is not None
    assert committer.stdout is not None
    committer.stdin.write(f"{path} {start}\n")
    committer.stdin.flush()
    pid = int(committer.stdout.readline())
    reported = int(committer.stdout.readline())
    time.sleep(after)  # the instant of the kill, not a wait for something
    os.kill(pid, signal.SIGKILL)
    for line in committer.stdout:
        if line == "ended\n":
            break
        reported = int(line)
    return reported


def test_nothing_that_was_reported_committed_is_lost_by_a_kill(
    tmp_path: Path, committer: subprocess.Popen[str]
) -> None:
    path = tmp_path / "campus.db"
    open_store(path, reserve_bytes=0).close()
    chance = random.Random(20261121)
    committed = 0
    for _ in range(ROUNDS):
        reported = kill_while_committing(committer, path, committed, chance.uniform(0, 0.15))
        store = open_store(path, reserve_bytes=0, low_water=0)
        stored = store.read(everything)
        snapshot = store.load()
        store.close()
        numbers = [int(fact["subject"].removeprefix("batch:")) for fact in stored["facts"]]
        assert numbers == list(range(1, len(numbers) + 1)), "a batch is missing or there twice"
        assert numbers[-1] >= reported > committed
        # Each batch is there whole or not at all.
        readings = Counter(row["device"] for row in stored["readings"])
        assert readings == Counter({n: n % 300 for n in numbers if n % 300})
        assert snapshot.states == {1: b"%d" % numbers[-1]}
        assert [int.from_bytes(e, "big") for e in snapshot.acknowledging["events"]] == numbers
        committed = numbers[-1]
