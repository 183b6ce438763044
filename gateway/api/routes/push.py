"""Alerts on one's own devices: a browser is taken in, tested, let go of."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from alerts.alert import Refusal
from gateway.api.guard import Reader
from gateway.api.models.notification import TestedOut
from gateway.api.models.push import PushOut, SubscriptionIn, SubscriptionOut
from gateway.api.models.shapes import Items
from gateway.api.problems import REFUSABLE, Problem, forbidden, not_found, refused
from gateway.api.services import ServicesHere
from gateway.push.key import PushKeyError
from gateway.push.service import Wanted
from gateway.push.subscription import Subscription, receiver_of
from gateway.security.access import Caller, What, may
from gateway.settings_fields import PriorityName

router = APIRouter(tags=["push"])

BrowserId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", examples=["9f86d081884c7d65"])]


@router.get("/push", operation_id="get_push")
async def get_push(services: ServicesHere, _caller: Reader) -> PushOut:
    """What a browser needs to subscribe. The first call makes the gateway's key."""
    pushes = services.pushes
    try:
        key = (await pushes.key()).public if pushes.enabled else None
    except PushKeyError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "push_key", str(error)) from error
    return PushOut(enabled=pushes.enabled, key=key, per_user=pushes.per_user)


@router.get("/push/subscriptions", operation_id="list_subscriptions")
async def list_subscriptions(services: ServicesHere, caller: Reader) -> Items[SubscriptionOut]:
    """One's own browsers, the oldest first."""
    return Items(items=[_out(one) for one in await services.pushes.mine(caller.name)])


@router.post(
    "/push/subscriptions",
    operation_id="subscribe",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def subscribe(
    services: ServicesHere, caller: Reader, wanted: SubscriptionIn
) -> SubscriptionOut:
    """Take this browser in, or change what it wants. Only with a session: programs have webhooks.

    Refused when its push service is not one that the settings name. Whoever had alerts in this
    browser before has them there no more.
    """
    _only_people(caller)
    one = await services.pushes.subscribe(
        caller.name,
        Wanted(
            endpoint=wanted.endpoint,
            p256dh=wanted.keys.p256dh,
            auth=wanted.keys.auth,
            label=wanted.label,
            language=wanted.language,
            priorities=tuple(dict.fromkeys(name.value for name in wanted.priorities)),
        ),
    )
    if isinstance(one, Refusal):
        raise refused(one.code, one.detail)
    return _out(one)


@router.delete(
    "/push/subscriptions/{id}", operation_id="unsubscribe", status_code=HTTPStatus.NO_CONTENT
)
async def unsubscribe(
    services: ServicesHere,
    caller: Reader,
    id: BrowserId,  # noqa: A002 - the contract's name
) -> None:
    """Let go of one of one's own browsers; what waits for it is dropped.

    Whoever manages users may take off anybody's: one that is lost, or that cannot be reached.
    """
    _only_people(caller)
    anybodys = may(caller, What.GOVERN, None)
    if not await services.pushes.unsubscribe(caller.name, id, anybodys=anybodys):
        raise not_found(f"browser {id}")


@router.post("/push/subscriptions/{id}/test", operation_id="test_subscription")
async def test_subscription(
    services: ServicesHere,
    caller: Reader,
    id: BrowserId,  # noqa: A002 - the contract's name
) -> TestedOut:
    """Send a message that is plainly a test to one of one's own browsers.

    `arrived`: the push service has taken it. Whether the device shows it, only its user can see.
    """
    _only_people(caller)
    try:
        trial, kept = await services.notification.test(receiver_of(caller.name, id), caller.name)
    except KeyError as error:
        raise not_found(f"browser {id}") from error
    await services.commit(kept)
    return TestedOut(arrived=trial.arrived, reason=trial.reason, took_ms=trial.took_ms)


def _only_people(caller: Caller) -> None:
    if not caller.by_session:
        raise forbidden("Only a person who is signed in has devices.")


def _out(one: Subscription) -> SubscriptionOut:
    return SubscriptionOut(
        id=one.id,
        label=one.label,
        language=one.language,
        priorities=[PriorityName(name) for name in one.priorities],
        added=one.added,
    )
