"""Devices that know what they said and what the broker acknowledged, over one raw connection.

Temperature sensors publish numbered readings at QoS 1. Alarm buttons behave as a native alarm
device must: an event is said again, the same to the byte, until the gateway's `reply` arrives.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from typing import Final

import msgspec

from devices.model import Device
from devices.simulator.packets import publish
from devices.simulator.transmitter import topic

SCHOOL: Final = "no3-middle"
WINDOW: Final = 2000
"""Messages under way to the broker at most: one that does not answer is not flooded."""

OUTSTANDING: Final = 6
"""Events of one button that wait for their reply; then nobody presses it any more."""

REPEAT_S: Final = 1.0
TICK_S: Final = 0.02
VERSION: Final = 4  # MQTT 3.1.1: its packets are the shortest

Said = tuple[str, int, int]
"""An event: button, ``ts``, ``seq``."""


class Reply(msgspec.Struct):
    """What the gateway answers once an event is committed."""

    ts: int
    seq: int


class Ledger:
    """What was said, and what the broker, and what the gateway acknowledged."""

    def __init__(self) -> None:
        self.measured: dict[str, int] = {}
        """By sensor: the last ``seq`` it used; it used every one from 1 on."""

        self.kept: set[tuple[str, int]] = set()
        """Readings (sensor, ``seq``) that the broker acknowledged."""

        self.events: dict[Said, str] = {}
        self.kept_events: set[Said] = set()
        self.replied: set[Said] = set()

    @property
    def outstanding(self) -> int:
        """Events without a reply."""
        return len(self.events) - len(self.replied)


class Crowd:
    """All devices of a school behind one concentrator. `run` publishes until `stop`."""

    def __init__(
        self,
        *,
        port: int,
        seed: int,
        sensors: int = 200,
        buttons: int = 40,
        readings_per_s: float = 400.0,
        presses_per_s: float = 12.0,
        silent_after_s: int = 20,
    ) -> None:
        """``silent_after_s`` is when a sensor counts as silent: a restart must not make it so."""
        heartbeat: dict[str, dict[str, object]] = {
            "silent": {
                "expected_s": silent_after_s,
                "grace_s": 0,
                "shortest_s": silent_after_s,
                "settle_s": silent_after_s,
            }
        }
        self.sensors: Final = [
            Device(SCHOOL, f"temp-{n:03}", "temperature", row=n, parameters=heartbeat)
            for n in range(1, sensors + 1)
        ]
        self.buttons: Final = [
            Device(SCHOOL, f"button-{n:03}", "alarm-button", row=sensors + n)
            for n in range(1, buttons + 1)
        ]
        self.ledger: Final = Ledger()
        self.port = port
        self._chance: Final = random.Random(seed)
        self._readings_per_s: Final = readings_per_s
        self._presses_per_s: Final = presses_per_s
        self._turns: Final = self._take_turns()
        self._waiting: dict[str, dict[Said, tuple[bytes, float]]] = {
            button.id: {} for button in self.buttons
        }
        self._last: dict[str, tuple[int, int]] = {}
        self._under_way: dict[int, tuple[str, int] | Said] = {}
        self._packet = 0
        self.speaking = True
        """Whether sensors speak still: then none is rightly called silent."""

        self.silent_after: Final = silent_after_s * 1000
        """For how long (ms) a sensor may say nothing."""

    @property
    def all_spoke(self) -> bool:
        """Whether the broker has a reading of each sensor."""
        return {sensor for sensor, _ in self.ledger.kept} == {one.id for one in self.sensors}

    def stop(self) -> None:
        """Nothing new is said; events without a reply are still repeated."""
        self.speaking = False

    async def run(self) -> None:
        """Until cancelled; a lost connection is made again at once."""
        while True:
            try:
                await self._speak()
            except (OSError, EOFError, TimeoutError):
                # What was under way may or may not have arrived: nobody promised anything.
                self._under_way.clear()
                await asyncio.sleep(0.1)

    async def _speak(self) -> None:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            name = b"proof-crowd"
            body = b"\0\4MQTT\4\2\0\x3c" + len(name).to_bytes(2, "big") + name
            writer.write(b"\x10" + bytes([len(body)]) + body)
            pattern = f"campus/{SCHOOL}/alarm-button/+/reply".encode()
            body = b"\0\1" + len(pattern).to_bytes(2, "big") + pattern + b"\0"
            writer.write(b"\x82" + bytes([len(body)]) + body)
            hearing = asyncio.create_task(self._hear(reader))
            try:
                await self._publish(writer, hearing)
            finally:
                hearing.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError, EOFError):
                    await hearing
        finally:
            writer.transport.abort()

    async def _publish(self, writer: asyncio.StreamWriter, hearing: asyncio.Task[None]) -> None:
        owed_readings = owed_presses = 0.0
        last = pinged = answered = time.monotonic()
        seen = len(self._under_way)
        while not hearing.done():
            now = time.monotonic()
            if self.speaking:
                owed_readings = min(owed_readings + (now - last) * self._readings_per_s, 400)
                owed_presses = min(owed_presses + (now - last) * self._presses_per_s, 20)
            last = now
            while owed_readings >= 1 and len(self._under_way) < WINDOW:
                owed_readings -= 1
                writer.write(self._measure())
            while owed_presses >= 1:
                owed_presses -= 1
                self._press()
            for packet in self._due(now):
                writer.write(packet)
            if now - pinged > 20:
                pinged = now
                writer.write(b"\xc0\0")
            if not self._under_way or len(self._under_way) < seen:
                answered = now
            seen = len(self._under_way)
            if now - answered > 8:
                raise TimeoutError("the broker acknowledges nothing")
            async with asyncio.timeout(8):  # wait_for would now and then swallow a cancellation
                await writer.drain()
            await asyncio.sleep(TICK_S)
        hearing.result()

    def _take_turns(self) -> Iterator[Device]:
        while True:
            yield from self.sensors

    def _measure(self) -> bytes:
        sensor = next(self._turns)
        seq = self.ledger.measured.get(sensor.id, 0) + 1
        self.ledger.measured[sensor.id] = seq
        celsius = 21 + self._chance.random()
        payload = b'{"ts":%d,"seq":%d,"temperature_c":%.2f}' % (_now(), seq, celsius)
        return self._packed(sensor, "telemetry", payload, (sensor.id, seq))

    def _press(self) -> None:
        button = self._chance.choice(self.buttons)
        waiting = self._waiting[button.id]
        if len(waiting) >= OUTSTANDING:
            return
        ts, seq = self._last.get(button.id, (0, 0))
        ts, seq = max(_now(), ts + 1), seq + 1
        self._last[button.id] = (ts, seq)
        event = "pressed" if self._chance.random() < 0.7 else "released"
        said = (button.id, ts, seq)
        self.ledger.events[said] = event
        waiting[said] = (b'{"ts":%d,"seq":%d,"event":"%b"}' % (ts, seq, event.encode()), 0.0)

    def _due(self, now: float) -> Iterator[bytes]:
        for button in self.buttons:
            waiting = self._waiting[button.id]
            for said, (payload, due) in list(waiting.items()):
                if now >= due:
                    waiting[said] = (payload, now + REPEAT_S)
                    yield self._packed(button, "event", payload, said)

    def _packed(
        self, device: Device, channel: str, payload: bytes, what: tuple[str, int] | Said
    ) -> bytes:
        while True:
            self._packet = self._packet % 65_535 + 1
            if self._packet not in self._under_way:
                break
        self._under_way[self._packet] = what
        return publish(
            topic(device, channel),
            payload,
            qos=1,
            version=VERSION,
            packet_id=self._packet.to_bytes(2, "big"),
        )

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        while True:
            kind = (await reader.readexactly(1))[0]
            body = await reader.readexactly(await _length(reader))
            if kind == 0x40:
                self._acknowledged(int.from_bytes(body[:2], "big"))
            elif kind & 0xF0 == 0x30:
                size = 2 + int.from_bytes(body[:2], "big")
                self._replied(body[2:size].decode().split("/")[3], body[size:])
            elif kind == 0x20 and body[1] != 0:
                raise ConnectionError(f"the broker refused the devices: code {body[1]}")

    def _acknowledged(self, packet: int) -> None:
        what = self._under_way.pop(packet, None)
        if what is None:
            return
        if len(what) == 2:
            self.ledger.kept.add(what)
        else:
            self.ledger.kept_events.add(what)

    def _replied(self, button: str, body: bytes) -> None:
        reply = msgspec.json.decode(body, type=Reply)
        said = (button, reply.ts, reply.seq)
        if said in self.ledger.events:
            self.ledger.replied.add(said)
            self._waiting[button].pop(said, None)


async def _length(reader: asyncio.StreamReader) -> int:
    """The remaining length (MQTT 3.1.1, 2.2.3)."""
    length = shift = 0
    while True:
        digit = (await reader.readexactly(1))[0]
        length |= (digit & 0x7F) << shift
        if not digit & 0x80:
            return length
        shift += 7


def _now() -> int:
    return time.time_ns() // 1_000_000
