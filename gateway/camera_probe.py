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
import structlog

from devices.camera.addresses import Address, Transport
from devices.camera.faults.stream import Declared
from devices.camera.look import Image, Look
from devices.camera.probe import Pace, Show, Watched
from devices.camera.watch import Judgement
from gateway.settings_cameras import CameraSettings, CamerasSettings

_log: Final = structlog.get_logger(__name__)

WIDEST: Final = 1280
"""Pixels. Larger pictures are made smaller: enough to see what is wrong, not to know a face far
away."""

QUALITY: Final = 80
"""Of JPEG, 0 to 100."""

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
async def make_show(settings: CamerasSettings) -> AsyncIterator[Show | None]:
    """What puts pictures into the gateway's store; None when none are to leave the probe."""
    if settings.gateway is None or settings.token is None:
        yield None
        return
    async with httpx.AsyncClient(
        base_url=settings.gateway,
        headers={
            "Authorization": f"Bearer {settings.token.get_secret_value()}",
            "X-Campus-Request": "1",
        },
        timeout=SEND_S,
        verify=_trust(settings),
    ) as client:
        yield _Showing(client, round(settings.picture_every_s * 1000)).show


def _trust(settings: CamerasSettings) -> ssl.SSLContext | bool:
    if settings.gateway_ca_file is None:
        return True
    return ssl.create_default_context(cafile=str(settings.gateway_ca_file))


class _Showing:
    """Sends a picture of each camera now and then, and of each fault when it is raised."""

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
        body = jpeg_of(image)
        query: dict[str, str | int] = {
            "school": camera.school,
            "device": camera.device,
            "at": look.begun,
            "faults": ",".join(judgement.faults),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        try:
            answer = await self._client.put(
                "/api/v1/camera-pictures",
                params=query,
                content=body,
                headers={"Content-Type": "image/jpeg"},
            )
            answer.raise_for_status()
            name = _taken(answer.content).hash
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            # What was seen is said all the same; the next look brings a picture.
            _log.warning("probe.picture_not_taken", camera=camera.device, error=str(error))
            return None
        self._sent[key] = (look.begun, name)
        return name


class _Taken(msgspec.Struct):
    """What the store says of a picture that it has taken."""

    hash: str


_taken: Final = msgspec.json.Decoder(_Taken).decode


def jpeg_of(image: Image) -> bytes:
    """The picture as JPEG, at most `WIDEST` wide. Raises ``ValueError``."""
    height, width = image.shape[:2]
    if width > WIDEST:
        size = (WIDEST, max(1, round(height * WIDEST / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    coded, body = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
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
        ),
        declared=Declared(
            fps=camera.fps,
            bitrate_kbps=camera.bitrate_kbps,
            width=camera.width,
            height=camera.height,
        ),
        masks=camera.masks,
    )
