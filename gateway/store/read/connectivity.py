"""How a device was connected: its days, its alerts and verifications, and strangers beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, or_, select, text

from alerts.alert import Alert
from alerts.elsewhere import Stranger
from gateway.store.encoding import decode_alert
from gateway.store.schema import alerts, discoveries, verifications

DAY: Final = 86_400_000

ALERTS: Final = 500
VERIFICATIONS: Final = 200
STRANGERS: Final = 500
"""Rows at most; the newest."""

FARTHEST: Final = 5 * 366
"""Days in which a device's last sign of life is looked for."""


class DayRow(msgspec.Struct, frozen=True):
    """One day of a device (since 1970, UTC)."""

    day: int
    messages: int
    lost: int
    reconnects: int
    reboots: int
    battery_pct: float | None
    signal_dbm: float | None
    heard: int | None


class VerificationRow(msgspec.Struct, frozen=True):
    """One verification of a device. ``ended`` and ``verdict`` are ``None`` while under way."""

    id: str
    kind: str
    started: int
    ended: int | None
    verdict: str | None


# Each day is looked up in the primary key, which begins with it: 2 µs each.
_DAYS: Final = text(
    """
    WITH RECURSIVE days(day) AS (
        SELECT :since UNION ALL SELECT day + 1 FROM days WHERE day < :until)
    SELECT d.day, u.messages, u.lost, u.reconnects, u.reboots,
           u.battery_pct, u.signal_dbm, u.heard
    FROM days d CROSS JOIN device_days u ON u.day = d.day AND u.device = :device
    """
)

_LISTENED: Final = text(
    """
    WITH RECURSIVE days(day) AS (
        SELECT :since UNION ALL SELECT day + 1 FROM days WHERE day < :until)
    SELECT d.day FROM days d WHERE EXISTS (SELECT 1 FROM device_days u WHERE u.day = d.day)
    """
)

_LAST: Final = text(
    """
    WITH RECURSIVE days(day) AS (
        SELECT :until UNION ALL SELECT day - 1 FROM days WHERE day > :since)
    SELECT u.heard FROM days d CROSS JOIN device_days u
    ON u.day = d.day AND u.device = :device AND u.heard IS NOT NULL LIMIT 1
    """
)


def days_of(device: int, since: int, until: int) -> Callable[[Connection], list[DayRow]]:
    """Its days from ``since`` to ``until``, both included; those that it was heard of, in order."""

    def query(connection: Connection) -> list[DayRow]:
        rows = connection.execute(_DAYS, {"device": device, "since": since, "until": until})
        return [DayRow(*row) for row in rows]

    return query


def days_listened(since: int, until: int) -> Callable[[Connection], frozenset[int]]:
    """Days on which any device was heard: on the others nobody knows."""

    def query(connection: Connection) -> frozenset[int]:
        rows = connection.execute(_LISTENED, {"since": since, "until": until})
        return frozenset(day for (day,) in rows)

    return query


def last_heard(device: int, until: int) -> Callable[[Connection], int | None]:
    """When it was last heard (ms), up to the day ``until``; ``None`` = never within years."""

    def query(connection: Connection) -> int | None:
        values = {"device": device, "until": until, "since": until - FARTHEST}
        heard: int | None = connection.execute(_LAST, values).scalar()
        return heard

    return query


def alerts_during(device: int, since: int) -> Callable[[Connection], list[Alert]]:
    """Alerts of the device that stood at any time since then (ms), the newest first."""

    def query(connection: Connection) -> list[Alert]:
        statement = (
            select(alerts.c.body)
            .where(
                alerts.c.device == device,
                or_(
                    alerts.c.raised >= since,
                    alerts.c.closed.is_(None),
                    alerts.c.closed >= since,
                ),
            )
            .order_by(alerts.c.raised.desc())
            .limit(ALERTS)
        )
        return [decode_alert(body) for body in connection.scalars(statement)]

    return query


def verifications_during(device: int, since: int) -> Callable[[Connection], list[VerificationRow]]:
    """Verifications of the device begun since then (ms), the newest first."""

    def query(connection: Connection) -> list[VerificationRow]:
        of = verifications.c
        statement = (
            select(of.id, of.kind, of.started, of.ended, of.verdict)
            .where(of.device == device, of.started >= since)
            .order_by(of.started.desc())
            .limit(VERIFICATIONS)
        )
        return [VerificationRow(*row) for row in connection.execute(statement)]

    return query


def strangers_of(school: str, since: int) -> Callable[[Connection], list[Stranger]]:
    """Who has spoken at the school since then (ms), is not registered and not ignored.

    The newest beginners come first: who began when a device fell silent is among them.
    """

    def query(connection: Connection) -> list[Stranger]:
        of = discoveries.c
        statement = (
            select(
                *(of.id, of.kind, of.address, of.first_seen, of.last_seen),
                *(of.messages, of.understood),
            )
            .where(of.school == school, of.ignored.is_(False), of.last_seen >= since)
            .order_by(of.first_seen.desc())
            .limit(STRANGERS)
        )
        return [Stranger(*row[:6], _values(row[6])) for row in connection.execute(statement)]

    return query


def _values(understood: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(understood, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}  # written by another version: its id and address tell all the same
