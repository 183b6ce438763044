"""From settings and register to what the broker is to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from devices.dialects.dialect import BoundDialect
from gateway.broker.access import SchoolAccess
from gateway.broker.configuration import BrokerPlan, Limits, Listener, Tls
from gateway.settings_broker import EmbeddedBroker
from gateway.settings_broker import Listener as ListenerSettings


def plan_of(
    embedded: EmbeddedBroker, dialects: Sequence[BoundDialect], schools: Iterable[str]
) -> BrokerPlan:
    """The broker for these schools, each with the foreign dialects bound to it."""
    return BrokerPlan(
        listeners=tuple(_listener(listener) for listener in embedded.listeners),
        schools=tuple(_access(school, dialects) for school in sorted(set(schools))),
        limits=Limits(queue_bytes=embedded.queue_mb << 20, autosave_s=embedded.autosave_s),
    )


def _listener(settings: ListenerSettings) -> Listener:
    tls = None
    if settings.tls is not None:
        tls = Tls(
            ca=settings.tls.client_ca_file,
            certificate=settings.tls.cert_file,
            key=settings.tls.key_file,
        )
    return Listener(port=settings.listen.port, host=settings.listen.host, tls=tls)


def _access(school: str, dialects: Sequence[BoundDialect]) -> SchoolAccess:
    own = [dialect for dialect in dialects if dialect.school == school]
    return SchoolAccess(
        school,
        writes=tuple(topic for dialect in own for topic in dialect.spoken()),
        reads=tuple(topic for dialect in own for topic in dialect.heard()),
    )
