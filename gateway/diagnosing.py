"""Gathers what is known of a device's connection, live and from the store, for its diagnosis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import msgspec

from alerts.alert import Alert
from alerts.battery_forecast import LOOK_BACK, Forecast, forecast
from alerts.diagnosis import diagnose
from alerts.elsewhere import Elsewhere, found_elsewhere
from alerts.evidence import Counts, Evidence, Reason
from alerts.finding import Priority
from alerts.unheard import TOGETHER, UNHEARD, is_silent
from devices.model import Device
from devices.recording.channel_state import DIALECT as GB28181
from gateway.desk import DeviceConnection
from gateway.store.read.alerts import open_alerts_of
from gateway.store.read.connectivity import DAY, DayRow, days_of, last_heard, strangers_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.clock import Clock
    from gateway.desk import Desk
    from gateway.store.store import Store

Result = TypeVar("Result")

DEAF: Final = ("broker_lost", "disk_full", "stalled")
"""Troubles of the feed in which no device is heard, the plainest first."""

MONTH: Final = 30
_SPOKE_LATELY: Final = 7 * DAY
"""Who is registered and was never heard may be found among strangers of a week."""


TELLING: Final = frozenset(
    {
        *("rejected", "repeater_down", "left", UNHEARD, *TOGETHER),
        *("clock_china_fast", "clock_china_slow", "clock_zone_fast", "clock_zone_slow"),
    }
)
"""Reasons that say more than the sentence of the alert that they lead to."""

SAID_ANYWAY: Final = frozenset({"out_of_service", "never_heard", "retained_only"})
"""Reasons that a list has words of its own for."""


class Findings(msgspec.Struct, frozen=True):
    """What asking about a device came to. ``recent`` counts since yesterday's begin (UTC)."""

    connection: DeviceConnection
    evidence: Evidence
    reasons: tuple[Reason, ...]
    battery: Forecast | None
    recent: Counts
    month: Counts


def evidence_of(
    device: Device,
    connection: DeviceConnection,
    alerts: Sequence[Alert],
    trouble: Iterable[str],
    now: int,
) -> Evidence:
    """What is known without asking the store for more than the open alerts."""
    deaf = next((code for code in DEAF if code in trouble), "")
    return Evidence(
        now=now,
        listening=connection.listening,
        expected=connection.expected,
        limit=connection.limit,
        deaf=deaf,
        out_of_service=device.out_of_service,
        heard=connection.heard,
        known=connection.known,
        online=connection.online,
        online_since=connection.online_since,
        repeater=connection.repeater,
        rejects=connection.rejects,
        clock_error=connection.clock_error,
        battery_pct=connection.battery_pct,
        signal_dbm=connection.signal_dbm,
        alerts=tuple(alerts),
        cut_off=connection.cut_off,
        by_recorder=device.dialect == GB28181,
    )


def cause_of(
    device: Device, connection: DeviceConnection, alerts: Sequence[Alert], now: int
) -> Reason | None:
    """The reason of a device in a list: one that tells more than its alerts do; without alerts, why
    nobody can call it well."""
    evidence = evidence_of(device, connection, alerts, (), now)
    reasons = diagnose(evidence)
    if alerts:
        return reasons[0] if reasons and reasons[0].code in TELLING else None
    return next((one for one in reasons if _speaks_against(one)), None)


def _speaks_against(reason: Reason) -> bool:
    """Whether a device of which this is true cannot be called well."""
    return reason.code not in SAID_ANYWAY and reason.priority is not Priority.NOTICE


class Known(Protocol):
    """Whom it is asked of: live of the desk, and of the store."""

    @property
    def desk(self) -> Desk:
        """What is so now."""
        ...

    @property
    def clock(self) -> Clock:
        """What time it is."""
        ...

    async def read(self, query: Callable[[Connection], Result]) -> Result:
        """What a reading query finds."""
        ...


