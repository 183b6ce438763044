"""The seam of all scenarios: what happens to which device when. Pure; times in ms from start."""

from __future__ import annotations

import msgspec

from devices.model import Device
from devices.reading import Value
from devices.simulator.behaviour import ORDINARY, Conditions
from devices.simulator.campus import Campus


class Act(msgspec.Struct, frozen=True):
    """Something a device announces at a moment of the story, as an event."""

    after: int
    school: str
    device: str
    event: str
    values: dict[str, Value] = msgspec.field(default_factory=dict)


class Stage(msgspec.Struct, frozen=True):
    """What a story is played on. ``school`` and ``device`` are wishes; the story picks without."""

    campus: Campus
    seed: int
    school: str | None = None
    device: str | None = None

    def pick_school(self, having: str = "") -> str:
        """The school wished for, or the first that has a place whose id begins with ``having``."""
        if self.school is not None:
            if not self.campus.of_school(self.school):
                known = ", ".join(school.id for school in self.campus.schools)
                raise LookupError(f"there is no school {self.school}; there are {known}")
            return self.school
        for place in self.campus.places:
            if place.id.startswith(having):
                return place.school
        return self.campus.schools[0].id

    def pick_device(self, *kinds: str, place: str = "") -> Device:
        """The device wished for, or a native one in such a place if there is one, of the first of
        ``kinds`` that there is.
        """
        school = self.pick_school(place)
        if self.device is not None:
            return self.campus.device(school, self.device)
        fitting = [
            device
            for device in self.campus.of_school(school)
            if device.kind in kinds and device.dialect == "native"
        ]
        if not fitting:
            raise LookupError(f"{school} has no device of kind {' or '.join(kinds)}")
        return min(
            fitting,
            key=lambda device: (
                not (device.place or "").startswith(place),
                kinds.index(device.kind),
            ),
        )


class Story:
    """An ordinary day; every other scenario is one with something happening in it."""

    length: int = 24 * 3_600_000
    """After so many ms it is an ordinary day again."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.acts: tuple[Act, ...] = ()
        """In order of time."""
        self.foretold = ""
        """What will be seen, and where: for the person who has set it going."""

    def conditions(self, device: Device, elapsed: int) -> Conditions:  # noqa: ARG002
        """What happens to this device at that moment."""
        return ORDINARY

    def is_down(self, school: str, elapsed: int) -> bool:  # noqa: ARG002
        """Whether the school's connection to the broker is cut at that moment."""
        return False
