"""Heads of a log: how many entries, with which root, said when - as a signed note (a *checkpoint*).

The text is that of C2SP's tlog-checkpoint: the log's name, its size, its root, and one line of our
own, ``time`` in ms since 1970.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import Final

import msgspec

from audit.evidence.merkle import HASH_BYTES
from audit.evidence.notes import Note, NoteError, Signer, is_name, read_note

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_TIME: Final = re.compile(r"time (0|[1-9][0-9]{0,15})")


class Head(msgspec.Struct, frozen=True):
    """What a log says of itself: its first ``size`` entries have this root, at this time (ms)."""

    origin: str
    size: int
    root: bytes
    at: int | None

    def __str__(self) -> str:
        """The text that is signed."""
        time = "" if self.at is None else f"time {self.at}\n"
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n{time}"


class SignedHead(msgspec.Struct, frozen=True):
    """A head, and the note that it was read from or is kept in."""

    head: Head
    note: Note


def signed(head: Head, signer: Signer) -> SignedHead:
    """The head, signed."""
    return SignedHead(head, signer.sign(str(head)))


def read_head(content: str) -> SignedHead:
    """A head from a file; whose signatures it has is not looked at. Raises `NoteError`."""
    note = read_note(content)
    return SignedHead(_head(note.text), note)


def _head(text: str) -> Head:
    lines = text.split("\n")[:-1]
    if len(lines) < 3 or not is_name(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise NoteError("it is no head: it does not begin with a log's name and size")
    try:
        root = b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("its root is not base64") from error
    if len(root) != HASH_BYTES:
        raise NoteError("its root is no SHA-256")
    times = [found for line in lines[3:] if (found := _TIME.fullmatch(line))]
    return Head(lines[0], int(lines[1]), root, int(times[0][1]) if times else None)
