from __future__ import annotations

import json
import math
import sqlite3
import tempfile
import threading
from collections import defaultdict
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from gateway.history.curve import position_of
from gateway.history.folding import METRIC_LENGTH, fold
from gateway.history.rollup import HOUR, MINUTE, Position, decode_position, row_received
from gateway.history.slice import BUSY
from gateway.history.sqlite import SqliteHistory
from gateway.store.batch import Batch, ReadingRow
from gateway.store.read.devices import metrics_of
from gateway.store.schema import rollups
from gateway.store.sqlite import SqliteStore
from gateway.store.store import Room, StoreError
from tests.gateway.new_store import opened

NOON = 1_795_161_600_000

Table = dict[tuple[int, int, int, str], tuple[Any, ...]]


def take(store: SqliteStore, *readings: ReadingRow) -> None:
    store.commit(Batch(readings=list(readings))).result(30)


def reading(
    seconds: float, body: bytes, device: int = 1, received: float | None = None
) -> ReadingRow:
    at = NOON + int(seconds * 1000)
    return (device, 0, at, at if received is None else NOON + int(received * 1000), body)


def table(store: SqliteStore) -> Table:
    def query(connection: Connection) -> Table:
        return {tuple(row[:4]): tuple(row[4:]) for row in connection.execute(select(rollups))}

    return store.read(query)


def points(body: bytes) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in json.loads(body).items():
        elements = enumerate(value) if isinstance(value, list) else ()
        for metric, one in [(name, value), *((f"{name}.{n}", each) for n, each in elements)]:
            if isinstance(one, bool | int | float):
                found[metric] = float(one)
    return found


