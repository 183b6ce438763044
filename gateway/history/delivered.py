"""How far the readings have been handed over to the database of the larger tiers.

One row of ``meta``, moved only after the database has acknowledged. The readings themselves are
rows already, in the order of arrival, so this mark is all that an outbox of them needs
(docs/decisions/0033-history-by-cursor.md).
"""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

CURSOR: Final = "history"
"""The key in ``meta``."""


class Cursor(msgspec.Struct, frozen=True):
    """Readings up to the row ``row`` are in the database ``target``, or there is nothing to wait
    for: ``refused`` of its points the database did not take, ``left_out`` numbers have no line, and
    ``lost`` readings were removed here before they could be handed over.

    Those up to ``sure`` were acknowledged long enough ago to be on its disk. VictoriaMetrics
    acknowledges what it holds in memory for some seconds; when it was away, or the gateway was, all
    after ``sure`` is sent once more.
    """

    target: str = ""
    row: int = 0
    sure: int = 0
    refused: int = 0
    left_out: int = 0
    lost: int = 0


_DECODER: Final = msgspec.json.Decoder(Cursor)


def decode_cursor(value: str | None) -> Cursor:
    """The cursor in a row of ``meta``; ``None`` = nothing was handed over yet."""
    return Cursor() if value is None else _DECODER.decode(value)


def read_cursor(connection: sqlite3.Connection, target: str) -> Cursor:
    """How far that database has got. Another one begins with the oldest reading there is."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (CURSOR,)).fetchone()
    cursor = decode_cursor(None if row is None else row[0])
    return cursor if cursor.target == target else Cursor(target)


def write_cursor(connection: sqlite3.Connection, cursor: Cursor) -> None:
    """Keep it. A crash that takes it away costs nothing: what is sent twice is the same point."""
    connection.execute(
        "INSERT INTO meta(key, value) VALUES(?, ?) "
        "ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        (CURSOR, msgspec.json.encode(cursor).decode()),
    )
