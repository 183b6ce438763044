"""Reasons of coverage in words, as the page words them (`web/src/bureau/reasons.ts`)."""

from __future__ import annotations

from typing import Final

from gateway.api.models.coverage import CoverageReasonOut
from gateway.api.supplies.asked import Asked
from gateway.words import format_number

_WORDS: Final = {
    "condition": "condition",
    "cause": "link.cause",
    "stands": "coverage.stands",
}
"""Inputs that are names of something: the words they are looked up under."""


def sentence(asked: Asked, reason: CoverageReasonOut) -> str:
    """What is so; a code without words is shown as it is."""
    key = f"coverage.reason.{reason.code}"
    if key not in asked.services.words:
        return reason.code
    return asked.said(key, **_inputs(asked, reason))


def advice(asked: Asked, reason: CoverageReasonOut) -> str:
    """What to do about it; empty: nothing."""
    key = f"coverage.advice.{reason.code}"
    return asked.said(key, **_inputs(asked, reason)) if key in asked.services.words else ""


def where(asked: Asked, reason: CoverageReasonOut) -> str:
    """The device, the place, the link; empty for the school as a whole."""
    parts = []
    if reason.device:
        shown = reason.device if reason.device_name is None else asked.named(reason.device_name)
        parts.append(shown or reason.device)
    if reason.place:
        shown = reason.place if reason.place_name is None else asked.named(reason.place_name)
        parts.append(shown or reason.place)
    if reason.link:
        parts.append(reason.link)
    return " · ".join(parts)


def _inputs(asked: Asked, reason: CoverageReasonOut) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in reason.inputs.items():
        if isinstance(value, bool) or value is None:
            found[name] = asked.services.words.shown(value, asked.language)
        elif isinstance(value, int | float):
            found[name] = format_number(float(value)) if isinstance(value, float) else str(value)
        elif name == "kind":
            found[name] = asked.named(asked.services.kinds.name(value))
        elif name == "lacking":
            words = [asked.word(f"coverage.lacking.{one}", one) for one in value.split()]
            found[name] = ("、" if asked.language == "zh" else ", ").join(words)
        elif name in _WORDS:
            found[name] = asked.word(f"{_WORDS[name]}.{value}", value)
        else:
            found[name] = value
    return found
