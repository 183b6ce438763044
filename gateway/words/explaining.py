"""The sentence that an explanation is, in every language."""

from __future__ import annotations

from alerts.finding import Explanation
from gateway.words import Input, Language, Words

_MINUTES = "minutes"
"""Inputs of this name, or that end with it, are minutes; so is a limit with the unit ``min``."""

_WORDED = {"cause": "link.cause", "trip_cause": "trip.cause"}
"""Inputs that are words of the catalogue, and under which keys those stand."""

_SHORT = 10
"""Below so many minutes a tenth of one still matters to a person."""


def explained(words: Words, why: Explanation) -> dict[Language, str]:
    """``explain.{code}``, filled with the inputs and with ``{limit}``, ``{unit}``, ``{metric}``
    (catalogue key ``metric.…``) and ``{source}`` (``source.…``), the last two as they are when no
    catalogue knows them: kinds' files may name values and sources freely. A code with a dot is a
    whole key itself (``camera.why.…``).

    Minutes are rounded to what people say; the explanation keeps the figures as they are. Some
    inputs are words of the catalogue, too (``link.cause.…``, ``trip.cause.…``).
    """
    metric = words.or_else(f"metric.{why.metric}", why.metric)
    source = words.or_else(f"source.{why.source or 'unnamed'}", why.source)
    inputs = {
        name: said_minutes(value) if name.endswith(_MINUTES) else value
        for name, value in why.inputs.items()
    }
    worded = {
        name: words.or_else(f"{key}.{inputs[name]}", "")
        for name, key in _WORDED.items()
        if name in inputs
    }
    limit = said_minutes(why.limit) if why.unit == "min" else why.limit
    return {
        language: words.text(
            why.code if "." in why.code else f"explain.{why.code}",
            language,
            **{
                **inputs,
                **{name: both[language] for name, both in worded.items()},
                "limit": limit,
                "unit": why.unit,
                "metric": metric[language],
                "source": source[language],
            },
        )
        for language in metric
    }


def said_minutes(minutes: Input) -> Input:
    """Minutes as people say them: a tenth below ten minutes, whole ones from then on.

    >>> said_minutes(3.05), said_minutes(9.46), said_minutes(9.97), said_minutes(12.4)
    (3, 9.5, 10, 12)
    """
    if not isinstance(minutes, float):
        return minutes
    rounded = round(minutes, 1 if abs(minutes) < _SHORT else 0)
    return int(rounded) if rounded.is_integer() else rounded
