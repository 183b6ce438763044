"""Looks at every camera once a period, judges what it sees, and says it; keeps what it has learned.

One task a camera, each with its own moment of the period: what happens to one concerns no other.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, TypeAlias
from zoneinfo import ZoneInfo

import structlog

from devices.camera.addresses import Address
from devices.camera.faults.stream import Declared
from devices.camera.look import Image, Look, Outcome
from devices.camera.look import Picture as LookPicture
from devices.camera.pool import Pool, offsets
from devices.camera.privacy import Polygon, masked
from devices.camera.saying import messages
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

Show: TypeAlias = Callable[["Watched", Look, Judgement, Image], Awaitable[str | None]]
"""Puts a picture into the store; its name there, None when it was not wanted or not taken."""


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
        show: Show | None = None,
        zone: ZoneInfo | None = None,
    ) -> None:
        """``folder`` keeps what was learned; ``clock`` tells ms UTC, ``zone`` the time of day."""
        self._cameras = tuple(cameras)
        self._pool = pool
        self._telling = telling
        self._folder = folder
        self._clock = clock
        self._pace = pace or Pace()
        self._show = show
        self._zone = zone
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

    async def _keep_looking(self, eye: _Attention, due: float) -> None:
        loop = asyncio.get_running_loop()
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
                # Moments that have passed meanwhile are left out, not caught up with.
                while due <= loop.time():
                    due += self._pace.period
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

    async def show(
        self, camera: Watched, look: Look, judgement: Judgement, image: Image
    ) -> str | None:
        """Put a picture into the store, if there is one."""
        return None if self._show is None else await self._show(camera, look, judgement, image)

    def memory_of(self, camera: Watched) -> Path:
        """The file that keeps what is usual of a camera."""
        return memory_file(self._folder, camera.school, camera.device)


def memory_file(folder: Path, school: str, device: str) -> Path:
    """What keeps what is usual of a camera."""
    return folder / school / f"{device}.memory"


def order_relearning(folder: Path, school: str, device: str) -> None:
    """Have a camera's probe, running or not, forget what is usual at its next look."""
    order = _order_of(memory_file(folder, school, device))
    order.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    order.touch()


def _order_of(memory: Path) -> Path:
    return memory.with_suffix(".relearn")


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

    @property
    def name(self) -> str:
        return f"{self._camera.school}/{self._camera.device}"

    async def look(self) -> None:
        """Take a look, judge it, say what came of it."""
        probe, camera = self._probe, self._camera
        watching = self._doubtful or self._looks % probe.pace.watch_every == 0
        self._looks += 1
        look = await probe.take(camera.address, probe.pace.watch if watching else 0.0)
        look, judgement = await asyncio.to_thread(self._judge, look)
        suspected = {each.fault for each in judgement.suspected}
        self._doubtful = not _WATCHED_FOR.isdisjoint(suspected | {*judgement.faults})
        picture = None
        if look.outcome is Outcome.SEEN and look.pictures:
            picture = await probe.show(camera, look, judgement, look.pictures[-1].image)
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
        order = _order_of(self._probe.memory_of(self._camera))
        if order.exists():
            self._watch.relearn()
            self.remember()
            order.unlink(missing_ok=True)
            _log.info("probe.learns_anew", camera=self.name)
        if self._camera.masks:
            pictures = tuple(
                LookPicture(each.at, masked(each.image, self._camera.masks))
                for each in look.pictures
            )
            look = replace(look, pictures=pictures)
        return look, self._watch.see(look, look.begun)

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
