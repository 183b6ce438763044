"""A power cut of 10,000 devices, on a real store: few work orders, and alarms in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from alerts.alert import Alert, AlertState
from alerts.finding import Explanation, Priority
from devices.model import Device, School
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.read.work_orders import OrderFilter, order_page
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore
from gateway.work_orders.service import PIECE, WorkOrders, make_work_orders

HOUR = 3_600_000
DEVICES = 10_000
SCHOOLS = 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(open_store(tmp_path / "c.db", reserve_bytes=1 << 20, low_water=1 << 20)) as opened:
        yield opened


def silent(row: int, now: int) -> Alert:
    return Alert(
        id=row,
        device=row,
        school=f"s{row % SCHOOLS}",
        condition="silent",
        priority=Priority.MEDIUM,
        state=AlertState.UNACKNOWLEDGED,
        active=True,
        raised=now,
        known=now,
        explanation=Explanation("silent", "silent"),
    )


def without_power(store: SqliteStore, now: int) -> None:
    """Every device of every school has been silent from now on."""
    batch = Batch(now=now)
    batch.statements += put_schools([School(f"s{n}", f"学校{n}") for n in range(SCHOOLS)])
    batch.statements += put_devices(
        Device(f"s{row % SCHOOLS}", f"d-{row}", "smoke", row) for row in range(1, DEVICES + 1)
    )
    batch.alerts = {row: silent(row, now) for row in range(1, DEVICES + 1)}
    store.commit(batch).result(60)


def work_orders(store: SqliteStore, clock: ManualClock, tmp_path: Path) -> WorkOrders:
    return make_work_orders(
        store=store,
        clock=clock,
        settings=default_settings({"directory": str(tmp_path)}),
        device_of=lambda _: None,
    )


async def test_ten_thousand_silent_devices_are_one_order_a_school(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    without_power(store, clock.now())
    clock.turn(HOUR)
    sizes: list[int] = []
    commit = store.commit

    def counted(batch: Batch):
        sizes.append(sum(len(rows or ()) for _, rows in batch.statements))
        return commit(batch)

    monkeypatch.setattr(store, "commit", counted)

    await work_orders(store, clock, tmp_path).open_for_faults()

    found, _ = store.read(order_page(OrderFilter(), now=clock.now(), after=None, limit=500))
    assert len(found) == SCHOOLS
    assert {order.faults for order in found} == {DEVICES // SCHOOLS}
    assert all(order.device is None for order in found)
    # each commit holds up an alarm by no more than a piece, and nothing is left out
    assert max(sizes) <= PIECE
    assert sum(sizes) == SCHOOLS + DEVICES
    # and a gateway that starts anew opens no more
    again = await work_orders(store, clock, tmp_path).open_for_faults()
    assert again is not None
    assert (again.openings, again.joinings, again.held_back) == ((), (), 0)


async def test_a_power_cut_everywhere_stops_at_the_bound_and_says_how_much_waits(
    store: SqliteStore, tmp_path: Path
) -> None:
    clock = ManualClock()
    without_power(store, clock.now())
    clock.turn(HOUR)
    orders = work_orders(store, clock, tmp_path)
    orders._settings = orders._settings.model_copy(update={"most_standing": 5})

    await orders.open_for_faults()

    assert orders.held_back == DEVICES - 5 * (DEVICES // SCHOOLS)
