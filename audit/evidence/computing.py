"""The figures of a bundle, from nothing but its facts: for who makes it and for who checks it.

Facts are taken in row order up to the instant; then every item of every policy known by then is
judged for every school that the roster lists, and counted by region.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import msgspec

from audit.coverage import KINDS, LIFE, UNTOLD, ItemVerdict, SchoolRecord, fold, judge_all
from audit.evidence.leaf import LIVES, POLICIES, REGION, REGIONS
from audit.fact import FactRow
from audit.policy import POLICY, POLICY_ENDED, Policy, policy_named, policy_of
from audit.verification.model import Verdict

Figure: TypeAlias = "dict[str, object]"

DISCLOSED_KINDS: Final = KINDS | {POLICY, POLICY_ENDED, REGION, LIFE}
"""Facts that a figure may rest on. Of the others a bundle shows kind, time and place in the chain,
and nothing of what they say."""


class _Region(msgspec.Struct, frozen=True):
    id: str
    parent: str | None = None


class _RegionChange(msgspec.Struct, frozen=True):
    after: _Region | None = None


_region_change: Final = msgspec.json.Decoder(_RegionChange).decode
_encode: Final = msgspec.json.Encoder(order="sorted").encode


class Computation:
    """What the facts of a bundle come to."""

    def __init__(self) -> None:
        self._records: Final[dict[str, SchoolRecord]] = {}
        self._policies: Final[dict[str, Policy]] = {}
        self._parents: Final[dict[str, str | None]] = {}
        self._life = UNTOLD

    def take(self, fact: FactRow, chain: str) -> None:
        """The next fact, of the chain of this name. ``fact.known`` is the leaf's ``at``.

        Raises whatever the fact's body raises when it is not what its kind says.
        """
        if fact.kind == POLICY_ENDED:
            self._policies.pop(policy_named(fact.subject), None)
        elif chain == POLICIES:
            policy = policy_of(fact.body)
            self._policies[policy.id] = policy
        elif chain == LIVES:
            self._life = self._life.after(fact.known, fact.row)
        elif chain == REGIONS:
            change = _region_change(fact.body)
            if change.after is not None:
                self._parents[change.after.id] = change.after.parent
        elif fact.kind in KINDS:
            record = self._records.get(chain)
            self._records[chain] = fold(record or SchoolRecord(school=chain), fact)

    @property
    def records(self) -> dict[str, SchoolRecord]:
        """What is known of each school so far."""
        return self._records

    @property
    def policies(self) -> dict[str, Policy]:
        """The policies known so far, by id."""
        return self._policies

    def within(self, region: str) -> frozenset[str]:
        """A region and all below it; one that no fact names has none below it."""
        below: dict[str | None, list[str]] = {}
        for one, parent in self._parents.items():
            below.setdefault(parent, []).append(one)
        found = {region}
        waiting = [region]
        while waiting:
            for one in below.get(waiting.pop(), ()):
                if one not in found:
                    found.add(one)
                    waiting.append(one)
        return frozenset(found)

    def above(self, region: str | None) -> Iterator[str]:
        """A region and all around it."""
        seen: set[str] = set()
        while region is not None and region not in seen:
            seen.add(region)
            yield region
            region = self._parents.get(region)

    def counted(self, counts: Callable[[SchoolRecord], bool]) -> list[SchoolRecord]:
        """The schools that the roster lists and that ``counts`` takes, by id."""
        return [
            record
            for _, record in sorted(self._records.items())
            if record.roster is not None and record.roster.listed and counts(record)
        ]

    def figures(self, now: int, counts: Callable[[SchoolRecord], bool]) -> Iterator[bytes]:
        """Every figure as a line of canonical JSON: school by school, then region by region.

        ``counts`` says which schools belong to it. The order is fixed.
        """
        policies = [policy for _, policy in sorted(self._policies.items())]
        tallies: dict[tuple[str, str, str], dict[Verdict, int]] = {}
        for record in self.counted(counts):
            region = None if record.roster is None else record.roster.region
            verdicts = judge_all(policies, record, now, self._life)
            for policy in policies:
                for item in policy.items:
                    verdict = verdicts[policy.id, item.id]
                    yield _of_school(policy, item.id, record.school, region, verdict)
                    for where in ("", *self.above(region)):
                        tally = tallies.setdefault(
                            (policy.id, item.id, where), dict.fromkeys(Verdict, 0)
                        )
                        tally[verdict.verdict] += 1
        for (policy_id, item_id, where), tally in sorted(tallies.items()):
            yield _encode(
                {
                    "policy": policy_id,
                    "item": item_id,
                    "region": where,
                    **{verdict.value: number for verdict, number in tally.items()},
                }
            )


def _of_school(
    policy: Policy, item: str, school: str, region: str | None, verdict: ItemVerdict
) -> bytes:
    return _encode(
        {
            "policy": policy.id,
            "version": policy.version,
            "item": item,
            "school": school,
            "region": region,
            **msgspec.to_builtins(verdict),
        }
    )
