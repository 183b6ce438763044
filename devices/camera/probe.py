"""Looks at every camera once a period, judges what it sees, and says it; keeps what it has learned.

One task a camera, each with its own moment of the period: what happens to one concerns no other.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog

from devices.camera.addresses import Address
from devices.camera.faults.stream import Declared
from devices.camera.look import Image, Look, Outcome
from devices.camera.look import Picture as LookPicture
from devices.camera.orders import camera_of, relearning_asked
from devices.camera.pool import Pool, offsets
from devices.camera.privacy import Polygon, masked
from devices.camera.reference import Usual
from devices.camera.saying import heartbeat, messages, relearned
from devices.camera.suspicion import Fault
from devices.camera.watch import (
    CameraWatch,
    Judgement,
    Memory,
    MemoryUnreadableError,
    recalled,
    remembered,
)

_log: Final = structlog.get_logger(__name__)

REMEMBER_MS: Final = 600_000
"""What a camera usually shows is written so often: a power cut costs ten minutes of learning."""

_WATCHED_FOR: Final = frozenset({Fault.FROZEN, Fault.LOW_FPS, Fault.LOW_BITRATE})
"""While one of these is suspected or stands, every look watches the stream: only that decides."""

REFERENCE_MS: Final = 3_600_000
"""How often what is usual now is brought to the gateway, to be looked at."""

HEARTBEAT_S: Final = 60.0


class Gallery(Protocol):
    """Where pictures go (`gateway.camera_probe`)."""

    async def show(
        self, camera: Watched, look: Look, judgement: Judgement, image: Image
    ) -> str | None:
        """Put a picture into the store; its name there, None when it was not wanted or taken."""
        ...

    async def show_usual(self, camera: Watched, usual: Usual, at: int) -> bool:
        """Put there what is usual as of ``at`` (ms UTC); whether it was taken."""
        ...


class Telling(Protocol):
    """Where messages go (`devices.camera.telling.Teller`)."""

    def tell(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish when possible."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One camera: where it is, what it should give, and what of its picture is private."""

    school: str
    device: str
    address: Address
    declared: Declared = field(default_factory=Declared)
    masks: tuple[Polygon, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often and how long. Seconds; one look in ``watch_every`` watches for ``watch``."""

    period: float = 60.0
    limit: float = 10.0
    watch: float = 3.0
    watch_every: int = 10


class Probe:
    """Looks at cameras until it is cancelled."""

    def __init__(
        self,
        cameras: Sequence[Watched],
        *,
        pool: Pool,
        telling: Telling,
        folder: Path,
        clock: Callable[[], int],
        pace: Pace | None = None,
        gallery: Gallery | None = None,
        zone: ZoneInfo | None = None,
        name: str = "",
    ) -> None:
        """``folder`` keeps what was learned; ``clock`` tells ms UTC, ``zone`` the time of day.
        ``name`` is the id of the probe's own device in each school where it has cameras; without
        one it says nothing of itself.
        """
        self._cameras = tuple(cameras)
        self._pool = pool
        self._telling = telling
        self._folder = folder
        self._clock = clock
        self._pace = pace or Pace()
        self.gallery = gallery
        """Where pictures go, if anywhere."""
        self._zone = zone
        self._name = name
        self._keys = {(camera.school, camera.device) for camera in self._cameras}
        self._tallies = {camera.school: _Tally() for camera in self._cameras}
        for camera in self._cameras:
            self._tallies[camera.school].cameras += 1
        self.looks = 0
        """Looks taken so far."""

    async def run(self) -> None:
        """Look at each camera at its moment of every period."""
        begun = asyncio.get_running_loop().time()
        moments = offsets(len(self._cameras), self._pace.period)
        async with asyncio.TaskGroup() as tasks:
            for number, (camera, offset) in enumerate(zip(self._cameras, moments, strict=True)):
                eye = _Attention(camera, self, number)
                tasks.create_task(
                    self._keep_looking(eye, begun + offset), name=f"{camera.school}/{camera.device}"
                )
            if self._name:
                tasks.create_task(self._show_life(), name="heartbeat")

    def hear(self, topic: str, payload: bytes) -> None:
        """An order has come (`devices.camera.orders`): it is carried out at the next look."""
        camera, order = camera_of(topic), relearning_asked(payload)
        if camera not in self._keys or camera is None or order is None:
            return
        try:
            order_relearning(self._folder, *camera, order)
        except OSError as error:
            # It is repeated until it is answered.
            _log.warning("probe.order_not_kept", camera="/".join(camera), error=str(error))

    async def _show_life(self) -> None:
        while True:
            for school, tally in self._tallies.items():
                looks, missed = tally.counted()
                topic, payload, retain = heartbeat(
                    school,
                    self._name,
                    self.now(),
                    cameras=tally.cameras,
                    looks=looks,
                    missed=missed,
                )
                self._telling.tell(topic, payload, retain=retain)
            await asyncio.sleep(HEARTBEAT_S)

    async def _keep_looking(self, eye: _Attention, due: float) -> None:
        loop = asyncio.get_running_loop()
        tally = self._tallies[eye.school]
        await asyncio.to_thread(eye.recall)
        try:
            while True:
                await asyncio.sleep(due - loop.time())
                try:
                    await eye.look()
                except Exception:  # noqa: BLE001 - logged whole
                    # A fault of ours over one camera must not end the looks at all others.
                    _log.exception("probe.fault", camera=eye.name)
                self.looks += 1
                tally.looks += 1
                due += self._pace.period
                # Moments that have passed meanwhile are left out, not caught up with.
                while due <= loop.time():
                    due += self._pace.period
                    tally.missed += 1
        finally:
            eye.remember()

    # What an attention needs of its probe

    @property
    def pace(self) -> Pace:
        """How often and how long."""
        return self._pace

    def now(self) -> int:
        """Ms UTC."""
        return self._clock()

    def watch(self, camera: Watched, memory: Memory | None = None) -> CameraWatch:
        """The judge of one camera's looks."""
        return CameraWatch(declared=camera.declared, zone=self._zone, memory=memory)

    async def take(self, address: Address, seconds: float) -> Look:
        """One look."""
        return await self._pool.look(address, seconds=seconds, limit=self._pace.limit)

    def tell(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Publish."""
        self._telling.tell(topic, payload, retain=retain)

    def memory_of(self, camera: Watched) -> Path:
        """The file that keeps what is usual of a camera."""
        return memory_file(self._folder, camera.school, camera.device)


def memory_file(folder: Path, school: str, device: str) -> Path:
    """What keeps what is usual of a camera."""
    return folder / school / f"{device}.memory"


def order_relearning(folder: Path, school: str, device: str, order: str = "") -> None:
    """Have a camera's probe, running or not, forget what is usual at its next look; it answers the
    order with that id, if it has one.
    """
    file = _order_of(memory_file(folder, school, device))
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_suffix(".ordered")
    fresh.write_text(order, "utf-8")
    fresh.replace(file)


def _order_of(memory: Path) -> Path:
    return memory.with_suffix(".relearn")


@dataclass(slots=True)
class _Tally:
    """Of a school: its cameras, and the looks taken and left out since they were told of last."""

    cameras: int = 0
    looks: int = 0
    missed: int = 0

    def counted(self) -> tuple[int, int]:
        counts, self.looks, self.missed = (self.looks, self.missed), 0, 0
        return counts


class _Attention:
    """The probe's eye on one camera."""

    def __init__(self, camera: Watched, probe: Probe, number: int) -> None:
        self._camera = camera
        self._probe = probe
        self._watch = probe.watch(camera)
        self._looks = number  # not all of them watch in the same period
        self._doubtful = False
        self._online: bool | None = None
        self._remembered = probe.now()
        self._shown: dict[tuple[int, bool], int] = {}

    @property
    def school(self) -> str:
        return self._camera.school

    @property
    def name(self) -> str:
        return f"{self._camera.school}/{self._camera.device}"

    async def look(self) -> None:
        """Take a look, judge it, say what came of it."""
        probe, camera = self._probe, self._camera
        watching = self._doubtful or self._looks % probe.pace.watch_every == 0
        self._looks += 1
        look = await probe.take(camera.address, probe.pace.watch if watching else 0.0)
        order = await asyncio.to_thread(self._obey)
        if order:
            topic, payload, retain = relearned(self.school, camera.device, look.begun, order)
            probe.tell(topic, payload, retain=retain)
        look, judgement = await asyncio.to_thread(self._judge, look)
        suspected = {each.fault for each in judgement.suspected}
        self._doubtful = not _WATCHED_FOR.isdisjoint(suspected | {*judgement.faults})
        picture = None
        if probe.gallery is not None and look.outcome is Outcome.SEEN and look.pictures:
            image = look.pictures[-1].image
            picture = await probe.gallery.show(camera, look, judgement, image)
            await self._show_usual(probe.gallery, look.begun)
        for topic, payload, retain in messages(
            camera.school,
            camera.device,
            look,
            judgement,
            was_online=self._online,
            picture=picture,
        ):
            probe.tell(topic, payload, retain=retain)
        if Fault.OFFLINE in judgement.faults:
            self._online = False
        elif judgement.online:
            self._online = True
        if probe.now() - self._remembered >= REMEMBER_MS:
            await asyncio.to_thread(self.remember)

    def _judge(self, look: Look) -> tuple[Look, Judgement]:
        """The look without what lies in private areas, and what is to be said of it."""
        if self._camera.masks:
            pictures = tuple(
                LookPicture(each.at, masked(each.image, self._camera.masks))
                for each in look.pictures
            )
            look = replace(look, pictures=pictures)
        return look, self._watch.see(look, look.begun)

    def _obey(self) -> str:
        """Forget what is usual, if that is ordered; the id of the order that is to be answered.

        One that comes again is only answered again: the answer was lost.
        """
        file = _order_of(self._probe.memory_of(self._camera))
        try:
            order = file.read_text("utf-8")
        except FileNotFoundError:
            return ""
        if not order or order != self._watch.memory.order:
            self._watch.relearn(order)
            self._shown.clear()
            self.remember()
            _log.info("probe.learns_anew", camera=self.name, order=order)
        file.unlink(missing_ok=True)
        return order

    async def _show_usual(self, gallery: Gallery, now: int) -> None:
        """Bring what is usual to the gateway: one a look, until it has all of them as they are."""
        for usual in self._watch.memory.reference.usual:
            key = usual.part, usual.grey
            before = self._shown.get(key)
            if usual.learned and (before is None or now - before >= REFERENCE_MS):
                if await gallery.show_usual(self._camera, usual, now):
                    self._shown[key] = now
                return

    def recall(self) -> None:
        """Begin with what was learned before."""
        memory = _read(self._probe.memory_of(self._camera), self.name)
        if memory is not None:
            self._watch = self._probe.watch(self._camera, memory)

    def remember(self) -> None:
        """Write what was learned: whole, or not at all."""
        self._remembered = self._probe.now()
        file = self._probe.memory_of(self._camera)
        fresh = file.with_suffix(".new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.write(remembered(self._watch.memory))
            fresh.replace(file)
        except OSError as error:
            _log.warning("probe.not_remembered", camera=self.name, error=str(error))


def _read(file: Path, name: str) -> Memory | None:
    try:
        return recalled(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, MemoryUnreadableError) as error:
        _log.warning("probe.memory_unreadable", camera=name, error=str(error))
        return None
