"""What an import file holds, before anybody has looked at the register: entries with positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.problem import Problem
from gateway.yaml_source import Position


class Table(StrEnum):
    """What is registered, in the order in which it can be: the later refer to the earlier."""

    REGIONS = "regions"
    SCHOOLS = "schools"
    PLACES = "places"
    DEVICES = "devices"
    PARAMETERS = "parameters"


@dataclass(frozen=True)
class Entry:
    """One row or section. ``values`` holds only the fields the file gives.

    A field that the file does not name stays as it is in the register; one that it names and
    leaves empty is emptied. ``labels`` says what the file calls each field, for messages.
    """

    table: Table
    values: Mapping[str, object]
    position: Position
    labels: Mapping[str, str]

    def text(self, name: str) -> str:
        """A field as text; empty when it is not given."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def problem(self, name: str, message: str) -> Problem:
        """A problem with one of its fields."""
        label = self.labels.get(name, name)
        return Problem(self.position.file, self.position.line, label, message)


@dataclass
class Parsed:
    """What files came to: good entries, bad ones as problems, and notes that stop nothing.

    ``spoiled`` names the bad entries whose id could be read, so that what refers to them is told
    why it cannot.
    """

    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    spoiled: set[tuple[Table, str]] = field(default_factory=set)

    def spoil(self, table: Table, values: Mapping[str, object], problems: list[Problem]) -> None:
        """Leave out an entry because of its problems."""
        self.problems += problems
        self.spoiled.add((table, str(values.get("id", ""))))

    def add(self, other: Parsed) -> None:
        """Take in what another file came to."""
        self.entries += other.entries
        self.problems += other.problems
        self.notes += other.notes
        self.spoiled |= other.spoiled
