"""Publishes what dialects have to ask their devices, at a pace; and whom else a message is about.

After a start thousands of nodes may have to be asked for what no broker keeps of them, and each
answers with a large message: all at once they would keep alarms waiting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Final

from alerts.rules.rule import DeviceState
from devices.dialects.dialect import Conversing, Dialect
from devices.model import Device
from devices.reading import Reading, Route
from gateway.pipeline.roster import Roster
from gateway.pipeline.work import Work

EVERY_MS: Final = 200
AT_ONCE: Final = 10
"""Requests in ``EVERY_MS``: fifty a second. A thousand nodes take twenty seconds."""


class Asking:
    """All conversing dialects. Drains what they want published; implements `Ticking`."""

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        self._dialects: Final[list[Conversing]] = [
            each for each in dialects if isinstance(each, Conversing)
        ]
        self._by_dialect: Final = {id(each): each for each in self._dialects}
        self._of_school: Final[dict[tuple[str, str], list[Conversing]]] = {}
        for each in self._dialects:
            self._of_school.setdefault((each.name, each.school), []).append(each)
        self._first = 0
        self._free = 0

    def meet(self, device: Device, now: int) -> None:
        """It is registered, or was at a start: it may have to be asked what it is."""
        if not self._of_school:
            return  # at a start this is asked of a hundred thousand devices
        for dialect in self._of_school.get((device.dialect, device.school), ()):
            dialect.meet(device.address or device.id, now)

    def others(
        self, dialect: Dialect, roster: Roster
    ) -> Iterator[tuple[DeviceState, Route, Reading]]:
        """The registered devices that the message which ``dialect`` has just read is about besides
        its sender, each with what it says of them.
        """
        conversing = self._by_dialect.get(id(dialect))
        if conversing is None:
            return
        for beginning, reading in conversing.asides():
            for device in list(roster.of_school(conversing.school)):
                address = device.address or device.id
                if device.dialect != conversing.name or not address.startswith(beginning):
                    continue
                state = roster.state_of(device.row)
                if state is not None:
                    route = Route(device.school, device.id, reading.channel, dialect=dialect.name)
                    yield state, route, copy(reading)

    def next(self) -> int | None:
        """When the next may go out."""
        wanted = [when for each in self._dialects if (when := each.next_request()) is not None]
        return max(min(wanted), self._free) if wanted else None

    def tick(self, now: int, work: Work) -> None:
        """Ask so many as may be asked now; the schools take turns at being first."""
        if now < self._free <= now + EVERY_MS:  # our clock may be set back
            return
        left = AT_ONCE
        for number in range(len(self._dialects)):
            dialect = self._dialects[(self._first + number) % len(self._dialects)]
            requests = dialect.requests(now, left)
            work.replies += requests
            left -= len(requests)
            if not left:
                self._first += number + 1
                break
        if left < AT_ONCE:
            self._free = now + EVERY_MS
