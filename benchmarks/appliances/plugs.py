"""Days of real plugs, as tracebase has them, second by second; and when they really heated.

Read from the folder `DATA` (a folder with ``manifest.csv``, or one that has it below): whatever
kinds, devices and days the manifest names. What counts as what follows from its ``group``.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import MissingError

Watts = NDArray[np.float32]

DAY_S: Final = 86_400
HELD_S: Final = 60
"""A plug's last reading holds for so long; what lies behind it is unknown."""
ALIKE_W: Final = 20.0
"""A longer silence between readings that differ by no more is taken for standing still."""

HEATS_W: Final = 500.0
REALLY_ON_S: Final = 5
"""A heater that was on for so long was rightly called one, though no interval of 10 s."""


class Group(StrEnum):
    """What a plug counts as."""

    HEATER = "heater"  # forbidden: kettles, irons, toasters, coffee makers
    MICROWAVE = "microwave"  # forbidden or not, by policy
    PULSING = "pulsing"  # keeps itself hot with pulses of 3 s and more, day and night: the same
    WASHING = "washing"  # a motor with a heater: its heater is neither right nor wrong
    COMPRESSOR = "compressor"
    PRINTER = "printer"
    ELECTRONICS = "electronics"


@dataclass(frozen=True)
class Span:
    """From ``begin`` up to ``end``, in seconds of the day."""

    begin: int
    end: int


@dataclass(frozen=True)
class PlugDay:
    """One day of one plug: W by second (NaN = unknown), the intervals of 10 s and more in which it
    really heated, and all spans in which it took much for `REALLY_ON_S` seconds and more.
    """

    group: Group
    kind: str
    device: str
    name: str
    watts: Watts
    heated: tuple[Span, ...]
    took: tuple[Span, ...]


def folder() -> Path:
    """The folder that `DATA` names. Raises `MissingError`."""
    named = os.environ.get("DATA", "")
    if not named or not Path(named).is_dir():
        raise MissingError("DATA names no folder: give the one with power/tracebase in it")
    return Path(named)


def plug_days(root: Path) -> list[PlugDay]:
    """All days of plugs below ``root``. Raises `MissingError` when there is no manifest."""
    manifests = sorted(root.rglob("manifest.csv"))
    days = [day for manifest in manifests for day in _of_manifest(manifest)]
    if not days:
        raise MissingError(f"no manifest.csv of tracebase below {root}")
    return days


def _of_manifest(manifest: Path) -> Iterator[PlugDay]:
    heated: dict[str, list[tuple[str, str]]] = {}
    named = manifest.parent / "heater_on_intervals.csv"
    if named.exists():
        with named.open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                heated.setdefault(row["file"], []).append((row["start"], row["end"]))
    with manifest.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            path = manifest.parent / row["file"]
            group = group_of(row["kind"], row["group"])
            if not path.exists():
                continue
            day, watts = read(path)
            spans = tuple(
                Span(_second(begin, day), _second(end, day) + 1)
                for begin, end in heated.get(row["file"], [])
            )
            took = runs(watts, HEATS_W, REALLY_ON_S)
            if not spans and not named.exists():
                spans = runs(watts, 800, 10)
            yield PlugDay(group, row["kind"], row["device"], path.name, watts, spans, took)


def group_of(kind: str, group: str) -> Group:
    """What a manifest's words mean."""
    text = f"{group} {kind}".lower()
    if "microwave" in text:
        return Group.MICROWAVE
    if "pulse" in text and "fuser" not in text and "heater" in text:
        return Group.PULSING
    if "washing" in text or "motor+heater" in text or "dishwasher" in text:
        return Group.WASHING
    if "heater" in text or "kettle" in text or "prohibited" in text:
        return Group.HEATER
    if "compressor" in text:
        return Group.COMPRESSOR
    if "fuser" in text or "printer" in text:
        return Group.PRINTER
    return Group.ELECTRONICS


def read(path: Path) -> tuple[datetime, Watts]:
    """Midnight of a file's first reading, and its W by second of that day."""
    seconds: list[int] = []
    values: list[float] = []
    day: datetime | None = None
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            moment, watts, *_ = line.split(";")
            date, clock = moment.split()
            if day is None:
                day = datetime.strptime(date, "%d/%m/%Y").replace(tzinfo=UTC)
                first = date
            if date != first:
                continue
            hours, minutes, rest = clock.split(":")
            seconds.append(3600 * int(hours) + 60 * int(minutes) + int(rest))
            values.append(float(watts))
    if day is None:
        raise ValueError(f"{path} has no readings")
    return day, _by_second(np.array(seconds), np.array(values, dtype=np.float32))


def _by_second(seconds: NDArray[np.int64], values: Watts) -> Watts:
    order = np.argsort(seconds, kind="stable")
    seconds, values = seconds[order], values[order]
    every = np.arange(DAY_S)
    found = np.searchsorted(seconds, every, side="right") - 1
    before = np.clip(found, 0, None)
    after = np.clip(found + 1, None, len(seconds) - 1)
    watts = values[before].copy()
    alone = (found < 0) | (every - seconds[before] > HELD_S)
    alike = np.abs(values[before] - values[after]) <= ALIKE_W
    watts[alone & ~alike] = np.nan
    watts[found < 0] = values[0] if values[0] <= ALIKE_W else np.nan
    return watts


def runs(watts: Watts, least: float, seconds: int) -> tuple[Span, ...]:
    """Spans of at least so many seconds at ``least`` W or more."""
    on = np.concatenate(([False], np.nan_to_num(watts) >= least, [False]))
    edges = np.flatnonzero(on[1:] != on[:-1])
    return tuple(
        Span(int(begin), int(end))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
        if end - begin >= seconds
    )


def _second(text: str, day: datetime) -> int:
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return int((moment - day).total_seconds())
