"""The campaigns' templates, and who answers for what: schools, regions, and all of it.

A subject is who hands in a report: ``school:ID``, ``region:ID`` or ``*`` (all there is).
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from audit.campaign import Campaign, Level, levels
from devices.model import Region
from gateway.campaigns.form import load_templates
from gateway.security.access import Caller, Role, What, may, role_may
from gateway.store.read.register import all_regions, all_schools, names_version
from gateway.store.read.roster import all_entries, roster_version

if TYPE_CHECKING:
    from sqlalchemy import Connection

EVERYTHING: Final = "*"

_OF_SCHOOLS: Final = frozenset({Role.SAFETY_OFFICER, Role.PRINCIPAL})

Verdicts: TypeAlias = Mapping[str, bool | None]
"""By school: whether an item is met; ``None`` = unknown. A school that is not there: unknown."""


class Listed(msgspec.Struct, frozen=True):
    """A school that counts, as the lists show it."""

    id: str
    name_zh: str
    name_en: str
    region: str | None


class Land:
    """Regions and schools at one moment: what is around what."""

    def __init__(self, regions: Iterable[Region], schools: Iterable[Listed]) -> None:
        self.regions: Final = {one.id: one for one in regions}
        self.schools: Final = {one.id: one for one in schools}
        self._around: dict[str | None, tuple[str, ...]] = {}

    @functools.cached_property
    def levels(self) -> dict[str, Level]:
        """The level of each region (`audit.campaign.levels`)."""
        parents = {one.id: one.parent for one in self.regions.values()}
        with_schools = {one.region for one in self.schools.values() if one.region is not None}
        return levels(parents, with_schools)

    def around(self, region: str | None) -> tuple[str, ...]:
        """The region and those around it, the narrowest first."""
        if region not in self._around:
            found: list[str] = []
            step = region
            while step is not None and step in self.regions and step not in found:
                found.append(step)
                step = self.regions[step].parent
            self._around[region] = tuple(found)
        return self._around[region]

    def within(self, region: str) -> frozenset[str]:
        """The schools of a region and of all regions inside it."""
        return frozenset(
            one.id for one in self.schools.values() if region in self.around(one.region)
        )

    def of_campaign(self, campaign: Campaign) -> dict[str, Listed]:
        """The schools that a campaign is about."""
        if not campaign.regions:
            return self.schools
        wanted = set(campaign.regions)
        return {
            one.id: one
            for one in self.schools.values()
            if not wanted.isdisjoint(self.around(one.region))
        }

    def concerns(self, campaign: Campaign, subject: str) -> bool:
        """Whether a campaign is about any school of a subject."""
        if not campaign.regions or subject == EVERYTHING:
            return True
        what, _, name = subject.partition(":")
        if what == "school":
            school = self.schools.get(name)
            return school is not None and not set(campaign.regions).isdisjoint(
                self.around(school.region)
            )
        inside = set(self.around(name))
        inside |= {one for one in campaign.regions if name in self.around(one)}
        return not inside.isdisjoint(campaign.regions)

    def schools_of(self, subject: str) -> frozenset[str] | None:
        """The schools that a subject answers for; ``None`` = all."""
        what, _, name = subject.partition(":")
        if subject == EVERYTHING:
            return None
        return self.within(name) if what == "region" else frozenset({name})

    def inside(self, subject: str) -> Iterator[str]:
        """The subjects inside a region, or all there are: regions, then schools."""
        what, _, name = subject.partition(":")
        whole = subject == EVERYTHING
        if not whole and what != "region":
            return
        for one in self.regions:
            if whole or (one != name and name in self.around(one)):
                yield f"region:{one}"
        for school in self.schools.values():
            if whole or name in self.around(school.region):
                yield f"school:{school.id}"

    def level(self, subject: str) -> Level | None:
        """The level of a subject; ``None`` when there is no such subject."""
        what, _, name = subject.partition(":")
        if subject == EVERYTHING:
            return Level.PROVINCE
        if what == "school":
            return Level.SCHOOL if name in self.schools else None
        return self.levels.get(name) if what == "region" else None


def subjects_of(caller: Caller, land: Land) -> list[str]:
    """Who the caller may sign for: their scopes, and the regions inside them for a bureau."""
    if not role_may(caller.role, What.REPORT):
        return []
    found: dict[str, None] = {}
    for scope in caller.scopes:
        what, _, name = scope.partition(":")
        if what == "school" and name in land.schools:
            found[scope] = None
        elif caller.role in _OF_SCHOOLS:
            continue
        elif scope == EVERYTHING:
            found[scope] = None
            found.update((f"region:{one}", None) for one in land.regions)
        elif what == "region" and name in land.regions:
            inside = [one for one in land.regions if name in land.around(one)]
            found.update((f"region:{one}", None) for one in inside)
    return list(found)


def may_sign(caller: Caller, subject: str, land: Land) -> bool:
    """Whether the caller may sign a subject's reports."""
    what, _, name = subject.partition(":")
    if what == "school":
        return name in land.schools and may(caller, What.REPORT, name)
    return subject in subjects_of(caller, land)


def may_see(caller: Caller, subject: str, land: Land) -> bool:
    """Whether the caller sees a subject's reports: all schools of it are in scope, and it is no
    region for somebody of a school."""
    what, _, name = subject.partition(":")
    if what == "school":
        return name in land.schools and caller.sees(name)
    if caller.schools is None:
        return subject == EVERYTHING or name in land.regions
    if caller.role in _OF_SCHOOLS or what != "region":
        return False
    return any(scope == f"region:{one}" for scope in caller.scopes for one in land.around(name))


def in_scope(caller: Caller, schools: Collection[str]) -> list[str]:
    """Those of the schools that the caller sees."""
    return [one for one in schools if caller.sees(one)]


def land_of(connection: Connection) -> Land:
    """The schools that count: those on the roster; without one, those that are registered.

    Where the register says a region, that counts, as everywhere.
    """
    registered = {one.id: one for one in all_schools(connection)}
    entries = [one for one in all_entries(connection).values() if one.listed]
    if not entries:
        found = [
            Listed(one.id, one.name_zh, one.name_en, one.region) for one in registered.values()
        ]
        return Land(all_regions(connection), found)
    found = []
    for entry in entries:
        known = registered.get(entry.school)
        found.append(
            Listed(
                entry.school,
                entry.name,
                "" if known is None else known.name_en,
                entry.region if known is None else known.region,
            )
        )
    return Land(all_regions(connection), found)


class Campaigns:
    """The templates, the zone and the land of the running gateway; the rest is in the store."""

    def __init__(self, folder: Path, zone: str) -> None:
        self._folder: Final = folder
        self.zone: Final = zone
        self._land: tuple[tuple[str, str], Land] | None = None

    def templates(self) -> dict[str, Campaign]:
        """Those of the folder, read anew. Blocks; raises `ConfigurationError`."""
        return load_templates(self._folder)

    def land(self, connection: Connection) -> Land:
        """The land as it is; made anew when the register or the roster has changed."""
        # the versions first: what changes while we read is read again at the next look
        versions = (names_version(connection), roster_version(connection))
        kept = self._land
        if kept is None or kept[0] != versions:
            kept = self._land = (versions, land_of(connection))
        return kept[1]
