"""Work orders as the page sees them: with names, a title, and what closes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerts.correlation import place_of
from audit.ledger.work_order import OrderActionName, OrderState, WorkOrder, allowed
from devices.model import Device
from gateway.api.models.alerts import AlertDeviceOut
from gateway.api.models.shapes import Names
from gateway.api.models.work_orders import StepOut, WorkOrderOut
from gateway.api.register import names
from gateway.security.access import Caller, What, may

if TYPE_CHECKING:
    from gateway.api.services import Services

_HEAVY: Final = frozenset({OrderActionName.CANCEL, OrderActionName.ACCEPT})
"""These end an order without a proof."""


def what_for(action: str) -> What:
    """What the role must allow for an action."""
    return What.WAIVE if action in _HEAVY else What.REPAIR


def order_out(services: Services, order: WorkOrder, caller: Caller) -> WorkOrderOut:
    """An order as the caller sees it now."""
    now = services.clock.now()
    device = None if order.device is None else services.desk.device(order.device)
    verifiable = services.work_orders.verifiable(order)
    register = services.register
    return WorkOrderOut(
        id=order.id,
        version=order.version,
        school=order.school,
        school_name=register.school_name(order.school),
        device=_device(order, device),
        place=register.place_path(
            order.school, place_of(order.scope) if device is None else device.place
        ),
        alert=order.alert,
        condition=order.condition,
        faults=order.faults,
        title=_title(services, order),
        opened=order.opened,
        due=order.due,
        overdue=order.overdue(now),
        state=order.state,
        assignee=order.assignee,
        automatic=order.automatic,
        fault_gone=order.fault_gone,
        closed=order.closed,
        verification=order.verification,
        steps=[
            StepOut(
                at=step.at,
                actor=step.actor,
                kind=step.kind,
                text=step.text,
                photos=list(step.photos),
                detail=dict(step.detail),
            )
            for step in order.steps
        ],
        closes_when=_both(services, f"work_order.closes.{_closes(order, verifiable=verifiable)}"),
        may=[
            name
            for name in allowed(order, now=now, verifiable=verifiable)
            if may(caller, what_for(name), order.school)
        ],
    )


def _device(order: WorkOrder, device: Device | None) -> AlertDeviceOut | None:
    if order.device is None:
        return None
    if device is None:  # off the register since
        shown = Names(zh=order.device_id, en=order.device_id)
        return AlertDeviceOut(school=order.school, id=order.device_id, kind=order.kind, name=shown)
    return AlertDeviceOut(
        school=device.school,
        id=device.id,
        kind=device.kind,
        name=names(device.name_zh, device.name_en, device.id),
    )


def _title(services: Services, order: WorkOrder) -> Names:
    if not order.condition:
        return Names(zh=order.measure, en=order.measure)
    condition = _both(services, f"condition.{order.condition}")
    if order.faults == 1:
        return condition
    key = "work_order.title.school" if order.device is None else "work_order.title.several"
    words = services.words
    return Names(
        zh=words.text(key, "zh", condition=condition.zh, faults=order.faults),
        en=words.text(key, "en", condition=condition.en, faults=order.faults),
    )


def _closes(order: WorkOrder, *, verifiable: bool) -> str:
    if order.state is OrderState.CANCELLED:
        return "cancelled"
    if order.state is OrderState.CLOSED:
        return "verified" if order.verification else "accepted"
    if order.state is OrderState.DONE:
        return "verify_now" if verifiable else "accept_now"
    return "verify" if verifiable else "accept"


def _both(services: Services, key: str) -> Names:
    text = services.words.both(key)
    return Names(zh=text["zh"], en=text["en"])
