"""The dialect of Tasmota plugs, switches and sensors, bound to one school.

Full topics ``%prefix%/%topic%/`` and ``%topic%/%prefix%/`` behind a base of the school's own, as
set by Tasmota's command ``FullTopic``, e.g. ``no3/%prefix%/%topic%/``. Heard are ``tele/…``
(SENSOR, STATE, LWT, INFO1-3, UPTIME) and ``stat/…`` (RESULT, POWER, STATUS2, 5, 8, 10, 11).
Tasmota's times have no zone: they count only when the devices' offset is configured.
Source: tasmota.github.io/docs, "MQTT", "Commands", "Buttons and Switches".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from devices import values as v
from devices.dialects.guess import kind_of
from devices.reading import Channel, Reading, Reject, RejectReason, Route, Value

MAX_PAYLOAD: Final = 64 * 1024
MAX_NAME: Final = 250
"""Characters; what is longer is nobody's name, and names of strangers are kept."""


_STATUS_PARTS: Final = frozenset({"LWT", "INFO1", "INFO2", "INFO3", "STATUS2", "STATUS5"})
_IGNORED: Final = re.compile(r"STATUS\d*\Z|LOGGING\Z|HASS_STATE\Z|DISCOVERY\Z")
_MEASURED: Final = re.compile(r"STATUS(8|10|11)\Z")
_POWER: Final = re.compile(r"POWER(\d*)\Z")
_BUTTON: Final = re.compile(r"Button(\d*)\Z")

_PRESSES: Final = {
    "SINGLE": "pressed",
    "DOUBLE": "pressed_twice",
    "TRIPLE": "pressed_thrice",
    "HOLD": "held",
    "CLEAR": "released",
}

_ENERGY: Final = {
    "Total": "energy_kwh",
    "Today": "energy_today_kwh",
    "Yesterday": "energy_yesterday_kwh",
    "Period": "energy_period_wh",
    "Power": "power_w",
    "ApparentPower": "apparent_va",
    "ReactivePower": "reactive_var",
    "Factor": "power_factor",
    "Frequency": "frequency_hz",
    "Voltage": "voltage_v",
    "Current": "current_a",
    "Temperature": "device_temperature_c",
}
"""Of the section ENERGY; each a number, or a list by phase."""

_SENSED: Final = {
    "Temperature": "temperature_c",
    "Humidity": "humidity_pct",
    "DewPoint": "dew_point_c",
    "Pressure": "pressure_hpa",
    "SeaPressure": "sea_pressure_hpa",
    "Illuminance": "illuminance_lx",
    "CarbonDioxide": "co2_ppm",
    "CarbonMonoxide": "co_ppm",
}
"""Of the section of a sensor; several sensors give a list."""

_DEGREES: Final = frozenset({"temperature_c", "dew_point_c", "device_temperature_c"})
_PROCESSORS: Final = ("ESP32", "ESP8266")


class _TasmotaRoute(Route, frozen=True):
    part: str = ""


