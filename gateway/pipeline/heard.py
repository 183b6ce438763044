"""What a reading tells of its device, whatever the rules make of it."""

from __future__ import annotations

from typing import Final

from alerts.rules.rule import DeviceState
from devices.model import Device
from devices.reading import Channel, Origin, Reading, Reject, RejectReason, Value
from devices.timekeeping import made_at
from gateway.pipeline.work import Work
from gateway.store.batch import Fact
from gateway.store.encoding import canonical

BIRTH_AWAITED_MS: Final = 300_000
"""How long nodes are given to say anew who they are; thousands are asked one after the other."""


def take_in(state: DeviceState, reading: Reading) -> None:
    """What a reading tells of its device, whatever the rules make of it."""
    count_on(state, reading)
    state.values.update(reading.values)


def count_on(state: DeviceState, reading: Reading) -> None:
    """Its sequence number and its time."""
    seq = reading.seq
    if seq is not None:
        count_gap(state, seq, reading)
    state.spoke = reading.happened


def count_gap(state: DeviceState, seq: int, reading: Reading) -> None:
    """What a sequence number that was not due tells of messages before it."""
    due = state.due_seq
    if due is None or seq == due:
        state.due_seq = seq + 1
        return
    hitches = state.hitch()
    made = made_at(reading, state.offset)
    newest = max(hitches.newest, state.spoke)
    later = None if made is None else made > newest
    if later is False:
        hitches.newest = newest
    state.due_seq = hitches.step(due, seq, later=later)


def fill_in(state: DeviceState, reading: Reading) -> None:
    """Values that nothing is known of yet."""
    for name, value in reading.values.items():
        state.values.setdefault(name, value)


def take_status(state: DeviceState, reading: Reading, now: int, work: Work) -> None:
    """Whether the broker has it connected."""
    online = reading.values.get("online")
    if isinstance(online, bool) and online is not state.online:
        if online and state.online is False:
            state.hitch().reconnects += 1
        state.online = online
        state.online_since = now
        work.batch.states[state.device.row] = b""  # filled by `Judge.finish`


def is_fault(reject: Reject, state: DeviceState, now: int) -> bool:
    """Whether a reject tells of a fault: to wait a while for a birth is none, after a start."""
    if reject.reason is not RejectReason.BIRTH:
        return True
    hitches = state.hitches
    return (
        hitches is not None
        and bool(hitches.rejects)
        and (now - hitches.rejects_since > BIRTH_AWAITED_MS)
    )


def event_fact(device: Device, reading: Reading) -> Fact:
    """An event as people will one day have to prove it."""
    return Fact(
        kind="event",
        happened=reading.happened,
        known=reading.received,
        actor=f"{Origin(reading.origin).name.lower()}:{device.school}/{device.id}",
        subject=f"device:{device.school}/{device.id}",
        body=canonical(
            {
                "at": reading.at,
                "event": reading.event,
                "late": reading.late,
                "retained": reading.retained,
                "seq": reading.seq,
                "test": reading.test,
                "values": reading.values,
            }
        ),
    )


def own_reading(values: dict[str, Value], now: int) -> Reading:
    """What the gateway found out, as a reading of ``now``."""
    return Reading(
        Channel.TELEMETRY, values, now, canonical(values), happened=now, origin=Origin.PROBE
    )
