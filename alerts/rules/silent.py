"""A device is silent, or its last will says that it went offline.

The kind says how often its devices speak and how much later is too late; a device that speaks more
often teaches us to miss it earlier. Nobody is called silent whom we could not have heard: not while
the broker is out of reach or the gateway was down, not while its repeater is quiet, and not until
a full limit after any of that has ended.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
from pydantic import Field, model_validator

from alerts.finding import NOTHING, Finding, Outcome
from alerts.rules.measure import Inputs, tidy
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import MissingFigureError, QuietRule, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Channel, Reading

SILENT: Final = "silent"
OFFLINE: Final = "offline"
WAITING: Final = "waiting"

_STATUS: Final = Channel.STATUS

_LOOK_AGAIN: Final = 60_000
"""ms between looks while a quiet repeater or a lost broker keeps us from knowing."""

_LEAK: Final = 200
"""The usual interval shrinks by 1/200 of the time that passes: to teach that an interval has
become shorter takes hours, that it is longer takes one message."""

_MISSED: Final = 1.25
_LATE: Final = 5_000
"""So many usual intervals, and so many ms more, after which a device has missed its time: enough
to doubt that it is well when others are silent, too little to call it so."""


class SilentParameters(Parameters):
    """When silence means that something is wrong."""

    expected_s: float | None = Field(default=None, gt=0, le=31 * 86_400)
    """It speaks at least this often; the kind's `expected_heartbeat_s` unless given."""

    grace_s: float | None = Field(default=None, ge=0, le=31 * 86_400)
    """How much later it may be; the kind's `grace_s` unless given."""

    times: float = Field(default=3, ge=1.5, le=100)
    """It may miss so many of its own learned intervals, if those are shorter than expected."""

    shortest_s: float = Field(default=60, ge=1, le=86_400)
    """No silence shorter than this counts, however often it speaks."""

    offline_for_s: float = Field(default=30, ge=0, le=86_400)
    """How long it may be offline by its own status: networks flap."""

    settle_s: float = Field(default=120, ge=0, le=86_400)
    """Time devices have to come back after the broker or the gateway was away."""

    priority: PriorityName = "medium"
    """How urgently people must act."""

    @model_validator(mode="after")
    def _within_reason(self) -> SilentParameters:
        if self.expected_s is not None and self.shortest_s > self.expected_s + (self.grace_s or 0):
            raise ValueError("shortest_s must not be more than expected_s and grace_s together")
        return self


class SilentMemory(msgspec.Struct, gc=False):
    """``stage`` is ``""``, or `WAITING` until ``offline`` (ms) when its status says offline, or
    the condition raised. ``usual`` is its longest usual interval (ms, 0 = unknown yet), as of
    ``looked`` (ms), and ``longest`` the longest since then; ``saved`` is what of it is stored.
    ``heard_since`` is when it was heard again after it had been quiet: what is heard through it
    gets its grace from then on.
    """

    stage: str = ""
    usual: int = 0
    saved: int = 0
    longest: int = 0
    looked: int = 0
    offline: int = 0
    heard_since: int = 0


