"""What codecs of LoRaWAN devices call their values, in our names and units.

A codec is its manufacturer's, so names are too: those of the common ones are known, with the unit
that they come in. A name that does not tell its unit is believed only when the device's tags, or
the other values beside it, do. What is not known keeps its own name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from devices import values as v
from devices.dialects import units
from devices.reading import Value

_ASK: Final = ""
"""Instead of a unit: codecs of that name send different ones (A and mA, Wh and kWh)."""

_QUANTITIES: Final[Mapping[str, tuple[str, str]]] = {
    "temperature": ("temperature_c", "c"),
    "temp": ("temperature_c", "c"),
    "air_temperature": ("temperature_c", "c"),
    "ambient_temperature": ("temperature_c", "c"),
    "temp_c": ("temperature_c", "c"),
    "temp_c_sht": ("temperature_c", "c"),
    "temp_c_ds": ("temperature_c", "c"),
    "temperature_f": ("temperature_c", "f"),
    "temperature_sensor": ("temperature_c", "c"),
    "dew_point": ("dew_point_c", "c"),
    "humidity": ("humidity_pct", "%"),
    "hum": ("humidity_pct", "%"),
    "hum_sht": ("humidity_pct", "%"),
    "air_humidity": ("humidity_pct", "%"),
    "relative_humidity": ("humidity_pct", "%"),
    "humidity_sensor": ("humidity_pct", "%"),
    "battery": ("battery_pct", "%"),
    "battery_level": ("battery_pct", "%"),
    "battery_percent": ("battery_pct", "%"),
    "battery_percentage": ("battery_pct", "%"),
    "battery_voltage": ("battery_v", "v"),
    "bat_v": ("battery_v", "v"),
    "batt_v": ("battery_v", "v"),
    "battery_mv": ("battery_v", "mv"),
    "battery_voltage_mv": ("battery_v", "mv"),
    "vdd": ("battery_v", "mv"),
    "pressure": ("pressure_hpa", "hpa"),
    "barometric_pressure": ("pressure_hpa", "hpa"),
    "barometer": ("pressure_hpa", "hpa"),
    "light": ("illuminance_lx", "lx"),
    "lux": ("illuminance_lx", "lx"),
    "illuminance": ("illuminance_lx", "lx"),
    "illumination": ("illuminance_lx", "lx"),
    "illuminance_sensor": ("illuminance_lx", "lx"),
    "co2": ("co2_ppm", "ppm"),
    "co": ("co_ppm", "ppm"),
    "voltage": ("voltage_v", _ASK),
    "current": ("current_a", _ASK),
    "current_ma": ("current_a", "ma"),
    "power": ("power_w", "w"),
    "active_power": ("power_w", "w"),
    "power_kw": ("power_w", "kw"),
    "reactive_power": ("reactive_var", _ASK),
    "apparent_power": ("apparent_va", _ASK),
    "energy": ("energy_kwh", _ASK),
    "power_consumption": ("energy_kwh", _ASK),
    "energy_wh": ("energy_kwh", "wh"),
    "kwh": ("energy_kwh", "kwh"),
    "residual_current": ("residual_current_ma", "ma"),
    "leakage_current": ("residual_current_ma", "ma"),
    "frequency": ("frequency_hz", "hz"),
    **{name: (name, next(iter(known))) for name, known in units.UNITS.items()},
}
_NEUTRAL: Final = frozenset(
    {"data", "decoded", "payload", "sensors", "sensor", "measurements", "values", "telemetry"}
)
"""Sections that say nothing of what stands in them. In others, "temperature" may be a limit."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]*\Z")
_MOST_DEEP: Final = 4
_NUMBERED: Final = re.compile(r"([a-z][a-z0-9_]*?)_?(\d{1,3})\Z")

