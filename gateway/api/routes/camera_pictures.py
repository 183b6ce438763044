"""Pictures of cameras: probes bring them, people look at them, and every view is a fact."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response

from devices.model import Device
from gateway.api.guard import Filmer, Watcher, check
from gateway.api.models.camera_pictures import CameraPictureOut
from gateway.api.models.cameras import CameraReferenceOut
from gateway.api.models.shapes import Identifier
from gateway.api.present_cameras import reference_out
from gateway.api.problems import Problem, not_found
from gateway.api.routes.devices import visible_device
from gateway.api.services import Services, ServicesHere
from gateway.camera_pictures.vault import PARTS, Kept, Usual, Vault, VaultError
from gateway.camera_pictures.views import SMALL_SIDE
from gateway.near_cameras import CAMERA
from gateway.pictures.raster import JPEG
from gateway.pictures.sight import PictureError, look_at
from gateway.security.access import Caller, What
from gateway.security.record import fact
from gateway.store.batch import Batch

Result = TypeVar("Result")

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

Sha = Annotated[str, Query(alias="sha256", pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Moment = Annotated[int, Query(ge=0, lt=10_000_000_000_000, description="When taken, ms UTC.")]


@router.put("/camera-pictures", operation_id="put_camera_picture", openapi_extra=_BODY)
async def put_camera_picture(
    request: Request,
    services: ServicesHere,
    caller: Filmer,
    school: Identifier,
    device: Identifier,
    at: Moment,
    sha: Sha,
    faults: Annotated[str, Query(max_length=400)] = "",
) -> CameraPictureOut:
    """Bring a JPEG of what a camera sees, with its SHA-256. For probes; private areas are black
    before a picture comes here.
    """
    await _filmed(services, caller, school, device, at)
    raw = await _body(request, sha)

    def keep() -> Kept:
        seen = look_at(raw, JPEG)
        return services.camera_pictures.keep(school, device, at, seen.body, faulty=bool(faults))

    return picture_out(await _kept(services, keep))


@router.put(
    "/camera-pictures/{school}/{device}/{hash}/small",
    operation_id="put_small_camera_picture",
    status_code=HTTPStatus.NO_CONTENT,
    openapi_extra=_BODY,
)
async def put_small_camera_picture(
    request: Request,
    services: ServicesHere,
    caller: Filmer,
    school: Identifier,
    device: Identifier,
    hash: Digest,  # noqa: A002 - the contract's name
    sha: Sha,
) -> None:
    """Bring a small copy of a picture that is kept, for the wall; the gateway decodes none itself.
    With its own SHA-256.
    """
    check(caller, What.FILM, school, f"device {school}/{device}")
    await visible_camera(services, caller, school, device)
    raw = await _body(request, sha)
    vault = services.camera_pictures

    def keep() -> bool:
        seen = look_at(raw, JPEG)
        if max(seen.width, seen.height) > SMALL_SIDE:
            raise PictureError(f"a small one has sides of {SMALL_SIDE} at most")
        picture = _find(vault, school, device, hash)
        if picture is not None:
            vault.keep_small(school, device, picture, seen.body)
        return picture is not None

    if not await _kept(services, keep):
        raise not_found(f"picture {hash}")


@router.put("/camera-references", operation_id="put_camera_reference", openapi_extra=_BODY)
async def put_camera_reference(
    *,
    request: Request,
    services: ServicesHere,
    caller: Filmer,
    school: Identifier,
    device: Identifier,
    part: Annotated[int, Query(ge=0, lt=PARTS, description="Of the local day.")],
    grey: Annotated[bool, Query(description="Without colour.")],
    looks: Annotated[int, Query(ge=1, lt=1_000_000_000, description="It is the mean of so many.")],
    at: Moment,
    sha: Sha,
) -> CameraReferenceOut:
    """Bring what a camera usually shows in one part of its day and one light, as JPEG with its
    SHA-256. It takes the place of what was usual then until now.
    """
    await _filmed(services, caller, school, device, at)
    raw = await _body(request, sha)

    def keep() -> Usual:
        body = look_at(raw, JPEG).body
        usual = Usual(part, grey, looks, at, sha256(body).hexdigest())
        services.camera_pictures.keep_usual(school, device, usual, body)
        return usual

    return reference_out(await _kept(services, keep))


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
    await visible_camera(services, caller, school, device)
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
    await visible_camera(services, caller, school, device)
    vault = services.camera_pictures

    def opened() -> tuple[Kept, bytes] | None:
        picture = _find(vault, school, device, hash)
        return None if picture is None else (picture, vault.open(school, device, picture))

    picture, body = await _opened(services, opened, hash)
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


@router.get(
    "/camera-pictures/{school}/{device}/{hash}/small",
    operation_id="get_small_camera_picture",
    response_class=Response,
    responses=_SHOWN,
)
async def get_small_camera_picture(
    services: ServicesHere,
    caller: Watcher,
    school: Identifier,
    device: Identifier,
    hash: Digest,  # noqa: A002 - the contract's name
) -> Response:
    """A picture, at most 160 pixels wide and high. That somebody has looked at those of a school
    is one fact in a quarter of an hour.
    """
    check(caller, What.WATCH, school, f"device {school}/{device}")
    await visible_camera(services, caller, school, device)
    vault = services.camera_pictures

    def opened() -> tuple[Kept, bytes] | None:
        picture = _find(vault, school, device, hash)
        return None if picture is None else (picture, vault.open_small(school, device, picture))

    _, body = await _opened(services, opened, hash)
    async with services.wall_views.turn:
        now = services.clock.now()
        if services.wall_views.is_new(caller.name, school, now):
            seen = fact("camera_wall_viewed", now, caller.name, f"school:{school}")
            await services.commit(Batch(facts=[seen], now=now))
            services.wall_views.written(caller.name, school, now)
    return Response(body, media_type=JPEG, headers=_UNSEEN)


@router.get(
    "/camera-references/{school}/{device}/{part}/{light}",
    operation_id="get_camera_reference",
    response_class=Response,
    responses=_SHOWN,
)
async def get_camera_reference(
    services: ServicesHere,
    caller: Watcher,
    school: Identifier,
    device: Identifier,
    part: Annotated[int, Path(ge=0, lt=PARTS, description="Of the local day.")],
    light: Literal["colour", "grey"],
) -> Response:
    """What a camera usually shows then. Who has looked at it is a fact, as with pictures."""
    check(caller, What.WATCH, school, f"device {school}/{device}")
    await visible_camera(services, caller, school, device)
    vault, wanted = services.camera_pictures, (part, light == "grey")

    def opened() -> tuple[Usual, bytes] | None:
        for each in vault.usual_of(school, device):
            if (each.part, each.grey) == wanted:
                return each, vault.open(school, device, each)
        return None

    usual, body = await _opened(services, opened, f"{part}/{light}")
    now = services.clock.now()
    seen = fact(
        "camera_reference_viewed",
        now,
        caller.name,
        f"device:{school}/{device}",
        grey=usual.grey,
        part=usual.part,
        picture=usual.hash,
    )
    await services.commit(Batch(facts=[seen], now=now))
    return Response(body, media_type=JPEG, headers=_UNSEEN)


async def visible_camera(services: Services, caller: Caller, school: str, device: str) -> Device:
    """A registered camera in the caller's scope; raises a 404 `Problem` when it is none."""
    found = await visible_device(services, caller, school, device)
    if found.kind != CAMERA:
        raise not_found(f"device {school}/{device}")
    return found


