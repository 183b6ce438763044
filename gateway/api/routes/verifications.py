"""Verifications: begin one, follow it step by step, confirm, type in, give up; and their past."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final, Literal, TypeAlias

from fastapi import APIRouter, Header, Path, Query

from alerts.alert import Refusal
from audit.verification.model import Verdict, Verification
from audit.verification.procedure import LoadTold
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, cursor, row_in
from gateway.api.guard import Reader, Verifier, check
from gateway.api.models.alerts import HeldPressOut
from gateway.api.models.shapes import Identifier, Items, Milliseconds, Page
from gateway.api.models.verifications import (
    CancelIn,
    ConfirmIn,
    NoticeIn,
    ReadingIn,
    VerificationOut,
    VerifyIn,
)
from gateway.api.present_verifications import held_out, verification_out
from gateway.api.problems import REFUSABLE, Problem, not_found, refused
from gateway.api.routes.devices import DeviceId, SchoolId, visible_device
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller, What
from gateway.store.read.devices import device_row
from gateway.store.read.verifications import (
    VerificationFilter,
    one_verification,
    verification_page,
)
from gateway.verification.service import Verifications

router = APIRouter(tags=["verifications"])

LONGEST_WAIT_S: Final = 25
ASKED_WITHIN_MS: Final = 60_000
"""A test that begins minutes after it was asked for begins with nobody at the device."""

Name: TypeAlias = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Key: TypeAlias = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=128,
        description="Names the act: sent again with the same key, it is done once.",
    ),
]
Thing = r"^[^/]{1,64}/[^/]{1,64}$"


@router.post(
    "/devices/{school}/{id}/verify",
    operation_id="verify_device",
    status_code=HTTPStatus.ACCEPTED,
    responses=REFUSABLE,
)
async def verify_device(
    services: ServicesHere,
    caller: Verifier,
    school: SchoolId,
    id: DeviceId,  # noqa: A002
    wanted: VerifyIn,
    key: Key = None,
) -> VerificationOut:
    """Begin to verify a device. Of an alarm button the next press waits for `confirm`; it goes out
    as a real alarm unless it is confirmed within 30 seconds."""
    await visible_device(services, caller, school, id)
    check(caller, What.VERIFY, school, f"device {school}/{id}")
    _not_long_ago(services, wanted.asked)
    begun = await running(services).begin(
        school,
        id,
        actor=caller.name,
        key=key,
        window_ms=wanted.window_s * 1000,
        test=wanted.test,
    )
    return _out(services, begun)


@router.get("/verifications", operation_id="list_verifications")
async def list_verifications(
    *,
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
    device: Annotated[str | None, Query(pattern=Thing, examples=["no3-middle/gate-01"])] = None,
    link: Annotated[str | None, Query(max_length=160, examples=["no3-middle/police"])] = None,
    verdict: Verdict | None = None,
    state: Literal["running", "ended", "all"] = "all",
    since: Annotated[Milliseconds | None, Query(description="Begun at or after.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[VerificationOut]:
    """The newest first."""
    row = None
    if device is not None:
        row = await services.read(device_row(*device.split("/")))
        if row is None:
            return Page(items=[])
    wanted = VerificationFilter(
        schools=services.register.narrow(caller.schools, school=school, region=region),
        device=row,
        link=link,
        verdict=None if verdict is None else verdict.value,
        state=state,
        since=since,
    )
    found, following = await services.read(
        verification_page(wanted, after=row_in(after), limit=limit)
    )
    return Page(
        items=[verification_out(services, each) for each in found],
        next=None if following is None else cursor((following,)),
    )


@router.get("/held-presses", operation_id="list_held_presses")
async def list_held_presses(services: ServicesHere, caller: Reader) -> Items[HeldPressOut]:
    """Presses in test windows that wait to be confirmed: nobody has been called out for them."""
    return Items(
        items=[
            held_out(services.register, held)
            for held in running(services).held_presses()
            if caller.sees(held.window.device.school)
        ]
    )


@router.get("/verifications/{id}", operation_id="get_verification")
async def get_verification(
    *,
    services: ServicesHere,
    caller: Reader,
    id: Name,  # noqa: A002
    version: Annotated[
        int, Query(ge=0, le=2**31, description="Answer once it is newer than this.")
    ] = 0,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)] = 0,
) -> VerificationOut:
    """One run, at once or as soon as there is news of it, `wait_s` at most."""
    found = await _visible(services, caller, id)
    if found.ended is None and version >= found.version and wait_s:
        found = await running(services).wait(id, version, wait_s) or found
    return verification_out(services, found)


@router.post("/verifications/{id}/notice", operation_id="tell_police", responses=REFUSABLE)
async def tell_police(
    services: ServicesHere,
    caller: Verifier,
    id: Name,  # noqa: A002
    wanted: NoticeIn,
    key: Key = None,  # noqa: ARG001 - a notice over the same link is given once
) -> VerificationOut:
    """The police were told beforehand. Only who began the run can say so; then its window opens."""
    await _mine(services, caller, id)
    _not_long_ago(services, wanted.asked)
    told = await running(services).tell_police(id, caller.name, link=wanted.link, told=wanted.told)
    return _out(services, told)


@router.post(
    "/verifications/{id}/confirm", operation_id="confirm_verification", responses=REFUSABLE
)
async def confirm_verification(
    services: ServicesHere,
    caller: Verifier,
    id: Name,  # noqa: A002
    wanted: ConfirmIn,  # noqa: ARG001 - an empty body, so that a typing error is seen
    key: Key = None,  # noqa: ARG001 - confirming twice is confirming once, with or without
) -> VerificationOut:
    """The press that waits was the caller's test. Only who began the run can say so."""
    await _mine(services, caller, id)
    return _out(services, await running(services).confirm(id, caller.name))


