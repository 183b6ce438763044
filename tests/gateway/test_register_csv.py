"""CSV as bureaus export it is understood, and what is wrong is said by line and column."""

from __future__ import annotations

import codecs
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.register.columns import COLUMNS, Sort, clean, narrow
from gateway.register.csv_file import parse_csv
from gateway.register.entries import Parsed, Table

DEVICES = "学校编号,设备编号,设备类型,设备名称,安装位置\nno3,lab-1,感烟探测器,实验室烟感,301\n"
READ = {
    "school": "no3",
    "id": "lab-1",
    "kind": "感烟探测器",
    "name_zh": "实验室烟感",
    "place": "301",
}


def parse(text: str, table: Table | None = None) -> Parsed:
    return parse_csv(text.encode(), "d.csv", table)


def only(parsed: Parsed) -> dict[str, object]:
    assert [str(problem) for problem in parsed.problems] == []
    (entry,) = parsed.entries
    return dict(entry.values)


def complaints(parsed: Parsed) -> list[str]:
    return [str(problem) for problem in parsed.problems]


@pytest.mark.parametrize(
    "raw",
    [
        DEVICES.encode(),
        codecs.BOM_UTF8 + DEVICES.encode(),
        DEVICES.encode("gb18030"),
        DEVICES.encode("gbk"),
        codecs.BOM_UTF16_LE + DEVICES.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + DEVICES.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "gb18030", "gbk", "utf-16le", "utf-16be"],
)
def test_every_encoding_of_a_bureau_is_read(raw: bytes) -> None:
    assert only(parse_csv(raw, "d.csv")) == READ


@pytest.mark.parametrize("separator", [",", ";", "\t", "，", "|"])
def test_every_separator_is_found(separator: str) -> None:
    assert only(parse(DEVICES.replace(",", separator))) == READ


@pytest.mark.parametrize(
    "text",
    [
        DEVICES.replace("\n", "\r\n"),
        "sep=;\n" + DEVICES.replace(",", ";"),
        "第三中学消防设备台账,,,,\n,,,,\n" + DEVICES,
        DEVICES + ",,,,\n\n  ,　,,,\n",
        DEVICES.replace("lab-1", '="lab-1"').replace("301", "301 "),
        DEVICES.replace("lab-1", "'lab-1").replace("no3", "ｎｏ３"),
        DEVICES.replace("lab-1", "\u200blab-1\u00a0"),
        DEVICES.replace("设备编号", " 设备编号（必填） ").replace("学校编号", "学校 编号*"),
        '"学校编号","设备编号","设备类型","设备名称","安装位置"\n"no3","lab-1","感烟探测器","实验室烟感","301"',
    ],
    ids=["crlf", "sep=", "title", "blank rows", "excel text", "full width", "invisible",
         "decorated headers", "quoted"],
)  # fmt: skip
def test_spreadsheet_habits_change_nothing(text: str) -> None:
    assert only(parse(text)) == READ


def test_english_headers_are_understood() -> None:
    text = "School ID,Device ID,Type,Name,Location,Extra\nno3,lab-1,smoke,Lab,301,x\n"
    parsed = parse(text)
    assert only(parsed)["kind"] == "smoke"
    assert [str(note) for note in parsed.notes] == ["d.csv: Extra: this column is not used"]


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("区域编号,区域名称,上级区域\n140100,示例市,140000\n", Table.REGIONS),
        ("学校编号,学校名称,所属区域\nno3,第三中学,140100\n", Table.SCHOOLS),
        ("学校编号,位置编号,位置名称,上级位置\nno3,301,301室,f3\n", Table.PLACES),
        (DEVICES, Table.DEVICES),
    ],
)
def test_the_header_tells_what_the_rows_are(text: str, table: Table) -> None:
    (entry,) = parse(text).entries
    assert entry.table is table


def test_a_column_that_is_not_there_is_not_given_and_an_empty_cell_is_empty() -> None:
    text = "学校编号,设备编号,设备类型,安装位置,设备名称\nno3,a,smoke,,\n"
    assert only(parse(text)) == {
        "school": "no3", "id": "a", "kind": "smoke", "place": None, "name_zh": "",
    }  # fmt: skip


