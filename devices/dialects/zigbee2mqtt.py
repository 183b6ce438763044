"""The dialect of Zigbee2MQTT: one bridge, bound to one school.

Topics: ``{base}/{friendly name}`` (a JSON object, measurements and presses together),
``{base}/{friendly name}/availability`` and ``{base}/bridge/…``. A friendly name may hold slashes,
spaces and Chinese. The bridge publishes the list of its devices (``bridge/devices``, retained);
what it says there decides guesses of the kind and the unit of ``voltage``.
Source: www.zigbee2mqtt.io, "MQTT topics and messages".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from devices import values as v
from devices.dialects.guess import kind_of
from devices.reading import Channel, Reading, Reject, RejectReason, Route, Value

MAX_PAYLOAD: Final = 64 * 1024
MAX_NAME: Final = 250
"""Characters; what is longer is nobody's name, and names of strangers are kept."""

MAX_DEVICE_LIST: Final = 2 << 20
"""``bridge/devices`` takes some kilobytes a device."""

MAX_DEVICES: Final = 2000
"""Known devices that are kept; a Zigbee network has a few hundred at most."""

_KNOWN_BRIDGE: Final = frozenset(
    {
        "config", "converters", "definitions", "definition", "device", "event", "extensions",
        "group", "groups", "health", "info", "log", "logging", "networkmap", "ota_update",
        "permit_join", "request", "response",
    }
)  # fmt: skip

_RENAMED: Final = {
    "smoke": "smoke_alarm",
    "battery": "battery_pct",
    "linkquality": "lqi",
    "temperature": "temperature_c",
    "local_temperature": "temperature_c",
    "humidity": "humidity_pct",
    "co": "co_ppm",
    "co2": "co2_ppm",
    "carbon_monoxide": "co_alarm",
    "gas": "gas_alarm",
    "pressure": "pressure_hpa",
    "illuminance": "illuminance_lx",
    "illuminance_lux": "illuminance_lx",
    "device_temperature": "device_temperature_c",
    "current": "current_a",
    "power": "power_w",
    "energy": "energy_kwh",
    "power_factor": "power_factor",
    "ac_frequency": "frequency_hz",
    "power_reactive": "reactive_var",
    "power_apparent": "apparent_va",
    "residual_current": "residual_current_ma",
    "leakage_current": "residual_current_ma",
}

_PHASED: Final = ("voltage", "current", "power", "power_factor", "energy", "power_reactive")
_PHASES: Final = (("", "_phase_b", "_phase_c"), ("_a", "_b", "_c"), ("_l1", "_l2", "_l3"))

_PRESSES: Final = {
    "single": "pressed",
    "press": "pressed",
    "pressed": "pressed",
    "click": "pressed",
    "emergency": "pressed",
    "panic": "pressed",
    "sos": "pressed",
    "double": "pressed_twice",
    "double_press": "pressed_twice",
    "hold": "held",
    "held": "held",
    "long": "held",
    "long_press": "held",
    "release": "released",
    "released": "released",
    "hold_release": "released",
    "long_release": "released",
}
_PRESS: Final = "|".join(sorted(_PRESSES, key=len, reverse=True))
_BUTTON_FIRST: Final = re.compile(rf"(?:button_)?(?P<zone>[a-z0-9]+)_(?P<press>{_PRESS})\Z")
_BUTTON_LAST: Final = re.compile(rf"(?P<press>{_PRESS})_(?:button_)?(?P<zone>[a-z0-9]+)\Z")


class Known(msgspec.Struct, frozen=True):
    """What the bridge said of a device. ``mains`` is ``None`` when it did not say."""

    kind: str = ""
    model: str = ""
    mains: bool | None = None
    firmware: str | None = None


class _Z2mRoute(Route, frozen=True):
    part: str = ""


