"""Makes the sources: which session subscribes to what, and over which protocol."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from devices.dialects.dialect import Dialect, Learning
from gateway.broker.connection import Way
from gateway.clock import Clock
from gateway.ingest.either_source import EitherSource
from gateway.ingest.mqtt5_source import Mqtt5Source
from gateway.ingest.session import Endpoint, Recovery
from gateway.ingest.source import Source
from gateway.settings_broker import BrokerSettings

if TYPE_CHECKING:
    from gateway.ingest.paho_source import PahoSource


def filters_of(dialects: Sequence[Dialect], *, events: bool) -> list[str]:
    """What one of the two sessions subscribes to: what may carry alarms, or all the rest."""
    return [
        topic
        for dialect in dialects
        for topic, carries_events in dialect.filters()
        if carries_events is events
    ]


def lessons_of(dialects: Sequence[Dialect]) -> frozenset[str]:
    """Filters whose retained messages teach a dialect, and are wanted at each connection."""
    return frozenset(
        topic
        for dialect in dialects
        if isinstance(dialect, Learning)
        for topic in dialect.lessons()
    )


def make_source(
    session: str,
    *,
    way: Way,
    broker: BrokerSettings,
    filters: Sequence[str],
    clock: Clock,
    rest_s: float,
    recovery: Recovery,
    again: Collection[str] = (),
) -> Source:
    """One session with its fixed client id, so that the broker keeps what it missed.

    ``rest_s``: how long the connection is left alone after a little has come. ``recovery`` is
    shared by both sessions. ``again``: whose retained messages are wanted at each connection.
    """
    return _speaking(broker.protocol)(
        session=session,
        endpoint=Endpoint(
            host=way.host,
            port=way.port,
            client_id=f"{way.client_id or broker.client_id}-{session}",
            username=way.username,
            password=way.password,
            tls=way.tls,
            keep_alive_s=broker.keep_alive_s,
            session_expiry_s=broker.session_expiry_s,
            receive_maximum=broker.receive_maximum,
            connect_timeout_s=broker.connect_timeout_s,
            reconnect_min_s=broker.reconnect.min_s,
            reconnect_max_s=broker.reconnect.max_s,
            rest_s=rest_s,
        ),
        filters=filters,
        clock=clock,
        recovery=recovery,
        again=again,
    )


def _speaking(protocol: str) -> type[EitherSource | Mqtt5Source | PahoSource]:
    """By ``broker.protocol``: ``auto``, ``5`` or ``3.1.1``."""
    if protocol == "3.1.1":
        # Late: importing paho would keep the first commit waiting where nobody needs it.
        from gateway.ingest.paho_source import PahoSource  # noqa: PLC0415

        return PahoSource
    return Mqtt5Source if protocol == "5" else EitherSource
