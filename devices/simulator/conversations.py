"""What devices of each dialect say when they are well: invented, shaped like what real ones send.

A dialect's messages are one entry of `SPOKEN`. Its conversions are the only ways in which it may
change a number on the way from the message to a value of that name.
"""

from __future__ import annotations

import json
from typing import Any, Final

from devices.dialects.native import Native
from devices.dialects.tasmota import Tasmota
from devices.dialects.zigbee2mqtt import Zigbee2Mqtt
from devices.simulator.witness import NOW, Said, Spoken

SCHOOL: Final = "no3-middle"


def _said(topic: str, body: Any, *, retained: bool = False) -> Said:
    payload = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Said(topic, payload, retained)


def thousandth(number: float) -> float:
    """Millivolts to volts, watt-hours to kilowatt-hours."""
    return number / 1000


def hundredth(number: float) -> float:
    """Percent to a fraction."""
    return number / 100


def from_fahrenheit(number: float) -> float:
    """°F to °C."""
    return (number - 32) * 5 / 9


def from_wifi_quality(number: float) -> float:
    """Tasmota's percent, which are twice the dBm above -100, back to dBm."""
    return number / 2 - 100


def _native() -> Spoken:
    top = f"campus/{SCHOOL}"
    return Spoken(
        "native",
        Native,
        [
            [
                _said(f"{top}/electrical/dorm2-f3/telemetry", {
                    "ts": NOW - 500, "seq": 90211, "voltage_v": [231.2, 230.8, 229.9],
                    "current_a": [4.1, 9.8, 2.0], "power_w": 3590, "energy_kwh": "812.4",
                    "residual_current_ma": 38, "cable_temperature_c": [41.2, 44.0, 39.8, None],
                }),
            ],
            [
                _said(f"{top}/smoke/lab-chem-2/telemetry", [
                    {"ts": NOW - 120_000, "seq": 7, "smoke_alarm": False, "battery_pct": 81},
                    {"ts": NOW - 60_000, "seq": 8, "smoke_alarm": True, "obscuration_pct_m": 6.5},
                ]),
            ],
            [_said(f"{top}/alarm-button/gate-01/event",
                   {"ts": NOW, "seq": 41, "event": "pressed", "zone": "2", "test": False})],
            [_said(f"{top}/smoke/lab-chem-2/status", {"online": True, "fw": "2.4.1"})],
        ],
    )  # fmt: skip


def _zigbee2mqtt() -> Spoken:
    devices = [
        {"friendly_name": "lab", "power_source": "Battery", "software_build_id": "2.4",
         "definition": {"vendor": "Acme", "model": "SD-1", "exposes": [{"property": "smoke"}]}},
        {"friendly_name": "meter", "power_source": "Mains (3 phase)"},
    ]  # fmt: skip
    return Spoken(
        "zigbee2mqtt",
        lambda: Zigbee2Mqtt(SCHOOL, "no3/z2m"),
        [
            [
                _said("no3/z2m/bridge/devices", devices, retained=True),
                _said("no3/z2m/lab", {
                    "smoke": True, "battery": 97, "voltage": 2950, "linkquality": 120,
                    "battery_low": False, "tamper": False, "temperature": "21.5",
                    "last_seen": NOW - 4000, "test": False,
                }),
                _said("no3/z2m/lab/availability", {"state": "online"}, retained=True),
            ],
            [
                _said("no3/z2m/meter", {
                    "state": "ON", "power": 3590.5, "energy": 812.44, "power_factor": 95,
                    "voltage": 231, "voltage_phase_b": 230.4, "voltage_phase_c": 229,
                    "current": 4.1, "current_phase_b": 9.8, "current_phase_c": 2,
                    "ac_frequency": 50.01, "update": {"state": "idle", "installed": 17},
                }),
            ],
            [_said("no3/z2m/gate", {"action": "2_single", "battery": 80, "linkquality": 66})],
        ],
        {"battery_v": [thousandth], "power_factor": [hundredth]},
    )  # fmt: skip


def _tasmota() -> Spoken:
    return Spoken(
        "tasmota",
        lambda: Tasmota(SCHOOL, "no3/tasmota", offset_minutes=480),
        [
            [
                _said("no3/tasmota/tele/plug/SENSOR", {
                    "Time": "2026-11-20T12:00:00",
                    "ENERGY": {
                        "TotalStartTime": "2026-01-01T00:00:00", "Total": 1290.396,
                        "Yesterday": 0.854, "Today": 0.173, "Power": [8.15, 0], "Factor": [0.7, 0],
                        "ApparentPower": [11, 0], "Frequency": 50, "Voltage": 237,
                        "Current": [0.043, 0.0],
                    },
                    "ESP32": {"Temperature": 127.4},
                    "AM2301": {"Temperature": 70.7, "Humidity": 45.5, "DewPoint": 51.2},
                    "TempUnit": "F",
                }),
                _said("no3/tasmota/tele/plug/STATE", {
                    "Time": "2026-11-20T12:00:00", "UptimeSec": 7300, "POWER1": "ON",
                    "POWER2": "OFF", "Wifi": {"AP": 1, "RSSI": 84, "Signal": -58},
                }),
            ],
            [_said("no3/tasmota/tele/plug/LWT", "Online", retained=True)],
            [_said("no3/tasmota/stat/plug/POWER", "ON")],
            [_said("no3/tasmota/stat/gate/RESULT", {"Button1": {"Action": "SINGLE"}})],
            [
                _said("no3/tasmota/stat/plug/STATUS10", {"StatusSNS": {
                    "Time": "2026-11-20T12:00:00",
                    "SML": {"Total_in": 34507.4761, "Power_curr": -894, "voltage_l1": 235.3},
                    "HTU21": {"Temperature": 25.2, "Humidity": 45.5}, "TempUnit": "C",
                }}),
            ],
        ],
        {
            "temperature_c": [from_fahrenheit], "dew_point_c": [from_fahrenheit],
            "device_temperature_c": [from_fahrenheit], "rssi_dbm": [from_wifi_quality],
        },
    )  # fmt: skip


SPOKEN: Final = {spoken.name: spoken for spoken in (_native(), _zigbee2mqtt(), _tasmota())}
