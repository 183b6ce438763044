"""The delivery in a process of its own: killed, left without an answer, and what it is not told."""

from __future__ import annotations

import threading
from contextlib import closing

import psutil
import pytest

from gateway.clock import ManualClock
from gateway.history.influx_apart import FeedApart
from gateway.history.influx_delivery import ROWS, Delivery
from gateway.history.influx_feed import Feeding
from gateway.store.sqlite import SqliteStore
from tests.gateway.history.answering import KEPT, Answer, Answering
from tests.gateway.history.filling import NOON, keep, readings, stored_cursor, told


def test_a_process_of_its_own_does_the_same(campus: SqliteStore, database: Answering) -> None:
    keep(campus, readings(1, 250))
    with closing(FeedApart(campus.path, database.target)) as feeding:
        progress = feeding.deliver(0, ROWS)
        assert (progress.until, progress.rows, progress.points) == (250, 250, 250)
        (child,) = its_processes()
        assert "t0ken" not in " ".join(child.cmdline())
        assert "t0ken" not in repr(database.target)
        database.answer = lambda _: Answer(401)
        keep(campus, readings(251, 300))
        assert "401" in feeding.deliver(250, ROWS).error
    assert told(database.kept) == list(range(1, 251))
    assert not child.is_running()


def test_killed_while_it_hands_over_it_is_begun_anew_and_loses_nothing(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(1, 20))
    feeding: Feeding = FeedApart(campus.path, database.target)
    clock = ManualClock(NOON)
    with closing(Delivery(campus, feeding, database.target.name, clock)) as delivery:
        came, over = threading.Event(), threading.Event()

        def hold(_: list[str]) -> Answer:
            came.set()
            return Answer(until=over)

        database.answer = hold
        step = threading.Thread(target=delivery.step)
        step.start()
        assert came.wait(60)
        (child,) = its_processes()
        child.kill()
        step.join(60)
        assert "failed" in delivery.standing.error
        assert stored_cursor(campus, database.target).row == 0
        database.answer = lambda _: KEPT
        over.set()
        delivery.step()
        assert delivery.standing.waiting == 0
    assert set(told(database.kept)) == set(range(1, 21))


def test_an_answer_without_end_ends_that_process_and_nothing_else(
    campus: SqliteStore, database: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(campus, readings(1, 5))
    endless = threading.Event()
    database.answer = lambda _: Answer(until=endless)
    with closing(FeedApart(campus.path, database.target, patience=0.5)) as feeding:
        clock = ManualClock(NOON)
        with closing(Delivery(campus, feeding, database.target.name, clock)) as delivery:
            delivery.step()
            assert "no answer within" in delivery.standing.error
            assert its_processes() == []
    endless.set()


def its_processes() -> list[psutil.Process]:
    return [
        process
        for process in psutil.Process().children()
        if "gateway.history.influx_apart" in process.cmdline()
    ]
