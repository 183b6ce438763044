"""YAML keeps its lines, and no text whatever breaks the reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.problem import ConfigurationError, Problem
from gateway.yaml_source import parse_yaml, read_yaml, resolve


def complaints(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_yaml(text, "g.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_every_value_knows_its_line() -> None:
    document = parse_yaml("web:\n  listen: a\nsites:\n  - one\n  - two\n", "g.yaml")
    assert document.data == {"web": {"listen": "a"}, "sites": ["one", "two"]}
    assert document.where(("web", "listen")).line == 2
    assert document.where(("sites", 1)).line == 5
    assert document.where(("web", "absent", "deeper")).line == 1


def test_a_key_written_twice_is_refused_with_both_lines() -> None:
    assert complaints("a: 1\nb: 2\na: 3\n") == ["g.yaml:3: 'a' is written twice, first on line 1"]


def test_a_tab_is_called_a_tab() -> None:
    assert complaints("web:\n\tlisten: x\n") == [
        "g.yaml:2: the line begins with a tab; YAML is indented with spaces"
    ]


def test_an_open_quote_is_explained() -> None:
    (said,) = complaints('a: "open\nb: 2\n')
    assert "a quote is opened and never closed" in said


def test_a_colon_in_the_wrong_place_is_explained() -> None:
    (said,) = complaints("name: Gate: north\n")
    assert said.startswith("g.yaml:1: a ': ' where none can stand")


def test_aliases_anchors_and_tags_are_refused_by_line() -> None:
    said = complaints("a: &x 1\nb: *x\nc: !!python/none x\n")
    assert [line.split(": ")[0] for line in said] == ["g.yaml:1", "g.yaml:2", "g.yaml:3"]


def test_a_second_document_is_refused() -> None:
    assert complaints("a: 1\n---\nb: 2\n") == [
        "g.yaml:2: a second document ('---'); one file holds one document"
    ]


def test_a_key_that_is_no_text_is_refused() -> None:
    assert complaints("? [1, 2]\n: x\n") == ["g.yaml:1: a key must be text"]


def test_nesting_without_end_is_refused() -> None:
    (said,) = complaints("[" * 100 + "]" * 100)
    assert said.endswith("is nested more than 40 deep")


def test_a_control_character_is_named_with_its_line() -> None:
    assert complaints("a: 学校\nb: \x01\n") == [
        "g.yaml:2: holds a character that YAML does not allow (U+0001); remove it"
    ]


def test_a_file_that_is_not_utf8_says_from_which_line(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_bytes(b"a: 1\nb: \xff\xfe\n")
    with pytest.raises(ConfigurationError, match=r"g\.yaml:2: is not UTF-8"):
        read_yaml(path)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_yaml(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("007", "007"),
        ("0", 0),
        ("-12", -12),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("12345678901234567890", "12345678901234567890"),
        ("~", None),
        ("", None),
        (".", "."),
        ("0x1F", "0x1F"),
        ("2026-11-21", "2026-11-21"),
    ],
)
def test_scalars_follow_the_core_schema_and_ids_stay_text(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_quoted_text_is_text() -> None:
    assert parse_yaml("a: '5'\nb: \"true\"\n", "g.yaml").data == {"a": "5", "b": "true"}


def refusals(text: str) -> list[Problem]:
    try:
        parse_yaml(text, "g.yaml")
    except ConfigurationError as error:
        return error.problems or [Problem("g.yaml", None, "", "refused without a reason")]
    return []


@given(
    st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"%@`#?, \n\t0\x00\x85é学\ud7ff"), max_size=80)
)
def test_any_text_is_read_or_refused_by_line(text: str) -> None:
    assert all(problem.line is not None and problem.line >= 1 for problem in refusals(text))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    try:
        document = read_yaml(path)
    except ConfigurationError as error:
        problems = error.problems
    else:
        problems = [document.problem((), "read")]
    assert all(problem.line is not None and problem.line >= 1 for problem in problems)
    assert problems
