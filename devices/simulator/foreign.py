"""Devices of other makers as they speak: a Zigbee2MQTT bridge with its devices, a Tasmota plug.

Shapes after the projects' own documentation: Zigbee2MQTT 2.x "MQTT topics and messages", Tasmota
14.x "MQTT" and "Energy monitoring".
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from devices.model import Device
from devices.simulator.behaviour import LOCAL_OFFSET, ORDINARY, Conditions, is_silenced, measure
from devices.simulator.transmitter import Outgoing

ZIGBEE_BASE: Final = "zigbee2mqtt"
TASMOTA_BASE: Final = "tasmota"

_encode: Final = msgspec.json.Encoder().encode

_ZIGBEE_MODELS: Final = {
    "smoke": ("XH-ZS1", "Smoke detector", ["smoke", "battery", "linkquality", "tamper"]),
    "alarm-button": ("XH-ZB1", "Wireless button", ["action", "battery", "linkquality"]),
}


def _number(device: Device, name: str, below: int) -> int:
    return zlib.crc32(f"{device.school}/{device.id}/{name}".encode()) % below


class ZigbeeDevice:
    """One device behind a Zigbee2MQTT bridge; it has no clock and no count."""

    def __init__(self, device: Device, seed: int, base: str = ZIGBEE_BASE) -> None:
        self.device = device
        self._seed = seed
        self._topic = f"{base}/{device.address}"

    def describe(self) -> dict[str, object]:
        """Its entry in ``bridge/devices``."""
        model, description, properties = _ZIGBEE_MODELS[self.device.kind]
        return {
            "ieee_address": f"0x00124b00{_number(self.device, 'ieee', 2**32):08x}",
            "type": "EndDevice",
            "network_address": _number(self.device, "network", 65_528),
            "supported": True,
            "disabled": False,
            "friendly_name": self.device.address,
            "definition": {
                "model": model,
                "vendor": "Xinghe",
                "description": description,
                "exposes": [{"name": name, "property": name} for name in properties],
            },
            "power_source": "Battery",
            "interview_completed": True,
            "software_build_id": "1.0.8",
        }

    def telemetry(
        self, now: int, wall: int, conditions: Conditions = ORDINARY, *, connected: bool = True
    ) -> list[Outgoing]:
        """Its state; nothing while it is not heard."""
        del wall  # the bridge passes on no time
        if not (connected and conditions.reachable):
            return []
        body = self._radio(now, conditions)
        if self.device.kind == "smoke":
            measured = measure(self.device, self._seed, now, conditions)
            body |= {"smoke": measured["smoke_alarm"], "tamper": False, "battery_low": False}
        return [Outgoing(self._topic, _encode(body), qos=0)]

    def press(self, now: int) -> Outgoing:
        """A button's press: said once, as Zigbee2MQTT does it."""
        body = {"action": "single", **self._radio(now, ORDINARY)}
        return Outgoing(self._topic, _encode(body), qos=0)

    def _radio(self, now: int, conditions: Conditions) -> dict[str, object]:
        measured = measure(self.device, self._seed, now, conditions)
        link = 60 + _number(self.device, "link", 120)
        return {"battery": measured["battery_pct"], "linkquality": link}


class ZigbeeBridge:
    """The bridge's own topics."""

    def __init__(self, devices: Sequence[ZigbeeDevice], base: str = ZIGBEE_BASE) -> None:
        self.devices = tuple(devices)
        self._base = base

    def will(self) -> Outgoing:
        """What the broker says when the bridge is gone."""
        return Outgoing(f"{self._base}/bridge/state", b'{"state":"offline"}', retain=True)

    def greeting(self) -> list[Outgoing]:
        """What the bridge retains when it starts: that it is there, and its devices."""
        coordinator = {
            "ieee_address": "0x00124b0000000001",
            "type": "Coordinator",
            "network_address": 0,
            "supported": True,
            "disabled": False,
            "friendly_name": "Coordinator",
            "definition": None,
            "interview_completed": True,
        }
        described = [coordinator, *(device.describe() for device in self.devices)]
        return [
            Outgoing(f"{self._base}/bridge/state", b'{"state":"online"}', retain=True),
            Outgoing(f"{self._base}/bridge/devices", _encode(described), retain=True),
        ]


class TasmotaPlug:
    """A plug with an energy meter. Its clock is local and says no zone, as Tasmota's does."""

    def __init__(self, device: Device, seed: int) -> None:
        self.device = device
        self._seed = seed
        self._name = device.address

    def will(self) -> Outgoing:
        """What the broker says when it is gone."""
        return Outgoing(f"{TASMOTA_BASE}/tele/{self._name}/LWT", b"Offline", retain=True)

    def greeting(self) -> list[Outgoing]:
        """What it says on each connection."""
        return [Outgoing(f"{TASMOTA_BASE}/tele/{self._name}/LWT", b"Online", retain=True)]

    def telemetry(
        self, now: int, wall: int, conditions: Conditions = ORDINARY, *, connected: bool = True
    ) -> list[Outgoing]:
        """Its state and its meter; nothing without mains."""
        if is_silenced(self.device, conditions) or not (connected and conditions.reachable):
            return []
        measured = measure(self.device, self._seed, now, conditions)
        power, voltage, current, factor = (
            _first(measured[name]) for name in ("power_w", "voltage_v", "current_a", "power_factor")
        )
        local = datetime.fromtimestamp((wall + conditions.clock_error_ms) / 1000, UTC) + timedelta(
            milliseconds=LOCAL_OFFSET
        )
        time = local.strftime("%Y-%m-%dT%H:%M:%S")
        state = {
            "Time": time,
            "Uptime": "12T03:14:15",
            "POWER": "ON",
            "Wifi": {"AP": 1, "SSId": "campus", "RSSI": 72, "Signal": -64, "LinkCount": 1},
        }
        sensor = {
            "Time": time,
            "ENERGY": {
                "TotalStartTime": "2025-09-01T00:00:00",
                "Total": measured["energy_kwh"],
                "Power": power,
                "ApparentPower": round(voltage * current),
                "Factor": factor,
                "Voltage": round(voltage),
                "Current": current,
            },
        }
        return [
            Outgoing(f"{TASMOTA_BASE}/tele/{self._name}/STATE", _encode(state), qos=0),
            Outgoing(f"{TASMOTA_BASE}/tele/{self._name}/SENSOR", _encode(sensor), qos=0),
        ]


def _first(value: object) -> float:
    """The first phase of three: a plug has one."""
    first = value[0] if isinstance(value, list) else value
    if not isinstance(first, int | float):
        raise TypeError(f"expected a number, got {first!r}")
    return first
