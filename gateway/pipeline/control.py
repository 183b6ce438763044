"""The desk: what people and other programs ask of the running gateway. Implements `Desk`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import msgspec

from alerts.alert import Action, Refusal
from alerts.appliances.seen import Seen
from alerts.detector import DetectorKnown, detector_known
from alerts.evidence import CutOff
from alerts.finding import Priority
from alerts.rules.appliances import loads_seen
from devices.kinds import KindSpec, spec_for
from devices.model import Device
from gateway.clock import Clock
from gateway.desk import Acted, DeviceConnection, DeviceLive, Feed, LiveAlert
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.connection import connection_of
from gateway.pipeline.flow import Flow
from gateway.pipeline.judge import Judge
from gateway.pipeline.live import Live
from gateway.pipeline.upkeep import Upkeep
from gateway.store.batch import Fact
from gateway.store.encoding import canonical
from gateway.store.read.alerts import one_alert
from gateway.store.read.devices import one_device
from gateway.store.read.register import register_version, version_after
from gateway.store.registry import (
    next_register_version,
    put_devices,
    put_parameters,
    read_parameters,
    read_registry,
    remove_device,
    remove_discovery,
)
from gateway.store.store import Store


class Control:
    """Everything that changes the gateway's state from outside goes through here, in sequence."""

    def __init__(
        self,
        *,
        flow: Flow,
        judge: Judge,
        book: AlertBook,
        live: Live,
        store: Store,
        clock: Clock,
        kinds: dict[str, KindSpec],
        school_parameters: dict[tuple[str, str], dict[str, dict[str, object]]],
        check_parameters: Callable[[str, dict[str, dict[str, object]]], Sequence[str]],
        feed: Callable[[], Feed],
        upkeep: Upkeep,
        cut_off: Callable[[int], CutOff | None] = lambda _row: None,
    ) -> None:
        """``check_parameters(kind, overrides)`` says in words what is wrong with them. ``cut_off``
        knows whether a device, by its row, is not heard together with others.

        ``school_parameters`` is shared with whoever binds rules; it is changed here alone.
        """
        self._flow: Final = flow
        self._judge: Final = judge
        self._book: Final = book
        self._live: Final = live
        self._store: Final = store
        self._clock: Final = clock
        self._kinds: Final = kinds
        self._school_parameters: Final = school_parameters
        self._check_parameters: Final = check_parameters
        self._feed: Final = feed
        self._upkeep: Final = upkeep
        self._cut_off: Final = cut_off
        self._register_lock: Final = asyncio.Lock()
        self._version: str | None = None
        """The register's, up to which all of it is known here; ``None``: nobody has looked."""

    async def act(self, alert: int, action: Action, actor: str) -> Acted | Refusal:
        """Do something to an alert in the name of ``actor``; returns when it is committed."""
        found = self._book.get(alert)
        if found is None:
            # Closed meanwhile: who comes second gets it as it is, and sees who was first.
            found = await asyncio.to_thread(self._store.read, one_alert(alert))
        if found is None:
            return Refusal("unknown_alert", f"there is no alert {alert}")
        work = self._flow.work()
        acted = self._book.act(found, action, actor, work)
        await self._flow.keep(work)
        return acted

    async def register(self, device: Device, actor: str, reason: str = "") -> Device | Refusal:
        """Add a device, adopt a discovery or change a device."""
        mistakes = self._check_parameters(device.kind, device.parameters)
        if mistakes:
            return Refusal("parameters", "; ".join(mistakes))
        async with self._register_lock:
            before = self._judge.roster.state(device.school, device.id)
            work = self._flow.work()
            batch = work.batch
            batch.statements += put_devices([device])
            batch.statements += remove_discovery(device)
            batch.statements += next_register_version(names=False)
            batch.facts.append(
                self._fact(
                    "device",
                    device,
                    actor,
                    reason,
                    before=None if before is None else before.device,
                    after=device,
                )
            )
            await self._flow.commit(work)
            self._count_own()
            stored = await asyncio.to_thread(self._store.read, one_device(device.school, device.id))
            if stored is None:
                return Refusal("gone", f"{device.school}/{device.id} was removed meanwhile")
            await self._take_up(stored, actor, reason)
            return stored

    async def remove(self, school: str, device: str, actor: str, reason: str) -> Refusal | None:
        """Take a device off the register; its past and its open alerts stay."""
        async with self._register_lock:
            state = self._judge.roster.state(school, device)
            if state is None:
                return Refusal("unknown_device", f"{school}/{device} is not registered")
            work = self._flow.work()
            work.batch.statements += remove_device(school, device)
            work.batch.statements += next_register_version(names=False)
            work.batch.facts.append(
                self._fact("device", state.device, actor, reason, before=state.device, after=None)
            )
            await self._flow.commit(work)
            self._count_own()
            self._judge.remove(state.device.row)
            self._upkeep.register_changed({state.device.row})
            self._flow.wake_timers()
            return None

    async def set_parameters(
        self, school: str, kind: str, parameters: dict[str, dict[str, object]], actor: str
    ) -> Refusal | None:
        """A school's own figures for a kind, effective from the next message on."""
        mistakes = self._check_parameters(kind, parameters)
        if mistakes:
            return Refusal("parameters", "; ".join(mistakes))
        async with self._register_lock:
            work = self._flow.work()
            batch = work.batch
            batch.statements += put_parameters(school, kind, parameters)
            batch.facts.append(
                Fact(
                    kind="parameters",
                    happened=batch.now,
                    known=batch.now,
                    actor=f"user:{actor}",
                    subject=f"school:{school}",
                    body=canonical(
                        {
                            "kind": kind,
                            "before": self._school_parameters.get((school, kind), {}),
                            "after": parameters,
                        }
                    ),
                )
            )
            await self._flow.commit(work)
            self._school_parameters[school, kind] = parameters
            affected = [
                device
                for device in self._judge.roster.devices()
                if device.school == school and device.kind == kind
            ]
            await self._register_all(affected)
            return None

    def _count_own(self) -> None:
        """What was changed here need not be read anew."""
        if self._version is not None:
            self._version = version_after(self._version)

    async def follow_imports(self) -> None:
        """Take up what others have changed in the register since this was asked last, if anything;
        a hundred thousand devices are not read for one that was changed here.
        """
        async with self._register_lock:
            version = await asyncio.to_thread(self._store.read, register_version)
            if self._version is not None and version != self._version:
                await self._reload()
            self._version = version

    async def reload(self) -> None:
        """Take up what an import changed in the register."""
        async with self._register_lock:
            await self._reload()

    async def _reload(self) -> None:
        stored = (await asyncio.to_thread(self._store.read, read_registry)).devices
        figures = await asyncio.to_thread(self._store.read, read_parameters)
        moved = {key for key in figures if figures[key] != self._school_parameters.get(key)}
        moved |= self._school_parameters.keys() - figures.keys()
        self._school_parameters.clear()
        self._school_parameters.update(figures)
        known = {device.row: device for device in self._judge.roster.devices()}
        for row in known.keys() - {device.row for device in stored}:
            self._judge.remove(row)
        changed = [
            device
            for device in stored
            if known.get(device.row) != device or (device.school, device.kind) in moved
        ]
        self._upkeep.register_changed({device.row for device in changed})
        await self._register_all(changed)

    def live(self, school: str, device: str) -> DeviceLive | None:
        """What is known of a device right now."""
        state = self._judge.roster.state(school, device)
        if state is None:
            return None
        expected = spec_for(self._kinds, state.device.kind).expected_heartbeat_s * 1000
        return DeviceLive(
            heard=state.heard or None,
            expected=expected,
            happened=state.spoke or None,
            offset=state.offset.error,
            online=state.online,
            values=dict(state.values),
            lost=state.gap_total,
            messages=state.messages,
            firmware=state.firmware,
        )

    def connection(self, school: str, device: str) -> DeviceConnection | None:
        """How a device is heard right now."""
        state = self._judge.roster.state(school, device)
        if state is None:
            return None
        spec, cut_off = spec_for(self._kinds, state.device.kind), self._cut_off(state.device.row)
        return connection_of(state, spec, self._clock.now(), cut_off)

    def appliances(self, school: str, device: str) -> list[Seen] | None:
        """Loads recognised behind a feeder of late."""
        state = self._judge.roster.state(school, device)
        return None if state is None else loads_seen(state)

    def detector(self, school: str, device: str) -> DetectorKnown:
        """What the rules remember of a device as a detector."""
        state = self._judge.roster.state(school, device)
        return DetectorKnown() if state is None else detector_known(state)

    def device(self, row: int) -> Device | None:
        """A registered device by its row."""
        return self._judge.roster.device(row)

    def feed(self) -> Feed:
        """Whether messages arrive."""
        return self._feed()

    def counts(self, schools: frozenset[str] | None) -> dict[Priority, tuple[int, int]]:
        """Open and, of these, unacknowledged alerts by priority."""
        return self._book.counts(schools)

    def stream(self, after: int | None) -> AsyncIterator[list[LiveAlert]]:
        """Committed transitions above ``after``, in order."""
        return self._live.stream(after)

    async def _register_all(self, devices: Sequence[Device]) -> None:
        """In pieces, so that a large import does not keep alarms from being judged."""
        for start in range(0, len(devices), 200):
            work = self._flow.work()
            for device in devices[start : start + 200]:
                self._judge.register(device, work.batch.now)
            await self._flow.keep(work)
            await asyncio.sleep(0)
        self._flow.wake_timers()

    async def _take_up(self, device: Device, actor: str, reason: str) -> None:
        work = self._flow.work()
        before = self._judge.roster.state(device.school, device.id)
        self._judge.register(device, work.batch.now)
        if before is None or _aside(before.device) != _aside(device):
            for alert in self._book.of_device(device.row):
                self._upkeep.settle(alert, work, actor=actor, reason=reason)
        await self._flow.keep(work)
        self._upkeep.register_changed({device.row})
        self._flow.wake_timers()

    def _fact(
        self,
        kind: str,
        device: Device,
        actor: str,
        reason: str,
        *,
        before: Device | None,
        after: Device | None,
    ) -> Fact:
        now = self._clock.now()
        body: dict[str, object] = {
            "before": None if before is None else msgspec.to_builtins(before),
            "after": None if after is None else msgspec.to_builtins(after),
        }
        if reason:
            body["reason"] = reason
        return Fact(
            kind=kind,
            happened=now,
            known=now,
            actor=f"user:{actor}" if actor else "gateway",
            subject=f"device:{device.school}/{device.id}",
            body=canonical(body),
        )


def _aside(device: Device) -> tuple[bool, str | None]:
    """What decides whether its faults are hidden: out of service, and where maintenance is."""
    return device.out_of_service, device.place
