"""How well slow faults of sensors are found, and how seldom where there are none.

The folder `DATA` holds recordings of rooms in which nothing is wrong with the sensors: files with a
time and a temperature, one column a sensor or a number of the node (`_read` says which forms are
understood). First each recording is played as it is: whatever is raised is a false alarm. That is
little time, so rooms are composed of it, too: the longest recording, day by day in an order drawn
at random, is what happened in a building; each sensor of it has a lag, a gain, an error, a noise
and a step of its own, all of them within what healthy sensors have. Then each fault is injected,
again and again, and must be raised under its name. `SEED` draws (default 1), `ROOMS` is how many
rooms of six sensors, for 42 days each (default 12).
"""

from __future__ import annotations

import csv
import math
import os
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from alerts.neighbours import DAY, HOUR, LOOK_BACK, compare
from alerts.rules import bind
from alerts.rules.out_of_calibration import VALUE, said_of
from alerts.rules.rule import DeviceState, Hearing, Rule
from benchmarks.camera_quality.bounds import rate_upper, share_bounds
from benchmarks.measure import MissingError, say
from devices.model import Device
from devices.reading import Channel, Origin, Reading

LEAST_RECALL: Final = 0.9
MOST_A_YEAR: Final = 1.0
"""False alarms a sensor-year: the upper bound on composed rooms is held against it."""

SENSORS: Final = 6
DAYS: Final = 42
BEGINS: Final = 28
"""Day on which an injected fault begins."""

_MINUTE: Final = 60_000
_YEAR_H: Final = 24 * 365.25
_START: Final = 1_790_000_000_000 // DAY * DAY
_CONDITIONS: Final = ("stuck", "noisy", "out_of_calibration", "drifting")
_EVERY: Final = (2, 5, 10)
_STEPS: Final = (0.01, 0.1, 0.5)

Series = list[tuple[int, float]]
"""Time (ms) and temperature (°C), oldest first."""

Fault = Callable[[int, float, random.Random], float]
"""What a faulty sensor makes of a value, so many ms after its fault began."""


def main() -> dict[str, Any]:
    """Per fault: recall with bounds and delay; false alarms on recordings and composed rooms."""
    seed, rooms = int(os.environ.get("SEED", "1")), int(os.environ.get("ROOMS", "12"))
    recordings = _recordings(_folder())
    figures: dict[str, Any] = {"seed": seed}
    as_they_are = [_alone(series) for series in recordings]
    hours = sum((series[-1][0] - series[0][0]) / HOUR for series in recordings)
    figures |= _false("recorded", [one for found in as_they_are for one in found], hours)
    longest = max(recordings, key=lambda series: series[-1][0] - series[0][0])
    healthy: list[tuple[str, int]] = []
    for room in range(rooms):
        healthy += [one for found in _watched(_room(longest, seed, room)) for one in found]
    figures |= _false("composed", healthy, rooms * SENSORS * DAYS * 24)
    recalls = [
        _recall(name, condition, fault, longest, seed, rooms, figures)
        for name, (condition, fault) in FAULTS.items()
    ]
    least = min(recalls)
    upper = figures["composed_false_a_year_upper"]
    return {**figures, "holds": least >= LEAST_RECALL and upper <= MOST_A_YEAR}


def _offset(by: float) -> Fault:
    return lambda _after, value, _draw: value + by


FAULTS: Final[dict[str, tuple[tuple[str, ...], Fault]]] = {
    "stuck": (("stuck",), lambda _after, _value, _draw: 21.3),
    "noisy_4": (("noisy",), lambda _after, value, draw: value + draw.gauss(0, 4)),
    "noisy_rare": (
        ("noisy",),
        lambda _after, value, draw: value + (draw.choice((-15, 15)) if draw.random() < 0.3 else 0),
    ),
    "off_3": (("out_of_calibration",), _offset(3.0)),
    "off_minus_4": (("out_of_calibration",), _offset(-4.0)),
    "gain": (("out_of_calibration",), lambda _after, value, _draw: 1.25 * value - 1.0),
    "drift_0.3_a_day": (
        ("drifting", "out_of_calibration"),
        lambda after, value, _draw: value + 0.3 * after / DAY,
    ),
}
"""What is injected, and under which condition it counts as found."""


