"""Devices that speak and are not registered: kept to adopt, never silently dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from devices.reading import Reading, Route
from gateway.pipeline.work import Work
from gateway.store.batch import DiscoveryRow

SAMPLE_BYTES: Final = 2048
EVERY_MS: Final = 1000
ROWS_AT_ONCE: Final = 200
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class _Found:
    __slots__ = (
        "events_seen",
        "first",
        "kind",
        "last",
        "messages",
        "route",
        "sample",
        "topic",
        "values",
    )

    def __init__(self, route: Route, kind: str, now: int) -> None:
        self.route = route
        self.kind = kind
        self.first = now
        self.last = now
        self.messages = 0
        self.topic = ""
        self.sample = b""
        self.values: dict[str, object] = {}
        self.events_seen: list[tuple[int, int]] = []


class Discoveries:
    """What unregistered devices said, in bounded memory; handed to the store now and then.

    ``per_school`` and ``total`` bound it: what comes beyond is counted in ``beyond``.
    """

    def __init__(self, per_school: int = 5000, total: int = 20_000) -> None:
        self._per_school = per_school
        self._total = total
        self._found: dict[tuple[str, str], _Found] = {}
        self._schools: Counter[str] = Counter()
        self._changed: set[tuple[str, str]] = set()
        self._flush = 0
        self.beyond = 0

    def __len__(self) -> int:
        return len(self._found)

    def add(
        self,
        route: Route,
        kind: str,
        topic: str,
        payload: bytes,
        readings: Sequence[Reading],
        now: int,
    ) -> None:
        """One message of a device that is not registered."""
        key = (route.school, route.device)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= self._total or self._schools[route.school] >= self._per_school:
                self.beyond += 1
                return
            found = self._found[key] = _Found(route, kind, now)
            self._schools[route.school] += 1
        found.last = now
        found.messages += 1
        found.kind = kind or found.kind
        found.topic = topic
        found.sample = payload[:SAMPLE_BYTES]
        for reading in readings:
            if len(found.values) < 64:
                found.values.update(reading.values)
            if reading.event is not None:
                found.values["event"] = reading.event
        self._changed.add(key)

    def events_seen(self, route: Route) -> list[tuple[int, int]]:
        """The events known of a device; nothing is remembered of those beyond the bounds."""
        found = self._found.get((route.school, route.device))
        return [] if found is None else found.events_seen

    def forget(self, school: str, device: str) -> None:
        """It was adopted."""
        if self._found.pop((school, device), None) is not None:
            self._schools[school] -= 1
        self._changed.discard((school, device))

    def next(self) -> int | None:
        """When changed rows go to the store next."""
        return self._flush if self._changed else None

    def tick(self, now: int, work: Work) -> None:
        """Hand over what changed: now and then, and at most so many at once."""
        if self._changed and now >= self._flush:
            work.batch.discoveries.extend(self._take_changed(ROWS_AT_ONCE))
            self._flush = now + EVERY_MS

    def _take_changed(self, most: int) -> list[DiscoveryRow]:
        rows: list[DiscoveryRow] = []
        while self._changed and len(rows) < most:
            key = self._changed.pop()
            found = self._found[key]
            rows.append(
                DiscoveryRow(
                    school=key[0],
                    id=key[1],
                    dialect=found.route.dialect,
                    address=found.route.address,
                    kind=found.kind,
                    first_seen=found.first,
                    last_seen=found.last,
                    messages=found.messages,
                    topic=found.topic[:300],
                    sample=found.sample,
                    understood=_encode(found.values),
                )
            )
        return rows
