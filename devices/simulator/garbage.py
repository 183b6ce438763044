"""Garbage as the field sends it and as an attacker would: seeded topics and payloads without end.

Whoever reads them must make of each a reading or a counted reject, and never fall over.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import msgspec

from devices.simulator.behaviour import measure
from devices.simulator.campus import demo
from devices.simulator.foreign import TasmotaPlug, ZigbeeBridge, ZigbeeDevice
from devices.simulator.transmitter import Transmitter

Garbage: TypeAlias = tuple[str, bytes]
"""Topic and payload."""

NOW: Final = 1_795_161_600_000
"""The time the healthy messages among the garbage claim, in ms."""

LARGEST: Final = 64 * 1024
"""The largest payload that is allowed; some are one byte longer."""

_DEEP: Final = 20_000

_ODD_LEVELS: Final = (
    "", " ", ".", "..", "-", "telemetry", "event", "alert", "$SYS", "campus", "一号", "é", "\u202e",
    "a" * 64, "a" * 65, "a" * 3_000, "%2e%2e", "'", '"', "\\", "${x}", "<b>", "\ufeff",
)  # fmt: skip
_ODD_TOPICS: Final = (
    "/", "//", "campus", "campus/", "campus//////", "campus/a/b/c/d/e", "probe/a/b/c/telemetry",
    "observed/a/b/c/event", "$SYS/broker/uptime", "campus/no1-primary/alert/1", "x" * 60_000,
    "zigbee2mqtt/", "zigbee2mqtt/bridge/", "zigbee2mqtt//availability", "tele//SENSOR", "tele/a/",
    "stat/a/RESULT", "zigbee2mqtt/bridge/event", "tele/a/b/c/d/LWT",
)  # fmt: skip
_UNPUBLISHABLE: Final = (
    "+",
    "#",
    "campus/a/b/\x7f/event",
    "campus/+/+/+/event",
    "campus/\0/x/y/event",
    "campus/#",
    "",
)

_TOKENS: Final = (
    b"null", b"true", b"false", b"NaN", b"-Infinity", b"Infinity", b"1e999", b"-1e999", b"1e-999",
    b"-0", b"0.1e1", b"1" + b"0" * 400, b"9223372036854775808", b"-9223372036854775809",
    b"18446744073709551616", b"4294967296", b"-1", b'""', b'"NaN"', b'"1e5"', b'" 21.5 "',
    b'"21,5"', b'"0x10"', b'"\\ud800"', b'"\\u0000"', b'"' + "温度".encode() + b'"', b"[]", b"{}",
    b"[null]", b"[[1]]", b'{"a":{"b":[1]}}', b'[1,null,"x",true]', b'"pressed"',
    b'"2026-11-21T08:00:00Z"', b'"2026-11-21T08:00:00"', b'"9999-99-99T99:99:99Z"',
    b"253402300800000", b"1.7e12", b"+1", b"01",
)  # fmt: skip
_KEYS: Final = (
    b"ts", b"seq", b"test", b"fw", b"event", b"temperature_c", b"battery_pct", b"smoke_alarm",
    b"online", b"power_w", b"", b"__proto__", b"a" * 300, "温度".encode(), b"ts ", b"TS",
)  # fmt: skip
_WHOLE: Final = (
    b"", b" ", b"\0", b"null", b"true", b"0", b'""', b"[]", b"{}", b"[{}]", b"[[]]", b"[null]",
    b"[1]", b"{", b"}", b"[{", b'{"a"', b'{"a":}', b'{"a":1,}', b"{,}", b"online", b"Offline",
    b"ON", b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a":1}{"b":2}', b"{'a':1}", b'{"a":1}\n', b"<xml/>",
    b"a=1&b=2", b"\x80\x04N.", b"\x1f\x8b\x08\x00", b'{"ts":1,"ts":2,"a":1,"a":"x"}',
    b'{"event":"pressed","event":null}',
)  # fmt: skip


def garbage(seed: int, *, publishable: bool = False) -> Iterator[Garbage]:
    """The same garbage for the same seed, for ever. ``publishable`` leaves out topics that no
    broker lets through (wildcards, NUL, empty).
    """
    chance = random.Random(seed)
    healthy = list(_healthy())
    while True:
        topic, payload = chance.choice(healthy)
        if chance.random() < 0.25:
            topic = _odd_topic(chance, topic, publishable)
        if chance.random() < 0.9:
            for _ in range(chance.choice((1, 1, 1, 2, 4))):
                payload = chance.choice(_SPOILERS)(chance, payload)
        yield topic, payload


def _healthy() -> Iterator[Garbage]:
    """One good message of each sort, to begin with."""
    campus = demo()
    seen: set[tuple[str, str]] = set()
    for device in campus.devices:
        if (device.dialect, device.kind) in seen:
            continue
        seen.add((device.dialect, device.kind))
        if device.dialect == "native":
            transmitter = Transmitter(device, seed=1)
            messages = [
                transmitter.status(NOW, online=True),
                *transmitter.telemetry(NOW, NOW),
                transmitter.event("pressed", NOW).message,
            ]
            measured = measure(device, 1, NOW)
            array = [{"ts": NOW - 1000 * back, "seq": 9 - back, **measured} for back in range(9)]
            yield messages[1].topic, msgspec.json.encode(array)
        elif device.dialect == "tasmota":
            plug = TasmotaPlug(device, seed=1)
            messages = [*plug.greeting(), *plug.telemetry(NOW, NOW)]
        else:
            zigbee = ZigbeeDevice(device, seed=1)
            messages = [*ZigbeeBridge([zigbee]).greeting(), *zigbee.telemetry(NOW, NOW)]
        for message in messages:
            yield message.topic, message.payload


def _odd_topic(chance: random.Random, topic: str, publishable: bool) -> str:
    if chance.random() < 0.2:
        return chance.choice(_ODD_TOPICS if publishable else (*_ODD_TOPICS, *_UNPUBLISHABLE))
    levels = topic.split("/")
    at = chance.randrange(len(levels))
    match chance.randrange(4):
        case 0:
            levels[at] = chance.choice(_ODD_LEVELS)
        case 1:
            del levels[at]
        case 2:
            levels.insert(at, chance.choice(_ODD_LEVELS))
        case _:
            levels[at] = levels[at].swapcase() + str(chance.randrange(10**6))
    return "/".join(levels) or ("x" if publishable else "")


def _flip(chance: random.Random, payload: bytes) -> bytes:
    """One to eight bytes become others."""
    spoiled = bytearray(payload or b"\0")
    for _ in range(chance.randint(1, 8)):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    return bytes(spoiled)


def _cut(chance: random.Random, payload: bytes) -> bytes:
    """A message that ends too early, or begins too late."""
    at = chance.randrange(len(payload) + 1)
    return payload[:at] if chance.random() < 0.7 else payload[at:]


def _double(chance: random.Random, payload: bytes) -> bytes:
    """A piece of it comes twice: duplicate keys, glued messages."""
    low, high = sorted((chance.randrange(len(payload) + 1), chance.randrange(len(payload) + 1)))
    return (payload[:high] + payload[low:high] + payload[high:])[:LARGEST]


def _odd_value(chance: random.Random, payload: bytes) -> bytes:
    """One value becomes something else, perhaps no JSON at all."""
    colons = payload.count(b":")
    if not colons:
        return b'{"%b":%b}' % (chance.choice(_KEYS), chance.choice(_TOKENS))
    at = -1
    for _ in range(chance.randint(1, min(colons, 40))):
        at = payload.index(b":", at + 1)
    ends = [end for end in (payload.find(b",", at), payload.find(b"}", at)) if end > 0]
    return payload[: at + 1] + chance.choice(_TOKENS) + payload[min(ends, default=len(payload)) :]


def _more_keys(chance: random.Random, payload: bytes) -> bytes:
    """Keys that are reserved, doubled, empty or long."""
    added = b",".join(
        b'"%b":%b' % (chance.choice(_KEYS), chance.choice(_TOKENS))
        for _ in range(chance.randint(1, 3))
    )
    if payload.startswith(b"{") and len(payload) > 2:
        return b"{" + added + b"," + payload[1:]
    return b"{" + added + b"}"


def _noise(chance: random.Random, payload: bytes) -> bytes:
    """Nothing of it was a message."""
    return chance.randbytes(chance.randint(0, max(1, len(payload))))


def _whole(chance: random.Random, payload: bytes) -> bytes:  # noqa: ARG001
    return chance.choice(_WHOLE)


def _wrapped(chance: random.Random, payload: bytes) -> bytes:
    """In an array, in an object, as text, or in an array with something wrong beside it."""
    pattern = chance.choice((b"[%b]", b"[%b,%b]", b'{"v":%b}', b"[%b,1]", b"[null,%b]", b'"%b"'))
    return (pattern % ((payload,) * pattern.count(b"%b")))[:LARGEST]


def _huge(chance: random.Random, payload: bytes) -> bytes:
    """As much as is allowed and a byte more, and nesting without end. Seldom: they take time."""
    if chance.random() < 0.97:
        return _flip(chance, payload)
    match chance.randrange(5):
        case 0:
            return b"[" * _DEEP
        case 1:
            return b"[" * _DEEP + b"]" * _DEEP
        case 2:
            return b'{"a":' * 8_000 + b"1" + b"}" * 8_000
        case 3:
            return b'{"temperature_c":21.5,"x":"' + b"a" * (LARGEST - 29) + b'"}'
        case _:
            return b"[" + b"1," * (LARGEST // 2) + b"1]"


_SPOILERS: Final[tuple[Callable[[random.Random, bytes], bytes], ...]] = (
    _flip,
    _cut,
    _double,
    _odd_value,
    _odd_value,
    _more_keys,
    _noise,
    _whole,
    _wrapped,
    _huge,
)
