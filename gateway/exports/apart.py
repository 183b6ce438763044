"""The process that writes one file: the gateway's alarms must not wait for 50,000 rows.

It gets its order and the rows over a pipe, writes the file, says that it is there, and ends; or
ends when the pipe is closed, whoever closed it. So it may be killed at any instant: what it has
half written is in the folder of its file, and is removed by whoever killed it.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Final

from audit.reports.table import Report, Row, Table
from gateway.exports.csv_file import write_csv
from gateway.exports.font import FontMissingError
from gateway.exports.order import (
    Failed,
    Format,
    Order,
    Rows,
    TableDone,
    Written,
    decode_told,
    encode,
)
from gateway.exports.pdf import write_pdf
from gateway.exports.xlsx import write_xlsx

NICE: Final = 10
"""Its niceness, as that of the process that rolls up."""

_ROOM: Final = 1 << 20
"""Bytes that are free on a disk that is not full."""


def serve(pipe: Connection) -> None:
    """Carry out the one order that comes over the pipe."""
    order = decode_told(pipe.recv_bytes())
    if not isinstance(order, Order):
        raise TypeError(f"an order comes first, not {type(order).__name__}")
    if order.most_bytes:
        # Beyond it a write fails with EFBIG.
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.most_bytes, order.most_bytes))
    try:
        with Path(order.path).open("wb") as target:
            _write(order, target, pipe)
        answer: Written | Failed = Written(Path(order.path).stat().st_size)
    except (EOFError, ConnectionError):
        raise  # of the pipe: nobody listens any more
    except (FontMissingError, OSError, MemoryError) as error:
        answer = Failed(code_of(error), str(error) or type(error).__name__)
    except Exception as error:
        # Workbooks are written by a library in C, which says only that it could not write.
        code = _without_room(Path(order.path).parent, order.most_bytes)
        if code is None:
            raise
        answer = Failed(code, f"{type(error).__name__}: {error}")
    pipe.send_bytes(encode(answer))


def _without_room(folder: Path, most_bytes: int) -> str | None:
    """Why nothing more can be written there; ``None``: it can."""
    if most_bytes and any(path.stat().st_size >= most_bytes for path in folder.iterdir()):
        return "refusal.export_large"
    return "refusal.export_disk" if shutil.disk_usage(folder).free < _ROOM else None


def code_of(error: Exception) -> str:
    """Why a file could not be written, for the catalogue."""
    match error:
        case FontMissingError():
            return "refusal.export_font"
        case OSError(errno=errno.EFBIG):
            return "refusal.export_large"
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return "refusal.export_disk"
        case _:
            return "refusal.export_broken"


def _write(order: Order, target: IO[bytes], pipe: Connection) -> None:
    report = Report(
        title=order.title,
        tables=tuple(
            Table(
                title=table.title,
                columns=tuple(column.column() for column in table.columns),
                rows=_rows(pipe),
                notes=table.notes,
            )
            for table in order.tables
        ),
        facts=order.facts,
        notes=order.notes,
        signatures=order.signatures,
        one_page=order.one_page,
    )
    match order.format:
        case Format.CSV:
            write_csv(report.tables[0], target, order.setting)
        case Format.XLSX:
            write_xlsx(report, target, order.setting)
        case Format.PDF:
            write_pdf(report, target, order.setting, Path(order.font) if order.font else None)


def _rows(pipe: Connection) -> Iterator[Row]:
    """The rows of one table as they come; tables are gone through in their order."""
    while True:
        told = decode_told(pipe.recv_bytes())
        match told:
            case Rows(rows=rows):
                yield from rows
            case TableDone():
                return
            case _:
                raise TypeError(f"rows were to come, not {type(told).__name__}")


def main() -> None:
    """Serve the pipe whose number is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for who began it; it closes the pipe
    os.nice(NICE)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
