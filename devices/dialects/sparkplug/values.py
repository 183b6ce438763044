"""Values of metrics by their datatypes: what came over the wire becomes a value, or is refused.

Sparkplug sends signed numbers in unsigned fields (6.4.16), so the sign is in the datatype; and the
datatype is told at birth. What does not fit its datatype is refused: it would be a wrong value.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Final

from devices.dialects.sparkplug.wire import Raw
from devices.reading import Value

MAX_TEXT: Final = 250
MAX_ELEMENTS: Final = 64
"""Elements of an array that are kept: more phases or sensors than one device has."""

NUMBERS: Final = range(1, 11)
"""Datatypes of single numbers; arrays of them are from `ARRAYS`."""

ARRAYS: Final = range(22, 32)
TRUTH: Final = 11
TEXTS: Final = frozenset({12, 14, 15})

_NAMES: Final = {
    0: "no datatype", 16: "data set", 17: "bytes", 18: "file", 19: "template",
    20: "property set", 21: "property sets", 32: "array of truths", 33: "array of texts",
    34: "array of times",
}  # fmt: skip

_SELF_EVIDENT: Final = {"float_value": 9, "double_value": 10, "boolean_value": 11,
                        "string_value": 12}  # fmt: skip
"""Fields that need no datatype. An integer does: nobody else can tell its sign."""


class UnreadableError(ValueError):
    """A value that cannot be read; says why, in few words."""


def kind_of(datatype: int, field: str) -> int:
    """The datatype, by the field the value came in when none was said."""
    return datatype or _SELF_EVIDENT.get(field, 0)


def value_of(datatype: int, field: str, raw: Raw) -> Value:
    """The value of ``raw``, that came in ``field``. Raises `UnreadableError`."""
    read = _READERS.get(datatype)
    if read is None:
        raise UnreadableError(_NAMES.get(datatype, f"datatype {datatype}"))
    return read(field, raw)


def _signed(bits: int) -> Callable[[str, Raw], Value]:
    half, whole = 1 << (bits - 1), 1 << bits

    def read(field: str, raw: Raw) -> Value:
        number = _integer(field, raw)
        if number < half:
            return number
        if number < whole:
            return number - whole
        # Smaller ones are sign-extended to the field's width by some encoders, cut by others.
        for wide in (1 << 32, 1 << 64):
            if wide - half <= number < wide:
                return number - wide
        raise UnreadableError(f"{number} is out of range")

    return read


def _unsigned(bits: int) -> Callable[[str, Raw], Value]:
    whole = 1 << bits

    def read(field: str, raw: Raw) -> Value:
        number = _integer(field, raw)
        if number >= whole:
            raise UnreadableError(f"{number} is out of range")
        return number

    return read


def _integer(field: str, raw: Raw) -> int:
    if isinstance(raw, int) and field in {"int_value", "long_value"}:
        return raw
    raise _misplaced("a whole number", field)


def _misplaced(wanted: str, field: str) -> UnreadableError:
    return UnreadableError(f"{wanted} in {field or 'no field'}")


def _float(field: str, raw: Raw) -> Value:
    if not isinstance(raw, float):
        raise _misplaced("a number", field)
    if not math.isfinite(raw):
        return None
    # What was measured as 21.1 is 21.100000381469727 as a double.
    return float(f"{raw:.7g}") if field == "float_value" else raw


def _truth(field: str, raw: Raw) -> Value:
    if not isinstance(raw, bool):
        raise _misplaced("a truth", field)
    return raw


def _text(field: str, raw: Raw) -> Value:
    if not isinstance(raw, str):
        raise _misplaced("a text", field)
    return raw[:MAX_TEXT]


def _array(code: str) -> Callable[[str, Raw], Value]:
    """Numbers one after the other, the least significant byte first (6.4.16)."""
    size = struct.calcsize(f"<{code}")

    def read(field: str, raw: Raw) -> Value:
        if not isinstance(raw, bytes) or field != "bytes_value" or len(raw) % size:
            raise _misplaced("an array", field)
        count = len(raw) // size
        if count > MAX_ELEMENTS:
            raise UnreadableError(f"an array of {count}, at most {MAX_ELEMENTS}")
        numbers = struct.unpack(f"<{count}{code}", raw)
        if code == "f":
            return [_float("float_value", each) for each in numbers]  # type: ignore[misc]
        return [each if math.isfinite(each) else None for each in numbers]

    return read


_READERS: Final[dict[int, Callable[[str, Raw], Value]]] = {
    1: _signed(8), 2: _signed(16), 3: _signed(32), 4: _signed(64),
    5: _unsigned(8), 6: _unsigned(16), 7: _unsigned(32), 8: _unsigned(64),
    9: _float, 10: _float, TRUTH: _truth,
    12: _text, 13: _unsigned(64), 14: _text, 15: _text,
    **{22 + number: _array(code) for number, code in enumerate("bhiqBHIQfd")},
}  # fmt: skip
