"""What a receiver's answer means: strict about what counts, and always with a reason.

An alarm counts as taken only by an ``ACK`` with right CRC and length, our sequence number, our
account, and - on an encrypted link - encrypted with our key and of this minute. Everything else
says why it is none. Written beside siadc09's decoder, because real receivers leave it: a ``NAK``
has no account, older ones pad otherwise and leave bytes behind the time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import msgspec
from siadc09.util import crc, decrypt

from devices.police_link.dc09 import Frame
from devices.police_link.link import Result, is_clock_off

TIMELY_MS: Final = 40_000
"""How far the time in an encrypted acknowledgement may be from ours.

All supervision messages have the sequence number 0, so nothing but the time tells an answer from a
recording of one. A receiver whose clock is no further ahead takes what we send, and so it counts.
"""

KEPT: Final = 4096
"""Bytes of answers kept as evidence; whoever sends more is not heard to the end."""

_ENVELOPE: Final = re.compile(rb"\n([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})([^\r\n]*)\r")
_TIME: Final = rb"_(\d\d:\d\d:\d\d,\d\d-\d\d-\d{4})"
_BLOCKS: Final = rb"(?:\[[^\[\]]*\])*"
_ADDRESSED: Final = re.compile(
    rb'"(\*?)(ACK|DUH)"(\d{4})(?:R([0-9A-Fa-f]{1,6}))?L([0-9A-Fa-f]{1,6})'
    rb"#([0-9A-Fa-f]{3,16})\[([^\r\n]*)"
)
# A refusal names neither sequence number nor account: 0000R0L0A0, and some write 0000L0R0A0.
_REFUSAL: Final = re.compile(
    rb'"NAK"[^"\[\]]{0,64}\[[^\[\]]*\]' + _BLOCKS + rb"(?:" + _TIME + rb")?"
)
_PLAIN: Final = re.compile(rb"\]" + _BLOCKS + rb"(?:" + _TIME + rb")?")
# The pad ends with "|", or at the bracket; what is behind the time fills up the last block.
_CLEAR: Final = re.compile(rb"[^\[\]|]{0,31}\|?\]" + _BLOCKS + _TIME + rb".{0,31}", re.DOTALL)
_BARE: Final = {b'"NAK"': Result.REFUSED, b'"DUH"': Result.UNABLE}
_BLOCK_BYTES: Final = 16


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer means.

    ``final``: the receiver has decided; else a true answer may still follow. ``offset_ms``: its
    clock less ours, to half a second, when the answer carries a time.
    """

    result: Result
    final: bool
    reason: str = ""
    offset_ms: int | None = None


def read_answer(octets: bytes, frame: Frame, now: int) -> Answer:
    """What ``octets``, one answer from LF to CR heard at ``now`` (ms), says about ``frame``."""
    envelope = _ENVELOPE.fullmatch(octets)
    if envelope is None:
        return _bare(octets) or _none("not a frame")
    stated, length, text = envelope.groups()
    if int(length, 16) != len(text):
        return _none(f"length {len(text)}, but says {int(length, 16)}")
    if int(stated, 16) != crc(text):
        return _none(f"CRC {crc(text):04X}, but says {int(stated, 16):04X}")
    if refusal := _REFUSAL.fullmatch(text):
        return _refusal(refusal[1], now)
    if answer := _ADDRESSED.fullmatch(text):
        return _mismatch(answer, frame) or _addressed(answer, frame, now)
    return _none("neither ACK, NAK nor DUH")


def _mismatch(answer: re.Match[bytes], frame: Frame) -> Answer | None:
    """Why it answers another frame, if it does. An account may have lost its leading zeros."""
    ours = frame.identity
    _, _, sequence, receiver, line, account, _ = answer.groups()
    if int(sequence) != frame.sequence:
        return _none(f"answers sequence number {sequence.decode()}, not {frame.sequence:04d}")
    if int(account, 16) != int(ours.account, 16):
        return _none(f"answers account {account.decode()}, not {ours.account}")
    if int(line, 16) != ours.line:
        return _none(f"answers line L{line.decode()}, not L{ours.line:X}")
    if receiver is not None and int(receiver, 16) != (ours.receiver or 0):
        return _none(f"answers receiver R{receiver.decode()}, not R{ours.receiver or 0:X}")
    return None


