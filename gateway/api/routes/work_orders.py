"""Work orders: lists, one, opening one by hand, and what people do to them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from audit.ledger import work_order as acts
from audit.ledger.work_order import WorkOrder
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Reader, Repairer, check
from gateway.api.models.shapes import Identifier, Items, Page
from gateway.api.models.work_orders import (
    AcceptOrderIn,
    AssigneeOut,
    AssignOrderIn,
    CancelOrderIn,
    CommentOrderIn,
    DoneOrderIn,
    ExtendOrderIn,
    ReopenOrderIn,
    WorkOrderActionIn,
    WorkOrderCountsOut,
    WorkOrderIn,
    WorkOrderOut,
)
from gateway.api.present_work_orders import order_out, what_for
from gateway.api.problems import REFUSABLE, granted, invalid, not_found
from gateway.api.routes.devices import visible_device
from gateway.api.routes.verifications import Key
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller, What, role_may
from gateway.security.accounts import User, all_users, user_named
from gateway.store.read.devices import device_row
from gateway.store.read.work_orders import (
    OrderFilter,
    one_order,
    order_counts,
    order_of_alert,
    order_page,
)

router = APIRouter(tags=["work orders"])

OrderNumber = Annotated[int, Path(ge=1, le=2**53, examples=[42])]
ME = "me"


@router.get("/work-orders", operation_id="list_work_orders")
async def list_work_orders(
    *,
    services: ServicesHere,
    caller: Reader,
    state: Literal["open", "done", "closed", "overdue", "all"] = "open",
    school: Identifier | None = None,
    region: Identifier | None = None,
    device: Annotated[
        str | None, Query(pattern=r"^[^/]{1,64}/[^/]{1,64}$", examples=["no3-middle/gate-01"])
    ] = None,
    alert: Annotated[
        int | None, Query(ge=0, le=2**53, description="The order that covers this alert.")
    ] = None,
    assignee: Annotated[
        str | None, Query(max_length=64, description="A user's name; `me` = the caller.")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[WorkOrderOut]:
    """`open` are all that stand, the nearest deadline first; `closed` (also cancelled) and `all`
    the newest first. With `alert`, `state` counts for nothing."""
    if alert is not None:
        return Page(items=await _covering(services, caller, alert))
    row = None
    if device is not None:
        row = await services.read(device_row(*device.split("/")))
        if row is None:
            return Page(items=[])
    wanted = OrderFilter(
        state=state,
        schools=services.register.narrow(caller.schools, school=school, region=region),
        assignee=caller.name if assignee == ME else assignee,
        device=row,
    )
    key = sort_key(after, tuple[RowNumber, RowNumber])
    found, following = await services.read(
        order_page(wanted, now=services.clock.now(), after=key, limit=limit)
    )
    return Page(
        items=[order_out(services, each, caller) for each in found],
        next=None if following is None else cursor(following),
    )


@router.get("/work-orders/counts", operation_id="count_work_orders")
async def count_work_orders(
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
) -> WorkOrderCountsOut:
    """How many stand, are overdue, wait for a proof, and are the caller's."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    now = services.clock.now()
    every = await services.read(order_counts(schools, now=now))
    mine = await services.read(order_counts(schools, assignee=caller.name, now=now))
    return WorkOrderCountsOut(
        standing=every.standing,
        overdue=every.overdue,
        done=every.done,
        mine=mine.standing,
        held_back=services.work_orders.held_back,
    )


@router.get("/work-orders/assignees", operation_id="list_assignees")
async def list_assignees(
    services: ServicesHere, caller: Repairer, school: Identifier
) -> Items[AssigneeOut]:
    """Who can be made responsible at a school: does repairs, and sees it."""
    check(caller, What.REPAIR, school, f"school {school}")
    everybody = await services.read(all_users)
    return Items(
        items=[
            AssigneeOut(name=user.name, display=user.display, role=user.role)
            for user in everybody
            if _may_repair(services, user, school)
        ]
    )


@router.post("/work-orders", operation_id="open_work_order", status_code=HTTPStatus.CREATED)
async def open_work_order(
    services: ServicesHere, caller: Repairer, wanted: WorkOrderIn
) -> WorkOrderOut:
    """Say what has to be mended at a device."""
    school = wanted.device.school
    check(caller, What.REPAIR, school, f"device {school}/{wanted.device.id}")
    device = await visible_device(services, caller, school, wanted.device.id)
    order = await services.work_orders.open_by_hand(device, wanted.text, caller.name)
    return order_out(services, order, caller)


@router.get("/work-orders/{id}", operation_id="get_work_order")
async def get_work_order(
    services: ServicesHere,
    caller: Reader,
    id: OrderNumber,  # noqa: A002 - the contract's name
) -> WorkOrderOut:
    """One order with all its steps."""
    return order_out(services, await _visible(services, caller, id), caller)


@router.post("/work-orders/{id}/actions", operation_id="act_on_work_order", responses=REFUSABLE)
async def act_on_work_order(
    services: ServicesHere,
    caller: Repairer,
    id: OrderNumber,  # noqa: A002
    action: WorkOrderActionIn,
    key: Key = None,
) -> WorkOrderOut:
    """Do something to it. The same sent twice, as a phone does without an answer, is done once."""
    order = await _visible(services, caller, id)
    check(caller, what_for(action.action), order.school, f"work order {id}")
    if isinstance(action, AssignOrderIn) and action.to is not None:
        await _check_assignee(services, action.to, order.school)
    result = await services.work_orders.act(id, _act(action), caller.name, key=key or "")
    return order_out(services, granted(result), caller)


async def _covering(services: Services, caller: Caller, alert: int) -> list[WorkOrderOut]:
    number = await services.read(order_of_alert(alert))
    order = None if number is None else await services.read(one_order(number))
    if order is None or not caller.sees(order.school):
        return []
    return [order_out(services, order, caller)]


async def _visible(services: Services, caller: Caller, number: int) -> WorkOrder:
    order = await services.read(one_order(number))
    if order is None or not caller.sees(order.school):
        raise not_found(f"work order {number}")
    return order


async def _check_assignee(services: Services, name: str, school: str) -> None:
    """Whoever is responsible must be able to see the order and to report it done."""
    user = await services.read(user_named(name))
    if user is None or not _may_repair(services, user, school):
        raise invalid("to", f"there is no user {name} who does repairs at {school}")


def _may_repair(services: Services, user: User, school: str) -> bool:
    if user.disabled or not role_may(user.role, What.REPAIR):
        return False
    schools = services.register.schools_of(user.scopes)
    return schools is None or school in schools


def _act(action: WorkOrderActionIn) -> acts.Action:
    match action:
        case AssignOrderIn():
            return acts.Assign(action.to)
        case CommentOrderIn():
            return acts.Comment(action.text, action.photos)
        case DoneOrderIn():
            return acts.Done(action.text, action.photos)
        case ReopenOrderIn():
            return acts.Reopen(action.reason)
        case ExtendOrderIn():
            return acts.Extend(action.due, action.reason)
        case CancelOrderIn():
            return acts.Cancel(action.reason)
        case AcceptOrderIn():
            return acts.Accept(action.reason)
