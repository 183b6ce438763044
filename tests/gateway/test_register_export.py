"""What is exported opens in a spreadsheet, runs nothing there, and imports without a change."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from devices.model import Device, Place, Region, School
from gateway.kinds import load_kinds, rule_models
from gateway.paths import default_config_dir
from gateway.register.csv_file import parse_csv
from gateway.register.entries import Parsed, Table
from gateway.register.export import Thing, columns_out, header_of, write_csv, write_xlsx
from gateway.register.plan import plan_import
from gateway.register.register import Register
from gateway.register.rows import IN_ROWS
from gateway.register.xlsx_file import MOST_BESIDE, parse_xlsx

KINDS = load_kinds(default_config_dir() / "kinds")
EVIL = [
    "=1+1",
    '=HYPERLINK("http://evil.example","x")',
    "=cmd|' /C calc'!A0",
    "+86 10",
    "-5 °C",
    "@SUM(A1)",
    "'quoted'",
    "''",
    '="001"',
    "001",
    "3-2",
    "1e5",
    "12345678901234567890",
    "a,b;c|d",
    'say "hi"',
    "＝1+1",
]


def register(names: list[str]) -> Register:
    return Register.of(
        regions=[Region("370000", "山东省"), Region("0370100", "济南市", "Jinan", "370000")],
        schools=[School("no3", "第三中学", "No. 3", "0370100"), School("007", "七中")],
        places=[
            Place("block-a", "no3", "教学楼"),
            Place("3-2", "no3", "三层", "=2", "block-a"),
            Place("-1", "007", "地下"),
        ],
        devices=[
            Device("no3", "00123", "repeater", name_zh="中继"),
            Device("007", "1e5", "smoke", place="-1"),
            *(
                Device(
                    "no3",
                    f"d-{number}",
                    "smoke",
                    number,
                    name,
                    names[-1 - number],
                    "3-2",
                    "zigbee2mqtt",
                    f"Friendly {number}",
                    "00123",
                    out_of_service=True,
                    parameters={"smoke_alarm": {"same_trip_s": 60}},
                )
                for number, name in enumerate(names)
            ),
        ],
    )


def things(of: Register) -> dict[Table, list[Thing]]:
    return {table: list(getattr(of, table.value).values()) for table in IN_ROWS}


def as_csv(of: Register) -> Parsed:
    parsed = Parsed()
    for table, listed in things(of).items():
        parsed.add(parse_csv(b"".join(write_csv(listed, table)), f"{table}.csv"))
    return parsed


def as_xlsx(of: Register) -> Parsed:
    target = io.BytesIO()
    write_xlsx(things(of), target)
    return parse_xlsx(target.getvalue(), "register.xlsx")


signs = st.characters(exclude_categories=["Cc", "Cs", "Co", "Cf", "Cn", "Zl", "Zp", "Zs"])
names = st.text(st.one_of(signs, st.sampled_from("=+-@'\" ,;1")), max_size=30).map(
    lambda text: " ".join(text.split())
)
"""What an import can have stored: one line, nothing invisible."""


@given(st.lists(names, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_what_was_exported_as_csv_imports_without_a_change(given_names: list[str]) -> None:
    nothing_changes(as_csv, register(EVIL + given_names))


@given(st.lists(names, min_size=20, max_size=20))
@settings(max_examples=5, deadline=None)
def test_what_was_exported_as_xlsx_imports_without_a_change(given_names: list[str]) -> None:
    nothing_changes(as_xlsx, register(EVIL + given_names))


def nothing_changes(through: Callable[[Register], Parsed], before: Register) -> None:
    plan = plan_import(through(before), before, KINDS, rule_models(), remove_missing=True)

    assert [str(problem) for problem in plan.problems] == []
    assert plan.changes == ()
    assert plan.notes == ()
    assert plan.unchanged[Table.DEVICES] == len(before.devices)
    assert plan.unchanged[Table.REGIONS] == 2


@pytest.mark.parametrize("through", [as_csv, as_xlsx])
def test_an_empty_register_gets_all_of_it(through: Callable[[Register], Parsed]) -> None:
    before = register(EVIL)

    plan = plan_import(through(before), Register(), KINDS, rule_models())

    assert plan.problems == ()
    assert len(plan.added) == 2 + 2 + 3 + len(before.devices)


def test_no_cell_of_a_csv_file_is_run_by_a_spreadsheet() -> None:
    text = b"".join(write_csv(register(EVIL).devices.values(), Table.DEVICES)).decode("utf-8-sig")

    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            harmless = cell.startswith('="') and cell[2:-1].replace("-", "").isalnum()
            assert harmless or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_csv_file_says_that_it_is_utf_8_so_that_excel_reads_it() -> None:
    raw = b"".join(write_csv(register(EVIL).devices.values(), Table.DEVICES))

    assert raw.startswith(b"\xef\xbb\xbf")
    header = raw.decode("utf-8-sig").splitlines()[0]
    assert header.startswith("学校 (school),设备编号 (id),设备类型 (kind)")


def test_every_cell_of_a_workbook_is_text_and_none_a_formula() -> None:
    target = io.BytesIO()
    write_xlsx(things(register(EVIL)), target)

    book = load_workbook(target)

    assert book.sheetnames == ["设备 devices", "位置 places", "学校 schools", "区域 regions"]
    sheet = book["设备 devices"]
    assert sheet.freeze_panes == "A2"
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "=1+1" in {cell.value for cell in cells}
    for cell in cells:
        if cell.value.startswith(("=", "+", "-", "@")) or cell.value in {"001", "3-2", "1e5"}:
            assert (cell.number_format, cell.quotePrefix) == ("@", True)


def test_a_hundred_thousand_devices_come_out_in_pieces() -> None:
    many = (Device("no3", f"d-{number}", "smoke") for number in range(100_000))

    pieces = list(write_csv(many, Table.DEVICES))

    assert len(pieces) > 50
    assert max(map(len, pieces)) < 100_000


@pytest.mark.parametrize("table", IN_ROWS)
def test_headers_are_what_the_import_reads(table: Table) -> None:
    for column in columns_out(table):
        chinese, _, field = header_of(column).partition(" (")
        assert chinese in column.headers
        assert field == f"{column.field})"


SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b"<sheetData>%s</sheetData></worksheet>"
)


class TestReadingXlsx:
    """Workbooks as bureaus keep them."""

    def parse(self, **sheets: list[list[object]]) -> Parsed:
        book = Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        target = io.BytesIO()
        book.save(target)
        return parse_xlsx(target.getvalue(), "b.xlsx")

    def test_a_title_above_the_header_and_numbers_as_ids(self) -> None:
        parsed = self.parse(
            设备=[["设备清单"], [], ["学校", "设备编号", "设备类型"], ["no3", 17, "smoke"]]
        )

        assert [entry.values["id"] for entry in parsed.entries] == ["17"]
        assert parsed.problems == []

    def test_zeros_that_only_the_format_shows_are_kept(self) -> None:
        book = Workbook()
        book.active.append(["学校", "设备编号", "设备类型"])
        book.active.append(["no3", 17, "smoke"])
        book.active["B2"].number_format = "00000"
        target = io.BytesIO()
        book.save(target)

        parsed = parse_xlsx(target.getvalue(), "b.xlsx")

        assert [entry.values["id"] for entry in parsed.entries] == ["00017"]

    def test_what_excel_has_spoilt_is_said_by_sheet_and_line(self) -> None:
        parsed = self.parse(
            设备=[
                ["学校", "设备编号", "设备类型"],
                ["no3", 123456789012345678, "smoke"],
                ["no3", datetime(2026, 3, 2), "smoke"],  # noqa: DTZ001 - as Excel has it
            ]
        )

        first, second = map(str, parsed.problems)
        assert first.startswith("b.xlsx [设备]:2: 设备编号: '1.23457E+17' is a number that Excel")
        assert second.startswith("b.xlsx [设备]:3: 设备编号: must be 1 to 64 of")

    def test_a_sheet_of_other_things_is_noted_and_stops_nothing(self) -> None:
        parsed = self.parse(
            说明=[["请勿修改表头"], ["联系人", "电话"]],
            设备=[["学校", "设备编号", "设备类型"], ["no3", "a", "smoke"]],
        )

        assert [entry.values["id"] for entry in parsed.entries] == ["a"]
        assert [note.file for note in parsed.notes] == ["b.xlsx [说明]"]

    def test_a_workbook_without_any_header_is_a_problem(self) -> None:
        (problem,) = self.parse(说明=[["请勿修改表头"]]).problems

        assert "has no header of devices" in problem.message

    def test_a_workbook_without_rows_is_a_problem(self) -> None:
        assert self.parse(空=[]).problems != []

    @pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"hello", b"PK\x05\x06" + bytes(18)])
    def test_what_is_none_is_said(self, raw: bytes) -> None:
        (problem,) = parse_xlsx(raw, "b.xlsx").problems

        assert "no XLSX file that can be read" in problem.message

    def test_a_small_file_that_unpacks_to_too_much_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gateway.register.xlsx_file.MOST_UNPACKED", 100)

        (problem,) = self.parse(设备=[["学校", "设备编号", "设备类型"]]).problems

        assert "unpacks to more than" in problem.message

    def test_a_small_file_whose_looks_unpack_to_too_much_is_refused(self) -> None:
        """Styles of 60 MB, packed into 60 KB, took 1.4 GB of memory and a minute and a half."""
        raw = self.with_part("xl/styles.xml", b" " * (MOST_BESIDE + 1))

        (problem,) = parse_xlsx(raw, "b.xlsx").problems

        assert len(raw) < 100_000
        assert "unpacks to more than" in problem.message

    def test_a_row_that_calls_itself_the_last_of_a_billion_is_not_waited_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gateway.register.xlsx_file.MOST_ROWS", 1000)
        rows = b'<row r="1000000000000"><c t="inlineStr"><is><t>x</t></is></c></row>'
        raw = self.with_part("xl/worksheets/sheet1.xml", SHEET % rows)

        assert parse_xlsx(raw, "b.xlsx").problems

    def with_part(self, name: str, content: bytes) -> bytes:
        """A workbook of which one part is something else."""
        made = io.BytesIO()
        Workbook().save(made)
        changed = io.BytesIO()
        with (
            zipfile.ZipFile(made) as before,
            zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after,
        ):
            for part in before.infolist():
                after.writestr(part, content if part.filename == name else before.read(part))
        return changed.getvalue()

    @given(st.integers(0, 5000), st.binary(min_size=1, max_size=20))
    @settings(max_examples=15, deadline=None)
    def test_damage_ends_in_words_and_never_in_a_crash(self, at: int, noise: bytes) -> None:
        target = io.BytesIO()
        write_xlsx(things(register(EVIL)), target)
        raw = target.getvalue()

        parsed = parse_xlsx(raw[:at] + noise + raw[at + len(noise) :], "b.xlsx")

        assert parsed.entries or parsed.problems