_TRUTHS: Final = {
    "smoke": "smoke_alarm", "smoke_status": "smoke_alarm", "smoke_alarm": "smoke_alarm",
    "smoke_detected": "smoke_alarm", "fire": "smoke_alarm", "fire_alarm": "smoke_alarm",
    "gas": "gas_alarm", "gas_status": "gas_alarm", "gas_alarm": "gas_alarm",
    "co_alarm": "co_alarm",
    "leak": "water_leak", "leakage": "water_leak", "leak_status": "water_leak",
    "leakage_status": "water_leak", "water_leak": "water_leak", "water_leak_status": "water_leak",
    "water_leakage": "water_leak", "tamper": "tamper", "tamper_status": "tamper",
    "battery_low": "battery_low", "low_battery": "battery_low",
}  # fmt: skip
_YES: Final = frozenset(
    {"alarm", "alarming", "detected", "triggered", "trigger", "leak", "leaking", "leakage",
     "tampered", "uninstalled", "fire", "smoke", "low"}
)  # fmt: skip
_NO: Final = frozenset(
    {"normal", "none", "idle", "clear", "cleared", "ok", "dry", "no_leak", "not_detected",
     "installed", "untampered", "alarm_release", "alarm_deactivated"}
)  # fmt: skip
_SWITCHES: Final = frozenset({"switch", "socket", "socket_status", "relay", "relay_status"})

_BUTTONS: Final = frozenset(
    {"button", "button_event", "button_press", "button_status", "press", "pressed", "sos", "panic",
     "emergency", "alarm_button"}
)  # fmt: skip
_PRESSES: Final = {
    "short": "pressed", "short_press": "pressed", "single": "pressed", "single_press": "pressed",
    "single_click": "pressed", "click": "pressed", "press": "pressed", "pressed": "pressed",
    "sos": "pressed", "emergency": "pressed", "panic": "pressed", "alarm": "pressed",
    "double": "pressed_twice", "double_press": "pressed_twice", "double_click": "pressed_twice",
    "long": "held", "long_press": "held", "hold": "held", "held": "held",
    "release": "released", "released": "released",
}  # fmt: skip
_AT_REST: Final = frozenset({"none", "idle", "normal", "no", "not_pressed", "not_triggered"})


_RESERVED: Final = frozenset({"ts", "seq", "event", "test", "fw"})
"""What these mean in a reading is not for a codec to say."""


