"""Faults that stay and items that fail become entries by themselves: one each, never two."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_room import (
    DAY,
    HOUR,
    SOFIA,
    TO_CLOSED,
    act,
    alert,
    closed,
    counted,
    entries,
    ledger,
    to_remedy,
    with_order,
)

from alerts.alert import Refusal
from audit.ledger.hazard import HazardStep, Origin, StepKind
from audit.ledger.hazard_actions import Sign
from devices.model import Device, School
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.store.batch import Batch
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError
from gateway.work_orders.service import make_work_orders

DEVICES = 10_000
SCHOOLS = 20


async def test_a_fault_is_entered_when_it_has_stood_longer_than_a_repair_may_take(
    store: SqliteStore, clock: ManualClock
) -> None:
    with_order(store, clock)
    desk = ledger(store, clock)
    clock.turn(DAY - 1)
    await desk.rounds.look()
    assert entries(store) == []

    clock.turn(1)
    await desk.rounds.look()
    await desk.rounds.look()

    (entry,) = entries(store)
    assert (entry.origin, entry.device_id, entry.condition) == (Origin.FAULT, "d-1", "silent")
    assert entry.order is not None
    assert entry.order.number == 1
    assert entry.step is HazardStep.FIND


async def test_the_work_order_is_the_remedy_one_record(
    store: SqliteStore, clock: ManualClock
) -> None:
    order = with_order(store, clock)
    desk = ledger(store, clock)
    clock.turn(DAY)
    await desk.rounds.look()
    entry = await act(desk, 1, *to_remedy(clock, by_hand=False))
    assert entry.step is HazardStep.REMEDY
    refusal = await desk.ledger.act(1, Sign(StepKind.REMEDIED), SOFIA)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "hazard_order"

    clock.turn(HOUR)
    closed(store, clock, order)
    await desk.rounds.look()

    (entry,) = entries(store)
    assert (entry.step, entry.remedied_by) == (HazardStep.ACCEPT, ("tim",))
    entry = await act(desk, 1, *TO_CLOSED)
    assert entry.closed is not None
    assert counted(store, "hazard") == len(entry.steps)


async def test_a_fault_that_comes_back_before_the_look_back_goes_on_in_a_linked_entry(
    store: SqliteStore, clock: ManualClock
) -> None:
    order = with_order(store, clock)
    desk = ledger(store, clock)
    clock.turn(DAY)
    await desk.rounds.look()
    closed(store, clock, order)
    await desk.rounds.look()
    await act(desk, 1, *to_remedy(clock, by_hand=False), *TO_CLOSED)
    clock.turn(2 * DAY)
    with_order(store, clock, number=2)
    clock.turn(DAY)

    await desk.rounds.look()

    old, new = entries(store)
    assert (old.continued, new.reopens, new.origin) == (2, 1, Origin.LOOK_BACK)
    assert old.steps[-1].kind is StepKind.LOOK_BACK_FAILED
    assert old.closed is not None
    assert new.order is not None
    assert new.order.number == 2


async def test_a_new_order_for_the_same_fault_is_taken_by_the_entry_that_stands(
    store: SqliteStore, clock: ManualClock
) -> None:
    order = with_order(store, clock)
    desk = ledger(store, clock)
    clock.turn(DAY)
    await desk.rounds.look()
    closed(store, clock, order)
    clock.turn(HOUR)
    with_order(store, clock, number=2)
    clock.turn(DAY)

    await desk.rounds.look()

    (entry,) = entries(store)
    assert entry.order is not None
    assert (entry.order.number, entry.order.verified) == (2, None)


async def test_a_power_cut_of_ten_thousand_devices_is_an_entry_a_school(
    store: SqliteStore, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    batch = Batch(now=now)
    batch.statements += put_schools([School(f"s{n}", f"学校{n}") for n in range(SCHOOLS)])
    batch.statements += put_devices(
        Device(f"s{row % SCHOOLS}", f"d-{row}", "smoke", row) for row in range(1, DEVICES + 1)
    )
    batch.alerts = {row: alert(row, now, f"s{row % SCHOOLS}") for row in range(1, DEVICES + 1)}
    store.commit(batch).result(60)
    orders = make_work_orders(
        store=store,
        clock=clock,
        settings=default_settings({"directory": str(tmp_path)}),
        device_of=lambda _: None,
    )
    clock.turn(HOUR)
    await orders.open_for_faults()
    clock.turn(DAY)
    desk = ledger(store, clock)
    sizes: list[int] = []
    commit = store.commit

    def measured(batch: Batch):
        sizes.append(len(batch.facts))
        return commit(batch)

    monkeypatch.setattr(store, "commit", measured)

    await desk.rounds.look()
    await desk.rounds.look()

    found = entries(store)
    assert len(found) == SCHOOLS
    assert {entry.faults for entry in found} == {DEVICES // SCHOOLS}
    assert max(sizes) <= 2 * 250


async def test_an_end_between_two_commits_loses_and_doubles_nothing(
    store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = with_order(store, clock)
    clock.turn(DAY)
    commit = store.commit

    def refuses(batch: Batch):
        raise StoreError("the power is gone")

    monkeypatch.setattr(store, "commit", refuses)
    with pytest.raises(StoreError):
        await ledger(store, clock).rounds.enter_faults()
    assert entries(store) == []
    monkeypatch.setattr(store, "commit", commit)

    await ledger(store, clock).rounds.enter_faults()
    await act(ledger(store, clock), 1, *to_remedy(clock, by_hand=False))
    closed(store, clock, order)
    monkeypatch.setattr(store, "commit", refuses)
    with pytest.raises(StoreError):
        await ledger(store, clock).rounds.follow_orders()
    monkeypatch.setattr(store, "commit", commit)
    await ledger(store, clock).rounds.look()
    await ledger(store, clock).rounds.look()

    (entry,) = entries(store)
    assert [step.kind for step in entry.steps].count(StepKind.REMEDIED) == 1
    assert entry.step is HazardStep.ACCEPT
