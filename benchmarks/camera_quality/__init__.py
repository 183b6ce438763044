"""How well faults of cameras are found, and how seldom where there are none; beside ffmpeg.

Every clip below the folder `DATA` becomes cameras with different nights. Each is watched for days
in which nothing is wrong, from its first look on: whatever is raised is a false alarm. Then each
fault is injected again and again, by day, in the dusk and at night, and must be raised under its
name within three looks. `HOURS` is how many hours each camera is watched (default 48). `FILMS`
names a folder for what was measured: a second run with it only judges. `HELD_OUT=1` judges with
laxer and stricter limits, too, and counts what those do on clips that had no say in them.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import cv2

from benchmarks.camera_quality.bounds import rate_upper, share_bounds
from benchmarks.camera_quality.clips import files, folder, read
from benchmarks.camera_quality.film import Plan, shot
from benchmarks.camera_quality.held_out import TIMES, left_out, limits
from benchmarks.camera_quality.peers import FAULTS
from benchmarks.camera_quality.streams import streams
from benchmarks.camera_quality.trial import Event, Record, trial
from benchmarks.camera_quality.weather import Night
from benchmarks.measure import say
from devices.camera.suspicion import Fault

LEAST_RECALL: Final = 0.95
MOST_ALARMS_100H: Final = 1.0


def main() -> dict[str, Any]:
    """Per fault: recall, delay, false alarms with bounds; the peers' beside them."""
    cameras = plans(files(folder()), float(os.environ.get("HOURS", "48")))
    named = os.environ.get("FILMS", "")
    with (
        nullcontext(named) if named else tempfile.TemporaryDirectory() as films,
        ProcessPoolExecutor(os.cpu_count()) as pool,
    ):
        jobs = [pool.submit(_camera, plan, Path(films)) for plan in cameras]
        records = [record for job in jobs if (record := job.result())]
        figures = _figures(records)
        if os.environ.get("HELD_OUT"):
            tried = [(plan, times) for plan in cameras for times in TIMES if times != 1]
            others = [
                (times, pool.submit(_tried, plan, Path(films), times)) for plan, times in tried
            ]
            known = [(1.0, record) for record in records]
            known += [(times, record) for times, job in others if (record := job.result())]
            figures["held_out"] = left_out(known)
            say(f"on clips left out: {figures['held_out']}")
    return figures


def plans(found: Sequence[Path], hours: float) -> list[Plan]:
    """A camera for each clip."""
    return [
        Plan(path, found[(number + 1) % len(found)], list(Night)[number % 3], hours, 100 * number)
        for number, path in enumerate(found)
    ]


def _tried(plan: Plan, films: Path, times: float) -> Record | None:
    cv2.setNumThreads(1)
    with limits(times):
        film = shot(plan, films)
        return trial(film) if film else None


def _camera(plan: Plan, films: Path) -> Record | None:
    cv2.setNumThreads(1)
    film = shot(plan, films)
    if film is None:
        return None
    record = trial(film)
    if clip := read(plan.path):
        record.events += asyncio.run(streams(clip))
    say(
        f"{record.clip}, {record.night}: {record.looks} looks, "
        f"{1000 * record.cpu_s / max(1, record.looks):.1f} ms CPU each, "
        f"{len(record.alarms)} false alarms, undecided {record.undecided}"
    )
    for alarm in record.alarms:
        say(f"  false: minute {alarm.minute}, {alarm.fault}: {alarm.why}")
    return record


def _figures(records: Sequence[Record]) -> dict[str, Any]:
    hours = sum(record.looks for record in records) / 60
    events = [event for record in records for event in record.events]
    alarms = [alarm for record in records for alarm in record.alarms]
    faults = {}
    for fault in dict.fromkeys(event.fault for event in events if event.fault):
        faults[fault.value] = _of_fault(
            fault,
            [event for event in events if event.fault is fault],
            sum(alarm.fault is fault for alarm in alarms),
            sum(record.peer_alarms.get(fault, 0) for record in records),
            hours,
        )
    rate = 100 * len(alarms) / hours
    cpu_ms = 1000 * sum(record.cpu_s for record in records) / max(1, hours * 60)
    figures = {
        "cameras": len(records),
        "hours": round(hours, 1),
        "false_alarms": len(alarms),
        "false_alarms_per_100h": round(rate, 2),
        "upper_95_per_100h": round(100 * rate_upper(len(alarms), hours), 2),
        "cpu_ms_per_look": round(cpu_ms, 2),
        "faults": faults,
    }
    harmless = [event for event in events if event.fault is None]
    figures["harmless"] = {
        strength: [
            sum(bool(event.raised) for event in harmless if event.strength == strength),
            sum(event.strength == strength for event in harmless),
        ]
        for strength in dict.fromkeys(event.strength for event in harmless)
    }
    for event in harmless:
        if event.raised:
            say(f"  {event.strength}: {event.clip} at {event.hour} h: raised {event.raised}")
    for name, each in faults.items():
        say(f"{name:12} {each}")
    holds = (
        bool(faults)
        and not any(event.raised for event in harmless)
        and rate <= MOST_ALARMS_100H
        and all(each["recall"] >= LEAST_RECALL for each in faults.values())
        and all(each.get("better_than_peer", True) for each in faults.values())
    )
    return {**figures, "holds": holds}


def _of_fault(
    fault: Fault, events: Sequence[Event], alarms: int, peer_alarms: int, hours: float
) -> dict[str, Any]:
    hits = sum(event.delay is not None for event in events)
    low, high = share_bounds(hits, len(events))
    delays = [event.delay for event in events if event.delay is not None]
    figures: dict[str, Any] = {
        "events": len(events),
        "recall": round(hits / len(events), 3),
        "recall_95": [round(low, 3), round(high, 3)],
        "delay_looks": max(delays, default=None),
        "false_alarms": alarms,
        "upper_95_per_100h": round(100 * rate_upper(alarms, hours), 2),
    }
    for strength in dict.fromkeys(event.strength for event in events):
        those = [event for event in events if event.strength == strength]
        missed = [event for event in those if event.delay is None]
        if missed:
            say(f"  {fault} {strength}: {len(missed)} of {len(those)} missed")
            for event in missed[:12]:
                say(f"    {event.clip} at {event.hour} h: raised {event.raised}")
    if fault in FAULTS:
        peer_hits = sum(bool(event.peer) for event in events)
        peer = round(peer_hits / len(events), 3)
        figures |= {
            "peer_recall": peer,
            "peer_false_alarms": peer_alarms,
            "better_than_peer": (figures["recall"], -alarms) > (peer, -peer_alarms)
            and figures["recall"] >= peer
            and alarms <= peer_alarms,
        }
    return figures
