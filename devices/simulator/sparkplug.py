"""What an edge node says when it is well, as messages and as documents that can be spoiled."""

from __future__ import annotations

from typing import Any, Final

from devices.dialects.sparkplug import Sparkplug, wire
from devices.simulator.edge_node import BOOLEAN, DOUBLE, FLOAT, EdgeNode, Message, Sample
from devices.simulator.mutants import Document
from devices.simulator.witness import NOW, Said, Spoken


def parse(payload: bytes) -> Any:
    """The fields that were sent, by their names. Raises ``ValueError`` for what is no payload."""
    payload_class, broken = wire.load()
    try:
        return _fields(payload_class.FromString(payload))
    except broken as error:
        raise ValueError(str(error)) from error


def encode(document: Any) -> bytes:
    """The payload again; fields of unknown names cannot be sent and are left out.

    Raises ``ValueError`` or ``TypeError`` for what no field can hold.
    """
    payload_class, _ = wire.load()
    message = payload_class()
    _fill(message, document)
    encoded: bytes = message.SerializeToString()
    return encoded


def _fields(message: Any) -> dict[str, Any]:
    return {field.name: _plain(field, value) for field, value in message.ListFields()}


def _plain(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        return [_fields(each) for each in value] if field.is_repeated else _fields(value)
    if field.is_repeated:
        return list(value)
    if field.cpp_type == field.CPPTYPE_FLOAT:
        return float(f"{value:.7g}")  # no more digits were meant
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _fill(message: Any, document: Any) -> None:
    if not isinstance(document, dict):
        raise TypeError(f"{document!r:.60} is no message")
    for name, value in document.items():
        field = message.DESCRIPTOR.fields_by_name.get(name)
        if field is None or value is None:
            continue
        if field.is_repeated:
            _fill_repeated(getattr(message, name), field, value)
        elif field.message_type is not None:
            getattr(message, name).SetInParent()
            _fill(getattr(message, name), value)
        elif field.cpp_type == field.CPPTYPE_STRING and field.type == field.TYPE_BYTES:
            setattr(message, name, value.encode("latin-1") if isinstance(value, str) else value)
        else:
            whole = isinstance(value, float) and value.is_integer()
            setattr(message, name, int(value) if whole and _is_integer(field) else value)


def _is_integer(field: Any) -> bool:
    return field.cpp_type in {field.CPPTYPE_UINT32, field.CPPTYPE_UINT64}


def _fill_repeated(into: Any, field: Any, values: Any) -> None:
    if not isinstance(values, list):
        raise TypeError(f"{values!r:.60} is no list")
    for value in values:
        if field.message_type is None:
            into.append(value)
        else:
            _fill(into.add(), {} if value is None else value)


DOCUMENT: Final = Document(parse, encode)

# Aliases of which one is the half of another: so those who look what depends on what come by it.
_METER: Final = (
    Sample("Phase A/Voltage", 229.5, FLOAT, 1, "V"),
    Sample("Phase B/Voltage", 230.5, FLOAT, 2, "V"),
    Sample("Active Power", 3.59, DOUBLE, 4, "kW"),
    Sample("Boiler/Temperature", 61.25, DOUBLE, 8),
)
_ROOM: Final = (
    Sample("Temperature", 21.5, DOUBLE, 1, "°C"),
    Sample("Smoke Alarm", False, BOOLEAN, 2),
)
_GATE: Final = (Sample("Panic Button", False, BOOLEAN, 1), Sample("Battery", 97.5, DOUBLE, 2, "%"))


def thousandfold(number: float) -> float:
    """Kilowatts to watts."""
    return number * 1000


def spoken(school: str) -> Spoken:
    """Births, data by alias, data that were kept, deaths."""
    group = f"spBv1.0/{school}"
    meter, edge = EdgeNode(school, "meter", {"": _METER}), EdgeNode(school, "edge", {"room": _ROOM})
    past = Sample("", 19.25, alias=edge.alias("room", "Temperature"), at=NOW - 60_000)
    of_meter = [
        *meter.births(NOW - 9000),
        meter.data("", NOW, {"Phase B/Voltage": 231.5, "Active Power": 4.25}),
        meter.will(),
    ]
    of_room = [
        *edge.births(NOW - 9000),
        edge.data("room", NOW - 500, {"Temperature": 22.75, "Smoke Alarm": True}),
        edge.send("room", NOW, [past]),
        edge.death("room", NOW),
    ]
    gate = EdgeNode(school, "gate", {"button": _GATE})
    of_gate = [*gate.births(NOW - 9000), gate.data("button", NOW, {"Panic Button": True})]
    return Spoken(
        Sparkplug.name,
        lambda: Sparkplug(school, group),
        [_said(of_meter), _said(of_room), _said(of_gate)],
        {"power_w": [thousandfold]},
        DOCUMENT,
    )


def _said(messages: list[Message]) -> list[Said]:
    return [Said(topic, payload) for topic, payload in messages]