@router.post("/verifications/{id}/input", operation_id="input_verification", responses=REFUSABLE)
async def input_verification(
    services: ServicesHere,
    caller: Verifier,
    id: Name,  # noqa: A002
    wanted: ReadingIn,
    key: Key = None,  # noqa: ARG001 - the first figure counts, with or without
) -> VerificationOut:
    """The figure that the run waits for, or the next step of a full-load test."""
    await _mine(services, caller, id)
    if wanted.value is not None:
        typed = await running(services).type_in(id, wanted.value, load=wanted.load)
        return _out(services, typed)
    told = LoadTold(name=wanted.name.strip(), on=wanted.on, finished=wanted.finished)
    return _out(services, await running(services).tell_load(id, told))


@router.post("/verifications/{id}/cancel", operation_id="cancel_verification", responses=REFUSABLE)
async def cancel_verification(
    services: ServicesHere,
    caller: Verifier,
    id: Name,  # noqa: A002
    wanted: CancelIn,  # noqa: ARG001
    key: Key = None,  # noqa: ARG001 - giving up twice is giving up once
) -> VerificationOut:
    """Give the run up. A press that waits goes out as a real alarm."""
    await _mine(services, caller, id)
    return _out(services, await running(services).cancel(id, caller.name))


def running(services: Services) -> Verifications:
    """What runs verifications; raises a 503 `Problem` while nothing does."""
    if services.verifications is None:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "refusal.not_ready", "Verifications do not run."
        )
    return services.verifications


async def _visible(services: Services, caller: Caller, name: str) -> Verification:
    found = await running(services).wait(name, -1, 0)
    if found is None:
        found = await services.read(one_verification(name))
    if found is None or not caller.sees(found.school):
        raise not_found(f"verification {name}")
    return found


def _not_long_ago(services: Services, asked: int | None) -> None:
    if asked is not None and services.clock.now() - asked > ASKED_WITHIN_MS:
        raise refused("asked_too_long_ago", "asked for more than a minute ago; begin again")


async def _mine(services: Services, caller: Caller, name: str) -> None:
    found = await _visible(services, caller, name)
    check(caller, What.VERIFY, found.school, f"verification {name}")


def _out(services: Services, result: Verification | Refusal) -> VerificationOut:
    if isinstance(result, Refusal):
        raise refused(result.code, result.detail)
    return verification_out(services, result)
