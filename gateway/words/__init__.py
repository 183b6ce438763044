"""The words people read: one catalogue per language, flat, keyed by dotted names.

A text holds ``{name}`` placeholders. A key that is missing shows as itself and is counted, so that
a forgotten word can be seen and never breaks an alarm.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]
Input: TypeAlias = "bool | int | float | str | None"

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
FILES: Final[Mapping[Language, str]] = {"zh": "zh-CN.json", "en": "en.json"}
MISSING_KEPT: Final = 1000

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Words:
    """Both catalogues. ``missing`` counts the keys that were asked for and are not there."""

    def __init__(self, catalogues: Mapping[Language, Mapping[str, str]]) -> None:
        self._catalogues = {language: dict(catalogues[language]) for language in LANGUAGES}
        self.missing: Counter[str] = Counter()

    @classmethod
    def load(cls) -> Words:
        """The catalogues that come with the gateway."""
        folder = files(__name__)
        return cls(
            {
                language: json.loads(folder.joinpath(name).read_text("utf-8"))
                for language, name in FILES.items()
            }
        )

    def __contains__(self, key: object) -> bool:
        """Whether every language has the key."""
        return all(key in catalogue for catalogue in self._catalogues.values())

    def __iter__(self) -> Iterator[str]:
        """Every key of any language, sorted."""
        return iter(sorted(set().union(*self._catalogues.values())))

    def catalogue(self, language: Language) -> Mapping[str, str]:
        """All texts of one language, for the page."""
        return self._catalogues[language]

    def text(self, key: str, language: Language, /, **inputs: Input) -> str:
        """The text with its placeholders filled; a placeholder without an input stays visible."""
        text = self._catalogues[language].get(key)
        if text is None:
            if key in self.missing or len(self.missing) < MISSING_KEPT:
                self.missing[key] += 1
            return key
        if not inputs:
            return text

        def fill(match: re.Match[str]) -> str:
            name = match.group(1)
            return self.shown(inputs[name], language) if name in inputs else match.group()

        return _PLACEHOLDER.sub(fill, text)

    def both(self, key: str, /, **inputs: Input) -> dict[Language, str]:
        """The text in every language."""
        return {language: self.text(key, language, **inputs) for language in LANGUAGES}

    def or_else(self, key: str, text: str) -> dict[Language, str]:
        """The catalogue's text if there is one, else ``text`` as it is, in every language.

        For words that data may name freely, such as the source of a figure.
        """
        return self.both(key) if key in self else dict.fromkeys(LANGUAGES, text)

    def shown(self, value: Input, language: Language) -> str:
        """A value as people write it: ``yes``, ``21.5``, ``—`` for what could not be measured."""
        if value is None:
            return "—"
        if isinstance(value, bool):
            return self.text("word.yes" if value else "word.no", language)
        if isinstance(value, float):
            return format_number(value)
        return str(value)


def format_number(value: float) -> str:
    """A number without the noise of binary fractions: 3 decimals below 100, 1 below 10,000, then 0.

    >>> format_number(21.500000001), format_number(0.30000000000000004), format_number(2243.04)
    ('21.5', '0.3', '2243')
    """
    if not math.isfinite(value):
        return "—"
    size = abs(value)
    decimals = 3 if size < 100 else 1 if size < 10_000 else 0
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def placeholders(text: str) -> frozenset[str]:
    """The names of a text's placeholders."""
    return frozenset(_PLACEHOLDER.findall(text))
