"""Announces and ends maintenances for people; what follows in time is `gateway.pipeline.upkeep`'s.

First it is stored, then it holds: a maintenance that could not be kept hides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from alerts.alert import Alert, Refusal
from alerts.maintenance import Maintenance, announced, ended
from devices.model import Device
from gateway.clock import Clock
from gateway.pipeline.flow import Flow
from gateway.pipeline.upkeep import Upkeep, put


class Maintenances:
    """The maintenances of the running gateway, as the API sees them."""

    def __init__(self, *, flow: Flow, upkeep: Upkeep, clock: Clock) -> None:
        self._flow: Final = flow
        self._upkeep: Final = upkeep
        self._clock: Final = clock
        self._lock: Final = asyncio.Lock()

    async def announce(self, wanted: Maintenance) -> Maintenance | Refusal:
        """Keep ``wanted`` (its number is given here); begins at once if its time has come."""
        async with self._lock:
            checked = announced(wanted, standing=len(self._upkeep), now=self._clock.now())
            if isinstance(checked, Refusal):
                return checked
            work = self._flow.work()
            kept = msgspec.structs.replace(checked, row=self._upkeep.next_row())
            put(work.batch, kept, "announced", kept.announced, kept.actor)
            await self._flow.commit(work)
            await self._follow(kept)
            return self._upkeep.get(kept.row) or kept

    async def end(self, row: int, actor: str, remark: str) -> Maintenance | Refusal:
        """End one that is under way, or call off one that is to come."""
        async with self._lock:
            standing = self._upkeep.get(row)
            if standing is None:
                return Refusal("maintenance_over", f"maintenance {row} is over")
            work = self._flow.work()
            after = ended(standing, work.batch.now, by=actor, remark=remark)
            put(work.batch, after, "ended", work.batch.now, actor)
            await self._flow.commit(work)
            await self._follow(after)
            return after

    def at(self, device: Device) -> Sequence[Maintenance]:
        """Those under way that cover a device; the one that ends last comes first."""
        return self._upkeep.covering(device, "")

    def device(self, maintenance: Maintenance) -> Device | None:
        """The device it is of, while that is registered."""
        name = maintenance.device
        return None if name is None else self._upkeep.named(maintenance.school, name)

    def hiding(self, alert: Alert) -> Sequence[Maintenance]:
        """Those that hide an alert now."""
        return self._upkeep.of_alert(alert) if alert.suppressed else ()

    def under_way(self, schools: frozenset[str] | None) -> int:
        """How many there are in these schools now; ``None`` = in all."""
        return self._upkeep.under_way(schools)

    def by_school(self) -> Mapping[str, int]:
        """How many are under way in each school that has one."""
        return self._upkeep.by_school()

    async def _follow(self, maintenance: Maintenance) -> None:
        """Do at once what follows, so that whoever asked sees what came of it."""
        self._upkeep.stored(maintenance)
        work = self._flow.work()
        self._upkeep.tick(work.batch.now, work)
        await self._flow.keep(work)
        self._flow.wake_timers()