class Tasmota:
    """Decodes the topics below one base. Stateless."""

    name = "tasmota"

    def __init__(
        self,
        school: str,
        base: str = "",
        *,
        offset_minutes: int | None = None,
        qualified: bool = False,
    ) -> None:
        """``base`` stands before ``tele/`` and ``stat/``; empty for Tasmota's own default, which
        only one school at a broker can have. ``offset_minutes`` is how far the devices' clocks
        are set east of UTC. ``qualified`` puts the base before addresses and ids.
        """
        self.school = school
        self.base = base.strip("/")
        self._offset = offset_minutes
        self._qualified = qualified and bool(self.base)

    def filters(self) -> Sequence[tuple[str, bool]]:
        """Everything below the base: any message may carry a press."""
        return [(pattern, True) for pattern in self.spoken()]

    def spoken(self) -> Sequence[str]:
        """What the devices publish."""
        return [f"{self.base}/#"] if self.base else ["tele/#", "stat/#"]

    def heard(self) -> Sequence[str]:
        """What the devices listen to."""
        return [f"{self.base}/#"] if self.base else ["cmnd/#"]

    def route(self, topic: str) -> Route | Reject | None:
        """Where the topic leads."""
        rest = topic
        if self.base:
            if not topic.startswith(f"{self.base}/"):
                return Reject(RejectReason.TOPIC, f"expected a topic below {self.base}/")
            rest = topic[len(self.base) + 1 :]
        levels = rest.split("/")
        if len(levels) < 3:
            return Reject(RejectReason.TOPIC, "expected %prefix%/%topic%/… or %topic%/%prefix%/…")
        if levels[0] in {"tele", "stat", "cmnd"}:
            prefix, name = levels[0], "/".join(levels[1:-1])
        else:
            prefix, name = levels[-2], "/".join(levels[:-2])
        if prefix == "cmnd":
            return None  # a command to the device, heard because the filter takes everything
        if prefix not in {"tele", "stat"}:
            return Reject(RejectReason.TOPIC, "expected tele or stat in the topic")
        return self._route_part(prefix, name, levels[-1])

    def _route_part(self, prefix: str, name: str, part: str) -> Route | Reject | None:
        if not name or len(name) > MAX_NAME or "\0" in name:
            return Reject(RejectReason.IDENTIFIER, f"a device has 1 to {MAX_NAME} characters")
        status = part in _STATUS_PARTS
        if not status and not _MEASURED.match(part) and _IGNORED.match(part):
            return None
        if prefix == "stat" and not (
            status or part == "RESULT" or _MEASURED.match(part) or _POWER.match(part)
        ):
            return None  # an answer to somebody's command
        address = f"{self.base}/{name}" if self._qualified else name
        channel = Channel.STATUS if status else Channel.TELEMETRY
        return _TasmotaRoute(
            self.school, v.identifier(address), channel, "", self.name, address=address, part=part
        )

    def read(
        self, route: Route, payload: bytes, received: int, *, retained: bool
    ) -> list[Reading] | Reject:
        """What the payload says: measurements and states, then presses, when it holds both."""
        part = route.part if isinstance(route, _TasmotaRoute) else "SENSOR"
        if not payload:
            return []  # a retained message was removed
        word = payload[:16].strip()
        if part == "LWT":
            return _read_lwt(word, received, retained)
        if _POWER.match(part) and word[:1] != b"{":
            return _read_power(word, received, retained)
        document = v.decode(payload, MAX_PAYLOAD)
        if isinstance(document, Reject):
            return document
        if not isinstance(document, dict):
            return Reject(RejectReason.SHAPE, "expected a JSON object")
        document = _unwrap(document)
        if not document:
            return Reject(RejectReason.EMPTY, "an object without a value")
        at = v.moment(document.get("Time"), self._offset)
        if route.channel is Channel.STATUS:
            return _read_about(document, received, at, retained)
        return _read_document(document, received, at, retained)

    def read_plain(self, route: Route, payload: bytes, received: int) -> Reading | None:  # noqa: ARG002
        """Nothing is plain here: keys are renamed in every message."""
        return None

    def guess_kind(self, route: Route, readings: Sequence[Reading]) -> str:  # noqa: ARG002
        """By the values it sent."""
        names = {name for reading in readings for name in reading.values}
        return kind_of(names, press=any(reading.event for reading in readings))


def _read_lwt(word: bytes, received: int, retained: bool) -> list[Reading] | Reject:
    online = v.truth(word.decode("ascii", "replace"))
    if online is None:
        return Reject(RejectReason.SHAPE, "expected Online or Offline")
    return [v.reading_of(Channel.STATUS, {"online": online}, received, retained=retained)]


def _read_power(word: bytes, received: int, retained: bool) -> list[Reading] | Reject:
    """The bare word of ``stat/…/POWER1``; of several relays only ``RESULT`` says which."""
    switch = _switch(word.decode("ascii", "replace"))
    if switch is None:
        return Reject(RejectReason.SHAPE, "expected ON or OFF")
    return [v.reading_of(Channel.TELEMETRY, {"switch": switch}, received, retained=retained)]


def _unwrap(document: dict[str, Any]) -> dict[str, Any]:
    """Answers to STATUS and INFO stand in an object of one key: ``{"StatusSNS": {…}}``."""
    if len(document) == 1:
        (key, inner) = next(iter(document.items()))
        if isinstance(inner, dict) and key.startswith(("Status", "Info")):
            return inner
    return document


