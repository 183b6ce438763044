"""One action on several alerts: each is done by itself, and each has a result of its own."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter

from alerts.alert import Alert, Refusal
from gateway.api.guard import Responder, check
from gateway.api.models.alerts import AcknowledgeIn, ShelveIn
from gateway.api.models.together import ActedTogetherOut, ChosenIn, EachActedOut, TogetherIn
from gateway.api.permitted import what_for
from gateway.api.problems import (
    REFUSABLE,
    Problem,
    invalid,
    not_found,
    problem_of_store,
    refused,
)
from gateway.api.routes.alerts import act_of
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller
from gateway.store.read.alerts import alerts_of
from gateway.store.store import StoreError

router = APIRouter(tags=["alerts"])

AT_ONCE: Final = 50
"""Alerts done before other work gets its turn; their commits go to the disk together."""


@router.post("/alerts/actions", operation_id="act_on_alerts", responses=REFUSABLE)
async def act_on_alerts(
    services: ServicesHere, caller: Responder, wanted: TogetherIn
) -> ActedTogetherOut:
    """Do the same to several alerts. What cannot be done to one keeps none of the others back."""
    action = wanted.action
    check(caller, what_for(action.action), "", "")  # the role; the scope is asked for each
    if isinstance(action, ShelveIn) and action.until <= services.clock.now():
        raise invalid("action.until", "must be in the future")
    chosen = list({one.id: one for one in wanted.alerts}.values())
    found = await services.read(alerts_of(one.id for one in chosen))
    results: list[EachActedOut] = []
    for start in range(0, len(chosen), AT_ONCE):
        part = chosen[start : start + AT_ONCE]
        results += await asyncio.gather(
            *(_act(services, caller, found.get(one.id), one, wanted) for one in part)
        )
    return ActedTogetherOut(items=results)


async def _act(
    services: Services, caller: Caller, alert: Alert | None, one: ChosenIn, wanted: TogetherIn
) -> EachActedOut:
    """Do it to one, in the caller's name; what keeps it from being done is its result."""
    action = wanted.action
    if isinstance(action, AcknowledgeIn):
        action = action.model_copy(update={"occurrences": one.occurrences})
    try:
        if alert is None:
            raise not_found(f"alert {one.id}")
        check(caller, what_for(action.action), alert.school, f"alert {one.id}")
        result = await services.desk.act(one.id, act_of(action), caller.name)
    except StoreError as error:
        return _undone(one, problem_of_store(error))
    except Problem as problem:
        return _undone(one, problem)
    if isinstance(result, Refusal):
        return _undone(one, refused(result.code, result.detail))
    shown = services.presenter.alert(result.alert)
    return EachActedOut(id=one.id, alert=shown, changed=result.changed, code="", detail="")


def _undone(one: ChosenIn, why: Problem) -> EachActedOut:
    return EachActedOut(id=one.id, alert=None, changed=False, code=why.code, detail=why.detail)
