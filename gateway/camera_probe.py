"""The cameras' probe as the settings want it: whom it looks at, and where its pictures go."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import cv2
import httpx
import msgspec
import numpy as np
import structlog

from devices.camera.addresses import Address, Transport
from devices.camera.faults.stream import Declared
from devices.camera.look import Image, Look
from devices.camera.probe import Gallery, Pace, Watched
from devices.camera.reference import Usual
from devices.camera.watch import Judgement
from gateway.camera_pictures.views import SMALL_SIDE
from gateway.settings_cameras import CameraSettings, CamerasSettings

_log: Final = structlog.get_logger(__name__)

WIDEST: Final = 1280
"""Pixels. Larger pictures are made smaller: enough to see what is wrong, not to know a face far
away."""

QUALITY: Final = 80
"""Of JPEG, 0 to 100."""

API: Final = "/api/v1"

SMALL_QUALITY: Final = 70

SEND_S: Final = 10.0
"""Longest that the store is waited for; the message goes out without the picture then."""


def watched_of(settings: CamerasSettings) -> list[Watched]:
    """The cameras to look at."""
    return [_watched(camera) for camera in settings.watched]


def pace_of(settings: CamerasSettings) -> Pace:
    """How often, how long."""
    return Pace(
        period=settings.period_s,
        limit=settings.limit_s,
        watch=settings.watch_s,
        watch_every=settings.watch_every,
    )


@asynccontextmanager
async def make_gallery(settings: CamerasSettings) -> AsyncIterator[Gallery | None]:
    """What puts pictures into the gateway's store; None when none are to leave the probe."""
    if settings.gateway is None or settings.token is None:
        yield None
        return
    async with httpx.AsyncClient(
        base_url=settings.gateway,
        headers={
            "Authorization": f"Bearer {settings.token.get_secret_value()}",
            "X-Campus-Request": "1",
            "Content-Type": "image/jpeg",
        },
        timeout=SEND_S,
        verify=_trust(settings),
    ) as client:
        yield _Sending(client, round(settings.picture_every_s * 1000))


def _trust(settings: CamerasSettings) -> ssl.SSLContext | bool:
    if settings.gateway_ca_file is None:
        return True
    return ssl.create_default_context(cafile=str(settings.gateway_ca_file))


class _Sending:
    """Sends a picture of each camera now and then, and of each fault when it is raised; and what is
    usual of it.
    """

    def __init__(self, client: httpx.AsyncClient, every_ms: int) -> None:
        self._client = client
        self._every = every_ms
        self._sent: dict[tuple[str, str], tuple[int, str]] = {}

    async def show(
        self, camera: Watched, look: Look, judgement: Judgement, image: Image
    ) -> str | None:
        """The name of the newest picture in the store."""
        key = (camera.school, camera.device)
        before = self._sent.get(key)
        due = before is None or look.begun - before[0] >= self._every
        if not (due or judgement.fresh or judgement.over):
            return before[1] if before is not None else None
        answer = await self._put(
            f"{API}/camera-pictures",
            jpeg_of(image, WIDEST, QUALITY),
            camera,
            {**_about(camera, look.begun), "faults": ",".join(judgement.faults)},
        )
        try:
            name = None if answer is None else _taken(answer).hash
        except msgspec.DecodeError as error:
            _log.warning("probe.picture_not_taken", camera=camera.device, error=str(error))
            name = None
        if name is not None:
            self._sent[key] = (look.begun, name)
            small = jpeg_of(image, SMALL_SIDE, SMALL_QUALITY)
            path = f"{API}/camera-pictures/{camera.school}/{camera.device}/{name}/small"
            await self._put(path, small, camera, {})
        return name

    async def show_usual(self, camera: Watched, usual: Usual, at: int) -> bool:
        """Whether what is usual was taken."""
        about = _about(camera, at)
        about |= {"part": usual.part, "grey": str(usual.grey).lower(), "looks": usual.looks}
        small = np.clip(usual.small, 0, 255).astype(np.uint8)
        body = jpeg_of(small, SMALL_SIDE, QUALITY)
        return await self._put(f"{API}/camera-references", body, camera, about) is not None

    async def _put(
        self, path: str, body: bytes, camera: Watched, query: dict[str, str | int]
    ) -> bytes | None:
        """What the store answers; ``None`` when it did not take it. What was seen is said all the
        same, and the next look brings a picture.
        """
        asked = {**query, "sha256": hashlib.sha256(body).hexdigest()}
        try:
            answer = await self._client.put(path, params=asked, content=body)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            _log.warning("probe.picture_not_taken", camera=camera.device, error=str(error))
            return None
        return answer.content


def _about(camera: Watched, at: int) -> dict[str, str | int]:
    return {"school": camera.school, "device": camera.device, "at": at}


class _Taken(msgspec.Struct):
    """What the store says of a picture that it has taken."""

    hash: str


_taken: Final = msgspec.json.Decoder(_Taken).decode


def jpeg_of(image: Image, widest: int, quality: int) -> bytes:
    """The picture as JPEG, in colour or grey, no side longer than ``widest``. Raises
    ``ValueError``.
    """
    height, width = image.shape[:2]
    longest = max(height, width)
    if longest > widest:
        size = [max(1, round(side * widest / longest)) for side in (width, height)]
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    coded, body = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not coded:
        raise ValueError("the picture cannot be written as JPEG")
    return body.tobytes()


def _watched(camera: CameraSettings) -> Watched:
    password = "" if camera.password is None else camera.password.get_secret_value()
    return Watched(
        school=camera.school,
        device=camera.device,
        address=Address(
            url=camera.url,
            user=camera.user,
            password=password,
            transport=Transport(camera.transport),
            ca_file="" if camera.ca_file is None else str(camera.ca_file),
        ),
        declared=Declared(
            fps=camera.fps,
            bitrate_kbps=camera.bitrate_kbps,
            width=camera.width,
            height=camera.height,
        ),
        masks=camera.masks,
    )
