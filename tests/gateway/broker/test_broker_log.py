"""What the broker logs reaches the gateway's log, and its file stays small."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.broker.broker_log import MAX_LINES, BrokerLog
from gateway.broker.mosquitto import Mosquitto


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mosquitto.log"
    path.write_text("2026-11-20T08:00:00+0000: said before we looked\n", "utf-8")
    return path


def append(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.writelines(lines)


def test_each_new_line_is_an_event_with_its_level(log: Path) -> None:
    follower = BrokerLog(log)
    append(
        log,
        "2026-11-20T08:00:01+0000: Error: Address already in use\n",
        "2026-11-20T08:00:01+0000: Warning: careful\n",
        "2026-11-20T08:00:01+0000: New connection from 127.0.0.1\n",
        "2026-11-20T08:00:02+0000: mosquitto version 2.0.11 running\n",
    )
    with capture_logs() as said:
        assert follower.pass_on() == 4
    assert [event["log_level"] for event in said] == ["error", "warning", "debug", "info"]
    assert said[0]["words"] == "Error: Address already in use"
    assert said[0]["at"] == "2026-11-20T08:00:01+0000"


def test_a_line_is_passed_on_when_it_is_whole(log: Path) -> None:
    follower = BrokerLog(log)
    append(log, "2026-11-20T08:00:01+0000: Err")
    assert follower.pass_on() == 0
    append(log, "or: now whole\n")
    with capture_logs() as said:
        assert follower.pass_on() == 1
    assert said[0]["words"] == "Error: now whole"


def test_a_storm_is_counted_and_not_passed_on(log: Path) -> None:
    follower = BrokerLog(log)
    append(log, *(f"stamp: line {number}\n" for number in range(MAX_LINES + 50)))
    with capture_logs() as said:
        follower.pass_on()
    assert len(said) == MAX_LINES + 1
    assert said[-1]["more"] == 50


def test_a_log_that_is_gone_or_began_anew_is_followed_all_the_same(log: Path) -> None:
    follower = BrokerLog(log)
    log.unlink()
    assert follower.pass_on() == 0
    append(log, "stamp: anew\n")
    with capture_logs() as said:
        follower.pass_on()
    assert [event["words"] for event in said] == ["anew"]


@pytest.mark.broker
async def test_a_large_log_is_put_aside_and_the_broker_writes_a_new_one(broker: Mosquitto) -> None:
    path = broker.written.files.log
    pid = broker.status().pid
    assert pid is not None
    reopened = asyncio.Event()

    def reopen() -> None:
        os.kill(pid, signal.SIGHUP)
        reopened.set()

    following = asyncio.create_task(BrokerLog(path, max_bytes=10).follow(reopen))
    async with asyncio.timeout(10):
        await reopened.wait()
        while not (path.exists() and path.with_suffix(".log.1").exists()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    following.cancel()
    await asyncio.wait((following,))
