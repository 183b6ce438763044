"""Compares sensors with their neighbours once an hour, and says to their rules how they read.

Whoever has a rule `OutOfCalibration` is compared: with all others at the same place when there are
enough of them, else with all in the same building. The hours come from the roll-ups, in a thread
and one group after the other; nothing waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from alerts.neighbours import DAY, HOUR, LEAST_NEIGHBOURS, LOOK_BACK, Hours, compare
from alerts.rules.out_of_calibration import VALUE, OutOfCalibration, said_of
from devices.model import Device
from devices.reading import Value
from gateway.clock import Clock
from gateway.history.hours import hour_means
from gateway.names import NameBook, RegisterNames
from gateway.pipeline.flow import Flow
from gateway.pipeline.judge import Judge
from gateway.pipeline.roster import Roster
from gateway.store.store import Store, StoreError

_log: Final = structlog.get_logger(__name__)

LOOK_S: Final = 20.0
"""How often it looks whether another hour is over: our clock may be set meanwhile."""

SETTLED_MS: Final = 5 * 60_000
"""After the full hour: what came late and what waits to be rolled up is there by then."""

AT_ONCE: Final = 50
"""Sensors told of in one turn, some 5 ms: an alarm may be waiting behind it."""

MOST: Final = 40
"""Sensors that are compared with each other; more tell nothing more."""


ROOM_DEPTH: Final = 3
"""Building, floor, room: a place less deep may be a whole floor, whose rooms differ for good."""


class Group(msgspec.Struct, frozen=True):
    """Sensors of one quantity (``metric``), by row: those to be compared and all to compare with.

    ``room``: they are in one room, not only on one floor or in one building.
    """

    metric: str
    room: bool
    wanted: tuple[int, ...]
    rows: tuple[int, ...]


_Key: TypeAlias = tuple[str, str, str]


def groups(devices: Iterable[tuple[Device, str]], book: NameBook) -> list[Group]:
    """Who is compared with whom, of devices with the metric that is compared of each.

    A device without a place has no neighbours.
    """
    near: dict[_Key, list[int]] = {}
    buildings: dict[_Key, list[int]] = {}
    rooms: set[_Key] = set()
    holding = {
        (school, place.parent)
        for school, places in book.places.items()
        for place in places.values()
    }
    for device, metric in devices:
        around = book.around(device.school, device.place)
        if around and not device.out_of_service:
            key = (device.school, around[0], metric)
            near.setdefault(key, []).append(device.row)
            buildings.setdefault((device.school, around[-1], metric), []).append(device.row)
            if len(around) >= ROOM_DEPTH and (device.school, around[0]) not in holding:
                rooms.add(key)
    found = [
        Group(key[2], room=key in rooms, wanted=some, rows=some)
        for key, rows in near.items()
        for some in _shared_out(rows)
    ]
    placed = {row for group in found for row in group.rows}
    for (_, _, metric), rows in buildings.items():
        for some in _shared_out(rows):
            left = tuple(row for row in some if row not in placed)
            if left:
                found.append(Group(metric, room=False, wanted=left, rows=some))
    return found


def _shared_out(rows: Sequence[int]) -> list[tuple[int, ...]]:
    """In as few groups as may be, of about one size; none when they are too few for one."""
    if len(rows) <= LEAST_NEIGHBOURS:
        return []
    count = -(-len(rows) // MOST)
    return [tuple(rows[number::count]) for number in range(count)]


class Comparing:
    """Goes through all groups, and hands what it found to the rules of each sensor."""

    def __init__(
        self,
        *,
        flow: Flow,
        judge: Judge,
        store: Store,
        names: RegisterNames,
        clock: Clock,
        look_s: float = LOOK_S,
    ) -> None:
        self._flow: Final = flow
        self._judge: Final = judge
        self._store: Final = store
        self._names: Final = names
        self._clock: Final = clock
        self._look_s: Final = look_s

    async def run(self) -> None:
        """Compare soon after each full hour, until cancelled."""
        hour = (self._clock.now() - SETTLED_MS) // HOUR
        while True:
            await asyncio.sleep(self._look_s)
            now = (self._clock.now() - SETTLED_MS) // HOUR
            if now != hour:
                hour = now
                await self.compare_all()

    async def compare_all(self) -> int:
        """Compare them all; returns how many could be compared.

        Groups that cannot be read or kept now wait for the next hour.
        """
        book = await asyncio.to_thread(lambda: self._names.book)
        compared = 0
        for group in groups(_compared(self._judge.roster), book):
            try:
                said = await asyncio.to_thread(self._said, group, self._clock.now())
                await self._tell(said)
            except (StoreError, SQLAlchemyError) as error:
                _log.warning("neighbours.uncompared", error=str(error), sensors=len(group.rows))
                continue
            compared += len(said)
            await asyncio.sleep(0)
        return compared

    def _said(self, group: Group, now: int) -> list[tuple[int, Value]]:
        until = now - now % HOUR
        since = until - LOOK_BACK * DAY
        hours = self._store.read(hour_means(group.rows, group.metric, since, until))
        return [
            (row, said)
            for row in group.wanted
            if (said := _compared_with(row, hours, group, now)) is not None
        ]

    async def _tell(self, said: Sequence[tuple[int, Value]]) -> None:
        for start in range(0, len(said), AT_ONCE):
            work = self._flow.work()
            for row, value in said[start : start + AT_ONCE]:
                self._judge.hear_of(row, {VALUE: value}, work.batch.now, work)
            await self._flow.write_down(work)


def _compared(roster: Roster) -> list[tuple[Device, str]]:
    return [
        (device, rule.metric)
        for device in roster.devices()
        if roster.awake(device.row) is not None
        for rule in roster.rules(device.row).rules
        if isinstance(rule, OutOfCalibration)
    ]


def _compared_with(row: int, hours: Mapping[int, Hours], group: Group, now: int) -> Value:
    others = [each for other, each in hours.items() if other != row]
    comparison = compare(hours[row], others, now)
    return None if comparison is None else said_of(group.metric, comparison, room=group.room)
