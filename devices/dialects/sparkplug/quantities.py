"""What the names of metrics mean: every word of one has to be understood, or it means nothing.

``Energy/Phase A/Voltage`` is a voltage of phase A. ``Boiler/Temperature`` is not the room's, and
``Temperature Setpoint`` is no temperature at all.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import Final, NamedTuple

from devices.dialects.sparkplug.units import Unit, unit_of


class Form(Enum):
    """How a metric's value becomes ours."""

    NUMBER = auto()
    SHARE = auto()  # a power factor: some meters say percent
    TRUTH = auto()
    CLOSED = auto()  # a switch by a truth
    TRIPPED = auto()  # the same switch, by another
    WORD = auto()  # a switch by a word
    PRESS = auto()  # a button held down
    PLAIN = auto()  # kept as it is, under its own name


class Quantity(NamedTuple):
    """One of our values: a number of a dimension, ``scale`` of whose own unit make one of ours, or
    a truth.
    """

    ours: str
    dimension: str = ""
    scale: float = 1.0
    assumed: bool = False
    """Whether its own unit is meant where none is said."""
    form: Form = Form.NUMBER


_TEMPERATURE: Final = Quantity("temperature_c", "°C", assumed=True)
_CABLE: Final = Quantity("cable_temperature_c", "°C", assumed=True)
_HUMIDITY: Final = Quantity("humidity_pct", "%", assumed=True)
_VOLTAGE: Final = Quantity("voltage_v", "V", assumed=True)
# In W or kW, in A or mA: nobody can tell by the name.
_CURRENT: Final = Quantity("current_a", "A")
_POWER: Final = Quantity("power_w", "W")
_REACTIVE: Final = Quantity("reactive_var", "var")
_APPARENT: Final = Quantity("apparent_va", "VA")
_ENERGY: Final = Quantity("energy_kwh", "Wh", 0.001)
_RESIDUAL: Final = Quantity("residual_current_ma", "A", 1000.0)
_FACTOR: Final = Quantity("power_factor", "1", assumed=True, form=Form.SHARE)
_BATTERY: Final = Quantity("battery_pct", "%", assumed=True)
_SMOKE: Final = Quantity("smoke_alarm", form=Form.TRUTH)
_ARC: Final = Quantity("arc", form=Form.TRUTH)
_SWITCH: Final = Quantity("switch", form=Form.CLOSED)
_TRIPPED: Final = Quantity("switch", form=Form.TRIPPED)
_PRESSED: Final = Quantity("event", form=Form.PRESS)

QUANTITIES: Final[dict[str, Quantity]] = {
    "temperature": _TEMPERATURE, "temp": _TEMPERATURE,
    "cable_temperature": _CABLE, "wire_temperature": _CABLE, "conductor_temperature": _CABLE,
    "cable_temp": _CABLE,
    "humidity": _HUMIDITY, "relative_humidity": _HUMIDITY, "rh": _HUMIDITY,
    "voltage": _VOLTAGE, "volts": _VOLTAGE,
    "current": _CURRENT, "amps": _CURRENT,
    "residual_current": _RESIDUAL, "leakage_current": _RESIDUAL, "earth_leakage": _RESIDUAL,
    "earth_leakage_current": _RESIDUAL, "leakage": _RESIDUAL,
    "power": _POWER, "active_power": _POWER, "real_power": _POWER,
    "reactive_power": _REACTIVE, "reactive": _REACTIVE,
    "apparent_power": _APPARENT, "apparent": _APPARENT,
    "energy": _ENERGY, "active_energy": _ENERGY, "active_energy_import": _ENERGY,
    "energy_import": _ENERGY,
    "power_factor": _FACTOR, "cos_phi": _FACTOR, "pf": _FACTOR,
    "frequency": Quantity("frequency_hz", "Hz", assumed=True),
    "co": Quantity("co_ppm", "ppm"), "carbon_monoxide": Quantity("co_ppm", "ppm"),
    "co2": Quantity("co2_ppm", "ppm", assumed=True),
    "carbon_dioxide": Quantity("co2_ppm", "ppm", assumed=True),
    "obscuration": Quantity("obscuration_pct_m", "%/m"),
    "obscuration_pct_m": Quantity("obscuration_pct_m", "%/m", assumed=True),
    "chamber_dirty": Quantity("chamber_dirty_pct", "%"),
    "pressure": Quantity("pressure_hpa", "hPa"),
    "illuminance": Quantity("illuminance_lx", "lx", assumed=True),
    "rssi": Quantity("rssi_dbm", "dBm"),
    "battery": _BATTERY, "battery_level": _BATTERY, "battery_charge": _BATTERY,
    "battery_voltage": Quantity("battery_v", "V"),
    "smoke": _SMOKE, "smoke_alarm": _SMOKE, "smoke_detected": _SMOKE,
    "arc": _ARC, "arc_fault": _ARC, "arc_detected": _ARC,
    "tamper": Quantity("tamper", form=Form.TRUTH),
    "co_alarm": Quantity("co_alarm", form=Form.TRUTH),
    "gas_alarm": Quantity("gas_alarm", form=Form.TRUTH),
    "gas_detected": Quantity("gas_alarm", form=Form.TRUTH),
    "switch": _SWITCH, "relay": _SWITCH, "contactor_closed": _SWITCH, "breaker_closed": _SWITCH,
    "switch_closed": _SWITCH, "breaker": _SWITCH, "breaker_state": _SWITCH, "switch_state": _SWITCH,
    "tripped": _TRIPPED, "breaker_tripped": _TRIPPED,
    "panic": _PRESSED, "panic_button": _PRESSED, "panic_alarm": _PRESSED, "sos": _PRESSED,
    "sos_button": _PRESSED, "emergency_button": _PRESSED, "alarm_button": _PRESSED,
    "button_pressed": _PRESSED, "help_button": _PRESSED,
}  # fmt: skip
_LONGEST: Final = max(phrase.count("_") for phrase in QUANTITIES) + 1

