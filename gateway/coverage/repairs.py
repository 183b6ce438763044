"""What stands between now and a rate: what there is to do at each school, the shortest list first.

Schools are independent of each other, so taking those with the fewest repairs first reaches any
number of schools with as few repairs as there can be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

import msgspec

from audit.coverage import Code, Part, Reason
from audit.verification.model import Verdict


class Doing(StrEnum):
    """What a repair is done to."""

    DEVICE = "device"  # mended, or verified
    LINK = "link"
    ATTESTATION = "attestation"  # signed
    PLACE = "place"  # something is installed there
    SCHOOL = "school"


Subject: TypeAlias = tuple[Doing, str]


class Repair(msgspec.Struct, frozen=True):
    """One thing to do, whatever it is needed for: a device that is offline and was never tested is
    visited once."""

    what: Doing
    items: tuple[str, ...]
    reasons: tuple[Reason, ...]


class SchoolRepairs(msgspec.Struct, frozen=True):
    """All there is to do at a school for the items that are asked about."""

    school: str
    region: str
    repairs: tuple[Repair, ...]


class Plan(msgspec.Struct, frozen=True):
    """The schools to go to, in their order, until ``wanted`` of them are met in addition.

    ``reachable``: there are so many.
    """

    schools: tuple[SchoolRepairs, ...]
    wanted: int
    reachable: bool

    @property
    def repairs(self) -> int:
        """How many."""
        return sum(len(one.repairs) for one in self.schools)


def missing(reasons: Iterable[Reason]) -> list[Reason]:
    """Those that stand in the way now."""
    return [one for one in reasons if one.verdict is not Verdict.MET and not one.pending]


def repairs_of(
    unmet: Mapping[str, Iterable[Reason]], statements: Mapping[str, str]
) -> tuple[Repair, ...]:
    """What is to be done at a school, by item with the reasons it is not met for.

    ``statements`` gives the attested statement that an item rests on: one may serve several items.
    """
    items: dict[Subject, list[str]] = {}
    reasons: dict[Subject, list[Reason]] = {}
    for item, found in unmet.items():
        for reason in missing(found):
            subject = _subject(reason, statements.get(item, item))
            if item not in items.setdefault(subject, []):
                items[subject].append(item)
            of_subject = reasons.setdefault(subject, [])
            if reason not in of_subject:
                of_subject.append(reason)
    return tuple(
        Repair(subject[0], tuple(items[subject]), tuple(reasons[subject])) for subject in items
    )


def _subject(reason: Reason, statement: str) -> Subject:
    if reason.code is Code.PLATFORM_NOT_ATTESTED:
        return Doing.ATTESTATION, str(reason.inputs.get("item", statement))
    if reason.part in (Part.STATEMENT, Part.STAFFING):
        return Doing.ATTESTATION, statement
    if reason.device:
        return Doing.DEVICE, reason.device
    if reason.link:
        return Doing.LINK, reason.link
    if reason.place or "kind" in reason.inputs:
        return Doing.PLACE, f"{reason.place}/{reason.inputs.get('kind', reason.code)}"
    return Doing.SCHOOL, reason.code.value


def plan(schools: Iterable[SchoolRepairs], *, met: int, listed: int, target: float) -> Plan:
    """Which schools bring ``listed`` schools, of which ``met`` are met, to the rate ``target``.

    Schools of which nobody knows what to do are left out.
    """
    # 0.9 of 10 schools are 9, whatever binary fractions make of it
    wanted = max(0, math.ceil(round(target * listed, 6)) - met)
    ordered = sorted(
        (one for one in schools if one.repairs), key=lambda one: (len(one.repairs), one.school)
    )
    return Plan(tuple(ordered[:wanted]), wanted, len(ordered) >= wanted)
