"""Rectification notices: lists, one, its paper, issuing one, and the school's reply."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response

from audit.ledger.hazard import Hazard
from audit.ledger.notice import Notice
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, cursor, row_in
from gateway.api.guard import LedgerKeeper, NoticeIssuer, Reader, check
from gateway.api.models.notices import NoticeReplyIn, RectificationIn, RectificationOut
from gateway.api.models.shapes import Identifier, Page
from gateway.api.present_hazards import by, notice_out
from gateway.api.problems import REFUSABLE, Problem, forbidden, granted, not_found
from gateway.api.routes.verifications import Key
from gateway.api.services import Services, ServicesHere
from gateway.exports.font import FontMissingError
from gateway.hazards.notice_sheet import notice_sheet
from gateway.hazards.notices import Faulted, Wanted
from gateway.security.access import Caller, Role, What
from gateway.store.read.hazards import some_hazards
from gateway.store.read.rectifications import notice_page, one_notice

router = APIRouter(tags=["notices"])

NoticeNumber = Annotated[int, Path(ge=1, le=2**53, examples=[3])]

PDF: Final = "application/pdf"
_SHEET: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The notice as a paper, A4.",
        "content": {PDF: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/notices", operation_id="list_notices")
async def list_notices(
    *,
    services: ServicesHere,
    caller: Reader,
    unanswered: Annotated[bool, Query(description="Only those without a reply.")] = False,
    school: Identifier | None = None,
    region: Identifier | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[RectificationOut]:
    """Notices, the newest first."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    found, following = await services.read(
        notice_page(schools, unanswered=unanswered, after=row_in(after), limit=limit)
    )
    numbers = {number for notice in found for number in notice.hazards}
    entries = await _entries(services, numbers)
    return Page(
        items=[notice_out(services, each, entries, caller) for each in found],
        next=None if following is None else cursor((following,)),
    )


@router.post(
    "/notices",
    operation_id="issue_notice",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def issue_notice(
    services: ServicesHere, caller: NoticeIssuer, wanted: RectificationIn, key: Key = None
) -> RectificationOut:
    """Issue a notice at once: it has its number, and its findings stand in the ledger. The same
    sent twice is issued once."""
    school = wanted.school
    check(caller, What.NOTICE, school, f"school {school}")
    if not services.register.knows_school(school):
        raise not_found(f"school {school}")
    bureau = _bureau(services, caller, school)
    name = services.register.region_name(bureau or None)
    result = await services.audit.hazards.notices.issue(
        Wanted(
            school=school,
            school_name=services.register.school_name(school).zh,
            bureau=bureau,
            bureau_name=""
            if name is None
            else services.words.text("notice.bureau.of", "zh", region=name.zh),
            issuer=caller.display or caller.name,
            due=wanted.due,
            basis=wanted.basis,
            findings=tuple(
                Faulted(
                    text=each.text,
                    requirement=each.requirement,
                    hazard=each.hazard,
                    grade=each.grade,
                    place=each.place,
                    photos=each.photos,
                )
                for each in wanted.findings
            ),
        ),
        by(caller),
        key=key or "",
    )
    return await _out(services, caller, granted(result))


@router.get(
    "/notices/{id}.pdf",
    operation_id="get_notice_sheet",
    response_class=Response,
    responses=_SHEET,
)
async def get_notice_sheet(
    services: ServicesHere,
    caller: Reader,
    id: NoticeNumber,  # noqa: A002 - the contract's name
    language: Literal["zh", "en"] = "zh",
) -> Response:
    """The notice as a paper to be signed and stamped, with its fonts in it."""
    notice = await _visible(services, caller, id)
    zone, font = services.audit.hazards.notices.zone, services.audit.exports.font
    try:
        body = await services.readers.run(
            lambda: notice_sheet(notice, services.words, language, zone, font)
        )
    except FontMissingError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "font", f"{error}.") from error
    name = f"notice-{notice.year}-{notice.sequence}.pdf"
    return Response(
        body,
        media_type=PDF,
        headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"},
    )


@router.get("/notices/{id}", operation_id="get_notice")
async def get_notice(
    services: ServicesHere,
    caller: Reader,
    id: NoticeNumber,  # noqa: A002
) -> RectificationOut:
    """One notice with the school's replies."""
    return await _out(services, caller, await _visible(services, caller, id))


@router.post(
    "/notices/{id}/replies",
    operation_id="reply_to_notice",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def reply_to_notice(
    services: ServicesHere,
    caller: LedgerKeeper,
    id: NoticeNumber,  # noqa: A002
    reply: NoticeReplyIn,
    key: Key = None,
) -> RectificationOut:
    """The school answers: its safety officer, or its principal."""
    notice = await _visible(services, caller, id)
    check(caller, What.LEDGER, notice.school, f"notice {id}")
    if caller.role not in (Role.SAFETY_OFFICER, Role.PRINCIPAL):
        raise forbidden("Only the school itself answers a notice.")
    result = await services.audit.hazards.notices.reply(
        id, reply.text, reply.photos, by(caller), key=key or ""
    )
    return await _out(services, caller, granted(result))


async def _visible(services: Services, caller: Caller, number: int) -> Notice:
    notice = await services.read(one_notice(number))
    if notice is None or not caller.sees(notice.school):
        raise not_found(f"notice {number}")
    return notice


async def _out(services: Services, caller: Caller, notice: Notice) -> RectificationOut:
    entries = await _entries(services, notice.hazards)
    return notice_out(services, notice, entries, caller)


async def _entries(services: Services, numbers: Any) -> dict[int, Hazard]:
    found = await services.read(some_hazards(numbers))
    return {each.number: each for each in found}


def _bureau(services: Services, caller: Caller, school: str) -> str:
    """The region whose bureau issues it: that of the caller's scope, else the school's own; empty
    when it is in none."""
    for scope in caller.scopes:
        what, _, region = scope.partition(":")
        if what == "region" and school in services.register.schools_in(region):
            return region
    regions = services.register.regions_out(frozenset({school}))
    around = {region.parent for region in regions}
    return next((region.id for region in regions if region.id not in around), "")
