"""What is configured of the links, one for each link and school, as people see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from devices.police_link.categories import Category, Demand, demand
from devices.police_link.link import Path
from gateway.police.forwarding import link_id
from gateway.settings_police import LinkSchool, PoliceLinkSettings

DAY: Final = 86_400_000


class PathInfo(msgspec.Struct, frozen=True):
    """One way to a receiver, as people see it."""

    path: Path
    address: str
    transport: str
    encrypted: bool


class LinkInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is configured of the link of one school. ``name`` is also the id of its device."""

    id: str
    school: str
    name: str
    kind: Literal["dc09", "http_push", "observed"]
    telephone: str
    category: Category
    conditions: tuple[str, ...]
    demand: Demand
    late_after_s: float
    notice_hours: int | None
    notice_text: str
    paths: tuple[PathInfo, ...]
    faults: bool = False
    """Whether faults of devices go over it, too."""

    zones: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Zones agreed with the receiver, by device id."""

    @property
    def own(self) -> bool:
        """Whether it is ours; else it is only watched."""
        return self.kind != "observed"


def infos_of(links: Sequence[PoliceLinkSettings]) -> dict[str, LinkInfo]:
    """Every link of every school, by its id."""
    found: dict[str, LinkInfo] = {}
    for link in links:
        for school in link.schools:
            info = _info(link, school)
            found[info.id] = info
    return found


def _info(link: PoliceLinkSettings, school: str) -> LinkInfo:
    category = link.category
    silence = link.longest_silence_s
    notice = link.test_notice
    return LinkInfo(
        id=link_id(school, link.name),
        school=school,
        name=link.name,
        kind=link.kind,
        telephone=link.telephone,
        category=category,
        conditions=link.conditions,
        demand=demand(
            category,
            silence_ms=None if silence is None else silence * 1000,
            test_period_ms=link.test_every_days * DAY,
        ),
        late_after_s=link.unacknowledged_after_s,
        notice_hours=None if notice is None else notice.hours,
        notice_text="" if notice is None else notice.text,
        paths=tuple(_paths(link, link.schools[school])),
        faults=link.http is not None and link.http.faults,
        zones=link.schools[school].zones,
    )


def _paths(link: PoliceLinkSettings, school: LinkSchool) -> list[PathInfo]:
    if link.dc09 is not None:
        dc09 = link.dc09
        ways = [(Path.PRIMARY, dc09.primary), (Path.BACKUP, dc09.backup)]
        return [
            PathInfo(path, str(way.address), way.transport, dc09.key_for(school, path) is not None)
            for path, way in ways
            if way is not None
        ]
    if link.http is not None:
        urls = [(Path.PRIMARY, link.http.url), (Path.BACKUP, link.http.backup_url)]
        return [
            PathInfo(path, url, url.partition(":")[0], url.startswith("https:"))
            for path, url in urls
            if url is not None
        ]
    return []
