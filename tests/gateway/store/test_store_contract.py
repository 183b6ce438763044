"""What every store promises, whichever database it stands on."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Executable, delete, insert, text, update
from sqlalchemy.exc import DBAPIError
from store_samples import (
    NOON,
    alert,
    discovery,
    everything,
    readings,
    registering,
    reject,
    rows_of,
    transition,
)

from alerts.alert import AlertState
from gateway.store import schema
from gateway.store.batch import Batch, Deadline, Fact, OutboxEntry
from gateway.store.registry import ignore_discovery
from gateway.store.store import Snapshot, Store, StoreError

WAIT = 30

Reopen = Callable[[], Store]


def commit(store: Store, *batches: Batch) -> None:
    for future in [store.commit(batch) for batch in batches]:
        future.result(WAIT)


def fact(subject: str = "alert:1") -> Fact:
    return Fact("transition", NOON, NOON + 20, "gateway", subject, b'{"a":1}')


def test_a_new_store_has_nothing_to_go_on_from(store: Store) -> None:
    assert store.load() == Snapshot([], [], {}, {}, [], [], {}, 0, 0)


def test_what_was_committed_is_there_after_the_store_was_opened_again(reopen: Reopen) -> None:
    raised = alert(7)
    commit(
        reopen(),
        registering("gate-01", "lab-2"),
        Batch(
            alerts={7: raised},
            transitions=[transition(3, 7)],
            states={1: b'{"threshold":{}}'},
            deadlines=[Deadline("escalate", "alert:7", NOON + 60_000, '{"step":1}')],
            acknowledging=[("events", b"\x00\x01", 1), ("telemetry", b"\x00\x02", 1)],
            now=NOON,
        ),
    )
    snapshot = reopen().load()
    assert [device.key for device in snapshot.devices] == [
        ("no3-middle", "gate-01"),
        ("no3-middle", "lab-2"),
    ]
    assert [device.row for device in snapshot.devices] == [1, 2]
    assert snapshot.open_alerts == [raised]
    assert snapshot.states == {1: b'{"threshold":{}}'}
    assert snapshot.deadlines == [Deadline("escalate", "alert:7", NOON + 60_000, '{"step":1}')]
    assert snapshot.acknowledging == {"events": [b"\x00\x01"], "telemetry": [b"\x00\x02"]}
    assert (snapshot.last_alert, snapshot.last_transition) == (7, 3)


@pytest.mark.parametrize("count", [1, 2, 511, 512, 513, 1700])
def test_readings_are_appended_in_order(store: Store, count: int) -> None:
    given = readings(count)
    commit(store, Batch(readings=given))
    stored = store.read(rows_of(schema.readings))
    assert [tuple(row.values())[1:] for row in stored] == given
    assert [row["row"] for row in stored] == list(range(1, count + 1))


def test_the_last_version_of_an_alert_stands_and_a_closed_one_is_not_loaded(store: Store) -> None:
    closed = alert(1, 2, state=AlertState.CLOSED, active=False, closed=NOON + 9)
    commit(store, Batch(alerts={1: alert(1), 2: alert(2)}), Batch(alerts={1: closed}))
    assert store.load().open_alerts == [alert(2)]
    assert store.load().last_alert == 2
    first = store.read(rows_of(schema.alerts))[0]
    assert (first["version"], first["state"], first["closed"]) == (2, "closed", NOON + 9)


def test_an_older_version_that_comes_late_undoes_nothing(store: Store) -> None:
    commit(store, Batch(alerts={1: alert(1, 3)}), Batch(alerts={1: alert(1, 2)}))
    assert store.load().open_alerts == [alert(1, 3)]


def test_a_transition_and_an_outbox_row_given_twice_stand_once(store: Store) -> None:
    entry = OutboxEntry("webhook", "alert:1:1", NOON, b"{}", NOON)
    once = Batch(transitions=[transition(1, 1)], outbox=[entry])
    commit(store, once, once, Batch(transitions=[transition(2, 1)]))
    assert [row["row"] for row in store.read(rows_of(schema.transitions))] == [1]
    assert len(store.read(rows_of(schema.outbox))) == 1


def test_a_deadline_is_moved_and_removed(store: Store) -> None:
    commit(
        store,
        Batch(deadlines=[Deadline("escalate", "a", 1), Deadline("escalate", "b", 1)]),
        Batch(deadlines=[Deadline("escalate", "a", 5), Deadline("escalate", "b", None)]),
    )
    assert store.load().deadlines == [Deadline("escalate", "a", 5)]


def test_of_several_deadlines_for_one_subject_in_a_batch_the_last_counts(store: Store) -> None:
    commit(store, Batch(deadlines=[Deadline("k", "a", 1), Deadline("k", "a", None)]))
    assert store.load().deadlines == []
    commit(store, Batch(deadlines=[Deadline("k", "a", None), Deadline("k", "a", 2)]))
    assert store.load().deadlines == [Deadline("k", "a", 2)]


@pytest.mark.parametrize("change", [update(schema.facts).values(actor="x"), delete(schema.facts)])
def test_a_fact_can_neither_be_changed_nor_deleted(store: Store, change: Executable) -> None:
    commit(store, Batch(facts=[fact()]))
    before = store.read(rows_of(schema.facts))
    with pytest.raises(StoreError, match="append-only"):
        store.commit(Batch(statements=[(change, None)])).result(WAIT)
    assert store.read(rows_of(schema.facts)) == before


def test_a_batch_that_fails_leaves_nothing_and_takes_no_other_with_it(store: Store) -> None:
    refused = Batch(
        facts=[fact("alert:2")],
        readings=readings(3),
        statements=[(insert(schema.places), [{"school": "nowhere", "id": "p", "name_zh": "p"}])],
    )
    futures = [
        store.commit(batch)
        for batch in (Batch(facts=[fact("alert:1")]), refused, Batch(facts=[fact("alert:3")]))
    ]
    futures[0].result(WAIT)
    with pytest.raises(StoreError, match="could not be written"):
        futures[1].result(WAIT)
    futures[2].result(WAIT)
    assert [row["subject"] for row in store.read(rows_of(schema.facts))] == ["alert:1", "alert:3"]
    assert store.read(rows_of(schema.readings)) == []


def test_packet_ids_are_kept_for_as_many_as_can_be_in_flight(reopen: Reopen) -> None:
    store = reopen()
    packed = [(("telemetry", b"%d" % n, 1000)) for n in range(200)]
    commit(store, *(Batch(acknowledging=[entry]) for entry in packed))
    commit(store, Batch(acknowledging=[("events", b"e", 5)]))
    store = reopen()
    commit(store, *(Batch(acknowledging=[entry]) for entry in packed))
    kept = store.load().acknowledging
    assert kept["events"] == [b"e"]
    newest = [entry for _, entry, _ in packed + packed]
    assert kept["telemetry"] == newest[-len(kept["telemetry"]) :]
    assert 70 <= len(kept["telemetry"]) <= 70 + 2 * 64


def test_packet_ids_of_a_failed_batch_do_not_count(store: Store) -> None:
    entries = Batch(acknowledging=[("events", b"x", 60_000)])
    commit(store, entries)
    failing = Batch(
        acknowledging=[("events", b"y", 60_000)], statements=[(text("SELECT nope"), None)]
    )
    with pytest.raises(StoreError):
        store.commit(failing).result(WAIT)
    commit(store, *[Batch(acknowledging=[("events", b"z", 1)])] * 200)
    assert store.load().acknowledging["events"][0] == b"x"


def test_samples_of_rejects_are_bounded_for_each_school_and_counts_are_not(store: Store) -> None:
    loud = [reject("loud", str(n)) for n in range(1500)]
    commit(
        store,
        Batch(rejects=[reject("quiet")], reject_counts={(20_000, "quiet", "syntax"): 1}),
        *(
            Batch(rejects=loud[n : n + 50], reject_counts={(20_000, "loud", "syntax"): 50})
            for n in range(0, 1500, 50)
        ),
    )
    kept = store.read(rows_of(schema.rejects))
    assert [row["school"] for row in kept].count("quiet") == 1
    of_loud = [row["detail"] for row in kept if row["school"] == "loud"]
    assert 1000 <= len(of_loud) <= 1100
    assert of_loud == [str(n) for n in range(1500)][-len(of_loud) :]
    counts = {row["school"]: row["count"] for row in store.read(rows_of(schema.reject_counts))}
    assert counts == {"quiet": 1, "loud": 1500}


def test_samples_of_rejects_are_bounded_over_all_schools(store: Store) -> None:
    for start in range(0, 12_000, 500):
        commit(store, Batch(rejects=[reject(f"s{n}") for n in range(start, start + 500)]))
    kept = store.read(rows_of(schema.rejects))
    assert [row["school"] for row in kept] == [f"s{n}" for n in range(2_000, 12_000)]


def test_a_discovery_heard_again_keeps_when_it_was_first_seen_and_that_it_is_ignored(
    store: Store,
) -> None:
    commit(store, Batch(discoveries=[discovery("lamp", messages=5)]))
    commit(store, Batch(statements=ignore_discovery("no3-middle", "lamp")))
    commit(
        store, Batch(discoveries=[discovery("lamp", last_seen=NOON + 9, messages=3, kind="plug")])
    )
    (row,) = store.read(rows_of(schema.discoveries))
    assert (row["first_seen"], row["last_seen"]) == (NOON, NOON + 9)
    assert (row["messages"], row["kind"], row["ignored"]) == (5, "plug", True)


def test_discoveries_of_a_school_are_bounded_and_the_longest_silent_goes(store: Store) -> None:
    commit(store, Batch(discoveries=[discovery("elsewhere", last_seen=1, school="other")]))
    for start in range(0, 5_600, 400):
        commit(
            store,
            Batch(
                discoveries=[
                    discovery(f"d{n}", last_seen=NOON + n) for n in range(start, start + 400)
                ]
            ),
        )
    kept = {row["id"] for row in store.read(rows_of(schema.discoveries))}
    assert "elsewhere" in kept
    kept.discard("elsewhere")
    assert 5_000 <= len(kept) <= 5_100
    assert kept == {f"d{n}" for n in range(5_600 - len(kept), 5_600)}


def test_what_was_handed_over_is_written_before_the_store_closes(reopen: Reopen) -> None:
    store = reopen()
    futures = [store.commit(Batch(readings=readings(10))) for _ in range(300)]
    store = reopen()
    assert all(future.done() and future.exception() is None for future in futures)
    assert len(store.read(rows_of(schema.readings))) == 3000


def test_a_closed_store_says_that_it_is_closed(reopen: Reopen) -> None:
    store = reopen()
    reopen()
    with pytest.raises(StoreError, match="closed"):
        store.commit(Batch())


def test_an_empty_batch_is_committed(store: Store) -> None:
    before = store.read(everything)
    commit(store, Batch())
    assert store.read(everything) == before


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError):
        store.read(
            lambda connection: connection.execute(insert(schema.meta), {"key": "a", "value": "b"})
        )
    assert store.read(rows_of(schema.meta)) == []


def test_a_reader_sees_one_moment(store: Store) -> None:
    commit(store, Batch(readings=readings(1)))
    seen = rows_of(schema.readings)

    def before_and_after(connection: Connection) -> tuple[int, int]:
        before = len(seen(connection))
        commit(store, Batch(readings=readings(1)))
        return before, len(seen(connection))

    assert store.read(before_and_after) == (1, 1)
    assert len(store.read(seen)) == 2


def test_there_is_room_for_telemetry_and_events_on_an_ordinary_disk(store: Store) -> None:
    room = store.room()
    assert room.free > 0
    assert room.telemetry
    assert room.events


def test_a_hundred_thousand_devices_are_loaded_quickly(store: Store) -> None:
    commit(store, registering(*(f"d{n}" for n in range(100_000))))
    started = time.thread_time()
    devices = store.load().devices
    assert len(devices) == 100_000
    # CPU: 0.3 s; a query a device would be minutes. How long it takes is `benchmarks/restart.py`.
    assert time.thread_time() - started < 10