def expected(readings: list[ReadingRow]) -> Table:
    """What rolling up must come to, said in Python."""
    gathered: dict[tuple[int, int, int, str], list[tuple[int, float]]] = defaultdict(list)
    seen = set()
    for device, channel, happened, _received, body in readings:
        if (device, channel, happened, body) in seen:
            continue
        seen.add((device, channel, happened, body))
        for metric, value in points(body).items():
            for span in (MINUTE, HOUR):
                key = (span, happened // span * span, device, metric)
                gathered[key].append((happened, value))
    return {
        key: (
            len(entries),
            min(value for _, value in entries),
            max(value for _, value in entries),
            math.fsum(value for _, value in entries),
            max(entries)[1],
            max(entries)[0],
        )
        for key, entries in gathered.items()
    }


def assert_same(found: Table, wanted: Table) -> None:
    assert found.keys() == wanted.keys()
    for key, row in wanted.items():
        assert found[key] == pytest.approx(row, rel=1e-9, abs=1e-9), key


bodies = st.sampled_from(
    [
        b'{"a":1}',
        b'{"a":2.5,"b":[1,null,3]}',
        b'{"a":true,"s":"x"}',
        b'{"b":[4,5,-6.25]}',
        b'{"s":"only text","n":null}',
        b"{}",
    ]
)
# Within an hour and a half, received up to twenty minutes late: minutes are met again and again.
stream = st.lists(
    st.builds(
        lambda device, seconds, late, body: reading(seconds, body, device, seconds + late),
        st.integers(1, 3),
        st.integers(0, 5400),
        st.integers(0, 1200),
        bodies,
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(stream, st.lists(st.integers(0, 39), max_size=10), st.lists(st.integers(1, 15), max_size=6))
def test_rolling_up_in_any_slices_comes_to_the_same(
    readings: list[ReadingRow], again: list[int], budgets: list[int]
) -> None:
    ordered = sorted(readings, key=lambda row: row[3])
    # Copies come within a minute of the first one, as redeliveries do.
    for index in again:
        if index < len(ordered):
            device, channel, happened, received, body = ordered[index]
            ordered.append((device, channel, happened, received + 30_000, body))
    ordered.sort(key=lambda row: row[3])
    with tempfile.TemporaryDirectory() as folder:
        store = opened(Path(folder))
        history = SqliteHistory(store)
        rest = ordered
        for budget in budgets:
            take(store, *rest[:10])
            rest = rest[10:]
            history.roll_up(budget)
        take(store, *rest)
        while history.roll_up(7):
            pass
        assert_same(table(store), expected(ordered))
        history.close()
        store.close()


class KilledError(Exception):
    """The gateway was killed here."""


@pytest.mark.parametrize("turns", [0, 1, 2, 5])
def test_a_kill_between_two_turns_counts_nothing_twice_and_leaves_nothing_out(
    tmp_path: Path, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.history.sqlite.ROWS", (100, 100, 100))
    readings = [
        reading(n / 10, b'{"a":%d,"b":[%d,1]}' % (n % 17, n), device=n % 60) for n in range(1200)
    ]
    store = opened(tmp_path)
    take(store, *readings, *readings[:50])
    history = SqliteHistory(store)
    history._rows = 100
    real = store.in_turn
    left = turns

    def dying(work: Any, **how: Any) -> Future[Any]:
        nonlocal left
        if left == 0:
            raise KilledError
        left -= 1
        return real(work, **how)

    store.in_turn = dying  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        history.roll_up()
    half = table(store)
    assert (len(half) > 0) is (turns > 0)
    # A curve drawn at this moment counts each reading once, too.
    whole = expected(readings)
    for device in range(60):
        curve = history.curve(device, "a", NOON, NOON + MINUTE, 1).points
        assert [(p.count, p.low, p.high) for p in curve] == [whole[MINUTE, NOON, device, "a"][:3]]
    recent = history.recent(["a"], NOON)
    assert sorted(recent) == [(device, "a") for device in range(60)]
    history.close()
    store.close()

    store = opened(tmp_path)
    history = SqliteHistory(store)
    # Redelivered after the kill.
    take(store, *((*row[:3], NOON + 2 * MINUTE, row[4]) for row in readings[1100:]))
    while history.roll_up(500):
        pass
    assert_same(table(store), whole)
    history.close()
    store.close()


@pytest.mark.parametrize("turns", [0, 2])
def test_who_closes_waits_for_no_more_than_the_turn_under_way(
    tmp_path: Path, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.history.sqlite.ROWS", (20, 20, 20))
    readings = [reading(n / 10, b'{"a":%d}' % n, device=n % 60) for n in range(1200)]
    store = opened(tmp_path)
    take(store, *readings)
    history = SqliteHistory(store)
    history._rows = 20
    real = store.in_turn
    closers: list[threading.Thread] = []
    left = turns

    def closed_meanwhile(work: Any, **how: Any) -> Future[Any]:
        nonlocal left
        if left == 0 and not closers:
            closers.append(threading.Thread(target=history.close))
            closers[0].start()
            assert history._closing.wait(10)
        left -= 1
        return real(work, **how)

    monkeypatch.setattr(store, "in_turn", closed_meanwhile)
    history.roll_up()
    closers[0].join(10)
    assert not closers[0].is_alive()
    assert 0 < len(table(store)) < len(expected(readings))
    monkeypatch.undo()
    store.close()

    store = opened(tmp_path)
    history = SqliteHistory(store)
    while history.roll_up():
        pass
    assert_same(table(store), expected(readings))
    history.close()
    store.close()


def test_who_closes_waits_for_no_rest_between_two_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = [reading(n / 10, b'{"a":%d}' % n, device=n % 60) for n in range(1200)]
    store = opened(tmp_path)
    take(store, *readings)
    history = SqliteHistory(store)
    history._rows = 20
    resting = threading.Event()
    rest = history._closing.wait

    def waits(seconds: float) -> bool:
        resting.set()
        return rest(seconds)

    monkeypatch.setattr(history._closing, "wait", waits)
    at_work = threading.Thread(target=lambda: history.roll_up(share=1e-9))
    at_work.start()
    assert resting.wait(10)
    history.close()
    at_work.join(10)
    assert not at_work.is_alive()
    assert 0 < len(table(store)) < len(expected(readings))
    store.close()

    store = opened(tmp_path)
    history = SqliteHistory(store)
    while history.roll_up(share=0.9):
        pass
    assert_same(table(store), expected(readings))
    history.close()
    store.close()


def test_a_reading_that_is_no_json_does_not_stop_the_others(
    store: SqliteStore, history: SqliteHistory
) -> None:
    take(store, reading(1, b"\xff{"), reading(2, b""), reading(3, b'{"a":1}'), reading(4, b"[1]"))
    assert history.roll_up() == 4
    assert table(store).keys() >= {(MINUTE, NOON, 1, "a")}
    assert [p.last for p in history.curve(1, "a", NOON, NOON + MINUTE, 9).points] == [1]


def test_a_metric_whose_name_is_too_long_for_its_column_is_left_out(
    store: SqliteStore, history: SqliteHistory
) -> None:
    long, longer = "x" * METRIC_LENGTH, "x" * (METRIC_LENGTH + 1)
    take(store, reading(1, json.dumps({long: 1, longer: 2}).encode()))
    history.roll_up()
    assert {key[3] for key in table(store)} == {long}


def test_nothing_is_rolled_up_while_the_disk_is_full(
    store: SqliteStore, history: SqliteHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(store, reading(1, b'{"a":1}'))
    monkeypatch.setattr(store, "room", lambda: Room(free=0, telemetry=False, events=True))
    assert history.roll_up() == 0
    monkeypatch.undo()
    assert history.roll_up() == 1
    assert history.roll_up() == 0


def test_what_waits_to_be_rolled_up_is_known(store: SqliteStore, history: SqliteHistory) -> None:
    assert (history.pending().rows, history.pending().oldest) == (0, None)
    take(store, reading(1, b"{}"), reading(2, b"{}"))
    pending = history.pending()
    assert (pending.rows, pending.oldest, pending.newest) == (2, NOON + 1000, 2)
    history.roll_up(1)
    assert history.pending().oldest == NOON + 2000
    history.roll_up()
    assert history.pending().rows == 0


def test_a_failed_turn_is_tried_again_the_next_time(
    store: SqliteStore, history: SqliteHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    take(store, reading(1, b'{"a":1}'))
    with monkeypatch.context() as patched:
        patched.setattr("gateway.history.rollup.write_position", fails)
        with pytest.raises(sqlite3.OperationalError):
            history.roll_up()
    assert table(store) == {}
    assert history.roll_up() == 1
    assert store.read(position_of).done == 1


def test_metrics_of_a_device_are_known_once_they_are_rolled_up(
    store: SqliteStore, history: SqliteHistory
) -> None:
    take(
        store,
        reading(0, b'{"power_w":1}'),
        reading(7200, b'{"current_a":[1,2],"switch":"open"}'),
        reading(7200, b'{"other":1}', device=2),
    )
    history.roll_up()
    assert store.read(metrics_of(1)) == ["current_a.0", "current_a.1", "power_w"]


def test_the_first_row_received_at_a_time_is_found(store: SqliteStore) -> None:
    take(store, *(reading(n * 10, b"{}") for n in range(100)))

    def found(seconds: float) -> int:
        def query(connection: Connection) -> int:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            return row_received(driver, NOON + int(seconds * 1000))

        return store.read(query)

    assert [found(-5), found(0), found(1), found(10), found(995), found(99_999)] == [
        1,
        1,
        2,
        2,
        101,
        101,
    ]


def test_a_closed_store_refuses_turns(store: SqliteStore, history: SqliteHistory) -> None:
    take(store, reading(1, b'{"a":1}'))
    store._writer.close()
    with pytest.raises(StoreError, match="closed"):
        history.roll_up()


def test_a_slice_ends_with_a_minute_rather_than_within_one(
    store: SqliteStore, history: SqliteHistory
) -> None:
    take(store, *(reading(n * 10, b'{"a":1}') for n in range(20)))
    assert [history.roll_up(15), history.roll_up(15, before=NOON + 3 * MINUTE)] == [12, 6]
    assert history.roll_up(15, before=NOON + 3 * MINUTE) == 0
    assert history.roll_up(1) == 1, "part of a minute when a whole one is too much"
    assert history.roll_up() == 1


def test_a_device_that_talks_without_end_is_folded_in_pieces(
    store: SqliteStore, history: SqliteHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded: list[int] = []

    def counted(times: list[int], bodies: list[Any]) -> Any:
        folded.append(len(times))
        return fold(times, bodies)

    monkeypatch.setattr("gateway.history.slice.fold", counted)
    # Two minutes, of which the second begins with much at once; another device speaks as usual.
    readings = [reading(n / 10, b'{"a":%d}' % (n % 7)) for n in range(1200)]
    readings += [reading(60 + n / 1000, b'{"a":9,"b":[%d]}' % n) for n in range(500)]
    readings += [reading(n, b'{"a":5}', device=2) for n in range(60)]
    take(store, *readings, *readings[1200:1300])
    history.roll_up()
    assert_same(table(store), expected(readings))
    assert max(folded) <= BUSY
    assert 60 in folded


def test_what_a_device_kept_for_days_is_merged_a_few_minutes_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.history.sqlite.ROWS", (100, 100, 100))
    readings = [
        reading(n * 20, b'{"a":%d,"b":[%d,1]}' % (n % 17, n), received=90_000) for n in range(4000)
    ]
    store = opened(tmp_path)
    take(store, *readings)
    real = store.in_turn
    turns = 0
    while True:
        # Each life ends after three turns; it was killed before the fourth.
        history = SqliteHistory(store)
        history._rows = 100
        left = 3

        def dying(work: Any, **how: Any) -> Future[Any]:
            nonlocal left, turns
            if left == 0:
                raise KilledError
            left, turns = left - 1, turns + 1
            return real(work, **how)

        store.in_turn = dying  # type: ignore[method-assign]
        try:
            history.roll_up()
        except KilledError:
            for span, points in (HOUR, 24), (MINUTE, 24 * 60):
                curve = history.curve(1, "a", NOON, NOON + 24 * HOUR, points).points
                assert {point.span for point in curve} <= {span}
                assert sum(point.count for point in curve) == len(readings)
            history.close()
            continue
        break
    assert turns > 20
    assert_same(table(store), expected(readings))
    history.close()
    store.close()


def test_copies_that_come_hours_later_are_put_aside_after_a_kill_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.history.sqlite.ROWS", (100, 100, 100))
    readings = [reading(n * 2, b'{"a":%d}' % n, device=n % 200) for n in range(1000)]
    store = opened(tmp_path)
    history = SqliteHistory(store)
    take(store, *readings)
    history.roll_up()
    again = [(*row[:3], NOON + 3 * HOUR, row[4]) for row in readings]
    fresh = [reading(n * 2 + 1, b'{"a":%d}' % n, n % 200, received=3 * 3600) for n in range(1000)]
    take(store, *again, *fresh)
    history._rows = 100
    real = store.in_turn
    left = 2

    def dying(work: Any, **how: Any) -> Future[Any]:
        nonlocal left
        if left == 0:
            raise KilledError
        left -= 1
        return real(work, **how)

    with monkeypatch.context() as patched:
        patched.setattr(store, "in_turn", dying)
        with pytest.raises(KilledError):
            history.roll_up()
    history.close()
    history = SqliteHistory(store)
    assert history.roll_up() == 2000
    assert_same(table(store), expected([*readings, *fresh]))
    history.close()
    store.close()


def test_a_position_kept_in_an_older_form_is_read() -> None:
    older = '{"done":5,"until":5,"first":6,"merged":[0,0,0,""]}'
    assert decode_position(older) == Position(done=5, until=5, first=6)
