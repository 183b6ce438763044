"""The process that takes looks for a pool: orders come on standard input, looks go out on output.

Many looks at once, each in a thread of its own: nearly all of their time is waiting, in FFmpeg,
without the interpreter's lock. The process ends when its input does, so that none outlives the one
who ordered; it can be killed at any moment, for it keeps nothing.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import BinaryIO, Final

import msgspec
import numpy as np

from devices.camera.addresses import Address, Transport
from devices.camera.look import Look, Outcome, Picture
from devices.camera.stream import look

LENGTH: Final = 4
"""Each message begins with its length in so many bytes, big-endian."""


READY: Final = b""
"""What a process says first, when everything is loaded."""

DECODING: Final = 2
"""Pictures decoded at once. Hundreds may arrive together; each takes tens of megabytes meanwhile,
and no more are decoded in a second by taking them all at once."""


class Order(msgspec.Struct, frozen=True):
    """Look at this. Holds a password: it travels in a pipe, never among a process's arguments."""

    id: int
    url: str
    user: str
    password: str
    transport: Transport
    ca_file: str
    seconds: float
    limit: float


_order: Final = msgspec.msgpack.Decoder(Order).decode


class Sent(msgspec.Struct, frozen=True):
    """A picture: `Picture.at`, and its rows as bytes."""

    at: int
    rows: int
    columns: int
    body: bytes


class Answer(msgspec.Struct, frozen=True):
    """The look that came of an order, field by field."""

    id: int
    begun: int
    ended: int
    outcome: Outcome
    detail: str
    pictures: list[Sent]
    codec: str
    width: int
    height: int
    fps: float | None
    bitrate_kbps: float | None

    @classmethod
    def of(cls, order: Order, seen: Look) -> Answer:
        """What to send of a look."""
        return cls(
            order.id,
            seen.begun,
            seen.ended,
            seen.outcome,
            seen.detail,
            [
                Sent(each.at, each.image.shape[0], each.image.shape[1], each.image.tobytes())
                for each in seen.pictures
            ],
            seen.codec,
            seen.width,
            seen.height,
            seen.fps,
            seen.bitrate_kbps,
        )

    def look(self) -> Look:
        """The look that was sent."""
        return Look(
            begun=self.begun,
            ended=self.ended,
            outcome=self.outcome,
            detail=self.detail,
            pictures=tuple(
                Picture(
                    each.at,
                    np.frombuffer(each.body, np.uint8).reshape(each.rows, each.columns, 3),
                )
                for each in self.pictures
            ),
            codec=self.codec,
            width=self.width,
            height=self.height,
            fps=self.fps,
            bitrate_kbps=self.bitrate_kbps,
        )


class _Eye:
    """Takes orders until there are no more."""

    def __init__(self, orders: BinaryIO, answers: BinaryIO) -> None:
        self._orders = orders
        self._answers = answers
        self._writing = threading.Lock()
        self._decoding = threading.BoundedSemaphore(DECODING)
        self._encode = msgspec.msgpack.Encoder().encode

    def run(self) -> None:
        self._send(READY)
        while head := self._orders.read(LENGTH):
            order = _order(self._orders.read(int.from_bytes(head)))
            # As many threads as looks are under way: the pool bounds them.
            threading.Thread(target=self._take, args=(order,), daemon=True).start()

    def _take(self, order: Order) -> None:
        address = Address(
            url=order.url,
            user=order.user,
            password=order.password,
            transport=order.transport,
            ca_file=order.ca_file,
        )
        now = time.time_ns() // 1_000_000
        seen = look(
            address, now=now, seconds=order.seconds, limit=order.limit, decoding=self._decoding
        )
        with self._decoding:  # pictures are large, and there are three copies of one by now
            self._send(self._encode(Answer.of(order, seen)))

    def _send(self, body: bytes) -> None:
        with self._writing:
            self._answers.write(len(body).to_bytes(LENGTH))
            self._answers.write(body)
            self._answers.flush()


def main() -> None:
    """Run until standard input closes."""
    _Eye(sys.stdin.buffer, sys.stdout.buffer).run()
    # Looks that are still under way would be waited for; nobody is there to have them.
    os._exit(0)


if __name__ == "__main__":
    main()