def test_a_short_row_has_empty_cells_at_its_end() -> None:
    assert only(parse("学校编号,设备编号,设备类型,安装位置\nno3,a,smoke\n"))["place"] is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("no3,lab 1,smoke,x,", "设备编号: must be 1 to 64 of A-Z a-z 0-9 . _ -, not 'lab 1'"),
        ("no3,,smoke,x,", "设备编号: is empty"),
        (",a,smoke,x,", "学校编号: is empty"),
        ("no3,1.23E+11,smoke,x,", "设备编号: '1.23E+11' is a number that Excel has shortened"),
        ("no3,a,smoke,x,301,extra", "has 6 cells under 5 headers; put text"),
        (f"no3,a,smoke,{'长' * 201},", "设备名称: must be at most 200 characters long, not 201"),
        ("no3,a,smoke,x\x07y,", "设备名称: holds a control character (U+0007)"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_by_line_and_column(row: str, said: str) -> None:
    header = DEVICES.partition("\n")[0]
    (complaint,) = complaints(parse(f"{header}\n{row}\n"))
    assert complaint.startswith(f"d.csv:2: {said}")


def test_a_line_is_counted_from_the_file_also_after_a_cell_of_two_lines() -> None:
    header = DEVICES.partition("\n")[0]
    text = f'标题\n{header}\nno3,a,smoke,"two\nlines",\nno3,b b,smoke,x,\n'
    parsed = parse(text)
    assert [entry.position.line for entry in parsed.entries] == [3]
    assert parsed.entries[0].values["name_zh"] == "two lines"
    assert complaints(parsed)[0].startswith("d.csv:5: 设备编号")


def test_the_good_rows_are_read_beside_the_bad_ones() -> None:
    parsed = parse(DEVICES + "no3,b b,smoke,x,\nno3,c,smoke,x,\n")
    assert [entry.values["id"] for entry in parsed.entries] == ["lab-1", "c"]
    assert len(parsed.problems) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "missing school (学校), id (设备编号), kind (设备类型)"),
        ("学校编号,设备编号\nno3,a\n", "missing kind (设备类型)"),
        ("学校编号,设备编号,名称\nno3,a,烟感\n", "missing kind (设备类型)"),
        ("学校编号,设备编号,设备类形\n", "missing kind (设备类型) (did you mean '设备类型'?)"),
    ],
)  # fmt: skip
def test_a_file_without_a_header_says_what_is_missing(text: str, said: str) -> None:
    (complaint,) = complaints(parse(text))
    assert complaint == f"d.csv:1: has no header of devices: {said}"


def test_bytes_of_no_encoding_are_named_with_their_line() -> None:
    (complaint,) = complaints(parse_csv(DEVICES.encode() + b"\xff\xff\n", "d.csv"))
    assert complaint.startswith("d.csv:3: is neither UTF-8 nor GB18030 from here on")


def test_a_quote_that_is_never_closed_is_said() -> None:
    long = "x" * 140_000
    (complaint,) = complaints(parse(f'{DEVICES}no3,b,smoke,"{long},\n'))
    assert "is no CSV from here on" in complaint
    assert complaint.endswith("a quote may be open on line 3")


def test_a_table_named_by_the_user_decides() -> None:
    (entry,) = parse("编号,名称\n140100,示例市\n", Table.REGIONS).entries
    assert entry.table is Table.REGIONS


@given(st.binary(max_size=300))
def test_any_bytes_give_entries_or_problems(raw: bytes) -> None:
    parsed = parse_csv(raw, "d.csv")
    assert parsed.entries or parsed.problems
    assert all(problem.line is not None and problem.line >= 1 for problem in parsed.problems)


cells = st.text(alphabet=st.sampled_from('ab1=",;\t\n\r\x00\x1f　０Ａ学"\'E+.\ud83d'), max_size=12)


@given(st.lists(st.lists(cells, max_size=7), max_size=6))
def test_any_rows_under_a_header_give_entries_or_problems_with_lines(rows: list[list[str]]) -> None:
    body = "\n".join(",".join(row) for row in rows)
    text = f"{DEVICES}{body}\n".encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    parsed = parse(text)
    assert parsed.entries[0].values == READ
    assert all(problem.line is not None and problem.line >= 3 for problem in parsed.problems)


@given(st.text(max_size=30))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert narrow(narrow(text)) == narrow(text) or narrow(text).startswith(("'", '="'))
    assert clean(text) == clean(text).strip()


def test_no_header_means_two_fields_of_one_table() -> None:
    for table, columns in COLUMNS.items():
        words = [word for column in columns for word in set(column.headers)]
        assert len(words) == len(set(words)), table
        assert all(column.headers or column.sort is Sort.RULES or table is Table.PARAMETERS
                   for column in columns)  # fmt: skip


def test_a_header_of_open_brackets_is_not_brooded_over() -> None:
    started = time.thread_time()

    parsed = parse_csv(("学校,设备编号," + "(" * 100_000 + "\n").encode(), "b.csv")

    assert parsed.problems
    assert time.thread_time() - started < 5
