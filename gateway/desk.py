"""What people and other programs may ask of the running gateway, beside reading the store.

Everything here goes through the one sequence in which messages are judged, so that two operators
at the same moment get one consistent result.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import msgspec

from alerts.alert import Action, Alert, Refusal, Transition
from alerts.appliances.seen import Seen
from alerts.detector import DetectorKnown
from alerts.evidence import Counts, CutOff, RejectsSeen, RepeaterSeen
from alerts.finding import Priority
from devices.model import Device


class LiveAlert(msgspec.Struct, frozen=True):
    """One event of the live stream: an alert as it stood after a transition.

    ``row`` is the event id; they only grow.
    """

    row: int
    alert: Alert
    transition: Transition


class Feed(msgspec.Struct, frozen=True):
    """Whether messages arrive. Times in ms, ``rate`` in messages a second over the last seconds.

    ``trouble`` holds codes of the catalogues (``feed.{code}``): ``broker_lost``, ``disk_full``,
    ``stalled``, ``late``, ``slow_commits``, ``clock``, ``rejects``.
    """

    now: int
    connected: bool
    last_message: int | None
    rate: float
    trouble: tuple[str, ...] = ()


class DeviceLive(msgspec.Struct, frozen=True):
    """What is known of a device right now and is not in the store."""

    heard: int | None
    expected: int | None
    """The heartbeat expected, in ms."""

    happened: int | None
    offset: int | None
    """The device clock's estimated error in ms, positive = fast."""

    online: bool | None
    values: dict[str, object]
    lost: int
    messages: int
    firmware: str = ""


class DeviceConnection(msgspec.Struct, frozen=True):
    """How a device is heard, as far as it is not in the store. Times and durations in ms.

    ``expected`` is its heartbeat, ``limit`` the silence that is unusual for it, ``listening`` since
    when it could have been heard. ``delay`` is that of the newest message, ``numbered`` whether its
    messages carry ``seq``; ``known`` whether it left something retained. ``unwritten`` was counted
    and is in none of its days yet.
    """

    heard: int | None
    expected: int
    limit: int
    listening: int
    online: bool | None
    online_since: int
    known: bool
    clock_error: int | None
    delay: int | None
    numbered: bool
    battery_pct: float | None
    signal_dbm: float | None
    firmware: str
    values: Mapping[str, object]
    repeater: RepeaterSeen | None
    rejects: RejectsSeen | None
    unwritten: Counts
    cut_off: CutOff | None = None


class Acted(msgspec.Struct, frozen=True):
    """What an action came to. ``changed`` is false when it had been so already."""

    alert: Alert
    changed: bool


class Desk(Protocol):
    """The running gateway, as the API and the command line see it."""

    async def act(self, alert: int, action: Action, actor: str) -> Acted | Refusal:
        """Do something to an alert in the name of ``actor`` (a user's name)."""
        ...

    async def register(self, device: Device, actor: str, reason: str = "") -> Device | Refusal:
        """Add a device, adopt a discovery or change a device (same school and id).

        ``reason`` is what the person gave for it (taking a device out of service asks for one).
        """
        ...

    async def remove(self, school: str, device: str, actor: str, reason: str) -> Refusal | None:
        """Take a device off the register; its past stays."""
        ...

    async def set_parameters(
        self, school: str, kind: str, parameters: dict[str, dict[str, object]], actor: str
    ) -> Refusal | None:
        """A school's own figures for a kind, effective from the next message on."""
        ...

    async def reload(self) -> None:
        """Take up what was changed in the register by an import."""
        ...

    def live(self, school: str, device: str) -> DeviceLive | None:
        """What is known of a device right now; ``None`` when it is not registered."""
        ...

    def connection(self, school: str, device: str) -> DeviceConnection | None:
        """How a device is heard right now; ``None`` when it is not registered."""
        ...

    def appliances(self, school: str, device: str) -> list[Seen] | None:
        """Loads recognised behind a feeder of late; ``None`` when it is not judged for any."""
        ...

    def detector(self, school: str, device: str) -> DetectorKnown:
        """What the rules remember of a device as a detector; nothing when it is not registered."""
        ...

    def device(self, row: int) -> Device | None:
        """A device by its row, as messages are judged by it now; ``None`` = not registered."""
        ...

    def feed(self) -> Feed:
        """Whether messages arrive."""
        ...

    def counts(self, schools: frozenset[str] | None) -> dict[Priority, tuple[int, int]]:
        """Open and, of these, unacknowledged alerts by priority; ``None`` = all schools."""
        ...

    def stream(self, after: int | None) -> AsyncIterator[list[LiveAlert]]:
        """Committed transitions with a row above ``after`` (``None`` = from now on), in order.

        Yields lists, joined up to 200 ms (an emergency at once) and an empty list every second
        when there is nothing, so that the caller can send a sign of life. Raises
        ``LookupError`` when ``after`` is too old to resume from; the page then loads anew.
        """
        ...
