"""Import files by their name: YAML, CSV and XLSX; everything else is told what to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gateway.problem import ConfigurationError, Problem
from gateway.register.csv_file import parse_csv
from gateway.register.entries import Parsed, Table
from gateway.register.xlsx_file import parse_xlsx
from gateway.register.yaml_file import parse_sites
from gateway.yaml_source import MAX_BYTES, read_yaml

YAML_ENDINGS = (".yaml", ".yml")
CSV_ENDINGS = (".csv", ".tsv", ".txt")
XLSX_ENDING = ".xlsx"
OTHER_SPREADSHEETS = (".xls", ".et", ".ods", ".xlsm", ".xlsb")


def read_files(paths: Iterable[Path], table: Table | None = None) -> Parsed:
    """All files together. What cannot be read at all is a problem too; nothing is raised."""
    parsed = Parsed()
    for path in paths:
        parsed.add(read_file(path, table))
    return parsed


def read_file(path: Path, table: Table | None = None) -> Parsed:
    """One file. ``table`` says what rows of a CSV or XLSX file are; else its header decides."""
    ending = path.suffix.lower()
    if ending in YAML_ENDINGS:
        try:
            return parse_sites(read_yaml(path))
        except ConfigurationError as error:
            return Parsed(problems=error.problems)
    if ending in OTHER_SPREADSHEETS:
        return _unreadable(path, "is a spreadsheet of another kind; save it as XLSX or 'CSV UTF-8'")
    if ending not in (*CSV_ENDINGS, XLSX_ENDING):
        known = ", ".join((*YAML_ENDINGS, *CSV_ENDINGS, XLSX_ENDING))
        return _unreadable(path, f"has no known ending; a file to import ends in {known}")
    try:
        if path.stat().st_size > MAX_BYTES:
            return _unreadable(path, "is larger than 64 MB; split it by school")
        raw = path.read_bytes()
    except OSError as error:
        return _unreadable(path, f"cannot be read: {error.strerror or error}")
    if ending == XLSX_ENDING:
        return parse_xlsx(raw, str(path), table)
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _unreadable(path, "is a spreadsheet in spite of its name; save it as 'CSV UTF-8'")
    return parse_csv(raw, str(path), table)


def _unreadable(path: Path, message: str) -> Parsed:
    return Parsed(problems=[Problem(str(path), None, "", message)])
