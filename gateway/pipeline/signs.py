"""What is known of the devices of a school, as signs for or against an outage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from alerts.correlation import Life, Sign, chain
from alerts.rules.rule import DeviceState
from alerts.rules.silent import OFFLINE, WAITING, watch_over
from gateway.names import NameBook
from gateway.pipeline.outs import Out, Outs
from gateway.pipeline.roster import Roster
from gateway.pipeline.upstream import Upstream

APART: Final = frozenset({"police-link"})
"""Kinds whose silence is always an alert of its own: without them no alarm reaches the police."""

_Known: TypeAlias = tuple[Life, int, int, bool, bool]
"""As the fields of `Sign`: life, since, until, willed, unheard."""


def span_of(state: DeviceState, condition: str) -> tuple[int, int] | None:
    """Between which moments (ms) the device went out; ``None`` when nothing watches over it."""
    watch = watch_over(state)
    if watch is None:
        return None
    could = max(state.heard, state.started, state.hearing.since)
    since = state.heard or could
    if condition == OFFLINE:
        return since, since  # its last will, and it counts as heard
    return since, could + watch[0].limit(watch[1])


def is_out(state: DeviceState) -> bool:
    """Whether it is called silent or offline."""
    watch = watch_over(state)
    return watch is not None and watch[0].raised(watch[1])


def limit_of(out: Out, roster: Roster) -> int:
    """The silence (ms) after which its rule misses who is out."""
    state = roster.awake(out.device.row)
    watch = None if state is None else watch_over(state)
    return 0 if watch is None else watch[0].limit(watch[1])


def signs_of(
    school: str, roster: Roster, upstream: Upstream, outs: Outs, names: NameBook, now: int
) -> Iterator[Sign]:
    """What is known of each device of the school that says something."""
    chains: dict[str | None, tuple[str, ...]] = {}
    for device in roster.of_school(school):
        state = roster.awake(device.row)
        if state is None or device.out_of_service or device.kind in APART:
            continue
        known = _life(state, outs.get(device.row), now)
        if known is None:
            continue
        life, since, until, willed, unheard = known
        places = chains.get(device.place)
        if places is None:
            places = chains[device.place] = chain(names.around(school, device.place))
        yield Sign(
            device=device.row,
            life=life,
            since=since,
            until=until,
            places=places,
            through=upstream.scopes(device),
            willed=willed,
            unheard=unheard,
        )


def _life(state: DeviceState, out: Out | None, now: int) -> _Known | None:
    if out is not None:
        if out.checked:
            return None  # it may be on its way back
        return Life.OUT, out.since, out.until, out.condition == OFFLINE, out.unheard
    watch = watch_over(state)
    if watch is None or (state.repeater is not None and _quiet(state.repeater, now)):
        return None  # nobody could tell
    rule, memory, _ = watch
    could = max(state.heard, state.started, state.hearing.since)
    if rule.overdue(memory, state, now):
        willed = memory.stage == WAITING and bool(state.heard)
        since = state.heard or could
        until = since if willed else could + rule.limit(memory)
        return Life.OVERDUE, since, until, willed, not state.heard
    return (Life.ALIVE, state.heard, state.heard, False, False) if state.heard else None


def _quiet(repeater: DeviceState, now: int) -> bool:
    watch = watch_over(repeater)
    return watch is not None and watch[0].quiet(watch[1], repeater, now)
