"""The dialect of ChirpStack v4, a LoRaWAN network server, bound to one school.

Below a base of the school's own: ``application/{id}/device/{devEui}/event/{event}``, or with the
base ending in one application, ``device/{devEui}/event/{event}``. Of an uplink the decoded
``object`` is read, whose names are the codec's (`devices.dialects.lorawan_names`); one that nobody
decoded is rejected, because bytes without their codec mean nothing. A device's address is its
DevEUI. Times name their zone, and the frame counter is the sequence number.
Source: chirpstack.io/docs, "Integrations", "MQTT" and "Event types".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from devices import values as v
from devices.dialects.guess import kind_of
from devices.dialects.lorawan_names import Named
from devices.reading import Channel, Reading, Reject, RejectReason, Route, Value

MAX_PAYLOAD: Final = 64 * 1024
MAX_KNOWN: Final = 5000
"""Devices whose names were told and need not be told again."""

_DEV_EUI: Final = re.compile(r"[0-9a-fA-F]{16}\Z")
_UNTOLD: Final = frozenset({"ack", "txack", "location", "integration"})
"""Events about what is sent to devices, and about where they are."""


class _ChirpStackRoute(Route, frozen=True):
    event: str = "up"


class ChirpStack:
    """Decodes the events below one base. Remembers which devices' names were told."""

    name = "chirpstack"

    def __init__(
        self,
        school: str,
        base: str = "chirpstack",
        *,
        offset_minutes: int | None = None,  # noqa: ARG002  (its times name their zone)
        qualified: bool = False,  # noqa: ARG002  (no two devices in the world have one DevEUI)
    ) -> None:
        """``base`` stands before ``application/``, or ends in ``application/{id}``."""
        self.school = school
        self.base = base.strip("/")
        self._told: dict[str, tuple[object, object]] = {}

    def filters(self) -> Sequence[tuple[str, bool]]:
        """Everything below the base: any uplink may carry a press."""
        return [(f"{self.base}/#", True)]

    def spoken(self) -> Sequence[str]:
        """What the network server publishes."""
        return [f"{self.base}/#"]

    def heard(self) -> Sequence[str]:
        """What the network server listens to: ``…/command/down``."""
        return [f"{self.base}/#"]

    def route(self, topic: str) -> Route | Reject | None:
        """Where the topic leads."""
        if not topic.startswith(f"{self.base}/"):
            return Reject(RejectReason.TOPIC, f"expected a topic below {self.base}/")
        levels = topic[len(self.base) + 1 :].split("/")
        if levels[0] == "application":
            levels = levels[2:]
        if len(levels) != 4 or levels[0] != "device":
            return Reject(
                RejectReason.TOPIC, "expected application/{id}/device/{devEui}/event/{event}"
            )
        _, eui, direction, event = levels
        if direction == "command" or event in _UNTOLD:
            return None
        if direction != "event" or event not in _READERS:
            return Reject(RejectReason.TOPIC, f"{f'{direction}/{event}'[:60]!r} is no event")
        if _DEV_EUI.match(eui) is None:
            return Reject(RejectReason.IDENTIFIER, "a DevEUI has 16 hexadecimal digits")
        return _ChirpStackRoute(
            self.school, eui.lower(), Channel.TELEMETRY, "", self.name, address=eui.lower(),
            event=event,
        )  # fmt: skip

    def read(
        self, route: Route, payload: bytes, received: int, *, retained: bool
    ) -> list[Reading] | Reject:
        """What the payload says: what the device is when that is news, values, then a press."""
        if not payload or not isinstance(route, _ChirpStackRoute):
            return []  # a retained message was removed
        if payload[:1] != b"{" and payload.lstrip()[:1] not in {b"{", b"["}:
            return Reject(
                RejectReason.SYNTAX, 'not JSON: set json=true in "integration.mqtt" of ChirpStack'
            )
        document = v.decode(payload, MAX_PAYLOAD)
        if isinstance(document, Reject):
            return document
        if not isinstance(document, dict) or not isinstance(document.get("deviceInfo"), dict):
            return Reject(
                RejectReason.SHAPE, "expected an event of ChirpStack v4, which has a deviceInfo"
            )
        found = _READERS[route.event](document)
        if isinstance(found, Reject):
            return found
        values, presses = found
        at = v.moment(document.get("time"))
        seq = v.number(document.get("fCnt"))
        counted = seq if type(seq) is int and 0 <= seq < 2**32 else None
        readings = []
        about = self._about(route.device, document["deviceInfo"])
        if about:
            readings.append(v.reading_of(Channel.STATUS, about, received, at=at, retained=retained))
        if values:
            readings.append(
                v.reading_of(
                    Channel.TELEMETRY, values, received, at=at, seq=counted, retained=retained
                )
            )
        for event, button in presses:
            zone: dict[str, Value] = {} if button is None else {"zone": button}
            readings.append(
                # Without the number: two buttons of one uplink would be taken for one said twice.
                v.reading_of(Channel.EVENT, zone, received, at=at, event=event, retained=retained)
            )
        return readings

    def read_plain(self, route: Route, payload: bytes, received: int) -> Reading | None:  # noqa: ARG002
        """Nothing is plain here: keys are renamed in every message."""
        return None

    def guess_kind(self, route: Route, readings: Sequence[Reading]) -> str:  # noqa: ARG002
        """By the values it sent."""
        names = {name for reading in readings for name in reading.values}
        return kind_of(names, press=any(reading.event for reading in readings))

    def _about(self, eui: str, info: dict[str, Any]) -> dict[str, Value]:
        """Its name and its device profile, when they are new."""
        told = (info.get("deviceName"), info.get("deviceProfileName"))
        if self._told.get(eui) == told:
            return {}
        if eui in self._told or len(self._told) < MAX_KNOWN:
            self._told[eui] = told
        return {
            ours: name[:200]
            for ours, name in zip(("device_name", "device_profile"), told, strict=True)
            if isinstance(name, str) and name
        }


