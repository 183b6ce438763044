"""A school's record looked at from the side of its devices, for judging several items at once."""

from __future__ import annotations

from collections.abc import Iterator

from audit.baseline import Needed
from audit.coverage.record import CutOff, Fault, SchoolRecord


class View:
    """What follows from a record alone, worked out once: who is where, and what is wrong there."""

    __slots__ = ("_around", "_within", "cut_off", "faults", "record")

    def __init__(self, record: SchoolRecord) -> None:
        self.record = record
        self.faults: dict[str, list[Fault]] = {}
        for fault in record.faults.values():
            if fault.since is not None and fault.device:
                self.faults.setdefault(fault.device, []).append(fault)
        self.cut_off: dict[str, CutOff] = {}
        for those in record.cut_off.values():
            for name, one in those.items():
                before = self.cut_off.get(name)
                if before is None or (one.since, one.row) < (before.since, before.row):
                    self.cut_off[name] = one
        self._around: dict[str | None, tuple[str, ...]] = {}
        self._within: dict[tuple[str, str], list[str]] = {}
        for name, device in record.devices.items():
            for place in self.around(device.place):
                self._within.setdefault((device.kind, place), []).append(name)

    def around(self, place: str | None) -> tuple[str, ...]:
        """A place and all around it, the narrowest first; the school itself (``""``) last."""
        found = self._around.get(place)
        if found is None:
            found = self._around[place] = (*self._chain(place), "")
        return found

    def within(self, need: Needed) -> list[str]:
        """The devices that may answer a need: of its kind, in its place or in one inside it."""
        return self._within.get((need.kind, need.place), [])

    def depth(self, place: str) -> int:
        """How many places are around it: who asks for less room chooses first."""
        return len(self.around(place)) if place else 0

    def _chain(self, place: str | None) -> Iterator[str]:
        seen: set[str] = set()
        while place and place not in seen:
            seen.add(place)
            yield place
            place = self.record.places.get(place)
