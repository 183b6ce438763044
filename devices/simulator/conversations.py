"""What devices of each dialect say when they are well: invented, shaped like what real ones send.

A dialect's messages are one entry of `SPOKEN`. Its conversions are the only ways in which it may
change a number on the way from the message to a value of that name.
"""

from __future__ import annotations

import json
from typing import Any, Final

from devices.dialects.chirpstack import ChirpStack
from devices.dialects.home_assistant import HomeAssistant
from devices.dialects.native import Native
from devices.dialects.shelly import Shelly
from devices.dialects.tasmota import Tasmota
from devices.dialects.zigbee2mqtt import Zigbee2Mqtt
from devices.simulator import sparkplug
from devices.simulator.witness import NOW, Said, Spoken

SCHOOL: Final = "no3-middle"


def _said(topic: str, body: Any, *, retained: bool = False) -> Said:
    payload = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Said(topic, payload, retained)


def thousandth(number: float) -> float:
    """Millivolts to volts, watt-hours to kilowatt-hours."""
    return number / 1000


def thousandfold(number: float) -> float:
    """Kilowatts to watts."""
    return number * 1000


def from_kelvin(number: float) -> float:
    """K to °C."""
    return number - 273.15


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


def _shelly() -> Spoken:
    top, at = "no3/shelly/panel", NOW / 1000 - 5
    three_phases = {"id": 0, "total_current": 15.9, "n_current": None, "total_act_power": 3656.4}
    for phase, amperes, watts in (("a", 4.1, 951.2), ("b", 9.8, 2254), ("c", 2.25, 451.5)):
        three_phases |= {
            f"{phase}_current": amperes, f"{phase}_voltage": 229.5, f"{phase}_act_power": watts,
            f"{phase}_pf": 0.97, f"{phase}_freq": 50,
        }  # fmt: skip
    return Spoken(
        "shelly",
        lambda: Shelly(SCHOOL, "no3/shelly"),
        [
            [
                _said(f"{top}/online", "true", retained=True),
                _said(f"{top}/status/switch:0", {
                    "id": 0, "source": "init", "output": True, "apower": 399.2, "voltage": 240.8,
                    "current": 1.886, "pf": 0.88,
                    "aenergy": {"total": 2574466.629, "by_minute": [7200.069, 6121.044],
                                "minute_ts": 1786033200},
                    "temperature": {"tC": 46.3, "tF": 115.4},
                }),
            ],
            [
                _said(f"{top}/status/em:0", three_phases),
                _said(f"{top}/status/temperature:0", {"id": 0, "tC": 51.5, "tF": 124.7}),
            ],
            [
                _said(f"{top}/events/rpc", {
                    "src": "shellyproem50-a1", "dst": "no3/events", "method": "NotifyStatus",
                    "params": {
                        "ts": at, "em:0": {"id": 0, "b_current": 19.8},
                        "switch:1": {"id": 1, "apower": 77.5},
                    },
                }),
                _said(f"{top}/events/rpc", {
                    "src": "shellyproem50-a1", "dst": "no3/events", "method": "NotifyEvent",
                    "params": {"ts": at, "events": [
                        {"component": "input:2", "id": 2, "event": "single_push", "ts": at},
                    ]},
                }),
            ],
            [
                _said(f"{top}/events/rpc", {
                    "src": "shellyht-b2", "dst": "no3/events", "method": "NotifyFullStatus",
                    "params": {
                        "ts": at, "smoke:0": {"id": 0, "alarm": False, "mute": False},
                        "temperature:0": {"id": 0, "tF": 70.7}, "humidity:0": {"id": 0, "rh": 45},
                        "devicepower:0": {"id": 0, "battery": {"V": 5.6, "percent": 88},
                                          "external": {"present": False}},
                        "wifi": {"sta_ip": "192.0.2.7", "rssi": -61},
                        "sys": {"uptime": 3661, "restart_required": False},
                    },
                }),
            ],
        ],
        {
            "energy_kwh": [thousandth], "energy_returned_kwh": [thousandth],
            "energy_total_kwh": [thousandth], "energy_returned_total_kwh": [thousandth],
            "temperature_c": [from_fahrenheit], "device_temperature_c": [from_fahrenheit],
        },
    )  # fmt: skip


