from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from store_samples import readings

from gateway.store.batch import Batch
from gateway.store.reserve import Headroom, Reserve
from gateway.store.store import StoreBusyError, StoreError
from gateway.store.writer import ERRANDS, JOINED_READINGS, WAITING, Writer

WAIT = 10


class Table:
    """Takes down what is written, and holds the writer up until it is let go on."""

    def __init__(self) -> None:
        self.transactions: list[list[int]] = []
        self.open = threading.Event()
        self.open.set()

    def write(self, batches: Sequence[Batch]) -> None:
        assert self.open.wait(WAIT)
        if any(batch.now < 0 for batch in batches):
            raise ValueError("refused")
        self.transactions.append([batch.now for batch in batches])


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def writer(table: Table, tmp_path: Path) -> Iterator[Writer]:
    headroom = Headroom(tmp_path, Reserve(tmp_path / "reserve", 0), low_water=0)
    writer = Writer(table.write, headroom, "the table", lambda: None)
    yield writer
    table.open.set()
    writer.close()


def held_up(table: Table, writer: Writer) -> None:
    """The writer is busy with a first batch."""
    table.open.clear()
    writer.commit(Batch(now=1))
    while writer.waiting():
        threading.Event().wait(0.001)


def test_batches_that_wait_are_joined_in_order(table: Table, writer: Writer) -> None:
    held_up(table, writer)
    futures = [writer.commit(Batch(now=n)) for n in range(2, 12)]
    table.open.set()
    for future in futures:
        future.result(WAIT)
    assert table.transactions == [[1], list(range(2, 12))]


def test_a_transaction_holds_only_so_many_readings(table: Table, writer: Writer) -> None:
    held_up(table, writer)
    half = readings(JOINED_READINGS // 2)
    last = [writer.commit(Batch(now=n, readings=half)) for n in range(2, 7)][-1]
    table.open.set()
    last.result(WAIT)
    assert table.transactions == [[1], [2, 3], [4, 5], [6]]


def test_a_batch_that_is_refused_fails_alone(table: Table, writer: Writer) -> None:
    held_up(table, writer)
    futures = [writer.commit(Batch(now=n)) for n in (2, -1, 3)]
    table.open.set()
    assert futures[0].result(WAIT) is None
    with pytest.raises(StoreError, match="the table: refused"):
        futures[1].result(WAIT)
    assert futures[2].result(WAIT) is None
    assert table.transactions == [[1], [2], [3]]


def test_a_queue_that_is_full_refuses_at_once(table: Table, writer: Writer) -> None:
    held_up(table, writer)
    for _ in range(WAITING):
        last = writer.commit(Batch(now=2))
    with pytest.raises(StoreBusyError, match="too slow"):
        writer.commit(Batch(now=3)).result(0)
    table.open.set()
    last.result(WAIT)
    assert all(3 not in joined for joined in table.transactions)


def test_a_batch_that_nobody_waits_for_any_more_is_not_written(
    table: Table, writer: Writer
) -> None:
    held_up(table, writer)
    gone, kept = writer.commit(Batch(now=2)), writer.commit(Batch(now=3))
    assert gone.cancel()
    table.open.set()
    kept.result(WAIT)
    assert table.transactions == [[1], [3]]


def test_other_work_goes_when_no_batch_waits(table: Table, writer: Writer) -> None:
    held_up(table, writer)
    errand = writer.in_turn(lambda: len(table.transactions))
    last = writer.commit(Batch(now=2))
    table.open.set()
    last.result(WAIT)
    assert errand.result(WAIT) == 2


def test_other_work_that_has_waited_long_goes_before_batches(table: Table, writer: Writer) -> None:
    held_up(table, writer)
    last = writer.commit(Batch(now=2))
    errand = writer.in_turn(lambda: len(table.transactions), patience=0.0)
    table.open.set()
    assert errand.result(WAIT) == 1
    last.result(WAIT)


def test_what_other_work_raises_reaches_who_asked_for_it(writer: Writer) -> None:
    def fails() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        writer.in_turn(fails).result(WAIT)
    writer.commit(Batch(now=5)).result(WAIT)


def test_other_work_is_bounded_too(table: Table, writer: Writer) -> None:
    held_up(table, writer)
    for _ in range(ERRANDS):
        writer.in_turn(lambda: None)
    with pytest.raises(StoreBusyError):
        writer.in_turn(lambda: None)
    table.open.set()


def test_the_writer_survives_what_it_did_not_expect(
    table: Table, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles() -> None:
        raise RuntimeError("unforeseen")

    with monkeypatch.context() as patched:
        patched.setattr(writer, "_succeed", lambda _group: stumbles())
        with pytest.raises(StoreError, match="unforeseen"):
            writer.commit(Batch(now=1)).result(WAIT)
    writer.commit(Batch(now=2)).result(WAIT)


def test_closing_writes_what_waits_and_does_what_was_asked(table: Table, writer: Writer) -> None:
    held_up(table, writer)
    future, errand = writer.commit(Batch(now=2)), writer.in_turn(lambda: "done")
    table.open.set()
    writer.close()
    assert future.done()
    assert errand.result(0) == "done"
    with pytest.raises(StoreError, match="closed"):
        writer.in_turn(lambda: None)
