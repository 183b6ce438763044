"""Curves of which part is in a database and part in the store, and what is drawn without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from benchmarks.databases import VictoriaMetrics
from devices.model import Device, School
from gateway.clock import ManualClock
from gateway.history.influx import InfluxHistory
from gateway.history.influx_delivery import Delivery
from gateway.history.influx_feed import Feed
from gateway.history.influx_reading import DatabaseError, Series
from gateway.history.influx_target import Engine, Target
from gateway.history.influx_writing import InfluxWriter
from gateway.history.influxql import InfluxQl
from gateway.history.metricsql import MetricsQl
from gateway.history.sqlite import SqliteHistory
from gateway.store.batch import Batch
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore, connect
from gateway.store.store import Shortfall
from tests.gateway.history.answering import Answer, Answering, answering
from tests.gateway.history.shared_databases import Databases

NOON = 1_784_793_600_000
MINUTE = 60_000
HOUR = 60 * MINUTE


class Campus:
    """A meter whose readings are handed over when a test says so, once a minute from noon on."""

    def __init__(self, store: SqliteStore, database: VictoriaMetrics, school: str) -> None:
        self.store = store
        self.database = database
        self.clock = ManualClock(NOON)
        statements = [
            *put_schools([School(school, "学校", "School")]),
            *put_devices([Device(school, "meter", "smart-meter", 0)]),
        ]
        store.commit(Batch(statements=statements, now=1)).result(30)
        self.held = SqliteHistory(store)
        self.history = InfluxHistory(store, self.held, database.target, self.clock)
        self.writer = InfluxWriter(database.target)
        name = database.target.name
        self.delivery = Delivery(store, Feed(store.path, self.writer), name, self.clock)

    def pass_minutes(self, minutes: int) -> None:
        """One reading a minute, its value the minutes since noon."""
        for _ in range(minutes):
            at = self.clock.turn(MINUTE)
            body = b'{"power_w":%d}' % ((at - NOON) // MINUTE)
            self.store.commit(Batch(readings=[(1, 0, at - 1000, at, body)])).result(30)

    def hand_over(self) -> None:
        self.delivery.step()
        assert self.delivery.standing.error == ""
        self.database.settle()

    def values(self, minutes: int) -> list[float]:
        curve = self.history.curve(
            1, "power_w", self.clock.now() - minutes * MINUTE, self.clock.now(), 1000
        )
        assert curve.shortfall is None
        return [point.last for point in curve.points]

    def close(self) -> None:
        self.delivery.close()
        self.writer.close()
        self.history.close()
        self.held.close()


@pytest.fixture
def campus(
    store: SqliteStore, databases: Databases, request: pytest.FixtureRequest
) -> Iterator[Campus]:
    school = f"school-{request.node.name}"
    with closing(Campus(store, databases(VictoriaMetrics), school)) as campus:
        yield campus


def test_a_curve_has_no_seam_between_the_database_and_the_store(campus: Campus) -> None:
    campus.pass_minutes(30)
    campus.hand_over()
    campus.pass_minutes(10)
    assert campus.values(45) == list(range(1, 41))
    campus.hand_over()
    assert campus.values(45) == list(range(1, 41))


def test_what_is_old_comes_from_the_database_alone(campus: Campus) -> None:
    campus.pass_minutes(30)
    campus.hand_over()
    with closing(connect(campus.store.path)) as connection:
        connection.execute("DELETE FROM readings WHERE row < 25")
    assert campus.values(31) == list(range(1, 31))


def test_of_a_window_the_value_of_every_millisecond_belongs_to_it(campus: Campus) -> None:
    at = [NOON - 1, NOON, NOON + MINUTE - 1, NOON + MINUTE, NOON + 2 * MINUTE - 1]
    rows = [(1, 0, when, NOON + HOUR, b'{"power_w":%d}' % n) for n, when in enumerate(at)]
    campus.store.commit(Batch(readings=rows)).result(30)
    campus.clock.turn(2 * HOUR)
    campus.hand_over()
    curve = campus.history.curve(1, "power_w", NOON, NOON + 2 * MINUTE, 100)
    told = [(point.start - NOON, point.count, point.low, point.high) for point in curve.points]
    assert told == [(0, 2, 1, 2), (MINUTE, 2, 3, 4)]


def test_a_point_that_was_sent_twice_counts_once(campus: Campus) -> None:
    campus.pass_minutes(10)
    campus.hand_over()
    (lines,) = [
        campus.delivery._feeding._encode(0, campus.delivery._feeding._read(0, 100))[1]  # type: ignore[attr-defined]  # the very same lines
    ]
    campus.writer.write(b"\n".join(lines))
    campus.clock.turn(HOUR)
    campus.database.settle()
    curve = campus.history.curve(1, "power_w", NOON, NOON + HOUR, 1)
    assert sum(point.count for point in curve.points) == 10


def test_a_device_under_an_id_used_before_has_no_past_that_is_not_its_own(campus: Campus) -> None:
    campus.pass_minutes(10)
    campus.hand_over()
    (device,) = campus.store.load().devices
    with closing(connect(campus.store.path)) as connection:
        connection.execute("DELETE FROM devices")
    again = put_devices([Device(device.school, device.id, device.kind, 0)])
    campus.store.commit(Batch(statements=again, now=1)).result(30)
    campus.clock.turn(HOUR)
    (second,) = campus.store.load().devices
    since = NOON, campus.clock.now()
    assert campus.history.curve(second.row, "power_w", *since, 100).points == []


def test_without_the_database_a_curve_shows_what_is_held_and_says_so(
    store: SqliteStore, databases: Databases
) -> None:
    database = databases(VictoriaMetrics)
    with closing(Campus(store, database, "school-without")) as campus, answering() as instead:
        campus.pass_minutes(30)
        campus.hand_over()
        for answer in (
            Answer(500),
            Answer(401, b"no"),
            Answer(302, headers={"Location": "http://127.0.0.1:9/"}),
            Answer(200, b"<html>sign in</html>"),
            Answer(200, b'{"status":"success","data":{"resultType":"matrix","result":[{}]}}'),
            Answer(200, b'{"status":"error","error":"too much"}'),
            Answer(200, b"\xff\xfe\x00"),
            Answer(200, b"x" * (17 << 20)),
            Answer(raw=b"garbage\r\n\r\n"),
            Answer(raw=b""),
        ):
            instead.answer = lambda _, answer=answer: answer  # type: ignore[misc]
            target = Target(engine=Engine.VICTORIA_METRICS, url=instead.url)
            with closing(InfluxHistory(store, campus.held, target, campus.clock)) as history:
                history._target = database.target.name  # the one that has them
                now = campus.clock.now()
                curve = history.curve(1, "power_w", now - HOUR, now, 1000)
                assert curve.shortfall is Shortfall.DATABASE_AWAY, answer
                assert [point.last for point in curve.points] == list(range(1, 31))


def test_a_database_that_is_away_is_not_waited_for_at_every_curve(
    store: SqliteStore, databases: Databases
) -> None:
    database = databases(VictoriaMetrics)
    with closing(Campus(store, database, "school-away")) as campus, answering() as instead:
        campus.pass_minutes(10)
        campus.hand_over()
        instead.answer = lambda _: Answer(503)
        target = Target(engine=Engine.VICTORIA_METRICS, url=instead.url)
        with closing(InfluxHistory(store, campus.held, target, campus.clock)) as history:
            history._target = database.target.name
            now = campus.clock.now()
            for _ in range(20):
                assert history.curve(1, "power_w", now - HOUR, now, 9).shortfall is not None
            assert len(instead.requests) == 1
            campus.clock.turn(11_000)
            history.curve(1, "power_w", now - HOUR, now, 9)
            assert len(instead.requests) == 2


@pytest.mark.parametrize("dialect", [InfluxQl("campus"), MetricsQl()])
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"results":[]}',
        b'{"results":[{"error":"database not found: campus"}]}',
        b'{"results":[{"series":[{"columns":["time","max"],"values":[[1,2]]}]}]}',
        (
            b'{"results":[{"series":[{"columns":["time","min","max","sum","count","last"],'
            b'"values":[[1,null,2,3,4,5]]}]}]}'
        ),
        (
            b'{"status":"success","data":{"resultType":"matrix","result":['
            b'{"metric":{"rollup":"min_over_time"},"values":[[60,"1"]]}]}}'
        ),
        (
            b'{"status":"success","data":{"resultType":"matrix","result":['
            b'{"metric":{},"values":[[60,"1"]]}]}}'
        ),
        (
            b'{"status":"success","data":{"resultType":"matrix","result":['
            b'{"metric":{"rollup":"count_over_time"},"values":[[60,"many"]]}]}}'
        ),
        b"\x00" * 50,
        b'{"results":' * 200_000,
    ],
)
def test_what_is_no_curve_is_an_error_and_never_an_empty_curve(
    dialect: InfluxQl | MetricsQl, answer: bytes
) -> None:
    with pytest.raises(DatabaseError):
        dialect.parts(answer, MINUTE)


def test_names_cannot_break_out_of_a_question() -> None:
    odd = Series("s'; DROP", 'd"\\', 1, 'a" FROM x; --\n')
    asked = InfluxQl("campus").question(odd, 0, MINUTE, MINUTE).form["q"]
    assert '"a\\" FROM x; --\\n"' in asked
    assert "'s\\'; DROP'" in asked
    asked = MetricsQl().question(odd, 0, MINUTE, MINUTE).form["query"]
    assert '__name__="reading_a\\" FROM x; --\\n"' in asked
    assert 'device="d\\"\\\\"' in asked


def test_a_database_that_was_never_fed_shows_what_the_store_has(
    store: SqliteStore, answering_never: Answering
) -> None:
    target = Target(engine=Engine.VICTORIA_METRICS, url=answering_never.url)
    clock = ManualClock(NOON + HOUR)
    with (
        closing(SqliteHistory(store)) as held,
        closing(InfluxHistory(store, held, target, clock)) as history,
    ):
        store.commit(Batch(readings=[(1, 0, NOON, NOON, b'{"a":1}')])).result(30)
        curve = history.curve(1, "a", NOON, NOON + HOUR, 9)
        assert [point.last for point in curve.points] == [1]
        assert curve.shortfall is None
        assert answering_never.requests == []


@pytest.fixture
def answering_never() -> Iterator[Answering]:
    with answering() as told:
        yield told
