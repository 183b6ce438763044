"""The sentence that an explanation is, in every language."""

from __future__ import annotations

from alerts.finding import Explanation
from gateway.words import Language, Words


def explained(words: Words, why: Explanation) -> dict[Language, str]:
    """``explain.{code}``, filled with the inputs and with ``{limit}``, ``{unit}``, ``{metric}``
    (catalogue key ``metric.…``) and ``{source}`` (``source.…``), the last two as they are when no
    catalogue knows them: kinds' files may name values and sources freely.
    """
    metric = words.or_else(f"metric.{why.metric}", why.metric)
    source = words.or_else(f"source.{why.source or 'unnamed'}", why.source)
    return {
        language: words.text(
            f"explain.{why.code}",
            language,
            **{
                **why.inputs,
                "limit": why.limit,
                "unit": why.unit,
                "metric": metric[language],
                "source": source[language],
            },
        )
        for language in metric
    }
