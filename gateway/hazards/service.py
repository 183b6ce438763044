"""The ledger: takes people's acts, enters faults that stay and items that fail, and climbs.

What is due is found in the store and not remembered: a restart forgets nothing. Nothing here is in
the way of an alarm: entries are written in batches of their own, in pieces.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

from alerts.alert import Refusal
from audit.ledger.hazard import Check, Grade, Hazard, Origin
from audit.ledger.hazard_actions import Action, By, LookBack
from audit.ledger.hazard_acts import act, continued, found, order_moved
from audit.ledger.hazard_times import HOUR_MS, climbed, next_time
from gateway.clock import Clock
from gateway.hazards.entering import Change, checked, of_item, of_order, order_state
from gateway.hazards.pen import PIECE, Pen
from gateway.store.read.hazards import (
    due_hazards,
    entries_with_orders,
    hazard_made,
    hazards_like,
    last_hazard,
    one_hazard,
    orders_without_entry,
    standing_at,
    standing_hazards,
)
from gateway.store.read.pictures import pictures_of
from gateway.store.store import StoreError

_log: Final = structlog.get_logger(__name__)

LOOK_S: Final = 10.0
"""How often is looked for what is due: a repair that was proven shows soon, the rest is hours."""

MOST: Final = 500
"""Entries made, or climbing, in one look; those beyond have their turn in the next."""

MOST_STANDING: Final = 5_000
"""Entries the gateway opens by itself beside those that stand; further faults wait."""


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """What a person found at a school."""

    school: str
    text: str
    grade: Grade = Grade.GENERAL
    place: str = ""
    device: int | None = None
    device_id: str = ""
    kind: str = ""
    item: str = ""
    photos: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


class Failed(msgspec.Struct, frozen=True):
    """An item of a policy that is failed at a school. ``devices`` are those it fails by, by id."""

    school: str
    policy: str
    item: str
    devices: frozenset[str] = frozenset()


class Ledger:
    """The hazard ledger of the running gateway: every change goes through here, one at a time."""

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
        self.held_back = 0
        """Faults and items without an entry because too many stand already."""

    async def run(self) -> None:
        """Until cancelled. A store that refuses is asked again."""
        renewed = False
        while True:
            try:
                if not renewed:
                    await self.renew_times()
                    renewed = True
                await self.look()
            except StoreError as error:
                _log.warning("ledger.put_off", error=str(error))
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Everything that is due by now."""
        await self.follow_orders()
        if self._faults:
            await self.enter_faults()
        await self.enter_items()
        while await self.climb() >= MOST:
            pass

    # What people do

    async def open_by_hand(self, wanted: Inspected, by: By, *, key: str = "") -> Hazard | Refusal:
        """A person enters what they found. With the same ``key`` again, it is entered once."""
        made = f"{by.name}/{key}" if key else ""
        async with self._pen.alone():
            if made:
                before = await self._pen.read(hazard_made(made))
                if before is not None:
                    return before
            refusal = await self._missing_picture(wanted.school, wanted.photos)
            if refusal is not None:
                return refusal
            entry = await self.entry_by_hand(wanted, by, key=key)
            await self._pen.put([Change(None, entry)], entry.opened, made=made, urgent=True)
            return entry

    async def entry_by_hand(
        self, wanted: Inspected, by: By, *, key: str = "", after: int | None = None
    ) -> Hazard:
        """The entry, not yet written; only while alone. ``after``: the last number given so far."""
        now = self._clock.now()
        last = await self._pen.read(last_hazard) if after is None else after
        entry = Hazard(
            number=last + 1,
            school=wanted.school,
            origin=Origin.INSPECTION,
            opened=now,
            due=now + self._pen.figures.naming_hours * HOUR_MS,
            text=wanted.text,
            place=wanted.place,
            grade=wanted.grade,
            checks=wanted.checks,
            device=wanted.device,
            device_id=wanted.device_id,
            kind=wanted.kind,
            item=wanted.item,
        )
        return found(entry, by, now=now, photos=wanted.photos, key=key)

    async def act(
        self, number: int, action: Action, by: By, *, version: int | None = None, key: str = ""
    ) -> Hazard | Refusal:
        """Do something to an entry in the name of ``by``; returns when it is committed.

        ``version`` is the one that was looked at. With the same ``key`` again, it is done once,
        whatever happened in between.
        """
        async with self._pen.alone():
            hazard = await self._pen.read(one_hazard(number))
            if hazard is None:
                return Refusal("unknown_hazard", f"there is no entry {number}")
            refusal = await self._missing_picture(hazard.school, getattr(action, "photos", ()))
            if refusal is not None:
                return refusal
            now = self._clock.now()
            after = act(hazard, action, by, self._pen.figures, now=now, key=key)
            if isinstance(after, Refusal) or after is hazard:
                return after
            stale = checked(version, hazard)
            if stale is not None:
                return stale
            changes = [Change(hazard, after)]
            if isinstance(action, LookBack) and not action.held:
                changes = await self._reopened(hazard, after, action, by, now)
            await self._pen.put(changes, now, urgent=True)
            return changes[0].after

    async def _reopened(
        self, before: Hazard, after: Hazard, action: LookBack, by: By, now: int
    ) -> list[Change]:
        """What did not stay mended goes on in a new entry, linked both ways."""
        number = await self._pen.read(last_hazard) + 1
        entry = Hazard(
            number=number,
            school=before.school,
            origin=Origin.LOOK_BACK,
            opened=now,
            due=now + self._pen.figures.naming_hours * HOUR_MS,
            text=action.text or before.text,
            place=before.place,
            grade=before.grade,
            device=before.device,
            device_id=before.device_id,
            kind=before.kind,
            condition=before.condition,
            scope=before.scope,
            policy=before.policy,
            item=before.item,
            reopens=before.number,
        )
        new = found(entry, by, now=now, photos=action.photos)
        linked = continued(after, number, now=now, say=False)
        return [Change(before, linked), Change(None, new)]

    async def _missing_picture(self, school: str, photos: tuple[str, ...]) -> Refusal | None:
        if not photos:
            return None
        known = await self._pen.read(pictures_of(school, photos))
        missing = next((each for each in photos if each not in known), None)
        return (
            None
            if missing is None
            else Refusal("unknown_picture", f"upload the picture {missing} first")
        )

    # What happens by itself

    async def enter_faults(self) -> int:
        """Enter faults that have stood longer than allowed; how many there were. Each is its work
        order's: a power cut that is one order is one entry."""
        async with self._pen.alone():
            now = self._clock.now()
            before = now - self._pen.figures.repair_hours * HOUR_MS
            orders = await self._pen.read(orders_without_entry(before, MOST))
            if not orders:
                self.held_back = 0
                return 0
            last = await self._pen.read(last_hazard)
            room = MOST_STANDING - len(await self._pen.read(standing_hazards))
            self.held_back = max(0, len(orders) - room)
            changes: list[Change] = []
            for order in orders[: max(0, room)]:
                like = await self._pen.read(
                    hazards_like(order.school, order.device_id, order.condition)
                )
                if not order.condition:
                    like = []  # one that a person opened is like no other
                some = of_order(order, like, last + 1, self._pen.figures, now)
                last += sum(change.before is None for change in some)
                if len(changes) + len(some) > PIECE:
                    await self._pen.put(changes, now)
                    changes = []
                changes += some  # what goes on in a new entry is in one commit with it
            await self._pen.put(changes, now)
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
        item, or for every device it fails by; how many were entered."""
        if self._failed is None:
            return 0
        failed = await self._failed()
        if not failed:
            return 0
        async with self._pen.alone():
            now = self._clock.now()
            standing = await self._pen.read(standing_at({each.school for each in failed}))
            items = {(each.school, each.item) for each in standing if each.item}
            devices = {(each.school, each.device_id) for each in standing if each.device_id}
            whole = {each.school for each in standing if each.condition and not each.device_id}
            last = await self._pen.read(last_hazard)
            changes: list[Change] = []
            for each in failed:
                if (each.school, each.item) in items:
                    continue
                known = {(each.school, device) for device in each.devices}
                if known and (known <= devices or each.school in whole):
                    continue  # its faults have their entries: that is its remedy, not a second one
                items.add((each.school, each.item))
                last += 1
                changes.append(
                    of_item(each.school, each.policy, each.item, last, self._pen.figures, now)
                )
                if len(changes) >= MOST:
                    break
            await self._pen.put(changes, now)
            return len(changes)

    async def climb(self) -> int:
        """What is overdue climbs a rung, what was closed is to be looked at again; how many."""
        async with self._pen.alone():
            now = self._clock.now()
            changes: list[Change] = []
            for hazard in await self._pen.read(due_hazards(now, MOST)):
                after = climbed(hazard, self._pen.figures, now=now)
                if after is hazard:
                    # Its stored time is of other figures: written anew, it is not met again.
                    after = msgspec.structs.replace(hazard, version=hazard.version + 1)
                changes.append(Change(hazard, after))
            await self._pen.put(changes, now)
            return len(changes)

    async def renew_times(self) -> None:
        """The figures may have changed since the times were stored."""
        async with self._pen.alone():
            now = self._clock.now()
            changes = [
                Change(hazard, msgspec.structs.replace(hazard, version=hazard.version + 1))
                for hazard, at in await self._pen.read(standing_hazards)
                if next_time(hazard, self._pen.figures) != at
            ]
            await self._pen.put(changes, now)
