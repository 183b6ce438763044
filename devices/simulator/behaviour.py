"""What a device of each kind would measure at a moment: day curves, noise, batteries, and what a
scenario does to them.

Everything is a pure function of the device, the seed and the time, so that any moment can be asked
for in any order and at any speed. Levels are plausible for a school; nothing here is a standard's.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from typing import Final

import msgspec

from devices.model import Device
from devices.reading import Value

INTERVALS: Final[dict[str, int]] = {
    "smoke": 120_000,
    "temperature": 60_000,
    "smoke-temperature": 60_000,
    "electrical": 15_000,
    "alarm-button": 300_000,
    "camera": 60_000,
    "repeater": 60_000,
    "recorder": 300_000,
}
"""How often a simulated device of a kind speaks, in ms; no slower than `config/kinds` expects."""

FIRMWARE: Final[dict[str, tuple[str, str]]] = {
    "smoke": ("XH-S1", "2.4.1"),
    "temperature": ("XH-T2", "1.9.0"),
    "smoke-temperature": ("XH-ST3", "2.0.3"),
    "electrical": ("XH-E33", "4.1.7"),
    "alarm-button": ("XH-B1", "1.2.2"),
    "camera": ("XH-C4", "5.6.0"),
    "repeater": ("XH-R2", "3.3.1"),
    "recorder": ("XH-N16", "5.6.0"),
}
"""Invented model and firmware by kind."""

MAINS_POWERED: Final = frozenset({"electrical", "camera", "recorder"})
"""Kinds that fall silent with the mains; repeaters go on from a battery."""

LOCAL_OFFSET: Final = 8 * 3_600_000
"""China Standard Time; no summer time."""

_MINUTE: Final = 60_000
_HOUR: Final = 3_600_000
_DAY: Final = 86_400_000


class Conditions(msgspec.Struct, frozen=True):
    """What a scenario does to one device at one moment; the default is an ordinary day.

    ``reachable``: its messages get through; ``buffers``: it keeps them meanwhile and sends them
    later, oldest first. ``powered``: its mains are on. ``heat_c`` and ``smoke_pct_m`` come on top
    of the ordinary, ``battery_pct`` replaces it. ``clock_error_ms``: positive = its clock is fast.
    ``interval_ms``: it speaks this often for now.
    """

    reachable: bool = True
    buffers: bool = False
    powered: bool = True
    heat_c: float = 0.0
    smoke_pct_m: float = 0.0
    battery_pct: float | None = None
    clock_error_ms: int = 0
    interval_ms: int | None = None


ORDINARY: Final = Conditions()
SMOKE_ALARM_PCT_M: Final = 10.0
"""Obscuration at which the simulated detectors alarm (within the range EN 54-7 tests for)."""


def measure(
    device: Device, seed: int, now: int, conditions: Conditions = ORDINARY
) -> dict[str, Value]:
    """What the device would report of itself at ``now`` (ms), in the native format's keys."""
    return _KINDS[device.kind](_Sample(device, seed, now, conditions))


def is_silenced(device: Device, conditions: Conditions) -> bool:
    """Whether it cannot even measure, because its mains are off."""
    return not conditions.powered and device.kind in MAINS_POWERED


