"""The gateway's own troubles: what keeps it from hearing, keeping or telling is an alert, too.

Functions from a `Health` and what was found before to findings about the gateway itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from alerts.finding import Explanation, Finding, Priority
from alerts.rules.measure import Inputs, tidy

RULE: Final = "gateway_health"

FEED_LOST: Final = "feed_lost"
FEED_STALLED: Final = "feed_stalled"
HEARS_LATE: Final = "hears_late"
SLOW_COMMITS: Final = "slow_commits"
OWN_CLOCK: Final = "own_clock"
DISK_FULL: Final = "disk_full"
REJECTS_MANY: Final = "rejects_many"

_FEED_CODES: Final = {
    FEED_LOST: "broker_lost",
    FEED_STALLED: "stalled",
    HEARS_LATE: "late",
    SLOW_COMMITS: "slow_commits",
    OWN_CLOCK: "clock",
    DISK_FULL: "disk_full",
    REJECTS_MANY: "rejects",
}
"""What the page calls them beside the feed (catalogue keys ``feed.…``)."""

_LEAK: Final = 200
"""The usual gap between messages shrinks by 1/200 of the time that passes in shorter ones."""

_CLOCK_HELD: Final = 600_000
"""ms for which a jump of the clock stays an alert: people should see it, and it is over at once."""


class HealthLimits(BaseModel):
    """From when on the gateway's own figures are an alert. Defaults of ours, not a standard's."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    lost_after_s: float = Field(default=10, ge=0)
    """Without a connection to the broker for so long: shorter ones are reconnects."""

    stalled_after_s: float = Field(default=30, gt=0)
    """No message for so long, and for three times the longest usual gap between messages."""

    first_message_s: float = Field(default=7200, gt=0)
    """No message for so long while it is not yet known how often they come."""

    late_after_s: float = Field(default=120, gt=0)
    """For so long devices have not been heard as they speak, because the gateway is late itself:
    meanwhile nobody's silence is judged."""

    slow_commit_ms: float = Field(default=1000, gt=0)
    """One in a hundred commits takes so long: alarms wait for the disk."""

    clock_jump_ms: float = Field(default=2000, gt=0)
    """How far the wall clock may move beyond the time that really passed."""

    least_free_bytes: int = Field(default=1_000_000_000, ge=0)
    """Less than this free on the disk of the store."""

    rejects_per_minute: int = Field(default=100, ge=1)
    """So many rejected messages a minute, of all devices together."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway's own figures at one moment. Times in ms since 1970 UTC.

    ``connected_since`` is since when it is connected, or not; ``error`` why not, in the words of
    the connection. ``late_since`` is since when it hears late what devices say, though it is
    connected; ``None`` = it does not. ``rate`` is in messages a second and ``commit_p99_ms`` of the
    recent commits. ``clock_jump_ms`` is how far the wall clock moved beyond the time that passed
    since the last look. ``full``: telemetry is no longer taken in for want of space.
    """

    connected: bool
    connected_since: int
    error: str = ""
    late_since: int | None = None
    last_message: int | None = None
    rate: float = 0.0
    devices: int = 0
    commit_p99_ms: float = 0.0
    clock_jump_ms: float = 0.0
    free_bytes: int | None = None
    full: bool = False
    rejects_per_minute: float = 0.0


class HealthMemory(msgspec.Struct):
    """What was found before: ``known`` is which conditions were true, when last looked.

    ``usual_gap`` is the longest usual gap between messages (ms, 0 = unknown), ``jump`` the last
    jump of the clock (ms) and ``jumped`` when (ms) it was seen.
    """

    known: dict[str, bool] = {}
    last_message: int = 0
    usual_gap: int = 0
    jump: float = 0.0
    jumped: int = 0

    @property
    def trouble(self) -> tuple[str, ...]:
        """Codes of what is wrong now, as `gateway.desk.Feed` names them."""
        return tuple(code for name, code in _FEED_CODES.items() if self.known.get(name))


_Verdict: TypeAlias = "tuple[bool | None, int, Explanation]"
"""Whether the condition is true (``None`` = as it was), since when (ms), and why."""

_Judgement: TypeAlias = "Callable[[Health, HealthMemory, HealthLimits, int], _Verdict]"


def judge_health(
    health: Health, memory: HealthMemory, limits: HealthLimits, now: int
) -> tuple[Finding, ...]:
    """What became true or stopped since the last look.

    The first look also says what is not true: alerts of before a restart may be over.
    """
    _remember(health, memory, limits, now)
    findings = []
    for condition, (priority, judge) in _CONDITIONS.items():
        verdict, since, why = judge(health, memory, limits, now)
        if verdict is None or verdict is memory.known.get(condition):
            continue
        memory.known[condition] = verdict
        happened = since if verdict else now
        findings.append(Finding(condition, verdict, priority, happened, now, why))
    return tuple(findings)


