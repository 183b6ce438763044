"""What schools and places are called, in both languages: for whoever puts alerts into words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import Connection

from devices.model import Place, School
from gateway.store.read.register import all_places, all_schools

_DEEPEST: Final = 16
"""Levels of places: a circle in imported data must not hang anybody."""


class Name(NamedTuple):
    """One name in both languages."""

    zh: str
    en: str


def either(zh: str, en: str, otherwise: str) -> Name:
    """Both names, each standing in for the other when it is missing."""
    return Name(zh or en or otherwise, en or zh or otherwise)


class NameBook:
    """The names of the register as it stood when it was read."""

    def __init__(self, schools: Iterable[School] = (), places: Iterable[Place] = ()) -> None:
        self.schools: Final = {school.id: school for school in schools}
        self.places: Final = {(place.school, place.id): place for place in places}

    @classmethod
    def read(cls, connection: Connection) -> NameBook:
        """From the store."""
        return cls(all_schools(connection), all_places(connection))

    def school(self, school: str) -> Name:
        """The school's name; its id when there is no such school any more."""
        known = self.schools.get(school)
        if known is None:
            return Name(school, school)
        return either(known.name_zh, known.name_en, school)

    def place_path(self, school: str, place: str | None) -> Name | None:
        """The place's name with those around it, the outermost first: ``Block A / 3F / 301``."""
        steps: list[Name] = []
        while place is not None and len(steps) < _DEEPEST:
            known = self.places.get((school, place))
            if known is None:
                break
            steps.append(either(known.name_zh, known.name_en, known.id))
            place = known.parent
        if not steps:
            return None
        steps.reverse()
        return Name(" / ".join(step.zh for step in steps), " / ".join(step.en for step in steps))
