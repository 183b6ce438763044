"""What a list would change: held against the roster as it stands, before anything is written."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from hashlib import sha256
from typing import Final

import msgspec

from audit.roster import RosterEntry
from devices.model import Region, School
from gateway.register.references import SUGGESTIONS, Names
from gateway.roster.entries import Candidate, Code, Listed, Trouble

MOST_NAMES: Final = 20
"""Former names that are kept of a school."""

SHOWN: Final = 100
"""Changes, mistakes and schools of a list that are shown; all mistakes are in its CSV."""

_NEAR: Final = 0.6
"""Alike enough to be named: one wrong sign of the three that a county has in Chinese."""


class Sort(StrEnum):
    """What becomes of a school."""

    ADDED = "added"
    RENAMED = "renamed"  # whatever else changes
    CHANGED = "changed"
    RELISTED = "relisted"  # it was struck off, and is on the list again


_UNEXPECTED: Final = (Sort.RENAMED, Sort.RELISTED, Sort.CHANGED, Sort.ADDED)
"""What is least expected first."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One entry added or changed, and the line that says so."""

    sort: Sort
    line: int
    sheet: str
    before: RosterEntry | None
    after: RosterEntry


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is held against.

    ``entries`` by school, those struck off included. ``regions`` are all of the register,
    ``schools`` its schools. ``within`` are the regions whose schools may be enlisted; ``None`` =
    all.
    """

    entries: Mapping[str, RosterEntry]
    regions: tuple[Region, ...]
    schools: Mapping[str, School]
    within: frozenset[str] | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a list comes to. ``missing`` are listed schools that it does not name: they stay.

    ``first`` of the changes are those to be shown: what is least expected, so that it is not
    overlooked. ``counts`` says what becomes of how many schools. ``digest`` names these very
    changes: who says yes says it to them and to no others. All three are reckoned once, for a page
    asks twice a second. ``troubles`` are of rows that are refused; ``notes`` stop nothing.
    """

    changes: tuple[Change, ...]
    first: tuple[Change, ...]
    counts: Counter[Sort]
    digest: str
    unchanged: int
    missing: tuple[RosterEntry, ...]
    troubles: tuple[Trouble, ...]
    notes: tuple[Trouble, ...]
    unreadable: bool = False


def plan_list(listed: Listed, standing: Standing) -> Plan:
    """Hold a list against the roster. Pure; nothing is written.

    A school that two different rows speak of is refused in both: neither can be trusted.
    """
    troubles = list(listed.troubles)
    notes = list(listed.notes)
    rows = _alone(listed.rows, troubles, notes)
    names = _Regions(standing)
    changes: list[Change] = []
    unchanged = 0
    after: dict[str, RosterEntry] = dict(standing.entries)
    lines: dict[str, Candidate] = {}
    for row in rows:
        entry = _entry(row, names, standing, troubles)
        if entry is None:
            continue
        before = standing.entries.get(row.school)
        after[row.school] = entry
        lines[row.school] = row
        if before == entry:
            unchanged += 1
        else:
            sort = _sort(before, entry)
            changes.append(
                Change(sort=sort, line=row.line, sheet=row.sheet, before=before, after=entry)
            )
    notes += _same_names(after.values(), lines)
    notes += _other_regions(lines, after, standing.schools)
    named = {row.school for row in listed.rows} | listed.spoiled
    return Plan(
        changes=tuple(changes),
        first=tuple(sorted(changes, key=lambda change: _UNEXPECTED.index(change.sort))[:SHOWN]),
        counts=Counter(change.sort for change in changes),
        digest=_digest(changes),
        unchanged=unchanged,
        missing=() if listed.unreadable else tuple(_missing(named, standing)),
        troubles=tuple(sorted(troubles, key=_place)),
        notes=tuple(sorted(notes, key=_place)),
        unreadable=listed.unreadable,
    )


def _digest(changes: Iterable[Change]) -> str:
    pairs = [(change.before, change.after) for change in changes]
    return sha256(msgspec.json.encode(pairs)).hexdigest()


def _place(trouble: Trouble) -> tuple[str, int]:
    return (trouble.sheet, trouble.line or 0)


def _alone(
    rows: Iterable[Candidate], troubles: list[Trouble], notes: list[Trouble]
) -> list[Candidate]:
    """The rows whose school no other row speaks of; of rows that say the same, the first."""
    by_school: dict[str, list[Candidate]] = defaultdict(list)
    for row in rows:
        by_school[row.school].append(row)
    alone: list[Candidate] = []
    for school, found in by_school.items():
        first = found[0]
        if all(row.says() == first.says() for row in found):
            alone.append(first)
            notes += [
                Trouble(
                    code=Code.REPEATED, line=row.line, value=school, other=str(first.line),
                    sheet=row.sheet,
                )
                for row in found[1:]
            ]  # fmt: skip
            continue
        for row in found:
            others = ", ".join(str(other.line) for other in found if other is not row)
            troubles.append(
                Trouble(
                    code=Code.SAME_CODE, line=row.line, value=school, other=others[:200],
                    sheet=row.sheet,
                )
            )  # fmt: skip
    return alone