def _read_about(
    document: dict[str, Any], received: int, at: int | None, retained: bool
) -> list[Reading]:
    """INFO1-3, STATUS2, STATUS5: what the device is."""
    version = document.get("Version")
    values: dict[str, Value] = {}
    for theirs, ours in (
        ("Module", "model"),
        ("Hostname", "hostname"),
        ("IPAddress", "ip"),
        ("RestartReason", "restart_reason"),
    ):
        if isinstance(document.get(theirs), str):
            values[ours] = document[theirs]
    firmware = version[:64] if isinstance(version, str) and version else None
    if not values and firmware is None:
        return []
    return [
        v.reading_of(Channel.STATUS, values, received, at=at, firmware=firmware, retained=retained)
    ]


class _Document:
    """One JSON object of Tasmota's, taken apart."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.fahrenheit = str(document.get("TempUnit", "C")).upper() == "F"
        self.values: dict[str, Value] = {}
        self.presses: list[tuple[str, str]] = []
        self._sensed: dict[str, list[Value]] = {}
        self._switches: list[Value] = []
        for name, value in document.items():
            self._take(name, value)
        if self._switches:
            self._sensed["switch"] = self._switches
        for ours, found in self._sensed.items():
            # One value stands alone, several sensors or relays are a list.
            self.values[ours] = found[0] if len(found) == 1 else found  # type: ignore[assignment]

    def _take(self, name: str, value: Any) -> None:
        if name in {"TempUnit", "PressureUnit"}:
            return
        if name == "Time":
            self.values["device_time"] = v.clean(value)  # told, whether or not it is believed
        elif _POWER.match(name):
            self._switches.append(_switch(value))
        elif not isinstance(value, dict):
            self.values[v.snake(name) or "value"] = v.clean(value)
        elif match := _BUTTON.match(name):
            self.presses += _press(match[1], value)
        elif name == "ENERGY":
            for theirs, each in value.items():
                ours = _ENERGY.get(theirs)
                if ours is not None:
                    self.values[ours] = self._measured(ours, each)
                else:
                    self.values[f"energy_{v.snake(theirs)}"] = v.clean(each)
        elif name == "Wifi":
            self.values.update(_wifi(value))
        else:
            self._take_sensor(name, value)

    def _take_sensor(self, name: str, section: dict[str, Any]) -> None:
        for theirs, value in section.items():
            ours = _SENSED.get(theirs, "")
            if ours and not name.startswith(_PROCESSORS):
                self._sensed.setdefault(ours, []).append(self._measured(ours, value))
            else:
                # A processor's own temperature is not the room's.
                self.values[f"{v.snake(name)}_{v.snake(theirs)}"[:64]] = v.clean(value)

    def _measured(self, ours: str, value: object) -> Value:
        if isinstance(value, list):
            return [v.number(each) for each in value]
        plain = v.number(value)
        if plain is None:
            return None if value is None or isinstance(value, str) else v.clean(value)
        if self.fahrenheit and ours in _DEGREES:
            return v.scaled(plain - 32, 5 / 9, 2)
        return plain


def _read_document(
    document: dict[str, Any], received: int, at: int | None, retained: bool
) -> list[Reading]:
    said = _Document(document)
    readings: list[Reading] = []
    if said.values or not said.presses:
        readings.append(
            v.reading_of(Channel.TELEMETRY, said.values, received, at=at, retained=retained)
        )
    for event, zone in said.presses:
        button: dict[str, Value] = {"zone": zone} if zone else {}
        readings.append(
            v.reading_of(Channel.EVENT, button, received, at=at, event=event, retained=retained)
        )
    return readings


def _wifi(section: dict[str, Any]) -> dict[str, Value]:
    """``Signal`` is in dBm; ``RSSI`` is a quality in percent, which Tasmota makes of it."""
    values: dict[str, Value] = {}
    signal, quality = v.number(section.get("Signal")), v.number(section.get("RSSI"))
    if signal is None and quality is not None:
        signal = quality if quality < 0 else quality / 2 - 100  # it is 2 (dBm + 100)
    if signal is not None:
        values["rssi_dbm"] = signal
    if quality is not None and quality >= 0:
        values["wifi_quality_pct"] = quality
    return values


def _switch(value: object) -> str | None:
    closed = v.truth(value)
    return None if closed is None else ("closed" if closed else "open")


def _press(button: str, section: dict[str, Any]) -> list[tuple[str, str]]:
    action = section.get("Action")
    if not isinstance(action, str):
        return []
    event = _PRESSES.get(action.upper(), v.snake(action))
    return [(event, button)] if event else []