class Zigbee2Mqtt:
    """Decodes one bridge's topics. Remembers what ``bridge/devices`` said."""

    name = "zigbee2mqtt"

    def __init__(
        self,
        school: str,
        base: str = "zigbee2mqtt",
        *,
        offset_minutes: int | None = None,  # noqa: ARG002  (a bridge's times name their zone)
        qualified: bool = False,
    ) -> None:
        """``qualified`` puts the base topic before addresses and ids: for a school with more
        bridges than one, whose friendly names may be the same.
        """
        self.school = school
        self.base = base.strip("/")
        self._qualified = qualified
        self._bridge = v.identifier(f"{self.base}-bridge".replace("/", "-"))
        self._known: dict[str, Known] = {}

    def filters(self) -> Sequence[tuple[str, bool]]:
        """Everything below the base topic: any message may carry an alarm."""
        return [(pattern, True) for pattern in (*self.lessons(), f"{self.base}/#")]

    def lessons(self) -> Sequence[str]:
        """The list of devices, without which the unit of a voltage is a guess."""
        return [f"{self.base}/bridge/devices"]

    def spoken(self) -> Sequence[str]:
        """What the bridge publishes."""
        return [f"{self.base}/#"]

    def heard(self) -> Sequence[str]:
        """What the bridge listens to; its ``/set`` and ``/get`` may follow any friendly name."""
        return [f"{self.base}/#"]

    def known(self, address: str) -> Known | None:
        """What the bridge said of the device of that address."""
        return self._known.get(address)

    def route(self, topic: str) -> Route | Reject | None:
        """Where the topic leads."""
        if not topic.startswith(f"{self.base}/"):
            return Reject(RejectReason.TOPIC, f"expected a topic below {self.base}/")
        rest = topic[len(self.base) + 1 :]
        head, _, tail = rest.partition("/")
        if head == "bridge":
            return self._route_bridge(tail)
        name, _, last = rest.rpartition("/")
        if last in {"set", "get"} or "/set/" in rest or "/get/" in rest:
            return None  # a command to the bridge, heard because the filter takes everything
        if last == "availability":
            return self._route_device(name, Channel.STATUS, "availability")
        return self._route_device(rest, Channel.TELEMETRY, "state")

    def _route_bridge(self, part: str) -> Route | Reject | None:
        if part in {"state", "devices"}:
            return _Z2mRoute(
                self.school, self._bridge, Channel.STATUS, "repeater", self.name,
                address=f"{self.base}/bridge", part=f"bridge/{part}",
            )  # fmt: skip
        if part.partition("/")[0] in _KNOWN_BRIDGE:
            return None
        return Reject(RejectReason.TOPIC, f"unknown topic of the bridge: bridge/{part}"[:200])

    def _route_device(self, name: str, channel: Channel, part: str) -> Route | Reject:
        if not name or len(name) > MAX_NAME or "\0" in name:
            return Reject(
                RejectReason.IDENTIFIER, f"a friendly name has 1 to {MAX_NAME} characters"
            )
        address = f"{self.base}/{name}" if self._qualified else name
        known = self._known.get(address)
        return _Z2mRoute(
            self.school, v.identifier(address), channel, known.kind if known else "", self.name,
            address=address, part=part,
        )  # fmt: skip

    def read(
        self, route: Route, payload: bytes, received: int, *, retained: bool
    ) -> list[Reading] | Reject:
        """What the payload says: measurements, then a press, when it holds both."""
        part = route.part if isinstance(route, _Z2mRoute) else "state"
        if not payload:
            return []  # a retained message was removed
        if part in {"availability", "bridge/state"}:
            return _read_state_of(payload, received, retained)
        if part == "bridge/devices":
            return self._learn(payload)
        document = v.decode(payload, MAX_PAYLOAD)
        if isinstance(document, Reject):
            return document
        if not isinstance(document, dict):
            return Reject(
                RejectReason.SHAPE, "expected a JSON object (Zigbee2MQTT's setting output: json)"
            )
        if not document:
            return Reject(RejectReason.EMPTY, "an object without a value")
        return _read_document(document, received, retained, self._known.get(route.address))

    def read_plain(self, route: Route, payload: bytes, received: int) -> Reading | None:  # noqa: ARG002
        """Nothing is plain here: keys are renamed in every message."""
        return None

    def guess_kind(self, route: Route, readings: Sequence[Reading]) -> str:
        """What the bridge knows of the device's features decides, else what it sent."""
        known = self._known.get(route.address)
        if known is not None and known.kind:
            return known.kind
        if route.kind:
            return route.kind
        names = {name for reading in readings for name in reading.values}
        return kind_of(names, press=any(reading.event for reading in readings))

    def _learn(self, payload: bytes) -> list[Reading] | Reject:
        document = v.decode(payload, MAX_DEVICE_LIST)
        if isinstance(document, Reject):
            return document
        if not isinstance(document, list):
            return Reject(RejectReason.SHAPE, "bridge/devices: expected an array of devices")
        known: dict[str, Known] = {}
        for entry in document[:MAX_DEVICES]:
            if isinstance(entry, dict) and isinstance(entry.get("friendly_name"), str):
                name = entry["friendly_name"]
                known[f"{self.base}/{name}" if self._qualified else name] = _known_of(entry)
        self._known = known
        return []


def _known_of(entry: dict[str, Any]) -> Known:
    definition = entry.get("definition")
    definition = definition if isinstance(definition, dict) else {}
    features = {_RENAMED.get(name, name) for name in _features(definition.get("exposes"))}
    kind = ""
    if features:
        kind = kind_of(features, press=bool(features & {"action", "sos"}))
    if kind in {"", "other"} and entry.get("type") == "Router":
        kind = "repeater"
    source = entry.get("power_source")
    mains: bool | None = None
    if isinstance(source, str):
        # "Mains (single phase)", "Battery", "DC Source", "Unknown" …
        if source.startswith(("Mains", "DC", "Emergency")):
            mains = True
        elif source.startswith("Battery"):
            mains = False
    firmware = entry.get("software_build_id")
    model = f"{definition.get('vendor') or ''} {definition.get('model') or ''}".strip()
    return Known(
        kind=kind,
        model=model[:100],
        mains=mains,
        firmware=firmware[:64] if isinstance(firmware, str) and firmware else None,
    )


