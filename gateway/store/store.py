"""The seam every store implements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from alerts.alert import Alert
from alerts.duty import Shift, Signature
from alerts.maintenance import Maintenance
from devices.model import Device, Place, School
from gateway.push.subscription import Reach
from gateway.store.batch import Batch, Deadline, OutboxEntry, Victim

if TYPE_CHECKING:
    from sqlalchemy import Connection

Result = TypeVar("Result")


class StoreError(Exception):
    """The store could not do what was asked; the message says what, and what to do."""


class StoreFullError(StoreError):
    """There is no room. Nothing of the batch was kept; commit it again when there is."""


class StoreBusyError(StoreError):
    """The writer is too far behind. Nothing of the batch was kept; commit it again later."""


class Snapshot(msgspec.Struct):
    """What the gateway needs to go on after a start."""

    schools: list[School]
    devices: list[Device]
    states: dict[int, bytes]
    school_parameters: dict[tuple[str, str], dict[str, dict[str, object]]]
    """By (school, kind): ``{rule: {parameter: value}}``."""

    open_alerts: list[Alert]
    deadlines: list[Deadline]
    acknowledging: dict[str, list[bytes]]
    """By session: packed packet ids, oldest first."""

    last_alert: int
    last_transition: int
    for_police: list[OutboxEntry] = msgspec.field(default_factory=list)
    """What waits for the police links, oldest first: the first of it, the rest is in the store."""

    victims: list[Victim] = msgspec.field(default_factory=list)
    """Those of open alerts, and all that were neither heard again nor got an alert of their own."""

    link_watches: dict[str, bytes] = msgspec.field(default_factory=dict)
    """What the watch of each police link came to."""

    shifts: list[Shift] = msgspec.field(default_factory=list)
    """Who is on duty when: the last of them."""

    signatures: dict[str, Signature] = msgspec.field(default_factory=dict)
    """By team: who took over last."""

    maintenances: list[Maintenance] = msgspec.field(default_factory=list)
    """Those to come and under way."""

    last_maintenance: int = 0

    browsers: list[Reach] = msgspec.field(default_factory=list)
    """Those on which people have alerts."""


class Room(msgspec.Struct, frozen=True):
    """How much room there is, in bytes, and what it is enough for."""

    free: int
    telemetry: bool
    events: bool


class Committing(Protocol):
    """What the flow needs of a store: to commit, and to know whether there is room."""

    def commit(self, batch: Batch) -> Future[None]:
        """Write the batch in one durable transaction, in the order of the calls.

        The future fails with `StoreFullError` when there is no room and with `StoreError`
        otherwise; then nothing of the batch was kept.
        """
        ...

    def room(self) -> Room:
        """How much room is left, looked at now."""
        ...


class Store(Committing, Protocol):
    """Keeps facts. One writer; any number of readers."""

    def load(self) -> Snapshot:
        """Everything the gateway needs to go on. Call once, at start."""
        ...

    def load_names(self) -> tuple[list[School], list[Place]]:
        """All schools and places, for putting alerts into words. Blocks."""
        ...

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """Run a reading query on a connection of its own. Blocks: call it from a thread."""
        ...

    def close(self) -> None:
        """Finish what was handed over, then close."""
        ...


class Point(msgspec.Struct, frozen=True):
    """One point of a curve: what the metric was in ``[start, start + span)``. ``span`` 0 = raw."""

    start: int
    span: int
    count: int
    low: float
    high: float
    mean: float
    last: float


class Shortfall(StrEnum):
    """Why a curve may show less than there is."""

    DATABASE_AWAY = "database_away"  # drawn of what the gateway itself still holds


class Curve(msgspec.Struct, frozen=True):
    """Points, oldest first, and whether there may be more that could not be asked for."""

    points: Sequence[Point] = ()
    shortfall: Shortfall | None = None


class History(Protocol):
    """The readings of the past. SQLite embedded; InfluxDB in larger tiers."""

    def curve(self, device: int, metric: str, since: int, until: int, points: int) -> Curve:
        """At most about ``points`` points of ``[since, until)``, gaps left out. Blocks."""
        ...

    def recent(
        self, metrics: Sequence[str], since: int, devices: tuple[int, int] | None = None
    ) -> dict[tuple[int, str], list[Any]]:
        """Points (ms, value) by (device, metric) since then: fills rule windows after a crash.

        ``devices`` are the first and the last row wanted; ``None`` = all.
        """
        ...
