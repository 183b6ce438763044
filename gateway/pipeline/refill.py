"""Fills the windows that rules look back on again, from the readings stored before a restart.

In the background: a thread reads, a few thousand devices at a time, and the loop merges for a few
milliseconds at a time, so that neither the first commit nor an alarm waits for it. What arrives
meanwhile is judged with what there is; a rule puts the past before it (`Rule.refill`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from alerts.rules.rule import DeviceState, Rule
from gateway.clock import Clock
from gateway.pipeline.roster import Roster
from gateway.store.store import History, StoreError

_log: Final = structlog.get_logger(__name__)

DEVICES_AT_ONCE: Final = 4000
"""Devices read at once: at ten points each some 10 MB."""

SLICE_S: Final = 0.003
"""How long the loop merges before it lets others in."""

TRIES: Final = 3
AGAIN_S: Final = 2.0
AWAKE_LOOK_S: Final = 0.1

Points: TypeAlias = dict[tuple[int, str], list[Any]]
"""Points (ms, value), oldest first, by device row and metric: what `History.recent` gives."""


class Wanted(msgspec.Struct, frozen=True):
    """What has to be read: which metrics, how far back (ms), and for which devices (by row)."""

    metrics: tuple[str, ...]
    length: int
    devices: tuple[int, ...]


def wanted(roster: Roster) -> Wanted:
    """What the rules of all registered devices look back on."""
    metrics: dict[str, None] = {}
    length, devices = 0, []
    windows: dict[int, tuple[tuple[str, int], ...]] = {}  # by rule set: thousands share one
    for device in roster.devices():
        row = device.row
        if roster.awake(row) is None:
            continue
        rules = roster.rules(row)
        found = windows.get(id(rules))
        if found is None:
            found = tuple(w for rule in rules.rules if (w := rule.window()) is not None)
            windows[id(rules)] = found
        if found:
            devices.append(row)
            for metric, window in found:
                metrics[metric] = None
                length = max(length, window)
    return Wanted(tuple(metrics), length, tuple(sorted(devices)))


async def refill_windows(roster: Roster, history: History, clock: Clock) -> int:
    """Fill them, once, after a start; returns how many devices got a past.

    What cannot be read is tried again and then left: windows also fill by themselves with what
    arrives.
    """
    # Memories are there once their devices are awake; the roster knows no event loop.
    while not roster.all_awake:  # noqa: ASYNC110
        await asyncio.sleep(AWAKE_LOOK_S)
    want = wanted(roster)
    since = clock.now() - want.length
    filled = 0
    for start in range(0, len(want.devices), DEVICES_AT_ONCE):
        some = want.devices[start : start + DEVICES_AT_ONCE]
        points = await _read(history, want.metrics, since, (some[0], some[-1]))
        filled += await _merge(roster, points, some, clock)
    _log.info("windows.filled", devices=filled, of=len(want.devices))
    return filled


async def _read(
    history: History, metrics: Sequence[str], since: int, devices: tuple[int, int]
) -> Points:
    for tried in range(1, TRIES + 1):
        try:
            return await asyncio.to_thread(history.recent, metrics, since, devices)
        except (StoreError, SQLAlchemyError) as error:
            _log.warning("windows.unread", error=str(error), tried=tried)
            await asyncio.sleep(AGAIN_S)
    return {}


async def _merge(roster: Roster, points: Points, rows: Iterable[int], clock: Clock) -> int:
    filled = 0
    begun = clock.steady()
    for row in rows:
        state = roster.awake(row)
        if state is not None and _refill(state, state.rules, points):
            filled += 1
        if clock.steady() - begun > SLICE_S:
            await asyncio.sleep(0)
            begun = clock.steady()
    return filled


def _refill(state: DeviceState, rules: Sequence[Rule], points: Points) -> bool:
    filled = False
    for rule, memory in zip(rules, state.memories, strict=True):
        window = rule.window()
        if window is None:
            continue
        past = points.get((state.device.row, window[0]))
        if past:
            rule.refill(memory, past)
            filled = True
    return filled
