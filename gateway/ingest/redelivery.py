"""Recognises what a broker delivers once more because it never saw our acknowledgement.

Packet ids committed, perhaps not yet acknowledged, are kept in the transaction that committed
their messages. The broker has at most its window of unacknowledged messages, and reads our
acknowledgements in the order we sent them: so whatever it redelivers is among the last ``window``
messages we took. An entry is packet id and CRC-32 of the payload (and the topic's length): a packet
id alone may have been used again for another message. Nor is that enough: a broker that was killed
counts packet ids on from where it last saved them, and a button without a clock says the same each
time it is pressed. So only what the broker itself calls sent before is held to be known.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from typing import Final
from zlib import crc32

from gateway.ingest.source import Message

ENTRY: Final = 6
"""Bytes an entry takes when packed: packet id (2), CRC-32 (4)."""


def pack(messages: Sequence[Message]) -> bytes:
    """The entries of the messages that have a packet id, as one string of bytes."""
    kept = [message for message in messages if message[2]]
    if not kept:
        return b""
    ids = array("H", [message[2] for message in kept])
    sums = array("I", [crc32(message[1], len(message[0])) for message in kept])
    return len(ids).to_bytes(4, "little") + ids.tobytes() + sums.tobytes()


def packet_ids(entries: bytes) -> array[int]:
    """The packet ids in packed entries, oldest first."""
    ids = array("H")
    ids.frombytes(entries[4 : 4 + 2 * _count(entries)])
    return ids


def unpack(entries: bytes) -> list[tuple[int, int]]:
    """Packet ids and checksums, oldest first. Raises `ValueError` when the length is wrong."""
    if not entries:
        return []
    count = int.from_bytes(entries[:4], "little")
    if len(entries) != 4 + count * ENTRY:
        raise ValueError(f"{len(entries)} bytes of entries for {count} packet ids")
    ids, sums = array("H"), array("I")
    ids.frombytes(entries[4 : 4 + 2 * count])
    sums.frombytes(entries[4 + 2 * count :])
    return list(zip(ids, sums, strict=True))


class Redelivery:
    """What one session has taken lately, and whether a message is among it.

    ``window`` is the session's receive maximum. Between reconnects it costs nothing but keeping
    the packed entries; after one, messages are compared until more than a window has come.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._taken: deque[bytes] = deque()
        self._kept = 0
        self._expected: dict[int, int] = {}
        self._left = 0
        self.count = 0
        """Messages recognised as delivered before."""

    def taken(self, entries: bytes) -> None:
        """These have been handed over and will be committed."""
        if not entries:
            return
        self._taken.append(entries)
        self._kept += _count(entries)
        while self._kept - _count(self._taken[0]) >= self._window:
            self._kept -= _count(self._taken.popleft())

    def reconnected(self, *, session_present: bool) -> None:
        """A new connection: from now on old messages may come again, if the session lives."""
        self._expected = {}
        self._left = 0
        if not session_present:
            # A new session counts packet ids from 1: the old ones mean nothing any more.
            self._taken.clear()
            self._kept = 0
            return
        for entries in self._taken:
            self._expected.update(unpack(entries))
        self._left = self._window if self._expected else 0

    @property
    def watching(self) -> bool:
        """Whether `is_known` needs asking."""
        return self._left > 0

    def is_known(self, message: Message) -> bool:
        """Whether this is a message taken before. Ask while `watching`, once a message."""
        self._left -= 1
        checksum = self._expected.pop(message.packet_id, None)
        if checksum is None or not message.again:
            return False
        known = checksum == crc32(message.payload, len(message.topic))
        self.count += known
        return known


def _count(entries: bytes) -> int:
    return int.from_bytes(entries[:4], "little")
