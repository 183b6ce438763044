"""The dialect of Shelly devices of the second generation and later, bound to one school.

Below each device's topic prefix: ``status/{component}:{id}`` (the whole state of one component, as
a meter or a relay), ``events/rpc`` (notifications: what changed, all at once, buttons and alarms)
and ``online`` (a last will). Channel 0 is the device; each further channel, a feeder or a probe of
its own, is a device ``{name}/{id}``. What only changed is never taken for the whole: of three
phases, one alone is no list. Energy comes in Wh.
Source: shelly-api-docs.shelly.cloud, "Gen2+ devices", "Notifications" and the components' pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from devices import values as v
from devices.dialects.guess import kind_of
from devices.reading import Channel, Reading, Reject, RejectReason, Route, Value

MAX_PAYLOAD: Final = 64 * 1024
MAX_NAME: Final = 250
"""Characters; what is longer is nobody's name, and names of strangers are kept."""

MAX_METERS: Final = 5000
"""Devices of which it is remembered that they are meters or relays."""

_CLOCK_SET: Final = 946_684_800_000
"""The year 2000, in ms: a device that says less has not asked what time it is."""

_COMPONENT: Final = re.compile(r"([a-z0-9_]{1,32})(?::(\d{1,6}))?\Z")
_SILENT: Final = frozenset(
    {"ble", "bthome", "cloud", "knx", "matter", "modbus", "mqtt", "plugs_ui", "script", "ui", "ws"}
)
"""Components whose state tells nothing of the school."""

_METERS: Final = frozenset({"cover", "em", "em1", "light", "pm1", "switch"})

_MEASURED: Final[Mapping[str, str]] = {
    "apower": "power_w",
    "act_power": "power_w",
    "aprt_power": "apparent_va",
    "voltage": "voltage_v",
    "current": "current_a",
    "pf": "power_factor",
    "freq": "frequency_hz",
}
_ENERGY: Final[Mapping[str, str]] = {
    "total_act_energy": "energy_kwh",
    "total_act_ret_energy": "energy_returned_kwh",
    "total_act": "energy_total_kwh",
    "total_act_ret": "energy_returned_total_kwh",
}
_COUNTERS: Final = {"aenergy": "energy_kwh", "ret_aenergy": "energy_returned_kwh"}
_TOTALS: Final[Mapping[str, str]] = {
    "total_current": "current_total_a",
    "total_act_power": "power_total_w",
    "total_aprt_power": "apparent_total_va",
    "n_current": "neutral_current_a",
}
_PHASED: Final = re.compile(r"([abc])_(.+)\Z")

_PRESSES: Final = {
    "single_push": "pressed",
    "double_push": "pressed_twice",
    "triple_push": "pressed_thrice",
    "long_push": "held",
    "btn_up": "released",
}
_SMOKE: Final = {"alarm": "alarm", "alarm_off": "alarm_cleared", "alarm_test": "self_test"}
_UNTOLD: Final = frozenset({"btn_down", "config_changed", "data"})
"""Events that say nothing which is not said otherwise: every push begins with ``btn_down``."""


class _ShellyRoute(Route, frozen=True):
    name: str = ""
    component: str = ""
    number: int = 0


