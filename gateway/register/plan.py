"""What an import would change: files held against the register, before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, cast

import msgspec

from devices.dialects import DIALECTS
from devices.dialects.native import Native
from devices.kinds import KindSpec
from devices.model import Device, Place, Region, School
from devices.recording.channel_state import DIALECT as GB28181
from gateway.kinds import RuleModels
from gateway.problem import Problem
from gateway.register.entries import Parsed, Table
from gateway.register.register import Key, Register, Registered
from gateway.register.removal import find_missing, removable
from gateway.register.resolve import Candidate, Candidates, Resolver

KNOWN_DIALECTS: Final = (Native.name, *DIALECTS, GB28181)

_STRUCTS: Final[dict[Table, type[Region | School | Place | Device]]] = {
    Table.REGIONS: Region,
    Table.SCHOOLS: School,
    Table.PLACES: Place,
    Table.DEVICES: Device,
}


class Change(msgspec.Struct, frozen=True):
    """One thing added (``before`` is ``None``), changed or removed (``after`` is ``None``).

    ``fields`` says, for a change, what was and what will be.
    """

    table: Table
    key: Key
    before: Registered | None
    after: Registered | None
    fields: dict[str, tuple[object, object]] = msgspec.field(default_factory=dict)


class Plan(msgspec.Struct, frozen=True):
    """What an import comes to. ``changes`` are in an order in which they can be written.

    ``missing`` are registered devices and places of the schools in the files that the files do
    not name; they stay unless the plan was made to remove them.
    """

    changes: tuple[Change, ...] = ()
    unchanged: dict[Table, int] = msgspec.field(default_factory=dict)
    missing: tuple[tuple[Table, Key], ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def added(self) -> list[Change]:
        """What is new."""
        return [change for change in self.changes if change.before is None]

    @property
    def changed(self) -> list[Change]:
        """What is there and will be different."""
        return [
            change
            for change in self.changes
            if change.before is not None and change.after is not None
        ]

    @property
    def removed(self) -> list[Change]:
        """What is taken off the register."""
        return [change for change in self.changes if change.after is None]


def plan_import(
    parsed: Parsed,
    register: Register,
    kinds: Mapping[str, KindSpec],
    rules: RuleModels,
    *,
    dialects: Collection[str] = KNOWN_DIALECTS,
    remove_missing: bool = False,
) -> Plan:
    """Hold what was read against the register. Pure; nothing is written.

    Entries with problems are left out of ``changes``, and so is what refers to them. With any
    problem nothing is removed: a row that cannot be read is not a row that is missing.
    """
    resolver = Resolver(parsed, register, kinds, rules, dialects)
    problems = [*parsed.problems, *resolver.problems]
    changes: list[Change] = []
    unchanged = dict.fromkeys(Table, 0)
    for table in Table:
        for key in _parents_first(table, resolver.found[table]):
            change = _compare(table, key, resolver.found[table][key], register)
            if change is None:
                unchanged[table] += 1
            else:
                changes.append(change)
    missing = find_missing(resolver.found, resolver.dropped, register)
    notes = list(parsed.notes)
    if remove_missing and not problems:
        removed, needed = removable(missing, _after(register, changes))
        changes += [Change(table, key, register.get(table, key), None) for table, key in removed]
        missing = [one for one in missing if one not in removed]
        notes += needed
    return Plan(
        changes=tuple(changes),
        unchanged=unchanged,
        missing=tuple(missing),
        problems=tuple(sorted(problems, key=lambda one: (one.file, one.line or 0, one.field))),
        notes=tuple(notes),
    )


def _parents_first(table: Table, found: Candidates) -> list[Key]:
    """Keys in an order in which each region comes after the one around it."""
    if table is not Table.REGIONS:
        return list(found)

    def depth(key: Key) -> int:
        steps, at = 0, key
        while at in found and isinstance(parent := found[at].values.get("parent"), str):
            steps, at = steps + 1, (parent,)
        return steps

    return sorted(found, key=depth)


def _compare(table: Table, key: Key, candidate: Candidate, register: Register) -> Change | None:
    """The change that a candidate makes; ``None`` when all is so already."""
    before = register.get(table, key)
    given: dict[str, Any] = candidate.values
    after: Any
    if table is Table.PARAMETERS:
        after, given = given["rules"], {}
    elif before is None:
        after = _STRUCTS[table](**given)
    else:
        after = msgspec.structs.replace(cast("msgspec.Struct", before), **given)
    if before == after:
        return None
    fields: dict[str, tuple[object, object]] = {}
    if before is not None:
        pairs = {name: (getattr(before, name), getattr(after, name)) for name in given}
        fields = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        if table is Table.PARAMETERS:
            fields = {"rules": (before, after)}
    return Change(table, key, before, after, fields)


def _after(register: Register, changes: list[Change]) -> dict[tuple[Table, Key], Place | Device]:
    """Every place and device once the changes are made."""
    after: dict[tuple[Table, Key], Place | Device] = {}
    after.update({(Table.PLACES, key): place for key, place in register.places.items()})
    after.update({(Table.DEVICES, key): device for key, device in register.devices.items()})
    for change in changes:
        if isinstance(change.after, (Place, Device)):
            after[change.table, change.key] = change.after
    return after
