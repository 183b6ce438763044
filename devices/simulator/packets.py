"""MQTT PUBLISH packets encoded once and patched in place: the fuel of load and benchmarks.

One patch a packet sets packet id, ``ts`` and ``seq``, which have a fixed width and lie beside each
other: about 0.2 µs in CPython, so that neither the load generator nor the fake broker is ever what
is being measured.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import msgspec

from devices.model import Device
from devices.simulator.behaviour import measure
from devices.simulator.transmitter import topic

FIRST_SEQ: Final = 1_000_000_000
"""``seq`` starts here, so that it has ten digits for the next three thousand million messages."""

ALARM_EVERY: Final = 1_000
"""One message in so many is an alarm button's event."""

PACKET_IDS: Final = tuple(number.to_bytes(2, "big") for number in range(1, 65_536))
"""All packet ids, in the order in which they are used."""

_ALARM_BODY: Final = b',"event":"pressed"}'


def remaining_length(length: int) -> bytes:
    """The length field of a fixed header (MQTT 5, 1.5.5)."""
    field = bytearray()
    while True:
        length, digit = divmod(length, 128)
        field.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(field)


def publish(
    topic_name: str, payload: bytes, *, qos: int, version: int, packet_id: bytes = b"\0\1"
) -> bytes:
    """One PUBLISH packet. ``version`` is the protocol level: 4 (MQTT 3.1.1) or 5."""
    name = topic_name.encode()
    head = len(name).to_bytes(2, "big") + name
    middle = (packet_id if qos else b"") + (b"\0" if version == 5 else b"")
    body = head + middle + payload
    return bytes([0x30 | qos << 1]) + remaining_length(len(body)) + body


class Packets:
    """An endless sequence of packets of some devices, one message a device and lap.

    Every device counts its own ``seq`` without a gap. Raises ``ValueError`` without devices.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        *,
        seed: int,
        now: int,
        qos: int,
        version: int,
        laps: int = 4,
        alarm_every: int = ALARM_EVERY,
        phase: float = 0.0,
        events_only: bool = False,
    ) -> None:
        """``laps`` differ in what is measured (a minute apart each) and are then repeated;
        ``alarm_every`` 0 = no alarms, ``phase`` (0 to 1) = where between two alarms to begin.
        ``events_only``: all devices are buttons, and all they send is presses. ``now`` in ms.
        """
        if not devices:
            raise ValueError("no devices to send messages of")
        self._qos = qos
        self._version = version
        self._properties = b"\0" if version == 5 else b""
        order = list(devices)
        random.Random(seed).shuffle(order)
        buttons = [device for device in order if device.kind == "alarm-button"]
        packets: list[bytes] = []
        own_seq: list[tuple[int, str]] = []  # index of the packet, id of the button
        lap_starts: list[int] = []
        patch_at: list[int] = []
        alarm_at: list[int] = []
        remainder = int(phase * alarm_every)
        if events_only:
            laps, alarm_every = 1, 0
        # Enough packets for whole thousands, so that the last alarm comes in its turn, too.
        laps = max(laps, -(-2 * alarm_every // len(order)) if buttons else laps)

        def press(button: Device) -> None:
            alarm_at.append(len(packets))
            own_seq.append((len(packets), f"{button.school}/{button.id}"))
            self._add(packets, patch_at, button, "event", _ALARM_BODY)

        for lap in range(laps):
            lap_starts.append(len(packets))
            for device in order:
                if events_only:
                    press(device)
                    continue
                if device.kind == "alarm-button":
                    own_seq.append((len(packets), f"{device.school}/{device.id}"))
                values = msgspec.json.encode(measure(device, seed, now + lap * 60_000))
                self._add(packets, patch_at, device, "telemetry", b"," + values[1:])
                if buttons and alarm_every and len(packets) % alarm_every == remainder:
                    press(buttons[len(alarm_at) % len(buttons)])
        self._buffer = bytearray().join(packets)
        self._starts = [0, *accumulate(map(len, packets))]
        self._patch_at = [start + at for start, at in zip(self._starts[:-1], patch_at, strict=True)]
        self._own = own_seq
        self._own_at = [index for index, _ in own_seq]
        self._own_seq = {name: FIRST_SEQ - 1 for _, name in own_seq}
        self._alarm_at = alarm_at
        self._laps = [*lap_starts, len(packets)]
        self._next = 0
        self._lap = 0
        self._lap_seq = FIRST_SEQ
        self._packet_id = 0
        self.alarms = 0
        """Alarms among the packets taken so far."""

    def _add(
        self,
        packets: list[bytes],
        patch_at: list[int],
        device: Device,
        channel: str,
        rest: bytes,
    ) -> None:
        body = b'{"ts":0000000000000,"seq":0000000000' + rest
        packet = publish(topic(device, channel), body, qos=self._qos, version=self._version)
        before = (2 if self._qos else 0) + len(self._properties)
        packets.append(packet)
        patch_at.append(len(packet) - len(body) - before)

    @property
    def per_cycle(self) -> int:
        """Packets until the sequence repeats, but for id, ``ts`` and ``seq``."""
        return len(self._patch_at)

    def take(self, count: int, now: int) -> tuple[bytes, int]:
        """The next packets as one piece of bytes, and how many: ``count``, or fewer at the end
        of a lap. ``now`` (ms) becomes their ``ts``.
        """
        start = self._next
        end = min(start + count, self._laps[self._lap + 1])
        head = b'%b{"ts":%013d,"seq":' % (self._properties, now)
        self._patch(start, end, head)
        taken = bytes(memoryview(self._buffer)[self._starts[start] : self._starts[end]])
        self._next = end
        if end == self._laps[self._lap + 1]:
            self._lap += 1
            self._lap_seq += 1
            if self._lap == len(self._laps) - 1:
                self._lap = 0
                self._next = 0
        return taken, end - start

    def _patch(self, start: int, end: int, head: bytes) -> None:
        buffer = self._buffer
        text = head + b"%010d" % self._lap_seq
        width = len(text) + (2 if self._qos else 0)
        places = self._patch_at[start:end]
        if self._qos:
            first = self._packet_id
            ids = PACKET_IDS[first : first + end - start]
            if len(ids) < end - start:
                ids += PACKET_IDS[: end - start - len(ids)]
            self._packet_id = (first + end - start) % 65_535
            for at, packet_id in zip(places, ids, strict=True):
                buffer[at : at + width] = packet_id + text
        else:
            for at in places:
                buffer[at : at + width] = text
        # Buttons speak on two channels and so count for themselves.
        seq_at = width - 10
        own = self._own_seq
        low = bisect_left(self._own_at, start)
        high = bisect_left(self._own_at, end)
        for index, name in self._own[low:high]:
            own[name] = seq = own[name] + 1
            at = self._patch_at[index] + seq_at
            buffer[at : at + 10] = b"%010d" % seq
        self.alarms += bisect_left(self._alarm_at, end) - bisect_left(self._alarm_at, start)
