"""How a device is heard right now, for whoever asks why it is red."""

from __future__ import annotations

from alerts.evidence import Counts, CutOff, RejectsSeen, RepeaterSeen
from alerts.rules.rule import DeviceState
from alerts.rules.silent import watch_over
from devices.kinds import KindSpec
from gateway.desk import DeviceConnection
from gateway.pipeline.device_days import battery_of, signal_of, unwritten


def connection_of(
    state: DeviceState, spec: KindSpec, now: int, cut_off: CutOff | None = None
) -> DeviceConnection:
    """What the gateway knows of a device's connection at the time ``now`` (ms)."""
    watch = watch_over(state)
    repeater = None if state.repeater is None else watch_over(state.repeater)
    since = max(state.started, state.hearing.since)
    if repeater is not None:
        since = max(since, repeater[1].heard_since)
    clock, counted, values = state.offset, unwritten(state), dict(state.peek())
    return DeviceConnection(
        heard=state.heard or None,
        expected=spec.expected_heartbeat_s * 1000,
        limit=spec.silent_after_ms if watch is None else watch[0].limit(watch[1]),
        listening=since,
        online=state.online,
        online_since=state.online_since,
        known=state.online is not None or bool(values),
        clock_error=clock.error,
        delay=_delay(state),
        numbered=state.due_seq is not None,
        battery_pct=battery_of(values),
        signal_dbm=signal_of(values),
        firmware=state.firmware,
        values=values,
        repeater=None if state.repeater is None else _repeater(state.repeater, now),
        rejects=_rejects(state),
        unwritten=Counts(
            messages=counted.messages,
            lost=counted.lost,
            reconnects=counted.reconnects,
            reboots=counted.reboots,
        ),
        cut_off=cut_off,
    )


def _delay(state: DeviceState) -> int | None:
    """How long the newest message was under way; a clock that is wrong cannot tell."""
    clock = state.offset
    if clock.error is None or not clock.trusted or not state.heard:
        return None
    return max(0, state.heard - state.spoke)


def _repeater(state: DeviceState, now: int) -> RepeaterSeen:
    watch = watch_over(state)
    could = state.hearing.connected
    since = max(state.started, state.hearing.since)
    silent = False
    if watch is not None:
        rule, memory, _ = watch
        # Not heard since a start is silent only once it could have been heard.
        newest = max(state.heard, since)
        silent = could and (rule.raised(memory) or now >= newest + rule.limit(memory))
    return RepeaterSeen(
        id=state.device.id,
        heard=state.heard or None,
        online=state.online,
        online_since=state.online_since,
        silent=silent,
    )


def _rejects(state: DeviceState) -> RejectsSeen | None:
    hitches = state.hitches
    if hitches is None or not hitches.rejects:
        return None
    return RejectsSeen(
        count=sum(hitches.rejects.values()),
        since=hitches.rejects_since,
        last=hitches.rejected,
        reason=hitches.reason,
        detail=hitches.detail,
    )