class Shelly:
    """Decodes the topics below one base. Remembers which devices are meters, and no more."""

    name = "shelly"

    def __init__(
        self,
        school: str,
        base: str = "shelly",
        *,
        offset_minutes: int | None = None,  # noqa: ARG002  (its times are seconds since 1970 UTC)
        qualified: bool = False,
    ) -> None:
        """``base`` is what every device's topic prefix begins with. ``qualified`` puts it before
        addresses and ids: for a school with more bindings than one.
        """
        self.school = school
        self.base = base.strip("/")
        self._qualified = qualified
        self._meters: dict[str, None] = {}

    def filters(self) -> Sequence[tuple[str, bool]]:
        """Everything below the base: a notification may carry a press."""
        return [(f"{self.base}/#", True)]

    def spoken(self) -> Sequence[str]:
        """What the devices publish."""
        return [f"{self.base}/#"]

    def heard(self) -> Sequence[str]:
        """What the devices listen to: ``rpc`` and ``command`` below their prefixes."""
        return [f"{self.base}/#"]

    def route(self, topic: str) -> Route | Reject | None:
        """Where the topic leads. A prefix may hold levels, so the end of a topic decides."""
        if not topic.startswith(f"{self.base}/"):
            return Reject(RejectReason.TOPIC, f"expected a topic below {self.base}/")
        levels = topic[len(self.base) + 1 :].split("/")
        last, before = levels[-1], levels[-2] if len(levels) > 1 else ""
        if last == "online":
            return self._device("/".join(levels[:-1]), Channel.STATUS, last)
        if (before, last) == ("events", "rpc"):
            return self._device("/".join(levels[:-2]), Channel.TELEMETRY, "events")
        if before == "status":
            return self._component("/".join(levels[:-2]), last)
        if last in {"rpc", "command"} or before in {"command", "debug"}:
            return None  # commands and answers to them, heard because the filter takes everything
        return Reject(
            RejectReason.TOPIC,
            "expected {prefix}/status/{component}, {prefix}/events/rpc or {prefix}/online: devices "
            "of the first generation are not understood",
        )

    def _component(self, name: str, component: str) -> Route | Reject | None:
        match = _COMPONENT.match(component)
        if match is None:
            return Reject(RejectReason.TOPIC, f"{component[:60]!r} is no component like switch:0")
        if match[1] in _SILENT:
            return None
        return self._device(name, Channel.TELEMETRY, match[1], int(match[2] or 0))

    def _device(
        self, name: str, channel: Channel, component: str, number: int = 0
    ) -> Route | Reject:
        if not name or len(name) > MAX_NAME or "\0" in name:
            return Reject(RejectReason.IDENTIFIER, f"a prefix has 1 to {MAX_NAME} characters")
        address = f"{self.base}/{name}" if self._qualified else name
        if number and component != "input":  # the buttons of a device are zones of it
            address = f"{address}/{number}"
        return _ShellyRoute(
            self.school, v.identifier(address), channel, "", self.name, address=address,
            name=name, component=component, number=number,
        )  # fmt: skip

    def read(
        self, route: Route, payload: bytes, received: int, *, retained: bool
    ) -> list[Reading] | Reject:
        """What the payload says: values, then presses and alarms."""
        if not isinstance(route, _ShellyRoute):
            return []
        self._note(route.name, [route.component])
        if not payload:
            return []  # a retained message was removed
        if route.component == "online":
            return _read_online(payload, received, retained)
        document = v.decode(payload, MAX_PAYLOAD)
        if isinstance(document, Reject):
            return document
        if document is None:
            return []  # the component was removed
        if not isinstance(document, dict):
            return Reject(RejectReason.SHAPE, "expected a JSON object")
        if route.component == "events":
            return self._read_notification(route.name, document, received, retained)
        values = self._values(route.name, route.component, route.number, document)
        if not values:
            return Reject(RejectReason.EMPTY, "a component without a value")
        return [v.reading_of(Channel.TELEMETRY, values, received, retained=retained)]

    def read_plain(self, route: Route, payload: bytes, received: int) -> Reading | None:  # noqa: ARG002
        """Nothing is plain here: keys are renamed in every message."""
        return None

    def guess_kind(self, route: Route, readings: Sequence[Reading]) -> str:  # noqa: ARG002
        """By the values it sent."""
        names = {name for reading in readings for name in reading.values}
        return kind_of(names, press=any(reading.event in _PRESSED for reading in readings))

    def _note(self, name: str, components: Sequence[str]) -> None:
        if not _METERS.isdisjoint(components) and len(self._meters) < MAX_METERS:
            self._meters[name] = None

    def _read_notification(
        self, name: str, document: dict[str, Any], received: int, retained: bool
    ) -> list[Reading] | Reject:
        method, parameters = document.get("method"), document.get("params")
        if not isinstance(method, str) or not isinstance(parameters, dict):
            return Reject(RejectReason.SHAPE, "expected a notification with method and params")
        at = _moment(parameters.get("ts"))
        if method == "NotifyEvent":
            return _read_events(parameters.get("events"), received, at, retained)
        if method not in {"NotifyStatus", "NotifyFullStatus"}:
            return Reject(RejectReason.SHAPE, f"{method[:60]!r} is no notification that is known")
        said = [
            (match[1], match[2], state)
            for key, state in parameters.items()
            if isinstance(state, dict) and (match := _COMPONENT.match(key)) is not None
        ]
        self._note(name, [component for component, _, _ in said])
        values: dict[str, Value] = {}
        for component, number, state in said:
            if component in _SILENT:
                continue
            found = self._values(name, component, int(number or 0), state)
            if number in {None, "0"} or component == "input":
                values.update(found)
            else:  # of another feeder than the device's first
                values.update({f"channel_{number}_{each}": x for each, x in found.items()})
        if not values:
            return []  # of the cloud, of a script: nothing of the school
        return [v.reading_of(Channel.TELEMETRY, values, received, at=at, retained=retained)]

    def _values(
        self, name: str, component: str, number: int, state: dict[str, Any]
    ) -> dict[str, Value]:
        if component == "temperature" and number == 0 and name in self._meters:
            # Meters and relays feel how warm they are inside: not the room's.
            return {"device_temperature_c": _degrees(state)}
        if component == "input":
            return _input(number, state)
        reader = _READERS.get(component)
        if reader is not None:
            return reader(state)
        if component in {"em", "emdata"}:
            return _by_phase(state)
        if component in _METERS or component == "em1data":
            return _metered(state)
        return _as_named(component, state)