def _false(name: str, found: Sequence[tuple[str, int]], hours: float) -> dict[str, Any]:
    years = hours / _YEAR_H
    upper = rate_upper(len(found), years)
    by = {each: sum(one == each for one, _ in found) for each in _CONDITIONS}
    say(
        f"{name}: {len(found)} false alarms in {years:.3f} sensor-years (≤ {upper:.2f} a year) {by}"
    )
    return {
        f"{name}_sensor_years": round(years, 3),
        f"{name}_false": len(found),
        f"{name}_false_a_year_upper": round(upper, 2),
    }


def _recall(
    name: str,
    conditions: tuple[str, ...],
    fault: Fault,
    longest: Series,
    seed: int,
    rooms: int,
    figures: dict[str, Any],
) -> float:
    hits, delays = 0, []
    began = _START + BEGINS * DAY
    for room in range(rooms):
        sensors = _room(longest, seed, room, fault)
        found = _watched(sensors, only=(0,))[0]
        after = [at - began for condition, at in found if condition in conditions and at > began]
        if after:
            hits += 1
            delays.append(after[0] / HOUR)
    low, high = share_bounds(hits, rooms)
    delay = round(median(delays), 1) if delays else None
    say(f"{name}: {hits} of {rooms} found ({low:.2f} to {high:.2f}), after {delay} h")
    figures[name] = round(hits / rooms, 3)
    figures[f"{name}_bounds"] = [round(low, 3), round(high, 3)]
    figures[f"{name}_delay_h"] = delay
    return hits / rooms


class Watched:
    """A sensor with the rules of this page, as the gateway would judge it."""

    def __init__(self) -> None:
        self.state = DeviceState(Device("school", "sensor", "temperature"), Hearing(0, True), 0)
        self.alone = [(rule, rule.memory()) for rule in bind({"noisy": {}, "stuck": {}})]
        (self.beside,) = bind({"out_of_calibration": {}})
        self.memory = self.beside.memory()
        self.found: list[tuple[str, int]] = []

    def says(self, at: int, value: float) -> None:
        """One reading."""
        reading = Reading(Channel.TELEMETRY, {"temperature_c": value}, at, b"", at=at, happened=at)
        for rule, memory in self.alone:
            self._take(rule, memory, reading, at)

    def compared(self, own: dict[int, float], others: Sequence[dict[int, float]], at: int) -> None:
        """What the gateway finds once an hour."""
        comparison = compare(own, others, at)
        if comparison is None:
            return
        values = {VALUE: said_of("temperature_c", comparison, room=True)}
        reading = Reading(Channel.TELEMETRY, values, at, b"", happened=at, origin=Origin.PROBE)
        self._take(self.beside, self.memory, reading, at)

    def _take(self, rule: Rule, memory: Any, reading: Reading, at: int) -> None:
        outcome = rule.judge(memory, self.state, reading, at)
        for finding in outcome.findings if outcome else ():
            if finding.active:
                self.found.append((finding.condition, at))


def _alone(series: Series) -> list[tuple[str, int]]:
    watched = Watched()
    for at, value in series:
        watched.says(at, value)
    return watched.found


def _watched(sensors: Sequence[Series], only: Sequence[int] | None = None) -> list[Any]:
    """What is raised of each sensor of a room (of those with the numbers ``only``)."""
    wanted = range(len(sensors)) if only is None else only
    hours = [_hours(series) for series in sensors]
    results = []
    for number in wanted:
        watched = Watched()
        others = [each for other, each in enumerate(hours) if other != number]
        due = sensors[number][0][0] // DAY * DAY + 3 * DAY
        for at, value in sensors[number]:
            if at >= due:
                # Four times a day instead of hourly: the median of days changes no faster.
                near = range(due - LOOK_BACK * DAY, due, HOUR)
                own = {start: hours[number][start] for start in near if start in hours[number]}
                watched.compared(own, others, due)
                due += 6 * HOUR
            watched.says(at, value)
        results.append(watched.found)
    return results