def _remember(health: Health, memory: HealthMemory, limits: HealthLimits, now: int) -> None:
    last = health.last_message
    if last is not None and last != memory.last_message:
        # A gap in which we could not hear anybody is none between messages.
        gap = last - max(memory.last_message, health.connected_since)
        if memory.last_message and gap > memory.usual_gap:
            memory.usual_gap = gap
        elif gap > 0:
            memory.usual_gap -= min(gap // _LEAK, memory.usual_gap)
        memory.last_message = last
    if abs(health.clock_jump_ms) >= limits.clock_jump_ms:
        memory.jump = health.clock_jump_ms
        memory.jumped = now


def _feed_lost(health: Health, memory: HealthMemory, limits: HealthLimits, now: int) -> _Verdict:
    seconds = tidy((now - health.connected_since) / 1000)
    if health.connected:
        return False, now, _why("feed_back", {}, limit=limits.lost_after_s, unit="s")
    code = "feed_lost_because" if health.error else "feed_lost"
    inputs = {"seconds": seconds, "error": health.error[:200]}
    why = _why(code, inputs, limit=limits.lost_after_s, unit="s")
    # Short of the limit a broken connection is neither lost nor back.
    return True if seconds >= limits.lost_after_s else None, health.connected_since, why


def _feed_stalled(health: Health, memory: HealthMemory, limits: HealthLimits, now: int) -> _Verdict:
    last = max(health.last_message or 0, health.connected_since)
    allowed = (
        max(limits.stalled_after_s, 3 * memory.usual_gap / 1000)
        if memory.usual_gap
        else limits.first_message_s
    )
    seconds = (now - last) / 1000
    stalled = health.connected and health.devices > 0 and seconds >= allowed
    why = _why(
        "feed_stalled" if stalled else "feed_flows",
        {"seconds": tidy(seconds), "allowed_seconds": tidy(allowed)},
        limit=tidy(allowed),
        unit="s",
    )
    return stalled, last, why


def _hears_late(health: Health, memory: HealthMemory, limits: HealthLimits, now: int) -> _Verdict:
    since = now if health.late_since is None else health.late_since
    seconds = (now - since) / 1000
    late = seconds >= limits.late_after_s
    why = _why(
        "hears_late" if late else "hears_in_time",
        {"seconds": tidy(seconds)},
        limit=limits.late_after_s,
        unit="s",
    )
    # Late, but not for so long yet, is neither.
    return late if late or health.late_since is None else None, since, why


def _slow_commits(health: Health, memory: HealthMemory, limits: HealthLimits, now: int) -> _Verdict:
    slow = _with_hysteresis(health.commit_p99_ms, limits.slow_commit_ms)
    code = "slow_commits" if slow else "commits_fast"
    inputs = {"commit_ms": tidy(health.commit_p99_ms)}
    return slow, now, _why(code, inputs, limit=limits.slow_commit_ms, unit="ms")


def _own_clock(health: Health, memory: HealthMemory, limits: HealthLimits, now: int) -> _Verdict:
    # `now` may itself have jumped back, to before the jump was seen.
    wrong = memory.jumped > 0 and abs(now - memory.jumped) < _CLOCK_HELD
    code = ("own_clock_ahead" if memory.jump > 0 else "own_clock_back") if wrong else "own_clock_ok"
    inputs = {"seconds": tidy(abs(memory.jump) / 1000)}
    why = _why(code, inputs, limit=limits.clock_jump_ms / 1000, unit="s")
    return wrong, memory.jumped, why


def _disk_full(health: Health, memory: HealthMemory, limits: HealthLimits, now: int) -> _Verdict:
    free = health.free_bytes
    least = limits.least_free_bytes
    inputs = {"free_gb": None if free is None else tidy(free / 1e9)}
    if health.full:
        return True, now, _why("disk_full", inputs, limit=tidy(least / 1e9), unit="GB")
    if free is not None and free < least:
        return True, now, _why("disk_nearly_full", inputs, limit=tidy(least / 1e9), unit="GB")
    # A little more than the limit must be free, or every reading would raise and clear it.
    roomy = free is None or free >= least * 1.2
    why = _why("disk_has_room", inputs, limit=tidy(least / 1e9), unit="GB")
    return (False if roomy else None), now, why


def _rejects_many(health: Health, memory: HealthMemory, limits: HealthLimits, now: int) -> _Verdict:
    many = _with_hysteresis(health.rejects_per_minute, limits.rejects_per_minute)
    inputs = {"per_minute": tidy(health.rejects_per_minute)}
    code = "rejects_many" if many else "rejects_few"
    return many, now, _why(code, inputs, limit=limits.rejects_per_minute, unit="1/min")


_CONDITIONS: Final[dict[str, tuple[Priority, _Judgement]]] = {
    FEED_LOST: (Priority.HIGH, _feed_lost),
    FEED_STALLED: (Priority.HIGH, _feed_stalled),
    HEARS_LATE: (Priority.HIGH, _hears_late),
    SLOW_COMMITS: (Priority.MEDIUM, _slow_commits),
    OWN_CLOCK: (Priority.MEDIUM, _own_clock),
    DISK_FULL: (Priority.HIGH, _disk_full),
    REJECTS_MANY: (Priority.LOW, _rejects_many),
}


def _with_hysteresis(value: float, limit: float) -> bool | None:
    """True from the limit on, false up to half of it, in between as it was."""
    if limit / 2 < value < limit:
        return None
    return value >= limit


def _why(code: str, inputs: Inputs, *, limit: float, unit: str) -> Explanation:
    return Explanation(RULE, code, dict(inputs), limit, unit)
