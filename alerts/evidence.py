"""What is known of a device that somebody asks about, and the reasons it comes to.

Gathered by whoever asks; `alerts.diagnosis` makes reasons of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from alerts.alert import Alert
from alerts.elsewhere import Elsewhere
from alerts.finding import Explanation, Priority

Input: TypeAlias = bool | int | float | str | None


class Verdict(StrEnum):
    """Three values: unknown is never shown as fine and never as trouble."""

    OK = "ok"
    TROUBLE = "trouble"
    UNKNOWN = "unknown"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason. ``code`` names the sentence ``why.{code}``, ``advice`` ``advice.{advice}``.

    Inputs whose name ends in ``_ms`` are durations. Without a ``priority`` it says why nobody can
    tell; with `Priority.NOTICE` it is worth knowing and no trouble. ``explanation`` is the sentence
    of an alert and takes the place of the code's.
    """

    code: str
    advice: str
    inputs: dict[str, Input] = msgspec.field(default_factory=dict)
    priority: Priority | None = None
    since: int | None = None
    explanation: Explanation | None = None
    alert: int | None = None


class RepeaterSeen(msgspec.Struct, frozen=True):
    """The repeater through which a device is heard. ``silent`` as its own rule says."""

    id: str
    heard: int | None
    online: bool | None
    online_since: int
    silent: bool


class RejectsSeen(msgspec.Struct, frozen=True):
    """Messages of the device that were not understood, since ``since``; the newest and why."""

    count: int
    since: int
    last: int
    reason: str
    detail: str


class CutOff(msgspec.Struct, frozen=True):
    """That a device is not heard because of something that others are not heard for either.

    ``alert`` is that of the cause, 0 while nobody can tell yet whether there is one; ``devices``
    how many it has cut off in all, ``since`` when this one was last heard (ms). ``over``: the cause
    has returned, and it has not been heard since.
    """

    alert: int
    devices: int
    since: int
    over: bool


class Counts(msgspec.Struct, frozen=True):
    """What was counted over some days. ``days`` may be a part of one."""

    messages: int = 0
    lost: int = 0
    reconnects: int = 0
    reboots: int = 0
    days: float = 1.0

    @property
    def loss_pct(self) -> float | None:
        """The share of messages lost; ``None`` when none came at all."""
        lost = max(0, self.lost)
        whole = self.messages + lost
        return 100 * lost / whole if whole else None

    @property
    def reconnects_a_day(self) -> float:
        """Reconnects a day."""
        return self.reconnects / max(self.days, 1 / 24)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a device. Times in ms; ``None`` = not known, never, or not there.

    ``deaf`` is why the gateway hears nobody at all (a code of `gateway.desk.Feed.trouble`), empty
    when it does. ``listening`` is since when it could have heard this device. ``heard`` is the last
    message, also of an earlier run of the gateway; ``expected`` the heartbeat, ``limit`` the
    silence that is unusual (ms). ``known`` tells that something retained is known of it.
    ``battery_ends`` is the day since 1970 on which its battery ends; ``recent`` counts two days.
    ``by_recorder``: it is known only by what its recorder tells, as ``online`` then is.
    """

    now: int
    listening: int
    expected: int
    limit: int
    deaf: str = ""
    out_of_service: bool = False
    heard: int | None = None
    known: bool = False
    online: bool | None = None
    online_since: int = 0
    repeater: RepeaterSeen | None = None
    rejects: RejectsSeen | None = None
    elsewhere: Elsewhere | None = None
    clock_error: int | None = None
    battery_pct: float | None = None
    battery_ends: int | None = None
    signal_dbm: float | None = None
    recent: Counts = Counts()
    alerts: tuple[Alert, ...] = ()
    cut_off: CutOff | None = None
    by_recorder: bool = False

    def alert(self, *conditions: str) -> Alert | None:
        """The most urgent active alert of one of these conditions."""
        standing = [one for one in self.alerts if one.active and one.condition in conditions]
        return min(standing, key=lambda one: one.priority, default=None)
