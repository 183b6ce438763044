"""What the files do not name any more, and which of it can be taken off the register."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, TypeAlias

from devices.model import Device, Place
from gateway.problem import Problem
from gateway.register.entries import Table
from gateway.register.register import Key, Register

Named: TypeAlias = tuple[Table, Key]

REMOVABLE: Final = (Table.DEVICES, Table.PLACES)
"""Regions and schools are not removed by leaving them out of a file."""


def find_missing(
    found: Mapping[Table, Collection[Key]], dropped: Collection[Named], register: Register
) -> list[Named]:
    """Registered devices and places of the schools in the files that the files do not name."""
    missing: list[Named] = []
    for table in REMOVABLE:
        schools = {key[0] for key in found[table]}
        missing += [
            (table, key)
            for key in register.keys(table)
            if key[0] in schools and key not in found[table] and (table, key) not in dropped
        ]
    return missing


def removable(
    missing: Collection[Named], after: Mapping[Named, Place | Device]
) -> tuple[list[Named], list[Problem]]:
    """Of what is missing, that to which nothing refers that stays; and a note on each other one.

    ``after`` is every place and device there would be, were nothing removed.
    """
    removed = dict.fromkeys(missing)
    notes: list[Problem] = []
    waiting = [(named, thing) for named, thing in after.items() if named not in removed]
    while waiting:
        (_, key), thing = waiting.pop()
        for needed in _needs(thing):
            if needed in removed:
                del removed[needed]
                waiting.append((needed, after[needed]))
                one = f"{needed[0].value.removesuffix('s')} {'/'.join(needed[1])}"
                message = f"is not in the files and stays: {'/'.join(key)} refers to it"
                notes.append(Problem("register", None, one, message))
    return list(removed), notes


def _needs(thing: Place | Device) -> list[Named]:
    """What a place or device refers to."""
    if isinstance(thing, Place):
        needs = [(Table.PLACES, thing.parent)]
    else:
        needs = [(Table.PLACES, thing.place), (Table.DEVICES, thing.repeater)]
    return [(table, (thing.school, one)) for table, one in needs if one is not None]
