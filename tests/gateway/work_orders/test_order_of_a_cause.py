"""What cut many devices off is one work order of the school, on a real store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from alerts.alert import Alert, AlertState
from alerts.correlation import CUT_OFF
from alerts.finding import Explanation, Priority
from audit.ledger.work_order import StepKind, WorkOrder
from devices.model import Device, School
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.pipeline.roster import GATEWAY
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.read.work_orders import OrderFilter, order_page
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore
from gateway.work_orders.service import WorkOrders, make_work_orders

HOUR = 3_600_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(open_store(tmp_path / "c.db", reserve_bytes=1 << 20, low_water=1 << 20)) as opened:
        batch = Batch(now=1)
        batch.statements += put_schools([School("no3", "第三中学", "No. 3")])
        batch.statements += put_devices([Device("no3", "lab-1", "smoke", 1)])
        opened.commit(batch).result(10)
        yield opened


class Office:
    """Who opens the orders, and a way to raise and end alerts."""

    def __init__(self, store: SqliteStore, folder: Path) -> None:
        self._store = store
        self.clock = ManualClock()
        self._orders: WorkOrders = make_work_orders(
            store=store,
            clock=self.clock,
            settings=default_settings({"directory": str(folder)}),
            device_of=lambda _: None,
        )

    def cut_off(self, number: int, scope: str, priority: Priority = Priority.HIGH) -> Alert:
        """Many devices of the school are cut off from now on."""
        now = self.clock.now()
        alert = Alert(
            id=number,
            device=GATEWAY.row,
            school="no3",
            condition=CUT_OFF,
            scope=scope,
            victims=300,
            priority=priority,
            state=AlertState.UNACKNOWLEDGED,
            active=True,
            raised=now,
            known=now,
            explanation=Explanation(CUT_OFF, "cut_off_place"),
        )
        self._keep(alert)
        return alert

    def over(self, alert: Alert) -> None:
        """They are heard again."""
        self._keep(
            msgspec.structs.replace(
                alert, state=AlertState.RETURNED, active=False, version=alert.version + 1
            )
        )

    def _keep(self, alert: Alert) -> None:
        self._store.commit(Batch(alerts={alert.id: alert}, now=alert.known)).result(10)

    async def look(self) -> list[WorkOrder]:
        """An hour later: what stands."""
        self.clock.turn(HOUR)
        await self._orders.open_for_faults()
        await self._orders.note_ended_faults()
        query = order_page(OrderFilter(), now=self.clock.now(), after=None, limit=50)
        found, _ = self._store.read(query)
        return found


@pytest.fixture
def office(store: SqliteStore, tmp_path: Path) -> Office:
    return Office(store, tmp_path)


async def test_a_power_cut_is_one_order_of_the_building(office: Office) -> None:
    office.cut_off(1, "place:a")
    (order,) = await office.look()
    assert (order.school, order.scope, order.alert) == ("no3", "place:a", 1)
    assert (order.device, order.condition, order.faults) == (None, CUT_OFF, 1)
    assert await office.look() == [order]


async def test_it_says_when_the_devices_are_heard_again_and_stays(office: Office) -> None:
    alert = office.cut_off(1, "place:a")
    await office.look()
    office.over(alert)
    (order,) = await office.look()
    assert order.standing
    assert order.steps[-1].kind is StepKind.FAULT_GONE


async def test_power_that_flaps_is_one_order(office: Office) -> None:
    for number in range(1, 6):
        alert = office.cut_off(number, "place:a")
        await office.look()
        office.over(alert)
        await office.look()
    (order,) = await office.look()
    assert (order.scope, order.faults) == ("place:a", 5)


async def test_what_is_hidden_by_maintenance_opens_no_order(office: Office) -> None:
    alert = office.cut_off(1, "place:a")
    office._keep(msgspec.structs.replace(alert, suppressed=True))
    assert await office.look() == []


async def test_a_second_building_goes_to_the_same_order_of_the_school(office: Office) -> None:
    office.cut_off(1, "place:a")
    await office.look()
    office.cut_off(2, "place:b")
    (order,) = await office.look()
    assert (order.scope, order.faults) == ("", 2)
