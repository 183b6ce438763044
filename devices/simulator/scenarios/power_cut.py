"""A building loses its mains: meters and cameras fall silent, its repeater has a battery."""

from __future__ import annotations

from typing import Final

from devices.model import Device
from devices.simulator.behaviour import ORDINARY, Conditions
from devices.simulator.scenarios.story import Stage, Story

BEGINS: Final = 30_000
ENDS: Final = 12 * 60_000


class PowerCut(Story):
    """Smoke detectors and buttons of the building are heard all the time."""

    length = 14 * 60_000

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.school = stage.pick_school("lab")
        parents = {
            place.id: place.parent for place in stage.campus.places if place.school == self.school
        }
        start = stage.pick_device("repeater", "electrical", place="lab").place
        self.building = _root(start, parents)
        self.places = {place for place in parents if _root(place, parents) == self.building}

    def conditions(self, device: Device, elapsed: int) -> Conditions:
        """No mains between begin and end; the repeater says so at once."""
        inside = device.school == self.school and device.place in self.places
        if not inside or not BEGINS <= elapsed < ENDS:
            return ORDINARY
        hurry = 10_000 if device.kind == "repeater" else None
        return Conditions(powered=False, interval_ms=hurry)


def _root(place: str | None, parents: dict[str, str | None]) -> str | None:
    while place is not None and parents.get(place) is not None:
        place = parents[place]
    return place