class _Regions:
    """Regions by id or name, each word looked up once."""

    def __init__(self, standing: Standing) -> None:
        self._names: Final = Names()
        self._known: dict[str, str | Code] = {}
        self._hints: dict[str, str] = {}
        self._called: Final = {
            name.casefold(): name
            for region in standing.regions
            for name in (region.id, region.name_zh, region.name_en)
            if name
        }
        for region in standing.regions:
            self._names.learn(region.id, (region.name_zh, region.name_en))

    def find(self, word: str) -> str | Code:
        """The id of a region, or why there is none."""
        if word not in self._known:
            try:
                found = self._names.find(word)
            except LookupError:
                self._known[word] = Code.SEVERAL_REGIONS
            else:
                self._known[word] = Code.UNKNOWN_REGION if found is None else found
        return self._known[word]

    def near(self, word: str) -> str:
        """The region that was probably meant, as the register calls it; the first wrong words get
        one: comparing is slow."""
        if word not in self._hints and len(self._hints) < SUGGESTIONS:
            found = get_close_matches(word.casefold(), self._called, n=1, cutoff=_NEAR)
            self._hints[word] = self._called[found[0]] if found else ""
        return self._hints.get(word, "")


def _entry(
    row: Candidate, names: _Regions, standing: Standing, troubles: list[Trouble]
) -> RosterEntry | None:
    """The entry after this row; ``None`` when its region is none, or not the caller's to fill."""
    before = standing.entries.get(row.school)
    region = names.find(row.region)
    code = region if isinstance(region, Code) else None
    if code is None and standing.within is not None:
        registered = standing.schools.get(row.school)
        regions = {
            region,
            *([before.region] if before is not None else ()),
            *([registered.region] if registered is not None else ()),
        }
        if not regions <= standing.within:
            code = Code.OUT_OF_SCOPE
    if code is not None:
        near = names.near(row.region) if code is Code.UNKNOWN_REGION else ""
        troubles.append(
            Trouble(
                code=code, line=row.line, field=row.field_of_region, value=row.region[:60],
                other=near, sheet=row.sheet,
            )
        )  # fmt: skip
        return None
    formerly = () if before is None else before.formerly
    if before is not None and before.name != row.name:
        formerly = (
            before.name,
            *(name for name in formerly if name not in {before.name, row.name}),
        )
    boarders = row.boarders
    if boarders is None:  # no such column: as it was, as far as there are so many pupils
        boarders = 0 if before is None else min(before.boarders, row.pupils)
    key_target = row.key_target
    if key_target is None:
        key_target = before is not None and before.key_target
    return RosterEntry(
        school=row.school,
        name=row.name,
        kind=row.kind,
        region=str(region),
        pupils=row.pupils,
        boarders=boarders,
        key_target=key_target,
        formerly=formerly[:MOST_NAMES],
    )


def _sort(before: RosterEntry | None, after: RosterEntry) -> Sort:
    if before is None:
        return Sort.ADDED
    if not before.listed:
        return Sort.RELISTED
    return Sort.RENAMED if before.name != after.name else Sort.CHANGED


def _same_names(
    entries: Iterable[RosterEntry], lines: Mapping[str, Candidate]
) -> Iterable[Trouble]:
    """Schools of the list that another one, listed or on the list, is called like in the region."""
    called: dict[tuple[str | None, str], list[str]] = defaultdict(list)
    for entry in entries:
        if entry.listed:
            called[entry.region, _alike(entry.name)].append(entry.school)
    for schools in called.values():
        for school in schools if len(schools) > 1 else ():
            if school in lines:
                row = lines[school]
                others = ", ".join(other for other in schools if other != school)
                yield Trouble(
                    code=Code.SAME_NAME, line=row.line, value=row.name[:60], other=others[:200],
                    sheet=row.sheet,
                )  # fmt: skip


def _alike(name: str) -> str:
    """A name as it is compared: width, case and spaces aside."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _other_regions(
    lines: Mapping[str, Candidate],
    after: Mapping[str, RosterEntry],
    schools: Mapping[str, School],
) -> Iterable[Trouble]:
    """Schools that the register has in another region than the list."""
    for school, row in lines.items():
        registered = schools.get(school)
        if registered is not None and registered.region not in {None, after[school].region}:
            yield Trouble(
                code=Code.OTHER_REGION, line=row.line, field=row.field_of_region,
                value=after[school].region or "", other=registered.region or "", sheet=row.sheet,
            )  # fmt: skip


def _missing(named: set[str], standing: Standing) -> Iterable[RosterEntry]:
    """Those listed, and the caller's, that a list does not name. In the order of their names."""
    for school in sorted(standing.entries):
        entry = standing.entries[school]
        mine = standing.within is None or entry.region in standing.within
        if entry.listed and mine and school not in named:
            yield entry
