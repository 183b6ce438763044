"""Asks recorders that are registered here for their channels, and tells what they say of cameras.

A catalog is asked for after a registration, when a recorder says that its channels changed, and
now and then. What it says becomes readings of the cameras; a recorder that goes offline takes its
channels with it, and is looked at at once (`gateway.recordings.service`), so that one alert tells
of it. Channels that nobody registered are discoveries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol, TypeAlias
from zlib import crc32

import structlog

from devices.model import Device
from devices.reading import Channel as Level
from devices.reading import Origin, Reading, Reject, RejectReason, Route, Value
from devices.recording.channel_state import DIALECT, ChannelState
from devices.recording.gb28181 import GONE, Channel, Event, Platform, Refusal, Refused, Registered
from devices.recording.gb28181.registrations import MISSED
from devices.recording.source import RecordingError
from gateway.clock import Clock
from gateway.gb28181.channels import Seen, seen_of, understood
from gateway.gb28181.desk import RecorderView
from gateway.gb28181.mailbox import Mail, Mailbox
from gateway.metrics import Metrics
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.work import Work
from gateway.recordings.apart import Apart
from gateway.settings_recordings import Gb28181Settings, RecorderSettings
from gateway.store.batch import Fact
from gateway.store.encoding import canonical
from gateway.store.store import StoreError

_log: Final = structlog.get_logger(__name__)

TELL_S: Final = 240.0
"""Cameras of which only their recorder tells are told of so often: else they would be called silent
(kind `camera`)."""

REPEAT_MS: Final = 3_600_000
"""What is told of a camera that others watch as well is said again after so long."""

START_S: Final = 5.0
"""The first looks after a start are spread over so long."""

REST_MS: Final = 10_000
"""A recorder is asked no more often, whatever it says of changes."""

AGAIN_MS: Final = 300_000
"""After a question that came to nothing."""

COUNT_S: Final = 5.0

AT_ONCE: Final = 8
"""Recorders that are asked at the same time: hundreds come back together after a power cut."""

_Key: TypeAlias = "tuple[str, str]"

_REASONS: Final = {
    Refused.PASSWORD: RejectReason.FORBIDDEN,
    Refused.BROKEN: RejectReason.SYNTAX,
    Refused.CONTENT: RejectReason.SHAPE,
    Refused.COMMAND: RejectReason.TOPIC,
}


class Keeper(Protocol):
    """What is needed of the flow."""

    def work(self) -> Work:
        """An empty piece of work at the present time."""
        ...

    async def keep(self, work: Work) -> None:
        """Commit what is so in memory already. Raises `StoreError`."""
        ...

    def wake_timers(self) -> None:
        """A timer was set from outside the flow."""
        ...


class _Recorder:
    """One recorder, as it was last."""

    def __init__(self, settings: RecorderSettings) -> None:
        self.settings: Final = settings
        self.device: Final = settings.device or ""
        self.expected: Final = {camera: one.channel for camera, one in settings.cameras.items()}
        self.wake: Final = asyncio.Event()
        self.wanted = True
        """Whether its catalog is to be asked for as soon as may be."""
        self.asked = 0
        self.tried = 0
        self.discovered = 0
        self.trouble = ""
        self.registered: Registered | None = None
        self.was_registered: bool | None = None
        self.catalog: tuple[Channel, ...] | None = None
        self.seen = Seen(states={})

    def due(self, every: int, now: int) -> int:
        """When (ms) its catalog is to be asked for."""
        if self.wanted:
            return self.tried + REST_MS if self.tried else now
        return self.tried + AGAIN_MS if self.trouble else self.asked + every


class Channels:
    """All recorders of GB/T 28181 of the settings (`ChannelsDesk`)."""

    def __init__(
        self,
        recorders: Iterable[RecorderSettings],
        settings: Gb28181Settings,
        *,
        platform: Platform,
        mailbox: Mailbox,
        apart: Apart,
        flow: Keeper,
        judge: Judge,
        discoveries: Discoveries,
        rejects: Rejects,
        clock: Clock,
        metrics: Metrics,
        look_soon: Callable[[_Key], None],
    ) -> None:
        """``look_soon`` has a recorder looked at now, which tells whether it answers."""
        self._recorders: Final = {
            one.key: _Recorder(one) for one in recorders if one.kind == "gb28181"
        }
        self._by_device: Final = {one.device: one for one in self._recorders.values()}
        self._configured: Final = {
            (one.settings.school, camera)
            for one in self._recorders.values()
            for camera in one.expected
        }
        self._every: Final = round(settings.catalog_minutes * 60_000)
        # A recorder registers anew when its keep-alive is refused, or unanswered three times.
        self._settle: Final = settings.keepalive_s * MISSED * 1000
        self._platform: Final = platform
        self._mailbox: Final = mailbox
        self._apart: Final = apart
        self._flow: Final = flow
        self._judge: Final = judge
        self._discoveries: Final = discoveries
        self._rejects: Final = rejects
        self._clock: Final = clock
        self._metrics: Final = metrics
        self._look_soon: Final = look_soon
        self._turns: Final = asyncio.Semaphore(AT_ONCE)
        self._told: Final[dict[_Key, tuple[ChannelState, int]]] = {}
        self._home: Final[dict[_Key, _Key]] = {}
        """The recorder that listed an adopted camera first, and tells of it: two may list it."""
        self._began = clock.now()

    # What people see (`ChannelsDesk`)

    def recorder(self, key: _Key) -> RecorderView | None:
        """One of them; ``None``: not of GB/T 28181, or nothing is known of it yet."""
        one = self._recorders.get(key)
        if one is None or one.was_registered is None:
            return None
        cameras = [each for each in one.catalog or () if each.camera]
        listed = {each.id for each in cameras}
        return RecorderView(
            registered=one.registered is not None,
            since=None if one.registered is None else one.registered.since,
            asked=one.asked or None,
            trouble=one.trouble,
            listed=len(listed),
            online=0
            if one.registered is None
            else len({each.id for each in cameras if each.online}),
            missing=tuple(
                camera for camera, state in one.seen.states.items() if state is ChannelState.MISSING
            ),
            strangers=len(one.seen.strangers),
        )

    def channel(self, camera: _Key) -> ChannelState | None:
        """How its recorder says a camera is."""
        told = self._told.get(camera)
        return None if told is None else told[0]

    # What runs

    async def run(self) -> None:
        """Until cancelled."""
        self._began = self._clock.now()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="gb28181 mail")
            tasks.create_task(self._count(), name="gb28181 counters")
            for one in self._recorders.values():
                tasks.create_task(self._follow(one), name=f"channels of {one.settings.id}")

    async def _listen(self) -> None:
        while True:
            mail = await self._mailbox.fetch()
            try:
                await self._take(mail)
            except StoreError as error:
                _log.warning("gb28181.mail_not_kept", error=str(error))

    async def _count(self) -> None:
        """Strangers are only counted: a flood of them must fill nothing."""
        counters, metrics = self._platform.counters, self._metrics
        while True:
            metrics.gb28181_strangers = counters.strangers
            metrics.gb28181_limited = counters.limited
            metrics.gb28181_garbage = counters.garbage
            await asyncio.sleep(COUNT_S)

    async def _take(self, mail: Mail) -> None:
        for event in mail.events.values():
            one = self._by_device.get(event.device)
            if one is not None:
                self._came_or_went(one, event)
        work = self._flow.work()
        for refusal in mail.refusals:
            self._refuse(refusal, work)
        if mail.more:
            self._rejects.total += mail.more
            _log.warning("gb28181.rejects_beyond_count", messages=mail.more)
        await self._flow.keep(work)

    def _came_or_went(self, one: _Recorder, event: Event) -> None:
        one.wanted = one.wanted or event.change not in GONE
        one.wake.set()
        if event.change in GONE or not one.was_registered:
            self._look_soon(one.settings.key)

    def _refuse(self, refusal: Refusal, work: Work) -> None:
        one = self._by_device.get(refusal.device)
        reject = Reject(_REASONS[refusal.why], refusal.detail)
        school = "" if one is None else one.settings.school
        topic = f"{DIALECT}/{refusal.device}"
        self._rejects.add(reject, topic, refusal.sample, school, refusal.at, work.batch)

    async def _follow(self, one: _Recorder) -> None:
        name = f"{one.settings.school}/{one.settings.id}"
        await asyncio.sleep(START_S * crc32(name.encode()) / 2**32)
        while True:
            one.wake.clear()
            try:
                await self.look(one.settings.key)
            except StoreError as error:
                _log.warning("gb28181.not_kept", recorder=name, error=str(error))
            pause = TELL_S
            if one.registered is not None:
                due = one.due(self._every, self._clock.now()) - self._clock.now()
                pause = min(pause, max(due / 1000, 1.0))
            try:
                async with asyncio.timeout(pause):
                    await one.wake.wait()
            except TimeoutError:
                pass

    async def look(self, key: _Key) -> None:
        """See whether a recorder is registered, ask it if it is time, and tell what is so."""
        one = self._recorders[key]
        here, now = await self._apart.run(_known(self._platform, one.device)), self._clock.now()
        if here.registered is not None and one.due(self._every, now) <= now:
            async with self._turns:
                await self._ask(one)
            here, now = await self._apart.run(_known(self._platform, one.device)), self._clock.now()
        registered = here.registered
        settling = now - self._began < self._settle
        if registered is None and one.was_registered is None and settling:
            return  # it may only not have come back yet
        one.registered = registered
        if registered is not None and one.asked:
            one.catalog = here.channels
        work = self._flow.work()
        self._note_registration(one, work)
        self._tell(one, work)
        await self._flow.keep(work)
        self._flow.wake_timers()

    async def _ask(self, one: _Recorder) -> None:
        one.wanted, one.tried = False, self._clock.now()
        try:
            await self._apart.run(self._platform.catalog(one.device))
        except RecordingError as error:
            if one.trouble != str(error):
                _log.warning("gb28181.no_catalog", recorder=one.settings.id, why=str(error))
            one.trouble = str(error)
        else:
            one.trouble, one.asked = "", self._clock.now()

    # What follows

    def _note_registration(self, one: _Recorder, work: Work) -> None:
        here = one.registered is not None
        if one.was_registered is here:
            return
        one.was_registered = here
        body: dict[str, object] = {"device": one.device, "registered": here}
        if one.registered is not None:
            body |= {"host": one.registered.host, "agent": one.registered.agent}
        work.batch.facts.append(_fact("recorder_registration", one.settings.key, body, work))

    def _tell(self, one: _Recorder, work: Work) -> None:
        school = one.settings.school
        expected = {**one.expected, **self._adopted(one)}
        one.seen = seen_of(
            expected,
            one.catalog,
            registered=one.registered is not None,
            elsewhere=self._elsewhere(one),
        )
        for camera, state in one.seen.states.items():
            self._tell_camera(one, (school, camera), expected[camera], state, work)
        if one.registered is not None and one.discovered != one.asked:
            one.discovered = one.asked
            for channel in one.seen.strangers:
                self._discover(one, channel, work)

    def _adopted(self, one: _Recorder) -> dict[str, str]:
        """Cameras that were adopted from a catalog of this recorder, each with its channel."""
        school, found = one.settings.school, {}
        listed = {each.id for each in one.catalog or ()}
        alone = sum(other.settings.school == school for other in self._recorders.values()) == 1
        for device in self._judge.roster.of_school(school):
            if device.dialect != DIALECT or device.key in self._configured:
                continue
            channel = device.address or device.id
            if channel in listed:
                self._home.setdefault(device.key, one.settings.key)
            if alone or self._home.get(device.key) == one.settings.key:
                found[device.id] = channel
        return found

    def _elsewhere(self, one: _Recorder) -> set[str]:
        """Channels of the school that other recorders have to record: two may list the same."""
        school = one.settings.school
        others = (each for each in self._recorders.values() if each.settings.school == school)
        found = {channel for each in others for channel in each.expected.values()}
        return found | {
            device.address or device.id
            for device in self._judge.roster.of_school(school)
            if device.dialect == DIALECT
        }

    def _tell_camera(
        self, one: _Recorder, key: _Key, channel: str, state: ChannelState, work: Work
    ) -> None:
        device, now = self._judge.roster.named(*key), work.batch.now
        if device is None:
            self._told.pop(key, None)
            return
        before = self._told.get(key)
        values: dict[str, Value] = {"channel_state": state.value}
        if device.dialect == DIALECT:
            online = {ChannelState.ONLINE: True, ChannelState.UNTOLD: None}.get(state, False)
            self._judge.hear_own(device.row, values, now, work, online=online)
        elif before is None or before[0] is not state or now - before[1] >= REPEAT_MS:
            self._judge.hear_of(device.row, values, now, work)
        else:
            return
        self._told[key] = (state, now)
        if before is None or before[0] is not state:
            self._note_channel(one, device, channel, state, work)

    def _note_channel(
        self, one: _Recorder, device: Device, channel: str, state: ChannelState, work: Work
    ) -> None:
        if state is ChannelState.RECORDER_AWAY:
            return  # one fact about the recorder says it of all of them
        body: dict[str, object] = {
            "channel": channel,
            "recorder": one.settings.id,
            "state": state.value,
        }
        work.batch.facts.append(_fact("channel_state", device.key, body, work))

    def _discover(self, one: _Recorder, channel: Channel, work: Work) -> None:
        school, now = one.settings.school, work.batch.now
        values = understood(channel, one.settings.id)
        body = canonical(values)
        route = Route(
            school=school,
            device=channel.id,
            channel=Level.TELEMETRY,
            kind="camera",
            dialect=DIALECT,
            origin=Origin.PROBE,
            address=channel.id,
        )
        reading = Reading(Level.TELEMETRY, values, now, body, happened=now, origin=Origin.PROBE)
        topic = f"{DIALECT}/{one.device}/{channel.id}"
        self._discoveries.add(route, "camera", topic, body, [reading], now)


def _fact(kind: str, key: _Key, body: dict[str, object], work: Work) -> Fact:
    now = work.batch.now
    return Fact(kind, now, now, "gateway", f"device:{key[0]}/{key[1]}", canonical(body))


# On the platform's own loop


class _Known(NamedTuple):
    registered: Registered | None
    channels: tuple[Channel, ...]


async def _known(platform: Platform, device: str) -> _Known:
    return _Known(platform.device(device), platform.channels(device))
