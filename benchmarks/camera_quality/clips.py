"""Clips to judge by: found below a folder, decoded, never kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np

from benchmarks.measure import MissingError, say
from devices.camera.look import Image

SUFFIXES: Final = frozenset({".mp4", ".avi", ".mkv", ".mov", ".gif", ".webm", ".m4v", ".ts"})
MOST_WIDTH: Final = 640
"""Larger ones are shrunk to this: twenty thousand pictures have to be lit anew."""
FRAMES: Final = 120
"""Taken of each clip, evenly: the first half to learn from, the other half to judge."""


@dataclass(frozen=True, eq=False)
class Clip:
    """Some pictures of one fixed camera, in order."""

    name: str
    learnt: list[Image]
    judged: list[Image]

    @cached_property
    def empty(self) -> Image:
        """The place without who goes through it: each point as it mostly is."""
        some = self.judged[:: len(self.judged) // 15 + 1]
        return np.asarray(np.median(some, axis=0), np.uint8)


def folder() -> Path:
    """The folder that `DATA` names. Raises `MissingError` when it is absent or has no clips."""
    named = os.environ.get("DATA", "")
    if not named:
        raise MissingError(
            "no clips: name a folder with recordings of fixed cameras, "
            "`make bench BENCH=camera_quality DATA=folder`"
        )
    path = Path(named)
    if not path.is_dir():
        raise MissingError(f"DATA={named} is no folder")
    if not files(path):
        raise MissingError(f"below DATA={named} there is no clip ({', '.join(sorted(SUFFIXES))})")
    return path


def files(path: Path) -> list[Path]:
    """All clips below a folder, sorted."""
    return sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES)


def read(path: Path) -> Clip | None:
    """Some pictures of a clip; None when it has too few to learn and to judge."""
    frames: list[Image] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            if image.shape[1] > MOST_WIDTH:
                height = image.shape[0] * MOST_WIDTH // image.shape[1]
                shrunk = cv2.resize(image, (MOST_WIDTH, height), interpolation=cv2.INTER_AREA)
                image = np.asarray(shrunk, np.uint8)
            frames.append(image)
    if len(frames) < 16:
        say(f"{path.name}: only {len(frames)} pictures, left out")
        return None
    chosen = np.linspace(0, len(frames) - 1, min(FRAMES, len(frames))).astype(int)
    half = len(chosen) // 2
    return Clip(
        path.stem,
        [frames[one] for one in chosen[:half]],
        [frames[one] for one in chosen[half:]],
    )
