"""A full disk, a real one: a small file system where mounting is permitted."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from store_samples import NOON, alert, everything, readings, transition

from gateway.store.batch import Batch, Fact
from gateway.store.open import open_store
from gateway.store.reserve import Headroom, Reserve, free_bytes, is_full
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreFullError

MIB = 1024 * 1024
RESERVE = 4 * MIB
WAIT = 30


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)


class Disk:
    """A folder, the low-water mark for it, and a ballast that takes up room in it."""

    def __init__(self, folder: Path, low_water: int, leave: int) -> None:
        self.folder = folder
        self.low_water = low_water
        self._leave = leave

    def fill(self) -> None:
        with (self.folder / "ballast").open("wb") as file:
            room = free_bytes(self.folder) - self._leave
            os.posix_fallocate(file.fileno(), 0, max(room, MIB))

    def empty(self) -> None:
        (self.folder / "ballast").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "none", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode == 0:
        yield Disk(folder, low_water=6 * MIB, leave=256 * 1024)
        subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    # Not permitted: the ballast then lowers the disk's free room below a mark set just under it.
    free = free_bytes(folder)
    yield Disk(folder, low_water=free - 2 * RESERVE, leave=free - 64 * MIB)


@pytest.fixture
def store(disk: Disk) -> Iterator[SqliteStore]:
    store = open_store(disk.folder / "campus.db", reserve_bytes=RESERVE, low_water=disk.low_water)
    yield store
    store.close()


def event(number: int) -> Batch:
    return Batch(
        alerts={number: alert(number)},
        transitions=[transition(number, number)],
        facts=[Fact("transition", NOON, NOON, "gateway", f"alert:{number}", b"x" * 2000)],
        urgent=True,
    )


def test_on_a_full_disk_telemetry_is_refused_events_go_on_and_all_goes_on_by_itself(
    disk: Disk, store: SqliteStore
) -> None:
    telemetry = Batch(readings=readings(500))
    store.commit(telemetry).result(WAIT)
    taken = 1
    disk.fill()
    wait_until(lambda: not store.room().telemetry)
    assert store.room().events

    with pytest.raises(StoreFullError, match="make room"):
        store.commit(telemetry).result(WAIT)
    for number in range(1, 301):  # more than fits in what is left: the reserve is needed
        store.commit(event(number)).result(WAIT)
    with pytest.raises(StoreFullError):
        store.commit(telemetry).result(WAIT)

    disk.empty()
    wait_until(lambda: store.room().telemetry)
    store.commit(telemetry).result(WAIT)
    taken += 1
    stored = store.read(everything)
    assert len(stored["readings"]) == 500 * taken
    assert [row["id"] for row in stored["alerts"]] == list(range(1, 301))
    assert len(stored["transitions"]) == len(stored["facts"]) == 300
    # The reserve is there for the next time.
    reserve = disk.folder / "campus.db.reserve"
    assert reserve.stat().st_size == RESERVE


def test_batches_waiting_together_on_a_full_disk_are_told_apart(
    disk: Disk, store: SqliteStore
) -> None:
    disk.fill()
    wait_until(lambda: not store.room().telemetry)
    pairs = [
        (store.commit(Batch(readings=readings(10))), store.commit(event(number)))
        for number in range(1, 40)
    ]
    for telemetry, urgent in pairs:
        urgent.result(WAIT)
        assert isinstance(telemetry.exception(WAIT), StoreFullError)
    stored = store.read(everything)
    assert (len(stored["alerts"]), stored["readings"]) == (39, [])


def test_writing_goes_on_after_a_limit_on_the_files_size_was_hit(tmp_path: Path) -> None:
    """A quota or limit that the free space of the disk does not show."""
    program = dedent(
        f"""
        import resource, time
        from gateway.store.batch import Batch
        from gateway.store.open import open_store
        from gateway.store.store import StoreFullError
        store = open_store({str(tmp_path / "campus.db")!r}, reserve_bytes=0, low_water=0)
        rows = [(1, 0, n, n, b"x" * 100) for n in range(1000)]
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 1024 * 1024, hard))
        taken = 0
        try:
            while True:
                store.commit(Batch(readings=rows)).result(30)
                taken += 1
        except StoreFullError:
            refused = not store.room().telemetry
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        end = time.monotonic() + 30
        while not store.room().telemetry and time.monotonic() < end:
            time.sleep(0.01)
        store.commit(Batch(readings=rows)).result(30)
        store.close()
        print(taken + 1, refused)
        """
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=240
    )
    taken, refused = out.stdout.split()
    assert int(taken) > 2
    assert refused == "True"
    store = open_store(tmp_path / "campus.db", reserve_bytes=0, low_water=0)
    assert len(store.read(everything)["readings"]) == 1000 * int(taken)
    store.close()


def test_a_full_database_is_told_from_other_errors() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t(x)")
    connection.execute("PRAGMA max_page_count = 3")
    with pytest.raises(sqlite3.OperationalError) as full:
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert is_full(full.value)
    with pytest.raises(sqlite3.OperationalError) as wrong:
        connection.execute("SELECT nope")
    assert not is_full(wrong.value)
    assert not is_full(OSError(28, "no space"))
    connection.close()


class Gauge:
    """Free bytes as a test says."""

    def __init__(self, free: int) -> None:
        self.free = free

    def __call__(self, _folder: Path) -> int:
        return self.free


@pytest.fixture
def gauge(monkeypatch: pytest.MonkeyPatch) -> Gauge:
    gauge = Gauge(1000 * MIB)
    monkeypatch.setattr("gateway.store.reserve.free_bytes", gauge)
    return gauge


def test_telemetry_stops_at_the_low_mark_and_comes_back_at_the_high_one(
    tmp_path: Path, gauge: Gauge
) -> None:
    headroom = Headroom(tmp_path, Reserve(tmp_path / "reserve", MIB), low_water=40 * MIB)
    for free, taken in ((41, True), (39, False), (41, False), (59, False), (60, True), (41, True)):
        gauge.free = free * MIB
        assert headroom.look() is taken, free


def test_with_the_reserve_spent_there_must_be_room_for_it_too(tmp_path: Path, gauge: Gauge) -> None:
    reserve = Reserve(tmp_path / "reserve", 2 * MIB)
    headroom = Headroom(tmp_path, reserve, low_water=40 * MIB)
    gauge.free = 0
    headroom.failed()
    assert headroom.spend()
    assert not headroom.spend()
    assert (tmp_path / "reserve").stat().st_size == 0
    gauge.free = 61 * MIB
    assert not headroom.look()
    gauge.free = 62 * MIB
    assert headroom.look()
    assert reserve.held


def test_pages_that_retention_emptied_count_as_room(tmp_path: Path, gauge: Gauge) -> None:
    gauge.free = 30 * MIB
    reusable = 0
    headroom = Headroom(
        tmp_path,
        Reserve(tmp_path / "reserve", 0),
        low_water=40 * MIB,
        reusable=lambda: reusable,
    )
    assert headroom.tight
    reusable = 100 * MIB
    assert headroom.look()
    gauge.free = 10 * MIB  # the log needs room of its own
    assert not headroom.look()


def test_a_reserve_left_by_the_run_before_is_taken_up(tmp_path: Path) -> None:
    Reserve(tmp_path / "reserve", MIB).take()
    assert Reserve(tmp_path / "reserve", MIB).held
    assert not Reserve(tmp_path / "reserve", 2 * MIB).held
