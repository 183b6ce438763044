"""Every reason is a sentence in both languages, and every one says what to do about it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest

from audit.coverage.verdict import INPUTS, Code, Part

WORDS: Final = Path(__file__).parents[3] / "gateway" / "words"
BOOKS: Final[dict[str, dict[str, str]]] = {
    language: json.loads((WORDS / f"{language}.json").read_text("utf-8"))
    for language in ("zh-CN", "en")
}
PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("language", BOOKS)
@pytest.mark.parametrize("code", Code)
def test_each_reason_says_what_is_so_and_what_to_do(code: Code, language: str) -> None:
    book = BOOKS[language]
    for family in ("reason", "advice", "gap"):
        text = book.get(f"coverage.{family}.{code}", "")
        assert text, f"coverage.{family}.{code} has no words in {language}"
        unfilled = set(PLACEHOLDER.findall(text)) - INPUTS.get(code, frozenset())
        assert not unfilled, f"{family} of {code} in {language} asks for {sorted(unfilled)}"


@pytest.mark.parametrize("language", BOOKS)
def test_each_part_has_a_name(language: str) -> None:
    assert {part for part in Part if not BOOKS[language].get(f"coverage.part.{part}")} == set()


def test_no_words_are_kept_for_reasons_that_are_gone() -> None:
    for family in ("reason", "advice", "gap"):
        worded = {
            key.removeprefix(f"coverage.{family}.")
            for key in BOOKS["en"]
            if key.startswith(f"coverage.{family}.")
        }
        assert worded <= set(Code), f"{family}: {sorted(worded - set(Code))}"
