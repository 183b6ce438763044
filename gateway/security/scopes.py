"""What scopes of users come to: schools, through the tree of regions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from devices.model import Region, School

_DEEPEST: Final = 16
"""Levels of regions: a circle in imported data must not hang anybody."""


def regions_in(region: str, regions: Collection[Region]) -> frozenset[str]:
    """A region and all regions inside it."""
    inside = {region}
    for _ in range(_DEEPEST):
        more = {one.id for one in regions if one.parent in inside} - inside
        if not more:
            break
        inside |= more
    return frozenset(inside)


def regions_of(scopes: Iterable[str], regions: Collection[Region]) -> frozenset[str] | None:
    """The regions that scopes hold wholly; ``None`` = all there are and will be."""
    found: set[str] = set()
    for scope in scopes:
        what, _, name = scope.partition(":")
        if scope == "*":
            return None
        if what == "region":
            found |= regions_in(name, regions)
    return frozenset(found)


def schools_in(
    region: str, schools: Iterable[School], regions: Collection[Region]
) -> frozenset[str]:
    """The schools of a region and of all regions inside it."""
    inside = regions_in(region, regions)
    return frozenset(school.id for school in schools if school.region in inside)


def schools_of(
    scopes: Iterable[str], schools: Collection[School], regions: Collection[Region]
) -> frozenset[str] | None:
    """The schools that scopes come to; ``None`` = all there are and will be."""
    found: set[str] = set()
    for scope in scopes:
        what, _, name = scope.partition(":")
        if scope == "*":
            return None
        if what == "region":
            found |= schools_in(name, schools, regions)
        elif what == "school":
            found.add(name)
    return frozenset(found)
