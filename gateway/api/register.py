"""Regions, schools and places in memory: for what is shown, read anew when they have changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from devices.model import Place, Region, School
from gateway.api.models.devices import PlaceOut, RegionOut, SchoolOut
from gateway.api.models.shapes import Names
from gateway.api.reading import Reading
from gateway.names import Name, NameBook, RegisterNames, either
from gateway.security.scopes import regions_in, regions_of, schools_in, schools_of
from gateway.store.read.register import all_regions, names_version
from gateway.store.read.roster import Named, roster_names, roster_version

if TYPE_CHECKING:
    from sqlalchemy import Connection


def names(zh: str, en: str, otherwise: str) -> Names:
    """Both names, each standing in for the other when it is missing."""
    return _shown(either(zh, en, otherwise))


def _shown(name: Name) -> Names:
    return Names(zh=name.zh, en=name.en)


class _Contents(msgspec.Struct, frozen=True):
    version: tuple[str, str]
    regions: dict[str, Region]
    names: NameBook
    listed: dict[str, Named] = msgspec.field(default_factory=dict)
    """The roster, by school."""

    everywhere: list[School] = msgspec.field(default_factory=list)
    """Those registered, and those that are on the roster only, in the region that it says.

    Where the register says a region, that counts: a list must not show anybody the devices of
    schools elsewhere.
    """

    @property
    def schools(self) -> dict[str, School]:
        """Schools by id."""
        return self.names.schools

    @property
    def places(self) -> dict[str, dict[str, Place]]:
        """Places by school and id."""
        return self.names.places


class Register:
    """Regions, schools and places; devices are the desk's.

    ``read`` runs a query in a thread. Everything but `refresh` is immediate.
    """

    def __init__(self, read: Reading, names: RegisterNames) -> None:
        self._read = read
        self._names = names
        self._contents = _Contents(("", ""), {}, NameBook())
        self._loaded = False

    async def refresh(self) -> bool:
        """Read it anew if it has changed; whether it had."""
        if self._loaded and await self._read(_versions) == self._contents.version:
            return False
        self._contents = await self._read(self._read_contents)
        self._loaded = True
        return True

    def _read_contents(self, connection: Connection) -> _Contents:
        # the versions first: what changes while we read is read again at the next look
        version = _versions(connection)
        names = self._names.at(version[0])
        listed = roster_names(connection)
        only_listed = [
            School(school, name, region=region)
            for school, (name, region) in listed.items()
            if school not in names.schools
        ]
        return _Contents(
            version=version,
            regions={region.id: region for region in all_regions(connection)},
            names=names,
            listed=listed,
            everywhere=[*names.schools.values(), *only_listed],
        )

    @property
    def schools(self) -> Iterable[School]:
        """All schools."""
        return self._contents.schools.values()

    def has_school(self, school: str) -> bool:
        """Whether there is such a school in the register: it may be connected."""
        return school in self._contents.schools

    def knows_school(self, school: str) -> bool:
        """Whether there is such a school in the register or, connected or not, on the roster."""
        return school in self._contents.schools or school in self._contents.listed

    def has_place(self, school: str, place: str) -> bool:
        """Whether the school has such a place."""
        return place in self._contents.places.get(school, ())

    def schools_in(self, region: str) -> frozenset[str]:
        """The schools of a region and of all regions inside it, those of the roster too."""
        known = self._contents
        return schools_in(region, self._contents.everywhere, known.regions.values())

    def has_region(self, region: str) -> bool:
        """Whether there is such a region."""
        return region in self._contents.regions

    def regions_in(self, region: str) -> frozenset[str]:
        """A region and all regions inside it."""
        return regions_in(region, self._contents.regions.values())

    def regions_of(self, scopes: Iterable[str]) -> frozenset[str] | None:
        """The regions that scopes hold wholly; ``None`` = all there are and will be."""
        return regions_of(scopes, self._contents.regions.values())

    def region_name(self, region: str | None) -> Names | None:
        """The name of a region; its id when there is no such region any more."""
        if region is None:
            return None
        known = self._contents.regions.get(region)
        if known is None:
            return names("", "", region)
        return names(known.name_zh, known.name_en, region)

    def schools_of(self, scopes: Iterable[str]) -> frozenset[str] | None:
        """The schools that scopes come to; ``None`` = all there are and will be."""
        return schools_of(scopes, self._contents.everywhere, self._contents.regions.values())

    def narrow(
        self, schools: frozenset[str] | None, *, school: str | None, region: str | None
    ) -> frozenset[str] | None:
        """Schools in scope that are also the one, or in the region, that was asked for."""
        for wanted in (
            None if school is None else frozenset({school}),
            None if region is None else self.schools_in(region),
        ):
            if wanted is not None:
                schools = wanted if schools is None else schools & wanted
        return schools

    def school_name(self, school: str) -> Names:
        """The school's name, that of the roster when it is not registered; else its id."""
        if school not in self._contents.schools and school in self._contents.listed:
            return names(self._contents.listed[school].name, "", school)
        return _shown(self._contents.names.school(school))

    def place_path(self, school: str, place: str | None) -> Names | None:
        """The place's name with those around it, the outermost first: ``Block A / 3F / 301``."""
        path = self._contents.names.place_path(school, place)
        return None if path is None else _shown(path)

    def around(self, school: str, place: str | None) -> tuple[str, ...]:
        """The ids of a place and of those around it, the narrowest first."""
        return self._contents.names.around(school, place)

    def regions_out(self, schools: frozenset[str] | None) -> list[RegionOut]:
        """Regions that hold one of the schools, with those around them; ``None`` = all regions."""
        regions = self._contents.regions
        if schools is not None:
            kept: set[str] = set()
            for school in schools:
                step = self._region_of(school)
                while step is not None and step in regions and step not in kept:
                    kept.add(step)
                    step = regions[step].parent
            regions = {name: region for name, region in regions.items() if name in kept}
        return [
            RegionOut(
                id=region.id,
                name=names(region.name_zh, region.name_en, region.id),
                parent=region.parent,
            )
            for region in regions.values()
        ]

    def _region_of(self, school: str) -> str | None:
        known = self._contents.schools.get(school) or self._contents.listed.get(school)
        return None if known is None else known.region

    def schools_out(self, schools: frozenset[str] | None) -> list[SchoolOut]:
        """Those schools; ``None`` = all."""
        return [
            SchoolOut(
                id=school.id,
                name=names(school.name_zh, school.name_en, school.id),
                region=school.region,
            )
            for school in self._contents.schools.values()
            if schools is None or school.id in schools
        ]

    def places_of(self, school: str) -> list[Place]:
        """The places of a school."""
        return list(self._contents.places.get(school, {}).values())

    def places_out(self, school: str) -> list[PlaceOut]:
        """The places of a school."""
        return [
            PlaceOut(
                id=place.id,
                school=place.school,
                name=(name := names(place.name_zh, place.name_en, place.id)),
                parent=place.parent,
                path=self.place_path(place.school, place.id) or name,
            )
            for place in self._contents.places.get(school, {}).values()
        ]


def _versions(connection: Connection) -> tuple[str, str]:
    """Those of the register's names and of the roster."""
    return names_version(connection), roster_version(connection)
