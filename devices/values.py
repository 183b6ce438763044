"""Values as devices send them, made into ours: numbers, truths, times, JSON; never raises.

The field sends numbers as strings, ``NaN`` where JSON has no such thing, times with and without a
zone. What cannot be understood stays as it is; what cannot be measured is ``None``, not 0.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec

from devices.model import is_identifier
from devices.reading import Channel, Reading, Reject, RejectReason, Value

LAST_MOMENT: Final = 253_402_300_800_000
"""The year 10000, in ms: no device means a later time."""

MAX_DEPTH: Final = 32
"""Levels of a document: devices need four. Deeper ones would bring down whoever walks them."""

_decode: Final = msgspec.json.Decoder(object).decode
_encode: Final = msgspec.json.Encoder().encode

_NO_NUMBER: Final = re.compile(
    rb"(?<=[:,\[])(\s*)[-+]?(?:nan|inf|infinity)(?=\s*[,}\]])", re.IGNORECASE
)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TRUE: Final = frozenset({"true", "1", "on", "yes", "online"})
_FALSE: Final = frozenset({"false", "0", "off", "no", "offline"})


_TOO_DEEP: Final = Reject(RejectReason.SHAPE, f"nested deeper than {MAX_DEPTH} levels")


def decode(payload: bytes, limit: int) -> object | Reject:
    """What the JSON says. Bare ``NaN`` and ``inf``, as C's printf writes them, become ``None``."""
    if len(payload) > limit:
        return Reject(RejectReason.TOO_LARGE, f"{len(payload)} bytes, at most {limit}")
    try:
        document = _decode(payload)
    except (ValueError, RecursionError) as error:
        document = _decode_odd(payload, error)
    return _TOO_DEEP if is_deep(payload, document) else document


def is_deep(payload: bytes, document: object) -> bool:
    """Whether what ``payload`` was decoded to has more than `MAX_DEPTH` levels."""
    if payload.count(b"[") + payload.count(b"{") <= MAX_DEPTH:
        return False
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [each for outer in level for each in _within(outer)]
        if not level:
            return False
    return any(isinstance(each, (list, dict)) for each in level)


def _within(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _decode_odd(payload: bytes, error: Exception) -> object | Reject:
    if not payload.strip():
        return Reject(RejectReason.EMPTY, "an empty payload")
    try:
        payload.decode()
    except UnicodeDecodeError as unreadable:
        return Reject(RejectReason.ENCODING, f"not UTF-8 at byte {unreadable.start}")
    mended, count = _NO_NUMBER.subn(rb"\1null", payload)
    if count:
        try:
            return _decode(mended)
        except (ValueError, RecursionError) as still:
            error = still
    return Reject(RejectReason.SYNTAX, f"not JSON: {error}"[:200])


def clean(value: Any) -> Value:
    """A decoded value with numbers for strings that are numbers, at every depth."""
    if isinstance(value, str):
        return parse_number(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return float(value) if abs(value) < 10**300 else None  # the encoder takes 64 bits
    if isinstance(value, list):
        return [clean(element) for element in value]  # type: ignore[misc]  # lists may nest
    if isinstance(value, dict):
        return {key: clean(element) for key, element in value.items()}
    return value  # type: ignore[no-any-return]  # bool or None


def parse_number(text: str) -> int | float | str | None:
    """The number ``text`` is; ``None`` for words that mean "no number"; else the text itself."""
    if not text or len(text) > 32 or text[0] not in "+-.0123456789nNiI" or "_" in text:
        return text
    if text.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
        return None
    try:
        if text.lstrip("+-").isdecimal():
            return int(text)
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else None


def number(value: object) -> int | float | None:
    """A number, also when it comes as a string; ``None`` for all else."""
    if isinstance(value, str):
        value = parse_number(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        cleaned = clean(value)
        return cleaned if isinstance(cleaned, (int, float)) else None
    return None


def scaled(value: object, factor: float, digits: int = 4) -> float | None:
    """A number in another unit, without the tails of binary fractions."""
    plain = number(value)
    if plain is None:
        return None
    product = plain * factor
    return round(product, digits) if math.isfinite(product) else None


def truth(value: object) -> bool | None:
    """A truth, also as a word (``ON``, ``offline``, ``"1"``); ``None`` for all else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    return None


def moment(value: object, offset_minutes: int | None = None) -> int | None:
    """Milliseconds since 1970 UTC from a number of ms (or s), or from ISO 8601.

    A time without a zone is believed only with ``offset_minutes`` east of UTC: else nobody can say
    which one is meant.
    """
    plain = number(value)
    if plain is not None:
        # A number of seconds, said today, is a time in January 1970 when taken for ms.
        milliseconds = int(plain * 1000 if plain < 10_000_000_000 else plain)
        return milliseconds if 0 < milliseconds < LAST_MOMENT else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
        if parsed.tzinfo is None:
            if offset_minutes is None:
                return None
            parsed = parsed.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
        milliseconds = round((parsed - _EPOCH).total_seconds() * 1000)
    except (ValueError, OverflowError):
        return None
    return milliseconds if 0 < milliseconds < LAST_MOMENT else None


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def identifier(name: str) -> str:
    """A device id for a foreign name: the name itself when it may be one, else a readable rest
    of it with eight digits of its SHA-256. The same name always gives the same id.
    """
    if is_identifier(name):
        return name
    rest = _UNSAFE.sub("-", name).strip("-.")[:48]
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{rest}-{digest}" if rest else digest


def snake(name: str) -> str:
    """``DewPoint`` becomes ``dew_point``: how an unknown value is called among ours."""
    words = _UNSAFE.sub("_", _CAPITAL.sub("_", name.replace("-", "_").replace(".", "_")))
    return words.strip("_").lower()[:64]


def reading_of(
    channel: Channel,
    values: dict[str, Value],
    received: int,
    *,
    at: int | None = None,
    seq: int | None = None,
    event: str | None = None,
    test: bool = False,
    firmware: str | None = None,
    retained: bool = False,
) -> Reading:
    """A reading whose body holds its values and what else was said (``event``, ``ts`` …)."""
    kept: dict[str, object] = dict(values)
    said = {"event": event, "ts": at, "seq": seq, "fw": firmware, "test": test or None}
    kept.update({name: value for name, value in said.items() if value is not None})
    return Reading(
        channel,
        values,
        received,
        _encode(kept),
        at,
        received,
        seq,
        event=event,
        test=test,
        retained=retained,
        firmware=firmware,
    )
