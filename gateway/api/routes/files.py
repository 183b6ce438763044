"""Attached files: bringing one, and having it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from gateway.api.guard import Prover, check
from gateway.api.models.attestations import FileOut
from gateway.api.models.shapes import Identifier
from gateway.api.problems import Problem, not_found
from gateway.api.services import ServicesHere
from gateway.files.service import FullError
from gateway.files.shelf import ShelfError, ShelfFullError
from gateway.files.sight import SUFFIXES, FileError
from gateway.security.access import What
from gateway.store.read.files import one_file

router = APIRouter(tags=["files"])

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in SUFFIXES},
    }
}
_SHOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in SUFFIXES},
    }
}
_HARMLESS: Final = {
    # Opened by itself in a browser it runs nothing and loads nothing.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
}

FileName = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.put("/files", operation_id="put_file", openapi_extra=_BODY)
async def put_file(
    request: Request,
    services: ServicesHere,
    caller: Prover,
    school: Identifier,
    name: Annotated[str, Query(min_length=1, max_length=255)] = "file",
) -> FileOut:
    """Bring a PDF, JPEG, PNG, WebP, XLSX, DOCX, CSV or plain text as the raw body, up to 16 MB.

    What it is goes by its content. The same file again has the same hash. What nothing comes to
    refer to within 30 days is removed.
    """
    check(caller, What.LEDGER, school, f"school {school}")
    if not services.register.knows_school(school):
        raise not_found(f"school {school}")
    try:
        file = await services.audit.files.put(school, await request.body(), name, caller.name)
    except FileError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"file_{error.code}", f"{error}.") from error
    except FullError as error:
        raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, "files_full", f"{error}.") from error
    except ShelfFullError as error:
        raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, "disk_full", f"{error}.") from error
    except ShelfError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "file_lost", f"{error}.") from error
    return FileOut(hash=file.hash, media_type=file.media_type, size=file.size, name=file.name)


@router.get("/files/{hash}", operation_id="get_file", response_class=Response, responses=_SHOWN)
async def get_file(
    request: Request,
    services: ServicesHere,
    caller: Prover,
    hash: FileName,  # noqa: A002 - the contract's name
) -> Response:
    """A file of a school in scope, to be kept and not to be opened in the page."""
    file = await services.read(one_file(hash, caller.schools))
    if file is None:
        raise not_found(f"file {hash}")
    headers = {
        "ETag": f'"{file.hash}"',
        "Content-Disposition": _disposition(file.name, SUFFIXES[file.media_type]),
        **_HARMLESS,
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    try:
        body = await services.audit.files.body(file)
    except (LookupError, ShelfError) as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "file_lost", f"{error}.") from error
    return Response(body, media_type=file.media_type, headers=headers)


def _disposition(name: str, suffix: str) -> str:
    """As a file to be kept (RFC 6266): a plain name for all, the real one for those who read it."""
    return f"attachment; filename=\"file.{suffix}\"; filename*=UTF-8''{quote(name, safe='')}"
