from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from gateway.history.delivered import Cursor, write_cursor
from gateway.history.retention import DAY, Policy
from gateway.history.rollup import HOUR, MINUTE
from gateway.history.sqlite import SqliteHistory
from gateway.store.batch import Batch, DeviceDay
from gateway.store.schema import device_days, readings, rollups
from gateway.store.sqlite import SqliteStore, connect

NOON = 1_795_161_600_000
POLICY = Policy(raw_days=7, minute_days=90, hour_days=1830)


def take_days(store: SqliteStore, *days: int, each: int = 10) -> None:
    """Readings received so many days before noon, the oldest first."""
    rows = [
        (1, 0, NOON - day * DAY + n, NOON - day * DAY + n, b'{"power_w":%d}' % n)
        for day in sorted(days, reverse=True)
        for n in range(each)
    ]
    store.commit(Batch(readings=rows)).result(30)


def days_of_readings(store: SqliteStore) -> list[int]:
    def query(connection: Connection) -> list[int]:
        received = connection.scalars(select(readings.c.received).order_by(readings.c.row))
        return sorted({(NOON - one + DAY - 1) // DAY for one in received}, reverse=True)

    return store.read(query)


def days_of_rollups(store: SqliteStore, span: int) -> list[int]:
    def query(connection: Connection) -> list[int]:
        starts = connection.scalars(select(rollups.c.start).where(rollups.c.span == span))
        return sorted({(NOON - start) // DAY for start in starts}, reverse=True)

    return store.read(query)


def test_each_resolution_is_kept_as_long_as_the_policy_says(
    store: SqliteStore, history: SqliteHistory
) -> None:
    take_days(store, 2000, 1000, 100, 50, 8, 6, 0)
    history.roll_up()
    removed = history.keep(NOON, POLICY)
    assert days_of_readings(store) == [6, 0]
    assert days_of_rollups(store, MINUTE) == [50, 8, 6, 0]
    assert days_of_rollups(store, HOUR) == [1000, 100, 50, 8, 6, 0]
    assert (removed.readings, removed.rollups) == (50, 4)
    again = history.keep(NOON, POLICY)
    assert (again.readings, again.rollups) == (0, 0)


def test_what_is_not_rolled_up_yet_stays_however_old(
    store: SqliteStore, history: SqliteHistory
) -> None:
    take_days(store, 30, 20)
    history.roll_up(15)
    assert history.keep(NOON, POLICY).readings == 10, "a slice ends with a minute if it can"
    assert days_of_readings(store) == [20]
    history.roll_up()
    assert days_of_rollups(store, MINUTE) == [30, 20]


def test_the_newest_reading_stays_so_that_its_number_is_not_given_again(
    store: SqliteStore, history: SqliteHistory
) -> None:
    take_days(store, 30)
    history.roll_up()
    history.keep(NOON, POLICY)
    take_days(store, 0, each=1)
    rows = store.read(lambda connection: list(connection.scalars(select(readings.c.row))))
    assert rows == [10, 11]
    assert history.roll_up() == 1


def test_many_rows_go_in_small_steps(
    store: SqliteStore, history: SqliteHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_days(store, 30, each=3000)
    take_days(store, 0)
    history.roll_up()
    monkeypatch.setattr("gateway.history.sqlite.ROWS", (100, 100, 100))
    history._rows = 100
    turns = 0
    real = store.in_turn

    def counted(work: Callable[[], int]) -> Future[int]:
        nonlocal turns
        turns += 1
        return real(work)

    monkeypatch.setattr(store, "in_turn", counted)
    assert history.keep(NOON, POLICY).readings == 3000
    assert turns >= 30


def test_an_empty_history_is_kept_too(store: SqliteStore, history: SqliteHistory) -> None:
    removed = history.keep(NOON, POLICY)
    assert (removed.readings, removed.rollups) == (0, 0)


def test_room_of_removed_readings_is_used_again(
    store: SqliteStore, history: SqliteHistory, tmp_path: Path
) -> None:
    size = tmp_path / "campus.db"

    def fill(day: int) -> int:
        rows = [
            (
                1,
                0,
                NOON + day * DAY + n,
                NOON + day * DAY + n,
                b'{"power_w":1,"s":"%s"}' % (b"x" * 80),
            )
            for n in range(20_000)
        ]
        store.commit(Batch(readings=rows)).result(30)
        history.roll_up()
        history.keep(NOON + day * DAY, POLICY)
        store._empty_log()
        return size.stat().st_size

    first = fill(0)
    later = [fill(day) for day in (10, 20, 30, 40)]
    assert max(later) < 2.5 * first
    count = store.read(lambda connection: connection.scalar(select(func.count(readings.c.row))))
    assert count == 20_000


def test_the_days_of_devices_are_kept_as_long_as_hours(
    store: SqliteStore, history: SqliteHistory
) -> None:
    today = NOON // DAY
    entries = [
        DeviceDay(today - ago, device, 1, 0, 0, 0, None, None, None)
        for ago in (0, 1830, 1831, 2000)
        for device in range(300)
    ]
    store.commit(Batch(device_days=entries)).result(30)
    assert history.keep(NOON, POLICY).device_days == 600
    kept = store.read(lambda c: set(c.scalars(select(device_days.c.day))))
    assert kept == {today, today - 1830}


class TestBesideADatabaseThatIsFed:
    """What is not handed over yet stays, unless the disk needs its room."""

    @pytest.fixture
    def feeding(self, store: SqliteStore) -> Iterator[SqliteHistory]:
        with closing(SqliteHistory(store, feeds="victoria-metrics http://db")) as history:
            yield history

    def handed_over(self, store: SqliteStore, row: int) -> None:
        with closing(connect(store.path)) as connection:
            write_cursor(connection, Cursor("victoria-metrics http://db", row + 3, row))

    def test_readings_wait_beyond_their_time_and_go_when_they_are_there(
        self, store: SqliteStore, feeding: SqliteHistory
    ) -> None:
        take_days(store, 30, 20, 0)
        feeding.roll_up()
        removed = feeding.keep(NOON, POLICY)
        assert (removed.readings, removed.held, removed.undelivered) == (0, 20, 0)
        self.handed_over(store, 15)
        removed = feeding.keep(NOON, POLICY)
        assert (removed.readings, removed.held) == (15, 5)
        self.handed_over(store, 30)
        removed = feeding.keep(NOON, POLICY)
        assert (removed.readings, removed.held) == (5, 0)
        assert days_of_readings(store) == [0]

    def test_what_is_old_goes_and_is_counted_when_the_disk_needs_its_room(
        self, store: SqliteStore, feeding: SqliteHistory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        take_days(store, 30, 20, 0)
        feeding.roll_up()
        self.handed_over(store, 12)
        monkeypatch.setattr("gateway.history.sqlite.LEAST_FREE", 2**62)
        removed = feeding.keep(NOON, POLICY)
        assert (removed.readings, removed.held, removed.undelivered) == (20, 0, 8)
        assert days_of_readings(store) == [0], "what is young stays all the same"

    def test_what_another_database_has_counts_for_nothing(
        self, store: SqliteStore, feeding: SqliteHistory
    ) -> None:
        take_days(store, 30, 0)
        feeding.roll_up()
        with closing(connect(store.path)) as connection:
            write_cursor(connection, Cursor("influxdb http://old", 20, 20))
        assert feeding.keep(NOON, POLICY).held == 10
