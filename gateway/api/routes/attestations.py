"""Attestations: what is asked for, lists, stating, confirming, withdrawing; evacuation drills."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from alerts.alert import Refusal
from audit.attestation import DAY_MS, DRILL
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Attester, Reader, SecondPerson, check
from gateway.api.models.attestations import (
    AttestationIn,
    AttestationOut,
    DrillsOut,
    SchoolAttestationsOut,
    WithdrawIn,
)
from gateway.api.models.shapes import Identifier, Page
from gateway.api.present_attestations import asked_out, attestation_out
from gateway.api.present_drills import drills_of
from gateway.api.problems import REFUSABLE, forbidden, not_found, refused
from gateway.api.routes.verifications import Key
from gateway.api.services import Services, ServicesHere
from gateway.attestations.service import Statement
from gateway.security.access import Caller, What, may, role_may
from gateway.store.read.attestations import (
    State,
    Stored,
    Wanted,
    attestation_page,
    attestations_of,
    one_attestation,
)

router = APIRouter(tags=["attestations"])

SchoolId = Annotated[Identifier, Path()]
AttestationId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]

LONGEST_DAYS: Final = 3660


@router.get("/attestations", operation_id="list_attestations")
async def list_attestations(
    *,
    services: ServicesHere,
    caller: Reader,
    state: State = "counting",
    school: Identifier | None = None,
    region: Identifier | None = None,
    item: Identifier | None = None,
    days: Annotated[
        int,
        Query(ge=0, le=LONGEST_DAYS, description="Of `expiring`: what ends within so many days."),
    ] = 30,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[AttestationOut]:
    """`counting` are all that no newer one has replaced, `standing` those of them that hold now,
    `expiring` those of these that end within `days`, `unconfirmed` those that nobody confirmed yet,
    `expired` those that have ended; what ends first comes first. `withdrawn`, `replaced` and `all`:
    the newest first."""
    now = await services.audit.attestations.now()
    wanted = Wanted(
        state=state,
        schools=services.register.narrow(caller.schools, school=school, region=region),
        item=item,
        before=now + days * DAY_MS,
    )
    key = sort_key(after, tuple[RowNumber, RowNumber])
    found, following = await services.read(
        attestation_page(wanted, now=now, after=key, limit=limit)
    )
    return Page(
        items=[attestation_out(services, each, caller, now) for each in found],
        next=None if following is None else cursor(following),
    )


@router.post(
    "/attestations",
    operation_id="attest",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def attest(
    services: ServicesHere, caller: Attester, wanted: AttestationIn, key: Key = None
) -> AttestationOut:
    """State that an item is met, in your own name. Sent twice with one key, it is stated once."""
    check(caller, What.ATTEST, wanted.school, f"school {wanted.school}")
    if not services.register.knows_school(wanted.school):
        raise not_found(f"school {wanted.school}")
    stated = await services.audit.attestations.state(
        Statement(
            school=wanted.school,
            item=wanted.item,
            expires=wanted.expires,
            valid_from=wanted.valid_from,
            figures=dict(wanted.figures),
            files=wanted.files,
            text=wanted.text,
        ),
        caller.name,
        key=key or "",
    )
    if isinstance(stated, Refusal):
        raise refused(stated.code, stated.detail)
    now = await services.audit.attestations.now()
    return attestation_out(services, Stored(stated, None), caller, now)


@router.get("/attestations/{id}", operation_id="get_attestation")
async def get_attestation(
    services: ServicesHere,
    caller: Reader,
    id: AttestationId,  # noqa: A002 - the contract's name
) -> AttestationOut:
    """One of them."""
    stored = await _visible(services, caller, id)
    now = await services.audit.attestations.now()
    return attestation_out(services, stored, caller, now)


@router.post("/attestations/{id}/confirm", operation_id="confirm_attestation", responses=REFUSABLE)
async def confirm_attestation(
    services: ServicesHere,
    caller: SecondPerson,
    id: AttestationId,  # noqa: A002
) -> AttestationOut:
    """Confirm it as a second person: never whoever stated it."""
    before = await _visible(services, caller, id)
    check(caller, What.CONFIRM, before.attestation.school, f"attestation {id}")
    after = await services.audit.attestations.confirm(id, caller.name)
    if isinstance(after, Refusal):
        raise refused(after.code, after.detail)
    now = await services.audit.attestations.now()
    return attestation_out(services, Stored(after, before.replaced), caller, now)


@router.post(
    "/attestations/{id}/withdraw", operation_id="withdraw_attestation", responses=REFUSABLE
)
async def withdraw_attestation(
    services: ServicesHere,
    caller: Reader,
    id: AttestationId,  # noqa: A002
    wanted: WithdrawIn,
) -> AttestationOut:
    """It no longer holds. Whoever may state or confirm such a thing may say so."""
    if not (role_may(caller.role, What.ATTEST) or role_may(caller.role, What.CONFIRM)):
        raise forbidden(f"The role {caller.role} may not do this ({What.ATTEST}).")
    before = await _visible(services, caller, id)
    after = await services.audit.attestations.withdraw(id, caller.name, wanted.reason)
    if isinstance(after, Refusal):
        raise refused(after.code, after.detail)
    now = await services.audit.attestations.now()
    return attestation_out(services, Stored(after, before.replaced), caller, now)


@router.get("/schools/{school}/attestations", operation_id="get_school_attestations")
async def get_school_attestations(
    services: ServicesHere, caller: Reader, school: SchoolId
) -> SchoolAttestationsOut:
    """What policies ask the school to attest: what stands, by whom, until when."""
    check(caller, What.READ, school, f"school {school}")
    if not services.register.knows_school(school):
        raise not_found(f"school {school}")
    listed = await services.audit.attestations.listed(school)
    every = await services.read(attestations_of(school))
    asked = services.audit.attestations.asked()
    now = await services.audit.attestations.now()
    return SchoolAttestationsOut(
        school=school,
        name=services.register.school_name(school),
        kind=None if listed is None else listed.kind,
        pupils=None if listed is None else listed.pupils,
        boarders=None if listed is None else listed.boarders,
        may_attest=may(caller, What.ATTEST, school),
        items=[asked_out(services, one, every, listed, caller, now) for one in asked.values()],
    )


@router.get("/drills", operation_id="list_drills")
async def list_drills(
    *,
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
    overdue: Annotated[bool, Query(description="Only schools that have to hold one.")] = False,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> DrillsOut:
    """Evacuation drills by school: schools monthly, kindergartens quarterly. They are attested as
    item `drill`; an exercise of the alarm chain does not replace one."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    start = sort_key(after, tuple[RowNumber, str])
    return await drills_of(
        services, schools, item=DRILL, only_overdue=overdue, after=start, limit=limit
    )


async def _visible(services: Services, caller: Caller, name: str) -> Stored:
    stored = await services.read(one_attestation(name))
    if stored is None or not caller.sees(stored.attestation.school):
        raise not_found(f"attestation {name}")
    return stored
