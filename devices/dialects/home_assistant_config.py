"""A discovery message of Home Assistant's: which topics tell what of which device.

Topic ``{prefix}/{component}/[{node}/]{object}/config`` for one entity, ``{prefix}/device/{object}/
config`` for a whole device with its ``components``. Keys may be abbreviated, and ``~`` stands for a
base topic. Read is what can be measured or pressed; how to command a device is none of ours.
Source: www.home-assistant.io, "MQTT", "MQTT discovery".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from devices import values as v
from devices.dialects import value_template
from devices.dialects.units import ONE, UNITS, Unit, spelled
from devices.dialects.value_template import Template
from devices.reading import Reject, RejectReason

MAX_COMPONENTS: Final = 500
MAX_NAME: Final = 250
MAX_TOPIC: Final = 500

ASIDE: Final = "aside"
"""Kind of an entity that is known and carries nothing to keep: a command, attributes, a lamp."""

_TOPICS: Final = ("topic", "_t")

_ABBREVIATED: Final = {
    "avty": "availability", "avty_t": "availability_topic", "avty_tpl": "availability_template",
    "atype": "automation_type", "cmd_t": "command_topic", "cmps": "components",
    "dev": "device", "dev_cla": "device_class", "ent_cat": "entity_category",
    "evt_typ": "event_types", "obj_id": "object_id", "p": "platform", "pl": "payload",
    "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off", "pl_on": "payload_on", "stat_off": "state_off",
    "stat_on": "state_on", "stat_t": "state_topic", "stype": "subtype", "t": "topic",
    "uniq_id": "unique_id", "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template",
}  # fmt: skip
_DEVICE: Final = {
    "ids": "identifiers", "cns": "connections", "mdl": "model", "mf": "manufacturer",
    "sw": "sw_version",
}  # fmt: skip

_MEASURED: Final = {
    "temperature": "temperature_c",
    "humidity": "humidity_pct",
    "battery": "battery_pct",
    "voltage": "voltage_v",
    "current": "current_a",
    "power": "power_w",
    "apparent_power": "apparent_va",
    "reactive_power": "reactive_var",
    "energy": "energy_kwh",
    "frequency": "frequency_hz",
    "pressure": "pressure_hpa",
    "atmospheric_pressure": "pressure_hpa",
    "illuminance": "illuminance_lx",
    "carbon_dioxide": "co2_ppm",
    "carbon_monoxide": "co_ppm",
    "signal_strength": "rssi_dbm",
}
"""By ``device_class``; only with a unit that is known."""

_TRUTHS: Final = {
    "smoke": "smoke_alarm", "gas": "gas_alarm", "carbon_monoxide": "co_alarm",
    "moisture": "water_leak", "tamper": "tamper", "battery": "battery_low",
}  # fmt: skip
_PERCENT: Final = Unit(0.01)
_BUTTONS: Final = frozenset({"button", "doorbell"})


class Entity(msgspec.Struct, frozen=True):
    """What one topic tells of a device. ``kind``: ``number``, ``truth``, ``switch``, ``event``,
    ``trigger``, ``text``, ``online`` or `ASIDE`. ``ours`` is the name of the value, ``own`` what it
    is called when that name is not its alone. ``on`` and ``off`` are payloads.
    """

    kind: str
    topic: str
    ours: str
    own: str
    template: Template
    unit: Unit | None = None
    on: str = ""
    off: str = ""
    presses: bool = False


class About(msgspec.Struct, frozen=True):
    """A device as its discovery tells of it; ``address`` is its first identifier."""

    address: str
    name: str = ""
    model: str = ""
    firmware: str | None = None


class Lesson(msgspec.Struct, frozen=True):
    """What a discovery message teaches, and what of it was refused, and why."""

    about: About
    entities: tuple[Entity, ...]
    refused: tuple[Reject, ...] = ()


def lesson_of(levels: list[str], document: Mapping[str, Any], base: str) -> Lesson | Reject:
    """What a discovery message says. ``levels`` are those behind the discovery prefix, without
    ``config``; every topic must lie below ``base``.
    """
    component, named = levels[0], "/".join(levels[1:])
    whole = _unabbreviated(document, _ABBREVIATED)
    about = _about(whole.get("device"), named)
    if isinstance(about, Reject):
        return about
    if component == "device":
        parts = whole.get("components")
        if not isinstance(parts, dict):
            return Reject(RejectReason.SHAPE, "a device's discovery without its components")
        shared = {key: value for key, value in whole.items() if key not in {"components", "~"}}
        each = [
            (_text(part.get("platform") or part.get("p")), key,
             {"~": whole.get("~"), **shared, **_unabbreviated(part, _ABBREVIATED)})
            for key, part in list(parts.items())[:MAX_COMPONENTS]
            if isinstance(part, dict)
        ]  # fmt: skip
    else:
        each = [(component, levels[-1], whole)]
    entities: list[Entity] = []
    refused: list[Reject] = []
    for platform, key, config in each:
        for found in _entities(platform, key, _with_base(config), base):
            if isinstance(found, Reject):
                refused.append(Reject(found.reason, f"{key[:60]}: {found.detail}"))
            elif found not in entities:
                entities.append(found)
    return Lesson(about, tuple(entities), tuple(refused))


def _entities(
    platform: str, key: str, config: Mapping[str, Any], base: str
) -> Iterator[Entity | Reject]:
    reader = _READERS.get(platform)
    silent = platform == "switch" and not config.get("state_topic")  # commanded, never heard
    told = [] if reader is None or silent else [reader(key, config)]
    for found in (*told, *_availability(config)):
        yield _below(found, base) if isinstance(found, Entity) else found
    # What was refused stays unknown, so that whoever looks sees its states rejected.
    states = (config.get("state_topic"), config.get("topic")) if told else ()
    for topic in _topics(config):
        if topic.startswith(f"{base}/") and topic not in states:
            yield Entity(ASIDE, topic, "", "", value_template.VALUE)


def _topics(config: Mapping[str, Any]) -> Iterator[str]:
    """All that it names: also those of commands, of attributes, of what measures nothing."""
    for key, topic in config.items():
        if key.endswith(_TOPICS) and isinstance(topic, str) and len(topic) <= MAX_TOPIC:
            yield topic


def _below(entity: Entity, base: str) -> Entity | Reject:
    """The broker lets a school write below its own base alone: what is elsewhere is not its."""
    topic = entity.topic
    if topic.startswith(f"{base}/") and len(topic) <= MAX_TOPIC and not set("+#\0") & set(topic):
        return entity
    return Reject(
        RejectReason.TOPIC,
        f"the topic {topic[:100]!r} lies outside {base}/, where its school writes",
    )


def _unabbreviated(config: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    return {known.get(key, key): value for key, value in config.items()}


def _with_base(config: Mapping[str, Any]) -> dict[str, Any]:
    """``~`` at the beginning or the end of a topic stands for a base topic."""
    stem = config.get("~")
    if not isinstance(stem, str):
        return dict(config)
    return {key: _spelled_out(key, value, stem) for key, value in config.items()}


def _spelled_out(key: str, value: Any, stem: str) -> Any:
    if key == "availability" and isinstance(value, list):
        plain = [_unabbreviated(x, _ABBREVIATED) if isinstance(x, dict) else x for x in value]
        return [
            {name: _spelled_out(name, each, stem) for name, each in one.items()}
            if isinstance(one, dict)
            else one
            for one in plain
        ]
    if not isinstance(value, str) or not key.endswith(_TOPICS):
        return value
    if value.startswith("~"):
        return stem + value[1:]
    return value[:-1] + stem if value.endswith("~") else value


def _about(device: object, named: str) -> About | Reject:
    """Whose entity it is; without a device block the node or the object is one."""
    told = _unabbreviated(device, _DEVICE) if isinstance(device, dict) else {}
    identifiers, connections = told.get("identifiers"), told.get("connections")
    if isinstance(identifiers, list) and identifiers:
        identifiers = identifiers[0]
    address = identifiers if isinstance(identifiers, str) and identifiers else ""
    if not address and isinstance(connections, list) and connections:
        first = connections[0]
        if isinstance(first, list) and len(first) == 2 and isinstance(first[1], str):
            address = first[1]
    address = address or named.split("/", maxsplit=1)[0]
    if not address or len(address) > MAX_NAME or "\0" in address:
        return Reject(RejectReason.IDENTIFIER, f"a device has 1 to {MAX_NAME} characters")
    maker, model = _text(told.get("manufacturer")), _text(told.get("model"))
    return About(
        address,
        _text(told.get("name")),
        f"{maker} {model}".strip()[:100],
        _text(told.get("sw_version"))[:64] or None,
    )


def _template(config: Mapping[str, Any], key: str = "value_template") -> Template | Reject:
    told = config.get(key)
    if told is None or told == "":
        return value_template.VALUE
    parsed = value_template.parse(told) if isinstance(told, str) else None
    if parsed is None:
        return Reject(RejectReason.TEMPLATE, f"template not understood: {str(told)[:120]}")
    return parsed


def _stated(
    config: Mapping[str, Any], key: str, make: Callable[[str, str, Template], Entity]
) -> Entity | Reject:
    """An entity with a state topic, of the name by which it is known when it has no class."""
    topic, template = config.get("state_topic"), _template(config)
    if isinstance(template, Reject):
        return template
    if not isinstance(topic, str) or not topic:
        return Reject(RejectReason.SHAPE, "an entity without a state_topic")
    own = v.snake(_text(config.get("object_id")) or key) or "value"
    return make(topic, own, template)


def _sensor(key: str, config: Mapping[str, Any]) -> Entity | Reject:
    device_class = _text(config.get("device_class"))
    told = config.get("unit_of_measurement")

    def make(topic: str, own: str, template: Template) -> Entity:
        ours = _MEASURED.get(device_class, "")
        unit = UNITS[ours].get(spelled(told)) if ours else None
        if device_class == "power_factor":
            ours, unit = "power_factor", _PERCENT if told == "%" else ONE
        if unit is None:
            kind = "text" if told is None else "number"
            return Entity(kind, topic, own, own, template, None)
        if config.get("entity_category") == "diagnostic" and ours == "temperature_c":
            ours = "device_temperature_c"  # of a processor, not of the room
        if ours == "voltage_v" and "bat" in own:
            ours = "battery_v"
        return Entity("number", topic, ours, f"{own}_{ours}"[:64], template, unit)

    return _stated(config, key, make)


def _binary_sensor(key: str, config: Mapping[str, Any]) -> Entity | Reject:
    ours = _TRUTHS.get(_text(config.get("device_class")), "")
    on, off = _payload(config, "payload_on", "ON"), _payload(config, "payload_off", "OFF")
    return _stated(
        config,
        key,
        lambda topic, own, template: Entity(
            "truth", topic, ours or own, f"{own}_{ours}"[:64] if ours else own, template, None, on,
            off,
        ),
    )  # fmt: skip


def _switch(key: str, config: Mapping[str, Any]) -> Entity | Reject:
    on = _payload(config, "state_on", _payload(config, "payload_on", "ON"))
    off = _payload(config, "state_off", _payload(config, "payload_off", "OFF"))
    return _stated(
        config,
        key,
        lambda topic, own, template: Entity(
            "switch", topic, "switch", f"{own}_switch"[:64], template, None, on, off
        ),
    )


def _event(key: str, config: Mapping[str, Any]) -> Entity | Reject:
    presses = _text(config.get("device_class")) in _BUTTONS
    return _stated(
        config,
        key,
        lambda topic, own, template: Entity("event", topic, own, own, template, presses=presses),
    )


def _trigger(key: str, config: Mapping[str, Any]) -> Entity | Reject:
    """A button as Home Assistant's device automations tell it: a topic, and perhaps a payload."""
    topic, template = config.get("topic"), _template(config)
    if isinstance(template, Reject):
        return template
    if not isinstance(topic, str) or not topic:
        return Reject(RejectReason.SHAPE, "a device automation without a topic")
    word, zone = _text(config.get("type")), _text(config.get("subtype")) or key
    return Entity(
        "trigger", topic, word, zone[:64], template, on=_payload(config, "payload", ""),
        presses=True,
    )  # fmt: skip


