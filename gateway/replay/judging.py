"""Judges stored readings as `gateway.pipeline.judge` judged them when they came.

The same rules see the same readings in the same order, and act by themselves at the times they
asked for; the clock is the readings'. What differs is said where it does: an alarm that the gateway
raised and a replay does not, or the other way round, must have another reason than the replay.

A *company* is what has to be judged together: a device by itself, or a repeater and all that are
heard through it. Companies know nothing of each other, so each may run in another process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from alerts.episodes import Episodes
from alerts.finding import Outcome
from alerts.rules.pressed import PRESSES, Pressed
from alerts.rules.rule import DeviceState, Hearing
from devices.dialects.native import Native
from devices.model import Device
from devices.reading import Channel, Reading, Reject, Route
from devices.timekeeping import ROUND, place_in_time, place_with_thought
from gateway.pipeline.glance import Calls, RuleSet
from gateway.pipeline.heard import take_in
from gateway.pipeline.judge import UNHURRIED_MS
from gateway.pipeline.timers import TimerQueue
from gateway.store.batch import ReadingRow

_TELEMETRY: Final = Channel.TELEMETRY
_TICKS_AT_ONCE: Final = 1000
_NEVER: Final = 2**63
_NATIVE: Final = Native()

Stretch: TypeAlias = tuple[int, int]
"""From when until when (ms)."""


class Circumstances(msgspec.Struct, frozen=True):
    """What is known of the past beside the readings. Times in ms.

    ``begin`` is when watching begins. In the stretches of ``deaf``, in order and apart, nobody
    could be heard: the gateway was off or the broker out of reach. ``registered`` says since when
    devices (by row) are, which were not yet at the beginning. ``tests`` are the presses (device row
    and when they happened) that people confirmed to be tests.
    """

    begin: int
    deaf: tuple[Stretch, ...] = ()
    registered: dict[int, int] = msgspec.field(default_factory=dict)
    tests: frozenset[tuple[int, int]] = frozenset()


class Company:
    """Judges the devices that have to be judged together."""

    def __init__(
        self,
        devices: Iterable[Device],
        rules_of: Callable[[Device], RuleSet],
        circumstances: Circumstances,
        episodes: Episodes,
    ) -> None:
        """What its rules find goes into ``episodes``."""
        begin = circumstances.begin
        self._episodes: Final = episodes
        self._hearing: Final = Hearing(begin, connected=True)
        self._deaf: Final = circumstances.deaf
        self._tests: Final = circumstances.tests
        self._deaf_at = 0
        self._timers: Final[TimerQueue[tuple[int, int]]] = TimerQueue()
        self._due = _NEVER
        self._states: Final[dict[int, tuple[DeviceState, RuleSet]]] = {}
        repeaters: dict[tuple[str, str], DeviceState] = {}
        for device in devices:
            rules = rules_of(device)
            started = max(begin, circumstances.registered.get(device.row, begin))
            state = DeviceState(device, self._hearing, started)
            state.rules = rules.rules
            state.memories = [rule.memory() for rule in rules.rules]
            self._states[device.row] = (state, rules)
            repeaters[device.key] = state
        for state, rules in self._states.values():
            device = state.device
            if device.repeater is not None and device.repeater != device.id:
                state.repeater = repeaters.get((device.school, device.repeater))
            for number, rule in enumerate(rules.rules):
                outcome = rule.start(state.memories[number], state, state.started)
                if outcome is not None:
                    self._follow(state, number, outcome)

    def hear(self, rows: Sequence[ReadingRow]) -> None:  # noqa: C901 - one reading after the other
        """Judge the next readings, in the order in which they came."""
        states, follow = self._states, self._follow
        for row, channel, happened, now, body in rows:
            if self._due <= now:
                self._pass(now)
            state, rules = states[row]
            glance = state.glance
            if channel or glance is None or not state.heard <= now:
                self._read_in_full(state, rules, channel, happened, now, body)
                continue
            # As on the hot path of `gateway.pipeline.judge`. ``seq`` is not followed: no rule
            # judges by it.
            whole = now >= state.unhurried_due and rules.unhurried
            values = glance.read_all(body) if whole else glance.read(body)
            if values is None:
                self._read_in_full(state, rules, channel, happened, now, body)
                continue
            at, seq = values.pop("ts"), values.pop("seq")
            reading = Reading(_TELEMETRY, values, now, body, at, happened, seq)
            clock = state.offset
            clock.messages = count = clock.messages + 1
            if not (clock.plain_from <= now - at < clock.plain_to and count % ROUND):
                place_with_thought(reading, clock)
                reading.happened = happened
            state.spoke, state.latest = happened, body
            if whole:
                state.unhurried_due, calls = now + UNHURRIED_MS, glance.all
            else:
                calls = glance.calls
                if now - state.heard > state.pause:  # noqa: PLR1730 - max() is three times this
                    state.pause = now - state.heard
            memories = state.memories
            for number, judge in calls:
                outcome = judge(memories[number], state, reading, now)
                if outcome is not None:
                    follow(state, number, outcome)
            state.heard = now
            if whole:
                state.pause = 0

    def finish(self, until: int) -> None:
        """No more readings come; let happen what does by itself before ``until``."""
        self._pass(until - 1)

    def _read_in_full(
        self, state: DeviceState, rules: RuleSet, channel: int, happened: int, now: int, body: bytes
    ) -> None:
        """What cannot be taken at a glance."""
        device = state.device
        route = Route(device.school, device.id, Channel(channel), device.kind)
        if channel == _TELEMETRY:
            reading = _NATIVE.read_plain(route, body, now)
            if reading is not None:
                glance = rules.glance(body, reading.values)
                if glance is None or glance is not state.glance:
                    state.take_in_latest()
                _place(reading, state, happened)
                state.spoke, state.latest = happened, body
                self._judge_all(state, rules, reading, now)
                state.glance = glance
                return
        found = _NATIVE.read(route, body, now, retained=False)
        if isinstance(found, Reject):
            return  # nothing of what we store; counted as heard all the same when it came
        for reading in found:
            _place(reading, state, happened)
            take_in(state, reading)
            if channel == _TELEMETRY:
                self._judge_all(state, rules, reading, now)
            else:
                self._hear_event(state, rules, reading, now)

    def _hear_event(self, state: DeviceState, rules: RuleSet, reading: Reading, now: int) -> None:
        online = reading.values.get("online")
        if reading.channel is Channel.STATUS and isinstance(online, bool):
            if online is not state.online:
                state.online_since = now
            state.online = online
        calls = rules.events
        if reading.event in PRESSES and (state.device.row, reading.happened) in self._tests:
            calls = tuple(one for one in calls if not isinstance(state.rules[one[0]], Pressed))
        self._judge(state, calls, reading, now)

    def _judge_all(self, state: DeviceState, rules: RuleSet, reading: Reading, now: int) -> None:
        state.unhurried_due = now + UNHURRIED_MS
        self._judge(state, rules.telemetry, reading, now)
        state.pause = 0

    def _judge(self, state: DeviceState, calls: Calls, reading: Reading, now: int) -> None:
        memories = state.memories
        for number, judge in calls:
            outcome = judge(memories[number], state, reading, now)
            if outcome is not None:
                self._follow(state, number, outcome)
        state.heard = now

    def _follow(self, state: DeviceState, number: int, outcome: Outcome) -> None:
        row = state.device.row
        for finding in outcome.findings:
            self._episodes.fold(row, finding)
        if outcome.wake is not None:
            self._timers.set((row, number), outcome.wake)
            self._due = min(self._due, outcome.wake)
        state.unhurried_due = 0

    def _pass(self, now: int) -> None:
        """Let happen by itself what does so up to ``now``, each at its time."""
        timers = self._timers
        while (due := timers.next()) is not None and due <= now:
            at = min(self._listening_at(due), now)
            for row, number in timers.pop_due(at, _TICKS_AT_ONCE):
                state, rules = self._states[row]
                outcome = rules.rules[number].tick(state.memories[number], state, at)
                if outcome is not None:
                    self._follow(state, number, outcome)
        self._listening_at(now)
        self._due = _NEVER if due is None else due

    def _listening_at(self, now: int) -> int:
        """``now``, or when a stretch ended in which nobody could be heard: nothing is concluded
        from the silence in it, and everybody gets their time anew."""
        deaf = self._deaf
        while self._deaf_at < len(deaf) and deaf[self._deaf_at][0] < now:
            _, until = deaf[self._deaf_at]
            self._deaf_at += 1
            self._hearing.since = until
            now = max(now, until)
        return now


def _place(reading: Reading, state: DeviceState, happened: int) -> None:
    """As it was believed when it came; the device's clock is learned anew."""
    place_in_time(reading, state.offset)
    reading.happened = happened


def companies(devices: Iterable[Device]) -> list[list[Device]]:
    """Devices by what has to be judged together."""
    found: dict[tuple[str, str], list[Device]] = {}
    known = {device.key: device for device in devices}
    for device in known.values():
        found.setdefault(_head(device, known).key, []).append(device)
    return list(found.values())


def _head(device: Device, known: dict[tuple[str, str], Any]) -> Device:
    """The repeater at the end of the way by which it is heard; of a ring, one of it."""
    way = {device.key}
    while device.repeater is not None:
        above: Device | None = known.get((device.school, device.repeater))
        if above is None or above.key in way:
            return min((known[key] for key in way), key=lambda one: one.key) if above else device
        way.add(above.key)
        device = above
    return device
