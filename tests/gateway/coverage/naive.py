"""The second computation: all facts known by an instant, folded from nothing, judged then.

It keeps nothing, and shares nothing with the gateway's but `fold` and `judge` themselves.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from audit.coverage import LIFE, UNTOLD, SchoolRecord, fold, judge
from audit.fact import FactRow, school_of
from audit.policy import policy_named, policy_of
from audit.verification.model import Verdict
from gateway.coverage.school import Gist, gist_of

Standing = tuple[Verdict, str, Gist]
"""Verdict, region, and what of the reasons is worth telling."""


def known_by(facts: Sequence[FactRow], at: int) -> list[FactRow]:
    """Facts known at ``at``, as of when they count: one is known when those before it are."""
    found = []
    latest = 0
    for fact in facts:
        latest = max(latest, fact.known)
        if latest > at:
            break
        found.append(msgspec.structs.replace(fact, known=latest))
    return found


def standings(facts: Sequence[FactRow], at: int) -> dict[tuple[str, str, str], Standing]:
    """How every listed school stands at ``at``, by school, policy and item."""
    policies = {}
    life = UNTOLD
    by_school: defaultdict[str, list[FactRow]] = defaultdict(list)
    for fact in known_by(facts, at):
        if fact.kind == "policy":
            with contextlib.suppress(msgspec.MsgspecError):
                policy = policy_of(fact.body)
                policies[policy.id] = policy
        elif fact.kind == "policy_ended":
            policies.pop(policy_named(fact.subject), None)
        elif fact.kind == LIFE:
            life = life.after(fact.known, fact.row)
        else:
            by_school[school_of(fact)].append(fact)
    found = {}
    for school, of_school in by_school.items():
        record = SchoolRecord(school=school)
        for fact in of_school:
            record = fold(record, fact)
        if not school or record.roster is None or not record.roster.listed:
            continue
        for policy in policies.values():
            for item in policy.items:
                judged = judge(policy, item, record, at, life)
                gist = gist_of(judged.reasons)
                region = record.roster.region or ""
                found[school, policy.id, item.id] = judged.verdict, region, gist
    return found
