"""What was told held against what was on; shares and rates with their 95 % bounds."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.appliances.composing import Truth
from benchmarks.measure import percentile

NEAR_S = 12.0
"""What was told may begin or end so much later or earlier: readings are up to 10 s apart."""


@dataclass(frozen=True)
class Told:
    """Something called by a forbidden kind: it was on from ``begin`` to ``end``, and that was said
    at ``at`` (s).
    """

    begin: float
    end: float
    at: float


@dataclass
class Score:
    """Counts. ``delays`` in s, of what was found; ``missed`` and ``false`` by kind of plug."""

    found: int = 0
    true: int = 0
    right: int = 0
    wrong: int = 0
    weeks: float = 0.0
    delays: list[float] = field(default_factory=list)
    missed: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        told: Sequence[Told],
        due: Iterable[Truth],
        fits: Sequence[Truth],
        neither: Sequence[Truth],
    ) -> None:
        """Count a week: ``due`` had to be told, what meets ``fits`` was rightly told, what meets
        only ``neither`` counts as nothing.
        """
        places = _Places(told)
        for truth in due:
            self.true += 1
            first = places.first(truth)
            if first is None:
                self.missed[truth.kind] = self.missed.get(truth.kind, 0) + 1
            else:
                self.found += 1
                self.delays.append(max(0.0, first.at - truth.begin))
        right, spared = _Spans(fits), _Spans(neither)
        for one in told:
            if right.meets(one):
                self.right += 1
            elif not spared.meets(one):
                self.wrong += 1

    def figures(self) -> dict[str, float | int | list[float] | dict[str, int]]:
        """Shares, rates, delays; their bounds."""
        said = self.right + self.wrong
        return {
            "events": self.true,
            "told": said,
            "recall": _share(self.found, self.true),
            "recall_bounds": wilson(self.found, self.true),
            "precision": _share(self.right, said),
            "precision_bounds": wilson(self.right, said),
            "false": self.wrong,
            "feeder_weeks": round(self.weeks, 2),
            "false_a_feeder_week": round(self.wrong / self.weeks, 3) if self.weeks else 0.0,
            "false_a_feeder_week_at_most": round(rate_upper(self.wrong, self.weeks), 3),
            "delay_s_p50": round(percentile(self.delays, 0.5), 1) if self.delays else 0.0,
            "delay_s_p95": round(percentile(self.delays, 0.95), 1) if self.delays else 0.0,
            "delay_s_most": round(max(self.delays, default=0.0), 1),
            "within_30_s": _share(sum(delay <= 30 for delay in self.delays), len(self.delays)),
            "missed": dict(sorted(self.missed.items())),
        }


class _Places:
    """What was told, by time."""

    def __init__(self, told: Sequence[Told]) -> None:
        self._told = sorted(told, key=lambda one: one.begin)
        self._begins = [one.begin for one in self._told]
        self._longest = max((one.end - one.begin for one in told), default=0.0)

    def first(self, truth: Truth) -> Told | None:
        """The earliest said of all that meet it."""
        low = bisect_right(self._begins, truth.begin - self._longest - 2 * NEAR_S)
        high = bisect_right(self._begins, truth.end + NEAR_S)
        met = [one for one in self._told[low:high] if one.end >= truth.begin - NEAR_S]
        return min(met, key=lambda one: one.at, default=None)


class _Spans:
    """What was on, by time."""

    def __init__(self, truths: Sequence[Truth]) -> None:
        self._truths = sorted(truths, key=lambda one: one.begin)
        self._begins = [one.begin for one in self._truths]
        self._longest = max((one.end - one.begin for one in truths), default=0)

    def meets(self, told: Told) -> bool:
        """Whether any of it was on meanwhile."""
        low = bisect_right(self._begins, told.begin - self._longest - 2 * NEAR_S)
        high = bisect_right(self._begins, told.end + NEAR_S)
        return any(one.end >= told.begin - NEAR_S for one in self._truths[low:high])


def wilson(hits: int, of: int) -> list[float]:
    """Two-sided 95 % bounds of a share, by Wilson."""
    if not of:
        return [0.0, 1.0]
    z = 1.959964
    share = hits / of
    middle = share + z * z / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    below = 1 + z * z / of
    return [
        round(max(0.0, (middle - half) / below), 4),
        round(min(1.0, (middle + half) / below), 4),
    ]


def rate_upper(events: int, weeks: float) -> float:
    """One-sided 95 % upper bound of a Poisson rate; 3.0 / weeks when there was none."""
    if weeks <= 0:
        return math.inf
    low, high = float(events), 3.0 * events + 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(events, middle) > 0.05 else (low, middle)
    return high / weeks


def _at_most(events: int, expected: float) -> float:
    """How likely it is that there are no more than so many."""
    return sum(
        math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(events + 1)
    )


def _share(hits: int, of: int) -> float:
    return round(hits / of, 4) if of else 0.0
