"""A bureau's list is read in whatever form it comes; every bad row is refused by line and field."""

from __future__ import annotations

import io
import zipfile

import pytest
from bureau_lists import HEADER, as_csv, as_xlsx, row
from openpyxl import Workbook

from audit.roster import SchoolKind
from gateway.roster.entries import Code, Listed
from gateway.roster.reading import Stopped, read_list
from gateway.roster.telling import troubles_csv
from gateway.words import Words


def codes(listed: Listed) -> list[tuple[int | None, str, Code]]:
    return [(one.line, one.field, one.code) for one in listed.troubles]


def otherwise_packed(raw: bytes) -> bytes:
    """The same workbook as no program writes it: 40 bytes of it may hold 45 MB."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as book, zipfile.ZipFile(kept, "w") as other:
        for part in book.namelist():
            other.writestr(part, book.read(part), zipfile.ZIP_BZIP2)
    return kept.getvalue()


class TestAListIsRead:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_in_any_encoding_with_any_separator(self, encoding: str, separator: str) -> None:
        listed = read_list(as_csv([row()], encoding=encoding, separator=separator))

        (one,) = listed.rows
        assert not listed.troubles
        assert (one.line, one.school, one.name) == (2, "no3", "第三中学")
        assert (one.kind, one.region) == (SchoolKind.COMPLETE_MIDDLE, "青禾区")
        assert (one.pupils, one.boarders, one.key_target) == (900, 0, False)

    def test_from_a_workbook_with_numbers_as_numbers(self) -> None:
        cells = ("1240012345", "第三中学", "小学", "青禾区", 1200, 30.0, "是")

        (one,) = read_list(as_xlsx([cells])).rows

        assert (one.school, one.pupils, one.boarders, one.key_target) == (
            "1240012345",
            1200,
            30,
            True,
        )
        assert one.sheet == "名册"

    def test_under_english_headings_below_a_title(self) -> None:
        text = (
            "Schools of Qinghe 2026,,,,\n"
            "School code,School name,Type,Region,Pupils\n"
            'no3,No. 3,Primary school,qinghe,"1,200"\n'
        )

        (one,) = read_list(text.encode()).rows

        assert (one.line, one.kind, one.pupils) == (3, SchoolKind.PRIMARY, 1200)
        assert (one.boarders, one.key_target) == (None, None)

    @pytest.mark.parametrize(
        ("said", "heads"), [("1,234", 1234), ("８００人", 800), ("30.0", 30), (" 5 ", 5)]
    )
    def test_with_people_counted_as_people_write_it(self, said: str, heads: int) -> None:
        (one,) = read_list(as_csv([row(pupils=said)])).rows

        assert one.pupils == heads

    def test_and_a_column_that_nobody_needs_is_said(self) -> None:
        listed = read_list(as_csv([(*row(), "张三")], header=(*HEADER, "校长")))

        assert len(listed.rows) == 1
        assert [(one.code, one.field) for one in listed.notes] == [(Code.UNUSED, "校长")]

    def test_as_far_as_somebody_wants_it(self) -> None:
        def enough(rows: int) -> None:
            if rows >= 1000:
                raise Stopped

        with pytest.raises(Stopped):
            read_list(as_csv([row(f"s-{n}") for n in range(2000)]), enough)

    def test_and_can_be_stopped_where_nothing_is_in_it(self) -> None:
        book = Workbook()
        book.active.append(HEADER)
        book.active.cell(20_000, 1, "no3")
        kept = io.BytesIO()
        book.save(kept)
        told: list[int] = []

        read_list(kept.getvalue(), told.append)

        assert told[:-1] == [0] * 20

    def test_no_further_than_a_row_reaches(self) -> None:
        raw = as_csv([row()], header=(*HEADER, *["x"] * 100_000))

        listed = read_list(raw)

        assert [one.school for one in listed.rows] == ["no3"]
        assert len(listed.notes) < 1000


class TestARowIsRefused:
    @pytest.mark.parametrize(
        ("fault", "field", "code"),
        [
            ({"school": ""}, "学校标识码", Code.EMPTY),
            ({"school": "1.24E+09"}, "学校标识码", Code.SHORTENED),
            ({"school": "no 3"}, "学校标识码", Code.NOT_AN_ID),
            ({"school": "x" * 65}, "学校标识码", Code.NOT_AN_ID),
            ({"name": "  "}, "学校名称", Code.EMPTY),
            ({"name": "校" * 201}, "学校名称", Code.TOO_LONG),
            ({"name": "第三\x07中学"}, "学校名称", Code.UNPRINTABLE),
            ({"name": "第三\u202e学中"}, "学校名称", Code.UNPRINTABLE),  # reads the other way
            ({"kind": ""}, "学校类型", Code.EMPTY),
            ({"kind": "补习班"}, "学校类型", Code.UNKNOWN_KIND),
            ({"region": ""}, "所属区县", Code.EMPTY),
            ({"pupils": ""}, "在校生数", Code.EMPTY),
            ({"pupils": "很多"}, "在校生数", Code.NOT_A_NUMBER),
            ({"pupils": "-3"}, "在校生数", Code.NOT_A_NUMBER),
            ({"pupils": "12.5"}, "在校生数", Code.NOT_A_NUMBER),
            ({"pupils": "#N/A"}, "在校生数", Code.NOT_A_NUMBER),
            ({"pupils": "9999999"}, "在校生数", Code.TOO_MANY),
            ({"boarders": "901"}, "寄宿生数", Code.BOARDERS),
            ({"key_target": "也许"}, "反恐重点目标", Code.NEITHER),
        ],
    )
    def test_by_line_field_and_reason(self, fault: dict[str, str], field: str, code: Code) -> None:
        listed = read_list(as_csv([row("no1"), row(**fault), row("no5")]))

        assert codes(listed) == [(3, field, code)]
        assert [one.school for one in listed.rows] == ["no1", "no5"]

    def test_with_all_that_is_wrong_with_it(self) -> None:
        listed = read_list(as_csv([row(kind="x", pupils="y", key_target="z")]))

        assert [code for _, _, code in codes(listed)] == [
            Code.UNKNOWN_KIND,
            Code.NOT_A_NUMBER,
            Code.NEITHER,
        ]
        assert listed.spoiled == {"no3"}

    def test_when_it_has_more_cells_than_there_are_headers(self) -> None:
        listed = read_list(as_csv([(*row(), "", "more")]))

        assert codes(listed) == [(2, "", Code.BEYOND)]

    def test_and_the_kind_that_was_probably_meant_is_named(self) -> None:
        (trouble,) = read_list(as_csv([row(kind="初级中学校")])).troubles

        assert trouble.other == "初级中学"


class TestAFileIsRefused:
    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"", Code.NO_ROWS),
            (b"\xff\xfe\xfa\x81\x30", Code.ENCODING),
            (b"a,b\n\x81\xff,\xff\n", Code.ENCODING),
            (as_csv([], header=("a", "b")), Code.NO_HEADER),
            (as_csv([]), Code.NO_ROWS),
            (b"\xd0\xcf\x11\xe0 and so on", Code.OLD_SPREADSHEET),
            (b"PK\x03\x04 and so on", Code.NO_XLSX),
            (as_xlsx([row()])[:-300], Code.NO_XLSX),
            (otherwise_packed(as_xlsx([row()])), Code.TOO_LARGE),
        ],
    )
    def test_as_a_whole_when_nothing_in_it_can_be_read(self, raw: bytes, code: Code) -> None:
        listed = read_list(raw)

        assert listed.unreadable
        assert [one.code for one in listed.troubles] == [code]

    def test_from_the_line_on_which_it_breaks_off(self) -> None:
        whole = as_csv([row("no1"), row("no2", name='第二"中学')]).replace(b'""', b'"')

        listed = read_list(whole + b'no4,"' + b"x" * 200_000)

        assert [one.school for one in listed.rows][:1] == ["no1"]
        assert Code.NO_CSV in {one.code for one in listed.troubles}

    def test_whose_header_lacks_a_column_is_told_which(self) -> None:
        raw = as_csv([row()[:4]], header=HEADER[:4])

        (trouble,) = read_list(raw).troubles

        assert (trouble.line, trouble.code) == (1, Code.NO_HEADER)
        assert trouble.value == "pupils / 在校生数"


@pytest.mark.parametrize("said", ["=1+1", "＝1+1", "-2", "@SUM(A1)"])
def test_what_a_list_says_is_no_formula_among_its_mistakes(said: str) -> None:
    troubles = read_list(as_csv([row(pupils=said)])).troubles

    assert f",在校生数,'{said}," in troubles_csv(Words.load(), troubles, "zh")