def _hours(series: Series) -> dict[int, float]:
    sums: dict[int, tuple[float, int]] = {}
    for at, value in series:
        total, count = sums.get(at // HOUR * HOUR, (0.0, 0))
        sums[at // HOUR * HOUR] = (total + value, count + 1)
    return {start: total / count for start, (total, count) in sums.items()}


class _Sensor(msgspec.Struct, frozen=True):
    lag: int
    gain: float
    error: float
    noise: float
    step: float
    every: int


def _room(longest: Series, seed: int, room: int, fault: Fault | None = None) -> list[Series]:
    """Sensors of one room for `DAYS` days; the first has the fault, from the day `BEGINS` on."""
    draw = random.Random(f"{seed}/{room}")
    by_minute = _by_minute(longest)
    whole = len(by_minute) // 1440
    order = [draw.randrange(whole) for _ in range(DAYS)]
    course = [by_minute[1440 * day + minute] for day in order for minute in range(1440)]
    middle = median(course)
    sensors = []
    for number in range(SENSORS):
        sensor = _Sensor(
            lag=draw.randrange(20),
            gain=draw.uniform(0.85, 1.15),
            error=draw.uniform(-0.5, 0.5),
            noise=draw.uniform(0.0, 0.1),
            step=draw.choice(_STEPS),
            every=draw.choice(_EVERY),
        )
        own = fault if number == 0 else None
        sensors.append(
            _sensed(course, middle, sensor, random.Random(f"{seed}/{room}/{number}"), own)
        )
    return sensors


def _sensed(
    course: Sequence[float],
    middle: float,
    sensor: _Sensor,
    draw: random.Random,
    fault: Fault | None,
) -> Series:
    series = []
    for minute in range(0, len(course), sensor.every):
        true = course[max(0, minute - sensor.lag)]
        value = middle + sensor.gain * (true - middle) + sensor.error + draw.gauss(0, sensor.noise)
        after = minute * _MINUTE - BEGINS * DAY
        if fault is not None and after >= 0:
            value = fault(after, value, draw)
        series.append(
            (_START + minute * _MINUTE, round(round(value / sensor.step) * sensor.step, 3))
        )
    return series


def _by_minute(series: Series) -> list[float]:
    """The value of each minute, the last one where there is none."""
    found, place = [], 0
    for at in range(series[0][0], series[-1][0] + 1, _MINUTE):
        while place + 1 < len(series) and series[place + 1][0] <= at:
            place += 1
        found.append(series[place][1])
    return found


def _folder() -> Path:
    named = os.environ.get("DATA", "")
    if not named:
        raise MissingError(
            "no recordings: name a folder with temperatures of rooms, "
            "`make bench BENCH=slow_faults DATA=folder`"
        )
    if not Path(named).is_dir():
        raise MissingError(f"DATA={named} is no folder")
    return Path(named)


def _recordings(folder: Path) -> list[Series]:
    """One series a sensor; raises `MissingError` when none is as long as two days."""
    found = [
        series
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in {".csv", ".txt"}
        for series in _read(path)
    ]
    for series in found:
        say(f"a recording of {(series[-1][0] - series[0][0]) / HOUR:.1f} h, {len(series)} readings")
    if not any(series[-1][0] - series[0][0] >= 2 * DAY for series in found):
        raise MissingError("no recording of a temperature is as long as two days")
    return found


def _read(path: Path) -> Iterable[Series]:
    """Two forms: a header with ``date`` (taken as UTC) and ``Temperature``, before whose columns
    one of numbers may stand; or none, with the time in ms second, the node fourth and the
    temperature fifth.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, skipinitialspace=True))
    if len(rows) < 2:
        return []
    header = [name.lower() for name in rows[0]]
    if "date" in header and "temperature" in header:
        more = len(rows[1]) - len(header)
        when, what = header.index("date") + more, header.index("temperature") + more
        return [[(_ms(row[when]), float(row[what])) for row in rows[1:]]]
    nodes: dict[str, Series] = {}
    for row in rows:
        try:
            at, node, value = int(row[1]), row[3], float(row[4])
        except (ValueError, IndexError):
            return []  # another form
        if math.isfinite(value):
            nodes.setdefault(node, []).append((at, value))
    return [sorted(series) for series in nodes.values()]


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
