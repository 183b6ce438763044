"""What one turn of the pipeline came to: what to write, and what to do once it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from gateway.desk import LiveAlert
from gateway.ingest.source import Delivery
from gateway.store.batch import Batch

if TYPE_CHECKING:
    from gateway.pipeline.windows import Notice

_WRITTEN: Final = tuple(name for name in Batch.__struct_fields__ if name not in {"urgent", "now"})
"""What a batch may hold to be written. By the fields themselves: what is forgotten in a list of
them would now and then be dropped without a word."""


class Work(msgspec.Struct):
    """A batch and what follows its commit.

    ``deliveries`` are acknowledged to the broker; ``replies`` (topic, payload) tell native alarm
    devices that their event is kept, and others what their dialect asks of them; ``live`` goes to
    the stream, ``tests`` (what happened to test windows) to whoever runs the verification. None of
    it happens before the commit.
    """

    batch: Batch
    deliveries: list[Delivery] = msgspec.field(default_factory=list)
    replies: list[tuple[str, bytes]] = msgspec.field(default_factory=list)
    live: list[LiveAlert] = msgspec.field(default_factory=list)
    tests: list[Notice] = msgspec.field(default_factory=list)
    messages: int = 0

    @property
    def concluded(self) -> bool:
        """Whether anything came of the messages: then others build on it, and it must not wait."""
        batch = self.batch
        return bool(
            batch.transitions
            or batch.facts
            or batch.states
            or batch.alerts
            or batch.outbox
            or batch.deadlines
            or batch.victims
        )

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write, nothing to acknowledge and nothing to say."""
        return not (
            self.deliveries or self.replies or any(getattr(self.batch, name) for name in _WRITTEN)
        )
