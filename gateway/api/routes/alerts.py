"""Alerts: lists, one with its history, and what people do to them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from alerts import alert as acts
from alerts.alert import Alert, Refusal
from alerts.finding import Priority
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Reader, Responder, check
from gateway.api.models.alerts import (
    AcknowledgeIn,
    ActedOut,
    ActionIn,
    AlertDetailOut,
    AlertOut,
    AssignIn,
    CommentIn,
    ConfirmFalseIn,
    MarkFalseIn,
    ResetIn,
    ShelveIn,
)
from gateway.api.models.links import AlertExchangeOut
from gateway.api.models.response import TellIn, TickIn
from gateway.api.models.shapes import Identifier, Items, Milliseconds, Page
from gateway.api.permitted import permitted, what_for
from gateway.api.police import exchange_of_alert
from gateway.api.present_response import step_out
from gateway.api.problems import REFUSABLE, invalid, not_found, refused
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller
from gateway.settings_fields import PriorityName
from gateway.store.read.alerts import AlertFilter, alert_page, one_alert, transitions_of
from gateway.store.read.devices import device_row
from gateway.store.read.links import exchanges_of_alert

router = APIRouter(tags=["alerts"])

AlertState = Literal["open", "unacknowledged", "acknowledged", "shelved", "closed", "all"]
AlertNumber = Annotated[int, Path(ge=0, le=2**53, examples=[4711])]


@router.get("/alerts", operation_id="list_alerts")
async def list_alerts(
    *,
    services: ServicesHere,
    caller: Reader,
    state: AlertState = "open",
    priority: PriorityName | None = None,
    school: Identifier | None = None,
    region: Identifier | None = None,
    device: Annotated[
        str | None, Query(pattern=r"^[^/]{1,64}/[^/]{1,64}$", examples=["no3-middle/gate-01"])
    ] = None,
    condition: Annotated[str | None, Query(max_length=64)] = None,
    since: Annotated[Milliseconds | None, Query(description="Raised at or after.")] = None,
    until: Annotated[Milliseconds | None, Query(description="Raised before.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[AlertOut]:
    """Open ones: unacknowledged first, then by priority, then the newest. Others: newest first."""
    row = None
    if device is not None:
        row = await services.read(device_row(*device.split("/")))
        if row is None:
            return Page(items=[])
    schools = services.register.narrow(caller.schools, school=school, region=region)
    if schools is not None and school is None and region is None:
        schools |= {""}  # the gateway's own alerts are everybody's
    wanted = AlertFilter(
        state=state,
        priority=None if priority is None else int(Priority[priority.name]),
        schools=schools,
        device=row,
        condition=condition,
        since=since,
        until=until,
    )
    found, following = await services.read(
        alert_page(wanted, after=sort_key(after, tuple[RowNumber, ...]), limit=limit)
    )
    return Page(
        items=[services.presenter.alert(each) for each in found],
        next=None if following is None else cursor(following),
    )


@router.get("/alerts/{id}", operation_id="get_alert")
async def get_alert(
    services: ServicesHere,
    caller: Reader,
    id: AlertNumber,  # noqa: A002 - the contract's name
) -> AlertDetailOut:
    """One alert with its history, and what the caller may do to it right now."""
    alert = await visible_alert(services, caller, id)
    history = await services.read(transitions_of(id))
    return AlertDetailOut(
        alert=services.presenter.alert(alert),
        transitions=[services.presenter.transition(row, each) for row, each in history],
        may=permitted(alert, caller, services.clock.now(), services.limits),
        steps=[
            step_out(step)
            for step in services.responses.steps(alert, [each for _, each in history])
        ],
    )


@router.get("/alerts/{id}/exchanges", operation_id="list_exchanges_of_alert")
async def list_exchanges(
    services: ServicesHere,
    caller: Reader,
    id: AlertNumber,  # noqa: A002
) -> Items[AlertExchangeOut]:
    """What was exchanged with the police's receivers about it, oldest first."""
    await visible_alert(services, caller, id)
    found = await services.read(exchanges_of_alert(id))
    return Items(items=[exchange_of_alert(each) for each in found])


@router.post("/alerts/{id}/actions", operation_id="act_on_alert", responses=REFUSABLE)
async def act_on_alert(
    services: ServicesHere,
    caller: Responder,
    id: AlertNumber,  # noqa: A002
    action: ActionIn,
) -> ActedOut:
    """Do something to it. When two do the same at once, one changes it and both see the result."""
    alert = await visible_alert(services, caller, id)
    check(caller, what_for(action.action), alert.school, f"alert {id}")
    if isinstance(action, ShelveIn) and action.until <= services.clock.now():
        raise invalid("until", "must be in the future")
    wanted = _tick(services, alert, action) if isinstance(action, TickIn) else act_of(action)
    result = await services.desk.act(id, wanted, caller.name)
    if isinstance(result, Refusal):
        raise refused(result.code, result.detail)
    return ActedOut(alert=services.presenter.alert(result.alert), changed=result.changed)


async def visible_alert(services: Services, caller: Caller, number: int) -> Alert:
    """The alert, if the caller may see it; else a 404 `Problem`."""
    alert = await services.read(one_alert(number))
    if alert is None or not caller.sees(alert.school):
        raise not_found(f"alert {number}")
    return alert


def _tick(services: Services, alert: Alert, action: TickIn) -> acts.Tick:
    """Only what is a step now can be ticked off; a tick of an older plan can be taken back."""
    step = services.responses.step(alert, action.step)
    if step is None and action.step not in alert.ticked:
        raise refused(
            "no_such_step", f"{action.step!r} is no step of the plan for alert {alert.id}"
        )
    return acts.Tick(action.step, action.done, "" if step is None else step.zh)


def act_of(action: ActionIn) -> acts.Action:
    """The action as the life cycle knows it; a tick needs its plan, see `_tick`."""
    match action:
        case TellIn():
            return acts.Tell(action.form, action.to, action.text, action.at)
        case AcknowledgeIn():
            return acts.Acknowledge(action.comment, action.occurrences)
        case CommentIn():
            return acts.Comment(action.text)
        case AssignIn():
            return acts.Assign(action.to)
        case ShelveIn():
            return acts.Shelve(action.until, action.reason)
        case MarkFalseIn():
            return acts.MarkFalse(action.reason)
        case ConfirmFalseIn():
            return acts.ConfirmFalse(agree=action.agree, reason=action.reason)
        case ResetIn():
            return acts.Reset()
        case _:
            return acts.Unshelve()
