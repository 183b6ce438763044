"""What schools and places are called, in both languages: for whoever puts alerts into words."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final, NamedTuple

from devices.model import Place, School
from gateway.store.store import Store

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
    """The names of the register as it stood when it was read.

    ``schools`` by id, ``places`` by school and id.
    """

    def __init__(self, schools: Iterable[School] = (), places: Iterable[Place] = ()) -> None:
        self.schools: Final = {school.id: school for school in schools}
        self.places: Final[dict[str, dict[str, Place]]] = {}
        for place in places:
            self.places.setdefault(place.school, {})[place.id] = place

    def school(self, school: str) -> Name:
        """The school's name; its id when there is no such school any more."""
        known = self.schools.get(school)
        if known is None:
            return Name(school, school)
        return either(known.name_zh, known.name_en, school)

    def around(self, school: str, place: str | None) -> tuple[str, ...]:
        """The ids of a place and of those around it, the narrowest first."""
        found: list[str] = []
        places = self.places.get(school, {})
        while place is not None and place in places and len(found) < _DEEPEST:
            found.append(place)
            place = places[place].parent
        return tuple(found)

    def place_path(self, school: str, place: str | None) -> Name | None:
        """The place's name with those around it, the outermost first: ``Block A / 3F / 301``."""
        steps: list[Name] = []
        places = self.places.get(school, {})
        while place is not None and len(steps) < _DEEPEST:
            known = places.get(place)
            if known is None:
                break
            steps.append(either(known.name_zh, known.name_en, known.id))
            place = known.parent
        if not steps:
            return None
        steps.reverse()
        return Name(" / ".join(step.zh for step in steps), " / ".join(step.en for step in steps))


class RegisterNames:
    """The names as they stand now, in one copy for all. Any thread may ask.

    Not read at a start before somebody asks: no message waits for tens of thousands of places.
    """

    def __init__(self, store: Store) -> None:
        self._store: Final = store
        self._reading: Final = threading.Lock()
        self._version = ""
        self._book: NameBook | None = None

    @property
    def book(self) -> NameBook:
        """The names; the first time read from the store, which blocks."""
        return self._book or self.at("")

    @property
    def known(self) -> NameBook | None:
        """The names if they have been read already: for whoever must not be kept waiting."""
        return self._book

    def at(self, version: str) -> NameBook:
        """The names of the register of this version (`names_version`), or a newer one. Blocks.

        The version must have been read before: what changes meanwhile is then read at the next
        one.
        """
        with self._reading:
            if self._book is None or version != self._version:
                self._book = NameBook(*self._store.load_names())
                self._version = version
            return self._book
