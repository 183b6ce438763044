"""Exact 95 % bounds of shares (Clopper-Pearson) and of rates (Poisson, Garwood), by bisection."""

from __future__ import annotations

import math
from collections.abc import Callable

TAIL = 0.025


def share_bounds(hits: int, of: int) -> tuple[float, float]:
    """Two-sided 95 % bounds of a share."""
    low = 0.0 if hits == 0 else _solve(lambda p: _at_least(hits, of, p) - TAIL)
    high = 1.0 if hits == of else _solve(lambda p: TAIL - (1 - _at_least(hits + 1, of, p)))
    return low, high


def rate_upper(events: int, hours: float) -> float:
    """One-sided 95 % upper bound of events an hour; 3.0 / hours when there was none."""
    most = 3 * events + 20.0
    return most * _solve(lambda part: 0.05 - _at_most(events, part * most)) / hours


def _solve(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2


def _at_least(hits: int, of: int, p: float) -> float:
    return sum(math.comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(hits, of + 1))


def _at_most(events: int, expected: float) -> float:
    return math.exp(-expected) * sum(expected**k / math.factorial(k) for k in range(events + 1))
