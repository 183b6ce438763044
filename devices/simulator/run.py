"""Runs a simulated campus: every device speaks in its turn over real MQTT, and a story happens.

Two times: *campus time* decides what devices measure and how often they speak, and may run fast;
*wall time* is what their clocks show, because a gateway would not believe others.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final, TypeAlias

import msgspec
import structlog

from devices.model import Device
from devices.simulator.access import Access
from devices.simulator.behaviour import INTERVALS, is_silenced
from devices.simulator.campus import HUB, Campus
from devices.simulator.command import answer_to
from devices.simulator.foreign import TasmotaPlug, ZigbeeBridge, ZigbeeDevice
from devices.simulator.line import Line
from devices.simulator.press import Pressed, replied_seq
from devices.simulator.scenarios import Act, Stage, Story
from devices.simulator.scenarios.ordinary_day import OrdinaryDay
from devices.simulator.transmitter import REPEAT_S, Event, Outgoing, Transmitter, will

Speaker: TypeAlias = Transmitter | ZigbeeDevice | TasmotaPlug

FIRST_ROUND_MS: Final = 15_000
"""All devices speak once within so long of the start (campus time), not each in its own hour."""

UNANSWERED: Final = 16
"""Events a device goes on repeating; then it forgets the oldest."""

HEARD: Final = ("reply", "command")
"""What the gateway says to devices."""

LOOK_S: Final = 0.2
"""How often the story is asked whether a school's connection is cut."""

_log: Final = structlog.get_logger(__name__)