def _availability(config: Mapping[str, Any]) -> Iterator[Entity | Reject]:
    many = config.get("availability")
    entries: list[dict[str, Any]] = []
    if isinstance(config.get("availability_topic"), str):
        entries.append({
            **{key: config[key] for key in ("payload_available", "payload_not_available")
               if key in config},
            "topic": config["availability_topic"],
            "value_template": config.get("availability_template"),
        })  # fmt: skip
    for each in many[:20] if isinstance(many, list) else [many]:
        entries += [_unabbreviated(each, _ABBREVIATED)] if isinstance(each, dict) else []
    for entry in entries:
        template = _template(entry)
        if isinstance(template, Reject):
            yield template
        elif isinstance(entry.get("topic"), str):
            on = _payload(entry, "payload_available", "online")
            off = _payload(entry, "payload_not_available", "offline")
            yield Entity("online", entry["topic"], "online", "online", template, None, on, off)


def _payload(config: Mapping[str, Any], key: str, usual: str) -> str:
    """A payload, in the spelling in which states are compared with it."""
    told = config.get(key)
    return usual if told is None else said(told)


def said(value: object) -> str:
    """A value as Home Assistant spells it: a truth as ``True``, a number as it is written."""
    return value if isinstance(value, str) else str(value)


def _text(told: object) -> str:
    return told[:200] if isinstance(told, str) else ""


_READERS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Entity | Reject]]] = {
    "sensor": _sensor,
    "binary_sensor": _binary_sensor,
    "switch": _switch,
    "event": _event,
    "device_automation": _trigger,
}
"""Other components (lights, covers, thermostats, buttons …) measure nothing."""
