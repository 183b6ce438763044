"""How a fault, or what is failed, becomes an entry of the ledger. Pure: no store, no clock."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from alerts.alert import Refusal
from audit.ledger.hazard import Hazard, OrderState, Origin
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


class Failed(msgspec.Struct, frozen=True):
    """An item of a policy that is failed at a school. ``devices`` are those it fails by, by id."""

    school: str
    policy: str
    item: str
    devices: frozenset[str] = frozenset()


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
    """What a work order whose fault stays comes to: the entry that stands for such a fault, or for
    the item that fails by it, takes it; one that was closed and not yet looked at goes on in a new
    one; or it is a new one.

    ``like`` are entries of the same school, device, condition and scope, or of an item that fails
    by the device, the newest first; ``number`` is that of a new one.
    """
    state = order_state(order)
    same = [each for each in like if each.condition]
    standing = next((each for each in (*same, *like) if each.standing), None)
    if standing is not None:
        entry = standing if standing.condition else _about(standing, order)
        moved = order_moved(entry, state, figures, now=now)
        return [Change(standing, moved)] if moved is not entry else []
    before = same[0] if same else None
    entry = Hazard(
        number=number,
        school=order.school,
        origin=Origin.FAULT,
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
    )
    return _new(entry, before, now)


def of_item(
    failed: Failed,
    before: Hazard | None,
    device: int | None,
    number: int,
    figures: LedgerFigures,
    now: int,
) -> list[Change]:
    """A failed item of a policy as a new entry. ``before`` is one for it that was closed and not
    yet looked at; ``device`` the row of the only device it fails by."""
    entry = Hazard(
        number=number,
        school=failed.school,
        origin=Origin.ITEM,
        opened=now,
        due=now + figures.naming_hours * HOUR_MS,
        device=device,
        device_id=min(failed.devices) if len(failed.devices) == 1 else "",
        policy=failed.policy,
        item=failed.item,
    )
    return _new(entry, before, now)


def _about(entry: Hazard, order: WorkOrder) -> Hazard:
    """The entry of an item, about the fault it fails by: the two are one record."""
    return msgspec.structs.replace(
        entry,
        device=order.device,
        kind=order.kind,
        condition=order.condition,
        scope=order.scope,
        faults=order.faults,
    )


def _new(entry: Hazard, before: Hazard | None, now: int) -> list[Change]:
    """The entry as the gateway found it; it goes on from ``before``, linked both ways."""
    if before is None:
        return [Change(None, found(entry, GATEWAY, now=now))]
    entry = msgspec.structs.replace(
        entry,
        origin=Origin.LOOK_BACK,
        grade=before.grade,
        item=entry.item or before.item,
        policy=entry.policy or before.policy,
        reopens=before.number,
    )
    linked = continued(before, entry.number, now=now, say=True)
    return [Change(before, linked), Change(None, found(entry, GATEWAY, now=now))]


def checked(version: int | None, hazard: Hazard) -> Refusal | None:
    """Whether whoever acts has seen the entry as it stands."""
    if version is None or version == hazard.version:
        return None
    return Refusal(
        "hazard_version", f"entry {hazard.number} has changed since: look at it again first"
    )
