"""A campus as a file that `campus import` reads: YAML, one line a place or device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from devices.model import Device, Place, Region, School
from devices.simulator.campus import Campus

_HEAD = """\
# The demo campus: invented schools, places and devices.
# Written by `campus simulate site --demo`; change devices/simulator/campus.py instead.
"""


def site_yaml(campus: Campus, head: str = _HEAD) -> str:
    """The text of the file. Fields that say nothing are left out."""
    return head + "\n".join(_lines(campus)) + "\n"


def _lines(campus: Campus) -> Iterator[str]:
    yield "regions:"
    for region in campus.regions:
        yield "  - " + _flow(_region(region))
    yield "schools:"
    for school in campus.schools:
        for position, (key, value) in enumerate(_school(school).items()):
            yield f"  {'- ' if position == 0 else '  '}{key}: {value}"
        yield "    places:"
        for place in campus.places:
            if place.school == school.id:
                yield "      - " + _flow(_place(place))
        yield "    devices:"
        for device in campus.of_school(school.id):
            yield "      - " + _flow(_device(device))


def _flow(entry: Mapping[str, object]) -> str:
    text: str = yaml.safe_dump(
        dict(entry), default_flow_style=True, allow_unicode=True, sort_keys=False, width=1_000
    )
    return text.strip()


def _filled(entry: dict[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in entry.items() if value}


def _region(region: Region) -> dict[str, str]:
    return _filled(
        {
            "id": region.id,
            "name_zh": region.name_zh,
            "name_en": region.name_en,
            "parent": region.parent,
        }
    )


def _school(school: School) -> dict[str, str]:
    return _filled(
        {
            "id": school.id,
            "name_zh": school.name_zh,
            "name_en": school.name_en,
            "region": school.region,
        }
    )


def _place(place: Place) -> dict[str, str]:
    return _filled(
        {
            "id": place.id,
            "name_zh": place.name_zh,
            "name_en": place.name_en,
            "parent": place.parent,
        }
    )


def _device(device: Device) -> dict[str, object]:
    foreign = device.dialect != "native"
    own = {"parameters": device.parameters} if device.parameters else {}
    said = _filled(
        {
            "id": device.id,
            "kind": device.kind,
            "name_zh": device.name_zh,
            "name_en": device.name_en,
            "place": device.place,
            "dialect": device.dialect if foreign else None,
            "address": device.address if foreign else None,
            "repeater": device.repeater,
        }
    )
    return {**said, **own}
