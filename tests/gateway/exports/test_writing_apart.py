"""The process that writes a file: what it writes, that it can be broken off, and its bounds."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from openpyxl import load_workbook
from reports import SETTING, report, rows

from audit.reports.table import Row
from gateway.exports import writing
from gateway.exports.apart import code_of
from gateway.exports.csv_file import write_csv
from gateway.exports.order import Format
from gateway.exports.writing import Cancelled, ExportError, Writing


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.mark.parametrize("file_format", list(Format))
def test_a_file_is_there_whole_and_nothing_else(tmp_path: Path, file_format: Format) -> None:
    target = tmp_path / f"a.{file_format}"
    before = children()
    one = Writing(target)

    size = one.run(report(rows(1200)), file_format, SETTING)

    assert (size, one.rows) == (target.stat().st_size, 1200)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert children() <= before
    if file_format is Format.CSV:
        found = list(csv.reader(io.StringIO(target.read_text("utf-8-sig"))))
        assert len(found) == 1201
    if file_format is Format.XLSX:
        assert load_workbook(target).worksheets[0].max_row == 1201


def test_it_is_broken_off_while_rows_are_made(tmp_path: Path) -> None:
    target = tmp_path / "a.xlsx"
    one = Writing(target)
    going = threading.Event()

    def endless() -> Iterator[Row]:
        for each in iter(lambda: rows(10), None):
            going.set()
            yield from each

    stopper = threading.Thread(target=lambda: (going.wait(60), one.cancel()))
    stopper.start()
    before = children()
    with pytest.raises(Cancelled):
        one.run(report(endless()), Format.XLSX, SETTING)
    stopper.join()

    assert not target.exists()
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]
    assert children() <= before


def test_it_is_broken_off_before_it_begins(tmp_path: Path) -> None:
    one = Writing(tmp_path / "a.csv")
    one.cancel()

    with pytest.raises(Cancelled):
        one.run(report(rows(1)), Format.CSV, SETTING)


def test_more_rows_than_a_format_holds_are_refused_with_a_way_out(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setitem(writing.MOST_ROWS, Format.PDF, 100)

    with pytest.raises(ExportError, match="more than 100 rows"):
        Writing(tmp_path / "a.pdf").run(report(rows(2_000)), Format.PDF, SETTING)

    assert list(tmp_path.iterdir()) == []


def test_a_file_larger_than_allowed_is_none(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(writing, "MOST_BYTES", 10_000)

    with pytest.raises(ExportError):
        Writing(tmp_path / "a.csv").run(report(rows(2_000)), Format.CSV, SETTING)

    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize("file_format", [Format.XLSX, Format.PDF, Format.CSV])
def test_a_file_that_grows_beyond_its_bound_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch, file_format: Format
) -> None:
    monkeypatch.setattr(writing, "MOST_BYTES", 20_000)

    with pytest.raises(ExportError) as refused:
        Writing(tmp_path / "a").run(report(rows(2_000)), file_format, SETTING)

    assert refused.value.code == "refusal.export_large"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_as_such() -> None:
    one = report(rows(5_000))
    with pytest.raises(OSError, match="No space left") as full:  # noqa: SIM117 - one thing each
        with Path("/dev/full").open("wb", buffering=0) as target:
            write_csv(one.tables[0], target, SETTING)

    assert code_of(full.value) == "refusal.export_disk"


def test_what_is_broken_off_leaves_nothing_half_written(tmp_path: Path) -> None:
    """A workbook is in files of its library's own until it is packed."""
    one = Writing(tmp_path / "a.xlsx")

    def stopped() -> Iterator[Row]:
        for number, row in enumerate(rows(60_000)):
            if number == 20_000:  # more than a pipe holds: some are written by now
                assert [path for path in tmp_path.rglob("openpyxl*") if path.is_file()]
                one.cancel()
            yield row

    with pytest.raises(Cancelled):
        one.run(report(stopped()), Format.XLSX, SETTING)

    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_the_rows_is_told_and_the_process_ends(tmp_path: Path) -> None:
    def broken() -> Iterator[Row]:
        yield from rows(600)
        raise RuntimeError("the store is gone")

    before = children()
    with pytest.raises(RuntimeError, match="the store is gone"):
        Writing(tmp_path / "a.csv").run(report(broken()), Format.CSV, SETTING)
    assert children() <= before
    assert list(tmp_path.iterdir()) == []


def test_a_large_workbook_keeps_the_gateway_free(tmp_path: Path) -> None:
    """Writing goes on elsewhere: this process does a fraction of the work."""
    mine = time.process_time()
    Writing(tmp_path / "a.xlsx").run(report(rows(20_000)), Format.XLSX, SETTING)
    mine = time.process_time() - mine

    assert mine < 2.0
