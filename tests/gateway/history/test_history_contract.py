"""What every history promises, whichever database it stands on.

A history under test is put before it by `Kept`: ``take`` brings readings in, ``settle`` does
whatever it does with them later on: rolling up, handing over to a database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest

from benchmarks.databases import InfluxDb, VictoriaMetrics
from devices.model import Device, School
from gateway.clock import ManualClock
from gateway.history.influx import InfluxHistory
from gateway.history.influx_delivery import Delivery
from gateway.history.influx_feed import Feed
from gateway.history.influx_writing import InfluxWriter
from gateway.history.sqlite import SqliteHistory
from gateway.store.batch import Batch, ReadingRow
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore
from gateway.store.store import Curve, History
from tests.gateway.history.shared_databases import Databases
from tests.gateway.new_store import opened

NOON = 1_784_793_600_000  # some months ago: databases refuse what is yet to come
MINUTE = 60_000
HOUR = 60 * MINUTE


class Take(Protocol):
    def __call__(self, *readings: ReadingRow) -> None: ...


class Settle(Protocol):
    def __call__(self, rows: int = 3) -> None: ...


@dataclass
class Kept:
    history: History
    take: Take
    settle: Settle


_schools = count(1)


@contextmanager
def stored(folder: Path) -> Iterator[tuple[SqliteStore, Take]]:
    """A store that knows two devices of a school that no other test has: databases are shared."""
    store = opened(folder)
    school = f"school-{next(_schools)}"
    devices = [Device(school, f"meter-{n}", "smart-meter", 0) for n in (1, 2)]
    statements = [*put_schools([School(school, "学校", "School")]), *put_devices(devices)]
    store.commit(Batch(statements=statements, now=1)).result(30)

    def take(*readings: ReadingRow) -> None:
        store.commit(Batch(readings=list(readings))).result(30)

    yield store, take
    store.close()


def kept_in_sqlite(folder: Path, _: Databases) -> Iterator[Kept]:
    with stored(folder) as (store, take), closing(SqliteHistory(store)) as history:

        def settle(rows: int = 3) -> None:
            while history.roll_up(rows):
                pass

        yield Kept(history, take, settle)


def kept_in_victoria_metrics(folder: Path, databases: Databases) -> Iterator[Kept]:
    yield from kept_in(folder, databases(VictoriaMetrics))


def kept_in_influxdb(folder: Path, databases: Databases) -> Iterator[Kept]:
    yield from kept_in(folder, databases(InfluxDb))


def kept_in(folder: Path, database: VictoriaMetrics | InfluxDb) -> Iterator[Kept]:
    target = database.target
    clock = ManualClock(NOON + 100 * 24 * HOUR)
    with (
        stored(folder) as (store, take),
        closing(SqliteHistory(store)) as held,
        closing(InfluxHistory(store, held, target, clock)) as history,
        closing(InfluxWriter(target)) as writer,
        closing(Delivery(store, Feed(store.path, writer), target.name, clock)) as delivery,
    ):

        def settle(rows: int = 3) -> None:
            delivery.step()
            assert delivery.standing.error == ""
            assert delivery.standing.waiting == 0
            database.settle()
            while held.roll_up(rows):
                pass

        yield Kept(history, take, settle)


@pytest.fixture(
    params=[
        pytest.param(kept_in_sqlite, id="sqlite"),
        pytest.param(kept_in_victoria_metrics, id="victoria-metrics"),
        pytest.param(kept_in_influxdb, id="influxdb"),
    ]
)
def kept(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> Iterator[Kept]:
    yield from request.param(tmp_path, databases)


def reading(seconds: float, body: str, device: int = 1, channel: int = 0) -> ReadingRow:
    at = NOON + int(seconds * 1000)
    return (device, channel, at, at + 50, body.encode())


def values(curve: Curve) -> list[float]:
    return [point.last for point in curve.points]


@pytest.mark.parametrize("settled", [False, True])
def test_a_curve_shows_each_minute_with_what_it_was(kept: Kept, settled: bool) -> None:
    kept.take(
        reading(1, '{"power_w":10}'),
        reading(20, '{"power_w":30}'),
        reading(40, '{"power_w":20}'),
        reading(70, '{"power_w":5.5}'),
        reading(70, '{"power_w":99}', device=2),
    )
    if settled:
        kept.settle()
    curve = kept.history.curve(1, "power_w", NOON, NOON + 30 * MINUTE, 30)
    if settled:
        first, second = curve.points
        assert (first.start, first.span, first.count) == (NOON, MINUTE, 3)
        assert (first.low, first.high, first.mean, first.last) == (10, 30, 20, 20)
        assert (second.start, second.count, second.last) == (NOON + MINUTE, 1, 5.5)
    else:
        assert values(curve) == [10, 30, 20, 5.5]
        assert {point.span for point in curve.points} == {0}


def test_readings_of_before_and_after_the_last_roll_up_make_one_point(kept: Kept) -> None:
    kept.take(reading(1, '{"power_w":10}'), reading(2, '{"power_w":40}'))
    kept.settle()
    kept.take(reading(3, '{"power_w":100}'))
    (point,) = kept.history.curve(1, "power_w", NOON, NOON + 30 * MINUTE, 30).points
    assert (point.count, point.low, point.high, point.mean, point.last) == (3, 10, 100, 50, 100)


def test_gaps_are_left_out(kept: Kept) -> None:
    kept.take(reading(0, '{"power_w":1}'), reading(600, '{"power_w":2}'))
    kept.settle()
    curve = kept.history.curve(1, "power_w", NOON, NOON + HOUR, 60)
    assert [point.start - NOON for point in curve.points] == [0, 10 * MINUTE]


def test_a_range_begins_with_since_and_ends_before_until(kept: Kept) -> None:
    kept.take(*(reading(60 * n, f'{{"power_w":{n}}}') for n in range(10)))
    kept.settle()
    curve = kept.history.curve(1, "power_w", NOON + 2 * MINUTE, NOON + 5 * MINUTE, 100)
    assert values(curve) == [2, 3, 4]
    assert values(kept.history.curve(1, "power_w", NOON + HOUR, NOON + 2 * HOUR, 100)) == []
    assert values(kept.history.curve(1, "power_w", NOON + HOUR, NOON, 100)) == []


@pytest.mark.parametrize(("hours", "points"), [(1, 10), (12, 100), (24, 500), (24 * 30, 200)])
def test_a_curve_has_about_as_many_points_as_asked_for(kept: Kept, hours: int, points: int) -> None:
    step = max(30, hours * 3600 // 2000)
    count = hours * 3600 // step
    kept.take(*(reading(n * step, f'{{"power_w":{n % 7}}}') for n in range(count)))
    for _ in range(2):
        curve = kept.history.curve(1, "power_w", NOON, NOON + hours * HOUR, points).points
        assert points / 3 <= len(curve) <= points + 1
        assert [point.start for point in curve] == sorted({point.start for point in curve})
        assert sum(point.count for point in curve) == count
        assert all(point.low <= point.mean <= point.high for point in curve)
        kept.take(reading(0, '{"power_w":3}', device=2))
        kept.settle(10**6)


@pytest.mark.parametrize("settled", [False, True])
def test_switches_and_what_lists_and_objects_hold_are_metrics_of_their_own(
    kept: Kept, settled: bool
) -> None:
    body = (
        '{"current_a":[4.1,null,2],"arc":true,"switch":"closed","co_ppm":null,"m":{"x":1,"y":"z"}}'
    )
    kept.take(reading(1, body))
    if settled:
        kept.settle()

    def last(metric: str) -> list[float]:
        return values(kept.history.curve(1, metric, NOON, NOON + MINUTE, 10))

    assert last("current_a.0") == [4.1]
    assert last("current_a.1") == []
    assert last("current_a.2") == [2]
    assert last("arc") == [1]
    assert last("m.x") == [1]
    nothing = ("switch", "co_ppm", "m", "m.y", "m.z", "current_a", "nothing", "", "a'b", 'a"b', ".")
    for metric in (*nothing, 'm."x', "m.", ".x", 'm".x'):
        assert last(metric) == [], metric


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("name", ["room temp", "温度_c", "a.b", "phase.0", "it's", "$x", "[0]"])
def test_names_of_any_kind_are_metrics(kept: Kept, name: str, settled: bool) -> None:
    kept.take(reading(1, f'{{"{name}":7}}'))
    if settled:
        kept.settle()
    assert values(kept.history.curve(1, name, NOON, NOON + MINUTE, 10)) == [7]
    assert kept.history.recent([name], NOON) == {(1, name): [(NOON + 1000, 7)]}


@pytest.mark.parametrize("together", [True, False])
def test_a_reading_that_came_twice_counts_once(kept: Kept, together: bool) -> None:
    once = reading(1, '{"power_w":10}')
    again = (*once[:3], once[3] + 40_000, once[4])
    kept.take(once)
    if not together:
        kept.settle()
    kept.take(reading(2, '{"power_w":40}'), again)
    kept.settle()
    (point,) = kept.history.curve(1, "power_w", NOON, NOON + 30 * MINUTE, 30).points
    assert (point.count, point.mean, point.last) == (2, 25, 40)


def test_the_same_value_at_another_time_or_on_another_channel_is_no_copy(kept: Kept) -> None:
    kept.take(
        reading(1, '{"power_w":10}'),
        reading(1, '{"power_w":10}', channel=1),
        reading(2, '{"power_w":10}'),
        reading(1, '{"power_w":10}', device=2),
    )
    kept.settle()
    (point,) = kept.history.curve(1, "power_w", NOON, NOON + 30 * MINUTE, 30).points
    assert point.count == 3


def test_late_readings_land_in_their_own_minute(kept: Kept) -> None:
    kept.take(reading(10, '{"power_w":10}'), reading(50, '{"power_w":50}'))
    kept.settle()
    kept.take(reading(600, '{"power_w":1}'))
    kept.settle()
    late = reading(30, '{"power_w":90}')
    kept.take((*late[:3], NOON + HOUR, late[4]))
    kept.settle()
    first, second = kept.history.curve(1, "power_w", NOON, NOON + 30 * MINUTE, 30).points
    assert (first.start, first.count, first.high, first.mean) == (NOON, 3, 90, 50)
    assert first.last == 50, "the last value is the last by its own time, not by arrival"
    assert second.count == 1


@pytest.mark.parametrize("settled", [False, True])
def test_recent_points_fill_the_windows_of_rules(kept: Kept, settled: bool) -> None:
    kept.take(
        reading(-120, '{"temperature_c":1}'),
        reading(10, '{"temperature_c":20,"humidity_pct":40}'),
        reading(50, '{"temperature_c":21}'),
        reading(70, '{"temperature_c":22}', device=2),
    )
    if settled:
        kept.settle()
    kept.take(reading(80, '{"temperature_c":23}'), reading(75, '{"temperature_c":24}'))
    recent = kept.history.recent(["temperature_c", "humidity_pct"], NOON)
    first = [(NOON, 20)] if settled else [(NOON + 10_000, 20)]
    assert recent == {
        (1, "temperature_c"): [
            *first,
            (NOON + 50_000, 21),
            (NOON + 75_000, 24),
            (NOON + 80_000, 23),
        ],
        (1, "humidity_pct"): [(NOON + 10_000, 40)],
        (2, "temperature_c"): [(NOON + 70_000, 22)],
    }
    assert kept.history.recent([], NOON) == {}
    assert kept.history.recent(["nothing"], NOON) == {}
