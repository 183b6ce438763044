"""Mutants: real messages with one thing wrong, seeded, and which parts of them are still as sent.

Where `devices.simulator.garbage` asks whether anything at all brings a dialect down, these ask
whether what is still right in a message is still read right (`devices.simulator.witness`).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

Path: TypeAlias = tuple[str | int, ...]
"""Keys and positions from the top of a document down to a value."""

LARGEST: Final = 64 * 1024
_ABYSS: Final = "zzq nested without end"
_DEPTHS: Final = (20, 60, 300, 900, 5000)
_MOST_LEAVES: Final = 5000
_UNKNOWN: Final = "zzq"
"""What invented keys begin with: no device says that."""


class Document(NamedTuple):
    """How payloads of one dialect are taken apart and put together."""

    parse: Callable[[bytes], Any]
    """Nested dicts and lists; raises ``ValueError`` or ``RecursionError`` for what is none."""

    encode: Callable[[Any], bytes]


class Mutant(NamedTuple):
    """One spoiled payload. ``whole`` says that it is still a document, with a part replaced."""

    payload: bytes
    whole: bool


def parse_json(payload: bytes) -> Any:
    """As the decoders see it: a document, or the bare word of devices that send no JSON."""
    try:
        return msgspec.json.decode(payload)
    except (ValueError, RecursionError):
        pass
    text = payload.decode()  # a UnicodeDecodeError is a ValueError
    if text.lstrip()[:1] in {"{", "["}:
        return json.loads(text)  # knows NaN and Infinity, as C's printf writes them
    return text.strip()


def encode_json(document: Any) -> bytes:
    """A document again; a bare word stays bare."""
    if isinstance(document, str):
        return document.encode("utf-8", "replace")
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


JSON: Final = Document(parse_json, encode_json)


def leaves_of(document: Any) -> dict[Path, Any]:
    """Every value that holds no others, by its path; empty lists and objects are values too."""
    found: dict[Path, Any] = {}
    waiting: list[tuple[Path, Any]] = [((), document)]
    while waiting and len(found) < _MOST_LEAVES:
        path, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [((*path, key), each) for key, each in value.items()]
        elif isinstance(value, list) and value:
            waiting += [((*path, at), each) for at, each in enumerate(value)]
        else:
            found[path] = value
    return found


def replaced(document: Any, path: Path, value: Any) -> Any:
    """A copy in which another value stands at ``path``; what is beside the path is shared."""
    if not path:
        return value
    key = path[0]
    copy: Any = dict(document) if isinstance(document, dict) else list(document)
    copy[key] = replaced(document[key], path[1:], value)
    return copy


def removed(document: Any, path: Path) -> Any:
    """A copy without what is at ``path``; an element of a list becomes null instead."""
    if not path:
        return None
    key = path[0]
    if len(path) > 1:
        return replaced(document, (key,), removed(document[key], path[1:]))
    if isinstance(document, list):
        return replaced(document, (key,), None)
    return {each: value for each, value in document.items() if each != key}


def is_invented(path: Path) -> bool:
    """Whether a mutation made up what the value is called: nothing may be made of it.

    A section of an unknown name is another matter: some devices name sections as they like.
    """
    return bool(path) and isinstance(path[-1], str) and path[-1].startswith(_UNKNOWN)


def mutant(chance: random.Random, payload: bytes, document: Document) -> Mutant:
    """``payload`` with one to three things wrong."""
    if chance.random() < 0.3:
        return Mutant(_spoil_bytes(chance, payload), whole=False)
    try:
        parsed = document.parse(payload)
    except (ValueError, RecursionError):
        return Mutant(_spoil_bytes(chance, payload), whole=False)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        leaves = list(leaves_of(parsed))
        path = chance.choice(leaves)
        parsed = chance.choice(_CHANGES)(chance, parsed, path)
    try:
        spoiled = document.encode(parsed)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return Mutant(_spoil_bytes(chance, payload), whole=False)  # this format cannot say it
    depth = chance.choice(_DEPTHS)
    deep = spoiled.replace(b'"%b"' % _ABYSS.encode(), b"[" * depth + b"]" * depth)
    return Mutant(deep[: LARGEST + 1], whole=0 < len(deep) == len(spoiled))


def _spoil_bytes(chance: random.Random, payload: bytes) -> bytes:
    spoiled = bytearray(payload or b"\0")
    match chance.randrange(5):
        case 0 | 1:  # bits tip over, as a bad memory lets them
            for _ in range(chance.choice((1, 1, 2, 8))):
                spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
        case 2:  # ends too early
            del spoiled[chance.randrange(len(spoiled)) :]
        case 3:  # a piece comes twice
            low, high = sorted((chance.randrange(len(spoiled)), chance.randrange(len(spoiled))))
            spoiled[high:high] = spoiled[low:high]
        case _:  # a piece is missing
            low = chance.randrange(len(spoiled))
            del spoiled[low : low + chance.randint(1, 12)]
    return bytes(spoiled)


def _other_type(chance: random.Random, parsed: Any, path: Path) -> Any:
    """A number as text, text as a number, a truth, nothing, a list, an object."""
    value = _at(parsed, path)
    others: list[Any] = [str(value), None, True, False, [], {}, [value], {"v": value}, 0, 1, ""]
    return replaced(parsed, path, chance.choice(others))


def _other_number(chance: random.Random, parsed: Any, path: Path) -> Any:
    """Numbers that no device measures, and such as no machine holds."""
    return replaced(parsed, path, chance.choice(_NUMBERS))


def _with_unit(chance: random.Random, parsed: Any, path: Path) -> Any:
    """A number with its unit, with a comma, with blanks, in other words."""
    pattern = chance.choice(_WORDS)
    return replaced(parsed, path, pattern.replace("{}", str(_at(parsed, path))[:60]))


def _nested(chance: random.Random, parsed: Any, path: Path) -> Any:
    """Deeper than it was, or much too deep."""
    if chance.random() < 0.3:
        return replaced(parsed, path, _ABYSS)
    value = _at(parsed, path)
    for _ in range(chance.choice((1, 2, 8))):
        value = [value] if chance.random() < 0.5 else {f"{_UNKNOWN}_in": value}
    return replaced(parsed, path, value)


def _dropped(chance: random.Random, parsed: Any, path: Path) -> Any:
    """Something is not there, or the whole section that it stands in."""
    return removed(parsed, path[: chance.randint(1, len(path))] if path else path)


def _renamed(chance: random.Random, parsed: Any, path: Path) -> Any:
    """A key that nobody knows, in place of one that is known or beside it."""
    names = [at for at, key in enumerate(path) if isinstance(key, str)]
    if not names:
        return parsed
    at = chance.choice(names)
    section = _at(parsed, path[:at])
    invented = f"{_UNKNOWN}{chance.randrange(100)}"
    section = {**section, invented: section[path[at]]}
    if chance.random() < 0.6:
        del section[path[at]]
    return replaced(parsed, path[:at], section)


def _swapped(chance: random.Random, parsed: Any, path: Path) -> Any:
    """Two values have changed places."""
    other = chance.choice(list(leaves_of(parsed)))
    mine, theirs = _at(parsed, path), _at(parsed, other)
    return replaced(replaced(parsed, path, theirs), other, mine)


def _at(parsed: Any, path: Path) -> Any:
    for key in path:
        parsed = parsed[key]
    return parsed


_CHANGES: Final[tuple[Callable[[random.Random, Any, Path], Any], ...]] = (
    _other_type,
    _other_type,
    _other_number,
    _other_number,
    _with_unit,
    _nested,
    _dropped,
    _renamed,
    _swapped,
)
_NUMBERS: Final[tuple[Any, ...]] = (
    0, -1, 1, 2, -273.16, 85, 127, 255, 65535, 65536, 32767, -32768, 6553.5, 2**31, 2**32 - 1,
    2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**18, -(10**18), 10**30, 10**400, 1e300, -1e300,
    1e-300, 5e-324, float("nan"), float("inf"), float("-inf"), "1e400", "1e5", "-0", 0.1 + 0.2,
)  # fmt: skip
_WORDS: Final = (
    "{} °C", "{}°F", "{} V", "{}kW", "{}%", " {} ", "{},5", "+{}", "~{}", "0x{}", "{}{}", "'{}'",
    "unknown", "unavailable", "N/A", "null", "None", "-", "", "NaN", "ON", "off", "一度",
)  # fmt: skip
