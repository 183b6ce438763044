"""Has one report written by a process apart, and can break it off. Blocks: run it in a thread."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from audit.reports.table import Report, Row
from gateway.exports import apart
from gateway.exports.apart import code_of
from gateway.exports.cells import Setting
from gateway.exports.order import (
    Failed,
    Format,
    Rows,
    TableDone,
    decode_answer,
    encode,
    order_of,
)

MOST_ROWS: Final = {Format.XLSX: 500_000, Format.CSV: 2_000_000, Format.PDF: 20_000}
"""Rows of one file: some 700 pages, or a workbook that opens within a minute."""

MOST_BYTES: Final = 512 << 20

PATIENCE: Final = 600.0
"""Seconds that the process may take for the end of a file after its last row."""

_AT_ONCE: Final = 500
_LOOK: Final = 0.2


class Cancelled(Exception):  # noqa: N818 - it is no error
    """It was broken off."""


class ExportError(Exception):
    """The file cannot be made; the message says why, and what to do. ``code`` is the same for the
    catalogue, as that of a `gateway.api.problems.Problem`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code: Final = code


class Writing:
    """One file. `run` it once; `cancel` it from any thread."""

    def __init__(self, target: Path, font: Path | None = None) -> None:
        self._target: Final = target
        self._font: Final = font
        self._cancelled: Final = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._starting: Final = threading.Lock()
        self.rows = 0
        """Rows that were handed over so far."""

    def cancel(self) -> None:
        """Break it off; `run` raises `Cancelled` soon."""
        with self._starting:
            self._cancelled.set()
            if self._process is not None:
                self._process.kill()  # whoever waits for its pipe sees the end of it

    def run(self, report: Report, file_format: Format, setting: Setting) -> int:
        """Write it; its size in bytes. Raises `ExportError`, `Cancelled`; then there is no file."""
        # All that is half written lies in a folder of its own: workbooks are, sheet by sheet, in
        # files that openpyxl names, and a process that was killed removes none of them.
        room = self._target.with_name(self._target.name + ".part")
        part = room / self._target.name
        try:
            room.mkdir(mode=0o700)
            size = self._written(report, file_format, setting, part)
            part.replace(self._target)
        except (EOFError, OSError) as error:
            if self._cancelled.is_set():
                raise Cancelled from error
            raise ExportError(
                code_of(error), f"the file could not be written ({error}); try again"
            ) from error
        finally:
            shutil.rmtree(room, ignore_errors=True)
        return size

    def _written(self, report: Report, file_format: Format, setting: Setting, part: Path) -> int:
        order = order_of(
            report,
            file_format,
            str(part),
            setting,
            font=None if self._font is None else str(self._font),
            most_bytes=MOST_BYTES,
        )
        with self._starting:
            if self._cancelled.is_set():
                raise Cancelled
            self._process, pipe = _begun(part.parent)
        try:
            with pipe:
                try:
                    pipe.send_bytes(encode(order))
                    for table in report.tables:
                        self._send(pipe, table.rows, MOST_ROWS[file_format])
                except BrokenPipeError:
                    pass  # it says why it ended early
                return self._answer(pipe)
        finally:
            self._process.kill()
            self._process.wait()

    def _send(self, pipe: Connection, rows: Iterable[Row], most: int) -> None:
        for some in _pieces(rows):
            if self._cancelled.is_set():
                raise Cancelled
            if self.rows + len(some) > most:
                raise ExportError(
                    "refusal.export_rows",
                    f"more than {most:,} rows; ask for one region after the other, or for CSV",
                )
            pipe.send_bytes(encode(Rows(some)))
            self.rows += len(some)
        pipe.send_bytes(encode(TableDone()))

    def _answer(self, pipe: Connection) -> int:
        begun = time.monotonic()
        while not pipe.poll(_LOOK):
            if self._cancelled.is_set():
                raise Cancelled
            if time.monotonic() - begun > PATIENCE:
                raise ExportError(
                    "refusal.export_late",
                    f"no end of the file within {PATIENCE:.0f} s; it was given up",
                )
        answer = decode_answer(pipe.recv_bytes())
        if isinstance(answer, Failed):
            raise ExportError(answer.code, answer.reason)
        return answer.size


def _pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while some := list(islice(remaining, _AT_ONCE)):
        yield some


def _begun(folder: Path) -> tuple[subprocess.Popen[bytes], Connection]:
    ours, its = socket.socketpair()
    with ours, its:
        process = subprocess.Popen(  # noqa: S603 - this program itself
            [sys.executable, "-m", apart.__name__, str(its.fileno())],
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            # What a killed process leaves half written lies where it is removed.
            env={**os.environ, "TMPDIR": str(folder)},
        )
        return process, Connection(ours.detach())
