"""What the gateway counts about itself, as plain numbers (`gateway.exposition` shows them).

The hot path adds to an attribute; nothing is locked, labelled or looked up before somebody asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

COMMIT_SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
BATCH_MESSAGES: Final = (1, 10, 50, 100, 500, 1000, 2000, 4000)
DELAY_SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 10.0)


class Spread:
    """How often values fell under each bound."""

    __slots__ = ("_counts", "_sum", "bounds")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds: Final = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self._sum += value

    @property
    def counts(self) -> Sequence[int]:
        """How many fell under each bound and not under the one before, the last without bound."""
        return self._counts

    @property
    def sum(self) -> float:
        """All values together."""
        return self._sum


COUNTERS: Final = {
    "messages": "Messages taken in from the broker.",
    "readings": "Readings understood.",
    "rejects": "Messages that were not understood.",
    "duplicates": "Messages recognised as delivered before.",
    "batches": "Batches committed.",
    "commits_failed": "Commits that failed and were tried again.",
    "transitions": "Transitions of alerts.",
    "alerts_raised": "Alerts raised.",
    "reconnects": "Times the connection to the broker came back.",
    "outbox_delivered": "Deliveries made.",
    "outbox_failed": "Attempts to deliver that failed.",
    "sign_ins": "Sign-ins.",
    "sign_ins_refused": "Attempts to sign in with a wrong name, password or code.",
    "sign_ins_delayed": "Attempts to sign in turned away for coming too often.",
    "stream_events": "Events told on the live stream.",
    "streams_cut": "Streams cut because their reader was too slow.",
    "history_delivered": "Readings handed over to the database of the history.",
    "history_failed": "Attempts to hand readings over that failed.",
    "history_refused": "Points that the database of the history did not take.",
    "history_left_out": "Numbers with names or times that no line can say.",
    "history_lost": "Readings removed before they were handed over.",
    "gb28181_strangers": "GB/T 28181: requests in the name of no recorder that is known.",
    "gb28181_limited": "GB/T 28181: requests beyond what their sender is answered.",
    "gb28181_garbage": "GB/T 28181: datagrams and connections that speak no SIP.",
}

GAUGES: Final = {
    "devices": "Devices registered.",
    "alerts_open": "Alerts open.",
    "timers": "Deadlines waiting.",
    "outbox_waiting": "Deliveries waiting.",
    "history_waiting": "Readings not yet handed over to the database of the history.",
    "history_lag_seconds": "Since when the oldest of them waits.",
    "broker_connected": "1 while connected to the broker.",
    "disk_free_bytes": "Room on the store's disk.",
    "streams_open": "Live streams open.",
}


class Metrics:
    """The numbers. Whoever does the thing counts it: ``metrics.messages += len(batch)``."""

    __slots__ = (*COUNTERS, *GAUGES, "batch_messages", "commit_seconds", "delay_seconds")

    # declared once more for whoever reads or checks types; the texts above say what they mean
    messages: int
    readings: int
    rejects: int
    duplicates: int
    batches: int
    commits_failed: int
    transitions: int
    alerts_raised: int
    reconnects: int
    outbox_delivered: int
    outbox_failed: int
    sign_ins: int
    sign_ins_refused: int
    sign_ins_delayed: int
    stream_events: int
    streams_cut: int
    history_delivered: int
    history_failed: int
    history_refused: int
    history_left_out: int
    history_lost: int
    gb28181_strangers: int
    gb28181_limited: int
    gb28181_garbage: int
    devices: int
    alerts_open: int
    timers: int
    outbox_waiting: int
    history_waiting: int
    history_lag_seconds: int
    broker_connected: int
    disk_free_bytes: int
    streams_open: int

    def __init__(self) -> None:
        for name in (*COUNTERS, *GAUGES):
            setattr(self, name, 0)
        self.commit_seconds = Spread(COMMIT_SECONDS)
        self.batch_messages = Spread(BATCH_MESSAGES)
        self.delay_seconds = Spread(DELAY_SECONDS)
