"""Sparkplug's payloads as Protocol Buffers: bytes become a `Payload`, a command becomes bytes.

The messages are described here by the field numbers of the specification (Sparkplug 3.0, 6.4.1),
no further than they are read: of a template or a data set it is enough to know that there is one.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypeAlias

import msgspec

from devices import values as v
from devices.reading import Reject, RejectReason

MAX_PAYLOAD: Final = 512 * 1024
"""Bytes. A birth takes 50 to 100 a metric."""

MAX_METRICS: Final = 4000
"""Metrics of one message; what is far beyond is no node of a school."""

MAX_PROPERTIES: Final = 100
BOOLEAN: Final = 11
"""The datatype of truths (6.4.16)."""

REBIRTH: Final = "Node Control/Rebirth"

_GOOD: Final = 192
"""Of the property ``Quality`` (6.4.13): 0 is bad, 500 stale."""

Raw: TypeAlias = "bool | int | float | str | bytes | None"


class Metric(msgspec.Struct, gc=False):
    """One metric as it was sent. ``field`` names the field its value came in, ``""`` = in none.

    ``at`` in ms since 1970 UTC; ``unit`` is the property ``engUnit``, ``None`` = not said;
    ``datatype`` 0 = not said. ``null`` stands for "cannot measure", also by its ``Quality``.
    """

    name: str
    alias: int | None
    at: int | None
    datatype: int
    historical: bool
    null: bool
    field: str
    raw: Raw
    unit: str | None = None


class Payload(msgspec.Struct, gc=False):
    """One message. ``at`` in ms since 1970 UTC; ``seq`` 0 to 255, ``None`` = not said."""

    at: int | None
    seq: int | None
    metrics: list[Metric]


@cache
def load() -> tuple[Any, type[Exception]]:
    """The class of the message Payload, and what it raises when bytes are none.

    By descriptor: no generated code to be kept in step with the library.
    """
    # Late: it takes 60 ms to load, and who has no such nodes needs none of it.
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: PLC0415
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    field = descriptor_pb2.FieldDescriptorProto
    text, truth, bytes_ = field.TYPE_STRING, field.TYPE_BOOL, field.TYPE_BYTES
    word, long = field.TYPE_UINT32, field.TYPE_UINT64
    file = descriptor_pb2.FileDescriptorProto(
        name="campus/sparkplug.proto",
        package="campus.sparkplug",
        # Fields know whether they were sent, as in proto2, and texts must be UTF-8, as in proto3.
        syntax="editions",
        edition=descriptor_pb2.Edition.EDITION_2023,
    )

    def message(name: str, *fields: tuple[str, int, int], **within: tuple[int, str, bool]) -> None:
        """``fields``: name, number, type. ``within``: number, message and whether it repeats."""
        described = file.message_type.add(name=name)
        for called, number, kind in fields:
            described.field.add(
                name=called,
                number=number,
                type=kind,
                label=field.LABEL_REPEATED if called == "keys" else field.LABEL_OPTIONAL,
            )
        for called, (number, other, repeats) in within.items():
            described.field.add(
                name=called,
                number=number,
                type=field.TYPE_MESSAGE,
                type_name=f".campus.sparkplug.{other}",
                label=field.LABEL_REPEATED if repeats else field.LABEL_OPTIONAL,
            )

    message("Property", ("int_value", 3, word), ("long_value", 4, long), ("string_value", 8, text))
    message("Properties", ("keys", 1, text), values=(2, "Property", True))
    message(
        "Metric",
        ("name", 1, text), ("alias", 2, long), ("timestamp", 3, long), ("datatype", 4, word),
        ("is_historical", 5, truth), ("is_null", 7, truth),
        ("int_value", 10, word), ("long_value", 11, long), ("float_value", 12, field.TYPE_FLOAT),
        ("double_value", 13, field.TYPE_DOUBLE), ("boolean_value", 14, truth),
        ("string_value", 15, text), ("bytes_value", 16, bytes_), ("dataset_value", 17, bytes_),
        ("template_value", 18, bytes_), ("extension_value", 19, bytes_),
        properties=(9, "Properties", False),
    )  # fmt: skip
    metric = next(each for each in file.message_type if each.name == "Metric")
    metric.oneof_decl.add(name="value")
    for each in metric.field:
        if 10 <= each.number <= 19:
            each.oneof_index = 0
    message("Payload", ("timestamp", 1, long), ("seq", 3, long), metrics=(2, "Metric", True))
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    found = pool.FindMessageTypeByName("campus.sparkplug.Payload")
    return message_factory.GetMessageClass(found), DecodeError


def decode(payload: bytes) -> Payload | Reject:
    """What the bytes say."""
    if len(payload) > MAX_PAYLOAD:
        return Reject(RejectReason.TOO_LARGE, f"{len(payload)} bytes, at most {MAX_PAYLOAD}")
    if not payload:
        return Reject(RejectReason.EMPTY, "an empty payload")
    payload_class, decode_error = load()
    try:
        message = payload_class.FromString(payload)
    except decode_error as error:
        return Reject(RejectReason.SYNTAX, f"no Sparkplug B payload: {error}"[:200])
    if len(message.metrics) > MAX_METRICS:
        return Reject(
            RejectReason.TOO_LARGE, f"{len(message.metrics)} metrics, at most {MAX_METRICS}"
        )
    seq = message.seq if message.HasField("seq") else None
    if seq is not None and seq > 255:
        return Reject(RejectReason.SHAPE, f"the sequence number {seq}, which goes from 0 to 255")
    return Payload(_moment(message.timestamp), seq, [_metric(metric) for metric in message.metrics])


def _metric(metric: Any) -> Metric:
    field = metric.WhichOneof("value") or ""
    unit, null = None, metric.is_null
    if metric.HasField("properties"):
        unit, good = _properties(metric.properties)
        null = null or not good
    return Metric(
        metric.name,
        metric.alias if metric.HasField("alias") else None,
        _moment(metric.timestamp),
        metric.datatype,
        metric.is_historical,
        null,
        field,
        getattr(metric, field) if field else None,
        unit,
    )


def _properties(properties: Any) -> tuple[str | None, bool]:
    """The unit, and whether the quality is good."""
    unit, good = None, True
    for key, value in zip(
        properties.keys[:MAX_PROPERTIES], properties.values[:MAX_PROPERTIES], strict=False
    ):
        if key == "engUnit" and value.HasField("string_value"):
            unit = value.string_value[:32]
        elif key == "Quality":
            if value.HasField("int_value"):
                good = value.int_value == _GOOD
            elif value.HasField("long_value"):
                good = value.long_value == _GOOD
    return unit, good


def _moment(milliseconds: int) -> int | None:
    return milliseconds if 0 < milliseconds < v.LAST_MOMENT else None


def rebirth(now: int) -> bytes:
    """The command that asks a node to say anew who it is (6.4.22). ``now`` in ms."""
    payload_class, _ = load()
    command = payload_class(timestamp=now)
    command.metrics.add(name=REBIRTH, timestamp=now, datatype=BOOLEAN, boolean_value=True)
    encoded: bytes = command.SerializeToString()
    return encoded
