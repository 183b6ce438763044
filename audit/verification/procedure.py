"""What a procedure is told, and what it asks for: a state machine for one run of one device.

Procedures are pure: what they hold follows from the subject and the run, so that one can be made
anew after a restart. They read no clock and do no I/O; whoever runs them carries out what they ask
for and tells them what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

import msgspec

from audit.verification.model import Verification
from devices.police_link.link import Code, Exchange, Path
from devices.reading import Channel, Value


class NoticeGiven(msgspec.Struct, frozen=True):
    """Who told the police of a test, when (ms), and in their words whom and how."""

    at: int
    actor: str
    told: str


class LinkNotice(msgspec.Struct, frozen=True, kw_only=True):
    """That the police behind a link want to be told ``hours`` before a test.

    ``text`` is what to tell whom. ``announced`` is since when (ms) a scheduled test stands
    announced; ``given`` the last notice that somebody gave.
    """

    link: str
    hours: int
    telephone: str
    text: str = ""
    announced: int | None = None
    given: NoticeGiven | None = None


class Limits(msgspec.Struct, frozen=True):
    """What a feeder may come to in a full-load test, by the figures of its rules: what its breaker
    is rated for (A), residual current (mA), heat of cables (°C); ``None`` = nobody has said.
    """

    rating_a: float | None = None
    residual_ma: float | None = None
    cable_c: float | None = None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The device that is verified, as it was when the run began. Times in ms.

    ``heartbeat`` is how often it speaks at least, ``grace`` how much later it may be; ``heard``
    when it last did. ``links`` are the police links of its school, ``notices`` what those want
    that are to be told beforehand. ``answers`` says whether it can be asked something (`ping`).
    ``test`` is the kind of a test that was asked for instead of the usual one, ``limits`` what its
    feeder may come to.
    """

    school: str
    id: str
    kind: str
    heartbeat: int
    grace: int = 0
    heard: int | None = None
    online: bool | None = None
    values: Mapping[str, Value] = msgspec.field(default_factory=dict)
    links: tuple[str, ...] = ()
    notices: tuple[LinkNotice, ...] = ()
    answers: bool = False
    window: int = 600_000
    test: str = ""
    limits: Limits = Limits()


# What it is told


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the device, committed."""

    channel: Channel
    happened: int
    received: int
    values: Mapping[str, Value]
    event: str | None = None


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """Its press is held back until ``due``."""

    happened: int
    known: int
    due: int


class WindowOver(msgspec.Struct, frozen=True, kw_only=True):
    """The test window is over without a test; ``alarm`` = a press went out as a real one."""

    why: str
    alarm: bool


class PoliceTold(msgspec.Struct, frozen=True):
    """``actor`` has told the police behind a link of the test; ``told`` says whom and how."""

    link: str
    actor: str
    told: str


class Confirmed(msgspec.Struct, frozen=True):
    """The technician said that the press was theirs, and that is kept."""


class Typed(msgspec.Struct, frozen=True):
    """A figure that the technician read or knows. ``load``: of a load that is switched on next."""

    value: float
    load: bool = False


class LoadTold(msgspec.Struct, frozen=True):
    """Of a full-load test: the ``name`` of the room that comes next, that all in it is ``on``, or
    that it was the last (``finished``); one of them.
    """

    name: str = ""
    on: bool = False
    finished: bool = False


class Cancelled(msgspec.Struct, frozen=True):
    """Somebody gave up."""

    actor: str


class Exchanged(msgspec.Struct, frozen=True):
    """One exchange with a receiver, while it goes on."""

    exchange: Exchange


class Sent(msgspec.Struct, frozen=True):
    """What became of a test event. ``error``: why it could not even be tried."""

    exchanges: tuple[Exchange, ...] = ()
    error: str = ""


Input: TypeAlias = (
    Said
    | Pressed
    | WindowOver
    | PoliceTold
    | Confirmed
    | Typed
    | LoadTold
    | Cancelled
    | Exchanged
    | Sent
)


# What it asks for


class OpenWindow(msgspec.Struct, frozen=True):
    """Let the next press of the device be a test."""

    milliseconds: int


class SendTest(msgspec.Struct, frozen=True):
    """Send a test event; ``paths`` empty = as an alarm would go, else each one by itself."""

    link: str
    code: Code
    paths: tuple[Path, ...] = ()


class Ask(msgspec.Struct, frozen=True):
    """Publish a command to the device; its answer carries ``id``."""

    id: str
    command: str
    expires: int


Effect: TypeAlias = OpenWindow | SendTest | Ask


class Course(msgspec.Struct, frozen=True):
    """The run after it, and what to do now."""

    run: Verification
    effects: tuple[Effect, ...] = ()


class Procedure(Protocol):
    """How one kind of thing is verified."""

    kind: str

    def begin(self, run: Verification, now: int) -> Course:
        """The first step."""
        ...

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """Something came; the same run when it does not matter."""
        ...

    def tick(self, run: Verification, now: int) -> Course:
        """The time of the present step is over."""
        ...
