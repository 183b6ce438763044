"""The ledger: enters what people found and takes what they sign, one change at a time.

What the gateway does by itself is in `gateway.hazards.rounds`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.alert import Refusal
from audit.ledger.hazard import Check, Grade, Hazard, Origin
from audit.ledger.hazard_actions import Action, By, LookBack
from audit.ledger.hazard_acts import act, continued, found
from audit.ledger.hazard_times import HOUR_MS
from gateway.clock import Clock
from gateway.hazards.entering import Change, checked
from gateway.hazards.pen import Pen
from gateway.store.read.hazards import hazard_made, last_hazard, one_hazard
from gateway.store.read.pictures import pictures_of


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


class Ledger:
    """The hazard ledger of the running gateway, for people."""

    def __init__(self, *, pen: Pen, clock: Clock) -> None:
        self._pen: Final = pen
        self._clock: Final = clock

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
            if after is hazard:
                return after
            stale = checked(version, hazard)
            if stale is not None:
                return stale
            if isinstance(after, Refusal):
                return after
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
