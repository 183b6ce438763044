"""Items of policies that are failed become entries: one each, and none beside that of the fault."""

from __future__ import annotations

import pytest
from ledger_room import (
    DAY,
    HOUR,
    SOFIA,
    TO_CLOSED,
    act,
    closed,
    entries,
    ledger,
    to_remedy,
    with_order,
)

from audit.ledger.hazard import HazardStep, Origin, StepKind
from audit.ledger.hazard_actions import Sign
from gateway.clock import ManualClock
from gateway.hazards import rounds
from gateway.hazards.entering import Failed
from gateway.store.sqlite import SqliteStore

ALARM = Failed("s1", "six-100", "alarm", frozenset({"d-1"}))
GUARDS = Failed("s1", "six-100", "guards")


async def test_a_failed_item_is_entered_once_and_not_beside_the_entry_of_its_device(
    store: SqliteStore, clock: ManualClock
) -> None:
    with_order(store, clock)
    clock.turn(DAY)
    failed = [
        Failed("s1", "six-100", "alarm", frozenset({"d-1"})),
        Failed("s1", "six-100", "guards"),
        Failed("s1", "three-100", "guards"),
    ]
    desk = ledger(store, clock, failed=failed)
    await desk.rounds.look()
    await desk.rounds.look()

    found = entries(store)
    assert [(entry.origin, entry.item) for entry in found] == [
        (Origin.FAULT, ""),
        (Origin.ITEM, "guards"),
    ]


async def test_an_item_that_fails_by_a_fault_waits_for_the_entry_of_the_fault(
    store: SqliteStore, clock: ManualClock
) -> None:
    """What fails by it may be failed before the repair is late: the device never worked."""
    with_order(store, clock)
    desk = ledger(store, clock, failed=[ALARM])
    await desk.rounds.look()
    assert entries(store) == []

    clock.turn(DAY)
    await desk.rounds.look()
    await desk.rounds.look()

    (entry,) = entries(store)
    assert (entry.origin, entry.device_id) == (Origin.FAULT, "d-1")


async def test_the_entry_of_an_item_takes_the_work_order_of_the_fault_it_fails_by(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock, failed=[ALARM])
    await desk.rounds.look()
    (entry,) = entries(store)
    assert (entry.origin, entry.device_id, entry.order) == (Origin.ITEM, "d-1", None)

    order = with_order(store, clock)
    clock.turn(DAY)
    await desk.rounds.look()
    await desk.rounds.look()

    (entry,) = entries(store)
    assert entry.order is not None
    assert (entry.item, entry.condition, entry.order.number) == ("alarm", "silent", 1)
    # From here on it is as that of any fault: the order is the remedy.
    entry = await act(desk, 1, *to_remedy(clock, by_hand=False))
    assert entry.step is HazardStep.REMEDY
    clock.turn(HOUR)
    closed(store, clock, order)
    await desk.rounds.look()
    assert entries(store)[0].step is HazardStep.ACCEPT


async def test_of_two_faults_of_a_device_the_entry_of_its_item_takes_one(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock, failed=[ALARM])
    await desk.rounds.look()
    with_order(store, clock)
    with_order(store, clock, number=2, condition="battery_low")
    clock.turn(DAY)

    await desk.rounds.look()
    await desk.rounds.look()

    first, second = entries(store)
    assert first.order is not None
    assert second.order is not None
    assert {first.order.number, second.order.number} == {1, 2}
    assert (first.origin, second.origin) == (Origin.ITEM, Origin.FAULT)
    assert [step.kind for step in first.steps] == [StepKind.FOUND, StepKind.ORDER]


async def test_items_that_fail_by_the_same_device_are_one_entry(
    store: SqliteStore, clock: ManualClock
) -> None:
    also = Failed("s1", "six-100", "linked", frozenset({"d-1"}))
    more = Failed("s1", "six-100", "watched", frozenset({"d-1", "d-2"}))
    desk = ledger(store, clock, failed=[ALARM, also, more])
    await desk.rounds.look()
    await desk.rounds.look()
    assert [entry.item for entry in entries(store)] == ["alarm", "watched"]


async def test_an_item_that_fails_again_before_the_look_back_goes_on_in_a_linked_entry(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock, failed=[GUARDS])
    await desk.rounds.look()
    remedied = (Sign(StepKind.REMEDIED), SOFIA)
    await act(desk, 1, *to_remedy(clock, by_hand=False), remedied, *TO_CLOSED)

    await desk.rounds.look()
    await desk.rounds.look()

    old, new = entries(store)
    assert (old.continued, new.reopens, new.item) == (2, 1, "guards")
    assert new.origin is Origin.LOOK_BACK


async def test_items_wait_as_faults_do_while_too_many_entries_stand(
    store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "MOST_STANDING", 3)
    failed = [Failed("s1", "six-100", f"item-{n}") for n in range(5)]
    desk = ledger(store, clock, failed=failed)
    await desk.rounds.look()
    assert (len(entries(store)), desk.rounds.held_back) == (3, 2)

    with_order(store, clock)
    clock.turn(DAY)
    await desk.rounds.look()
    assert (len(entries(store)), desk.rounds.held_back) == (3, 3)


async def test_those_held_back_are_as_many_as_wait_however_many_stand(
    store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "MOST_STANDING", 3)
    failed = [Failed("s1", "six-100", f"item-{n}") for n in range(3)]
    await ledger(store, clock, failed=failed).rounds.look()
    monkeypatch.setattr(rounds, "MOST_STANDING", 1)  # as when people have entered more
    with_order(store, clock)
    clock.turn(DAY)
    desk = ledger(store, clock)
    await desk.rounds.look()
    assert desk.rounds.held_back == 1
