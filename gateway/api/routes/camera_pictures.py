"""Pictures of cameras: probes bring them, people look at them, and every view is a fact."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from gateway.api.guard import Technician, Watcher, check
from gateway.api.models.camera_pictures import CameraPictureOut
from gateway.api.models.shapes import Identifier
from gateway.api.problems import Problem, not_found
from gateway.api.routes.devices import visible_device
from gateway.api.services import Services, ServicesHere
from gateway.camera_pictures.vault import Kept, VaultError
from gateway.near_cameras import CAMERA
from gateway.pictures.raster import JPEG
from gateway.pictures.sight import PictureError, look_at
from gateway.security.access import Caller, What
from gateway.security.record import fact
from gateway.store.batch import Batch

router = APIRouter(tags=["camera pictures"])

_SKEW_MS: Final = 86_400_000
"""A probe's clock may be so far from ours; beyond it the picture would be kept too long or too
short."""

_SHOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The picture.",
        "content": {JPEG: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {JPEG: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_UNSEEN: Final = {
    # Kept nowhere on the way: who looks again is written down again.
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
}

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Moment = Annotated[int, Query(ge=0, lt=10_000_000_000_000, description="When taken, ms UTC.")]


@router.put("/camera-pictures", operation_id="put_camera_picture", openapi_extra=_BODY)
async def put_camera_picture(
    request: Request,
    services: ServicesHere,
    caller: Technician,
    school: Identifier,
    device: Identifier,
    at: Moment,
    sha: Annotated[str, Query(alias="sha256", pattern=r"^[0-9a-f]{64}$")],
    faults: Annotated[str, Query(max_length=400)] = "",
) -> CameraPictureOut:
    """Bring a JPEG of what a camera sees, with its SHA-256. For probes; private areas are black
    before a picture comes here.
    """
    check(caller, What.EQUIP, school, f"school {school}")
    await _camera(services, caller, school, device)
    if abs(at - services.clock.now()) > _SKEW_MS:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "picture", "Its time is not today's.")
    raw = await request.body()
    if sha256(raw).hexdigest() != sha:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "picture", "It was damaged on its way: send it again."
        )

    def keep() -> Kept:
        seen = look_at(raw, JPEG)
        return services.camera_pictures.keep(school, device, at, seen.body, faulty=bool(faults))

    try:
        return picture_out(await services.readers.run(keep))
    except PictureError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "picture", f"{error}.") from error
    except VaultError as error:
        raise Problem(
            HTTPStatus.INSUFFICIENT_STORAGE, "pictures_full", "The picture cannot be kept now."
        ) from error


@router.get("/camera-pictures/{school}/{device}", operation_id="list_camera_pictures")
async def list_camera_pictures(
    services: ServicesHere,
    caller: Watcher,
    school: Identifier,
    device: Identifier,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[CameraPictureOut]:
    """Pictures of a camera, the newest first. That they are there is no view of them."""
    check(caller, What.WATCH, school, f"device {school}/{device}")
    await _camera(services, caller, school, device)
    found = await services.readers.run(lambda: services.camera_pictures.pictures_of(school, device))
    return [picture_out(each) for each in found[:limit]]


@router.get(
    "/camera-pictures/{school}/{device}/{hash}",
    operation_id="get_camera_picture",
    response_class=Response,
    responses=_SHOWN,
)
async def get_camera_picture(
    services: ServicesHere,
    caller: Watcher,
    school: Identifier,
    device: Identifier,
    hash: Digest,  # noqa: A002 - the contract's name
) -> Response:
    """One picture. Who has looked at it, and when, is kept among the facts before it is shown."""
    check(caller, What.WATCH, school, f"device {school}/{device}")
    await _camera(services, caller, school, device)
    vault = services.camera_pictures

    def opened() -> tuple[Kept, bytes] | None:
        for each in vault.pictures_of(school, device):
            if each.hash == hash:
                return each, vault.open(school, device, each)
        return None

    try:
        found = await services.readers.run(opened)
    except LookupError:
        found = None  # its time was over between the look and the opening
    except VaultError as error:
        raise Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR, "picture", "The picture cannot be read any more."
        ) from error
    if found is None:
        raise not_found(f"picture {hash}")
    picture, body = found
    now = services.clock.now()
    seen = fact(
        "camera_picture_viewed",
        now,
        caller.name,
        f"device:{school}/{device}",
        picture=picture.hash,
        taken=picture.at,
    )
    await services.commit(Batch(facts=[seen], now=now))
    return Response(body, media_type=JPEG, headers=_UNSEEN)


async def _camera(services: Services, caller: Caller, school: str, device: str) -> None:
    """Raises a 404 `Problem` unless it is a registered camera in scope."""
    found = await visible_device(services, caller, school, device)
    if found.kind != CAMERA:
        raise not_found(f"device {school}/{device}")


def picture_out(picture: Kept) -> CameraPictureOut:
    """A picture that is kept, without the picture itself."""
    return CameraPictureOut(
        at=picture.at, hash=picture.hash, faulty=picture.faulty, kept_until=picture.until
    )