_AROUND: Final = frozenset(
    {
        "actual", "air", "ambient", "climate", "data", "electrical", "electricity", "energy",
        "environment", "input", "inputs", "live", "mains", "measured", "measurement",
        "measurements", "meter", "metering", "power", "process", "room", "sensor", "sensors",
        "status", "telemetry", "value", "values",
    }
)  # fmt: skip
"""Words before a quantity that change nothing about what it is."""

_PHASES: Final = {
    "a": 0, "b": 1, "c": 2, "l1": 0, "l2": 1, "l3": 2, "1": 0, "2": 1, "3": 2,
}  # fmt: skip
_LETTERS: Final = frozenset({"a", "b", "c", "l1", "l2", "l3"})
_BY_PHASE: Final = frozenset(
    {"voltage_v", "current_a", "power_w", "reactive_var", "apparent_va", "energy_kwh",
     "power_factor", "cable_temperature_c"}
)  # fmt: skip

_CHINESE: Final = {
    "电缆温度": "cable temperature", "线缆温度": "cable temperature",
    "剩余电流": "residual current",
    "漏电流": "residual current", "功率因数": "power factor", "有功功率": "active power",
    "无功功率": "reactive power", "视在功率": "apparent power", "有功电能": "active energy",
    "电池电压": "battery voltage", "电池电量": "battery level", "A相": "phase A", "B相": "phase B",
    "C相": "phase C", "温度": "temperature", "湿度": "humidity", "电压": "voltage",
    "电流": "current", "功率": "power", "电能": "energy", "频率": "frequency", "烟雾": "smoke",
    "一氧化碳": "carbon monoxide", "传感器": "sensor",
}  # fmt: skip

_TAIL: Final = re.compile(r"[\s_(\[]([A-Za-z°℃℉%]{1,4})[)\]]?\s*\Z")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9 _/.:()\[\]-]+")
_WORD: Final = re.compile(
    r"[lL][123](?![A-Za-z0-9])|[cC][oO]2|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d{1,3}"
)


class Recognised(NamedTuple):
    """``words`` counts what stands around; ``unit`` is the one in the name, ``None`` without."""

    quantity: Quantity
    phase: int | None
    sensor: int | None
    total: bool
    words: int
    unit: Unit | None


@lru_cache(maxsize=8192)
def recognise(name: str) -> Recognised | None:
    """What a metric's name means; ``None`` when a word of it is not understood."""
    text = name
    for theirs, word in _CHINESE.items():
        text = text.replace(theirs, f" {word} ")
    found = _match(text, None)
    if found is None:
        tail = _TAIL.search(text)
        unit = unit_of(tail[1]) if tail is not None else None
        if tail is not None and unit is not None:
            found = _match(text[: tail.start()], unit)
    return found


def _match(text: str, unit: Unit | None) -> Recognised | None:
    if _PLAIN_NAME.fullmatch(text) is None:
        return None
    said = _Said()
    if not all(said.take(word.lower()) for word in _WORD.findall(text)) or said.open:
        return None
    if len(said.phases) + len(said.sensors) > 1:
        return None  # between two phases, or one of several meters
    rest = said.rest
    if rest and rest[-1] in {"value", "measurement", "reading"}:
        rest.pop()
    for size in range(min(_LONGEST, len(rest)), 0, -1):
        quantity = QUANTITIES.get("_".join(rest[-size:]))
        if quantity is None:
            continue
        around = rest[:-size]
        if not _AROUND.issuperset(around) or (said.phases and quantity.ours not in _BY_PHASE):
            return None
        return Recognised(
            quantity,
            said.phases[0] if said.phases else None,
            said.sensors[0] if said.sensors else None,
            said.total,
            len(around),
            unit,
        )
    return None


class _Said:
    """The words of a name, sorted by what they say."""

    def __init__(self) -> None:
        self.phases: list[int] = []
        self.sensors: list[int] = []
        self.rest: list[str] = []
        self.total = False
        self.open = False
        """Whether the next word must name a phase."""

    def take(self, word: str) -> bool:
        """False when it cannot stand there."""
        if self.open or word in _LETTERS:
            self.open = False
            if word not in _PHASES:
                return False
            self.phases.append(_PHASES[word])
        elif word in {"phase", "ph"}:
            self.open = True
        elif word.isdigit():
            self.sensors.append(int(word))
        elif word in {"total", "sum"}:
            self.total = True
        else:
            self.rest.append(word)
        return True