def _addressed(answer: re.Match[bytes], frame: Frame, now: int) -> Answer:
    starred, token, *_, content = answer.groups()
    if token == b"DUH":
        return Answer(result=Result.UNABLE, final=True, reason="received, cannot be processed")
    key = frame.identity.key
    if key is None:
        plain = None if starred else _PLAIN.fullmatch(content)
        if plain is None:
            return _none(
                "encrypted, on a plain link" if starred else "content is no acknowledgement"
            )
        offset = None if plain[1] is None else _offset(plain[1], now)
        return Answer(result=Result.ACKNOWLEDGED, final=True, offset_ms=offset)
    if not starred:
        return _none("acknowledgement in plain text, on an encrypted link")
    return _encrypted(content, key, now)


def _encrypted(content: bytes, key: bytes, now: int) -> Answer:
    try:
        cipher = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        return _none("encrypted content is not hexadecimal")
    if not cipher or len(cipher) % _BLOCK_BYTES:
        return _none(f"encrypted content of {len(cipher)} bytes is no whole number of blocks")
    clear = _CLEAR.fullmatch(decrypt(key, cipher))
    offset = None if clear is None else _offset(clear[1], now)
    if offset is None:
        return _none("encrypted with another key, or without the time")
    if abs(offset) > TIMELY_MS:
        return Answer(
            result=Result.CLOCK,
            final=False,
            reason=f"acknowledgement {_ahead(offset)}: a wrong clock, or a recording",
            offset_ms=offset,
        )
    return Answer(result=Result.ACKNOWLEDGED, final=True, offset_ms=offset)


def _refusal(time: bytes | None, now: int) -> Answer:
    offset = None if time is None else _offset(time, now)
    if offset is None:
        return Answer(result=Result.REFUSED, final=True, reason="refused")
    if not is_clock_off(offset):
        reason = f"refused; receiver's clock {_ahead(offset)}"
        return Answer(result=Result.REFUSED, final=True, reason=reason, offset_ms=offset)
    reason = f"refused for its time; receiver's clock {_ahead(offset)}"
    return Answer(result=Result.CLOCK, final=True, reason=reason, offset_ms=offset)


def _bare(octets: bytes) -> Answer | None:
    """What pysiaalarm, for one, says to an account that it does not know: no frame at all."""
    word = octets.strip(b"\r\n")
    result = _BARE.get(word)
    if result is None:
        return None
    return Answer(result=result, final=True, reason=f"a bare {word.decode('ascii')}")


def _offset(time: bytes, now: int) -> int | None:
    try:
        told = datetime.strptime(time.decode("ascii"), "%H:%M:%S,%m-%d-%Y").replace(tzinfo=UTC)
    except ValueError:
        return None
    # The time has no fractions: half a second is its likeliest one.
    return int(told.timestamp() * 1000) + 500 - now


def _ahead(offset: int) -> str:
    return f"{abs(offset) / 1000:.1f} s {'ahead of' if offset > 0 else 'behind'} ours"


def _none(reason: str) -> Answer:
    return Answer(result=Result.GARBLED, final=False, reason=reason)


class Hearing:
    """Listens for the answer to one frame: octets in, in any pieces, and the verdict out.

    What is no answer to this frame is passed over, with its reason kept: it may be late, from an
    earlier frame, and the true one right behind it.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame: Final = frame
        self._heard = bytearray()
        self._read = 0
        self._passed: Answer | None = None

    @property
    def received(self) -> bytes:
        """Everything heard, `KEPT` bytes at most. A receiver that tells the key is not quoted."""
        heard = bytes(self._heard)
        key = self._frame.identity.key
        if key is None:
            return heard
        for told in (key, key.hex().encode(), key.hex().upper().encode()):
            heard = heard.replace(told, b"*" * len(told))
        return heard

    def feed(self, octets: bytes, now: int) -> Answer | None:
        """The receiver's decision as soon as there is one. Nothing counts after it."""
        self._heard += octets[: KEPT - len(self._heard)]
        while (end := self._heard.find(b"\r", self._read)) >= 0:
            piece = bytes(self._heard[self._read : end + 1])
            self._read = end + 1
            begin = piece.rfind(b"\n")
            answer = read_answer(piece[max(begin, 0) :], self._frame, now)
            if answer.final:
                return answer
            if self._passed is None or answer.result is Result.CLOCK:
                self._passed = answer
        if bare := _bare(bytes(self._heard[self._read :])):
            return bare
        if len(self._heard) >= KEPT:
            return Answer(result=Result.GARBLED, final=True, reason=f"more than {KEPT} bytes")
        return None

    def end(self, why: str) -> Answer:
        """The verdict when nothing more will come, because of ``why``."""
        rest = len(self._heard) - self._read
        if self._passed is not None:
            return self._passed
        if rest:
            return _none(f"{why}; {rest} bytes that are no whole answer")
        return Answer(result=Result.SILENT, final=True, reason=why)
