"""Pictures: uploading floor plans and photos, and looking at them."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from gateway.api.guard import Photographer, Reader, check
from gateway.api.models.plans import PictureOut
from gateway.api.models.shapes import Identifier
from gateway.api.problems import Problem, not_found
from gateway.api.services import ServicesHere
from gateway.pictures.sight import MEDIA_TYPES, PictureError, look_at
from gateway.security.access import What, role_may
from gateway.store.pictures import kept
from gateway.store.read.pictures import Picture, bytes_of_school, one_picture, pictures_of

router = APIRouter(tags=["pictures"])

MOST_OF_SCHOOL: Final = 512 * 1024 * 1024
"""Bytes of pictures that one school may have: a hundred of the largest, a thousand usual ones."""

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES
        },
    }
}
_SHOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The picture.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES
        },
    }
}
_HARMLESS: Final = {
    # An SVG that is opened by itself is a document: this one runs nothing and loads nothing.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=31536000, immutable",
}

PictureName = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.put("/pictures", operation_id="put_picture", openapi_extra=_BODY)
async def put_picture(
    request: Request, services: ServicesHere, caller: Photographer, school: Identifier
) -> PictureOut:
    """Upload a PNG, JPEG or SVG as the raw body. The same picture again has the same hash.

    Kept is what shows it, and not what a camera wrote into it of place, time, person and phone: the
    hash is that of what is kept, and the sides are as it is shown.
    """
    taker = What.REPAIR if role_may(caller.role, What.REPAIR) else What.LEDGER
    check(caller, taker, school, f"school {school}")
    if not services.register.knows_school(school):
        raise not_found(f"school {school}")
    raw = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        picture = await services.readers.run(lambda: _seen(raw, media_type, school))
    except PictureError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "picture", f"{error}.") from error
    taken = await services.read(bytes_of_school(school))
    known = await services.read(pictures_of(school, [picture.hash]))
    if not known and taken + len(picture.body) > MOST_OF_SCHOOL:
        raise Problem(
            HTTPStatus.INSUFFICIENT_STORAGE,
            "pictures_full",
            f"The school has {MOST_OF_SCHOOL >> 20} MB of pictures already.",
        )
    await services.commit(kept(picture, by=caller.name, now=services.clock.now()))
    return PictureOut(hash=picture.hash, width=picture.width, height=picture.height)


def _seen(raw: bytes, media_type: str, school: str) -> Picture:
    seen = look_at(raw, media_type)
    return Picture(
        hash=sha256(seen.body).hexdigest(),
        media_type=seen.media_type,
        width=seen.width,
        height=seen.height,
        school=school,
        body=seen.body,
    )


@router.get(
    "/pictures/{hash}",
    operation_id="get_picture",
    response_class=Response,
    responses=_SHOWN,
)
async def get_picture(
    request: Request,
    services: ServicesHere,
    caller: Reader,
    hash: PictureName,  # noqa: A002 - the contract's name
) -> Response:
    """A picture of a school in scope."""
    picture = await services.read(one_picture(hash, caller.schools))
    if picture is None:
        raise not_found(f"picture {hash}")
    etag = f'"{picture.hash}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag, **_HARMLESS})
    return Response(
        picture.body, media_type=picture.media_type, headers={"ETag": etag, **_HARMLESS}
    )
