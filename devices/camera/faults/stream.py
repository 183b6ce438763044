"""What the stream itself tells: no connection, refused, no pictures, less than was declared."""

from __future__ import annotations

from typing import Final

import msgspec

from devices.camera.look import Look, Outcome
from devices.camera.measures import LEAST_POINTS
from devices.camera.suspicion import Fault, Inputs, Suspicion, Why, sure

FPS_SHARE: Final = 0.6
"""Of the declared frame rate (default of ours: a short look measures it to a fifth or so)."""
BITRATE_SHARE: Final = 0.25
"""Of the declared bit rate: at variable rates a quiet scene needs little (default of ours)."""
_OUTCOMES: Final = {
    Outcome.OFFLINE: Fault.OFFLINE,
    Outcome.REFUSED: Fault.AUTH,
    Outcome.NO_STREAM: Fault.NO_FRAMES,
    Outcome.NO_FRAMES: Fault.NO_FRAMES,
    Outcome.UNREADABLE: Fault.NO_FRAMES,
}


class Declared(msgspec.Struct, frozen=True):
    """What a camera should deliver, as it was ordered or set; None: not asked for."""

    fps: float | None = None
    bitrate_kbps: float | None = None
    width: int | None = None
    height: int | None = None


def unseen(look: Look) -> Suspicion | None:
    """The fault of a look that gave no picture, or none that can be judged."""
    outcome = look.outcome
    if outcome is Outcome.SEEN:
        if look.pictures and min(look.pictures[-1].image.shape[:2]) >= LEAST_POINTS:
            return None
        outcome = Outcome.UNREADABLE
    return Suspicion(fault=_OUTCOMES[outcome], confidence=1.0, why=Why(outcome.value))


def below_declared(look: Look, declared: Declared) -> list[Suspicion]:
    """Frame rate, bit rate and size below what was declared."""
    found = []
    for fault, name, has, asked, share in (
        (Fault.LOW_FPS, "fps", look.fps, declared.fps, FPS_SHARE),
        (
            Fault.LOW_BITRATE,
            "bitrate_kbps",
            look.bitrate_kbps,
            declared.bitrate_kbps,
            BITRATE_SHARE,
        ),
    ):
        if has is None or asked is None or has >= share * asked:
            continue
        inputs: Inputs = {name: round(has, 1), "declared": asked}
        found.append(
            Suspicion(
                fault=fault,
                confidence=sure(has, share * asked, 0),
                why=Why(fault.value, inputs),
                measure=name,
                value=has,
                limit=share * asked,
            )
        )
    if look.width and (look.width < (declared.width or 0) or look.height < (declared.height or 0)):
        size = f"{look.width} × {look.height}"
        asked_size = f"{declared.width or '?'} × {declared.height or '?'}"
        found.append(
            Suspicion(
                fault=Fault.LOW_BITRATE,
                confidence=1.0,
                why=Why("low_resolution", {"size": size, "declared": asked_size}),
                measure="width",
                value=look.width,
                limit=declared.width or 0,
            )
        )
    return found