_PRESSED: Final = frozenset(_PRESSES.values())


def _read_online(payload: bytes, received: int, retained: bool) -> list[Reading] | Reject:
    online = v.truth(payload[:16].decode("ascii", "replace"))
    if online is None:
        return Reject(RejectReason.SHAPE, "expected true or false")
    return [v.reading_of(Channel.STATUS, {"online": online}, received, retained=retained)]


def _read_events(
    events: object, received: int, at: int | None, retained: bool
) -> list[Reading] | Reject:
    if not isinstance(events, list):
        return Reject(RejectReason.SHAPE, "NotifyEvent: expected a list of events")
    readings = []
    for each in events[:100]:
        if not isinstance(each, dict):
            return Reject(RejectReason.SHAPE, "NotifyEvent: an event that is no object")
        event, component = each.get("event"), each.get("component")
        if not isinstance(event, str) or not isinstance(component, str):
            return Reject(RejectReason.EVENT, "an event without its name or its component")
        named = _event(event, component)
        if named is None:
            continue
        kind, _, number = component.partition(":")
        zone = number if kind == "input" else component
        values: dict[str, Value] = {"zone": zone[:64]} if named in _PRESSED else {}
        moment = _moment(each.get("ts"))
        readings.append(
            v.reading_of(
                Channel.EVENT, values, received, at=at if moment is None else moment,
                event=named, retained=retained,
            )
        )  # fmt: skip
    return readings


def _event(event: str, component: str) -> str | None:
    """Ours for theirs; ``None`` for what is no news of the school: settings, updates, sleep."""
    kind = component.partition(":")[0]
    if event in _UNTOLD or kind in _SILENT or kind == "sys":
        return None
    if event in _PRESSES:
        return _PRESSES[event]
    if kind == "smoke" and event in _SMOKE:
        return _SMOKE[event]
    return v.snake(f"{kind}_{event}") or None


def _moment(value: object) -> int | None:
    at = v.moment(value)
    return at if at is not None and at >= _CLOCK_SET else None


def _metered(state: dict[str, Any]) -> dict[str, Value]:
    """A relay, a cover, a meter of one phase."""
    values: dict[str, Value] = {}
    for key, value in state.items():
        if key in _MEASURED:
            values[_MEASURED[key]] = v.number(value)
        elif key in _ENERGY:
            values[_ENERGY[key]] = _kwh(value)
        elif key in _COUNTERS:
            if isinstance(value, dict) and "total" in value:
                values[_COUNTERS[key]] = _kwh(value["total"])
        elif key == "output":
            closed = v.truth(value)
            values["switch"] = None if closed is None else ("closed" if closed else "open")
        elif key == "temperature":
            if isinstance(value, dict):
                values["device_temperature_c"] = _degrees(value)
        elif key != "id":
            values[v.snake(key) or "value"] = v.clean(value)
    return values


def _as_named(component: str, state: dict[str, Any]) -> dict[str, Value]:
    """A component that is not known, under its own names."""
    return {
        f"{component}_{v.snake(key)}"[:64]: v.clean(value)
        for key, value in state.items()
        if key != "id"
    }


