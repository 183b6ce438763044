"""What is no fire and looks like one: steam, cooking, sun, heating, dust, drawn from seeds.

The figures are ours, but for cooking: UL 217 (8th edition) wants no alarm from cooking below
1.5 % a foot, which is 4.8 %/m. Temperatures are those of the air below the ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.fire.recordings import CLEAN_AIR, Column, Series

STEP_S: Final = 5.0
HOUR: Final = 3600
DAY: Final = 24 * HOUR
COOKING_PCT_M: Final = 4.8


@dataclass(frozen=True, slots=True)
class Climate:
    """What a room is like: mean temperature (°C) and humidity (%), by how much the day moves the
    temperature, and at which hour it is warmest."""

    temperature: float
    humidity: float
    swing: float
    peak: float

    @classmethod
    def drawn(cls, random: np.random.Generator) -> Climate:
        """Any room's."""
        return cls(
            random.uniform(15, 26),
            random.uniform(30, 65),
            random.uniform(0.5, 3.0),
            random.uniform(13, 16),
        )


class Room:
    """A room for so many seconds, with nothing going on in it but the weather and its sensors'
    noise; nuisances are added to it."""

    def __init__(
        self,
        random: np.random.Generator,
        seconds: float,
        start: float = 0.0,
        climate: Climate | None = None,
    ) -> None:
        self.random = random
        self.at: Column = np.arange(start, start + seconds, STEP_S)
        climate = climate or Climate.drawn(random)
        daily = climate.swing * np.cos((self.at / HOUR - climate.peak) / 24 * 2 * np.pi)
        self.temperature: Column = climate.temperature + daily
        self.humidity: Column = climate.humidity - 2 * daily
        self.smoke: Column = np.full(len(self.at), CLEAN_AIR)

    def series(self, name: str, *, hygrometer: bool = True) -> Series:
        """What its sensors measure."""
        size = len(self.at)
        smoke = np.clip(self.smoke + self.random.normal(0, 0.15, size), 0, 100)
        temperature = self.temperature + self.random.normal(0, 0.1, size)
        humidity = np.clip(self.humidity + self.random.normal(0, 0.5, size), 0, 99)
        return Series(name, self.at, smoke, temperature, humidity if hygrometer else None)

    def rise(self, begin: float, lasts: float, by: float, tau: float) -> Column:
        """Something that comes at ``begin`` and goes ``lasts`` seconds later, each as slowly as
        ``tau`` (s)."""
        since = np.maximum(self.at - begin, 0)
        until = np.maximum(self.at - begin - lasts, 0)
        end = 1 - np.exp(-lasts / tau)
        up = 1 - np.exp(-np.minimum(since, lasts) / tau)
        return by * np.where(until > 0, end * np.exp(-until / tau), up)

    def puffs(self, begin: float, lasts: float, by: float) -> Column:
        """Smoke that comes in puffs of 20 to 90 s, the largest of them ``by`` %/m."""
        random = self.random
        puffs = np.zeros(len(self.at))
        at = begin
        while at < begin + lasts:
            length = random.uniform(20, 90)
            strength = by * random.uniform(0.3, 1.0)
            puffs = np.maximum(puffs, self.rise(at, length, strength, random.uniform(8, 25)))
            at += length * random.uniform(0.8, 2.0)
        return np.minimum(puffs, by)


def steam(room: Room, begin: float) -> None:
    """A hot shower: the air grows wet within minutes, then the chamber sees droplets."""
    random = room.random
    lasts = random.uniform(300, 900)
    wet = random.uniform(25, 60)
    room.humidity += room.rise(begin, lasts, wet, random.uniform(40, 150))
    room.humidity = np.minimum(room.humidity, 99)
    late = random.uniform(30, 120)
    droplets = random.uniform(2, 25)
    room.smoke = room.smoke + room.rise(begin + late, lasts - late, droplets, 90)
    room.temperature = room.temperature + room.rise(
        begin, lasts, random.uniform(1, 5), random.uniform(180, 360)
    )


