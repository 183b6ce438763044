from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from devices.model import Device
from gateway.clock import ManualClock
from gateway.history.delivered import CURSOR
from gateway.history.influx_delivery import Delivery
from gateway.history.influx_feed import Feed
from gateway.history.influx_target import Engine, Target
from gateway.history.influx_writing import InfluxWriter
from gateway.metrics import Metrics
from gateway.store.batch import Batch
from gateway.store.registry import next_register_version, put_devices
from gateway.store.sqlite import SqliteStore, connect
from tests.gateway.history.answering import KEPT, Answer, Answering
from tests.gateway.history.filling import NOON, keep, readings, stored_cursor, told


@contextmanager
def delivering(
    store: SqliteStore,
    database: Answering,
    *,
    lines: int = 100,
    metrics: Metrics | None = None,
    clock: ManualClock | None = None,
    target: Target | None = None,
) -> Iterator[Delivery]:
    target = target or database.target
    with closing(InfluxWriter(target)) as writer:
        delivery = Delivery(
            store,
            Feed(store.path, writer, lines),
            target.name,
            clock or ManualClock(NOON + 3_600_000),
            metrics=metrics,
            chance=lambda: 1.0,
        )
        with closing(delivery):
            yield delivery


def test_readings_go_in_order_in_batches_packed_and_with_the_token(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(1, 250))
    with delivering(campus, database) as delivery:
        delivery.step()
        assert delivery.standing.waiting == 0
    assert database.sizes() == [100, 100, 50]
    assert told(database.kept) == list(range(1, 251))
    assert database.kept[0] == (
        "reading,school=s-1,kind=smart-meter,device=meter-1,row=1,channel=telemetry"
        f" power_w=1 {NOON + 1000}"
    )
    request = database.requests[0]
    assert request.path == "/api/v2/write"
    assert request.query == {"org": ["bureau"], "bucket": ["campus"], "precision": ["ms"]}
    assert request.headers["Authorization"] == "Token t0ken"
    assert request.headers["Content-Encoding"] == "gzip"


def test_the_cursor_moves_only_after_the_database_has_acknowledged(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(1, 250))
    target = database.target
    database.answer = lambda lines: KEPT if told(lines)[0] < 100 else Answer(503)
    with delivering(campus, database) as delivery:
        delivery.step()
        assert stored_cursor(campus, target).row == 100
        assert delivery.standing.waiting == 150
        assert "503" in delivery.standing.error
        database.answer = lambda _: KEPT
        delivery.step()
        assert stored_cursor(campus, target).row == 250
    assert told(database.kept) == list(range(1, 251))


def test_a_gateway_that_is_started_anew_goes_on_with_what_may_not_be_on_the_disk_there(
    campus: SqliteStore, database: Answering
) -> None:
    clock = ManualClock(NOON)
    keep(campus, readings(1, 10))
    with delivering(campus, database, clock=clock) as delivery:
        delivery.step()
        clock.turn(50_000)
        keep(campus, readings(11, 20))
        delivery.step()
        clock.turn(11_000)
        delivery.step()
        assert (delivery.standing.cursor.row, delivery.standing.cursor.sure) == (20, 10)
    keep(campus, readings(21, 30))
    with delivering(campus, database, clock=clock) as delivery:
        delivery.step()
    assert told(database.kept) == [*range(1, 21), *range(11, 31)]


def test_a_database_that_comes_back_is_sent_what_may_have_gone_with_its_memory(
    campus: SqliteStore, database: Answering
) -> None:
    clock = ManualClock(NOON)
    with delivering(campus, database, clock=clock) as delivery:
        keep(campus, readings(1, 10))
        delivery.step()
        clock.turn(61_000)
        keep(campus, readings(11, 20))
        delivery.step()
        keep(campus, readings(21, 30))
        database.answer = lambda _: Answer(raw=b"")
        delivery.step()
        database.answer = lambda _: KEPT
        while delivery.standing.waiting:
            delivery.step()
        assert told(database.kept) == [*range(1, 21), *range(21, 31), *range(11, 31)]


