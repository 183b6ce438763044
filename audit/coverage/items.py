"""The verdict on an item of a school at an instant."""

from __future__ import annotations

from collections.abc import Iterable

from audit.coverage.record import SchoolRecord
from audit.coverage.verdict import ItemVerdict, Reason
from audit.policy import Item, Policy

__all__ = ["ItemVerdict", "Reason", "judge", "judge_all", "items_touched"]


def judge(policy: Policy, item: Item, record: SchoolRecord, now: int) -> ItemVerdict:
    """The verdict on ``item`` of ``policy`` by what is known in ``record``, at ``now`` (ms)."""
    raise NotImplementedError


def judge_all(
    policies: Iterable[Policy], record: SchoolRecord, now: int
) -> dict[tuple[str, str], ItemVerdict]:
    """The verdicts on all items, by the ids of policy and item; quicker than one by one."""
    raise NotImplementedError


def items_touched(policy: Policy, kind: str) -> tuple[str, ...]:
    """The items of a policy whose verdict a fact of ``kind`` can change; empty: none."""
    raise NotImplementedError
