"""What a feeder may come to in a test, by the rules that judge it."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.rules.overload import Overload
from alerts.rules.rule import Rule
from alerts.rules.threshold import Threshold
from audit.verification.procedure import Limits


def limits_of(rules: Iterable[Rule]) -> Limits:
    """The figures that are in force for the device: a test must not go where an alarm begins."""
    rating = residual = cable = None
    for rule in rules:
        if isinstance(rule, Overload):
            rating = rule.rating_a
        elif isinstance(rule, Threshold):
            residual = _least(residual, rule.limit_of("residual_current_ma"))
            cable = _least(cable, rule.limit_of("cable_temperature_c"))
    return Limits(rating_a=rating, residual_ma=residual, cable_c=cable)


def _least(one: float | None, other: float | None) -> float | None:
    known = [limit for limit in (one, other) if limit is not None]
    return min(known, default=None)