async def _filmed(services: Services, caller: Caller, school: str, device: str, at: int) -> None:
    """Raises a `Problem` unless the caller may bring what this camera showed at that time."""
    check(caller, What.FILM, school, f"school {school}")
    await visible_camera(services, caller, school, device)
    if abs(at - services.clock.now()) > _SKEW_MS:
        raise _unfit("Its time is not today's.")


async def _body(request: Request, sha: str) -> bytes:
    raw = await request.body()
    if sha256(raw).hexdigest() != sha:
        raise _unfit("It was damaged on its way: send it again.")
    return raw


async def _kept(services: Services, keep: Callable[[], Result]) -> Result:
    """What keeping a picture comes to; raises a `Problem` that says why it cannot be kept."""
    try:
        return await services.readers.run(keep)
    except PictureError as error:
        raise _unfit(f"{error}.") from error
    except VaultError as error:
        raise Problem(
            HTTPStatus.INSUFFICIENT_STORAGE, "pictures_full", "The picture cannot be kept now."
        ) from error


async def _opened(
    services: Services, opened: Callable[[], tuple[Result, bytes] | None], name: str
) -> tuple[Result, bytes]:
    """A picture that is kept; raises a `Problem` when there is none, or it cannot be read."""
    try:
        found = await services.readers.run(opened)
    except LookupError:
        found = None  # its time was over between the look and the opening
    except VaultError as error:
        raise Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR, "picture", "The picture cannot be read any more."
        ) from error
    if found is None:
        raise not_found(f"picture {name}")
    return found


def _find(vault: Vault, school: str, device: str, digest: str) -> Kept | None:
    return next((one for one in vault.pictures_of(school, device) if one.hash == digest), None)


def _unfit(why: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "picture", why)


def picture_out(picture: Kept) -> CameraPictureOut:
    """A picture that is kept, without the picture itself."""
    return CameraPictureOut(
        at=picture.at, hash=picture.hash, faulty=picture.faulty, kept_until=picture.until
    )
