"""Tells what recorders say of their channels: readings, facts, discoveries.

The gateway speaks for cameras that nobody else looks at; of others what their recorder says is a
value beside their own. What is news is told by the facts that were kept before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from devices.model import Device
from devices.reading import Channel as Level
from devices.reading import Origin, Reading, Route, Value
from devices.recording.channel_state import DIALECT, ChannelState
from devices.recording.gb28181 import Channel
from gateway.gb28181.channels import seen_of, understood
from gateway.gb28181.recorder import Recorder
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.work import Work
from gateway.store.batch import Fact
from gateway.store.encoding import canonical
from gateway.store.read.facts import newest_fact
from gateway.store.store import Store

if TYPE_CHECKING:
    from sqlalchemy import Connection

REPEAT_MS: Final = 3_600_000
"""What is told of a camera that others watch as well is said again after so long."""

REGISTRATION: Final = "recorder_registration"
CHANNEL: Final = "channel_state"
"""Kinds of facts."""

_SAID: Final = frozenset({ChannelState.ONLINE, ChannelState.OFFLINE, ChannelState.MISSING})
"""States that a recorder has said."""

_Key: TypeAlias = "tuple[str, str]"


class _RegistrationFact(msgspec.Struct, frozen=True):
    registered: bool


class _ChannelFact(msgspec.Struct, frozen=True):
    state: str


_registration: Final = msgspec.json.Decoder(_RegistrationFact).decode
_channel: Final = msgspec.json.Decoder(_ChannelFact).decode


class Telling:
    """What is told of all recorders of the settings."""

    def __init__(
        self,
        recorders: Iterable[Recorder],
        *,
        judge: Judge,
        discoveries: Discoveries,
        store: Store,
    ) -> None:
        self._recorders: Final = tuple(recorders)
        self._configured: Final = {
            (one.settings.school, camera) for one in self._recorders for camera in one.expected
        }
        self._judge: Final = judge
        self._discoveries: Final = discoveries
        self._store: Final = store
        self._told: Final[dict[_Key, tuple[ChannelState, int]]] = {}
        self._kept: Final[dict[_Key, str]] = {}
        """What the newest fact about each camera says; empty without one."""
        self._home: Final[dict[_Key, _Key]] = {}
        """The recorder that listed an adopted camera first, and tells of it: two may list it."""

    def state(self, camera: _Key) -> ChannelState | None:
        """How a camera's recorder said that it is; ``None``: nothing was told of it."""
        told = self._told.get(camera)
        return None if told is None else told[0]

    async def expected(self, one: Recorder, catalog: Iterable[Channel] | None) -> dict[str, str]:
        """The cameras that a recorder with such a catalog should have, each with its channel.

        Reads what was kept of them as facts before this start, if it was not read yet.
        """
        found = {**one.expected, **self._adopted(one, catalog)}
        await self._remember(one, found)
        return found

    def tell(self, one: Recorder, expected: Mapping[str, str], work: Work) -> None:
        """What is so of a recorder now."""
        self._note_registration(one, work)
        school = one.settings.school
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

    async def _remember(self, one: Recorder, expected: Iterable[str]) -> None:
        """What was kept as facts before this start: a restart is no news."""
        school = one.settings.school
        unread = [(school, camera) for camera in expected if (school, camera) not in self._kept]
        if one.was_registered is not None and not unread:
            return

        def read(connection: Connection) -> tuple[bytes | None, dict[_Key, bytes | None]]:
            of = newest_fact(_subject(one.settings.key), REGISTRATION)(connection)
            return of, {key: newest_fact(_subject(key), CHANNEL)(connection) for key in unread}

        registration, channels = await asyncio.to_thread(self._store.read, read)
        if one.was_registered is None:
            one.kept = None if registration is None else _registration(registration).registered
        for key, body in channels.items():
            self._kept.setdefault(key, "" if body is None else _channel(body).state)

    def _note_registration(self, one: Recorder, work: Work) -> None:
        one.was_registered = here = one.registered is not None
        if one.kept is here:
            return
        one.kept = here
        body: dict[str, object] = {"device": one.device, "registered": here}
        if one.registered is not None:
            body |= {"host": one.registered.host, "agent": one.registered.agent}
        work.batch.facts.append(_fact(REGISTRATION, one.settings.key, body, work))

    def _adopted(self, one: Recorder, catalog: Iterable[Channel] | None) -> dict[str, str]:
        """Cameras that were adopted from a catalog of this recorder, each with its channel."""
        school, found = one.settings.school, {}
        listed = {each.id for each in catalog or ()}
        alone = sum(other.settings.school == school for other in self._recorders) == 1
        for device in self._judge.roster.of_school(school):
            if device.dialect != DIALECT or device.key in self._configured:
                continue
            channel = device.address or device.id
            if channel in listed:
                self._home.setdefault(device.key, one.settings.key)
            if alone or self._home.get(device.key) == one.settings.key:
                found[device.id] = channel
        return found

    def _elsewhere(self, one: Recorder) -> set[str]:
        """Channels of the school that other recorders have to record: two may list the same."""
        school = one.settings.school
        others = (each for each in self._recorders if each.settings.school == school)
        found = {channel for each in others for channel in each.expected.values()}
        return found | {
            device.address or device.id
            for device in self._judge.roster.of_school(school)
            if device.dialect == DIALECT
        }

    def _tell_camera(
        self, one: Recorder, key: _Key, channel: str, state: ChannelState, work: Work
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
        # Of those of a recorder that is away, the one fact about the recorder says it.
        if state in _SAID and self._kept.get(key) != state:
            self._kept[key] = state
            self._note_channel(one, device, channel, state, work)

    def _note_channel(
        self, one: Recorder, device: Device, channel: str, state: ChannelState, work: Work
    ) -> None:
        body: dict[str, object] = {
            "channel": channel,
            "recorder": one.settings.id,
            "state": state.value,
        }
        work.batch.facts.append(_fact(CHANNEL, device.key, body, work))

    def _discover(self, one: Recorder, channel: Channel, work: Work) -> None:
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


def _subject(key: _Key) -> str:
    return f"device:{key[0]}/{key[1]}"


def _fact(kind: str, key: _Key, body: dict[str, object], work: Work) -> Fact:
    now = work.batch.now
    return Fact(kind, now, now, "gateway", _subject(key), canonical(body))