def _features(exposes: object) -> Iterator[str]:
    """The names of what a device exposes; composite ones hold ``features`` of their own."""
    if not isinstance(exposes, list):
        return
    for expose in exposes[:200]:
        if isinstance(expose, dict):
            name = expose.get("property") or expose.get("name")
            if isinstance(name, str):
                yield name
            inner = expose.get("features")
            for feature in inner[:50] if isinstance(inner, list) else ():
                if isinstance(feature, dict) and isinstance(feature.get("property"), str):
                    yield feature["property"]


def _read_state_of(payload: bytes, received: int, retained: bool) -> list[Reading] | Reject:
    """Availability: ``{"state": "online"}``, or the bare word of older bridges."""
    state: object
    if payload[:1] == b"{":
        document = v.decode(payload, MAX_PAYLOAD)
        if isinstance(document, Reject):
            return document
        state = document.get("state") if isinstance(document, dict) else None
    else:
        state = payload[:16].decode("utf-8", "replace")
    online = v.truth(state)
    if online is None:
        return Reject(RejectReason.SHAPE, "expected online or offline")
    return [v.reading_of(Channel.STATUS, {"online": online}, received, retained=retained)]


def _read_document(
    document: dict[str, Any], received: int, retained: bool, known: Known | None
) -> list[Reading]:
    at = v.moment(document.pop("last_seen", None))
    action = document.pop("action", None)
    test = v.truth(document.pop("test", None)) is True
    about = document.pop("device", None)
    firmware = _firmware(about, known)
    presses = [_press(action)] if isinstance(action, str) and action else []
    if v.truth(document.get("sos")):
        presses.append(("pressed", None))
    mapped = _values(document, known)
    readings: list[Reading] = []
    if mapped or not presses:
        readings.append(
            v.reading_of(
                Channel.TELEMETRY,
                mapped,
                received,
                at=at,
                test=test,
                firmware=firmware,
                retained=retained,
            )
        )
    for event, zone in presses:
        said: dict[str, Value] = {} if zone is None else {"zone": zone}
        readings.append(
            v.reading_of(
                Channel.EVENT, said, received, at=at, event=event, test=test, retained=retained
            )
        )
    return readings


def _firmware(about: object, known: Known | None) -> str | None:
    if isinstance(about, dict):
        build = about.get("softwareBuildID")
        if isinstance(build, str) and build:
            return build[:64]
    return known.firmware if known else None


def _press(action: str) -> tuple[str, str | None]:
    """The event an action means, and which button: ``2_double``, ``single_left``, ``hold`` …"""
    word = action.strip().lower()
    if word in _PRESSES:
        return _PRESSES[word], None
    for pattern in (_BUTTON_FIRST, _BUTTON_LAST):
        match = pattern.match(word)
        if match is not None:
            return _PRESSES[match["press"]], match["zone"]
    return v.snake(action) or "action", None


def _values(document: dict[str, Any], known: Known | None) -> dict[str, Value]:
    phased = _take_phases(document)
    mapped: dict[str, Value] = {}
    for name, value in document.items():
        if name == "voltage":
            mapped.update(_voltage(value, document, known))
        elif name == "state" and value in ("ON", "OFF"):  # a tuple: the value may not be hashable
            mapped["switch"] = "closed" if value == "ON" else "open"
        elif name in {"smoke", "tamper", "battery_low", "gas", "carbon_monoxide", "sos"}:
            decided = v.truth(value)
            mapped[_RENAMED.get(name, name)] = v.clean(value) if decided is None else decided
        elif name == "power_factor":
            mapped[name] = _power_factor(value)
        else:
            mapped[_RENAMED.get(name, name)] = v.clean(value)
    mapped.update(phased)
    return mapped


def _take_phases(document: dict[str, Any]) -> dict[str, Value]:
    """Values by phase, in the three ways bridges name them, as lists by phase."""
    lists: dict[str, Value] = {}
    for quantity in _PHASED:
        for suffixes in _PHASES:
            present = [suffix for suffix in suffixes if f"{quantity}{suffix}" in document]
            if len(present) < 2:
                continue
            phases = [document.pop(f"{quantity}{suffix}", None) for suffix in suffixes]
            ours = "voltage_v" if quantity == "voltage" else _RENAMED[quantity]
            convert = _power_factor if quantity == "power_factor" else v.number
            lists[ours] = [convert(phase) for phase in phases]
            break
    return lists


def _voltage(value: object, document: dict[str, Any], known: Known | None) -> dict[str, Value]:
    """Battery devices say millivolts (a few newer ones volts), mains devices volts."""
    plain = v.number(value)
    mains = known.mains if known is not None else None
    if mains is None:
        mains = not ("battery" in document or "battery_low" in document) and (
            "power" in document or "current" in document or plain is None or 50 <= plain <= 1000
        )
    if mains:
        return {"voltage_v": plain}
    return {"battery_v": plain if plain is None or plain <= 50 else v.scaled(plain, 0.001)}


def _power_factor(value: object) -> float | int | None:
    """Some meters say percent."""
    plain = v.number(value)
    return v.scaled(plain, 0.01) if plain is not None and abs(plain) > 1 else plain