def wall_ms() -> int:
    """The machine's time in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Counts(msgspec.Struct):
    """What was sent so far. ``repeats`` are events sent again for want of a reply."""

    messages: int = 0
    events: int = 0
    repeats: int = 0
    replies: int = 0


class _Said(msgspec.Struct):
    """An event without a reply, and when it was last said (steady seconds)."""

    event: Event
    at: float


class Simulation:
    """A campus that lives while `run` runs. One task group owns all that it starts."""

    def __init__(
        self,
        campus: Campus,
        *,
        access: Access,
        story: Story | None = None,
        seed: int = 1,
        speed: float = 1.0,
        line_per_device: bool = False,
        repeat_s: float = REPEAT_S,
        wall: Callable[[], int] = wall_ms,
    ) -> None:
        """``speed`` is campus time over wall time. ``line_per_device``: each native device holds a
        connection with a last will of its own; else the school's hub holds one for all.
        """
        if speed <= 0:
            raise ValueError(f"speed = {speed}: expected more than 0")
        self.campus = campus
        self.counts = Counts()
        self._access = access
        self._seed = seed
        self._speed = speed
        self._repeat_s = repeat_s
        self._wall = wall
        self._ordinary = OrdinaryDay(Stage(campus, seed))
        self._story: Story = story or self._ordinary
        self._story_started = self._started = wall()
        self._acts: deque[Act] = deque(self._story.acts)
        self._changed = asyncio.Event()
        self._open: dict[tuple[str, str], deque[_Said]] = {}
        self._replied: dict[tuple[str, str, int], asyncio.Event] = {}
        self._asked: deque[Act] = deque(maxlen=UNANSWERED)
        self.lines: dict[str, Line] = {}
        """By name: a school, ``school/device``, or ``school/zigbee2mqtt``."""

        self._line_of: dict[tuple[str, str], Line] = {}
        self._schools_lines: dict[str, list[Line]] = {}
        self._speakers: dict[tuple[str, str], Speaker] = {}
        self._furnish(line_per_device)

    # Who speaks over which connection

    def _furnish(self, line_per_device: bool) -> None:
        for school in self.campus.schools:
            devices = self.campus.of_school(school.id)
            native = [device for device in devices if device.dialect == "native"]
            for device in native:
                self._speakers[device.key] = Transmitter(device, self._seed)
            if line_per_device:
                for device in native:
                    self._native_line(f"{school.id}/{device.id}", [device], device)
            elif native:
                holder = next((device for device in native if device.id == HUB), native[0])
                self._native_line(school.id, native, holder)
            self._zigbee_line(
                school.id, [device for device in devices if device.dialect == "zigbee2mqtt"]
            )
            for device in devices:
                if device.dialect == "tasmota":
                    plug = TasmotaPlug(device, self._seed)
                    self._speakers[device.key] = plug
                    name = f"{school.id}/{device.id}"
                    self._line(name, [device], plug.will(), plug.greeting)

    def _native_line(self, name: str, devices: Sequence[Device], holder: Device) -> None:
        reply = f"{holder.kind}/{holder.id}" if len(devices) == 1 else "+/+"
        self._line(
            name,
            devices,
            will(holder),
            lambda: self._greet(name, devices, holder),
            subscriptions=[f"campus/{holder.school}/{reply}/{last}" for last in HEARD],
        )

    def _zigbee_line(self, school: str, devices: Sequence[Device]) -> None:
        if not devices:
            return
        speakers = [ZigbeeDevice(device, self._seed) for device in devices]
        self._speakers.update({speaker.device.key: speaker for speaker in speakers})
        bridge = ZigbeeBridge(speakers)
        self._line(f"{school}/zigbee2mqtt", devices, bridge.will(), bridge.greeting)

    def _line(
        self,
        name: str,
        devices: Sequence[Device],
        last_will: Outgoing,
        greeting: Callable[[], Sequence[Outgoing]],
        subscriptions: Sequence[str] = (),
    ) -> None:
        school = devices[0].school
        line = Line(
            name,
            access=self._access,
            credentials=self._access.credentials(school),
            will=last_will,
            greeting=greeting,
            subscriptions=subscriptions,
            heard=self._heard,
        )
        self.lines[name] = line
        self._schools_lines.setdefault(school, []).append(line)
        self._line_of.update({device.key: line for device in devices})

    def _greet(self, name: str, devices: Sequence[Device], holder: Device) -> list[Outgoing]:
        """Everybody's status at first, later only of who held the connection that broke."""
        first = self.lines[name].connections == 0
        wall, elapsed = self._wall(), self._elapsed()
        messages: list[Outgoing] = []
        for device in devices if first else [holder]:
            speaker = self._speakers[device.key]
            conditions = self._story.conditions(device, elapsed)
            if isinstance(speaker, Transmitter) and not is_silenced(device, conditions):
                messages.append(speaker.status(wall, conditions, online=True))
        return messages

    # The story

    def begin(self, story: Story) -> None:
        """From now on this happens; what happened before is over."""
        self._story = story
        self._story_started = self._wall()
        self._acts = deque(story.acts)
        self._changed.set()

    def _elapsed(self) -> int:
        """Campus time since the story began, in ms."""
        return int((self._wall() - self._story_started) * self._speed)

    def _campus_now(self) -> int:
        return self._started + int((self._wall() - self._started) * self._speed)

    # Running

    async def run(self) -> None:
        """Speak until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for name, line in self.lines.items():
                    group.create_task(line.run(), name=f"line {name}")
                group.create_task(self._speak(), name="telemetry")
                group.create_task(self._act(), name="acts")
                group.create_task(self._repeat(), name="repeats")
                group.create_task(self._cut_and_restore(), name="outages")
        finally:
            _log.info("simulator.stopped", **msgspec.structs.asdict(self.counts))

    async def _speak(self) -> None:
        """Every device in its turn, for ever. A turn missed is not made up for."""
        chance = random.Random(self._seed)
        order = count()
        due: list[tuple[float, int, Device]] = []
        start = time.monotonic()
        for device in self.campus.devices:
            first = min(FIRST_ROUND_MS, self._interval(device)) * chance.random()
            due.append((start + first / 1000 / self._speed, next(order), device))
        heapq.heapify(due)
        while due:
            moment, _, device = due[0]
            await self._until(moment)
            if time.monotonic() < moment:
                # The story changed: devices that hurry in it do so from now on.
                due = self._hurry(due)
                continue
            await self._send_telemetry(device)
            pause = self._interval(device) * chance.uniform(0.95, 1.05) / 1000 / self._speed
            heapq.heapreplace(due, (max(moment + pause, time.monotonic()), next(order), device))

    async def _until(self, moment: float) -> None:
        """Sleep until then, or until the story changes."""
        delay = moment - time.monotonic()
        if delay <= 0:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._changed.wait()

    def _hurry(self, due: list[tuple[float, int, Device]]) -> list[tuple[float, int, Device]]:
        self._changed.clear()
        now = time.monotonic()
        sooner = [
            (min(moment, now + self._interval(device) / 1000 / self._speed), turn, device)
            for moment, turn, device in due
        ]
        heapq.heapify(sooner)
        return sooner

    def _interval(self, device: Device) -> int:
        conditions = self._story.conditions(device, self._elapsed())
        return conditions.interval_ms or INTERVALS[device.kind]

    async def _send_telemetry(self, device: Device) -> None:
        line = self._line_of[device.key]
        messages = self._speakers[device.key].telemetry(
            self._campus_now(),
            self._wall(),
            self._story.conditions(device, self._elapsed()),
            connected=line.connected,
        )
        for message in messages:
            await line.send(message)
            self.counts.messages += 1

    async def _act(self) -> None:
        """What the story's devices announce, when its time has come."""
        while True:
            if self._story is not self._ordinary and self._elapsed() >= self._story.length:
                _log.info("simulator.story_over", story=type(self._story).__name__)
                self.begin(self._ordinary)
            while self._acts and self._acts[0].after <= self._elapsed():
                act = self._acts.popleft()
                device = self.campus.device(act.school, act.device)
                _log.info("simulator.event", school=act.school, device=act.device, says=act.event)
                await self._announce(device, act)
            while self._asked:
                act = self._asked.popleft()
                await self._announce(self.campus.device(act.school, act.device), act)
            await asyncio.sleep(LOOK_S / max(1.0, self._speed))

    async def _announce(self, device: Device, act: Act) -> Event | None:
        """Say it now, and again until the reply; ``None`` where the dialect knows no replies."""
        speaker = self._speakers[device.key]
        line = self._line_of[device.key]
        self.counts.events += 1
        if isinstance(speaker, Transmitter):
            conditions = self._story.conditions(device, self._elapsed())
            event = speaker.event(act.event, self._wall(), conditions, act.values)
            said = _Said(event, time.monotonic())
            self._open.setdefault(device.key, deque(maxlen=UNANSWERED)).append(said)
            if line.connected:  # else it is said with the first repetition after the outage
                await line.send(event.message)
            return event
        if isinstance(speaker, ZigbeeDevice) and device.kind == "alarm-button":
            await line.send(speaker.press(self._campus_now()))
            return None
        raise LookupError(f"{device.school}/{device.id} cannot announce {act.event!r}")

    async def _repeat(self) -> None:
        """Say what is not answered again and again, the same to the byte."""
        while True:
            await asyncio.sleep(self._repeat_s / 10)
            waiting = [(key, said) for key, open_ in self._open.items() for said in open_]
            for key, said in waiting:
                line = self._line_of[key]
                is_due = time.monotonic() - said.at >= self._repeat_s
                if is_due and line.connected and said in self._open[key]:
                    said.at = time.monotonic()
                    await line.send(said.event.message)
                    self.counts.repeats += 1

    async def _cut_and_restore(self) -> None:
        while True:
            elapsed = self._elapsed()
            for school, lines in self._schools_lines.items():
                is_down = self._story.is_down(school, elapsed)
                for line in lines:
                    if is_down:
                        line.cut()
                    else:
                        line.restore()
            await asyncio.sleep(LOOK_S / max(1.0, self._speed))

    def _heard(self, topic_name: str, payload: bytes) -> None:
        """A reply: the event with its ``seq`` need not be said again. Or a command."""
        levels = topic_name.split("/")
        if levels[-1] == "command":
            self._obey(levels, payload)
            return
        seq = replied_seq(payload)
        if len(levels) != 5 or seq is None:
            return
        school, device = levels[1], levels[3]
        open_ = self._open.get((school, device), deque())
        for said in [said for said in open_ if said.event.seq == seq]:
            open_.remove(said)
            self.counts.replies += 1
        if (waiting := self._replied.get((school, device, seq))) is not None:
            waiting.set()

    def _obey(self, levels: list[str], payload: bytes) -> None:
        """Answer a ping; carry out nothing else."""
        answer = answer_to(payload, self._wall())
        if answer is None or len(levels) != 5:
            return
        _, school, _, device, _ = levels
        speaker = self._speakers.get((school, device))
        if not isinstance(speaker, Transmitter):
            return
        conditions = self._story.conditions(speaker.device, self._elapsed())
        if not is_silenced(speaker.device, conditions):
            self._asked.append(Act(0, school, device, "answered", answer))

    # What a hand does

    async def press(self, school: str, device: str, *, patience_s: float = 30.0) -> Pressed:
        """Press a button and wait for the reply. Raises ``LookupError`` when it is no button."""
        button = self.campus.device(school, device)
        if button.kind != "alarm-button":
            raise LookupError(f"{school}/{device} is a {button.kind} and no alarm-button")
        start = time.perf_counter()
        event = await self._announce(button, Act(0, school, device, "pressed"))
        if event is None:
            return Pressed(school, device, None, None)
        replied = self._replied.setdefault((school, device, event.seq), asyncio.Event())
        took: float | None = None
        try:
            if all(said.event is not event for said in self._open[button.key]):
                replied.set()  # quicker than we could wait for it
            async with asyncio.timeout(patience_s):
                await replied.wait()
            took = round((time.perf_counter() - start) * 1000, 1)
        except TimeoutError:
            _log.warning("simulator.no_reply", school=school, device=device, seq=event.seq)
        finally:
            del self._replied[school, device, event.seq]
        return Pressed(school, device, event.seq, took)
