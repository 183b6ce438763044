"""Exports: ask for a file, see how far it is, break it off, fetch it. Each sees their own."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse
from pydantic import ValidationError

from alerts.alert import Refusal
from audit.reports.table import Report
from devices.recording.local_time import named_zone
from gateway.api.guard import Reader
from gateway.api.models.audit_exports import ExportIn, ExportKindOut, ExportOut
from gateway.api.models.shapes import Items
from gateway.api.problems import (
    REFUSABLE,
    FieldProblem,
    Problem,
    forbidden,
    invalid,
    not_found,
    refused,
)
from gateway.api.services import Services, ServicesHere
from gateway.api.supplies.kinds import KINDS, Asked, Kind
from gateway.exports.cells import Said, Setting, local
from gateway.exports.csv_file import CSV_TYPE
from gateway.exports.desk import KEPT_MS, Export, ExportState
from gateway.exports.order import Format
from gateway.exports.pdf import PDF_TYPE
from gateway.exports.writing import ExportError
from gateway.exports.xlsx import XLSX_TYPE
from gateway.security.access import Caller, role_may
from gateway.security.record import fact
from gateway.store.batch import Batch
from gateway.words import Language

router = APIRouter(tags=["exports"])

ExportName = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]

_TYPES: Final = {Format.XLSX: XLSX_TYPE, Format.CSV: CSV_TYPE, Format.PDF: PDF_TYPE}


@router.get("/audit-export-kinds", operation_id="list_export_kinds")
async def list_kinds(_services: ServicesHere, caller: Reader) -> Items[ExportKindOut]:
    """What the caller may ask for."""
    return Items(
        items=[
            ExportKindOut(what=name, formats=list(kind.formats))
            for name, kind in KINDS.items()
            if role_may(caller.role, kind.needs)
        ]
    )


@router.get("/audit-exports", operation_id="list_exports")
async def list_exports(services: ServicesHere, caller: Reader) -> Items[ExportOut]:
    """The caller's own, the newest first. Files are kept for a day; a restart removes them."""
    zone = services.audit.campaigns.zone
    return Items(items=[_out(one, zone) for one in services.audit.exports.of(caller)])


