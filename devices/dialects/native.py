"""The native dialect: the project's own public message format (docs/messages.md).

Topic ``campus/{school}/{kind}/{device}/{channel}``, payload one flat JSON object or an array of
such objects, oldest first. `Native.read_plain` is the hot path; everything odd takes the slower
way round through `Native.read`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Required, TypedDict

import msgspec

from devices import values as v
from devices.model import is_identifier
from devices.reading import Channel, Origin, Reading, Reject, RejectReason, Route, Value

MAX_PAYLOAD: Final = 64 * 1024
"""Bytes; a promise of the message format."""

PREFIXES: Final = {
    "campus": Origin.DEVICE,
    "probe": Origin.PROBE,
    "observed": Origin.OBSERVED,
}
"""The first level says who speaks: the broker lets only that principal publish under it."""

CHANNELS: Final = {
    "telemetry": Channel.TELEMETRY,
    "event": Channel.EVENT,
    "status": Channel.STATUS,
    "reply": Channel.REPLY,
    "command": Channel.COMMAND,
}

_LAST_MOMENT: Final = 253_402_300_800_000  # the year 10000, in ms
_SPOKEN: Final = frozenset({Channel.TELEMETRY, Channel.EVENT, Channel.STATUS})
_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode
_TRUE_WORDS: Final = frozenset({"true", "1", "on", "online", "yes"})
_FALSE_WORDS: Final = frozenset({"false", "0", "off", "offline", "no"})


@lru_cache(maxsize=1024)
def glancing(names: frozenset[str]) -> Callable[[bytes], dict[str, Any]]:
    """A decoder of plain telemetry for ``ts``, ``seq`` and those values alone.

    All else in the payload is checked for being JSON and passed over. Raises `ValueError`.
    """
    moment = Annotated[int, msgspec.Meta(ge=0, lt=_LAST_MOMENT)]
    fields = {**dict.fromkeys(names, Any), "ts": Required[moment], "seq": Required[int]}
    make: Any = TypedDict  # from names that are known only now
    return msgspec.json.Decoder(make("Glance", fields, total=False)).decode


class Native:
    """Decodes the native format. Stateless; one serves all schools."""

    name = "native"

    def filters(self) -> Sequence[tuple[str, bool]]:
        """Topic filters with whether they may carry events."""
        return [
            (f"{prefix}/+/+/+/{channel}", channel != "telemetry")
            for prefix in PREFIXES
            for channel in ("telemetry", "event", "status")
        ]

    def route(self, topic: str) -> Route | Reject | None:
        """Where the topic leads; ``campus/{school}/alert/{id}`` is our own and carries nothing."""
        levels = topic.split("/")
        origin = PREFIXES.get(levels[0])
        if origin is None:
            return Reject(RejectReason.TOPIC, f"the first level is one of {', '.join(PREFIXES)}")
        if len(levels) == 4 and levels[2] == "alert":
            return None
        if len(levels) != 5:
            return Reject(
                RejectReason.TOPIC, "expected campus/{school}/{kind}/{device}/{channel}: 5 levels"
            )
        _, school, kind, device, last = levels
        channel = CHANNELS.get(last)
        if channel is None:
            return Reject(
                RejectReason.TOPIC, f"the last level is one of {', '.join(CHANNELS)}, not {last!r}"
            )
        for level in (school, kind, device):
            if not is_identifier(level):
                return Reject(
                    RejectReason.IDENTIFIER,
                    f"{level!r} is no id: 1 to 64 of A-Z a-z 0-9 . _ -",
                )
        if channel not in _SPOKEN:
            return Reject(RejectReason.FORBIDDEN, f"only the gateway writes {last!r}")
        return Route(school, device, channel, kind, self.name, origin)

    def read_plain(self, route: Route, payload: bytes, received: int) -> Reading | None:
        """The reading of the commonest telemetry; ``None`` = `read` has to look at it.

        One object with a numeric ``ts`` and ``seq`` and no strings among its values, so that
        nothing has to be normalised and the payload is stored as it came.
        """
        if len(payload) > MAX_PAYLOAD:
            return None
        try:
            document = _decode(payload)
        except (ValueError, RecursionError):
            return None
        if type(document) is not dict:
            return None
        keys = len(document)
        at = document.pop("ts", None)
        seq = document.pop("seq", None)
        if (
            type(at) is not int
            or type(seq) is not int
            or not 0 <= at < _LAST_MOMENT
            # Two quotation marks a key and none more: no strings.
            or payload.count(b'"') != 2 * keys
            or payload.count(b"[") > v.MAX_DEPTH
            or "test" in document
            or not document
        ):
            return None
        return Reading(route.channel, document, received, payload, at, received, seq)

    def read(
        self, route: Route, payload: bytes, received: int, *, retained: bool
    ) -> list[Reading] | Reject:
        """What the payload says. Never raises."""
        if len(payload) > MAX_PAYLOAD:
            return Reject(RejectReason.TOO_LARGE, f"{len(payload)} bytes, at most {MAX_PAYLOAD}")
        try:
            document = _decode(payload)
        except (ValueError, RecursionError) as error:
            return _not_json(route, payload, received, retained, error)
        if v.is_deep(payload, document):
            return Reject(RejectReason.SHAPE, f"nested deeper than {v.MAX_DEPTH} levels")
        if type(document) is dict:
            reading = _read_object(route, document, received, retained)
            return reading if isinstance(reading, Reject) else [reading]
        if type(document) is list:
            return _read_array(route, document, received, retained)
        return Reject(RejectReason.SHAPE, "expected a JSON object or an array of objects")

    def guess_kind(self, route: Route, readings: Sequence[Reading]) -> str:  # noqa: ARG002
        """The kind its topic names."""
        return route.kind


def _read_object(
    route: Route, document: dict[str, Any], received: int, retained: bool
) -> Reading | Reject:
    """One object of the native format; the reserved keys are taken out, the rest are values."""
    at: int | None = None
    moment = document.pop("ts", None)
    if moment is not None:
        if type(moment) is int and 0 <= moment < _LAST_MOMENT:
            at = moment
        else:
            at = _parse_moment(moment)
            if at is None:
                return Reject(
                    RejectReason.TIMESTAMP,
                    f"ts = {str(moment)[:40]!r}: expected milliseconds since 1970 UTC or RFC 3339",
                )
    seq = document.pop("seq", None)
    if seq is not None and type(seq) is not int:
        seq = _parse_seq(seq)
    event = document.pop("event", None)
    test = document.pop("test", None)
    firmware = document.pop("fw", None)
    if event is not None and (type(event) is not str or not 0 < len(event) <= 64):
        return Reject(RejectReason.EVENT, f"event = {str(event)[:40]!r}: expected a short word")
    if not document and event is None and firmware is None:
        return Reject(RejectReason.EMPTY, "an object without a value")
    values = {key: _normalise(value) for key, value in document.items()}
    kept: dict[str, object] = dict(values)
    reserved = {"event": event, "ts": at, "seq": seq, "fw": firmware, "test": test}
    kept.update({key: value for key, value in reserved.items() if value is not None})
    return Reading(
        route.channel,
        values,
        received,
        _encode(kept),
        at,
        received,
        seq,
        event,
        route.origin,
        test is True or test in (1, "true", "1"),
        retained,
        firmware=str(firmware)[:64] if firmware is not None else None,
    )


def _read_array(
    route: Route, documents: list[Any], received: int, retained: bool
) -> list[Reading] | Reject:
    if not documents:
        return Reject(RejectReason.EMPTY, "an empty array")
    readings: list[Reading] = []
    for position, document in enumerate(documents):
        if type(document) is not dict:
            return Reject(RejectReason.SHAPE, f"element {position} of the array is no object")
        reading = _read_object(route, document, received, retained)
        if isinstance(reading, Reject):
            return Reject(reading.reason, f"element {position} of the array: {reading.detail}")
        readings.append(reading)
    return readings


def _not_json(
    route: Route, payload: bytes, received: int, retained: bool, error: Exception
) -> list[Reading] | Reject:
    """A status of one word is understood all the same; an empty one clears a retained message."""
    if route.channel is Channel.STATUS:
        if not payload:
            return []
        word = payload[:16].strip().lower().decode("ascii", "replace")
        if word in _TRUE_WORDS or word in _FALSE_WORDS:
            document = {"online": word in _TRUE_WORDS}
            body = _encode(document)
            values: dict[str, Value] = {**document}
            return [Reading(route.channel, values, received, body, retained=retained)]
    if not payload:
        return Reject(RejectReason.EMPTY, "an empty payload")
    try:
        payload.decode()
    except UnicodeDecodeError as unreadable:
        return Reject(RejectReason.ENCODING, f"not UTF-8 at byte {unreadable.start}")
    return Reject(RejectReason.SYNTAX, f"not JSON: {error}"[:200])


def _parse_moment(moment: object) -> int | None:
    if isinstance(moment, bool):
        return None
    if isinstance(moment, int):
        return moment if 0 <= moment < _LAST_MOMENT else None  # may be too large for a float
    if isinstance(moment, float):
        number = moment
    elif isinstance(moment, str):
        try:
            number = float(moment)
        except ValueError:
            try:
                parsed = datetime.fromisoformat(moment)
                # Without a zone nobody can say which time is meant; RFC 3339 always has one.
                return int(parsed.timestamp() * 1000) if parsed.tzinfo is not None else None
            except (ValueError, OverflowError):
                return None
    else:
        return None
    return int(number) if 0 <= number < _LAST_MOMENT else None


def _parse_seq(seq: object) -> int | None:
    """A count that is no count is left out: it only feeds the loss estimate."""
    if isinstance(seq, str) and seq.isascii() and seq.isdigit() and len(seq) <= 10:
        return int(seq)
    if isinstance(seq, float) and seq.is_integer() and 0 <= seq < 2**32:
        return int(seq)
    return None


def _normalise(value: Any) -> Value:
    """Numbers that come as strings become numbers; lists are normalised element by element."""
    if type(value) is str:
        return _number(value)
    if type(value) is list:
        return [_number(element) if type(element) is str else element for element in value]
    return value  # type: ignore[no-any-return]


def _number(text: str) -> float | int | str:
    if not text or len(text) > 32 or text[0] not in "+-.0123456789":
        return text
    try:
        return int(text)
    except ValueError:
        try:
            number = float(text)
        except ValueError:
            return text
        return number if number - number == 0 else text  # neither infinite nor not a number
