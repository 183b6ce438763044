"""The key places of a school (重点部位), known by their names, and what is proposed for them.

GB/T 29315 lists what of a school is to be guarded: the gates and what is before them, the
gatehouse, the perimeter, the ways into and through buildings, canteens, laboratories and stores of
dangerous goods, the room of the monitors, playgrounds. Which kinds of devices are proposed for each
is ours, read off the standard's chapters from memory: a proposal, which somebody edits and signs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final

import msgspec

from audit.baseline import Needed, merged
from devices.model import Device, Place

BUTTON: Final = "alarm-button"
CAMERA: Final = "camera"
RECORDER: Final = "recorder"

PROPOSED_KINDS: Final = (BUTTON, CAMERA, RECORDER)
"""Registered devices of these kinds are proposed as they stand; others are added by hand."""


class KeyPlace(StrEnum):
    """What sort of key place it is; catalogues word it as ``key_place.{…}``."""

    GATE = "gate"
    GATEHOUSE = "gatehouse"
    MONITORING = "monitoring"
    PERIMETER = "perimeter"
    ENTRANCE = "entrance"
    CORRIDOR = "corridor"
    DORMITORY = "dormitory"
    CANTEEN = "canteen"
    LABORATORY = "laboratory"
    PLAYGROUND = "playground"
    PARKING = "parking"


_BY_NAME: Final = tuple(
    (sort, re.compile(pattern, re.IGNORECASE))
    for sort, pattern in (
        # the narrower words first: a gatehouse is no gate, the hall of a dormitory no dormitory
        (KeyPlace.GATEHOUSE, r"门卫|传达室|值班室|警务室|gate ?house|guard ?(room|house)|porter"),
        (KeyPlace.MONITORING, r"监控(室|中心)|安防(中心|控制室)|消控室|control room|monitoring"),
        (KeyPlace.GATE, r"校门|大门|[东南西北前后正侧]门|\bgates?\b"),
        (KeyPlace.PERIMETER, r"围墙|周界|perimeter|\bfence\b"),
        (KeyPlace.CORRIDOR, r"走廊|过道|通道|楼梯|corridor|hallway|stair"),
        (KeyPlace.ENTRANCE, r"出入口|门厅|大厅|入口|entrance|lobby|foyer"),
        (KeyPlace.LABORATORY, r"实验室|危化品|化学品|药品室|laborator|\blab\b|chemical"),
        (KeyPlace.CANTEEN, r"食堂|餐厅|厨房|后厨|canteen|kitchen|dining"),
        (KeyPlace.DORMITORY, r"宿舍|公寓|寝室|dormitor"),
        (KeyPlace.PLAYGROUND, r"操场|运动场|体育场|playground|sports ?(field|ground)"),
        (KeyPlace.PARKING, r"停车|车棚|parking|bicycle shed"),
    )
)

_ASKED: Final[dict[KeyPlace, tuple[str, ...]]] = {
    KeyPlace.GATE: (CAMERA,),
    KeyPlace.GATEHOUSE: (BUTTON, CAMERA),
    KeyPlace.MONITORING: (BUTTON,),
    KeyPlace.PERIMETER: (CAMERA,),
    KeyPlace.CORRIDOR: (CAMERA,),
    KeyPlace.ENTRANCE: (CAMERA,),
    KeyPlace.LABORATORY: (CAMERA,),
    KeyPlace.CANTEEN: (CAMERA,),
    KeyPlace.DORMITORY: (CAMERA,),
    KeyPlace.PLAYGROUND: (CAMERA,),
    KeyPlace.PARKING: (CAMERA,),
}

_SEEN_FROM_WITHIN: Final = frozenset(
    {KeyPlace.CANTEEN, KeyPlace.DORMITORY, KeyPlace.LABORATORY, KeyPlace.CORRIDOR}
)
"""A building or floor of these is watched when anything within it is."""


class Marked(msgspec.Struct, frozen=True):
    """A place that is a key place, and of what sort."""

    place: str
    sort: KeyPlace


def key_place(place: Place) -> KeyPlace | None:
    """The sort of key place that a place's names say it is."""
    for sort, pattern in _BY_NAME:
        if pattern.search(place.name_zh) or pattern.search(place.name_en):
            return sort
    return None


def key_places(places: Iterable[Place]) -> tuple[Marked, ...]:
    """The key places among a school's places. Of places within one of the same sort the outer
    counts: a canteen, not each of its rooms."""
    listed = {place.id: place for place in places}
    sorts = {name: key_place(place) for name, place in listed.items()}
    found: list[Marked] = []
    for name, sort in sorts.items():
        if sort is not None and sort not in _around(name, listed, sorts):
            found.append(Marked(name, sort))
    return tuple(found)


def proposed(
    places: Collection[Place], devices: Iterable[Device], gates: Collection[str] = ()
) -> tuple[Needed, ...]:
    """What a school might be asked to have: what is registered, and what its key places lack.

    ``gates`` are ids of places or cameras that the settings call gates, beside those whose names
    say so.
    """
    listed = {place.id: place for place in places}
    marked = key_places(places)
    gateways = set(gates) | {one.place for one in marked if one.sort is KeyPlace.GATE}
    counts: Counter[tuple[str, str, bool]] = Counter()
    for device in devices:
        if device.kind in PROPOSED_KINDS:
            place = device.place or ""
            at_gate = device.kind == CAMERA and bool({place, device.id} & gateways)
            counts[place, device.kind, at_gate] += 1
    needs = [
        Needed(place=place, kind=kind, count=count, gate=gate)
        for (place, kind, gate), count in counts.items()
    ]
    having = {(place, kind) for place, kind, _ in counts}
    for one in marked:
        inside = {one.place}
        if one.sort in _SEEN_FROM_WITHIN:
            inside |= {name for name in listed if one.place in _outer(name, listed)}
        for kind in _ASKED[one.sort]:
            if not any((place, kind) in having for place in inside):
                gate = kind == CAMERA and one.sort is KeyPlace.GATE
                needs.append(Needed(place=one.place, kind=kind, gate=gate))
    return merged(needs)


def _outer(name: str, listed: dict[str, Place]) -> list[str]:
    """The places around a place, the narrowest first; a circle ends where it begins."""
    around: list[str] = []
    step = listed[name].parent
    while step is not None and step in listed and step not in around and step != name:
        around.append(step)
        step = listed[step].parent
    return around


def _around(
    name: str, listed: dict[str, Place], sorts: dict[str, KeyPlace | None]
) -> set[KeyPlace | None]:
    return {sorts[outer] for outer in _outer(name, listed)}
