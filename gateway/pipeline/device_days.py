"""Writes once an hour, and at the end, how devices were connected: their days (``device_days``).

Counting costs nothing on the way of a message: the totals that are kept of each device anyway are
compared, once an hour, with what was written of them. Only devices that were heard of are written,
some hundred at a time. What was counted since the last hour is lost when the process is killed;
messages, alerts and everything else are not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import msgspec
import structlog

from alerts.rules.measure import number
from alerts.rules.rule import DeviceState
from gateway.clock import Clock
from gateway.pipeline.roster import Roster
from gateway.store.batch import Batch, DeviceDay
from gateway.store.store import Store, StoreError

_log: Final = structlog.get_logger(__name__)

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000

AT_ONCE: Final = 500
"""Devices looked at between two breaths: two milliseconds."""

BREATH_S: Final = 0.02
LOOK_S: Final = 10.0
"""How often it looks whether the hour is over: our clock may be set meanwhile."""

SIGNALS: Final = ("rssi_dbm", "uplink_rssi_dbm")
"""Values that tell how well a device is received, the first that is there counts."""


_Totals: TypeAlias = tuple[int, tuple[int, int, int]]
"""Messages, and `Hitches.totals`, since the gateway's start."""


class Unwritten(msgspec.Struct, frozen=True):
    """What was counted of a device since its day was last written."""

    messages: int = 0
    lost: int = 0
    reconnects: int = 0
    reboots: int = 0

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.messages or self.lost or self.reconnects or self.reboots)


class DeviceDays:
    """Goes through all devices that are awake; the others have not been heard of."""

    def __init__(
        self,
        roster: Roster,
        store: Store,
        clock: Clock,
        *,
        look_s: float = LOOK_S,
        breath_s: float = BREATH_S,
    ) -> None:
        self._roster: Final = roster
        self._store: Final = store
        self._clock: Final = clock
        self._look_s: Final = look_s
        self._breath_s: Final = breath_s
        self._alone: Final = asyncio.Lock()

    async def run(self) -> None:
        """Write at each full hour, until cancelled.

        What was counted goes to the day of the hour that is over: at midnight, to the old one.
        """
        hour = self._clock.now() // HOUR_MS
        while True:
            await asyncio.sleep(self._look_s)
            now = self._clock.now()
            if now // HOUR_MS != hour:
                hour = now // HOUR_MS
                await self.write(day=(hour * HOUR_MS - 1) // DAY_MS, breath_s=self._breath_s)

    async def finish(self, *, within_s: float = 10.0) -> None:
        """Write what was counted, at the end."""
        try:
            async with asyncio.timeout(within_s):
                await self.write(day=self._clock.now() // DAY_MS)
        except TimeoutError:
            _log.warning("device_days.unfinished", seconds=within_s)

    async def write(self, day: int, *, breath_s: float = 0.0) -> int:
        """Write what was counted to the day; returns how many devices that were.

        What cannot be written now is written the next time.
        """
        written = 0
        async with self._alone:
            rows = [device.row for device in self._roster.devices()]
            for start in range(0, len(rows), AT_ONCE):
                counted = self._counted(rows[start : start + AT_ONCE], day)
                if counted:
                    batch = Batch(
                        device_days=[entry for entry, _ in counted], now=self._clock.now()
                    )
                    try:
                        await asyncio.wrap_future(self._store.commit(batch))
                    except StoreError as error:
                        _log.warning("device_days.unwritten", error=str(error))
                        break
                    self._record(counted)
                    written += len(counted)
                await asyncio.sleep(breath_s)
        return written

    def _counted(self, rows: Iterable[int], day: int) -> list[tuple[DeviceDay, _Totals]]:
        counted = []
        for row in rows:
            state = self._roster.awake(row)
            if state is not None and not (new := unwritten(state)).nothing:
                counted.append((_entry(state, new, day), _totals(state)))
        return counted

    def _record(self, counted: Iterable[tuple[DeviceDay, _Totals]]) -> None:
        for entry, (messages, hitches) in counted:
            # Looked up anew: a change of the register may have given it another state meanwhile.
            state = self._roster.awake(entry.device)
            if state is not None:
                state.recorded = messages
                if state.hitches is not None:
                    state.hitches.recorded = hitches


def unwritten(state: DeviceState) -> Unwritten:
    """What was counted of a device and is in none of its days yet."""
    # A retained message alone, said before we listened, is no sign of life.
    messages = state.messages - state.recorded if state.heard else 0
    hitches = state.hitches
    if hitches is None:
        return Unwritten(messages)
    new = (now - before for now, before in zip(hitches.totals, hitches.recorded, strict=True))
    return Unwritten(messages, *new)


def _totals(state: DeviceState) -> _Totals:
    hitches = state.hitches
    return state.messages, (0, 0, 0) if hitches is None else hitches.totals


def signal_of(values: Mapping[str, object]) -> float | None:
    """How well the device is received, in dBm."""
    return next(
        (value for name in SIGNALS if (value := number(values.get(name))) is not None), None
    )


def battery_of(values: Mapping[str, object]) -> float | None:
    """How full its battery is, in percent; ``None`` for what is no percentage."""
    level = number(values.get("battery_pct"))
    return level if level is not None and 0 <= level <= 100 else None


def _entry(state: DeviceState, new: Unwritten, day: int) -> DeviceDay:
    values = state.peek()
    return DeviceDay(
        day=day,
        device=state.device.row,
        messages=new.messages,
        lost=new.lost,
        reconnects=new.reconnects,
        reboots=new.reboots,
        battery_pct=battery_of(values),
        signal_dbm=signal_of(values),
        heard=state.heard or None,
    )
