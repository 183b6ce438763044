"""The operators' guide in both languages: every key it names exists, and every key is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.words import Words

ROOT = Path(__file__).parents[1]
GUIDES = {"zh": ROOT / "docs" / "operators.zh-CN.md", "en": ROOT / "docs" / "operators.md"}
PICTURES = ROOT / "docs" / "pictures"
KEYS = ROOT / "gateway" / "web" / "src" / "alerts" / "keys.ts"
ENTRY = re.compile(r'^ +\["([^"]+)", "([a-z_.]+)"\],$', re.MULTILINE)
KEY = re.compile(r"<kbd>([^<]+)</kbd>")
PICTURE = re.compile(r"\]\((pictures/[^)]+)\)")
MOST_BYTES = 100_000


def catalogue() -> dict[str, str]:
    """The keys of the page, as its own sheet lists them: key to the word for what it does."""
    found = {
        key: word
        for keys, word in ENTRY.findall(KEYS.read_text("utf-8"))
        for key in keys.split(" · ")
    }
    assert len(found) > 8
    return found


@pytest.mark.parametrize("language", GUIDES)
def test_the_guide_names_the_keys_that_there_are_and_no_others(language: str) -> None:
    assert set(KEY.findall(GUIDES[language].read_text("utf-8"))) == set(catalogue())


def test_the_chinese_guide_says_of_each_key_what_the_page_says() -> None:
    text = GUIDES["zh"].read_text("utf-8")
    words = Words.load().catalogue("zh")
    rows = [line for line in text.splitlines() if line.startswith("| <kbd>")]
    said = {key: row for row in rows for key in KEY.findall(row)}
    assert {key for key, word in catalogue().items() if words[word] not in said[key]} == set()


def test_both_guides_have_the_same_sections_and_pictures() -> None:
    texts = [path.read_text("utf-8") for path in GUIDES.values()]
    assert len({len(re.findall(r"^## ", text, re.MULTILINE)) for text in texts}) == 1
    plain = [[re.sub(r"\.(zh-CN|en)\.", ".", one) for one in PICTURE.findall(t)] for t in texts]
    assert plain[0] == plain[1]


def test_every_picture_is_shown_somewhere_and_none_is_large() -> None:
    kept = {f"pictures/{path.name}" for path in PICTURES.glob("*.webp")}
    shown = {one for path in GUIDES.values() for one in PICTURE.findall(path.read_text("utf-8"))}
    assert kept == shown
    sizes = {path.name: path.stat().st_size for path in PICTURES.glob("*.webp")}
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}