async def findings_of(services: Known, device: Device) -> Findings | None:
    """Everything that is known of a device's connection; ``None`` when it has just been removed."""
    connection = services.desk.connection(device.school, device.id)
    if connection is None:
        return None
    now = services.clock.now()
    today = now // DAY
    standing, days, earlier = await services.read(_stored(device.row, today))
    heard = connection.heard or next((day.heard for day in reversed(days) if day.heard), earlier)
    battery = forecast(_levels(days, connection, today), today)
    recent = _counted(days, connection, today - 1, now)
    evidence = msgspec.structs.replace(
        evidence_of(device, connection, standing, services.desk.feed().trouble, now),
        heard=heard,
        battery_pct=_newest_level(days, connection),
        battery_ends=None if battery is None else battery.on,
        recent=recent,
    )
    evidence = msgspec.structs.replace(
        evidence, elsewhere=await _elsewhere(services, device, connection, evidence)
    )
    return Findings(
        connection=connection,
        evidence=evidence,
        reasons=diagnose(evidence),
        battery=battery,
        recent=recent,
        month=_counted(days, connection, today - MONTH + 1, now),
    )


class _Running:
    """The running gateway, asked by itself."""

    def __init__(self, desk: Desk, clock: Clock, store: Store) -> None:
        self.desk: Final = desk
        self.clock: Final = clock
        self._store: Final = store

    async def read(self, query: Callable[[Connection], Result]) -> Result:
        return await asyncio.to_thread(self._store.read, query)


def reasons_of(
    desk: Desk, clock: Clock, store: Store
) -> Callable[[Device], Awaitable[Sequence[Reason]]]:
    """What tells why a device is red, the most telling reason first."""
    known = _Running(desk, clock, store)

    async def reasons(device: Device) -> Sequence[Reason]:
        findings = await findings_of(known, device)
        return () if findings is None else findings.reasons

    return reasons


def _stored(
    device: int, today: int
) -> Callable[[Connection], tuple[list[Alert], list[DayRow], int | None]]:
    """Its open alerts, its days, and when it was last heard if none of these tells, at once."""

    def query(connection: Connection) -> tuple[list[Alert], list[DayRow], int | None]:
        standing = open_alerts_of([device])(connection).get(device, [])
        days = days_of(device, today - LOOK_BACK + 1, today)(connection)
        heard = any(day.heard for day in days)
        earlier = None if heard else last_heard(device, today - LOOK_BACK)(connection)
        return standing, days, earlier

    return query


def today_too(days: Sequence[DayRow], connection: DeviceConnection, today: int) -> list[DayRow]:
    """The days, and what is not written yet as part of today."""
    new = connection.unwritten
    rows = {day.day: day for day in days}
    before = rows.get(today) or DayRow(today, 0, 0, 0, 0, None, None, None)
    if new.messages or new.lost or new.reconnects or new.reboots:
        rows[today] = DayRow(
            day=today,
            messages=before.messages + new.messages,
            lost=before.lost + new.lost,
            reconnects=before.reconnects + new.reconnects,
            reboots=before.reboots + new.reboots,
            battery_pct=_first(connection.battery_pct, before.battery_pct),
            signal_dbm=_first(connection.signal_dbm, before.signal_dbm),
            heard=connection.heard or before.heard,
        )
    return [rows[day] for day in sorted(rows)]


def _counted(days: Sequence[DayRow], connection: DeviceConnection, since: int, now: int) -> Counts:
    used = [day for day in today_too(days, connection, now // DAY) if day.day >= since]
    return Counts(
        messages=sum(day.messages for day in used),
        lost=max(0, sum(day.lost for day in used)),
        reconnects=sum(day.reconnects for day in used),
        reboots=max(0, sum(day.reboots for day in used)),
        days=(now - since * DAY) / DAY,
    )


def _levels(
    days: Sequence[DayRow], connection: DeviceConnection, today: int
) -> list[tuple[int, float]]:
    return [
        (day.day, day.battery_pct)
        for day in today_too(days, connection, today)
        if day.battery_pct is not None
    ]


def _newest_level(days: Sequence[DayRow], connection: DeviceConnection) -> float | None:
    stored = (day.battery_pct for day in reversed(days) if day.battery_pct is not None)
    return _first(connection.battery_pct, next(stored, None))


async def _elsewhere(
    services: Known, device: Device, connection: DeviceConnection, evidence: Evidence
) -> Elsewhere | None:
    """Looked for only when it would tell something."""
    heard = evidence.heard
    if heard is not None and not is_silent(evidence):
        return None
    since = evidence.now - _SPOKE_LATELY if heard is None else heard
    return found_elsewhere(
        await services.read(strangers_of(device.school, since)),
        device=device.id,
        kind=device.kind,
        address=device.address,
        values=connection.values,
        heard=heard,
        limit=connection.limit,
    )


def _first(one: float | None, other: float | None) -> float | None:
    return other if one is None else one
