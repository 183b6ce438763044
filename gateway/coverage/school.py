"""One school in memory: its folded record, what was written of it last, and what changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from audit.coverage import ItemVerdict, Reason, SchoolRecord
from audit.roster import RosterEntry
from audit.verification.model import Verdict
from gateway.store.coverage import reasons_of
from gateway.store.read.coverage import StoredVerdict

Key: TypeAlias = tuple[str, str]
"""Policy and item."""

Gist: TypeAlias = tuple[tuple[object, ...], ...]


class Written(msgspec.Struct, frozen=True):
    """What a verdict was when it was written last, at ``at`` (ms)."""

    at: int
    verdict: Verdict
    listed: bool
    region: str
    gist: Gist

    def stands(self, verdict: Verdict, region: str, gist: Gist) -> bool:
        """Whether a listed school's verdict is still that, for the same reasons."""
        return (
            self.listed and self.verdict is verdict and self.region == region and self.gist == gist
        )


@dataclass(slots=True)
class School:
    """``written`` are its verdicts as they stand in the store, of the keys that were ``looked_up``
    there. ``kept``: the record is in the store as well."""

    record: SchoolRecord
    written: dict[Key, Written] = field(default_factory=dict)
    looked_up: set[Key] = field(default_factory=set)
    kept: bool = True

    @property
    def entry(self) -> RosterEntry | None:
        """As it is listed; ``None``: it does not count."""
        entry = self.record.roster
        return entry if entry is not None and entry.listed else None


def gist_of(reasons: Iterable[Reason]) -> Gist:
    """What of the reasons is worth a new row when it changes.

    Not the evidence of what is met anyway: a link is tested every day, and the evidence is newer
    each time. Nor since when.
    """
    return tuple(
        (
            one.code,
            one.part.value,
            one.verdict.value,
            one.device,
            one.place,
            one.link,
            one.pending,
            () if _only_tells(one) else tuple(sorted(one.inputs.items(), key=_name)),
        )
        for one in reasons
    )


def _only_tells(reason: Reason) -> bool:
    return reason.verdict is Verdict.MET and not reason.pending


def _name(entry: tuple[str, object]) -> str:
    return entry[0]


def written_of(stored: StoredVerdict) -> Written:
    """Out of what is in the store."""
    row = stored.row
    return Written(row.at, row.verdict, row.listed, row.region, gist_of(reasons_of(stored.body)))


def due_of(verdicts: Mapping[Key, ItemVerdict], now: int) -> int | None:
    """When one of them may change by time alone: after ``now``."""
    untils = [one.until for one in verdicts.values() if one.until is not None]
    return max(min(untils), now + 1) if untils else None
