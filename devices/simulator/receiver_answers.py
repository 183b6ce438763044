"""What the demo's alarm receiving centre answers, rightly and wrongly, in code of its own."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

HEAD: Final = re.compile(
    rb'"(?P<star>\*?)(?P<token>[A-Z0-9-]{1,16})"(?P<sequence>\d{4})'
    rb"(?P<numbers>(?:R[0-9A-F]{1,6})?L[0-9A-F]{1,6})#(?P<account>[0-9A-F]{3,16})\["
)
"""The beginning of a frame's text: what is not encrypted, and what an answer repeats."""

_RECORDED_MS: Final = 600_000
_CLOCK_MS: Final = 60_000


class Fault(StrEnum):
    """What a receiver may do wrong with one frame."""

    NONE = "none"
    SILENT = "silent"
    NAK = "nak"
    CLOCK = "clock"  # NAK with a clock 60 s ahead
    DUH = "duh"
    BAD_CRC = "bad_crc"
    WRONG_SEQUENCE = "wrong_sequence"
    WRONG_ACCOUNT = "wrong_account"
    WRONG_KEY = "wrong_key"
    PLAIN = "plain"  # acknowledges an encrypted frame in plain text
    RECORDED = "recorded"  # an acknowledgement of ten minutes ago
    SPLIT = "split"  # in three pieces
    LATE = "late"  # after `Receiver.late_s`
    STALE = "stale"  # acknowledges the frame before, then this one
    TWICE = "twice"
    CLOSE = "close"  # hangs up instead of answering


NOT_TAKEN: Final = frozenset({Fault.NAK, Fault.CLOCK, Fault.DUH})
"""With these the receiver says itself that it did not take the frame."""


def answer(head: re.Match[bytes], key: bytes | None, now: int, fault: Fault, *, old: bool) -> bytes:
    """The octets to send back to the frame that began with ``head``, at ``now`` (ms).

    ``key`` is the account's. ``old``: encrypted answers are padded as before the 2026 edition.
    `Fault.SILENT` and `Fault.CLOSE` give nothing.
    """
    if fault in (Fault.SILENT, Fault.CLOSE):
        return b""
    if fault is Fault.NAK:
        return envelope(b'"NAK"0000R0L0A0[]')
    if fault is Fault.CLOCK:
        return refusal(now + _CLOCK_MS)
    if fault is Fault.DUH:
        return unable(head)
    return _acknowledgement(head, key, now, fault, old)


def _acknowledgement(
    head: re.Match[bytes], key: bytes | None, now: int, fault: Fault, old: bool
) -> bytes:
    right = _acknowledge(head, key, now, old)
    sequence = int(head["sequence"])
    match fault:
        case Fault.BAD_CRC:
            return b"\n%04X" % (int(right[1:5], 16) ^ 1) + right[5:]
        case Fault.WRONG_SEQUENCE:
            return _acknowledge(head, key, now, old, sequence=(sequence + 1) % 10_000)
        case Fault.WRONG_ACCOUNT:
            other = b"%03X" % (int(head["account"], 16) ^ 1)
            return _acknowledge(head, key, now, old, account=other)
        case Fault.WRONG_KEY:
            return _acknowledge(head, secrets.token_bytes(16), now, old)
        case Fault.PLAIN:
            return _acknowledge(head, None, now, old)
        case Fault.RECORDED:
            return _acknowledge(head, key, now - _RECORDED_MS, old)
        case Fault.STALE:
            return _acknowledge(head, key, now, old, sequence=(sequence - 1) % 10_000) + right
        case Fault.TWICE:
            return right + right
        case _:
            return right


def refusal(now: int) -> bytes:
    """A NAK with the receiver's time."""
    return envelope(b'"NAK"0000R0L0A0[]' + _stamp(now))


def unable(head: re.Match[bytes]) -> bytes:
    """DUH: received, and not understood."""
    return envelope(b'"DUH"%b%b#%b[]' % (head["sequence"], head["numbers"], head["account"]))


def envelope(text: bytes) -> bytes:
    """A whole frame around ``text``: LF, CRC-16/ARC, length, text, CR.

    >>> envelope(b'"ACK"0001R0L0#1234[]')
    b'\\nDBE70014"ACK"0001R0L0#1234[]\\r'
    """
    crc = 0
    for octet in text:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return b"\n%04X%04X%b\r" % (crc, len(text), text)


def _acknowledge(
    head: re.Match[bytes],
    key: bytes | None,
    now: int,
    old: bool,
    *,
    sequence: int | None = None,
    account: bytes | None = None,
) -> bytes:
    number = head["sequence"] if sequence is None else b"%04d" % sequence
    rest = b"%b%b#%b[" % (number, head["numbers"], account or head["account"])
    if key is None:
        return envelope(b'"ACK"' + rest + b"]")
    return envelope(b'"*ACK"' + rest + _sealed(key, _stamp(now), old=old))


def _stamp(now: int) -> bytes:
    return datetime.fromtimestamp(now // 1000, UTC).strftime("_%H:%M:%S,%m-%d-%Y").encode("ascii")


def _sealed(key: bytes, stamp: bytes, *, old: bool) -> bytes:
    """The encrypted content of an acknowledgement: pad, no data, the time."""
    if old:
        clear = b"0" * 5 + b"|]" + stamp
        behind = 16 - len(clear) % 16
        clear += bytes([behind]) * behind
    else:
        clear = b"]" + stamp
        clear = b"x" * (16 + -len(clear) % 16) + clear
    seal = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    return (seal.update(clear) + seal.finalize()).hex().upper().encode("ascii")
