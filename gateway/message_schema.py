"""The native message format as JSON Schema, one file per kind and channel, from the kinds' files.

What devices send is accepted more liberally than the schemas promise: numbers as text, unknown
keys, odd units. Whoever writes a device keeps to the schema and is understood forever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from devices.kinds import OTHER, KindSpec, SpokenChannel, ValueSpec, ValueType

Schema: TypeAlias = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ID: Final = "urn:campus-gateway:message:1"
"""The identifier's last part is the version of the format."""

IDENTIFIER: Final = r"^[A-Za-z0-9._-]{1,64}$"

_TYPES: Final[dict[ValueType, Schema]] = {
    ValueType.NUMBER: {"type": "number"},
    ValueType.INTEGER: {"type": "integer"},
    ValueType.TRUTH: {"type": "boolean"},
    ValueType.TEXT: {"type": "string"},
    ValueType.TIME: {"type": "string", "format": "date-time"},
    ValueType.OBJECT: {"type": "object"},
}

_TS: Final[Schema] = {
    "description": "When it happened: milliseconds since 1970 UTC, or RFC 3339. Missing = when it "
    "arrives, and marked so.",
    "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "format": "date-time"}],
}
_SEQ: Final[Schema] = {
    "description": "Counts up with every message of the device and wraps at 2^32; gaps tell what "
    "was lost.",
    "type": "integer",
    "minimum": 0,
    "maximum": 0xFFFFFFFF,
}
_TEST: Final[Schema] = {
    "description": "The device claims to be in test mode. Only a claim: outside a test window "
    "opened at the gateway it is a real alarm.",
    "type": "boolean",
}
_FIRMWARE: Final[Schema] = {"description": "Firmware version.", "type": "string"}
_RESERVED: Final[Schema] = {"ts": _TS, "seq": _SEQ, "test": _TEST, "fw": _FIRMWARE}


def message_schemas(kinds: Mapping[str, KindSpec]) -> dict[str, Schema]:
    """Schemas by file name: ``{kind}.{channel}.schema.json``, and those of every kind."""
    schemas = {
        "any.status.schema.json": _status(),
        "any.command.schema.json": _command(),
        "any.answer.schema.json": _answer(),
        "any.reply.schema.json": _reply(),
        "alert.schema.json": _alert(),
    }
    for kind, spec in sorted(kinds.items()):
        if kind == OTHER:
            continue
        for channel in spec.channels:
            schemas[f"{kind}.{channel}.schema.json"] = _of_kind(spec, channel)
    return schemas


def _of_kind(spec: KindSpec, channel: SpokenChannel) -> Schema:
    values = {
        name: _value(value)
        for name, value in spec.values.items()
        if channel in spec.channels_of(name)
    }
    properties: Schema = {**_RESERVED, **values}
    required: list[str] = []
    if channel is SpokenChannel.EVENT:
        properties["event"] = {"description": "What happened.", "enum": list(spec.events)}
        required = ["event"]
    if channel is SpokenChannel.STATUS:
        properties = {**_status()["properties"], **properties}
        required = ["online"]
    return _one_or_many(
        f"{spec.kind}.{channel}",
        f"{spec.name_en} ({spec.name_zh}), {channel}",
        f"campus/{{school}}/{spec.kind}/{{device}}/{channel}",
        properties,
        required,
    )


def _value(value: ValueSpec) -> Schema:
    """One value; ``null`` means that it cannot be measured, which is not 0."""
    one: Schema = dict(_TYPES[value.type])
    if value.one_of:
        one = {"enum": list(value.one_of)}
    if value.low is not None:
        one["minimum"] = _plain(value.low)
    if value.high is not None:
        one["maximum"] = _plain(value.high)
    options: list[Schema] = [one, {"type": "null"}]
    if value.many:
        options.insert(1, {"type": "array", "items": {"anyOf": [one, {"type": "null"}]}})
    schema: Schema = {"anyOf": options}
    about = [f"In {value.unit}." if value.unit else "", "One entry each." if value.many else ""]
    if value.many:
        about[1] = "A list has one entry per phase, sensor or disk."
    text = " ".join(part for part in about if part)
    return {"description": text, **schema} if text else schema