_Said: TypeAlias = tuple[dict[str, Value], Sequence[tuple[str, str | None]]]
"""Values, and presses, each with the button that it was."""


def _read_uplink(document: dict[str, Any]) -> _Said | Reject:
    decoded, data = document.get("object"), document.get("data")
    if not isinstance(decoded, dict) or not decoded:
        if data:
            return _undecoded(document, data)
        if decoded is not None and decoded != {}:
            return Reject(RejectReason.SHAPE, "the decoded object of an uplink is no object")
    tags = document["deviceInfo"].get("tags")
    said = Named(decoded if isinstance(decoded, dict) else {}, tags)
    return {**_radio(document.get("rxInfo")), **said.values}, said.presses


def _undecoded(document: dict[str, Any], data: object) -> Reject:
    profile = document["deviceInfo"].get("deviceProfileName")
    named = f" {profile[:60]!r}" if isinstance(profile, str) else ""
    size = len(data) * 3 // 4 - data.count("=", -2) if isinstance(data, str) else 0
    return Reject(
        RejectReason.UNDECODED,
        f"{size} bytes on port {str(document.get('fPort'))[:5]} that nobody decoded: give the "
        f"device profile{named} in ChirpStack a codec (the manufacturer's JavaScript)",
    )


def _read_status(document: dict[str, Any]) -> _Said | Reject:
    """An answer to ChirpStack's own question for battery and link margin."""
    values: dict[str, Value] = {}
    if "margin" in document:
        values["link_margin_db"] = v.number(document["margin"])
    outside = v.truth(document.get("externalPowerSource"))
    unknown = v.truth(document.get("batteryLevelUnavailable"))
    if outside is not None:
        values["external_power"] = outside
    if unknown and not outside:
        values["battery_pct"] = None
    elif "batteryLevel" in document and not outside:
        values["battery_pct"] = v.number(document["batteryLevel"])
    if not values:
        return Reject(RejectReason.EMPTY, "a status without margin and battery")
    return values, ()


def _read_join(document: dict[str, Any]) -> _Said | Reject:
    """It is in the network now; what it is stands in every event."""
    address = document.get("devAddr")
    return ({"lorawan_address": address[:16]} if isinstance(address, str) else {}), ()


def _read_log(document: dict[str, Any]) -> _Said | Reject:
    """What went wrong in ChirpStack must be seen by who can mend it."""
    level, code, what = (document.get(key) for key in ("level", "code", "description"))
    if level != "ERROR":
        return {}, ()
    decoding = isinstance(code, str) and "CODEC" in code
    return Reject(
        RejectReason.UNDECODED if decoding else RejectReason.SHAPE,
        f"ChirpStack says: {str(code)[:60]}: {str(what)[:180]}",
    )


_READERS: Final = {
    "up": _read_uplink,
    "status": _read_status,
    "join": _read_join,
    "log": _read_log,
}


def _radio(receptions: object) -> dict[str, Value]:
    """How well the gateway that hears it best does."""
    best: tuple[float, dict[str, Any]] | None = None
    for each in receptions[:50] if isinstance(receptions, list) else ():
        if isinstance(each, dict):
            strength = v.number(each.get("rssi"))
            if strength is not None and (best is None or strength > best[0]):
                best = (strength, each)
    if best is None:
        return {}
    values: dict[str, Value] = {"rssi_dbm": best[0]}
    ratio = v.number(best[1].get("snr"))
    if ratio is not None:
        values["snr_db"] = ratio
    return values
