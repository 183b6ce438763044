"""Feeders of ten rooms for a week, composed of whole days of real plugs.

Each room has plugs of its own; each day of the week each plug lives one of its recorded days,
shifted by up to an hour and a half. The feeder's meter reads the sum at irregular times, loses
readings, and is silent for minutes or hours now and then, as its seed says.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.appliances.plugs import DAY_S, Group, PlugDay, Span

ROOMS: Final = 10
DAYS: Final = 7
SHIFT_S: Final = 5400
INTERVALS_S: Final = (1.0, 2.0, 3.0, 5.0, 7.0, 9.0)
"""Mean time between readings, one for each feeder; single ones are 0.5 to 1.5 times as long, and
10 s at most."""
LOST: Final = 0.01
NOISE: Final = 0.003
"""Of the power: a meter of class 0.5 and the mains voltage."""

ELECTRONICS: Final = "electronics"

SHARES: Final = {
    "WaterKettle": 0.5,
    "Iron": 0.2,
    "Toaster": 0.15,
    "Coffeemaker": 0.2,
    "BeanToCupCoffeemaker": 0.01,
    "MicrowaveOven": 0.3,
    "Refrigerator": 0.35,
    "Printer": 0.2,
    "Washingmachine": 0.05,
}
"""How likely a room has one, as long as there are plugs left. Of kinds not named: heaters 0.3,
others 0.15. One to three pieces of electronics each room has in any case."""


@dataclass(frozen=True)
class Truth:
    """A plug took much from ``begin`` to ``end`` (s since the week's begin)."""

    group: Group
    kind: str
    begin: int
    end: int


@dataclass(frozen=True)
class FeederWeek:
    """What the meter said, and what was on.

    ``seconds`` and ``watts`` are its readings, ``heated`` the true intervals, ``took`` all spans of
    much power, ``plugs`` how many there are, ``at_once`` how many took 5 W or more at the most.
    """

    seed: int
    interval_s: float
    seconds: NDArray[np.float64]
    watts: NDArray[np.float64]
    heated: tuple[Truth, ...]
    took: tuple[Truth, ...]
    plugs: int
    at_once: int


def compose(
    days: list[PlugDay], seed: int, rooms: int = ROOMS, *, pulsing: bool = False
) -> FeederWeek:
    """One feeder of so many rooms for a week, of these days.

    ``pulsing``: surely with a machine that pulses all day, if there is one among them.
    """
    random = Random(seed)
    by_plug: dict[tuple[str, str], list[PlugDay]] = {}
    for day in days:
        by_plug.setdefault((day.kind, day.device), []).append(day)
    plugs = _furnish(by_plug, random, rooms)
    if pulsing:
        machines = [plug for plug in sorted(by_plug) if by_plug[plug][0].group is Group.PULSING]
        plugs += [plug for plug in machines[:1] if plug not in plugs]
    total = np.zeros(DAYS * DAY_S, dtype=np.float32)
    unknown = np.zeros(DAYS * DAY_S, dtype=bool)
    on = np.zeros(DAYS * DAY_S, dtype=np.int16)
    heated: list[Truth] = []
    took: list[Truth] = []
    for plug in plugs:
        for number in range(DAYS):
            day = random.choice(by_plug[plug])
            shift = random.randint(-SHIFT_S, SHIFT_S)
            first = number * DAY_S
            lived = np.roll(day.watts, shift)
            span = slice(first, first + DAY_S)
            unknown[span] |= np.isnan(lived)
            total[span] += np.nan_to_num(lived)
            on[span] += lived >= 5
            heated += _shifted(day, day.heated, shift, first, whole=True)
            took += _shifted(day, day.took, shift, first, whole=False)
    interval = random.choice(INTERVALS_S)
    seconds = _read_at(random, interval)
    seconds = seconds[~unknown[seconds.astype(np.int64)]]
    watts = total[seconds.astype(np.int64)].astype(np.float64)
    noise = np.random.default_rng(seed).normal(0, 1, len(watts))
    watts = np.round(watts + noise * (NOISE * watts + 1))
    return FeederWeek(
        seed,
        interval,
        seconds,
        watts,
        tuple(heated),
        tuple(took),
        len(plugs),
        int(on.max()),
    )


def _furnish(
    by_plug: dict[tuple[str, str], list[PlugDay]], random: Random, rooms: int
) -> list[tuple[str, str]]:
    """Which plugs the rooms have; none is there twice."""
    groups = {plug: days[0].group for plug, days in by_plug.items()}
    left: dict[str, list[tuple[str, str]]] = {}
    for plug in sorted(by_plug):
        known = ELECTRONICS if groups[plug] is Group.ELECTRONICS else plug[0]
        left.setdefault(known, []).append(plug)
    for some in left.values():
        random.shuffle(some)
    plugs: list[tuple[str, str]] = []
    for _ in range(rooms):
        for kind, some in left.items():
            if kind == ELECTRONICS:
                wanted = random.randint(1, 3)
            else:
                usual = 0.3 if some and groups[some[0]] is Group.HEATER else 0.15
                wanted = random.random() < SHARES.get(kind, usual)
            plugs += [some.pop() for _ in range(min(wanted, len(some)))]
    return plugs


def _shifted(
    day: PlugDay, spans: tuple[Span, ...], shift: int, first: int, *, whole: bool
) -> list[Truth]:
    """``whole``: without what midnight cuts in two, else with both parts of it."""
    found = []
    for span in spans:
        begin = (span.begin + shift) % DAY_S
        end = begin + span.end - span.begin
        if end > DAY_S and whole:
            continue
        found.append(Truth(day.group, day.kind, first + begin, first + min(end, DAY_S)))
        if end > DAY_S:
            found.append(Truth(day.group, day.kind, first, first + end - DAY_S))
    return found


def _read_at(random: Random, interval: float) -> NDArray[np.float64]:
    """When the meter reads."""
    generator = np.random.default_rng(random.getrandbits(32))
    count = int(DAYS * DAY_S / interval * 1.2)
    waits = np.clip(interval * generator.uniform(0.5, 1.5, count), 1.0, 10.0)
    moments = np.cumsum(waits)
    moments = moments[moments < DAYS * DAY_S]
    moments = moments[generator.random(len(moments)) >= LOST]
    for _ in range(3 * DAYS):
        begin = random.uniform(0, DAYS * DAY_S)
        moments = moments[(moments < begin) | (moments > begin + random.uniform(60, 1200))]
    begin = random.uniform(0, DAYS * DAY_S)
    return moments[(moments < begin) | (moments > begin + random.uniform(3600, 4 * 3600))]
