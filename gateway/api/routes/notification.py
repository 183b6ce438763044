"""Notification: the receivers and how they fare, a test, and what could not be delivered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, cursor, row_in
from gateway.api.guard import Governor, Reader
from gateway.api.models.notification import (
    DeadLetterOut,
    DecidedOut,
    DeliveryOut,
    DropIn,
    ReceiverOut,
    RetryIn,
    TestedOut,
)
from gateway.api.models.shapes import Items, Page
from gateway.api.present_notification import dead_letter_out, delivery_out, receiver_out
from gateway.api.problems import not_found
from gateway.api.routes.alerts import AlertNumber, visible_alert
from gateway.api.services import ServicesHere
from gateway.notification.dead_letters import dead_letters, deliveries_of, these
from gateway.notification.desk import ReceiverHere, ReceiverKind
from gateway.security.access import Caller, What, may

router = APIRouter(tags=["notification"])

ReceiverName = Annotated[str, Path(max_length=160, examples=["duty-chat"])]


@router.get("/notification", operation_id="list_receivers")
async def list_receivers(services: ServicesHere, caller: Reader) -> Items[ReceiverOut]:
    """Every receiver: whether it is reached, and what waits for it.

    Those that reach one person are shown to that person and to administrators; those that hear of
    other schools only, or are no more, to nobody who sees some schools.
    """
    here = await services.notification.receivers()
    return Items(items=[receiver_out(one) for one in here if _concerns(caller, one)])


@router.get("/alerts/{id}/deliveries", operation_id="list_deliveries_of_alert")
async def list_deliveries(
    services: ServicesHere,
    caller: Reader,
    id: AlertNumber,  # noqa: A002 - the contract's name
) -> Items[DeliveryOut]:
    """Who was told of it, of which of its versions, and whether that arrived; oldest first."""
    await visible_alert(services, caller, id)
    found = await services.read(deliveries_of(id))
    return Items(items=[delivery_out(one) for one in found])


@router.post("/notification/receivers/{name}/test", operation_id="test_receiver")
async def test_receiver(services: ServicesHere, caller: Governor, name: ReceiverName) -> TestedOut:
    """Send a message that is plainly a test, and say what came of it; waits for the receiver."""
    try:
        trial, kept = await services.notification.test(name, caller.name)
    except KeyError as error:
        raise not_found(f"receiver {name}") from error
    await services.commit(kept)
    return TestedOut(arrived=trial.arrived, reason=trial.reason, took_ms=trial.took_ms)


@router.get("/notification/dead-letters", operation_id="list_dead_letters")
async def list_dead_letters(
    services: ServicesHere,
    _caller: Governor,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[DeadLetterOut]:
    """Messages that were refused or given up, or whose receiver is no more; the newest first."""
    found = await services.read(
        dead_letters(services.notification.known, after=row_in(after), limit=limit + 1)
    )
    return Page(
        items=[dead_letter_out(one) for one in found[:limit]],
        next=cursor((found[limit - 1].row,)) if len(found) > limit else None,
    )


@router.post("/notification/dead-letters/retry", operation_id="retry_dead_letters")
async def retry_dead_letters(
    services: ServicesHere, caller: Governor, wanted: RetryIn
) -> DecidedOut:
    """Try them again, at once and in their order."""
    letters = await services.read(these(wanted.rows))
    await services.commit(services.notification.retry(letters, caller.name))
    services.notification.look()
    return DecidedOut(messages=len(letters))


@router.post("/notification/dead-letters/drop", operation_id="drop_dead_letters")
async def drop_dead_letters(services: ServicesHere, caller: Governor, wanted: DropIn) -> DecidedOut:
    """Never try them again. They stay in the history of their alerts."""
    letters = await services.read(these(wanted.rows))
    await services.commit(services.notification.drop(letters, caller.name, wanted.reason))
    return DecidedOut(messages=len(letters))


def _concerns(caller: Caller, one: ReceiverHere) -> bool:
    if may(caller, What.GOVERN, None):
        return True
    if one.user is not None:
        return one.user == caller.name
    if caller.schools is None:
        return True
    if one.kind is ReceiverKind.UNKNOWN:
        return False
    return one.schools is None or not one.schools.isdisjoint(caller.schools)
