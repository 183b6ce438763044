"""A session that speaks MQTT 5, or MQTT 3.1.1 with a broker that does not know MQTT 5."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

import msgspec
import structlog

from gateway.clock import Clock
from gateway.ingest.mqtt5_source import Mqtt5Source
from gateway.ingest.session import Endpoint, Recovery
from gateway.ingest.source import Delivery, Source, SourceStatus, UnsupportedVersionError

_log: Final = structlog.get_logger(__name__)


class EitherSource:
    """Tries MQTT 5 and steps down once, for good. Implements `Source`.

    A broker that answers MQTT 5 with silence cannot be told from one that is down: there
    ``broker.protocol`` has to say "3.1.1".
    """

    def __init__(
        self,
        *,
        session: str,
        endpoint: Endpoint,
        filters: Sequence[str],
        clock: Clock,
        on_ready: Callable[[], None] = lambda: None,
        recovery: Recovery | None = None,
        again: Collection[str] = (),
    ) -> None:
        self.session = session
        self.on_ready = on_ready
        self._endpoint = endpoint
        self._filters = filters
        self._clock = clock
        self._recovery = recovery
        self._again = again
        self._recalled: list[bytes] = []
        self._source: Source = Mqtt5Source(
            session=session,
            endpoint=msgspec.structs.replace(endpoint, insist=False),
            filters=filters,
            clock=clock,
            on_ready=self._ready,
            recovery=recovery,
            again=again,
        )

    def _ready(self) -> None:
        self.on_ready()

    async def run(self) -> None:
        """Connect, subscribe and stay connected until cancelled."""
        try:
            await self._source.run()
        except UnsupportedVersionError as error:
            _log.warning("broker.steps_down", session=self.session, error=str(error))
        # Late: importing paho would keep the first commit waiting where nobody needs it.
        from gateway.ingest.paho_source import PahoSource  # noqa: PLC0415

        self._source = PahoSource(
            session=self.session,
            endpoint=self._endpoint,
            filters=self._filters,
            clock=self._clock,
            on_ready=self._ready,
            recovery=self._recovery,
            again=self._again,
        )
        self._source.recall(self._recalled)
        await self._source.run()

    def take(self, most: int) -> Delivery | None:
        """Up to ``most`` waiting messages, oldest first."""
        return self._source.take(most)

    def acknowledge(self, delivery: Delivery) -> None:
        """Tell the broker that these are kept."""
        self._source.acknowledge(delivery)

    def recall(self, entries: Sequence[bytes]) -> None:
        """At start: what was committed and perhaps never acknowledged."""
        self._recalled += entries
        self._source.recall(entries)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send at QoS 0; false when there is no connection."""
        return self._source.publish(topic, payload)

    @property
    def waiting(self) -> int:
        """How many messages wait to be taken."""
        return self._source.waiting

    def status(self) -> SourceStatus:
        """How it is doing."""
        return self._source.status()
