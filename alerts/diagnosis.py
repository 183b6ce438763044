"""Why a device is red: what is known of it, put into reasons, the most telling first.

Pure: `Evidence` is gathered by whoever asks. What is true of all devices (the gateway hears nobody)
or was decided by a person (out of service) blames no device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from alerts.alert import Alert
from alerts.evidence import Evidence, Input, Reason, Verdict
from alerts.finding import Priority
from alerts.rules import battery, clock_wrong, rejected
from alerts.rules.measure import tidy
from alerts.unheard import (
    CONDITIONS,
    TOGETHER,
    is_silent,
    reasons_of_silence,
    rejected_since,
    rejects_reason,
)
from devices.timekeeping import LONGEST, TOLERANCE

MINUTE: Final = 60_000
HOUR: Final = 3_600_000
DAY: Final = 86_400_000

ZONE_SLACK: Final = 5 * MINUTE
"""So near to whole hours a wrong clock looks like a time zone."""

ZONES: Final = 14
"""Hours that a time zone is away from UTC at most."""

CHINA: Final = 8
"""Hours: where nearly all our devices stand."""

LOSING_PCT: Final = 5.0
"""Percent of messages lost, within two days, from which it is said. Default of ours."""

LEAST_MESSAGES: Final = 20
"""Messages without which a share of lost ones tells nothing."""

WEAK_DBM: Final = -90.0
"""At or below it Wi-Fi and Zigbee lose messages; said only when some were lost. From memory."""

WEAKEST_DBM: Final = -115.0
"""At or below it even LoRa is near its end. From memory, default only."""

WEAK_LOSS_PCT: Final = 1.0

OFTEN: Final = 10
"""Reconnects a day from which a network is said to flap. Default of ours."""

RESTARTS: Final = 4
"""New starts within two days from which they are said. Default of ours."""

BATTERY_SOON: Final = 30
"""Days before its end from which a battery is said to end."""


_BATTERY: Final = (battery.CRITICAL, battery.LOW)
_SAID: Final = frozenset({*CONDITIONS, *_BATTERY, clock_wrong.CONDITION, rejected.CONDITION})
"""Conditions that have reasons of their own here, while they are active."""


def diagnose(evidence: Evidence) -> tuple[Reason, ...]:
    """Why the device is red, or why nobody can tell: the most telling reason first."""
    reasons = [*_for_everybody(evidence)]
    if not reasons:
        for look in _LOOKS:
            reasons += look(evidence)
    reasons += _of_alerts(evidence)
    return tuple(sorted(reasons, key=_rank))


def verdict_of(reasons: tuple[Reason, ...]) -> Verdict:
    """What the reasons come to."""
    if any(one.priority is not None and one.priority <= Priority.LOW for one in reasons):
        return Verdict.TROUBLE
    return Verdict.UNKNOWN if any(one.priority is None for one in reasons) else Verdict.OK


def _rank(reason: Reason) -> tuple[int, int]:
    if reason.priority is Priority.EMERGENCY:
        return (0, 0)
    if reason.code in _OF_EVERYBODY or reason.code in TOGETHER:
        return (1, 0)
    return (2, 9 if reason.priority is None else int(reason.priority))


def _for_everybody(evidence: Evidence) -> list[Reason]:
    """What blames no device."""
    if evidence.deaf:
        return [Reason(code=f"gateway_{evidence.deaf}", advice=f"gateway_{evidence.deaf}")]
    if evidence.out_of_service:
        return [Reason(code="out_of_service", advice="out_of_service")]
    return []


_OF_EVERYBODY: Final = frozenset(
    {"gateway_broker_lost", "gateway_disk_full", "gateway_stalled", "out_of_service"}
)


# Heard, and yet not well


def _some_rejected(evidence: Evidence) -> list[Reason]:
    seen, standing = evidence.rejects, evidence.alert(rejected.CONDITION)
    if seen is None:
        return [] if standing is None else [_stands(standing)]
    lately = evidence.now - seen.last <= HOUR
    newest = bool(rejected_since(evidence, Priority.LOW))
    if newest and (is_silent(evidence) or evidence.heard is None):
        return []  # said as the cause of its silence
    if standing is None and not (lately or newest):
        return []
    if standing is not None:
        return [rejects_reason(seen, "some_rejected", standing.priority)]
    # What came after it was understood: worth knowing, and no trouble of now.
    return [rejects_reason(seen, "some_rejected", Priority.LOW if newest else Priority.NOTICE)]


def _clock(evidence: Evidence) -> list[Reason]:
    error, standing = evidence.clock_error, evidence.alert(clock_wrong.CONDITION)
    if error is None or abs(error) <= TOLERANCE:
        return [] if standing is None else [_stands(standing)]
    size, way = abs(error), "fast" if error > 0 else "slow"
    hours = round(size / HOUR)
    if size > LONGEST:
        code = "clock_unset"
    elif 1 <= hours <= ZONES and abs(size - hours * HOUR) <= ZONE_SLACK:
        code = f"clock_china_{way}" if hours == CHINA else f"clock_zone_{way}"
    else:
        code = f"clock_{way}"
    return [
        Reason(
            code=code,
            advice="clock_zone" if "zone" in code or "china" in code else "clock",
            inputs={"error_ms": size, "hours": hours},
            priority=Priority.LOW if standing is None else standing.priority,
            since=None if standing is None else standing.raised,
        )
    ]


def _battery(evidence: Evidence) -> list[Reason]:
    standing, ends = evidence.alert(*_BATTERY), evidence.battery_ends
    days = None if ends is None else max(0, ends - evidence.now // DAY)
    if standing is None:
        if days is None or days > BATTERY_SOON or is_silent(evidence):
            return []
        inputs: dict[str, Input] = {"days": days, "battery_pct": evidence.battery_pct}
        return [Reason(code="battery_ends", advice="battery", inputs=inputs, priority=Priority.LOW)]
    if evidence.battery_pct is None:
        return [_stands(standing)]
    inputs = {"battery_pct": tidy(evidence.battery_pct)}
    code = "battery_dying" if standing.condition == battery.CRITICAL else "battery_low"
    return [
        Reason(
            code=code,
            advice="battery",
            inputs=inputs,
            priority=standing.priority,
            since=standing.raised,
        )
    ]


def _way(evidence: Evidence) -> list[Reason]:
    """What gets lost between it and us."""
    reasons: list[Reason] = []
    recent, signal = evidence.recent, evidence.signal_dbm
    loss = recent.loss_pct if recent.messages + recent.lost >= LEAST_MESSAGES else None
    losing = loss is not None and loss >= LOSING_PCT
    lossy = loss is not None and loss >= WEAK_LOSS_PCT
    if signal is not None and (signal <= WEAKEST_DBM or (signal <= WEAK_DBM and lossy)):
        inputs: dict[str, Input] = {"signal_dbm": tidy(signal)}
        priority = Priority.LOW if losing else Priority.NOTICE
        reasons.append(
            Reason(code="signal_poor", advice="signal", inputs=inputs, priority=priority)
        )
    if losing and loss is not None:
        inputs = {"loss_pct": tidy(loss), "lost": recent.lost}
        reasons.append(Reason(code="losing", advice="losing", inputs=inputs, priority=Priority.LOW))
    if recent.reconnects_a_day >= OFTEN:
        inputs = {"reconnects": round(recent.reconnects_a_day)}
        reasons.append(
            Reason(code="reconnects", advice="signal", inputs=inputs, priority=Priority.LOW)
        )
    if recent.reboots >= RESTARTS:
        inputs = {"reboots": recent.reboots}
        reasons.append(Reason(code="reboots", advice="power", inputs=inputs, priority=Priority.LOW))
    return reasons


_LOOKS: Final[tuple[Callable[[Evidence], list[Reason]], ...]] = (
    reasons_of_silence,
    _some_rejected,
    _clock,
    _battery,
    _way,
)


# Its alerts


def _of_alerts(evidence: Evidence) -> list[Reason]:
    """Open alerts that nothing above speaks of."""
    said = CONDITIONS if _for_everybody(evidence) else _SAID
    return [_stands(one) for one in evidence.alerts if not (one.active and one.condition in said)]


def _stands(alert: Alert) -> Reason:
    """An alert speaks for itself while it is active; afterwards somebody still has to see it."""
    if alert.active or alert.emergency:
        return Reason(
            code="alert",
            advice="alert",
            priority=alert.priority,
            since=alert.raised,
            explanation=alert.explanation,
            alert=alert.id,
        )
    return Reason(
        code="alert_over",
        advice="alert_over",
        inputs={"condition": alert.condition},
        priority=alert.priority,
        since=alert.returned,
        alert=alert.id,
    )