class Named:
    """A decoded object, taken apart: ``values``, and ``presses``: events, each with its button."""

    def __init__(self, decoded: dict[str, Any], tags: object) -> None:
        """``tags`` of the device may tell units: ``unit_current: mA``."""
        self.values: dict[str, Value] = {}
        self.presses: list[tuple[str, str | None]] = []
        self._tags = tags if isinstance(tags, dict) else {}
        self._found: dict[str, list[Value]] = {}
        self._unsure: dict[str, tuple[str, int | float]] = {}
        self._take_all(decoded, 1)
        self._settle()
        for ours, found in self._found.items():
            # One value stands alone, several sensors are a list.
            self.values[ours] = found[0] if len(found) == 1 else found  # type: ignore[assignment]

    def _take_all(self, section: dict[str, Any], depth: int) -> None:
        named = {_named(theirs): value for theirs, value in section.items()}
        for quantity in ("voltage", "current", "power"):
            self._take_phases(quantity, named)
        for key, value in named.items():
            if key in _NEUTRAL and isinstance(value, dict) and depth < _MOST_DEEP:
                self._take_all(value, depth + 1)
            else:
                self._take(key, value)

    def _take_phases(self, quantity: str, named: dict[str, Any]) -> None:
        """``current_a`` beside ``current_b`` is of phase A, no current in amperes."""
        keys = [f"{quantity}_{phase}" for phase in "abc"]
        if sum(key in named for key in keys) < 2:
            return
        ours, unit = _QUANTITIES[quantity]
        tag = self._tags.get(f"unit_{quantity}")
        told = [named.pop(key, None) for key in keys]
        numbers = [v.number(each) for each in told]
        known = units.UNITS[ours].get(unit if tag is None else units.spelled(tag))
        if quantity == "voltage" and all(each and 80 <= each <= 500 for each in numbers):
            known = units.ONE
        for phase, each, number in zip("abc", told, numbers, strict=True):
            if known is not None:
                converted = None if number is None else units.converted(number, known)
                self._found.setdefault(ours, []).append(converted)
            else:
                self.values[f"{quantity}_phase_{phase}"] = v.clean(each)

    def _take(self, key: str, value: Any) -> None:
        match = _NUMBERED.match(key)
        plain, number = key, None
        if match is not None and key not in _QUANTITIES:
            plain, number = match[1], match[2]
        if plain in _QUANTITIES and self._measure(plain, key, value):
            return
        if plain in _BUTTONS and self._pressed(value, number):
            return
        if plain in _SWITCHES and (closed := v.truth(value)) is not None:
            self._found.setdefault("switch", []).append("closed" if closed else "open")
        elif key in {"power_factor", "factor"} and v.number(value) is not None:
            self.values["power_factor"] = _power_factor(value)
        elif key in _TRUTHS and (decided := _truth(value)) is not None:
            self.values[_TRUTHS[key]] = decided
        else:
            self.values[f"{key}_told" if key in _RESERVED else key or "value"] = v.clean(value)

    def _measure(self, plain: str, key: str, value: Any) -> bool:
        """Whether it was understood as a quantity."""
        ours, unit = _QUANTITIES[plain]
        tag = self._tags.get(f"unit_{key}", self._tags.get(f"unit_{plain}"))
        if isinstance(value, dict):
            if "value" not in value:
                return self._by_channel(ours, unit, value)
            tag, value = value.get("unit", tag), value["value"]
        number = v.number(value)
        if tag is None and unit == _ASK and number is not None:
            self._unsure[key] = (ours, number)
            return True
        known = units.UNITS[ours].get(unit if tag is None else units.spelled(tag))
        if known is None or (number is None and value is not None):
            return False  # it keeps its own name
        converted = None if number is None else units.converted(number, known)
        self._found.setdefault(ours, []).append(converted)
        return True

    def _by_channel(self, ours: str, unit: str, value: dict[str, Any]) -> bool:
        """Cayenne's way: ``{"temperatureSensor": {"1": 21.5, "2": 22}}``."""
        known = units.UNITS[ours].get(unit)
        numbers = [number for each in value.values() if (number := v.number(each)) is not None]
        channels = bool(value) and all(channel.isdecimal() for channel in value)
        if not channels or known is None or len(numbers) < len(value):
            return False
        self._found.setdefault(ours, []).extend(
            units.converted(number, known) for number in numbers
        )
        return True

    def _settle(self) -> None:
        """What did not tell its unit: believed when the values beside it bear it out."""
        told = dict(self._unsure.values())
        watts = self._found.get("power_w", [])
        volts, amperes = told.get("voltage_v"), told.get("current_a")
        mains = volts is not None and 80 <= volts <= 500
        single = len(told) == len(self._unsure) and len(watts) == 1
        agreed = single and _agree(volts if mains else None, amperes, watts[0])
        unknown: list[bool | int | float | str | None] = []
        for key, (ours, number) in self._unsure.items():
            if (ours == "voltage_v" and mains) or (ours == "current_a" and agreed):
                self._found.setdefault(ours, []).append(number)
            else:
                self.values[key] = number
                unknown.append(key)
        if single and mains and amperes is not None and not agreed:
            # Milliamperes beside watts, or amperes beside kilowatts: nobody can say which.
            self.values["power"] = self._found.pop("power_w")[0]
            unknown.append("power")
        if unknown:
            self.values["unit_unknown"] = unknown

    def _pressed(self, value: Any, number: str | None) -> bool:
        """Whether it was understood as a button: pressed, or at rest."""
        if isinstance(value, dict):
            named = (value.get(key) for key in ("status", "event", "action", "type", "value"))
            value = next((each for each in named if each is not None), None)
        word = _word(value)
        if word in _PRESSES:
            self.presses.append((_PRESSES[word], number))
            return True
        down = v.truth(value)
        if down:
            self.presses.append(("pressed", number))
        return down is not None or word in _AT_REST


def _agree(volts: float | None, amperes: float | None, watts: Value) -> bool:
    """Whether these can be volts, amperes and watts of one load: power factor 0.1 to 1.1."""
    if volts is None or amperes is None or not isinstance(watts, (int, float)):
        return False
    if amperes == 0 or watts == 0:
        return amperes == watts
    return 0.1 <= abs(watts) / abs(volts * amperes) <= 1.1


def _named(theirs: str) -> str:
    """A name as it is looked up; one of odd signs is none that is known, whatever it is like."""
    name = v.snake(theirs)
    return name if _PLAIN.match(theirs) is not None else f"{name}_told".lstrip("_")


def _word(value: object) -> str:
    return v.snake(value.strip().replace(" ", "_")) if isinstance(value, str) else ""


def _truth(value: object) -> bool | None:
    word = _word(value)
    if word in _YES or word in _NO:
        return word in _YES
    return v.truth(value)


def _power_factor(value: object) -> float | int | None:
    """Some meters say percent."""
    plain = v.number(value)
    return v.scaled(plain, 0.01) if plain is not None and abs(plain) > 1 else plain
