"""A gateway that is killed at any instant writes the same verdicts as one that never was."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from followed import Followed
from histories import DAY, History
from sqlalchemy import Connection, text

from gateway.store.read.coverage import coverage_cursor
from tests.gateway.new_store import opened

ROOT = Path(__file__).parents[3]


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("following_child.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    with process:
        yield process


def follow_until(child: subprocess.Popen[str], path: Path, now: int, seconds: float) -> bool:
    """Whether it came to the end before it was killed."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{path} {now}\n")
    child.stdin.flush()
    pid = int(child.stdout.readline())
    assert child.stdout.readline() == "begun\n"
    time.sleep(seconds)  # the instant of the kill, not a wait for something
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    through = False
    for line in child.stdout:
        if line == "ended\n":
            break
        through = through or line == "through\n"
    return through


def verdicts(connection: Connection) -> list[tuple[object, ...]]:
    """All rows, with their reasons instead of the numbers of these."""
    query = """
        SELECT c.policy, c.item, c.school, c.at, c.verdict, c.listed, c.region, r.body
        FROM coverage c LEFT JOIN coverage_reasons r ON r.row = c.reasons
        ORDER BY c.policy, c.item, c.school, c.at"""
    return [tuple(row) for row in connection.execute(text(query))]


def test_killed_again_and_again_it_writes_what_one_writes_that_never_was(
    tmp_path: Path, child: subprocess.Popen[str]
) -> None:
    history = History(20261122)
    facts = history.opening() + [history.fact() for _ in range(900)]
    now = max(fact.known for fact in facts) + 100 * DAY
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    store = opened(whole)
    undisturbed = Followed(store)
    undisturbed.add(*facts)
    shutil.copytree(whole, broken)
    undisturbed.follow(now)
    expected = store.read(verdicts)
    store.close()
    assert len(expected) > 500

    chance = random.Random(7)
    kills = 0
    # Later and later, so that it gets on however slow the machine is.
    while not follow_until(
        child, broken / "campus.db", now, chance.uniform(0.001, 0.08) * (1 + kills / 20)
    ):
        kills += 1
        assert kills < 500, "it never gets on"

    store = opened(broken)
    assert store.read(verdicts) == expected
    assert store.read(coverage_cursor).row == len(facts)
    store.close()
    assert kills > 3
