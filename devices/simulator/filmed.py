"""Invented cameras over RTSP, well at first; then some are covered, dark, frozen or locked.

For trying the probe of cameras, and for the demonstration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from devices.camera.look import Image
from devices.simulator.drawn_view import DrawnView
from devices.simulator.rtsp_camera import Camera, Clip, Manners, RtspServer, coded

USER: Final = "viewer"
PASSWORD: Final = "invented"  # noqa: S105 - of cameras that are invented, too

WELL_S: Final = 240.0
"""How long all is well at first: until a probe that looks every ten seconds knows what is usual."""

ILL_S: Final = 1200.0
"""How long then some are not, before they are well again."""

_FPS: Final = 5
_PICTURES: Final = 15


class Trouble(StrEnum):
    """What befalls a camera."""

    NONE = ""
    COVERED = "covered"
    DARK = "dark"
    FROZEN = "frozen"
    LOCKED = "locked"
    """Somebody has changed its password."""


class FilmedYards:
    """A server of invented cameras by name. `turn` keeps what they show in step with time."""

    def __init__(self, troubles: Mapping[str, Trouble]) -> None:
        self._yards: Final = {
            name: _Yard(number, trouble) for number, (name, trouble) in enumerate(troubles.items())
        }
        self.cameras: Final = {name: yard.camera for name, yard in self._yards.items()}
        self.server: Final = RtspServer(self.cameras)

    def turn(self, since: float) -> None:
        """As all is ``since`` seconds after the start."""
        for yard in self._yards.values():
            yard.turn(since)


class _Yard:
    """One camera, and what befalls it."""

    def __init__(self, number: int, trouble: Trouble) -> None:
        view = DrawnView(number)
        well = _clip(view.pictures(_PICTURES))
        match trouble:
            case Trouble.COVERED:
                ill = _clip(view.pictures(_PICTURES, covered=True))
            case Trouble.DARK:
                ill = _clip(view.pictures(_PICTURES, dark=True))
            case Trouble.FROZEN:
                ill = Clip(well.codec, well.fps, well.frames[:1])
            case _:
                ill = well
        self._trouble: Final = trouble
        self._well: Final = well
        self._ill: Final = ill
        self.camera: Final = Camera(self._well, USER, PASSWORD)

    def turn(self, since: float) -> None:
        ill = since >= WELL_S and (since - WELL_S) % (WELL_S + ILL_S) < ILL_S
        camera = self.camera
        camera.clip = self._ill if ill else self._well
        camera.password = "changed" if ill and self._trouble is Trouble.LOCKED else PASSWORD
        camera.manners = Manners(begin=int(since) % _PICTURES)


def _clip(pictures: Iterable[Image]) -> Clip:
    # Every picture is a key frame: a viewer gets one at once, whenever it comes.
    return coded(pictures, fps=_FPS, group=1)
