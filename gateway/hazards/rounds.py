"""What happens in the ledger by itself: faults that stay and items that fail are entered, work
orders are followed, what is overdue climbs.

What is due is found in the store and not remembered: a restart forgets nothing. Nothing here is in
the way of an alarm: entries are written in batches of their own, in pieces.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import msgspec
import structlog

from audit.ledger.hazard import Hazard
from audit.ledger.hazard_acts import order_moved
from audit.ledger.hazard_times import HOUR_MS, climbed, next_time, righted
from gateway.clock import Clock
from gateway.hazards.entering import Change, Failed, of_item, of_order, order_state
from gateway.hazards.pen import PIECE, Pen
from gateway.store.read.devices import device_row
from gateway.store.read.hazards import last_hazard
from gateway.store.read.hazards_due import (
    closed_items,
    count_standing,
    due_hazards,
    entries_with_orders,
    hazards_like,
    orders_without_entry,
    standing_at,
    timed_hazards,
)
from gateway.store.store import StoreError

_log: Final = structlog.get_logger(__name__)

LOOK_S: Final = 10.0
"""How often is looked for what is due: a repair that was proven shows soon, the rest is hours."""

MOST: Final = 500
"""Entries made, or climbing, in one look; those beyond have their turn in the next."""

MOST_STANDING: Final = 5_000
"""Entries the gateway opens by itself beside those that stand; further faults wait."""

MOST_COMING: Final = 20_000
"""Work orders looked at that will have an entry: as many as there are faults in one go."""


class Rounds:
    """Looks, again and again, for what the ledger does by itself. It shares the ledger's pen."""

    def __init__(
        self,
        *,
        pen: Pen,
        clock: Clock,
        faults: bool = True,
        failed: Callable[[], Awaitable[list[Failed]]] | None = None,
    ) -> None:
        """``faults``: enter them by themselves. ``failed`` gives the items that are failed now."""
        self._pen: Final = pen
        self._clock: Final = clock
        self._faults: Final = faults
        self._failed: Final = failed
        self._looked: int | None = None
        self._faults_held = 0
        self._items_held = 0

    @property
    def held_back(self) -> int:
        """Faults and items without an entry because too many stand already."""
        return self._faults_held + self._items_held

    async def run(self) -> None:
        """Until cancelled. A store that refuses is asked again."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                _log.warning("ledger.put_off", error=str(error))
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Everything that is due by now."""
        now = self._clock.now()
        if self._looked is None or now < self._looked:
            await self.renew_times()
        self._looked = now
        await self.follow_orders()
        if self._faults:
            await self.enter_faults()
        await self.enter_items()
        while await self.climb() >= MOST:
            pass

    async def enter_faults(self) -> int:
        """Enter faults that have stood longer than allowed; how many there were. Each is its work
        order's: a power cut that is one order is one entry."""
        async with self._pen.alone():
            now = self._clock.now()
            before = now - self._pen.figures.repair_hours * HOUR_MS
            orders = await self._pen.read(orders_without_entry(before, MOST))
            if not orders:
                self._faults_held = 0
                return 0
            last = await self._pen.read(last_hazard)
            room = await self._room()
            self._faults_held = max(0, len(orders) - room)
            pending: list[list[Change]] = []
            places: set[tuple[str, str]] = set()
            for order in orders[:room]:
                place = (order.school, order.device_id)
                if place in places:  # what was entered for that device has to be seen
                    await self._write(pending, now)
                    pending = []
                    places.clear()
                places.add(place)
                like: list[Hazard] = []  # one that a person opened is like no other
                if order.condition:
                    like = await self._pen.read(
                        hazards_like(order.school, order.device_id, order.condition, order.scope)
                    )
                some = of_order(order, like, last + 1, self._pen.figures, now)
                last += sum(change.before is None for change in some)
                pending.append(some)
            await self._write(pending, now)
            return len(orders)

    async def follow_orders(self) -> int:
        """Take over how work orders stand that are the remedy of entries; how many moved."""
        async with self._pen.alone():
            now = self._clock.now()
            changes: list[Change] = []
            for hazard, order in await self._pen.read(entries_with_orders):
                after = order_moved(hazard, order_state(order), self._pen.figures, now=now)
                if after is not hazard:
                    changes.append(Change(hazard, after))
            await self._pen.put(changes, now)
            return len(changes)

    async def enter_items(self) -> int:
        """Enter items of policies that are failed, unless an entry of the school stands for the
        item, or for every device it fails by, or is to come for it; how many were entered."""
        if self._failed is None:
            return 0
        failed = await self._failed()
        if not failed:
            return 0
        async with self._pen.alone():
            now = self._clock.now()
            wanted = await self._without_entry(failed, now)
            room = await self._room()
            self._items_held = max(0, len(wanted) - room)
            wanted = wanted[: min(room, MOST)]
            gone_by = await self._pen.read(closed_items({each.school for each in wanted}))
            last = await self._pen.read(last_hazard)
            entered: list[list[Change]] = []
            for number, each in enumerate(wanted, last + 1):
                row = None
                if len(each.devices) == 1:
                    row = await self._pen.read(device_row(each.school, min(each.devices)))
                before = gone_by.get((each.school, each.item))
                entered.append(of_item(each, before, row, number, self._pen.figures, now))
            await self._write(entered, now)
            return len(entered)

    async def _without_entry(self, failed: Iterable[Failed], now: int) -> list[Failed]:
        """Those that no entry stands for. The entry of a fault is the remedy of what fails by it,
        and so is one that its work order will have: there is no second one beside it."""
        standing = await self._pen.read(standing_at({each.school for each in failed}))
        items = {(each.school, each.item) for each in standing if each.item}
        devices = {(each.school, each.device_id) for each in standing if each.device_id}
        whole = {each.school for each in standing if each.condition and not each.device_id}
        if self._faults:
            for order in await self._pen.read(orders_without_entry(now, MOST_COMING)):
                if order.device_id:
                    devices.add((order.school, order.device_id))
                elif order.condition:
                    whole.add(order.school)
        found: list[Failed] = []
        for each in failed:
            known = {(each.school, device) for device in each.devices}
            if known and (known <= devices or each.school in whole):
                continue
            if (each.school, each.item) not in items:
                items.add((each.school, each.item))
                found.append(each)
                if len(known) == 1:
                    devices |= known
        return found

    async def _room(self) -> int:
        """How many more entries the gateway may open by itself."""
        return max(0, MOST_STANDING - await self._pen.read(count_standing))

    async def _write(self, changes: Iterable[list[Change]], now: int) -> None:
        """In pieces; what goes on in a new entry is in one commit with it."""
        piece: list[Change] = []
        for some in changes:
            if len(piece) + len(some) > PIECE:
                await self._pen.put(piece, now)
                piece = []
            piece += some
        await self._pen.put(piece, now)

    async def climb(self) -> int:
        """What is overdue climbs a rung, what was closed is to be looked at again; how many."""
        async with self._pen.alone():
            now = self._clock.now()
            changes: list[Change] = []
            for hazard in await self._pen.read(due_hazards(now, MOST)):
                after = climbed(hazard, self._pen.figures, now=now)
                if after is hazard:
                    # Its stored time is of other figures: written anew, it is not met again.
                    after = _written_anew(hazard)
                changes.append(Change(hazard, after))
            await self._pen.put(changes, now)
            return len(changes)

    async def renew_times(self) -> None:
        """The figures may have changed since the times were stored, or the clock was ahead."""
        async with self._pen.alone():
            now = self._clock.now()
            changes: list[Change] = []
            for hazard, at in await self._pen.read(timed_hazards(now)):
                after = righted(hazard, self._pen.figures, now=now)
                if after is hazard and next_time(hazard, self._pen.figures) != at:
                    after = _written_anew(hazard)
                if after is not hazard:
                    changes.append(Change(hazard, after))
            await self._pen.put(changes, now)


def _written_anew(hazard: Hazard) -> Hazard:
    return msgspec.structs.replace(hazard, version=hazard.version + 1)
