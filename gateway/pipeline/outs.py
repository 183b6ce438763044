"""Devices that are out, and the causes that some of them share, as they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import structlog

from alerts.correlation import WILL
from alerts.finding import Explanation, Finding
from alerts.rules.silent import OFFLINE, SILENT
from devices.model import Device
from gateway.pipeline.work import Work
from gateway.store.batch import Deadline

_log: Final = structlog.get_logger(__name__)

WATCHED: Final = frozenset({SILENT, OFFLINE})
"""The conditions that may be one of many with one cause."""

HELD: Final = "silence"
"""The kind of the stored deadline until which a silence waits for others; for after a restart."""


class Out(msgspec.Struct):
    """A device that is called silent or offline. Times in ms.

    It went out between ``since`` and ``until`` (0 = not worked out yet). ``due`` is until when it
    waits: for others to go out with it, or, when its cause is over (``checked``), to be heard
    again. ``alert`` is the cause it belongs to, ``left`` the one that it belonged to before; 0
    without. ``unheard``: it was not heard since the gateway's start. ``finding`` is what its rule
    said, until a restart.
    """

    device: Device
    condition: str
    since: int
    until: int
    noticed: int
    due: int | None = None
    alert: int = 0
    left: int = 0
    checked: bool = False
    unheard: bool = False
    finding: Finding | None = None

    @property
    def begin(self) -> int:
        """When it went out at the earliest: a last will comes late."""
        if self.unheard:
            return 0
        return self.since - WILL if self.condition == OFFLINE else self.since

    @property
    def held(self) -> bool:
        """Whether nobody has been told of it yet."""
        return self.due is not None and not self.checked

    @property
    def alone(self) -> bool:
        """Whether it has an alert of its own."""
        return self.due is None and not self.alert

    def waited(self, now: int, earliest: int) -> bool:
        """Whether it has waited long enough, which it has not before ``earliest`` (ms)."""
        return self.due is not None and now >= max(self.due, earliest)


class Cause(msgspec.Struct):
    """One standing cause. ``since`` (ms) is when each victim it ever had was last heard, ``out``
    are those that it still has; ``gone`` and ``back`` the devices not told of yet. ``device`` is
    the row of the one whose own alert it is, without a scope then; 0 of an alert with a scope.
    """

    alert: int
    school: str
    scope: str
    moment: int
    why: Explanation
    device: int = 0
    since: dict[int, int] = msgspec.field(default_factory=dict)
    out: set[int] = msgspec.field(default_factory=set)
    gone: list[str] = msgspec.field(default_factory=list)
    back: list[str] = msgspec.field(default_factory=list)
    told: int = 0

    @property
    def news(self) -> bool:
        """Whether its alert does not know of all yet."""
        return bool(self.gone or self.back)


class Outs:
    """All who are out by their rows, the causes that stand by their alerts, and the schools to be
    looked at with when (ms) they are.
    """

    def __init__(self) -> None:
        self.causes: Final[dict[int, Cause]] = {}
        self.looks: Final[dict[str, int]] = {}
        self._outs: Final[dict[int, Out]] = {}
        self._schools: Final[dict[str, set[int]]] = {}

    def __iter__(self) -> Iterator[Out]:
        return iter(self._outs.values())

    def __getitem__(self, row: int) -> Out:
        return self._outs[row]

    def get(self, row: int) -> Out | None:
        """``None``: it is heard."""
        return self._outs.get(row)

    def of(self, school: str) -> list[Out]:
        """Those of one school."""
        return [self._outs[row] for row in sorted(self._schools.get(school, ()))]

    def causes_of(self, school: str) -> list[Cause]:
        """The causes that stand there."""
        return [cause for cause in self.causes.values() if cause.school == school]

    def add(self, out: Out) -> None:
        """One more."""
        self._outs[out.device.row] = out
        self._schools.setdefault(out.device.school, set()).add(out.device.row)

    def remove(self, out: Out) -> None:
        """It is heard again."""
        del self._outs[out.device.row]
        self._schools[out.device.school].discard(out.device.row)

    def look_at(self, school: str, when: int) -> None:
        """The school is to be looked at, not later than ``when`` (ms)."""
        self.looks[school] = min(when, self.looks.get(school, when))


class HeldSilence(msgspec.Struct, frozen=True):
    """A silence that waits, as it is stored."""

    school: str
    name: str
    condition: str
    since: int
    until: int
    noticed: int
    left: int = 0
    unheard: bool = False


_held_silence: Final = msgspec.json.Decoder(HeldSilence).decode


def keep(out: Out, work: Work) -> None:
    """Store that it waits."""
    held = HeldSilence(
        school=out.device.school,
        name=out.device.id,
        condition=out.condition,
        since=out.since,
        until=out.until,
        noticed=out.noticed,
        left=out.left,
        unheard=out.unheard,
    )
    body = msgspec.json.encode(held).decode()
    work.batch.deadlines.append(Deadline(HELD, subject_of(out), out.due, body))


def subject_of(out: Out) -> str:
    """What names its deadline."""
    return f"device:{out.device.school}/{out.device.id}"


def stored(deadline: Deadline) -> HeldSilence:
    """What `keep` stored. What cannot be read has been silent since it would have been judged."""
    try:
        return _held_silence(deadline.body)
    except msgspec.DecodeError as error:
        _log.error("silence.unreadable", subject=deadline.subject, error=str(error))
        school, _, name = deadline.subject.removeprefix("device:").partition("/")
        due = deadline.due or 0
        return HeldSilence(school, name, "", due, due, due)
