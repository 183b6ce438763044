"""Which event code a condition goes to the police under, and under which zone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alerts.alert import Alert
from alerts.rules.pressed import CONDITION as PANIC
from devices.police_link.link import Code

_BY_CONDITION: Final[Mapping[str, Code]] = {
    PANIC: Code.PANIC,
    "fire": Code.FIRE,
    "room_fire": Code.FIRE,
    "smoke": Code.SMOKE,
    "heavy_smoke": Code.SMOKE,
    "heat": Code.HIGH_TEMPERATURE,
    "carbon_monoxide_high": Code.FIRE,
    "gas_alarm": Code.FIRE,
    "co_alarm": Code.FIRE,
}

_BY_EVENT: Final[Mapping[str, Code]] = {
    "alarm": Code.SMOKE,
    "smoke_alarm": Code.SMOKE,
    "gas_alarm": Code.FIRE,
    "co_alarm": Code.FIRE,
    "silent_pressed": Code.SILENT_HOLD_UP,
    "duress": Code.DURESS,
}
"""By what is in the explanation of an alert whose condition does not tell."""

_FAULTS: Final[Mapping[str, Code]] = {
    "silent": Code.COMMUNICATION_FAILURE,
    "offline": Code.COMMUNICATION_FAILURE,
    "battery_low": Code.LOW_BATTERY,
    "battery_critical": Code.LOW_BATTERY,
    "device_fault": Code.SENSOR_TROUBLE,
    "cannot_measure": Code.SENSOR_TROUBLE,
    "chamber_dirty": Code.SENSOR_TROUBLE,
    "tamper": Code.TAMPER,
}
"""What a police platform is told of the devices themselves."""

ZONES: Final = 999


def code_of(alert: Alert) -> Code:
    """The code of an alert. An alarm that has none of its own is a person in need: panic."""
    fault = fault_of(alert)
    if fault is not None:
        return fault
    why = alert.explanation
    by_event = _BY_EVENT.get(str(why.inputs.get("event", ""))) or _BY_EVENT.get(why.code)
    return _BY_CONDITION.get(alert.condition, Code.PANIC) if by_event is None else by_event


def fault_of(alert: Alert) -> Code | None:
    """The code of a fault of the device itself; ``None`` when it is none that is told."""
    return _FAULTS.get(alert.condition)


def zone_of(device: str, row: int, zones: Mapping[str, int]) -> int:
    """The zone agreed for a device, or one that follows from its number in the register."""
    agreed = zones.get(device)
    return (abs(row) - 1) % ZONES + 1 if agreed is None else agreed
