"""What tests of the history's delivery share: readings to hand over, and what arrived."""

from __future__ import annotations

from contextlib import closing

from gateway.history.delivered import Cursor, read_cursor
from gateway.history.influx_target import Target
from gateway.store.batch import Batch, ReadingRow
from gateway.store.sqlite import SqliteStore, connect

NOON = 1_784_793_600_000


def readings(first: int, last: int, device: int = 1) -> list[ReadingRow]:
    return [
        (device, 0, NOON + 1000 * n, NOON + 1000 * n + 50, b'{"power_w":%d}' % n)
        for n in range(first, last + 1)
    ]


def keep(store: SqliteStore, rows: list[ReadingRow]) -> None:
    store.commit(Batch(readings=rows)).result(30)


def told(lines: list[str]) -> list[float]:
    """The values of lines in the order in which they came."""
    return [float(line.split(" ")[1].partition("=")[2]) for line in lines]


def stored_cursor(store: SqliteStore, target: Target) -> Cursor:
    with closing(connect(store.path)) as connection:
        return read_cursor(connection, target.name)