@router.post(
    "/audit-exports",
    operation_id="begin_export",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def begin_export(services: ServicesHere, caller: Reader, wanted: ExportIn) -> ExportOut:
    """Ask for a file of what the caller sees; it is written beside the gateway."""
    kind = KINDS.get(wanted.what)
    if kind is None:
        raise not_found(f"export {wanted.what}")
    if not role_may(caller.role, kind.needs):
        raise forbidden(f"The role {caller.role} may not do this ({kind.needs}).")
    if wanted.format not in kind.formats:
        raise invalid("format", f"{wanted.what} leaves as {', '.join(kind.formats)}")
    asked = Asked(
        services=services,
        caller=caller,
        params=_params(kind, wanted.params),
        language=wanted.language,
        zone=services.audit.campaigns.zone,
        now=services.clock.now(),
    )
    if kind.check is not None:
        await kind.check(asked)

    async def supply() -> Report:
        try:
            return await kind.supply(asked)
        except Problem as problem:
            raise ExportError(problem.code, problem.detail) from problem

    begun = services.audit.exports.begin(
        caller,
        wanted.what,
        wanted.format,
        wanted.params,
        setting=lambda: _setting(services, wanted.language),
        supply=supply,
    )
    if isinstance(begun, Refusal):
        raise refused(begun.code, begun.detail)
    batch = Batch(now=begun.begun)
    batch.facts.append(
        fact(
            "export",
            begun.begun,
            caller.name,
            f"export:{begun.id}",
            what=wanted.what,
            format=wanted.format,
            params=wanted.params,
            scopes=caller.scopes,
        )
    )
    try:
        await services.commit(batch)
    except BaseException:
        # Nothing leaves of which there is no fact.
        await services.audit.exports.remove(begun)
        raise
    return _out(begun, asked.zone)


@router.get("/audit-exports/{id}", operation_id="get_export")
async def get_export(
    services: ServicesHere,
    caller: Reader,
    id: ExportName,  # noqa: A002 - the contract's name
) -> ExportOut:
    """One as it stands."""
    return _out(_own(services, caller, id), services.audit.campaigns.zone)


@router.delete(
    "/audit-exports/{id}", operation_id="remove_export", status_code=HTTPStatus.NO_CONTENT
)
async def remove_export(
    services: ServicesHere,
    caller: Reader,
    id: ExportName,  # noqa: A002
) -> None:
    """Break it off; what is over is removed with its file."""
    await services.audit.exports.remove(_own(services, caller, id))


@router.get(
    "/audit-exports/{id}/file",
    operation_id="fetch_export",
    response_class=FileResponse,
    responses={
        200: {
            "description": "The file.",
            "content": {
                one: {"schema": {"type": "string", "format": "binary"}} for one in _TYPES.values()
            },
        },
        **REFUSABLE,
    },
)
async def fetch_export(
    services: ServicesHere,
    caller: Reader,
    id: ExportName,  # noqa: A002
) -> FileResponse:
    """The file, once it is done."""
    one = _own(services, caller, id)
    if one.state is not ExportState.DONE:
        raise refused("export_not_done", f"the export is {one.state}")
    name = _name(one, services.audit.campaigns.zone)
    return FileResponse(
        one.path,
        media_type=_TYPES[one.format],
        headers={
            "Content-Disposition": f'attachment; filename="{one.what}.{one.format}"; '
            f"filename*=UTF-8''{quote(name)}",
            "Cache-Control": "no-store",
        },
    )


def _own(services: Services, caller: Caller, name: str) -> Export:
    one = services.audit.exports.find(name, caller)
    if one is None:
        raise not_found(f"export {name}")
    return one


def _params(kind: Kind, given: dict[str, object]) -> object:
    try:
        return kind.params.model_validate(given)
    except ValidationError as error:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            f"{error.error_count()} parameter(s) are not right.",
            errors=[
                FieldProblem(
                    field=".".join(("params", *(str(step) for step in one["loc"]))),
                    message=one["msg"],
                )
                for one in error.errors(include_url=False)[:20]
            ],
        ) from error


def _setting(services: Services, language: Language) -> Setting:
    """How a file is written that is made now."""
    zone, now = services.audit.campaigns.zone, services.clock.now()
    said = services.words.text
    offset = timedelta(milliseconds=named_zone(zone).offset_at(now))
    hours = f"UTC{'-' if offset < timedelta(0) else '+'}{str(abs(offset))[:-3].zfill(5)}"
    at = local(zone, now).strftime("%Y-%m-%d %H:%M:%S")
    return Setting(
        zone=zone,
        written=now,
        said=Said(
            page=said("export.page", language),
            pages=said("export.pages", language),
            written=said("export.written", language, at=at, zone=f"{zone}, {hours}"),
            about=said("export.about", language),
            missing=said("export.missing", language),
        ),
    )


def _name(one: Export, zone: str) -> str:
    day = local(zone, one.begun).strftime("%Y-%m-%d")
    title = "".join(sign for sign in one.title if sign.isalnum() or sign in " -_.()（）·")
    return f"{(title or one.what)[:80].strip()} {day}.{one.format}"


def _out(one: Export, zone: str) -> ExportOut:
    return ExportOut(
        id=one.id,
        what=one.what,
        title=one.title,
        format=one.format,
        state=one.state,
        rows=one.writing.rows,
        count=one.count,
        done=one.done,
        size=one.size,
        begun=one.begun,
        ended=one.ended,
        kept_until=None if one.ended is None else one.ended + KEPT_MS,
        name=_name(one, zone),
        code=one.code,
        error=one.error,
    )
