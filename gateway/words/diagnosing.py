"""The sentences of a diagnosis: why a device is as it is, and what to do about it."""

from __future__ import annotations

from typing import Final

from alerts.evidence import Reason
from gateway.words import LANGUAGES, Input, Language, Words
from gateway.words.explaining import explained

_DURATION: Final = "_ms"

_STEPS: Final = (
    ("seconds", 1_000, 120),
    ("minutes", 60_000, 120),
    ("hours", 3_600_000, 48),
    ("days", 86_400_000, None),
)
"""Unit, its length in ms, and from how many on the next one is used."""

_NAMED: Final = {"reason": "reject", "condition": "condition"}
"""Inputs that are codes of the catalogues, with the beginning of their keys."""


def why(words: Words, reason: Reason) -> dict[Language, str]:
    """The sentence of a reason; that of its alert when it is one.

    Durations (inputs ending in ``_ms``) are put in words and lose the ending.
    """
    if reason.explanation is not None:
        return explained(words, reason.explanation)
    return {
        language: words.text(f"why.{reason.code}", language, **_inputs(words, reason, language))
        for language in LANGUAGES
    }


def advice(words: Words, reason: Reason) -> dict[Language, str]:
    """What to do about it."""
    return words.both(f"advice.{reason.advice}")


def span(words: Words, milliseconds: float, language: Language) -> str:
    """A duration as people say it: ``90 s``, ``43 min``, ``8 h``, ``3 days``."""
    for unit, length, until in _STEPS:
        number = round(milliseconds / length)
        if until is None or number < until:
            return words.text(f"why.span.{unit}", language, n=number)
    raise ValueError(milliseconds)


def _inputs(words: Words, reason: Reason, language: Language) -> dict[str, Input]:
    said: dict[str, Input] = {}
    for name, value in reason.inputs.items():
        if name.endswith(_DURATION) and isinstance(value, int | float):
            said[name.removesuffix(_DURATION)] = span(words, value, language)
        elif name in _NAMED:
            said[name] = words.or_else(f"{_NAMED[name]}.{value}", str(value))[language]
        else:
            said[name] = value
    return said
