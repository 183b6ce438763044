"""What policies ask to be attested, put together: one statement may serve several of them.

A statement that serves several policies has to fulfil the terms of each, so it lasts as long as the
one that allows least and brings what any of them asks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from audit.attestation import DRILL, DRILL_TERMS, Terms
from audit.policy import Item, Policy
from audit.staffing import USUAL, GuardsNeeded, StaffingRule, guards_needed

GUARDS: Final = "guards"
"""The figure of attestations that is held against the staffing rule."""


class AskedBy(msgspec.Struct, frozen=True):
    """A policy that asks for it."""

    id: str
    name_zh: str
    name_en: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that is asked for, by these policies; ``staffed``: guards
    are counted by ``staffing``. ``name_zh`` and ``name_en`` are those of the policy's item."""

    item: str
    name_zh: str = ""
    name_en: str = ""
    policies: tuple[AskedBy, ...] = ()
    terms: Terms = Terms()
    staffed: bool = False
    staffing: StaffingRule = USUAL


def asked_of(policies: Iterable[Policy]) -> dict[str, Asked]:
    """By item, the drill always among them."""
    found: dict[str, Asked] = {}
    drill: Terms | None = None
    for policy in policies:
        figures = policy.figures
        drill_terms = msgspec.structs.replace(
            DRILL_TERMS,
            longest_days=figures.drill_days.value,
            longest_days_of={"kindergarten": figures.drill_days_kindergarten.value},
        )
        drill = drill_terms if drill is None else together(drill, drill_terms)
        for item in policy.items:
            for name in item.statements:
                one = Asked(
                    item=name,
                    # Of what only proves a link the item's own name would say too much.
                    name_zh=item.name_zh if name == item.statement else "",
                    name_en=item.name_en if name == item.statement else "",
                    policies=(AskedBy(policy.id, policy.name_zh, policy.name_en),),
                    terms=_terms(item),
                    staffed=item.staffed,
                    staffing=figures.staffing,
                )
                found[name] = _both(found[name], one) if name in found else one
    drills = Asked(item=DRILL, terms=drill or DRILL_TERMS)
    found[DRILL] = _both(found[DRILL], drills) if DRILL in found else drills
    return found


def _terms(item: Item) -> Terms:
    if item.staffed and GUARDS not in item.terms.figures:
        return msgspec.structs.replace(item.terms, figures=(*item.terms.figures, GUARDS))
    return item.terms


def _both(one: Asked, other: Asked) -> Asked:
    return msgspec.structs.replace(
        one,
        name_zh=one.name_zh or other.name_zh,
        name_en=one.name_en or other.name_en,
        policies=tuple(dict.fromkeys((*one.policies, *other.policies))),
        terms=together(one.terms, other.terms),
        staffed=one.staffed or other.staffed,
        staffing=one.staffing if one.staffed else other.staffing,
    )


def together(one: Terms, other: Terms) -> Terms:
    """Terms of which keeping them keeps both."""
    kinds = one.longest_days_of.keys() | other.longest_days_of.keys()
    return Terms(
        longest_days=min(one.longest_days, other.longest_days),
        longest_days_of={
            kind: min(
                one.longest_days_of.get(kind, one.longest_days),
                other.longest_days_of.get(kind, other.longest_days),
            )
            for kind in sorted(kinds)
        },
        files=max(one.files, other.files),
        figures=tuple(dict.fromkeys((*one.figures, *other.figures))),
        confirmed=one.confirmed or other.confirmed,
    )


def guards_of(asked: Asked, pupils: int, boarders: int) -> GuardsNeeded | None:
    """How many guards the school needs for it; ``None``: it counts none, or the figures of the
    school are none."""
    if not asked.staffed or not 0 <= boarders <= pupils:
        return None
    return guards_needed(asked.staffing, pupils, boarders)