def cooking(room: Room, begin: float) -> None:
    """Frying: puffs of smoke up to what UL 217 asks to bear, and a slow warming."""
    random = room.random
    lasts = random.uniform(300, 1800)
    most = random.uniform(1.5, COOKING_PCT_M)
    room.smoke = room.smoke + room.puffs(begin + 120, lasts - 120, most - CLEAN_AIR)
    room.temperature = room.temperature + room.rise(
        begin, lasts, random.uniform(1, 4.5), random.uniform(240, 600)
    )
    room.humidity = room.humidity + room.rise(begin, lasts, random.uniform(0, 12), 300)


def burnt_toast(room: Room, begin: float) -> None:
    """Heavy smoke for a minute or two, hardly any heat."""
    random = room.random
    smoke = random.uniform(5, 18)
    lasts = random.uniform(30, 120)
    room.smoke = room.smoke + room.rise(begin, lasts, smoke, random.uniform(15, 40))
    room.temperature = room.temperature + room.rise(begin - 60, 180, random.uniform(0.2, 1.5), 120)


def sun(room: Room, begin: float) -> None:
    """The sun shines on the sensor's wall, with clouds between."""
    random = room.random
    until = begin + random.uniform(2400, 10_800)
    while begin < until:
        lasts = random.uniform(600, 3600)
        room.temperature = room.temperature + room.rise(
            begin, lasts, random.uniform(3, 9), random.uniform(300, 900)
        )
        begin += lasts + random.uniform(120, 900)


def heating(room: Room, begin: float) -> None:
    """Warm air is blown in, and stirs up a little dust."""
    random = room.random
    room.temperature = room.temperature + room.rise(
        begin, random.uniform(600, 2400), random.uniform(1.5, 6), random.uniform(150, 480)
    )
    room.smoke = room.smoke + room.rise(begin, 300, random.uniform(0, 1.2), 30)


def sweeping(room: Room, begin: float) -> None:
    """Dust in the air, no heat."""
    random = room.random
    room.smoke = room.smoke + room.puffs(
        begin, random.uniform(60, 240), random.uniform(2, 12) - CLEAN_AIR
    )


KINDS: Final = {
    "steam": steam,
    "cooking": cooking,
    "burnt_toast": burnt_toast,
    "sun": sun,
    "heating": heating,
    "sweeping": sweeping,
}

A_DAY: Final = {
    "steam": 0.3,
    "cooking": 0.5,
    "burnt_toast": 0.02,
    "sun": 0.5,
    "heating": 4.0,
    "sweeping": 0.3,
}
"""How often a day it happens in a lived-in room; ours."""


def once(kind: str, random: np.random.Generator, *, hygrometer: bool = True) -> Series:
    """Three hours of a room in which one thing happens."""
    room = Room(random, 3 * HOUR, random.uniform(0, DAY))
    KINDS[kind](room, room.at[0] + random.uniform(0.8, 1.2) * HOUR)
    return room.series(kind, hygrometer=hygrometer)


def cooking_while_it_is_heated(random: np.random.Generator) -> Series:
    """Both at once: each brings half of what a fire brings."""
    room = Room(random, 3 * HOUR, random.uniform(0, DAY))
    begin = room.at[0] + HOUR
    cooking(room, begin)
    heating(room, begin + random.uniform(-600, 600))
    return room.series("cooking_and_heating")


def dirty(random: np.random.Generator, days: int) -> Series:
    """A chamber that gets dirty, by 2 to 5 %/m in so many days, in a room that is heated."""
    room = ordinary(random, days, only=("heating", "sun"))
    grown = random.uniform(2, 5) * (room.at - room.at[0]) / (room.at[-1] - room.at[0])
    room.smoke = room.smoke + grown
    return room.series("dirty")


def ordinary(random: np.random.Generator, days: int, only: tuple[str, ...] = tuple(A_DAY)) -> Room:
    """Ordinary days in a lived-in room, with everything in its time."""
    climate = Climate.drawn(random)
    parts = [_day(random, day, only, climate) for day in range(days)]
    room = parts[0]
    for name in ("at", "temperature", "humidity", "smoke"):
        setattr(room, name, np.concatenate([getattr(part, name) for part in parts]))
    return room


def _day(random: np.random.Generator, day: int, only: tuple[str, ...], climate: Climate) -> Room:
    room = Room(random, DAY, day * DAY, climate)
    for kind in only:
        for _ in range(random.poisson(A_DAY[kind])):
            KINDS[kind](room, day * DAY + random.uniform(1, 19) * HOUR)
    return room
