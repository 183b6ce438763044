"""What an import would change, in lines for a person who has to say yes or no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.register.entries import Table
from gateway.register.plan import Change, Plan

SHOWN: Final = 20
"""Changes shown of each sort, unless all are asked for."""


def describe(plan: Plan, shown: int | None = SHOWN) -> Iterator[str]:
    """Lines: counts by table, then what is new (+), different (~) and removed (-)."""
    for table in Table:
        counts = [
            sum(change.table is table for change in changes)
            for changes in (plan.added, plan.changed, plan.removed)
        ]
        same = plan.unchanged.get(table, 0)
        if any(counts) or same:
            added, changed, removed = counts
            yield (
                f"{table.value:<11}{added:>7} new {changed:>7} changed {removed:>7} removed "
                f"{same:>7} unchanged"
            )
    for sign, changes in (("+", plan.added), ("~", plan.changed), ("-", plan.removed)):
        cut = changes if shown is None else changes[:shown]
        for change in cut:
            yield f"{sign} {_one(change)}"
        if len(changes) > len(cut):
            yield f"{sign} … and {len(changes) - len(cut)} more (--verbose shows all)"
    if plan.missing:
        yield (
            f"? {len(plan.missing)} registered and not in the files; they stay "
            "(--remove-missing takes them off the register)"
        )


def _one(change: Change) -> str:
    name = f"{change.table.value.removesuffix('s')} {'/'.join(change.key)}"
    thing = change.after if change.after is not None else change.before
    title = getattr(thing, "name_zh", "")
    about = f"  {title}" if title else ""
    fields = "; ".join(
        f"{field}: {_shown(before)} → {_shown(after)}"
        for field, (before, after) in change.fields.items()
    )
    return f"{name}{about}{'  ' if fields else ''}{fields}"


def _shown(value: object) -> str:
    if value is None or value in ("", {}):
        return "nothing"
    return f"'{value}'" if isinstance(value, str) else str(value)
