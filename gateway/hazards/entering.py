"""How a fault, or what is failed, becomes an entry of the ledger. Pure: no store, no clock."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from alerts.alert import Refusal
from audit.ledger.hazard import Grade, Hazard, OrderState, Origin
from audit.ledger.hazard_acts import (
    GATEWAY,
    continued,
    found,
    order_moved,
)
from audit.ledger.hazard_times import HOUR_MS, LedgerFigures
from audit.ledger.work_order import OrderState as Stands
from audit.ledger.work_order import StepKind as OrderStep
from audit.ledger.work_order import WorkOrder


class Change(msgspec.Struct, frozen=True):
    """An entry as it was (``None``: it is new) and as it is to be."""

    before: Hazard | None
    after: Hazard


def order_state(order: WorkOrder) -> OrderState:
    """What of a work order an entry says: only that, the order itself stays the record."""
    done = [step.actor for step in order.steps if step.kind is OrderStep.DONE]
    names = dict.fromkeys(name for name in (*done, order.assignee or "") if name)
    return OrderState(
        number=order.id,
        state=order.state.value,
        done_by=tuple(names),
        verified=order.closed if order.state is Stands.CLOSED else None,
        verification=order.verification,
    )


def of_order(
    order: WorkOrder, like: Iterable[Hazard], number: int, figures: LedgerFigures, now: int
) -> list[Change]:
    """What a work order whose fault stays comes to: the entry that stands for such a fault takes
    it, one that was closed and not yet looked at goes on in a new one, or it is a new one.

    ``like`` are entries of the same school, device and condition, the newest first; ``number`` is
    that of a new one.
    """
    state = order_state(order)
    for hazard in like:
        if hazard.standing and hazard.scope == order.scope:
            moved = order_moved(hazard, state, figures, now=now)
            return [Change(hazard, moved)] if moved is not hazard else []
    before = next((each for each in like if each.scope == order.scope), None)
    entry = Hazard(
        number=number,
        school=order.school,
        origin=Origin.FAULT if before is None else Origin.LOOK_BACK,
        opened=now,
        due=now + figures.naming_hours * HOUR_MS,
        text=order.measure,
        device=order.device,
        device_id=order.device_id,
        kind=order.kind,
        condition=order.condition,
        scope=order.scope,
        faults=order.faults,
        order=state,
        grade=Grade.GENERAL if before is None else before.grade,
        reopens=None if before is None else before.number,
    )
    entry = found(entry, GATEWAY, now=now)
    if before is None:
        return [Change(None, entry)]
    return [Change(before, continued(before, number, now=now, say=True)), Change(None, entry)]


def of_item(
    school: str, policy: str, item: str, number: int, figures: LedgerFigures, now: int
) -> Change:
    """A failed item of a policy as a new entry."""
    entry = Hazard(
        number=number,
        school=school,
        origin=Origin.ITEM,
        opened=now,
        due=now + figures.naming_hours * HOUR_MS,
        policy=policy,
        item=item,
    )
    return Change(None, found(entry, GATEWAY, now=now))


def checked(version: int | None, hazard: Hazard) -> Refusal | None:
    """Whether whoever acts has seen the entry as it stands."""
    if version is None or version == hazard.version:
        return None
    return Refusal(
        "hazard_version", f"entry {hazard.number} has changed since: look at it again first"
    )
