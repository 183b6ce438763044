"""Messages that were not understood: every one counted, a bounded sample kept."""

from __future__ import annotations

from typing import Final

from devices.reading import Reject, RejectReason
from gateway.store.batch import Batch, RejectSample

SAMPLE_BYTES: Final = 1024
TOPIC_CHARACTERS: Final = 300
_DAY: Final = 86_400_000


class Rejects:
    """Counts rejects and lets at most ``samples_a_second`` of them through as samples."""

    def __init__(self, samples_a_second: int = 20, schools: int = 2000) -> None:
        self._allowed = samples_a_second
        self._second = 0
        self._in_second = 0
        self._schools: set[str] = set()
        self._most_schools = schools
        self.total = 0
        self.awaited = 0
        """Of them, those whose meaning was still awaited, as after every start."""

    def add(
        self, reject: Reject, topic: str, payload: bytes, school: str, now: int, batch: Batch
    ) -> None:
        """Count it in the batch that acknowledges it. ``school`` may be empty."""
        self.total += 1
        self.awaited += reject.reason is RejectReason.BIRTH
        if school not in self._schools:
            # Whoever invents schools must not fill the table of counts.
            if len(self._schools) >= self._most_schools:
                school = ""
            self._schools.add(school)
        key = (now // _DAY, school, reject.reason.value)
        counts = batch.reject_counts
        counts[key] = counts.get(key, 0) + 1
        if now // 1000 != self._second:
            self._second = now // 1000
            self._in_second = 0
        if self._in_second < self._allowed:
            self._in_second += 1
            batch.rejects.append(
                RejectSample(
                    now,
                    reject.reason.value,
                    reject.detail[:300],
                    topic[:TOPIC_CHARACTERS],
                    school,
                    payload[:SAMPLE_BYTES],
                )
            )
