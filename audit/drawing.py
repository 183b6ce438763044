"""A drawing of the verdicts: totals by region and a digest of all, in one fact a policy.

Verdicts are drawn daily and on demand. The fact says up to which row facts were judged and at which
instant, so that whoever has the facts can draw it again and compare.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from audit.verification.model import Verdict

DRAWN: Final = "coverage_drawn"
"""The kind of such facts; their subject is `drawn_subject`."""

Tally: TypeAlias = tuple[int, int, int]
"""Met, failed, unknown."""


class DrawnRegion(msgspec.Struct, frozen=True, kw_only=True):
    """The schools listed in one region, without those of the regions inside it.

    ``complete``: of how many every item is met. ``items``: by item.
    """

    schools: int
    complete: int
    items: dict[str, Tally]


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """The verdicts of a policy at ``at`` (ms), by all facts up to ``row``.

    ``regions`` by id, empty for schools that are listed in none. ``digest`` is the SHA-256 (hex)
    over a line for each listed school and item, ``school TAB item TAB verdict LF`` in the order of
    their bytes.
    """

    policy: str
    version: int
    at: int
    row: int
    schools: int
    complete: int
    items: dict[str, Tally]
    regions: dict[str, DrawnRegion]
    digest: str


def drawn_subject(policy: str) -> str:
    """The subject of the drawings of a policy: not the policy's own, of which there are few facts
    that are looked for with every question."""
    return f"coverage:{policy}"


def draw(
    policy: str,
    version: int,
    items: Sequence[str],
    schools: Iterable[tuple[str, str, Mapping[str, Verdict]]],
    *,
    at: int,
    row: int,
) -> Drawing:
    """Draw the verdicts of listed schools: id, region, and verdict by item. An item that is not
    among a school's is unknown."""
    counts: dict[str, dict[str, list[int]]] = {}
    listed: dict[str, list[int]] = {}
    lines = []
    for school, region, verdicts in schools:
        of_region = counts.setdefault(region, {item: [0, 0, 0] for item in items})
        found = [verdicts.get(item, Verdict.UNKNOWN) for item in items]
        for item, verdict in zip(items, found, strict=True):
            of_region[item][_PLACES[verdict]] += 1
            lines.append(f"{school}\t{item}\t{verdict.value}\n".encode())
        all_of = listed.setdefault(region, [0, 0])
        all_of[0] += 1
        all_of[1] += all(verdict is Verdict.MET for verdict in found)
    regions = {
        region: DrawnRegion(
            schools=listed[region][0],
            complete=listed[region][1],
            items={item: _tally([counted[item]]) for item in items},
        )
        for region, counted in sorted(counts.items())
    }
    return Drawing(
        policy=policy,
        version=version,
        at=at,
        row=row,
        schools=sum(one.schools for one in regions.values()),
        complete=sum(one.complete for one in regions.values()),
        items={item: _tally(one.items[item] for one in regions.values()) for item in items},
        regions=regions,
        digest=hashlib.sha256(b"".join(sorted(lines))).hexdigest(),
    )


_PLACES: Final = {Verdict.MET: 0, Verdict.FAILED: 1, Verdict.UNKNOWN: 2}


def _tally(counts: Iterable[Sequence[int]]) -> Tally:
    met = failed = unknown = 0
    for one in counts:
        met, failed, unknown = met + one[0], failed + one[1], unknown + one[2]
    return met, failed, unknown