def test_so_is_one_that_was_started_anew_between_two_of_our_requests(
    campus: SqliteStore, database: Answering
) -> None:
    clock = ManualClock(NOON)
    with delivering(campus, database, clock=clock) as delivery:
        keep(campus, readings(1, 10))
        delivery.step()
        clock.turn(1_000_000)
        keep(campus, readings(11, 20))
        delivery.step()
        keep(campus, readings(21, 30))
        database.hang_up()
        for _ in range(4):
            delivery.step()
        assert told(database.kept) == [*range(1, 21), *range(21, 31), *range(11, 31)]


def test_so_is_one_that_was_started_anew_after_the_last_reading_there_was(
    campus: SqliteStore, database: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.history.influx_feed.HEARTBEAT_S", 0)
    clock = ManualClock(NOON)
    with delivering(campus, database, clock=clock) as delivery:
        keep(campus, readings(1, 10))
        delivery.step()
        database.hang_up()
        clock.turn(50_000)
        for _ in range(4):
            delivery.step()
        assert told(database.kept) == [*range(1, 11), *range(1, 11)]


def test_somebody_who_closes_every_connection_does_not_keep_it_from_going_on(
    campus: SqliteStore, database: Answering
) -> None:
    clock = ManualClock(NOON)
    with delivering(campus, database, clock=clock) as delivery:
        for second in range(200):
            keep(campus, readings(second, second))
            clock.turn(1000)
            delivery.step()
            database.hang_up()
        cursor = delivery.standing.cursor
        assert cursor.row == 200
        assert cursor.sure >= 100
        assert len(database.kept) < 200 + 2 * 130


def test_who_says_that_it_closes_the_connection_has_not_been_started_anew(
    campus: SqliteStore, database: Answering
) -> None:
    clock = ManualClock(NOON)
    database.answer = lambda _: Answer(headers={"Connection": "close"})
    with delivering(campus, database, clock=clock) as delivery:
        for second in range(20):
            keep(campus, readings(second, second))
            clock.turn(20_000)
            delivery.step()
        assert len(database.kept) == 20


def test_another_database_is_filled_from_the_oldest_reading_there_is(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(1, 10))
    with delivering(campus, database) as delivery:
        delivery.step()
    other = Target(engine=Engine.INFLUXDB, url=database.url, bucket="other", org="bureau")
    with delivering(campus, database, target=other) as delivery:
        delivery.step()
        assert delivery.standing.cursor.lost == 0
    assert told(database.kept) == [*range(1, 11), *range(1, 11)]


garbage: dict[str, Callable[[], Answer]] = {
    "401": lambda: Answer(401, b'{"code":"unauthorized","message":"unauthorized access"}'),
    "403": lambda: Answer(403),
    "404": lambda: Answer(404, b'{"code":"not found","message":"bucket not found"}'),
    "429": lambda: Answer(429, headers={"Retry-After": "7"}),
    "500": lambda: Answer(500, b"\xff\xfe no text"),
    "502": lambda: Answer(502, b"<html>" + b"x" * 100_000),
    "503": lambda: Answer(503),
    "a redirect": lambda: Answer(302, headers={"Location": "/elsewhere"}),
    "a page of a proxy": lambda: Answer(200, b"<html>sign in</html>"),
    "no HTTP": lambda: Answer(raw=b"\x00\x01SSH-2.0-OpenSSH\r\n"),
    "nothing": lambda: Answer(raw=b""),
    "half an answer": lambda: Answer(raw=b"HTTP/1.1 20"),
    "a wrong length": lambda: Answer(raw=b"HTTP/1.1 500 oh\r\nContent-Length: 99\r\n\r\nshort"),
    "an odd Retry-After": lambda: Answer(503, headers={"Retry-After": "Fri, 31 Dec"}),
}


@pytest.mark.parametrize("answer", garbage)
def test_whatever_a_database_says_but_that_it_has_them_they_wait(
    campus: SqliteStore, database: Answering, answer: str
) -> None:
    keep(campus, readings(1, 150))
    target, metrics = database.target, Metrics()
    database.answer = lambda _: garbage[answer]()
    with delivering(campus, database, metrics=metrics) as delivery:
        pauses = [delivery.step() for _ in range(3)]
        assert stored_cursor(campus, target).row == 0
        assert delivery.standing.waiting == 150
        assert delivery.standing.error
        assert pauses == sorted(pauses)
        assert pauses[-1] == (7.0 if answer == "429" else 4.0)
        assert metrics.history_failed == 3
        assert metrics.history_waiting == 150
        assert metrics.history_lag_seconds == 3598
        database.answer = lambda _: KEPT
        assert delivery.step() == 1.0
        assert delivery.standing.error == ""
    assert told(database.kept) == list(range(1, 151))
    assert metrics.history_delivered == 150


def test_a_database_that_is_not_there_or_says_nothing_is_tried_again(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(1, 5))
    nowhere = Target(engine=Engine.INFLUXDB, url="http://127.0.0.1:9", bucket="campus")
    with delivering(campus, database, target=nowhere) as delivery:
        delivery.step()
        assert "refused" in delivery.standing.error
    silent = Target(engine=Engine.INFLUXDB, url=database.url, bucket="campus", timeout_s=0.2)
    over = threading.Event()
    database.answer = lambda _: Answer(until=over)
    with delivering(campus, database, target=silent) as delivery:
        delivery.step()
        assert "timed out" in delivery.standing.error
        assert delivery.standing.waiting == 5
    over.set()


def test_it_waits_longer_each_time_up_to_a_minute(campus: SqliteStore, database: Answering) -> None:
    keep(campus, readings(1, 1))
    database.answer = lambda _: Answer(503)
    with delivering(campus, database) as delivery:
        assert [delivery.step() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_one_point_that_is_refused_keeps_none_of_the_others_back(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(1, 1000))
    refusing = Answer(400, b'{"code":"invalid","message":"field type conflict"}')
    database.answer = lambda lines: refusing if 617.0 in map(float, told(lines)) else KEPT
    metrics = Metrics()
    with delivering(campus, database, lines=1000, metrics=metrics) as delivery:
        delivery.step()
        assert delivery.standing.cursor.refused == 1
        assert delivery.standing.waiting == 0
        assert delivery.standing.error == ""
    assert set(told(database.kept)) == set(range(1, 1001)) - {617}
    assert metrics.history_refused == 1
    assert len(database.requests) < 30


@pytest.mark.parametrize("count", [1, 3, 1000])
def test_a_database_that_refuses_everything_is_waited_for(
    campus: SqliteStore, database: Answering, count: int
) -> None:
    keep(campus, readings(1, count))
    database.answer = lambda _: Answer(400, b'{"message":"org is required"}')
    with delivering(campus, database, lines=1000) as delivery:
        delivery.step()
        assert delivery.standing.waiting == count
        assert delivery.standing.cursor.refused == 0
        assert "org is required" in delivery.standing.error


def test_so_is_one_that_refuses_more_than_an_exception(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(1, 1000))

    def odd_ones_refused(lines: list[str]) -> Answer:
        odd = any(value % 2 for value in told(lines)) and lines[0].startswith("reading")
        return Answer(422, b"unprocessable") if odd else KEPT

    database.answer = odd_ones_refused
    with delivering(campus, database, lines=1000) as delivery:
        delivery.step()
        assert delivery.standing.waiting == 1000
        assert len(database.requests) < 100


def test_points_older_than_the_database_keeps_are_counted_and_passed(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(1, 10))
    said = b'{"message":"partial write: points beyond retention policy dropped=4"}'
    database.answer = lambda _: Answer(422, said)
    with delivering(campus, database) as delivery:
        delivery.step()
        assert delivery.standing.waiting == 0
        assert delivery.standing.cursor.refused == 4


def test_a_batch_that_is_too_large_goes_in_halves(campus: SqliteStore, database: Answering) -> None:
    keep(campus, readings(1, 100))
    database.answer = lambda lines: Answer(413) if len(lines) > 30 else KEPT
    with delivering(campus, database) as delivery:
        delivery.step()
        assert delivery.standing.waiting == 0
        assert delivery.standing.cursor.refused == 0
    assert sorted(told(database.kept)) == list(range(1, 101))


def test_late_readings_and_those_of_devices_that_are_gone_arrive_too(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(5, 6))
    with delivering(campus, database) as delivery:
        delivery.step()
        keep(campus, [*readings(1, 1), *readings(2, 2, device=99)])
        delivery.step()
    assert told(database.kept) == [5, 6, 1, 2]
    assert database.kept[-1].startswith("reading,row=99,channel=telemetry ")


def test_a_device_that_gets_another_kind_is_told_under_it(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(1, 1))
    with delivering(campus, database) as delivery:
        delivery.step()
        changed = [
            *put_devices([Device("s-1", "meter-1", "socket", 1)]),
            *next_register_version(),
        ]
        campus.commit(Batch(statements=changed, now=2)).result(30)
        keep(campus, readings(2, 2))
        delivery.step()
    assert ["kind=socket" in line for line in database.kept] == [False, True]


def test_what_was_removed_before_it_was_handed_over_is_counted(
    campus: SqliteStore, database: Answering
) -> None:
    keep(campus, readings(1, 10))
    metrics = Metrics()
    with delivering(campus, database, metrics=metrics) as delivery:
        delivery.step()
        keep(campus, readings(11, 40))
        with closing(connect(campus.path)) as connection:
            connection.execute("DELETE FROM readings WHERE row <= 25")
        delivery.step()
        assert delivery.standing.cursor.lost == 15
        assert metrics.history_lost == 15
        assert delivery.finding(NOON).active is False
    assert told(database.kept) == [*range(1, 11), *range(26, 41)]


def test_numbers_that_no_line_can_say_are_counted(campus: SqliteStore, database: Answering) -> None:
    keep(campus, [(1, 0, NOON, NOON, b'{"time":1,"power_w":2}')])
    metrics = Metrics()
    with delivering(campus, database, metrics=metrics) as delivery:
        delivery.step()
        assert delivery.standing.cursor.left_out == 1
    assert metrics.history_left_out == 1
    assert told(database.kept) == [2]


def test_being_behind_is_an_alert_until_it_has_caught_up(
    campus: SqliteStore, database: Answering
) -> None:
    clock = ManualClock(NOON)
    keep(campus, readings(1, 5))
    database.answer = lambda _: Answer(503)
    with delivering(campus, database, clock=clock) as delivery:
        delivery.step()
        assert not delivery.finding(clock.turn(14 * 60_000)).active
        finding = delivery.finding(clock.turn(2 * 60_000))
        assert finding.active
        assert finding.explanation.code == "history_behind_because"
        assert finding.explanation.inputs["waiting"] == 5
        assert "503" in str(finding.explanation.inputs["error"])
        database.answer = lambda _: KEPT
        delivery.step()
        finding = delivery.finding(clock.now())
        assert not finding.active
        assert finding.explanation.code == "history_caught_up"


def test_the_cursor_is_one_row_of_meta(campus: SqliteStore, database: Answering) -> None:
    keep(campus, readings(1, 2))
    with delivering(campus, database) as delivery:
        delivery.step()
    with closing(connect(campus.path)) as connection:
        found = connection.execute("SELECT value FROM meta WHERE key = ?", (CURSOR,)).fetchall()
    assert len(found) == 1
    assert "t0ken" not in found[0][0]