class _Sample:
    """One device at one moment, with its own repeatable noise."""

    __slots__ = ("conditions", "device", "identity", "local", "now", "place")

    def __init__(self, device: Device, seed: int, now: int, conditions: Conditions) -> None:
        self.device = device
        self.now = now
        self.local = now + LOCAL_OFFSET
        self.conditions = conditions
        self.identity = zlib.crc32(f"{seed}/{device.school}/{device.id}".encode())
        self.place = device.place or ""

    def fixed(self, name: str) -> float:
        """A number in [0, 1) that is the device's own and never changes."""
        return zlib.crc32(name.encode(), self.identity) / 2**32

    def noise(self, name: str, period: int) -> float:
        """A number in [-1, 1] that wanders with about that period (ms)."""
        step, within = divmod(self.now, period)
        salt = zlib.crc32(name.encode(), self.identity)
        before = zlib.crc32(struct.pack("<q", step), salt) / 2**31 - 1
        after = zlib.crc32(struct.pack("<q", step + 1), salt) / 2**31 - 1
        share = within / period
        smooth = share * share * (3 - 2 * share)
        return before + (after - before) * smooth

    @property
    def hour(self) -> float:
        """The local hour of the day, 0 to 24."""
        return (self.local % _DAY) / _HOUR

    def occupancy(self) -> float:
        """How busy the place is, 0 to 1: lessons, meals, evenings in dormitories, weekends."""
        weekend = (self.local // _DAY + 3) % 7 >= 5  # 1970-01-01 was a Thursday
        hour = self.hour
        if self.place.startswith("dorm"):
            return max(_hump(hour, 6.5, 1.0), _hump(hour, 21.0, 2.2), 0.5 * _hump(hour, 12.8, 0.8))
        if self.place.startswith("canteen"):
            meals = max(_hump(hour, 7.0, 0.7), _hump(hour, 12.0, 0.9), _hump(hour, 18.0, 0.8))
            return meals * (0.4 if weekend else 1.0)
        lessons = max(_hump(hour, 9.8, 2.0), _hump(hour, 15.2, 1.8))
        return lessons * (0.1 if weekend else 1.0)

    def radio(self) -> dict[str, Value]:
        """Battery and signal of a wireless device."""
        battery = self.conditions.battery_pct
        if battery is None:
            # Two to three years a battery, each somewhere on its way, never near its end.
            lifetime = (700 + 400 * self.fixed("lifetime")) * _DAY
            battery = 100 - 60 * ((self.now / lifetime + self.fixed("age")) % 1.0)
        return {
            "battery_pct": round(battery),
            "rssi_dbm": round(-55 - 30 * self.fixed("distance") + 3 * self.noise("rssi", _HOUR)),
        }


def _hump(hour: float, centre: float, width: float) -> float:
    return math.exp(-(((hour - centre) / width) ** 2))


def _temperature_c(sample: _Sample) -> float:
    season = math.cos(((sample.local / _DAY) % 365.25 - 200) / 365.25 * math.tau)
    day = math.cos((sample.hour - 15) / 24 * math.tau)
    outside = 15 + 11 * season + 4 * day
    inside = 20 + 0.35 * (outside - 15) + 1.5 * sample.occupancy()
    own = 2 * (sample.fixed("warmth") - 0.5)
    return inside + own + 0.4 * sample.noise("temperature", _HOUR) + sample.conditions.heat_c


def _climate(sample: _Sample) -> dict[str, Value]:
    temperature = _temperature_c(sample)
    humidity = 62 - 1.1 * (temperature - 20) + 6 * sample.noise("humidity", 3 * _HOUR)
    return {
        "temperature_c": round(temperature, 1),
        "humidity_pct": round(min(98.0, max(8.0, humidity)), 1),
    }


def _smoke_values(sample: _Sample) -> dict[str, Value]:
    clean = 0.15 + 0.1 * sample.fixed("chamber") + 0.05 * sample.noise("chamber", 10 * _MINUTE)
    if sample.place.startswith("canteen"):
        clean += 0.8 * sample.occupancy()  # cooking, well below an alarm
    obscuration = clean + sample.conditions.smoke_pct_m
    return {
        "smoke_alarm": obscuration >= SMOKE_ALARM_PCT_M,
        "obscuration_pct_m": round(obscuration, 2),
    }


def _temperature(sample: _Sample) -> dict[str, Value]:
    return {**_climate(sample), **sample.radio()}


def _smoke(sample: _Sample) -> dict[str, Value]:
    dirt = 4 + 30 * sample.fixed("dirt")
    return {**_smoke_values(sample), "chamber_dirty_pct": round(dirt), **sample.radio()}


def _smoke_temperature(sample: _Sample) -> dict[str, Value]:
    return {**_smoke_values(sample), **_climate(sample), **sample.radio()}


def _electrical(sample: _Sample) -> dict[str, Value]:
    rated = 1500 + 4500 * sample.fixed("rated")  # W a phase at full occupancy
    voltages: list[float] = []
    currents: list[float] = []
    powers: list[float] = []
    factors: list[float] = []
    busy = sample.occupancy()
    for phase in ("a", "b", "c"):
        share = 0.7 + 0.6 * sample.fixed(f"share-{phase}")
        wobble = 1 + 0.15 * sample.noise(f"load-{phase}", 5 * _MINUTE)
        power = rated * share * (0.05 + 0.95 * busy) * wobble
        voltage = 231 - 4 * busy + 1.5 * sample.noise(f"voltage-{phase}", 2 * _MINUTE)
        factor = 0.93 + 0.05 * sample.fixed(f"factor-{phase}") + 0.01 * busy
        voltages.append(round(voltage, 1))
        factors.append(round(factor, 2))
        powers.append(round(power))
        currents.append(round(power / (voltage * factor), 1))
    mean_kw = 3 * rated * 0.25 / 1000
    warm = 24 + 14 * busy
    return {
        "voltage_v": list(voltages),
        "current_a": list(currents),
        "power_w": list(powers),
        "power_factor": list(factors),
        # Counts up by the mean of the day: a meter never runs backwards.
        "energy_kwh": round(mean_kw * (sample.now / _HOUR - 490_000), 1),
        "residual_current_ma": round(
            15 + 60 * sample.fixed("leak") + 5 * sample.noise("leak", _HOUR)
        ),
        "cable_temperature_c": [
            round(warm + 6 * sample.fixed(f"cable-{cable}") + sample.conditions.heat_c, 1)
            for cable in ("a", "b", "c", "n")
        ],
    }


def _alarm_button(sample: _Sample) -> dict[str, Value]:
    return sample.radio()


def _camera(sample: _Sample) -> dict[str, Value]:
    bitrate = 3800 + 900 * sample.occupancy() + 200 * sample.noise("bitrate", 5 * _MINUTE)
    return {
        "online": True,
        "fps": 25,
        "bitrate_kbps": round(bitrate),
        "width": 2560,
        "height": 1440,
        "faults": [],
    }


def _repeater(sample: _Sample) -> dict[str, Value]:
    return {
        "online": True,
        "uplink_rssi_dbm": round(-58 - 12 * sample.fixed("uplink") + 2 * sample.noise("up", _HOUR)),
        "power": "mains" if sample.conditions.powered else "battery",
    }


def _recorder(sample: _Sample) -> dict[str, Value]:
    return {
        "online": True,
        "channels": 16,
        "recording_channels": 16,
        "disks": ["ok", "ok", "ok", "ok"],
        "disk_used_pct": round(91 + 4 * sample.fixed("disk"), 1),
        "clock_offset_s": round(1.5 * sample.noise("clock", _DAY), 1),
    }


_KINDS: Final[dict[str, Callable[[_Sample], dict[str, Value]]]] = {
    "temperature": _temperature,
    "smoke": _smoke,
    "smoke-temperature": _smoke_temperature,
    "electrical": _electrical,
    "alarm-button": _alarm_button,
    "camera": _camera,
    "repeater": _repeater,
    "recorder": _recorder,
}
