"""The roster of schools: lists, single entries, and bureaus' files that are brought in."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from alerts.alert import Refusal
from audit.roster import RosterEntry, SchoolKind
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, cursor, sort_key
from gateway.api.guard import Enlister, Reader, check
from gateway.api.models.roster import (
    ApplyIn,
    ChangeEntryIn,
    RelistIn,
    RosterActionIn,
    RosterEntryOut,
    RosterImportOut,
    RosterTotalsOut,
    StrikeOffIn,
)
from gateway.api.models.shapes import Identifier, Items, Page
from gateway.api.present_roster import entry_out, import_out
from gateway.api.problems import REFUSABLE, invalid, not_found, refused
from gateway.api.routes.verifications import Name
from gateway.api.services import Services, ServicesHere
from gateway.files.sight import plain_name
from gateway.register.export import CSV_TYPE, XLSX_TYPE
from gateway.roster.importing import Import
from gateway.roster.telling import troubles_csv
from gateway.security.access import Caller, What
from gateway.store.read.roster import Listing, RosterFilter, roster_page, roster_totals
from gateway.words import Language

router = APIRouter(tags=["roster"])

SchoolId = Annotated[Identifier, Path()]
Search = Annotated[
    str, Query(max_length=100, description="Part of a name, of a former one, or of the code.")
]

_FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("text/csv", XLSX_TYPE, "application/octet-stream")
        },
    }
}
_CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {CSV_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/roster", operation_id="list_roster")
async def list_roster(
    *,
    services: ServicesHere,
    caller: Reader,
    search: Search = "",
    region: Identifier | None = None,
    kind: SchoolKind | None = None,
    listed: bool = True,
    connected: bool | None = None,
    baseline: Literal["none", "signed", "waiting"] | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[RosterEntryOut]:
    """Schools of the roster by their codes, whether or not they are connected; `region` with all
    regions inside it; `listed=false`: those struck off."""
    wanted = RosterFilter(
        schools=caller.schools,
        regions=None if region is None else services.register.regions_in(region),
        text=search.strip(),
        kind=kind,
        listed=listed,
        connected=connected,
        baseline=baseline,
    )
    key = sort_key(after, tuple[str])
    found, following = await services.read(
        roster_page(wanted, after=None if key is None else key[0], limit=limit)
    )
    return Page(
        items=[entry_out(services.register, one) for one in found],
        next=None if following is None else cursor((following,)),
    )


@router.get("/roster/totals", operation_id="count_roster")
async def count_roster(
    services: ServicesHere,
    caller: Reader,
    region: Identifier | None = None,
    search: Search = "",
) -> RosterTotalsOut:
    """How many are listed, connected, have a baseline, and wait for a second person."""
    wanted = RosterFilter(
        schools=caller.schools,
        regions=None if region is None else services.register.regions_in(region),
        text=search.strip(),
    )
    totals = await services.read(roster_totals(wanted))
    return RosterTotalsOut(**msgspec.structs.asdict(totals))


@router.get("/roster/schools/{school}", operation_id="get_roster_entry")
async def get_roster_entry(
    services: ServicesHere, caller: Reader, school: SchoolId
) -> RosterEntryOut:
    """One school of the roster."""
    return await _out(services, caller, school)


@router.post("/roster/schools/{school}", operation_id="act_on_roster_entry", responses=REFUSABLE)
async def act_on_roster_entry(
    services: ServicesHere, caller: Enlister, school: SchoolId, action: RosterActionIn
) -> RosterEntryOut:
    """Correct an entry, strike it off, or take it up again. Each is a fact with its reason."""
    check(caller, What.ENLIST, school, f"school {school} on the roster")
    before = await services.audit.rosters.entry(school)
    if before is None:
        raise not_found(f"school {school} on the roster")
    after = _after(services, caller, before, action)
    result = await services.audit.rosters.change(
        before, after, reason=action.reason, actor=caller.name
    )
    if isinstance(result, Refusal):
        raise refused(result.code, result.detail)
    if await services.register.refresh():
        services.doorkeeper.forget_all()
    return await _out(services, caller, school)


@router.get("/roster/imports", operation_id="list_roster_imports")
async def list_roster_imports(services: ServicesHere, caller: Enlister) -> Items[RosterImportOut]:
    """Those of the caller, the newest first. A restart of the gateway forgets them."""
    runs = services.audit.roster_imports.of(caller.name)
    return Items(items=[import_out(services.register, run) for run in runs])


@router.post(
    "/roster/imports",
    operation_id="begin_roster_import",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
    openapi_extra=_FILE,
)
async def begin_roster_import(
    request: Request,
    services: ServicesHere,
    caller: Enlister,
    file: Annotated[str, Query(max_length=200, description="What the file is called.")] = "",
) -> RosterImportOut:
    """Bring a bureau's list, CSV or XLSX, as the raw body: it is read and held against the roster.
    Nothing is changed before `apply`."""
    raw = await request.body()
    begun = services.audit.roster_imports.begin(
        raw,
        file=plain_name(file),
        actor=caller.name,
        within=services.register.regions_of(caller.scopes),
    )
    if isinstance(begun, Refusal):
        raise refused(begun.code, begun.detail)
    return import_out(services.register, begun)


@router.get("/roster/imports/{id}", operation_id="get_roster_import")
async def get_roster_import(
    services: ServicesHere,
    caller: Enlister,
    id: Name,  # noqa: A002 - the contract's name
) -> RosterImportOut:
    """One as far as it is, with what it comes to."""
    return import_out(services.register, _own(services, caller, id))


@router.post("/roster/imports/{id}/apply", operation_id="apply_roster_import", responses=REFUSABLE)
async def apply_roster_import(
    services: ServicesHere,
    caller: Enlister,
    id: Name,  # noqa: A002
    wanted: ApplyIn,
) -> RosterImportOut:
    """Write the changes that were shown. Refused when somebody has changed the roster meanwhile,
    so that they are no longer these; or when rows are refused and `skip_bad_rows` is not set."""
    run = _own(services, caller, id)
    result = await services.audit.roster_imports.apply(
        run,
        wanted.digest,
        skip_bad_rows=wanted.skip_bad_rows,
        reason=wanted.reason or f"import of {run.file or 'a list'}",
    )
    if isinstance(result, Refusal):
        raise refused(result.code, result.detail)
    return import_out(services.register, result)


@router.delete(
    "/roster/imports/{id}",
    operation_id="cancel_roster_import",
    status_code=HTTPStatus.ACCEPTED,
)
async def cancel_roster_import(
    services: ServicesHere,
    caller: Enlister,
    id: Name,  # noqa: A002
) -> RosterImportOut:
    """Give it up; it is over soon after. What is written already stays."""
    run = _own(services, caller, id)
    services.audit.roster_imports.cancel(run)
    return import_out(services.register, run)


@router.get(
    "/roster/imports/{id}/troubles.csv",
    operation_id="export_roster_troubles",
    response_class=Response,
    responses=_CSV,
)
async def export_roster_troubles(
    services: ServicesHere,
    caller: Enlister,
    id: Name,  # noqa: A002
    lang: Language = "zh",
) -> Response:
    """Every mistake of a list, by line, for whoever corrects it."""
    run = _own(services, caller, id)
    troubles = () if run.plan is None else run.plan.troubles
    # 50,000 rows may all be wrong: not in the loop, in which alarms are shown.
    text = await asyncio.to_thread(troubles_csv, services.words, troubles, lang)
    return Response(
        text,
        media_type=CSV_TYPE,
        headers={"Content-Disposition": 'attachment; filename="roster-mistakes.csv"'},
    )


def _own(services: Services, caller: Caller, name: str) -> Import:
    run = services.audit.roster_imports.find(name, caller.name)
    if run is None:
        raise not_found(f"list {name}")
    return run


async def _out(services: Services, caller: Caller, school: str) -> RosterEntryOut:
    if not caller.sees(school):
        raise not_found(f"school {school} on the roster")
    wanted = RosterFilter(schools=frozenset({school}), listed=None)
    found, _ = await services.read(roster_page(wanted, after=None, limit=1))
    one: Listing | None = next(iter(found), None)
    if one is None:
        raise not_found(f"school {school} on the roster")
    return entry_out(services.register, one)


def _after(
    services: Services, caller: Caller, before: RosterEntry, action: RosterActionIn
) -> RosterEntry:
    match action:
        case StrikeOffIn():
            return msgspec.structs.replace(before, listed=False)
        case RelistIn():
            return msgspec.structs.replace(before, listed=True)
        case ChangeEntryIn():
            given = action.model_dump(exclude={"action", "reason"}, exclude_none=True)
            after = msgspec.structs.replace(before, **given)
    if after.boarders > after.pupils:
        raise invalid("boarders", "there are fewer pupils than that")
    if action.region is not None:
        mine = services.register.regions_of(caller.scopes)
        if not services.register.has_region(action.region) or (
            mine is not None and action.region not in mine
        ):
            raise invalid("region", "there is no such region, or it is not yours")
    return after
