"""What was tested and exchanged over police links, for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import structlog
from sqlalchemy import Connection, func, select

from audit.verification.model import Verification
from gateway.police.evidence import EXCHANGE, ExchangeFact, exchange_of
from gateway.police.hosts import KIND as ATTESTED
from gateway.store.schema import facts, verifications

_run: Final = msgspec.json.Decoder(Verification)
_log: Final = structlog.get_logger(__name__)
_KIND: Final = "link"


def latest_tests(links: Iterable[str]) -> Callable[[Connection], dict[str, Verification]]:
    """The latest test of each link that is over."""
    table = verifications.c
    wanted = list(links)

    def read(connection: Connection) -> dict[str, Verification]:
        newest = (
            select(func.max(table.row))
            .where(table.link.in_(wanted), table.kind == _KIND, table.ended.is_not(None))
            .group_by(table.link)
        )
        found = connection.execute(
            select(table.link, table.body).where(table.row.in_(newest.scalar_subquery()))
        )
        return {link: _run.decode(body) for link, body in found}

    return read


def latest_attested(devices: Iterable[int]) -> Callable[[Connection], dict[int, Verification]]:
    """The latest word of people on a test of links that vendors' hosts keep, by device row."""
    table = verifications.c
    wanted = list(devices)

    def read(connection: Connection) -> dict[int, Verification]:
        newest = (
            select(func.max(table.row))
            .where(
                table.device.in_(wanted),
                table.kind == ATTESTED,
                table.verdict.in_(("met", "failed")),
            )
            .group_by(table.device)
        )
        found = connection.execute(
            select(table.device, table.body).where(table.row.in_(newest.scalar_subquery()))
        )
        return {device: _run.decode(body) for device, body in found}

    return read


def exchanges_of_alert(number: int, limit: int = 500) -> Callable[[Connection], list[ExchangeFact]]:
    """What was exchanged with receivers about an alert, oldest first: the newest ``limit``."""
    query = (
        select(facts.c.body)
        .where(facts.c.subject == f"alert:{number}", facts.c.kind == EXCHANGE)
        .order_by(facts.c.row.desc())
        .limit(limit)
    )

    def read(connection: Connection) -> list[ExchangeFact]:
        found = []
        for (body,) in connection.execute(query):
            try:
                found.append(exchange_of(body))
            except msgspec.MsgspecError as error:
                _log.error("exchange.unreadable", alert=number, error=str(error))
        return found[::-1]

    return read
