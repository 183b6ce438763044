"""Night charging, on a room's own meter: chargers drawn by a formula over nights of real plugs.

No recording of a vehicle's charger was to be had: constant current for one and a half to four
hours, then an exponential fall with a time constant of 20 to 45 min, 110 to 320 W.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.rules.appliances import CHARGING
from benchmarks.appliances.composing import DAYS, compose
from benchmarks.appliances.plugs import DAY_S, PlugDay
from benchmarks.appliances.scoring import rate_upper, wilson
from benchmarks.appliances.trial import BEGIN, alerts, rows

OFTEN = 0.7


def charging_figures(days: list[PlugDay], seed: int, weeks: int) -> dict[str, Any]:
    """Of nights with a charger: how many were told; false ones in a feeder-week. By rooms."""
    figures: dict[str, Any] = {"chargers": "drawn, not recorded"}
    for rooms in (1, 3, 10):
        nights = found = false = 0
        for number in range(weeks):
            random = Random(10_000 * seed + number)
            week = compose(days, 10_000 * seed + number, rooms)
            watts = week.watts.copy()
            spans = []
            for day in range(DAYS):
                if random.random() >= OFTEN:
                    continue
                begin = day * DAY_S + random.uniform(0, 7200)
                drawn = _drawn(random)
                places = week.seconds - begin
                there = (places >= 0) & (places < len(drawn))
                watts[there] += drawn[places[there].astype(np.int64)]
                spans.append((begin, begin + len(drawn)))
            said = [
                (one.known - BEGIN) / 1000
                for one in alerts(rows(replace(week, watts=watts)))
                if one.condition == CHARGING and one.active
            ]
            nights += len(spans)
            found += sum(any(b <= at <= e + 600 for at in said) for b, e in spans)
            false += sum(not any(b <= at <= e + 600 for b, e in spans) for at in said)
        figures[f"rooms_{rooms}"] = {
            "nights": nights,
            "told": found,
            "recall": round(found / nights, 3) if nights else 0.0,
            "recall_bounds": wilson(found, nights),
            "false_a_feeder_week": round(false / weeks, 3),
            "false_a_feeder_week_at_most": round(rate_upper(false, weeks), 3),
        }
    return figures


def _drawn(random: Random) -> NDArray[np.float64]:
    """W by second."""
    full = random.uniform(1.5, 4) * 3600
    watts, tau = random.uniform(110, 320), random.uniform(1200, 2700)
    seconds = np.arange(int(full + 3 * tau))
    constant = watts * (0.95 + 0.05 * seconds / full)
    return np.where(seconds < full, constant, watts * np.exp(-(seconds - full) / tau))
