"""Units as people and programs write them, and what a number in them is in the dimension's own."""

from __future__ import annotations

from typing import Final, NamedTuple


class Unit(NamedTuple):
    """A number in it is ``(number + offset) × factor`` in its dimension's own unit."""

    dimension: str
    factor: float = 1.0
    offset: float = 0.0


_CELSIUS, _VOLT, _AMPERE, _WATT = Unit("°C"), Unit("V"), Unit("A"), Unit("W")
_FAHRENHEIT: Final = Unit("°C", 5 / 9, -32.0)
_KELVIN: Final = Unit("°C", 1.0, -273.15)
_PERCENT: Final = Unit("%")

# Capitals tell MW from mW and MV from mV: only where nothing else is meant may they be wrong.
_UNITS: Final[dict[str, Unit]] = {
    "°C": _CELSIUS, "℃": _CELSIUS, "C": _CELSIUS, "c": _CELSIUS, "degC": _CELSIUS,
    "degc": _CELSIUS, "deg C": _CELSIUS, "Celsius": _CELSIUS, "celsius": _CELSIUS,
    "摄氏度": _CELSIUS,
    "°F": _FAHRENHEIT, "℉": _FAHRENHEIT, "F": _FAHRENHEIT, "f": _FAHRENHEIT, "degF": _FAHRENHEIT,
    "degf": _FAHRENHEIT, "deg F": _FAHRENHEIT, "Fahrenheit": _FAHRENHEIT, "fahrenheit": _FAHRENHEIT,
    "K": _KELVIN, "Kelvin": _KELVIN, "kelvin": _KELVIN,
    "V": _VOLT, "v": _VOLT, "Volt": _VOLT, "volt": _VOLT, "Volts": _VOLT, "volts": _VOLT,
    "伏": _VOLT, "mV": Unit("V", 0.001), "mv": Unit("V", 0.001), "kV": Unit("V", 1000.0),
    "kv": Unit("V", 1000.0), "KV": Unit("V", 1000.0),
    "A": _AMPERE, "a": _AMPERE, "Amp": _AMPERE, "amp": _AMPERE, "Amps": _AMPERE, "amps": _AMPERE,
    "安": _AMPERE, "mA": Unit("A", 0.001), "ma": Unit("A", 0.001), "kA": Unit("A", 1000.0),
    "W": _WATT, "w": _WATT, "Watt": _WATT, "watt": _WATT, "Watts": _WATT, "watts": _WATT,
    "瓦": _WATT, "mW": Unit("W", 0.001), "kW": Unit("W", 1000.0), "kw": Unit("W", 1000.0),
    "KW": Unit("W", 1000.0), "Kw": Unit("W", 1000.0), "千瓦": Unit("W", 1000.0),
    "MW": Unit("W", 1e6),
    "var": Unit("var"), "VAr": Unit("var"), "VAR": Unit("var"), "Var": Unit("var"),
    "kvar": Unit("var", 1000.0), "kVAr": Unit("var", 1000.0), "kVAR": Unit("var", 1000.0),
    "KVAR": Unit("var", 1000.0), "kVar": Unit("var", 1000.0),
    "VA": Unit("VA"), "va": Unit("VA"), "kVA": Unit("VA", 1000.0), "kva": Unit("VA", 1000.0),
    "KVA": Unit("VA", 1000.0),
    "Wh": Unit("Wh"), "wh": Unit("Wh"), "WH": Unit("Wh"), "kWh": Unit("Wh", 1000.0),
    "kwh": Unit("Wh", 1000.0), "KWH": Unit("Wh", 1000.0), "kWH": Unit("Wh", 1000.0),
    "Kwh": Unit("Wh", 1000.0), "度": Unit("Wh", 1000.0), "千瓦时": Unit("Wh", 1000.0),
    "MWh": Unit("Wh", 1e6),
    "Hz": Unit("Hz"), "hz": Unit("Hz"), "HZ": Unit("Hz"),
    "%": _PERCENT, "pct": _PERCENT, "Pct": _PERCENT, "percent": _PERCENT, "Percent": _PERCENT,
    "%RH": _PERCENT, "%rH": _PERCENT, "%rh": _PERCENT, "RH%": _PERCENT, "% RH": _PERCENT,
    "ppm": Unit("ppm"), "PPM": Unit("ppm"),
    "dBm": Unit("dBm"), "dbm": Unit("dBm"), "dB": Unit("dB"),
    "%/m": Unit("%/m"), "%obs/m": Unit("%/m"),
    "hPa": Unit("hPa"), "hpa": Unit("hPa"), "mbar": Unit("hPa"), "Pa": Unit("hPa", 0.01),
    "kPa": Unit("hPa", 10.0), "kpa": Unit("hPa", 10.0), "bar": Unit("hPa", 1000.0),
    "lx": Unit("lx"), "lux": Unit("lx"), "Lux": Unit("lx"),
    "1": Unit("1"), "PF": Unit("1"), "pf": Unit("1"),
}  # fmt: skip


def unit_of(text: str) -> Unit | None:
    """The unit; ``None`` when it is not known, or may be one of two."""
    return _UNITS.get(text.strip())
