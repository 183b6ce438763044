"""A native device as it speaks: its clock, its ``seq``, and what it keeps while nobody hears it."""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

from devices.model import Device
from devices.reading import Value
from devices.simulator.behaviour import FIRMWARE, ORDINARY, Conditions, is_silenced, measure

KEPT: Final = 2_000
"""Readings a device keeps while it is not heard; then the oldest go, as in a real device."""

BURST: Final = 100
"""Objects in one late message: well below the 64 KiB that a payload may have."""

REPEAT_S: Final = 3.0
"""How often a device says its event again until the reply comes."""

_encode: Final = msgspec.json.Encoder().encode


class Outgoing(msgspec.Struct, frozen=True):
    """One message to publish."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


class Event(msgspec.Struct, frozen=True):
    """An event to be repeated, the same to the byte, until the reply to ``seq`` has come."""

    school: str
    device: str
    seq: int
    message: Outgoing


def topic(device: Device, channel: str) -> str:
    """The native topic of a device's channel."""
    return f"campus/{device.school}/{device.kind}/{device.id}/{channel}"


def will(device: Device) -> Outgoing:
    """The last will of the connection that this device holds."""
    return Outgoing(topic(device, "status"), b'{"online":false}', qos=1, retain=True)


class Transmitter:
    """One native device. ``now`` is the simulated time that decides what it measures, ``wall`` the
    real time from which its clock is set; the two differ when a simulation runs fast.
    """

    def __init__(self, device: Device, seed: int, *, first_seq: int = 0) -> None:
        self.device = device
        self._seed = seed
        self._seq = first_seq
        self._kept: deque[dict[str, Value]] = deque(maxlen=KEPT)
        self._telemetry = topic(device, "telemetry")

    def status(self, wall: int, conditions: Conditions = ORDINARY, *, online: bool) -> Outgoing:
        """The retained message about itself."""
        model, firmware = FIRMWARE[self.device.kind]
        body = {**self._head(wall, conditions), "online": online, "fw": firmware, "model": model}
        return Outgoing(topic(self.device, "status"), _encode(body), retain=True)

    def telemetry(
        self, now: int, wall: int, conditions: Conditions = ORDINARY, *, connected: bool = True
    ) -> list[Outgoing]:
        """What it sends now: one message as a rule; nothing while it is silent or not heard; a few
        late messages first, oldest first, once it is heard again.
        """
        if is_silenced(self.device, conditions):
            return []
        body = {
            **self._head(wall, conditions),
            **measure(self.device, self._seed, now, conditions),
        }
        if not (conditions.reachable and connected):
            if conditions.buffers:
                self._kept.append(body)
            return []
        late = list(self._kept)
        self._kept.clear()
        sent = [
            Outgoing(self._telemetry, _encode(late[start : start + BURST]))
            for start in range(0, len(late), BURST)
        ]
        sent.append(Outgoing(self._telemetry, _encode(body)))
        return sent

    def event(
        self,
        name: str,
        wall: int,
        conditions: Conditions = ORDINARY,
        values: dict[str, Value] | None = None,
    ) -> Event:
        """An event of this moment; a new one has a new ``ts`` and ``seq``."""
        head = self._head(wall, conditions)
        body = {**head, "event": name, **(values or {})}
        return Event(
            school=self.device.school,
            device=self.device.id,
            seq=self._seq,
            message=Outgoing(topic(self.device, "event"), _encode(body)),
        )

    def _head(self, wall: int, conditions: Conditions) -> dict[str, Value]:
        self._seq = (self._seq + 1) % 2**32
        return {"ts": wall + conditions.clock_error_ms, "seq": self._seq}
