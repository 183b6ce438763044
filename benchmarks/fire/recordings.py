"""Recordings of real fires, and of rooms in which nothing burnt, as series of readings."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import MissingError

Column = NDArray[np.float64]

CALM_S: Final = 2400
"""Recordings of fires begin at the ignition or shortly before; so long before it, devices tell of
a calm room: the first values, with a sensor's noise."""

CLEAN_AIR: Final = 0.3
"""%/m that a clean chamber reads; ours."""


@dataclass(slots=True)
class Series:
    """What there is to be measured at one place, second by second or slower; NaN = not measured.

    ``at`` is in s, ``smoke`` in %/m, ``temperature`` in °C, ``humidity`` in %.
    """

    name: str
    at: Column
    smoke: Column | None
    temperature: Column
    humidity: Column | None = None


@dataclass(slots=True)
class Fire:
    """A room in which something burnt from second 0 on; ``alarms`` are the real alarms' seconds by
    their names (``Ion1``, ``Pho1`` …), empty where none was there."""

    series: Series
    alarms: dict[str, float]


def folder() -> Path:
    """The folder `DATA`. Raises `MissingError` when it is not there."""
    named = os.environ.get("DATA", "")
    if not named or not Path(named).is_dir():
        raise MissingError(
            "the recordings are not there: set DATA to the folder that holds fire/ and climate/"
        )
    return Path(named)


def houses(data: Path, seed: int) -> list[Fire]:
    """Each room of NIST's houses with an optical smoke meter, and the alarms beside it.

    Smoke and temperature are the highest of the room, where detectors hang. Optical density
    (1/m, to the base of ten) becomes obscuration in %/m.
    """
    base = data / "fire" / "nist-home-smoke-alarms"
    if not base.is_dir():
        raise MissingError(f"{base} is not there")
    sounded = _rows(base / "Activation_Times.csv")[0]
    fires = []
    for path in sorted(base.glob("NIST_Smoke_Alarms_*.csv")):
        experiment = path.stem.rpartition("_")[2]
        rows = _rows(path)
        at = _column(rows, "TIME")
        for room in "ABCDE":
            alarms = {
                name.removeprefix(f"{experiment}-")[:-1]: float(second)
                for name, second in sounded.items()
                if name.startswith(f"{experiment}-") and name.endswith(room)
            }
            if not alarms or f"SM{room}_1" not in rows[0]:
                continue
            density = np.maximum(_column(rows, f"SM{room}_1"), 0)
            smoke = np.asarray(100 * (1 - 10**-density), np.float64)
            series = Series(f"{experiment} {room}", at, smoke, _column(rows, f"TC{room}_1"))
            fires.append(Fire(_after_calm(series, seed), alarms))
    return fires


def compartments(data: Path, seed: int) -> list[Fire]:
    """The four corners of FSRI's compartment: temperatures 25 mm below the ceiling, no smoke."""
    base = data / "fire" / "fsri-compartments-2018"
    if not base.is_dir():
        raise MissingError(f"{base} is not there")
    fires = []
    for path in sorted(base.glob("*.csv")):
        events = path.with_name(f"{path.stem}_Events.csv")
        if not events.exists():
            continue
        rows = _rows(path)
        ignition = datetime.fromisoformat(_iso(_rows(events)[0]["Time"]))
        first = datetime.fromisoformat(rows[0]["Timestamp"])
        before = (ignition - first).total_seconds()
        at = np.asarray(np.arange(len(rows)) - before, np.float64)
        for quadrant in "ABCD":
            name = f"Quadrant {quadrant} Temperature 25 mm Below Ceiling"
            if name in rows[0]:
                series = Series(f"{path.stem} {quadrant}", at, None, _column(rows, name))
                fires.append(Fire(_after_calm(series, seed), {}))
    return fires


def rooms(data: Path) -> list[Series]:
    """Rooms without any fire: temperature and humidity; they had no smoke meter."""
    base = data / "climate"
    if not base.is_dir():
        raise MissingError(f"{base} is not there")
    found = []
    for path in sorted(base.glob("uci-occupancy/*.txt")):
        rows = _unnumbered(path)
        at = np.array([datetime.fromisoformat(row[1]).timestamp() for row in rows])
        temperature = np.array([float(row[2]) for row in rows])
        humidity = np.array([float(row[3]) for row in rows])
        found.append(Series(path.stem, at - at[0], None, temperature, humidity))
    for path in sorted(base.glob("room-climate/*.csv")):
        with path.open(encoding="utf-8") as lines:
            measured = [[float(each) for each in row] for row in csv.reader(lines) if row]
        for node in sorted({row[3] for row in measured}):
            own = np.array([row for row in measured if row[3] == node])
            at = (own[:, 1] - own[0, 1]) / 1000
            found.append(Series(f"{path.stem} {node:.0f}", at, None, own[:, 4], own[:, 5]))
    return found


def with_clean_air(series: Series, seed: int) -> Series:
    """The same room, with the smoke that a chamber reads when there is none."""
    noise = np.random.default_rng(seed).normal(0, 0.1, len(series.at))
    smoke = np.maximum(CLEAN_AIR + noise, 0)
    return Series(series.name, series.at, smoke, series.temperature, series.humidity)


def _after_calm(series: Series, seed: int) -> Series:
    random = np.random.default_rng(seed)
    at = np.arange(-CALM_S, series.at[0], 2.0)
    temperature = series.temperature[0] + random.normal(0, 0.1, len(at))
    smoke = series.smoke
    if smoke is not None:
        calm = np.maximum(smoke[:5].mean() + random.normal(0, 0.1, len(at)), 0)
        smoke = np.concatenate([calm, smoke])
    return Series(
        series.name,
        np.concatenate([at, series.at]),
        smoke,
        np.concatenate([temperature, series.temperature]),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _unnumbered(path: Path) -> list[list[str]]:
    """Rows below a heading that lacks the name of the rows' number."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [row for row in list(csv.reader(lines))[1:] if row]


def _column(rows: list[dict[str, str]], name: str) -> Column:
    values = np.array([float(row[name] or "nan") for row in rows])
    known = np.isfinite(values)
    return np.asarray(
        np.interp(np.arange(len(values)), np.flatnonzero(known), values[known]), np.float64
    )


def _iso(time: str) -> str:
    """FSRI writes 2018-11-29-12:14:01."""
    return f"{time[:10]}T{time[11:]}"