def _chirpstack() -> Spoken:
    top = "no3/lora/application/ca739e26-7b67-4f14-b69e-d568c22a5a75/device/24e124136b502217/event"

    def event(**more: Any) -> dict[str, Any]:
        return {
            "deduplicationId": "57433366-50a6-4dc2-8145-2df1bbc70d9e",
            "time": "2026-11-20T07:47:05.404859+00:00",
            "deviceInfo": {
                "applicationName": "dormitory", "deviceProfileName": "SOCKET", "deviceName": "301",
                "devEui": "24e124136b502217", "tags": {"unit_power_consumption": "Wh"},
            },
            "devAddr": "01a2b3c4",
            **more,
        }  # fmt: skip

    def uplink(decoded: dict[str, Any]) -> dict[str, Any]:
        return event(
            adr=True, dr=5, fCnt=41, fPort=85, confirmed=False, data="AXVcA2c0AQRoZQ==",
            object=decoded,
            rxInfo=[
                {"gatewayId": "24e124fffef00001", "uplinkId": 24022, "rssi": -97, "snr": 4.2},
                {"gatewayId": "24e124fffef00002", "uplinkId": 24023, "rssi": -71, "snr": 9.5},
            ],
            txInfo={"frequency": 868500000, "modulation": {"lora": {"spreadingFactor": 7}}},
        )  # fmt: skip

    return Spoken(
        "chirpstack",
        lambda: ChirpStack(SCHOOL, "no3/lora"),
        [
            [_said(f"{top}/up", uplink({
                "voltage": 230.4, "current": 0.452, "power": 101.5, "factor": 97,
                "power_consumption": 1264, "socket_status": "on",
            }))],
            [_said(f"{top}/up", uplink({
                "smoke_status": "normal", "temperature": 30.8, "humidity": "50.5", "vdd": 3426,
                "battery": 92, "co2": 936, "sensors": {"temperature": 21.5},
            }))],
            [_said(f"{top}/up", uplink({"battery": 16, "button_2": "short press"}))],
            [
                _said(f"{top}/join", event()),
                _said(f"{top}/status", event(
                    margin=10, externalPowerSource=False, batteryLevelUnavailable=False,
                    batteryLevel=75.59,
                )),
            ],
        ],
        {
            "energy_kwh": [thousandth], "battery_v": [thousandth], "power_factor": [hundredth],
            "current_a": [thousandth], "power_w": [thousandfold],
            "temperature_c": [from_fahrenheit],
        },
    )  # fmt: skip


def _home_assistant() -> Spoken:
    top = "no3/ha"
    device = {"ids": ["esp-a1b2"], "name": "301", "mdl": "ESP32", "mf": "Acme", "sw": "2026.11"}
    plain = {
        "~": f"{top}/esp", "name": "Temperature", "uniq_id": "esp-a1b2-t", "stat_t": "~/t",
        "dev_cla": "temperature", "unit_of_meas": "°F", "avty_t": "~/status", "dev": device,
    }  # fmt: skip
    whole = {
        "dev": device, "stat_t": f"{top}/esp/state",
        "cmps": {
            "smoke": {"p": "binary_sensor", "dev_cla": "smoke", "val_tpl": "{{ value_json.s }}",
                      "pl_on": "1", "pl_off": "0"},
            "watts": {"p": "sensor", "dev_cla": "power", "unit_of_meas": "kW",
                      "val_tpl": "{{ value_json.meter.p | float(0) }}"},
            "kwh": {"p": "sensor", "dev_cla": "energy", "unit_of_meas": "kWh",
                    "val_tpl": "{{ value_json['meter']['e'] }}"},
            "mode": {"p": "sensor", "val_tpl": "{{ value_json.mode }}"},
        },
    }  # fmt: skip
    button = {
        "atype": "trigger", "t": f"{top}/gate/action", "pl": "single", "type": "button_short_press",
        "stype": "gate", "dev": {"ids": "gate"},
    }  # fmt: skip
    return Spoken(
        "home_assistant",
        lambda: HomeAssistant(SCHOOL, top),
        [
            [
                _said(f"{top}/homeassistant/sensor/esp/t/config", plain, retained=True),
                _said(f"{top}/esp/status", "online", retained=True),
                _said(f"{top}/esp/t", "70.7"),
            ],
            [
                _said(f"{top}/homeassistant/device/esp/config", whole, retained=True),
                _said(f"{top}/esp/state", {
                    "s": 1, "meter": {"p": 1.9804, "e": "812.44"}, "mode": "heat", "uptime": 77,
                }),
            ],
            [
                _said(f"{top}/homeassistant/device_automation/gate/a/config", button),
                _said(f"{top}/gate/action", "single"),
            ],
        ],
        {
            "temperature_c": [from_fahrenheit, from_kelvin],
            "power_w": [thousandfold],
            "energy_kwh": [thousandth],
        },
    )  # fmt: skip


SPOKEN: Final = {
    spoken.name: spoken
    for spoken in (
        _native(),
        _zigbee2mqtt(),
        _tasmota(),
        _shelly(),
        _chirpstack(),
        _home_assistant(),
        sparkplug.spoken(SCHOOL),
    )
}
