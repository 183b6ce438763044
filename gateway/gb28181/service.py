"""Follows recorders that register here: when they are asked for their channels, and what comes in.

A catalog is asked for after a registration, when a recorder says that its channels changed, and
now and then. A recorder that goes offline takes its channels with it, and is looked at at once
(`gateway.recordings.service`), so that one alert tells of it. What is told of it all is
`gateway.gb28181.telling`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol, TypeAlias
from zlib import crc32

import structlog

from devices.reading import Reject, RejectReason
from devices.recording.channel_state import DIALECT, ChannelState
from devices.recording.gb28181 import GONE, Channel, Event, Platform, Refusal, Refused, Registered
from devices.recording.gb28181.registrations import MISSED
from devices.recording.source import RecordingError
from gateway.clock import Clock
from gateway.gb28181.desk import RecorderView
from gateway.gb28181.mailbox import Mail, Mailbox
from gateway.gb28181.recorder import Recorder
from gateway.gb28181.telling import Telling
from gateway.metrics import Metrics
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.work import Work
from gateway.recordings.apart import Apart
from gateway.settings_recordings import Gb28181Settings, RecorderSettings
from gateway.store.store import Store, StoreError

_log: Final = structlog.get_logger(__name__)

TELL_S: Final = 240.0
"""Cameras of which only their recorder tells are told of so often: else they would be called silent
(kind `camera`)."""

START_S: Final = 5.0
"""The first looks after a start are spread over so long."""

COUNT_S: Final = 5.0

AT_ONCE: Final = 32
"""Recorders that are asked at the same time: hundreds come back together after a power cut, and
those that do not answer keep the others waiting."""

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
        store: Store,
        clock: Clock,
        metrics: Metrics,
        look_soon: Callable[[_Key], None],
    ) -> None:
        """``look_soon`` has a recorder looked at now, which tells whether it answers."""
        self._recorders: Final = {
            one.key: Recorder(one) for one in recorders if one.kind == "gb28181"
        }
        self._by_device: Final = {one.device: one for one in self._recorders.values()}
        self._every: Final = round(settings.catalog_minutes * 60_000)
        # A recorder registers anew when its keep-alive is refused, or unanswered three times.
        self._settle: Final = settings.keepalive_s * MISSED * 1000
        self._platform: Final = platform
        self._mailbox: Final = mailbox
        self._apart: Final = apart
        self._flow: Final = flow
        self._rejects: Final = rejects
        self._clock: Final = clock
        self._telling: Final = Telling(
            self._recorders.values(), judge=judge, discoveries=discoveries, store=store
        )
        self._metrics: Final = metrics
        self._look_soon: Final = look_soon
        self._turns: Final = asyncio.Semaphore(AT_ONCE)
        self._began = clock.now()

    # What people see (`ChannelsDesk`)

    def recorder(self, key: _Key) -> RecorderView | None:
        """One of them; ``None``: not of GB/T 28181, or nothing is known of it yet."""
        one = self._recorders.get(key)
        if one is None or one.was_registered is None:
            return None
        return one.view()

    def channel(self, camera: _Key) -> ChannelState | None:
        """How its recorder says a camera is."""
        return self._telling.state(camera)

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

    def _came_or_went(self, one: Recorder, event: Event) -> None:
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

    async def _follow(self, one: Recorder) -> None:
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
        catalog = here.channels if registered is not None and one.asked else one.catalog
        expected = await self._telling.expected(one, catalog)
        # From here on without a pause: who looks meanwhile sees all of it or nothing.
        one.registered, one.catalog = registered, catalog
        work = self._flow.work()
        self._telling.tell(one, expected, work)
        await self._flow.keep(work)
        self._flow.wake_timers()

    async def _ask(self, one: Recorder) -> None:
        one.wanted, one.tried = False, self._clock.now()
        try:
            await self._apart.run(self._platform.catalog(one.device))
        except RecordingError as error:
            if one.trouble != str(error):
                _log.warning("gb28181.no_catalog", recorder=one.settings.id, why=str(error))
            one.trouble = str(error)
        else:
            one.trouble, one.asked = "", self._clock.now()


# On the platform's own loop


class _Known(NamedTuple):
    registered: Registered | None
    channels: tuple[Channel, ...]


async def _known(platform: Platform, device: str) -> _Known:
    return _Known(platform.device(device), platform.channels(device))
