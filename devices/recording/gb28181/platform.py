"""The upper platform of GB/T 28181: recorders and cameras register here and answer questions.

Only what proves a password of ours is registered; MESSAGEs carry no proof, so they count only from
the address at which their device registered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, Self

import msgspec

from devices.recording.gb28181 import catalog, device_status, record_info
from devices.recording.gb28181.asking import Asker, Limits, Pages, Single
from devices.recording.gb28181.catalog import Channel
from devices.recording.gb28181.counters import Counters
from devices.recording.gb28181.device_status import DeviceStatus
from devices.recording.gb28181.errors import ContentError, IdentityError
from devices.recording.gb28181.flow import Transport
from devices.recording.gb28181.ids import checked_id
from devices.recording.gb28181.manscdp import (
    Command,
    Envelope,
    catalog_query,
    device_status_query,
    record_info_query,
)
from devices.recording.gb28181.record_info import LONGEST_QUERY_MS
from devices.recording.gb28181.registrations import Change, Registration
from devices.recording.gb28181.signalling import Config, Refused, Signalling
from devices.recording.gb28181.times import Zulu, as_local
from devices.recording.source import (
    Answer,
    RecordingError,
    RefusedError,
    Segment,
    Span,
    UnreachableError,
    UnreadableError,
)

SAMPLE_BYTES: Final = 1_024
"""Of a message that was not taken."""

CLOCK_ASKED_AGAIN_MS: Final = 3_600_000
"""Of a device that marks times with Z, and whose clock did not show what it means by it."""


GONE: Final = frozenset({Change.UNREGISTERED, Change.SILENT, Change.EXPIRED})
"""A device of which that is said is offline, and its channels with it."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A device came or went, or its channels did, ``at`` ms since 1970 UTC."""

    device: str
    change: Change
    at: int


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What came in the name of a device that we know, and was not taken.

    ``detail`` is for technicians, in English; ``sample``: as it came, cut short.
    """

    device: str
    why: Refused
    detail: str
    sample: bytes
    at: int


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A device that is online; times in ms since 1970 UTC.

    ``faulty``: the channels that its last keep-alive complained of.
    """

    device: str
    host: str
    transport: Transport
    since: int
    heard: int
    expires: int
    agent: str
    faulty: tuple[str, ...]


