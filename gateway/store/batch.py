"""What one transaction writes: the readings, and all that was concluded from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from alerts.alert import Alert, Transition
from alerts.maintenance import Maintenance

if TYPE_CHECKING:
    from sqlalchemy import Executable
else:
    Executable = Any  # SQLAlchemy takes a second to import, and batches of readings need none of it

ReadingRow: TypeAlias = tuple[int, int, int, int, bytes]
"""Device row, channel, happened, received, body: in the order of the table's columns."""


POLICE: Final = "police:"
"""How the names of those receivers begin that are police links; the link's id follows."""

GIVEN_UP: Final = 2**53 - 1
"""As ``due`` of an outbox row: never again. No time in ms reaches it."""

DROPPED: Final = GIVEN_UP + 1
"""The same, by a person's decision: also theirs who want no more messages."""


class Fact(msgspec.Struct, frozen=True):
    """Something people will one day have to prove. ``body`` is canonical JSON."""

    kind: str
    happened: int
    known: int
    actor: str
    subject: str
    body: bytes


class OutboxEntry(msgspec.Struct, frozen=True):
    """One thing to deliver to one receiver; ``key`` is unique per receiver and occurrence.

    ``alert`` is the one that it tells of.
    """

    receiver: str
    key: str
    created: int
    body: bytes
    due: int
    alert: int | None = None


class Deadline(msgspec.Struct, frozen=True):
    """A deadline people rely on. ``due`` ``None`` removes it."""

    kind: str
    subject: str
    due: int | None
    body: str = "{}"


class NumberedTransition(msgspec.Struct, frozen=True):
    """A transition with its row, which is the event id of the live stream."""

    row: int
    transition: Transition


class RejectSample(msgspec.Struct, frozen=True):
    """A message that was not understood, cut to a bounded length."""

    received: int
    reason: str
    detail: str
    topic: str
    school: str
    sample: bytes


class DiscoveryRow(msgspec.Struct, frozen=True):
    """A device that speaks and is not registered, as last seen."""

    school: str
    id: str
    dialect: str
    address: str
    kind: str
    first_seen: int
    last_seen: int
    messages: int
    topic: str
    sample: bytes
    understood: bytes


class Victim(msgspec.Struct, frozen=True):
    """A device that an alert with a scope has cut off; later rows of the same two replace it.

    ``since`` (ms) is when it was last heard before, ``back`` when it was heard again, ``alone`` the
    alert that it got when the cause was over and it was still not heard.
    """

    alert: int
    device: int
    since: int
    back: int | None = None
    alone: int | None = None


class Arrived(msgspec.Struct, frozen=True):
    """An outbox row that its receiver has."""

    receiver: str
    key: str


class DeviceDay(msgspec.Struct, frozen=True):
    """What is to be added to how a device was connected on a day (since 1970, UTC).

    The counts are added to those of the day. They may be below zero: what had been counted as lost
    the day before may come late. The rest replaces what is there, unless it is ``None``.
    """

    day: int
    device: int
    messages: int
    lost: int
    reconnects: int
    reboots: int
    battery_pct: float | None
    signal_dbm: float | None
    heard: int | None


class Batch(msgspec.Struct, gc=True):
    """Everything that one transaction writes. Empty lists cost nothing.

    ``alerts`` holds the last version of each alert touched. ``acknowledging`` are packed packet
    ids per session (session, entries, count). ``maintenances`` are those that changed, ``hidden``
    the numbers of one and of an alert that it hides. ``statements`` are other writes (registry,
    users).
    ``urgent`` marks a batch that holds events: it may use the reserved disk space.
    """

    readings: list[ReadingRow] = msgspec.field(default_factory=list)
    facts: list[Fact] = msgspec.field(default_factory=list)
    alerts: dict[int, Alert] = msgspec.field(default_factory=dict)
    transitions: list[NumberedTransition] = msgspec.field(default_factory=list)
    outbox: list[OutboxEntry] = msgspec.field(default_factory=list)
    arrived: list[Arrived] = msgspec.field(default_factory=list)
    states: dict[int, bytes] = msgspec.field(default_factory=dict)
    deadlines: list[Deadline] = msgspec.field(default_factory=list)
    acknowledging: list[tuple[str, bytes, int]] = msgspec.field(default_factory=list)
    rejects: list[RejectSample] = msgspec.field(default_factory=list)
    reject_counts: dict[tuple[int, str, str], int] = msgspec.field(default_factory=dict)
    discoveries: list[DiscoveryRow] = msgspec.field(default_factory=list)
    device_days: list[DeviceDay] = msgspec.field(default_factory=list)
    maintenances: dict[int, Maintenance] = msgspec.field(default_factory=dict)
    hidden: list[tuple[int, int]] = msgspec.field(default_factory=list)
    victims: list[Victim] = msgspec.field(default_factory=list)
    statements: list[tuple[Executable, Sequence[Mapping[str, Any]] | None]] = msgspec.field(
        default_factory=list
    )
    urgent: bool = False
    now: int = 0
