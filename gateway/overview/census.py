"""Counts the devices of each school: good, bad, unknown. From memory, a hundred thousand in a turn.

Nothing is counted where messages are judged. Instead, who is well is not looked at one by one: how
many devices of a kind a school has is known, and those of whom there is something to say are taken
off. They are few, or found by one look at a whole school: who has not been heard.

Good is what the list of devices calls so (`gateway.diagnosing.cause_of`): heard in time and
understood, by a clock that is right, with no alert open and no doubt. Whoever has missed its time
without an alert is unknown: the broker is away, or its repeater, or one of them was until a moment
ago. It is good when it is heard, not before.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Final

import msgspec

from alerts.alert import Alert
from alerts.rules.rule import DeviceState
from alerts.rules.silent import Silent, SilentMemory, watch_over
from devices.model import Device
from gateway.pipeline.roster import Roster

AT_ONCE: Final = 5_000
"""Devices counted before other work gets its turn, about a millisecond."""

_heard: Final = attrgetter("heard")


class Tally(msgspec.Struct, rename={"aside": "out_of_service"}):
    """How many devices are how. Of the unknown, ``aside`` are out of service."""

    good: int = 0
    bad: int = 0
    unknown: int = 0
    aside: int = 0

    @property
    def all(self) -> int:
        """All of them."""
        return self.good + self.bad + self.unknown


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    found = Tally()
    for one in tallies:
        found.good += one.good
        found.bad += one.bad
        found.unknown += one.unknown
        found.aside += one.aside
    return found


class SchoolCensus(msgspec.Struct):
    """The devices of one school by kind, and when one of them was last heard (ms)."""

    kinds: dict[str, Tally]
    heard: int | None

    @property
    def all(self) -> Tally:
        """Of all kinds."""
        return total(self.kinds.values())


class _Watched(msgspec.Struct):
    """Devices whose silence one rule watches over, and what it remembers of each."""

    rule: Silent
    states: list[DeviceState] = []
    memories: list[SilentMemory] = []

    def late(self, now: int, oldest: int) -> list[Device]:
        """Who was not heard for as long as it may be silent; nobody was last heard (ms) before
        ``oldest``.
        """
        limit, soonest = self.rule.limit, self.rule.soonest
        if now - oldest < soonest:
            return []
        return [
            state.device
            for state, memory in zip(self.states, self.memories, strict=True)
            # Cheap comparisons first: the last one finds nearly nobody to look at.
            if (passed := now - state.heard) >= soonest
            and passed >= memory.usual
            and passed >= limit(memory)
        ]


class _Frame(msgspec.Struct):
    """Who belongs to a school, while its ``stamp`` in the roster is this one: what is known of
    those awake, who is not (nothing was heard of them), who is out of service, and who is missed
    after how long.
    """

    stamp: int
    kinds: Counter[str]
    states: list[DeviceState]
    unwoken: list[Device]
    aside: list[Device]
    watched: list[_Watched]


class Census:
    """Counts when asked; what it keeps of a school is made anew when its register changes."""

    def __init__(
        self,
        *,
        roster: Roster,
        alerts: Iterable[Alert],
        doubts: Callable[[], Iterable[int]] = tuple,
    ) -> None:
        """``alerts`` are those open now, each time it is iterated. ``doubts`` gives the rows of
        devices that something else keeps from being heard (`gateway.pipeline.causes`).
        """
        self._roster: Final = roster
        self._alerts: Final = alerts
        self._doubts: Final = doubts
        self._frames: dict[str, _Frame] = {}

    async def take(self, now: int) -> dict[str, SchoolCensus]:
        """All schools that have devices; other work gets its turn between them."""
        bad = self._by_school({alert.device for alert in self._alerts})
        doubtful = self._by_school(self._doubts())
        found: dict[str, SchoolCensus] = {}
        counted = 0
        for school in self._roster.schools():
            frame = self._frame(school)
            found[school] = self._count(frame, bad.get(school, ()), doubtful.get(school, ()), now)
            counted += frame.kinds.total()
            if counted >= AT_ONCE:
                counted = 0
                await asyncio.sleep(0)
        for gone in self._frames.keys() - found.keys():
            del self._frames[gone]
        return found

    def _by_school(self, rows: Iterable[int]) -> dict[str, list[Device]]:
        found: defaultdict[str, list[Device]] = defaultdict(list)
        for device in map(self._roster.device, rows):
            if device is not None:
                found[device.school].append(device)
        return found

    def _frame(self, school: str) -> _Frame:
        frame, stamp = self._frames.get(school), self._roster.stamp(school)
        if frame is None or frame.stamp != stamp:
            frame = self._frames[school] = self._framed(school, stamp)
        return frame

    def _framed(self, school: str, stamp: int) -> _Frame:
        kinds: Counter[str] = Counter()
        states: list[DeviceState] = []
        unwoken: list[Device] = []
        aside: list[Device] = []
        watched: dict[int, _Watched] = {}  # by the identity of the rule, which many share
        for device in self._roster.of_school(school):
            kinds[device.kind] += 1
            state = self._roster.awake(device.row)
            if state is None:
                unwoken.append(device)
            else:
                states.append(state)
                if (watch := watch_over(state)) is not None:
                    same = watched.setdefault(id(watch[0]), _Watched(watch[0]))
                    same.states.append(state)
                    same.memories.append(watch[1])
            if device.out_of_service:
                aside.append(device)
        return _Frame(stamp, kinds, states, unwoken, aside, list(watched.values()))

    def _count(
        self, frame: _Frame, bad: Sequence[Device], doubtful: Sequence[Device], now: int
    ) -> SchoolCensus:
        tallies = {kind: Tally(good=number) for kind, number in frame.kinds.items()}
        for device in bad:
            if (tally := tallies.get(device.kind)) is not None:
                tally.good -= 1
                tally.bad += 1
        states = frame.states
        moments = list(map(_heard, states))
        oldest = min(moments, default=now)
        unknown = [*frame.unwoken, *frame.aside, *doubtful]
        if not oldest:
            unknown += [one.device for one in states if not one.heard]
        for same in frame.watched:
            unknown += same.late(now, oldest)
        unknown += [
            one.device
            for one in states
            if (one.online is False and _has_left(one))
            or (one.hitches is not None and one.hitches.rejected > one.heard)  # what it said last
            or not one.offset.trusted
        ]
        if unknown:
            counted = {device.row for device in bad}
            for device in unknown:
                if device.row not in counted and (tally := tallies.get(device.kind)) is not None:
                    counted.add(device.row)
                    tally.good -= 1
                    tally.unknown += 1
                    tally.aside += device.out_of_service
        return SchoolCensus(tallies, max(moments, default=0) or None)


def _has_left(state: DeviceState) -> bool:
    """Its last will says so, and nothing came after it."""
    return state.online is False and state.online_since >= state.heard