def _by_phase(state: dict[str, Any]) -> dict[str, Value]:
    """A three-phase meter: a list where all phases are told, else each phase by its name."""
    values: dict[str, Value] = {}
    phases: dict[str, dict[str, Value]] = {}
    for key, value in state.items():
        match = _PHASED.match(key)
        theirs = match[2] if match is not None else key
        if match is not None and (theirs in _MEASURED or theirs in _ENERGY):
            if theirs in _MEASURED:
                phases.setdefault(_MEASURED[theirs], {})[match[1]] = v.number(value)
            else:
                phases.setdefault(_ENERGY[theirs], {})[match[1]] = _kwh(value)
        elif theirs in _ENERGY and match is None:
            values[_ENERGY[theirs]] = _kwh(value)
        elif key in _TOTALS:
            values[_TOTALS[key]] = v.number(value)
        elif key != "id":
            values[v.snake(key) or "value"] = v.clean(value)
    for ours, told in phases.items():
        if ours == "frequency_hz":
            # One net: the first phase that knows it.
            values[ours] = next((hertz for hertz in told.values() if hertz is not None), None)
        elif len(told) == 3:
            values[ours] = [told["a"], told["b"], told["c"]]  # type: ignore[list-item]  # numbers
        else:
            values.update({f"phase_{phase}_{ours}": value for phase, value in told.items()})
    return values


def _degrees(state: dict[str, Any]) -> Value:
    """°C, also when only °F are told."""
    if "tC" in state or "tF" not in state:
        return v.number(state.get("tC"))
    plain = v.number(state["tF"])
    return None if plain is None else v.scaled(plain - 32, 5 / 9, 2)


def _kwh(value: object) -> Value:
    return v.scaled(value, 0.001, 6)


def _input(number: int, state: dict[str, Any]) -> dict[str, Value]:
    """Inputs of one device are told apart by their number."""
    values = _as_named(f"input_{number}", state)
    if "state" in state:
        values[f"input_{number}"] = values.pop(f"input_{number}_state")
    return values


def _temperature(state: dict[str, Any]) -> dict[str, Value]:
    return {"temperature_c": _degrees(state)} if state.keys() & {"tC", "tF"} else {}


def _humidity(state: dict[str, Any]) -> dict[str, Value]:
    return {"humidity_pct": v.number(state["rh"])} if "rh" in state else {}


def _illuminance(state: dict[str, Any]) -> dict[str, Value]:
    return {"illuminance_lx": v.number(state["lux"])} if "lux" in state else {}


def _alarm(state: dict[str, Any], ours: str) -> dict[str, Value]:
    values: dict[str, Value] = {}
    if "alarm" in state:
        values[ours] = v.truth(state["alarm"])
    if "mute" in state:
        values["muted"] = v.truth(state["mute"])
    return values


def _smoke(state: dict[str, Any]) -> dict[str, Value]:
    return _alarm(state, "smoke_alarm")


def _flood(state: dict[str, Any]) -> dict[str, Value]:
    return _alarm(state, "water_leak")


def _power_supply(state: dict[str, Any]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    battery, outside = state.get("battery"), state.get("external")
    if isinstance(battery, dict):
        told = {"V": "battery_v", "percent": "battery_pct"}
        values = {
            ours: v.number(battery[theirs]) for theirs, ours in told.items() if theirs in battery
        }
    if isinstance(outside, dict) and "present" in outside:
        values["external_power"] = v.truth(outside["present"])
    return values


def _network(state: dict[str, Any]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    if "rssi" in state:
        values["rssi_dbm"] = v.number(state["rssi"])
    for theirs in ("sta_ip", "ip"):
        if isinstance(state.get(theirs), str):
            values["ip"] = state[theirs]
    return values


def _system(state: dict[str, Any]) -> dict[str, Value]:
    told = {"uptime": "uptime_s", "restart_required": "restart_required"}
    return {ours: v.clean(state[theirs]) for theirs, ours in told.items() if theirs in state}


_READERS: Final = {
    "temperature": _temperature,
    "humidity": _humidity,
    "illuminance": _illuminance,
    "smoke": _smoke,
    "flood": _flood,
    "devicepower": _power_supply,
    "wifi": _network,
    "eth": _network,
    "sys": _system,
}
