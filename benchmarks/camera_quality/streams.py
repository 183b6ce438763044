"""Streams below what was declared: served over RTSP, looked at and judged as a probe does it.

A clip is coded as it was ordered, then with fewer pictures a second, at a lower bit rate and in a
smaller size. The server sends as fast as it can: rates are measured in the stream's own time.
"""

from __future__ import annotations

import asyncio
from itertools import cycle, islice
from typing import Final

import cv2
import numpy as np

from benchmarks.camera_quality.clips import Clip
from benchmarks.camera_quality.trial import Event
from devices.camera.addresses import Address
from devices.camera.faults.stream import Declared
from devices.camera.look import Image
from devices.camera.stream import look
from devices.camera.suspicion import Fault
from devices.camera.watch import CameraWatch
from devices.simulator.rtsp_camera import Camera, Manners, RtspServer, coded

FPS: Final = 25
KBPS: Final = 1_000
SECONDS: Final = 4.0
"""Of each look, as the probe takes them when a stream is asked for (`devices.camera.probe`)."""
LOOKS: Final = 3
_PICTURES: Final = 125
_GROUP: Final = 25

_STREAMS: Final[tuple[tuple[Fault | None, str, int, float, float], ...]] = (
    (None, "as declared", FPS, 1.0, 1.0),
    (None, "four fifths of the rate", 20, 1.0, 1.0),
    (None, "half the bit rate, as of a quiet scene", FPS, 0.5, 1.0),
    (Fault.LOW_FPS, "half the rate", 12, 1.0, 1.0),
    (Fault.LOW_FPS, "a fifth of the rate", 5, 1.0, 1.0),
    (Fault.LOW_BITRATE, "a sixth of the bit rate", FPS, 1 / 6, 1.0),
    (Fault.LOW_BITRATE, "half as wide and high", FPS, 1.0, 0.5),
)
"""Fault, name, pictures a second, and parts of the declared bit rate and size."""


async def streams(clip: Clip) -> list[Event]:
    """Each of them, three looks long, and what came of it."""
    first = clip.judged[0]
    declared = Declared(
        fps=FPS, bitrate_kbps=KBPS, width=first.shape[1] // 2 * 2, height=first.shape[0] // 2 * 2
    )
    return [
        await _event(clip, declared, fault, strength, fps, part_of_rate, part_of_size)
        for fault, strength, fps, part_of_rate, part_of_size in _STREAMS
    ]


async def _event(
    clip: Clip,
    declared: Declared,
    fault: Fault | None,
    strength: str,
    fps: int,
    part_of_rate: float,
    part_of_size: float,
) -> Event:
    shown = coded(
        (_sized(each, part_of_size) for each in islice(cycle(clip.judged), _PICTURES)),
        fps=fps,
        group=_GROUP,
        kbps=round(KBPS * part_of_rate),
    )
    watch = CameraWatch(declared=declared)
    server = RtspServer({"gate": Camera(shown, manners=Manners(haste=True))})
    raised: list[frozenset[Fault]] = []
    async with server.serving():
        address = Address(url=server.url("gate"))
        for number in range(LOOKS):
            now = 60_000 * number
            seen = await asyncio.to_thread(look, address, now=now, seconds=SECONDS, limit=60.0)
            raised.append(watch.see(seen, now).fresh)
    found = (number for number, fresh in enumerate(raised, 1) if fault in fresh)
    return Event(
        clip=clip.name,
        fault=fault,
        strength=strength,
        hour=0.0,
        delay=next(found, None),
        raised=tuple(each.value for fresh in raised for each in sorted(fresh)),
        peer=None,
    )


def _sized(image: Image, part: float) -> Image:
    """With even width and height, as encoders want them."""
    width, height = (int(length * part) // 2 * 2 for length in (image.shape[1], image.shape[0]))
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
