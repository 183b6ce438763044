"""Hands readings over to a database: reads rows, makes lines of them, sends them in batches.

Reads the store and writes nothing to it, so it may end at any instant. No read transaction stays
open while the database is waited for: the store's log could not begin anew until that ended.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol

import msgspec

from gateway.history.gathering import connect_to_read
from gateway.history.influx_lines import Encoder, Row, Tags, head_of
from gateway.history.influx_writing import Away, Outcome, Refused, Written

LINES: Final = 5_000
"""Lines a request, as InfluxDB recommends: some 1 MB, and 60 to 100 KB when packed."""

HEARTBEAT_S: Final = 5.0
"""How often a database is spoken to when there is nothing for it: so it is seen that it was started
anew while what it last took was in its memory only."""

HALVINGS: Final = 64
"""Requests at most to find out which lines of one batch are refused: one in 5,000 takes 26."""

HEADS: Final = 50_000
"""Beginnings of lines that are remembered, some 150 bytes each."""

_ROWS: Final = """
SELECT row, device, channel, happened, CAST(body AS BLOB) FROM readings
WHERE row > ? ORDER BY row LIMIT ?
"""
_WHOSE: Final = "SELECT school, kind, id FROM devices WHERE row = ?"
_REGISTER: Final = "SELECT value FROM meta WHERE key = 'register_version'"


class Progress(msgspec.Struct, frozen=True):
    """What one call of `Feed.deliver` did. All up to the row ``until`` is done with.

    ``rows`` is how many readings that were and ``points`` how many the database took. ``refused``
    points it did not take (``refusal`` is what it said of one), ``left_out`` numbers cannot be
    said in a line, ``gone`` rows were removed before they were handed over. ``error`` is why it
    ended before its time, and ``after`` the seconds for which the database wants to be left alone.
    ``anew``: the database may have been started anew meanwhile.
    """

    until: int
    rows: int = 0
    points: int = 0
    refused: int = 0
    refusal: str = ""
    left_out: int = 0
    gone: int = 0
    error: str = ""
    after: float | None = None
    anew: bool = False


class Writer(Protocol):
    """Writes lines: `gateway.history.influx_writing.InfluxWriter`."""

    def write(self, lines: bytes) -> Outcome:
        """Hand them over and wait for the answer."""
        ...


class Feeding(Protocol):
    """Hands readings over, a bounded number at a time. From one thread."""

    def deliver(self, after: int, rows: int) -> Progress:
        """Hand over at most ``rows`` readings after the row ``after``, the oldest first.

        Raises `gateway.store.store.StoreError` or ``sqlite3.Error`` when they cannot be read.
        """
        ...

    def close(self) -> None:
        """Break off what is under way and give everything back. From any thread."""
        ...


class Feed:
    """Makes lines of one batch while the one before is being sent: two are held at most."""

    def __init__(self, path: Path, writer: Writer, lines: int = LINES) -> None:
        self._connection: Final = connect_to_read(path)
        self._writer: Final = writer
        self._lines: Final = lines
        self._encoder: Final = Encoder()
        self._heads: dict[tuple[int, int], bytes] = {}
        self._register: object = None
        self._anew = False
        self._spoken = time.monotonic()
        self._sender: Final = ThreadPoolExecutor(1, "history sender")

    def deliver(self, after: int, rows: int) -> Progress:
        """See `Feeding.deliver`."""
        self._forget_changed()
        total = Progress(after)
        sending: Future[Progress] | None = None
        at, left = after, rows
        while left > 0 and not total.error:
            batch = self._read(at, min(left, self._lines))
            if batch:
                encoded = self._encode(at, batch)
                at, left = batch[-1].row, left - len(batch)
            if sending is not None:
                total = _added(total, sending.result())
                sending = None
            if not batch:
                if at == after:
                    total = self._greet(total)
                break
            if not total.error:
                sending = self._sender.submit(self._send, *encoded)
        return total if sending is None else _added(total, sending.result())

    def close(self) -> None:
        """See `Feeding.close`."""
        self._sender.shutdown(wait=True, cancel_futures=True)
        self._connection.close()

    def _read(self, after: int, most: int) -> list[Row]:
        return [Row(*row) for row in self._connection.execute(_ROWS, (after, most))]

    def _encode(self, after: int, batch: Sequence[Row]) -> tuple[Progress, list[bytes]]:
        """What it comes to when the database takes all of it, and the lines."""
        encoder, heads = self._encoder, self._heads
        left_out = encoder.left_out
        lines = []
        for row in batch:
            head = heads.get((row.device, row.channel))
            if head is None:
                head = self._head(row.device, row.channel)
            line = encoder.line(head, row)
            if line:
                lines.append(line)
        # What was removed before a database was ever fed was never meant for it.
        gone = batch[0].row - after - 1 if after else 0
        done = Progress(
            batch[-1].row,
            rows=len(batch),
            left_out=encoder.left_out - left_out,
            gone=gone,
        )
        return done, lines

    def _head(self, device: int, channel: int) -> bytes:
        if len(self._heads) >= HEADS:
            self._heads.clear()
        found = self._connection.execute(_WHOSE, (device,)).fetchone()
        tags = Tags(*found) if found else Tags()
        head = self._heads[device, channel] = head_of(tags, device, channel)
        return head

    def _forget_changed(self) -> None:
        """A device may have got another kind, or may be gone."""
        row = self._connection.execute(_REGISTER).fetchone()
        if row != self._register:
            self._register = row
            self._heads.clear()

    def _send(self, done: Progress, lines: list[bytes]) -> Progress:
        if not lines:
            return done
        outcome = self._write(b"\n".join(lines))
        refused, refusal = 0, ""
        if isinstance(outcome, Refused):
            refusal = outcome.reason
            outcome, refused = self._halve(lines, outcome)
        if isinstance(outcome, Away):
            return Progress(0, error=outcome.reason, after=outcome.after)
        dropped = outcome.dropped if isinstance(outcome, Written) else 0
        refused += dropped
        if dropped and not refusal:
            refusal = "older than the database keeps anything"
        points = len(lines) - refused
        anew, self._anew = self._anew, False
        return msgspec.structs.replace(
            done, points=points, refused=refused, refusal=refusal, anew=anew
        )

    def _greet(self, nothing: Progress) -> Progress:
        if time.monotonic() - self._spoken < HEARTBEAT_S:
            return nothing
        outcome = self._write(_harmless())
        if isinstance(outcome, Written):
            anew, self._anew = self._anew, False
            return msgspec.structs.replace(nothing, anew=anew)
        after = outcome.after if isinstance(outcome, Away) else None
        return msgspec.structs.replace(nothing, error=outcome.reason, after=after)

    def _write(self, lines: bytes) -> Outcome:
        self._spoken = time.monotonic()
        outcome = self._writer.write(lines)
        if isinstance(outcome, Written) and outcome.anew:
            self._anew = True  # until it is told: an error may come between
        return outcome

    def _halve(self, lines: list[bytes], first: Refused) -> tuple[Outcome, int]:
        """Send the halves of what was refused, and theirs, until only the faulty are left out.

        What the database took of them already is the same points once more.
        """
        everything = Away(f"refuses what it is sent: {first.reason}")
        outcome = self._write(_harmless())
        if not isinstance(outcome, Written):
            # That is no fault of the points, and they are not given up.
            return (outcome if isinstance(outcome, Away) else everything), 0
        if len(lines) == 1:
            return outcome, 1
        waiting = [lines[: len(lines) // 2], lines[len(lines) // 2 :]]
        refused, dropped, requests = 0, 0, 0
        while waiting:
            some = waiting.pop()
            requests += 1
            if requests > HALVINGS:
                # As many as that are no exception: somebody has to look at the database.
                return everything, 0
            outcome = self._write(b"\n".join(some))
            if isinstance(outcome, Away):
                return outcome, 0
            if isinstance(outcome, Written):
                dropped += outcome.dropped
            elif len(some) == 1:
                refused += 1
            else:
                waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
        return Written(dropped), refused


def _harmless() -> bytes:
    """A line that no database has a reason to refuse, unless it refuses everything."""
    return b"campus_gateway up=1 %d" % (time.time_ns() // 1_000_000)


def _added(total: Progress, one: Progress) -> Progress:
    if one.error:
        return msgspec.structs.replace(total, error=one.error, after=one.after)
    anew = total.anew or one.anew
    return Progress(
        one.until,
        total.rows + one.rows,
        total.points + one.points,
        total.refused + one.refused,
        one.refusal or total.refusal,
        total.left_out + one.left_out,
        total.gone + one.gone,
        anew=anew,
    )
