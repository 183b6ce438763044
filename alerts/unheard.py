"""Why a device is not heard: the causes that can be told, the most telling first, then the fact.

Silent is what its rule about silence calls so (`alerts.rules.silent`), or who has left by its last
will. Nobody is silent whom we could not have heard for long enough.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.evidence import CutOff, Evidence, Input, Reason, RejectsSeen
from alerts.finding import Priority
from alerts.rules import silent
from alerts.rules.measure import tidy

HOUR: Final = 3_600_000
DAY: Final = 86_400_000

BATTERY_EMPTY_PCT: Final = 5.0
"""A device that is silent and had no more than this has probably no battery left."""

CONDITIONS: Final = (silent.SILENT, silent.OFFLINE)

TOGETHER: Final = frozenset({"cut_off", "cut_off_over"})
"""Reasons of a device that is not heard together with others: nobody knows how it is itself."""

UNHEARD: Final = "unheard"
"""The reason of one of which nobody can tell yet whether it is one of many."""


def is_silent(evidence: Evidence) -> bool:
    """Whether it should have been heard and was not, or has left."""
    return _has_left(evidence) or _is_late(evidence)


def _has_left(evidence: Evidence) -> bool:
    return evidence.online is False and evidence.online_since >= (evidence.heard or 0)


def _is_late(evidence: Evidence) -> bool:
    if evidence.alert(*CONDITIONS) is not None:
        return True
    newest = max(evidence.heard or 0, evidence.listening)
    return evidence.now - newest >= evidence.limit


def reasons_of_silence(evidence: Evidence) -> list[Reason]:
    """Why it is not heard; then that it is not."""
    cut_off = evidence.cut_off
    if cut_off is not None and cut_off.alert:
        return [
            _together(cut_off),
            *rejected_since(evidence, Priority.MEDIUM),
            *_speaks_elsewhere(evidence, Priority.MEDIUM),
        ]
    if evidence.by_recorder and _has_left(evidence):
        return [Reason(code="not_at_recorder", advice="not_at_recorder")]
    standing = evidence.alert(*CONDITIONS)
    if not is_silent(evidence):
        return _not_yet(evidence)
    priority = Priority.MEDIUM if standing is None else standing.priority
    causes = [
        *rejected_since(evidence, priority),
        *_repeater_down(evidence, priority),
        *_speaks_elsewhere(evidence, priority),
        *_left(evidence, priority),
        *_battery_empty(evidence, priority),
    ]
    silence = _bare_silence(evidence, None if standing is None else priority)
    if cut_off is not None:
        # Nobody is blamed for a silence that may be one of many.
        unknown = [msgspec.structs.replace(one, priority=None) for one in silence]
        silence = [Reason(code=UNHEARD, advice=UNHEARD, since=cut_off.since), *unknown]
    return [*causes, *silence]


def _together(cut_off: CutOff) -> Reason:
    """The cause that it shares with others; what is wrong there says nothing about the device."""
    code = "cut_off_over" if cut_off.over else "cut_off"
    return Reason(
        code=code,
        advice=code,
        inputs={"alert": cut_off.alert, "devices": cut_off.devices},
        since=cut_off.since,
        alert=cut_off.alert,
    )


def _not_yet(evidence: Evidence) -> list[Reason]:
    """Nobody can tell: it was not heard for as long as it may take, counted from when we listen."""
    heard, waited = evidence.heard, evidence.now - evidence.listening
    inputs: dict[str, Input] = {"waited_ms": max(0, waited), "expected_ms": evidence.expected}
    if heard is None:
        causes = [
            *rejected_since(evidence, Priority.MEDIUM),
            *_speaks_elsewhere(evidence, Priority.MEDIUM),
        ]
        code = "retained_only" if evidence.known else "never_heard"
        return [*causes, Reason(code=code, advice=code, inputs=inputs)]
    if evidence.now - heard < evidence.limit:
        return []
    inputs["silent_ms"] = evidence.now - heard
    return [Reason(code="waiting", advice="waiting", inputs=inputs, since=evidence.listening)]


def rejected_since(evidence: Evidence, priority: Priority) -> list[Reason]:
    """That it sends, and nothing was understood since it was last heard; not if long ago."""
    seen = evidence.rejects
    if seen is None or seen.last <= (evidence.heard or 0):
        return []
    if evidence.now - seen.last > max(HOUR, 2 * evidence.limit):
        return []
    return [rejects_reason(seen, "rejected", priority)]


def rejects_reason(seen: RejectsSeen, code: str, priority: Priority) -> Reason:
    """Rejected messages as the reason ``code``; what to do follows from why they are."""
    return Reason(
        code=code,
        advice=f"rejected_{seen.reason}",
        inputs={"count": seen.count, "reason": seen.reason, "detail": seen.detail},
        priority=priority,
        since=seen.since,
    )


def _repeater_down(evidence: Evidence, priority: Priority) -> list[Reason]:
    repeater = evidence.repeater
    if repeater is None:
        return []
    gone = repeater.online is False and repeater.online_since >= (repeater.heard or 0)
    if not (gone or repeater.silent):
        return []
    since = repeater.online_since if gone else repeater.heard
    inputs: dict[str, Input] = {"repeater": repeater.id}
    return [
        Reason(
            code="repeater_down",
            advice="repeater_down",
            inputs=inputs,
            priority=priority,
            since=since,
        )
    ]


def _speaks_elsewhere(evidence: Evidence, priority: Priority) -> list[Reason]:
    elsewhere = evidence.elsewhere
    if elsewhere is None:
        return []
    stranger = elsewhere.stranger
    return [
        Reason(
            code=f"elsewhere_{elsewhere.by}",
            advice="elsewhere",
            inputs={"other": stranger.id, "address": stranger.address},
            priority=priority,
            since=stranger.first_seen,
        )
    ]


def _left(evidence: Evidence, priority: Priority) -> list[Reason]:
    if not _has_left(evidence):
        return []
    since = evidence.online_since
    inputs: dict[str, Input] = {"gone_ms": max(0, evidence.now - since)}
    return [Reason(code="left", advice="left", inputs=inputs, priority=priority, since=since)]


def _battery_empty(evidence: Evidence, priority: Priority) -> list[Reason]:
    level, ends = evidence.battery_pct, evidence.battery_ends
    over = ends is not None and ends <= evidence.now // DAY
    if level is None or not (level <= BATTERY_EMPTY_PCT or over):
        return []
    inputs: dict[str, Input] = {"battery_pct": tidy(level)}
    return [Reason(code="battery_empty", advice="battery", inputs=inputs, priority=priority)]


def _bare_silence(evidence: Evidence, priority: Priority | None) -> list[Reason]:
    """``priority`` is its alert's; without one, who never spoke is unknown and no trouble."""
    inputs: dict[str, Input] = {"expected_ms": evidence.expected, "limit_ms": evidence.limit}
    heard = evidence.heard
    if heard is None:
        code = "retained_only" if evidence.known else "never_heard"
        inputs["waited_ms"] = max(0, evidence.now - evidence.listening)
        return [Reason(code=code, advice=code, inputs=inputs, priority=priority)]
    inputs["silent_ms"] = max(0, evidence.now - heard)
    if _has_left(evidence) and not _is_late(evidence):
        return []  # that it left says it all
    return [
        Reason(
            code="silent",
            advice="silent",
            inputs=inputs,
            priority=priority or Priority.MEDIUM,
            since=heard,
        )
    ]
