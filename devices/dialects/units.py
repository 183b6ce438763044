"""Units as other makers write them, and our one for each quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from devices import values as v


class Unit(NamedTuple):
    """``(number - zero) * factor`` is it in our unit."""

    factor: float = 1
    zero: float = 0


ONE: Final = Unit()
_THOUSANDTH: Final = Unit(0.001)
UNITS: Final[Mapping[str, Mapping[str, Unit]]] = {
    "temperature_c": {"c": ONE, "f": Unit(5 / 9, 32), "k": Unit(1, 273.15)},
    "dew_point_c": {"c": ONE, "f": Unit(5 / 9, 32)},
    "cable_temperature_c": {"c": ONE, "f": Unit(5 / 9, 32)},
    "humidity_pct": {"%": ONE, "rh": ONE},
    "battery_pct": {"%": ONE},
    "battery_v": {"v": ONE, "mv": _THOUSANDTH},
    "pressure_hpa": {"hpa": ONE, "mbar": ONE, "pa": Unit(0.01), "kpa": Unit(10)},
    "illuminance_lx": {"lx": ONE, "lux": ONE},
    "co2_ppm": {"ppm": ONE},
    "co_ppm": {"ppm": ONE},
    "voltage_v": {"v": ONE, "mv": _THOUSANDTH},
    "current_a": {"a": ONE, "ma": _THOUSANDTH},
    "power_w": {"w": ONE, "kw": Unit(1000)},
    "reactive_var": {"var": ONE, "kvar": Unit(1000)},
    "apparent_va": {"va": ONE, "kva": Unit(1000)},
    "energy_kwh": {"kwh": ONE, "wh": _THOUSANDTH},
    "residual_current_ma": {"ma": ONE, "a": Unit(1000)},
    "frequency_hz": {"hz": ONE},
    "obscuration_pct_m": {"%/m": ONE},
    "rssi_dbm": {"dbm": ONE},
}
"""By our name of a value; of each the first unit is ours."""

_SPELLINGS: Final = {
    "°c": "c", "℃": "c", "celsius": "c", "degc": "c", "°f": "f", "℉": "f", "fahrenheit": "f",
    "degf": "f", "percent": "%", "%rh": "%", "volt": "v", "millivolt": "mv", "ampere": "a",
    "milliampere": "ma", "watt": "w",
}  # fmt: skip


def spelled(told: object) -> str:
    """A unit, in our spelling of its name."""
    word = str(told).strip().lower()[:16]
    return _SPELLINGS.get(word, word)


def converted(number: float, unit: Unit) -> float | int | None:
    """A number in our unit; as it is when it came in ours."""
    return number if unit is ONE else v.scaled(number - unit.zero, unit.factor, 6)