def _plain(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _one_or_many(
    name: str, title: str, topic: str, properties: Schema, required: list[str]
) -> Schema:
    """An object, or a list of them, oldest first: a device that was offline catches up."""
    message: Schema = {"type": "object", "properties": properties, "additionalProperties": True}
    if required:
        message["required"] = required
    return {
        "$schema": DIALECT,
        "$id": f"{ID}:{name}",
        "title": title,
        "description": f"Topic: {topic}",
        "anyOf": [
            {"$ref": "#/$defs/message"},
            {"type": "array", "items": {"$ref": "#/$defs/message"}, "minItems": 1},
        ],
        "$defs": {"message": message},
    }


def _object(name: str, title: str, topic: str, properties: Schema, required: list[str]) -> Schema:
    return {
        "$schema": DIALECT,
        "$id": f"{ID}:{name}",
        "title": title,
        "description": f"Topic: {topic}",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": True,
    }


def _status() -> Schema:
    properties: Schema = {
        "ts": _TS,
        "online": {
            "description": "Published true after connecting; the last will publishes false.",
            "type": "boolean",
        },
        "fw": _FIRMWARE,
        "model": {"description": "The maker's name of the device.", "type": "string"},
        "ip": {"description": "Its address in the local network.", "type": "string"},
    }
    topic = "campus/{school}/{kind}/{device}/status (retained)"
    return _object("any.status", "Status of any device", topic, properties, ["online"])


def _command() -> Schema:
    properties: Schema = {
        "id": {"description": "Goes back in the answer.", "type": "string"},
        "command": {"enum": ["ping", "self_test", "beep", "reset", "reboot"]},
        "expires": {
            "description": "Milliseconds since 1970 UTC; do nothing when it has passed.",
            "type": "integer",
        },
    }
    topic = "campus/{school}/{kind}/{device}/command (only the gateway publishes)"
    return _object("any.command", "Command to any device", topic, properties, ["id", "command"])


def _answer() -> Schema:
    properties: Schema = {
        "event": {"const": "answered"},
        "id": {"description": "The command's id.", "type": "string"},
        "ok": {"type": "boolean"},
        "ms": {"description": "How long it took.", "type": "number", "minimum": 0},
        "error": {"description": "Why it could not be done.", "type": "string"},
    }
    topic = "campus/{school}/{kind}/{device}/event"
    return _object(
        "any.answer", "Answer of a device to a command", topic, properties, ["event", "id", "ok"]
    )


def _reply() -> Schema:
    properties: Schema = {
        "seq": {"description": "The event with this seq is stored."} | _SEQ_TYPE,
        "ts": {"description": "The event's own ts.", "type": ["integer", "null"]},
    }
    topic = "campus/{school}/{kind}/{device}/reply (only the gateway publishes)"
    return _object("any.reply", "Reply of the gateway to an event", topic, properties, ["seq"])


_SEQ_TYPE: Final[Schema] = {"type": ["integer", "null"], "minimum": 0, "maximum": 0xFFFFFFFF}


def _alert() -> Schema:
    both: Schema = {
        "type": "object",
        "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
        "required": ["zh", "en"],
    }
    properties: Schema = {
        "id": {"type": "integer"},
        "version": {
            "description": "Counts up with every change; a lower one is a late copy.",
            "type": "integer",
            "minimum": 1,
        },
        "state": {"enum": ["unacknowledged", "acknowledged", "returned", "latched"]},
        "priority": {"enum": ["emergency", "high", "medium", "low", "notice"]},
        "condition": {"type": "string"},
        "device": {"type": "string"},
        "place": {"anyOf": [both, {"type": "string"}, {"type": "null"}]},
        "raised": {"description": "Milliseconds since 1970 UTC.", "type": "integer"},
        "explanation": both,
        "acknowledged_by": {"type": ["string", "null"]},
    }
    topic = "campus/{school}/alert/{id} (retained while open, empty when closed)"
    required = ["id", "version", "state", "priority", "condition", "device", "raised"]
    return _object("alert", "An open alert", topic, properties, required)
