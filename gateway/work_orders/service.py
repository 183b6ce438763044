"""Opens work orders for faults that stay, takes people's steps, closes by verifications.

What is due is found in the store and not remembered: a restart forgets nothing. Nothing here is
in the way of an alarm: orders are written in batches of their own, in pieces.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection

from alerts.alert import Refusal
from audit.ledger.work_order import (
    Action,
    Comment,
    Done,
    WorkOrder,
    act,
    fault_gone,
    joined,
    opened,
    proven,
)
from devices.model import Device
from gateway.clock import Clock
from gateway.pipeline.work import Work
from gateway.settings import Settings
from gateway.settings_work_orders import WorkOrderSettings
from gateway.store.batch import Batch
from gateway.store.read.pictures import pictures_of
from gateway.store.read.work_orders import (
    Fault,
    awaited_proofs,
    faults_of,
    last_order,
    one_order,
    orders_without_fault,
    ripe_faults,
    standing_orders,
)
from gateway.store.store import Store, StoreError
from gateway.store.verifications import FACT as VERIFICATION
from gateway.store.work_orders import put_covered, put_order
from gateway.work_orders.grouping import UNHEARD, Bounds, Grouped, group

_log: Final = structlog.get_logger(__name__)

PROOFS_S: Final = 5.0
"""How often verifications are looked for: a technician waits for the answer."""

FAULTS_S: Final = 30.0
MOST_FAULTS: Final = 20_000
"""Faults looked at in one go; those beyond have their turn in the next."""

PIECE: Final = 250
"""Orders, or covered alerts, in one commit: alarms get in between."""

COMMIT_S: Final = 15.0

PROVABLE: Final = frozenset(
    {
        "alarm-button",
        "smoke",
        "smoke-temperature",
        "temperature",
        "electrical",
        "repeater",
        "police-link",
    }
)
"""Kinds with a verification that proves their work. Others show a sign of life at most, and cameras
what their probe says: for them somebody may have to accept a repair that they have seen."""

Result = TypeVar("Result")


class WorkOrders:
    """The work orders of the running gateway: every change goes through here, one at a time."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        settings: WorkOrderSettings,
        device_of: Callable[[int], Device | None],
        provable: Callable[[str], bool],
    ) -> None:
        """``device_of`` gives a registered device by its row; ``provable(kind)`` says whether
        there is a verification for devices of that kind."""
        self._store: Final = store
        self._clock: Final = clock
        self._settings: Final = settings
        self._device_of: Final = device_of
        self._provable: Final = provable
        self._lock: Final = asyncio.Lock()
        self._writing: asyncio.Future[None] | None = None
        self._wake: Final = asyncio.Event()
        self.held_back = 0
        """Faults that have no order because too many stand already."""

    def verifiable(self, order: WorkOrder) -> bool:
        """Whether a verification can prove the repair: the device is registered, its kind known
        to the verifications, and the order is of one device."""
        device = None if order.device is None else self._device_of(order.device)
        return device is not None and self._provable(device.kind)

    def committed(self, work: Work) -> None:
        """Something is kept; when a verification is among it, look at once."""
        if any(fact.kind == VERIFICATION for fact in work.batch.facts):
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled. A store that refuses is asked again."""
        faults_due = 0.0
        while True:
            try:
                await self.take_proofs()
                if self._clock.steady() >= faults_due:
                    faults_due = self._clock.steady() + FAULTS_S
                    await self.open_for_faults()
                    await self.note_ended_faults()
            except StoreError as error:
                _log.warning("work_orders.put_off", error=str(error))
            try:
                async with asyncio.timeout(PROOFS_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    # What people do

    async def open_by_hand(self, device: Device, measure: str, actor: str) -> WorkOrder:
        """A person says what is to be mended at a device."""
        async with self._alone():
            now = self._clock.now()
            order = opened(
                WorkOrder(
                    id=await self._read(last_order) + 1,
                    school=device.school,
                    measure=measure,
                    opened=now,
                    due=now + self._deadline,
                    device=device.row,
                    device_id=device.id,
                    kind=device.kind,
                ),
                actor=actor,
            )
            await self._write([(order, ())], now, urgent=True)
            return order

    async def act(
        self, number: int, action: Action, actor: str, *, key: str = ""
    ) -> WorkOrder | Refusal:
        """Do something to an order in the name of ``actor``; returns when it is committed.

        With the same ``key`` again, it is done once, whatever happened in between.
        """
        async with self._alone():
            order = await self._read(one_order(number))
            if order is None:
                return Refusal("unknown_order", f"there is no work order {number}")
            if isinstance(action, Done | Comment) and action.photos:
                known = await self._read(pictures_of(order.school, action.photos))
                missing = next((each for each in action.photos if each not in known), None)
                if missing is not None:
                    return Refusal("unknown_picture", f"upload the picture {missing} first")
            now = self._clock.now()
            able = self.verifiable(order)
            after = act(order, action, actor=actor, now=now, verifiable=able, key=key)
            if isinstance(after, Refusal) or after is order:
                return after
            await self._write([(after, ())], now, urgent=True)
        self._wake.set()
        return after

    # What happens by itself

    async def open_for_faults(self) -> Grouped | None:
        """Open orders for faults that have stood long enough; ``None`` when that is turned off."""
        after = self._settings.after_minutes
        if after == 0:
            return None
        async with self._alone():
            now = self._clock.now()
            faults = await self._read(ripe_faults(now - after * 60_000, MOST_FAULTS))
            if not faults:
                self.held_back = 0
                return Grouped((), (), 0)
            repeaters = {
                (fault.school, fault.repeater)
                for fault in faults
                if fault.repeater is not None and fault.condition in UNHEARD
            }
            causes = await self._read(faults_of(sorted(repeaters), UNHEARD))
            standing = await self._read(standing_orders)
            bounds = Bounds(self._settings.together, self._settings.most_standing)
            grouped = await asyncio.to_thread(
                group,
                faults,
                standing,
                {(cause.school, cause.device_id): cause for cause in causes},
                bounds,
                now,
            )
            await self._write(self._grouped(grouped, await self._read(last_order), now), now)
            if grouped.held_back and grouped.held_back != self.held_back:
                _log.warning("work_orders.held_back", faults=grouped.held_back)
            self.held_back = grouped.held_back
            return grouped

    def _grouped(
        self, grouped: Grouped, last: int, now: int
    ) -> list[tuple[WorkOrder, tuple[int, ...]]]:
        changed = [
            (joined(each.order, len(each.alerts), scope=each.scope, now=now), each.alerts)
            for each in grouped.joinings
        ]
        for number, each in enumerate(grouped.openings, last + 1):
            order = self._automatic(number, each.fault, now, whole_school=each.whole_school)
            order = msgspec.structs.replace(order, faults=len(each.alerts), scope=each.scope)
            changed.append((opened(order, actor=""), each.alerts))
        return changed

    def _automatic(self, number: int, fault: Fault, now: int, *, whole_school: bool) -> WorkOrder:
        return WorkOrder(
            id=number,
            school=fault.school,
            measure="",  # the condition says it, in the reader's language
            opened=now,
            due=now + self._deadline,
            device=None if whole_school else fault.device,
            device_id="" if whole_school else fault.device_id,
            kind="" if whole_school else fault.kind,
            alert=fault.alert,
            condition=fault.condition,
            automatic=True,
        )

    async def note_ended_faults(self) -> None:
        """Say on orders that their alerts have ended by themselves."""
        async with self._alone():
            now = self._clock.now()
            noted: list[tuple[WorkOrder, tuple[int, ...]]] = []
            for order in await self._read(orders_without_fault):
                after = fault_gone(order, now=now)
                if after is not order:
                    noted.append((after, ()))
            await self._write(noted, now)

    async def take_proofs(self) -> None:
        """Hold verifications against the orders that wait for one."""
        async with self._alone():
            now = self._clock.now()
            changed: dict[int, WorkOrder] = {}
            for each in await self._read(awaited_proofs):
                before = changed.get(each.order.id, each.order)
                after = proven(before, each.proof, fault_stands=each.fault_stands, now=now)
                if after is not before:
                    changed[before.id] = after
            await self._write([(order, ()) for order in changed.values()], now)

    @property
    def _deadline(self) -> int:
        return self._settings.deadline_hours * 3_600_000

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        return await asyncio.to_thread(self._store.read, query)

    async def _write(
        self,
        orders: Iterable[tuple[WorkOrder, tuple[int, ...]]],
        now: int,
        *,
        urgent: bool = False,
    ) -> None:
        """In pieces, so that no alarm waits behind thousands of orders. Should it end between two
        of them, the alerts not yet covered join their order the next time."""
        batch, room = Batch(now=now, urgent=urgent), PIECE
        for order, alerts in orders:
            put_order(batch, order)
            room -= 1
            rest = alerts
            while rest or room <= 0:
                if room <= 0:
                    await self._commit(batch)
                    batch, room = Batch(now=now, urgent=urgent), PIECE
                put_covered(batch, order.id, rest[:room])
                rest, room = rest[room:], room - len(rest[:room])
        if batch.statements:
            await self._commit(batch)

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """One change at a time, and none while an earlier one is not yet in the store: what is read
        without that one would be written over it, with the step somebody signed."""
        async with self._lock:
            if self._writing is not None:
                await self._ended(self._writing)
            yield

    async def _ended(self, writing: asyncio.Future[None]) -> None:
        """Wait until a commit is done or has failed."""
        done, _ = await asyncio.wait([writing], timeout=COMMIT_S)
        if not done:
            raise StoreError(
                f"the store did not confirm within {COMMIT_S:.0f} s; look before trying again"
            )
        writing.exception()  # whoever wrote it may have gone away

    async def _commit(self, batch: Batch) -> None:
        self._writing = asyncio.wrap_future(self._store.commit(batch))
        await self._ended(self._writing)
        self._writing.result()


def make_work_orders(
    *, store: Store, clock: Clock, settings: Settings, device_of: Callable[[int], Device | None]
) -> WorkOrders:
    """The work orders that the settings ask for."""
    return WorkOrders(
        store=store,
        clock=clock,
        settings=settings.work_orders,
        device_of=device_of,
        provable=PROVABLE.__contains__,
    )
