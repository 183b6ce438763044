"""The seam of police links: an event goes in, the evidence of what became of it comes out.

A link belongs to one school and has one path or two. It is never called up because a socket is
open: only answers count, and each is kept with its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum, StrEnum
from typing import Protocol, TypeAlias

import msgspec


class Path(StrEnum):
    """The ways to the receivers of one link."""

    PRIMARY = "primary"
    BACKUP = "backup"


class Code(IntEnum):
    """Contact ID event codes (SIA DC-05); the same numbers name events in all kinds of link."""

    FIRE = 110
    SMOKE = 111
    PANIC = 120
    DURESS = 121
    SILENT_HOLD_UP = 122
    TAMPER = 137
    HIGH_TEMPERATURE = 158
    AC_LOSS = 301
    LOW_BATTERY = 302
    COMMUNICATION_FAILURE = 350
    SENSOR_TROUBLE = 380
    MANUAL_TEST = 601
    PERIODIC_TEST = 602
    WALK_TEST = 607


class Camera(msgspec.Struct, frozen=True):
    """A camera near the place of an alarm; ``recording`` refers to 30 s before it."""

    id: str
    name: str = ""
    recording: str = ""


class LinkEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What the police are to be told. Times in ms.

    ``key`` is the same at each attempt (idempotency), ``sequence`` (1 to 9999) too: a receiver
    knows a repetition by it. ``zone`` is 1 to 999. ``latitude`` and ``longitude`` in degrees,
    WGS 84.
    """

    key: str
    sequence: int
    code: Code
    happened: int
    known: int
    school: str
    restore: bool = False
    test: bool = False
    zone: int = 1
    partition: int = 1
    device: str = ""
    alert: int | None = None
    school_name: str = ""
    place: str = ""
    text: str = ""
    contact: str = ""
    latitude: float | None = None
    longitude: float | None = None
    cameras: tuple[Camera, ...] = ()


class Result(StrEnum):
    """What came of one exchange with a receiver. Only ``acknowledged`` means that it arrived."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"  # NAK; 4xx
    CLOCK = "clock"  # NAK with the receiver's time: ours or theirs is wrong
    UNABLE = "unable"  # DUH: received, and cannot be processed
    GARBLED = "garbled"  # an answer that is none: bad CRC, wrong key, wrong sequence number
    SILENT = "silent"  # no answer in time
    UNREACHABLE = "unreachable"  # no connection


def is_clock_off(offset_ms: int) -> bool:
    """Whether a receiver whose clock is so far (ms) from ours refuses what we say for its time.

    It takes messages from 40 s before to 20 s after its own time (DC-09, 5.5.1.9).
    """
    return not -20_000 <= offset_ms <= 40_000


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt over one path: what was sent, what came back, when (ms).

    ``elapsed_ms`` is measured on a steady clock. ``offset_ms``: the receiver's clock less ours,
    when it told. ``reason`` in words, for the log. Keys never appear in it.
    """

    path: Path
    started: int
    elapsed_ms: float
    sent: bytes
    received: bytes
    result: Result
    reason: str = ""
    offset_ms: int | None = None

    @property
    def acknowledged(self) -> bool:
        """Whether the receiver has it."""
        return self.result is Result.ACKNOWLEDGED


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one event: all attempts, oldest first."""

    key: str
    exchanges: tuple[Exchange, ...]

    @property
    def acknowledged(self) -> Exchange | None:
        """The exchange that brought it there; ``None`` = it did not arrive."""
        return next((one for one in self.exchanges if one.acknowledged), None)


OnExchange: TypeAlias = Callable[[Exchange], None]


class PoliceLink(Protocol):
    """One school's link. Calls may overlap: an alarm never waits for a supervision message."""

    @property
    def paths(self) -> Sequence[Path]:
        """The paths there are, the primary first."""
        ...

    async def send(self, event: LinkEvent, *, on_exchange: OnExchange | None = None) -> Report:
        """Try once: the primary, then the back-up at once. ``on_exchange`` hears of each attempt.

        A path that has just given no answer may come after the other one. Bounded by the link's
        own time limits; whoever calls tries again with the same event.
        """
        ...

    async def probe(self, path: Path, event: LinkEvent | None = None) -> Exchange:
        """One exchange over exactly this path: a supervision message, or a test event."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
