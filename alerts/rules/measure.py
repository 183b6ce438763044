"""Numbers out of whatever devices send, and numbers as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

Inputs: TypeAlias = Mapping[str, "bool | int | float | str | None"]
"""What fills the sentence of an explanation: figures by name, their unit in the name."""

_ABSURD: Final = 1e15
"""No quantity of a school is larger; beyond it, floats no longer tell numbers apart."""

_UNITS: Final = (
    ("_pct_m", "%/m"),
    ("_kwh", "kWh"),
    ("_kbps", "kbit/s"),
    ("_dbm", "dBm"),
    ("_ppm", "ppm"),
    ("_pct", "%"),
    ("_var", "var"),
    ("_ma", "mA"),
    ("_hz", "Hz"),
    ("_ms", "ms"),
    ("_c", "°C"),
    ("_v", "V"),
    ("_a", "A"),
    ("_w", "W"),
    ("_s", "s"),
)


def number(value: object) -> float | None:
    """The finite number that ``value`` is; ``None`` for anything else (also for a bool)."""
    if (value.__class__ is float or value.__class__ is int) and -_ABSURD < value < _ABSURD:
        return value
    return None


def numbers(value: object) -> list[float]:
    """The numbers in a value: its own, or those of a list (per phase, sensor or disk)."""
    entries = value if isinstance(value, list) else (value,)
    return [found for entry in entries if (found := number(entry)) is not None]


def truth(value: object) -> bool | None:
    """Yes or no, also as 1 and 0; ``None`` when it says neither."""
    if value.__class__ is bool:
        return bool(value)
    if value.__class__ is int and value in (0, 1):
        return value == 1
    return None


def tidy(value: float) -> float | int:
    """Rounded to what a person reads: 3 digits, whole numbers without a point."""
    size = abs(value)
    rounded = round(value, 0 if size >= 100 else 1 if size >= 10 else 2)
    return int(rounded) if rounded == int(rounded) else rounded


def unit_of(metric: str) -> str:
    """The unit that the name of a value carries; empty if none."""
    return next((unit for suffix, unit in _UNITS if metric.endswith(suffix)), "")
