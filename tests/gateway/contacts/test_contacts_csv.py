"""Lists of contacts as bureaus send them: what is taken, and what is said of what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.contacts import MOST, Contact
from gateway.contacts.csv_file import Contacts, Trouble, parse_contacts, roles_by_word
from gateway.words import Words

SCHOOLS = {"no3": ["no3"], "第三中学": ["no3"], "no5": ["no5"], "实验小学": ["no5", "no8"]}
ROLES = roles_by_word(Words.load())


def parse(text: str | bytes, school: str | None = None) -> Contacts:
    raw = text.encode() if isinstance(text, str) else text
    return parse_contacts(raw, school=school, schools=SCHOOLS, roles=ROLES)


def troubles(text: str | bytes, school: str | None = None) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in parse(text, school).troubles]


LIST = "学校,职务,姓名,联系电话\n第三中学,门卫室,,1001\nno3,校长,李岗,＋86 1002\nno5,后勤,,1003\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_lists_come_in_any_encoding_of_a_bureau(encoding: str) -> None:
    found = parse(LIST.encode(encoding))
    assert found.troubles == []
    assert found.schools == {
        "no3": [Contact("guard", "1001"), Contact("principal", "+86 1002", "李岗")],
        "no5": [Contact("后勤", "1003")],
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_separators_and_titles_above_the_header_do_not_matter(delimiter: str) -> None:
    rows = ["2026 年联系人一览", "", "Phone,Role", "1001,Principal", "", "1002,guard"]
    found = parse("\r\n".join(rows).replace(",", delimiter), "no3")
    assert found.schools == {"no3": [Contact("principal", "1001"), Contact("guard", "1002")]}


def test_every_bad_row_is_named_by_its_line() -> None:
    rows = [
        "学校,角色,姓名,电话",
        "no3,,张三,1001",
        "no3,校长,,无",
        "no9,校长,,1001",
        ",校长,,1001",
        "no3,校长,,1.39E+10",
        f"no3,{'长' * 65},,1001",
        "no3,校长,,1001",
    ]
    assert troubles("\n".join(rows)) == [
        (2, "no_role"),
        (3, "no_number"),
        (4, "unknown_school"),
        (5, "no_school"),
        (6, "shortened"),
        (7, "too_long"),
    ]


def test_a_file_for_one_school_holds_no_other() -> None:
    text = "学校,角色,电话\n第三中学,校长,1001\nno5,校长,1002\n"
    assert troubles(text, "no3") == [(3, "other_school")]


def test_a_name_that_several_schools_have_is_nobodys_list() -> None:
    text = "学校,角色,电话\n实验小学,校长,1001\nno5,校长,1002\n"
    assert troubles(text) == [(2, "several_schools")]
    assert parse(text, "no5").schools == {
        "no5": [Contact("principal", "1001"), Contact("principal", "1002")]
    }
    assert troubles(text, "no3") == [(2, "other_school"), (3, "other_school")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_header"),
        ("姓名,电话\n某人,1001\n", "no_header"),
        ("角色,电话\n", "no_rows"),
        (b"\xff\xff\xff\n", "encoding"),
    ],
)
def test_a_file_without_contacts_says_why(text: str | bytes, code: str) -> None:
    assert [found for _, found in troubles(text, "no3")] == [code]


def test_a_list_has_an_end() -> None:
    rows = ["角色,电话", *(f"校长,{number}" for number in range(MOST + 1))]
    found = parse("\n".join(rows), "no3")
    assert found.troubles == [Trouble(MOST + 2, "too_many", "校长")]


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_nothing_that_is_sent_breaks_it(raw: bytes) -> None:
    found = parse(raw, "no3")
    assert all(one.line >= 1 for one in found.troubles)
    assert all(one.role and one.telephone for one in found.schools.get("no3", []))


def test_every_trouble_has_its_words() -> None:
    words = Words.load()
    codes = ("encoding", "no_csv", "no_header", "no_rows", "no_school", "unknown_school",
             "several_schools", "other_school", "no_role", "no_number", "shortened", "too_long",
             "too_many", "unprintable")  # fmt: skip
    assert [code for code in codes if f"page.contacts.problem.{code}" not in words] == []