class Platform:
    """Devices register here, and are asked.

    `catalog` and `status` raise `RecordingError` for what came to nothing; `records` gives it as
    its `Answer`, which is complete or proves nothing.
    """

    def __init__(
        self,
        config: Config,
        *,
        limits: Limits | None = None,
        now: Callable[[], int] | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_refusal: Callable[[Refusal], None] | None = None,
    ) -> None:
        """``on_event`` and ``on_refusal`` are called from the event loop and must return at once.

        `IdentityError` when ``config.identity`` is not 20 digits.
        """
        checked_id(config.identity)
        self._zone_of: Final = config.zone_of
        self._now: Final = now or _machine_clock
        self._on_event: Final = on_event
        self._on_refusal: Final = on_refusal
        self._signalling: Final = Signalling(config, self, now=self._now)
        self._asker: Final = Asker(self._signalling.ask, limits or Limits())
        self._catalogs: Final[dict[str, _Told]] = {}
        self._recorder_of: Final[dict[str, str]] = {}
        self._zulu: Final[dict[str, _Habit]] = {}

    async def start(self) -> None:
        """Listen. `PlatformError` when that cannot be."""
        await self._signalling.open()

    async def stop(self) -> None:
        """Stop listening; questions that are open fail."""
        self._asker.abandon(None, "the platform stops")
        await self._signalling.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def address(self, transport: Transport) -> tuple[str, int]:
        """Where we listen. `PlatformError` when we do not."""
        return self._signalling.address(transport)

    @property
    def counters(self) -> Counters:
        """What came in and was not what it should be."""
        return self._signalling.counters

    @property
    def connections(self) -> int:
        """TCP connections that are open."""
        return self._signalling.connections

    def devices(self) -> tuple[Registered, ...]:
        """Those who are online."""
        return tuple(self._shown(one) for one in self._signalling.registrations.all())

    def device(self, device: str) -> Registered | None:
        """One of them; None when it is offline."""
        known = self._signalling.registrations.of(device)
        return None if known is None else self._shown(known)

    def forget(self, device: str) -> None:
        """A device was struck from the register: as if it had never been here.

        Without a password it does not come back.
        """
        change = self._signalling.registrations.unregister(device)
        self._forget_catalog(device)
        self._zulu.pop(device, None)
        if change is not None:
            self.changed(device, change)

    def channels(self, device: str) -> tuple[Channel, ...]:
        """The channels of the newest whole catalog, each online or not as it is *now*.

        A recorder that is offline takes its channels with it, whatever it said of them before. One
        that has come back since has not said anything of them yet.
        """
        known, told = self._signalling.registrations.of(device), self._catalogs.get(device)
        if told is None:
            return ()

        def online(one: Channel) -> bool | None:
            if known is None or one.id in known.faulty:
                return False
            return one.online if told.since == known.since else None

        return tuple(msgspec.structs.replace(one, online=online(one)) for one in told.channels)

    async def catalog(self, device: str) -> tuple[Channel, ...]:
        """Ask which channels there are. `RecordingError` when that does not become known."""
        gathering = Pages(catalog.read_page, catalog.MOST_CHANNELS)
        await self._asker.ask(
            lambda: self._registered(device),
            Command.CATALOG,
            device,
            lambda sn: catalog_query(sn, device),
            gathering,
        )
        since = self._registered(device).since
        self._forget_catalog(device)
        self._catalogs[device] = _Told(gathering.items, since)
        self._recorder_of.update((one.id, device) for one in gathering.items)
        return self.channels(device)

    async def status(self, device: str) -> DeviceStatus:
        """Ask whether it is well, records, and what its clock says.

        `RecordingError` when that does not become known.
        """
        asked, zone = 0, self._zone_of(device)

        def write(sn: int) -> bytes:
            nonlocal asked
            asked = self._now()
            return device_status_query(sn, device)

        gathering = Single(
            lambda root: device_status.read_status(root, asked=asked, heard=self._now(), zone=zone)
        )
        await self._asker.ask(
            lambda: self._registered(device), Command.DEVICE_STATUS, device, write, gathering
        )
        if gathering.answer is None:  # the asker returns with an answer or raises
            raise UnreadableError(f"{device}: no answer that can be read came")
        if gathering.answer.zulu is not None:
            self._habit(device).clock = gathering.answer.zulu
        return gathering.answer

    async def records(self, channel: str, span: Span, device: str | None = None) -> Answer:
        """All recordings of a channel in a span, asked for by twelve hours.

        ``device``: the recorder that it hangs on; when left out, the one whose catalog lists it,
        or the channel itself. One part that stays unknown makes the whole unknown.
        """
        found: dict[tuple[int, int], Segment] = {}
        try:
            recorder = device or self._recorder(channel)
            for part in _parts(span):
                for segment in await self._part(recorder, checked_id(channel), part):
                    found[segment.begin, segment.end] = segment
        except IdentityError as error:
            return Answer.failed(span, RefusedError(str(error)))
        except RecordingError as error:
            return Answer.failed(span, error, _in_order(found))
        return Answer(span=span, segments=_in_order(found))

    async def _part(self, recorder: str, channel: str, part: Span) -> tuple[Segment, ...]:
        zone = self._zone_of(recorder)
        try:
            begin = as_local(part.begin, zone)
            end = as_local(part.end + 999, zone)
        except ContentError as error:
            raise UnreadableError(str(error)) from error
        gathering = Pages(lambda root: record_info.read_page(root, {channel, recorder}))
        await self._asker.ask(
            lambda: self._registered(recorder),
            Command.RECORD_INFO,
            channel,
            lambda sn: record_info_query(sn, channel, begin, end),
            gathering,
        )
        habit = self._habit(recorder)
        if record_info.marked(gathering.items):
            await self._learn_from_clock(recorder, habit)
        try:
            read = record_info.segments(
                gathering.items, part, zone, clock=habit.clock, before=habit.records
            )
        except ContentError as error:
            raise UnreadableError(f"{channel} at {recorder}: {error}") from error
        if read.zulu is not None:
            habit.records = read.zulu
        return read.segments

    async def _learn_from_clock(self, recorder: str, habit: _Habit) -> None:
        now = self._signalling.steady()
        if habit.clock is not None or now < habit.ask_again:
            return
        habit.ask_again = now + CLOCK_ASKED_AGAIN_MS
        with suppress(RecordingError):  # then the recordings must tell by themselves
            await self.status(recorder)

    def _forget_catalog(self, device: str) -> None:
        told = self._catalogs.pop(device, None)
        for one in () if told is None else told.channels:
            if self._recorder_of.get(one.id) == device:
                del self._recorder_of[one.id]

    def _recorder(self, channel: str) -> str:
        if self._signalling.registrations.of(channel) is not None:
            return channel
        recorder = self._recorder_of.get(channel)
        if recorder is None:
            raise UnreachableError(
                f"{channel}: neither registered itself, nor in the catalog of a recorder that is"
            )
        return recorder

    def _registered(self, device: str) -> Registration:
        known = self._signalling.registrations.of(device)
        if known is None:
            raise UnreachableError(f"{device} is not registered")
        return known

    def _habit(self, device: str) -> _Habit:
        return self._zulu.setdefault(device, _Habit())

    def _shown(self, one: Registration) -> Registered:
        ahead = self._now() - self._signalling.steady()
        return Registered(
            device=one.device,
            host=one.flow.host,
            transport=one.flow.transport,
            since=one.since + ahead,
            heard=one.heard + ahead,
            expires=one.expires + ahead,
            agent=one.agent,
            faulty=one.faulty,
        )

    def changed(self, device: str, change: Change) -> None:
        """Told by the signalling: a device came or went, or its channels did."""
        if change in GONE:
            self._asker.abandon(device, f"{device} went offline: {change}")
        if self._on_event is not None:
            self._on_event(Event(device=device, change=change, at=self._now()))

    def refused(self, device: str, why: Refused, detail: str, sample: bytes) -> None:
        """Told by the signalling: something in its name was not taken."""
        if self._on_refusal is not None:
            told = Refusal(
                device=device,
                why=why,
                detail=detail[:300],
                sample=sample[:SAMPLE_BYTES],
                at=self._now(),
            )
            self._on_refusal(told)

    def answered(self, device: str, envelope: Envelope) -> bool:
        """Told by the signalling: a device answers something."""
        return self._asker.hear(device, envelope)

    def broken(self, device: str, sn: int | None, why: str) -> None:
        """Told by the signalling: a device sent what cannot be read."""
        self._asker.hear_broken(device, sn, why)


class _Told(msgspec.Struct, frozen=True):
    """A catalog, and since when the device that told it had been registered (ms, steady)."""

    channels: tuple[Channel, ...]
    since: int


class _Habit(msgspec.Struct):
    """What a device was seen to mean by Z: in its lists of recordings, and in its clock.

    ``ask_again``: when to ask for its clock again, if that did not tell.
    """

    records: Zulu | None = None
    clock: Zulu | None = None
    ask_again: int = 0


def _parts(span: Span) -> Iterator[Span]:
    for begin in range(span.begin, span.end, LONGEST_QUERY_MS):
        yield Span(begin, min(begin + LONGEST_QUERY_MS, span.end))


def _in_order(found: dict[tuple[int, int], Segment]) -> tuple[Segment, ...]:
    return tuple(found[key] for key in sorted(found))


def _machine_clock() -> int:
    return time.time_ns() // 1_000_000
