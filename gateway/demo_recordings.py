"""The demonstration's recordings: folders of tiny files that stand for what recorders wrote.

Asked like any others. Most cameras have all that is required; one school's have a gap, too short a
past and a file whose name tells no time, always the same ones, so that they can be looked at. That
school's gate reaches back as a gate has to; of the others' as much is not asked for.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Final

from devices.recording.local_time import DAY_MS, HOUR_MS, named_zone, to_local
from devices.simulator.campus import demo
from gateway.gate_video.reach import GATE_DAYS

FOLDER: Final = "recordings"
RECORDER: Final = "nvr"
GATE: Final = "gatehouse"
"""The place of each school at which its gate is."""
ZONE: Final = "Asia/Shanghai"

KEPT_MS: Final = 33 * DAY_MS
SHORT_MS: Final = 19 * DAY_MS
GATE_MS: Final = (GATE_DAYS + 3) * DAY_MS
PIECE_MS: Final = 2 * HOUR_MS
"""Of each file: no longer than the newest that is not judged (`RecordingSettings`)."""

_GAP_EVERY_DAYS: Final = 9
_ODD_EVERY_DAYS: Final = 11


class Fault(Enum):
    """What is wrong with a camera's recordings."""

    NONE = "none"
    GAP = "gap"
    SHORT = "short"
    ODD_FILE = "odd file"


def cameras() -> dict[tuple[str, str], Fault]:
    """The demo campus' cameras by school and id: the second, third and fourth of a school that
    has as many are those with a fault.
    """
    found = _by_school()
    faulty = _looked_at(found)
    faults = [Fault.NONE, Fault.GAP, Fault.SHORT, Fault.ODD_FILE]
    return {
        (school, camera): faults[at] if school == faulty and at < len(faults) else Fault.NONE
        for school, its in found.items()
        for at, camera in enumerate(sorted(its))
    }


def _by_school() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for device in demo().devices:
        if device.kind == "camera":
            found.setdefault(device.school, []).append(device.id)
    return found


def _looked_at(cameras_of: dict[str, list[str]]) -> str:
    """The school that has most."""
    return max(cameras_of, key=lambda school: len(cameras_of[school]))


def gates() -> dict[str, Any]:
    """What ``recordings:`` of the settings has of the gates."""
    schools = _by_school()
    return {
        "gates": [f"{school}/{GATE}" for school in schools],
        "places": {f"{_looked_at(schools)}/{GATE}": GATE_DAYS},
    }


def _kept_ms(fault: Fault, *, far: bool = False) -> int:
    """How long a camera's files are kept; ``far``: as long as at a gate that proves it."""
    if far:
        return GATE_MS
    return SHORT_MS if fault is Fault.SHORT else KEPT_MS


def recorders() -> list[dict[str, Any]]:
    """As ``recorders:`` of the settings has them; paths count from the demonstration's folder."""
    schools: dict[str, dict[str, str]] = {}
    for school, camera in cameras():
        schools.setdefault(school, {})[camera] = camera
    return [
        {
            "school": school,
            "id": RECORDER,
            "kind": "folder",
            "folder": f"{FOLDER}/{school}",
            "zone": ZONE,
            "commissioned": "2025-09-01",
            "cameras": its,
        }
        for school, its in schools.items()
    ]


def fill(folder: Path, now: int) -> None:
    """Write what was recorded by ``now``, and take away what is overwritten. Blocks."""
    film = b""
    proven = gates()["places"]
    far = {one.key for one in demo().devices if f"{one.school}/{one.place}" in proven}
    for (school, camera), fault in cameras().items():
        channel = folder / FOLDER / school / camera
        wanted = dict(_pieces(fault, now, far=(school, camera) in far))
        for day in channel.glob("*") if channel.is_dir() else ():
            if not any(name.startswith(f"{day.name}/") for name in wanted):
                shutil.rmtree(day)
        for name, end in wanted.items():
            file = channel / name
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                film = film or _film()
                file.write_bytes(film)
                os.utime(file, (end / 1000, end / 1000))


async def keep_filled(folder: Path) -> None:
    """Write on as time passes, until cancelled."""
    while True:
        now = time.time_ns() // 1_000_000
        await asyncio.to_thread(fill, folder, now)
        await asyncio.sleep((PIECE_MS - now % PIECE_MS) / 1000)


def _film() -> bytes:
    """What is in each file: samples of it are played."""
    from devices.simulator.film import film  # noqa: PLC0415 - only when there is some to write

    return film(PIECE_MS // 1000, every_s=60)


def _pieces(fault: Fault, now: int, *, far: bool = False) -> Iterator[tuple[str, int]]:
    """Names of files, and when each ended (ms UTC)."""
    first = (now - _kept_ms(fault, far=far)) // PIECE_MS * PIECE_MS
    for begin in range(first, now // PIECE_MS * PIECE_MS, PIECE_MS):
        wall = to_local(named_zone(ZONE), begin)
        day = wall.toordinal()
        morning = 2 <= wall.hour < 8
        if fault is Fault.GAP and day % _GAP_EVERY_DAYS == 4 and morning:
            continue
        if fault is Fault.ODD_FILE and day % _ODD_EVERY_DAYS == 5 and morning:
            yield f"{wall:%Y%m%d}/part-{wall.hour}.mp4", begin + PIECE_MS
        else:
            yield f"{wall:%Y%m%d}/{_stamp(wall)}_{_stamp(wall + _PIECE)}.mp4", begin + PIECE_MS


_PIECE: Final = timedelta(milliseconds=PIECE_MS)


def _stamp(wall: datetime) -> str:
    return f"{wall:%Y%m%d_%H%M%S}"