class Silent(QuietRule):
    """Conditions ``silent`` and ``offline``; at most one of them at a time."""

    __slots__ = (
        "_expected",
        "_offline_for",
        "_priority",
        "_settle",
        "_shortest",
        "_times",
        "_too_late",
    )

    Parameters = SilentParameters
    Memory = SilentMemory
    kept = (
        ("usual", int),
        ("stage", str),
    )
    telemetry = True
    events = True
    unhurried = True

    def __init__(self, parameters: SilentParameters, name: str) -> None:
        super().__init__(parameters, name)
        expected = parameters.expected_s
        if expected is None:
            raise MissingFigureError("expected_s")
        grace = expected if parameters.grace_s is None else parameters.grace_s
        self._expected = int(expected * 1000)
        self._too_late = int((expected + grace) * 1000)
        self._times = parameters.times
        self._shortest = int(parameters.shortest_s * 1000)
        self._offline_for = int(parameters.offline_for_s * 1000)
        self._settle = int(parameters.settle_s * 1000)
        self._priority = priority_of(parameters.priority)

    def load(self, data: object) -> SilentMemory:
        """A memory from what `dump` gave."""
        memory: SilentMemory = super().load(data)
        memory.saved = memory.usual
        return memory

    @property
    def soonest(self) -> int:
        """No silence (ms) below this is ever called one, whatever is learned."""
        return min(self._shortest, self._too_late)

    def limit(self, memory: SilentMemory) -> int:
        """The silence (ms) after which it is called silent; never less than what is usual."""
        return min(max(int(memory.usual * self._times), self._shortest), self._too_late)

    def start(self, memory: SilentMemory, state: DeviceState, now: int) -> Outcome | None:
        """Watch it from now on."""
        memory.looked = now
        if not 0 < memory.usual <= self._expected:  # unknown, or learned by other figures
            memory.usual = memory.saved = self._expected
        if memory.stage == WAITING:
            memory.stage = ""  # its status is retained: it comes again
        return None if memory.stage else Outcome(wake=now + self.limit(memory))

    def judge(
        self, memory: SilentMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Learn its interval; heard again is no longer silent."""
        if memory.stage or reading.channel is _STATUS:
            return self._judge_change(memory, state, reading, now)
        if not reading.retained and state.heard:
            pause = max(state.pause, reading.received - state.heard)
            if pause > memory.longest:
                self._learn(memory, pause, reading.received)
        return None

    def tick(self, memory: SilentMemory, state: DeviceState, now: int) -> Outcome | None:
        """Its time is up, unless it was heard meanwhile or could not be heard."""
        if memory.stage in {SILENT, OFFLINE}:
            return None
        if memory.longest:
            shrunk = memory.usual - (now - memory.looked) // _LEAK
            memory.usual = max(shrunk, min(memory.longest, self._expected))
        memory.looked = now
        memory.longest = 0
        save = abs(memory.usual - memory.saved) * 5 > memory.saved
        if save:
            memory.saved = memory.usual
        due, finding = self._due(memory, state, now)
        if now < due:
            return Outcome(wake=due, save=save)
        memory.stage = finding.condition
        return Outcome((finding,), save=True)

    def raised(self, memory: SilentMemory) -> bool:
        """Whether it is called silent or offline."""
        return memory.stage in {SILENT, OFFLINE}

    def restate(self, memory: SilentMemory, heard: int, now: int) -> Finding:
        """What it is called (`raised`), said once more; it was last heard at ``heard`` (ms)."""
        limit = self.limit(memory)
        code = "offline" if memory.stage == OFFLINE else "silent"
        return self._finding(memory.stage, code, heard, limit, heard + limit, now)

    def overdue(self, memory: SilentMemory, state: DeviceState, now: int) -> bool:
        """Whether it has missed its usual time, or has just left, and is not called silent yet."""
        if memory.stage == WAITING:
            return True
        could = max(state.heard, state.started, state.hearing.since)
        halfway = (memory.usual + self.limit(memory)) / 2  # who is missed within seconds
        return now - could > min(memory.usual * _MISSED + _LATE, halfway)

    def quiet(self, memory: SilentMemory, state: DeviceState, now: int) -> bool:
        """Whether what is heard through this device cannot be heard now."""
        return bool(memory.stage) or now >= state.heard + self.limit(memory)

    def _judge_change(
        self, memory: SilentMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        online = reading.values.get("online")
        if reading.channel is _STATUS and online is False:
            if memory.stage:
                return None
            memory.stage = WAITING
            memory.offline = now + self._offline_for
            return Outcome(wake=memory.offline)
        if reading.retained or reading.late:
            return NOTHING  # said before it fell silent; the next one may be news
        passed = reading.received - state.heard
        if passed > memory.longest and state.heard:
            self._learn(memory, passed, reading.received)
        if not memory.stage:
            return None
        condition, memory.stage = memory.stage, ""
        memory.heard_since = memory.looked = reading.received
        waking = now + self.limit(memory)
        if condition == WAITING:
            return Outcome(wake=waking)
        memory.saved = memory.usual
        inputs = {"minutes": tidy(max(passed, 0) / 60_000)}
        code = "heard_again" if state.heard else "heard_at_last"
        why = self.explain(code, inputs if state.heard else {})
        finding = stopped(condition, self._priority, reading.received, now, why)
        return Outcome((finding,), wake=waking, save=True)

    def _learn(self, memory: SilentMemory, passed: int, received: int) -> None:
        """A longer interval (ms) than since we last looked, perhaps than usual."""
        if passed > self.limit(memory):
            memory.heard_since = received  # it had been away
            if passed > self._too_late:
                return  # an outage teaches no interval
        memory.longest = passed
        if passed > memory.usual:
            memory.usual = min(passed, self._expected)

    def _due(self, memory: SilentMemory, state: DeviceState, now: int) -> tuple[int, Finding]:
        """When to raise what, as far as is known now."""
        hearing = state.hearing
        since = max(state.started, hearing.since)
        repeater = None if state.repeater is None else watch_over(state.repeater)
        if repeater is not None:
            since = max(since, repeater[1].heard_since)
        limit = self.limit(memory)
        if memory.stage == WAITING:
            due = max(memory.offline, since + self._settle)
            finding = self._finding(OFFLINE, "offline", state.heard, limit, due, now)
        else:
            due = max(state.heard, since) + limit
            finding = self._finding(SILENT, "silent", state.heard, limit, due, now)
        if now >= due and not _could_be_heard(state, repeater, due, now):
            due = now + min(limit, _LOOK_AGAIN)
        return due, finding

    def _finding(
        self, condition: str, code: str, heard: int, limit: int, due: int, now: int
    ) -> Finding:
        inputs: Inputs = {
            "minutes": tidy((now - heard) / 60_000),
            "limit_minutes": tidy(limit / 60_000),
        }
        if not heard:
            code, inputs = "never_heard", {"limit_minutes": tidy(limit / 60_000)}
        why = self.explain(code, inputs, limit=tidy(limit / 60_000), unit="min")
        return Finding(condition, True, self._priority, min(due, now), now, why)


_Watch: TypeAlias = tuple[Silent, SilentMemory, DeviceState]
"""A device's rule about silence, that one's memory of it, and its state."""


def watch_over(state: DeviceState) -> _Watch | None:
    """What watches over a device's silence; ``None`` when nothing does."""
    for rule, memory in zip(state.rules, state.memories, strict=False):
        if isinstance(rule, Silent):
            return rule, memory, state
    return None


def _could_be_heard(state: DeviceState, repeater: _Watch | None, due: int, now: int) -> bool:
    """Whether we would have heard it, had it spoken.

    A repeater dies at the same moment as what is heard through it, and is missed no earlier: so
    it must have shown a sign of life since the device was due.
    """
    if not state.hearing.connected:
        return False
    if repeater is None:
        return True
    rule, memory, its_state = repeater
    return its_state.heard >= due and not rule.quiet(memory, its_state, now)
