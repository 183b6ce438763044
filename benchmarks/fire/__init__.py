"""How soon fires are found beside the real alarms of the same rooms, and how seldom where none is.

Recordings below the folder `DATA` (fires of NIST and FSRI, rooms without fire) and nuisances drawn
from seeds are judged by the rules of `config/kinds/`, through the rules' own seam, as a detector
would have sent them (`SAMPLINGS`; each with different phases). What counts is the first
emergency (`fire`, `heat`), and beside it the first alert of any kind (a suspicion calls, too).
`SEED` (1) moves all draws, `DRAWS` (200) is how many there are of each nuisance, `DAYS` (730) how
many ordinary days.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from statistics import median
from typing import Any, Final

import numpy as np

from benchmarks.camera_quality.bounds import rate_upper, share_bounds
from benchmarks.fire import nuisance
from benchmarks.fire.recordings import (
    Fire,
    Series,
    compartments,
    folder,
    houses,
    rooms,
    with_clean_air,
)
from benchmarks.fire.trial import ALARMS, WARNINGS, Found, Sampling, watched, watched_apart
from benchmarks.measure import percentile, say

SAMPLINGS: Final = (
    Sampling("every 5 s", 5),
    Sampling("on change", 5, heartbeat_s=900, smoke_by=0.5, temperature_by=0.5),
    Sampling("every 10 s", 10),
    Sampling("every 30 s", 30),
    Sampling("on change, sluggish sensor", 5, 900, smoke_by=0.5, temperature_by=0.5, lag_s=30),
)
"""As a line-powered detector speaks, and as a battery's does that looks every 5 s: these two are
what is asked for. The others show what slower sampling and a thermometer's housing cost."""

ASKED: Final = SAMPLINGS[:2]
HARD: Final = ("cooking_and_heating", "steam_without_hygrometer")
"""What a detector of these values can hardly tell from a fire: shown, and not asked for."""

PHASES: Final = 8
MONTH: Final = 30
CHAMBERS: Final = 10
LEAST_SHARE: Final = 0.9
FIRST: Final = "first_alert"
ASKED_REAL: Final = "photoelectric_or_ionisation"
YEAR_HOURS: Final = 365.25 * 24
BOTH: Final = "smoke-temperature"
HEAT: Final = "temperature"


def main() -> dict[str, Any]:
    """Delays beside real alarms; false alarms a sensor-year with their upper bounds."""
    data, seed = folder(), int(os.environ.get("SEED", "1"))
    draws, days = int(os.environ.get("DRAWS", "200")), int(os.environ.get("DAYS", "730"))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        run = partial(_all, pool.map)
        real = _beside_alarms(run, houses(data, seed))
        apart = _apart(pool.map, houses(data, seed))
        heat = _after_ignition(run, compartments(data, seed))
        calm = _calm(run, rooms(data), seed)
        nuisances = {kind: _nuisance(run, kind, seed, draws) for kind in (*nuisance.KINDS, *HARD)}
        ordinary = _ordinary(run, seed, days)
        dirty = _dirty(run, seed)
    bearable = [each for kind, each in nuisances.items() if kind not in HARD]
    holds = (
        all(real[one.name][FIRST][ASKED_REAL] >= LEAST_SHARE for one in ASKED)
        and real[ASKED[0].name]["emergency"][ASKED_REAL] >= LEAST_SHARE
        and calm["false_alarms"] == calm["false_warnings"] == 0
        and all(each["false_alarms"] == 0 for each in bearable)
        and ordinary["false_alarms"] == 0
        and dirty["false_alarms"] == 0
        and dirty["told"] == dirty["chambers"]
    )
    return {
        "seed": seed,
        "beside_real_alarms": real,
        "smoke_and_temperature_apart": apart,
        "after_ignition": heat,
        "rooms_without_fire": calm,
        "nuisances": nuisances,
        "ordinary_days": ordinary,
        "dirty_chambers": dirty,
        "holds": holds,
    }


Job = tuple[str, Series | Callable[[], Series], Sampling, float]
"""Kind, what is measured (or how to draw it, which is long for months), sampling and phase."""
Map = Callable[..., Iterable[Any]]
Run = Callable[[Iterable[Job]], list[list[Found]]]


def _all(map_: Map, jobs: Iterable[Job]) -> list[list[Found]]:
    return list(map_(_watched, jobs, chunksize=2))


def _watched(job: Job) -> list[Found]:
    kind, series, sampling, phase = job
    return watched(kind, series() if callable(series) else series, sampling, phase)


def _first(found: Sequence[Found], conditions: frozenset[str]) -> float | None:
    return next((one.at for one in found if one.condition in conditions), None)


def _beside_alarms(run: Run, fires: Sequence[Fire]) -> dict[str, Any]:
    figures: dict[str, Any] = {"rooms": len(fires), "phases": PHASES}
    for sampling in SAMPLINGS:
        tried = [(fire, phase / PHASES) for fire in fires for phase in range(PHASES)]
        founds = run((BOTH, fire.series, sampling, phase) for fire, phase in tried)
        both = list(zip((fire for fire, _ in tried), founds, strict=True))
        figures[sampling.name] = {
            "emergency": _compared([(f, _first(found, ALARMS)) for f, found in both], len(fires)),
            "first_alert": _compared(
                [(f, _first(found, ALARMS | WARNINGS)) for f, found in both], len(fires)
            ),
            "before_ignition": sum(
                one.at < 0 and one.condition in ALARMS | WARNINGS
                for found in founds
                for one in found
            ),
        }
        say(f"real alarms, {sampling.name}: {figures[sampling.name]}")
        if sampling in ASKED:
            for number, fire in enumerate(fires):
                own = founds[number * PHASES : (number + 1) * PHASES]
                said = sorted(at for found in own if (at := _first(found, ALARMS)) is not None)
                say(f"  {fire.series.name}: emergency at {said or 'no time'}; {fire.alarms}")
    return figures


def _apart(map_: Map, fires: Sequence[Fire]) -> dict[str, Any]:
    """The same rooms with a smoke and a temperature detector that know nothing of each other: what
    the judgement on the room makes of them."""
    figures = {}
    for sampling in ASKED:
        tried = [(fire, phase) for fire in fires for phase in range(PHASES)]
        jobs = [
            (fire.series, sampling, (phase / PHASES, phase * 3 % PHASES / PHASES))
            for fire, phase in tried
        ]
        times = list(map_(_watched_apart, jobs, chunksize=4))
        named = [(fire, at) for (fire, _), at in zip(tried, times, strict=True)]
        figures[sampling.name] = _compared(named, len(fires))
        say(f"apart, {sampling.name}: {figures[sampling.name]}")
    return figures


def _watched_apart(job: tuple[Series, Sampling, tuple[float, float]]) -> float | None:
    return watched_apart(*job)


def _compared(named: Sequence[tuple[Fire, float | None]], of: int) -> dict[str, Any]:
    """Shares of rooms, each with all its phases, in which it was not later than the real alarm, by
    what is taken for that; and how much later it was than the first line's (s)."""
    figures: dict[str, Any] = {
        name: _shared(at is not None and at <= real(fire) for fire, at in named)
        for name, real in REAL.items()
    }
    share = figures["photoelectric_or_ionisation"]
    low, high = share_bounds(round(share * of), of)
    figures["share_95"] = [round(low, 2), round(high, 2)]
    figures["each_real_alarm"] = _shared(
        at is not None and at <= alarm for fire, at in named for alarm in fire.alarms.values()
    )
    figures["found"] = _shared(at is not None for _, at in named)
    figures["delay_s"] = _spread([at - _either(fire) for fire, at in named if at is not None])
    return figures


def _kind(fire: Fire, kind: str) -> list[float]:
    return sorted(second for name, second in fire.alarms.items() if name.startswith(kind))


def _either(fire: Fire) -> float:
    return max(median(_kind(fire, "Pho")), median(_kind(fire, "Ion")))


REAL: Final[dict[str, Callable[[Fire], float]]] = {
    "photoelectric_or_ionisation": _either,
    "photoelectric": lambda fire: median(_kind(fire, "Pho")),
    "ionisation": lambda fire: median(_kind(fire, "Ion")),
    "first_photoelectric": lambda fire: _kind(fire, "Pho")[0],
    "last_photoelectric": lambda fire: _kind(fire, "Pho")[-1],
    "first_of_all": lambda fire: min(fire.alarms.values()),
}
"""What is taken for the real alarm of a room, of which some had two or three of a kind (then the
middle one, unless it says otherwise). The first is what ``holds`` asks for: whoever bought an
alarm bought one of either kind, and the rule must not be later than both."""


def _shared(each: Iterable[bool]) -> float:
    hits = list(each)
    return round(sum(hits) / len(hits), 3)


def _spread(delays: Sequence[float]) -> dict[str, Any]:
    """The median with its 95 % interval (bootstrap), and the ends."""
    random = np.random.default_rng(0)
    values = np.array(delays)
    medians = np.median(random.choice(values, (2000, len(values))), axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    return {
        "median": round(float(np.median(values)), 1),
        "median_95": [round(float(low), 1), round(float(high), 1)],
        "p10": round(percentile(delays, 0.1), 1),
        "p90": round(percentile(delays, 0.9), 1),
        "max": round(max(delays), 1),
    }


def _after_ignition(run: Run, fires: Sequence[Fire]) -> dict[str, Any]:
    """Heat alone: these recordings have no smoke."""
    figures: dict[str, Any] = {"places": len(fires)}
    for sampling in ASKED:
        for kind in (BOTH, HEAT):
            jobs = [
                (kind, fire.series, sampling, phase / PHASES)
                for fire in fires
                for phase in range(PHASES)
            ]
            founds = run(jobs)
            alarms = [at for found in founds if (at := _first(found, ALARMS)) is not None]
            warned = [
                at for found in founds if (at := _first(found, ALARMS | WARNINGS)) is not None
            ]
            figures[f"{kind}, {sampling.name}"] = {
                "found": round(len(alarms) / len(founds), 3),
                "delay_s": _spread(alarms),
                "warned": round(len(warned) / len(founds), 3),
                "warning_delay_s": _spread(warned),
                "before_ignition": sum(
                    one.at < 0 and one.condition in ALARMS | WARNINGS
                    for found in founds
                    for one in found
                ),
            }
            say(f"after ignition, {kind}, {sampling.name}: {figures[f'{kind}, {sampling.name}']}")
    return figures


def _calm(run: Run, calm: Sequence[Series], seed: int) -> dict[str, Any]:
    """Real rooms without fire, sampled as recorded and judged as both kinds."""
    jobs = [
        (kind, with_clean_air(series, seed) if kind == BOTH else series, sampling, 0.0)
        for series in calm
        for sampling in SAMPLINGS
        for kind in (BOTH, HEAT)
    ]
    founds = run(jobs)
    hours = sum(series.at[-1] for series in calm) / 3600
    # The same days sampled otherwise are no further days: alarms are the most of any sampling.
    return _rates(founds, hours)


def _rates(founds: Sequence[Sequence[Found]], hours: float) -> dict[str, Any]:
    alarms = sum(one.condition in ALARMS for found in founds for one in found)
    warnings = sum(one.condition in WARNINGS for found in founds for one in found)
    return {
        "sensor_days": round(hours / 24, 2),
        "false_alarms": alarms,
        "false_warnings": warnings,
        "upper_95_alarms_a_sensor_year": round(rate_upper(alarms, hours) * YEAR_HOURS, 3),
        "upper_95_warnings_a_sensor_year": round(rate_upper(warnings, hours) * YEAR_HOURS, 3),
    }


def _drawn(kind: str, seed: int, number: int) -> Series:
    random = np.random.default_rng([seed, number])
    if kind == "ordinary":
        return nuisance.ordinary(np.random.default_rng([seed, 1, number]), MONTH).series(kind)
    if kind == "dirty":
        return nuisance.dirty(np.random.default_rng([seed, 2, number]), MONTH)
    if kind == "cooking_and_heating":
        return nuisance.cooking_while_it_is_heated(random)
    if kind == "steam_without_hygrometer":
        return nuisance.once("steam", random, hygrometer=False)
    return nuisance.once(kind, random)


def _nuisance(run: Run, kind: str, seed: int, draws: int) -> dict[str, Any]:
    founds = run(
        (
            BOTH,
            partial(_drawn, kind, seed, number),
            SAMPLINGS[number % len(SAMPLINGS)],
            number % 7 / 7,
        )
        for number in range(draws)
    )
    alarms = sum(_first(found, ALARMS) is not None for found in founds)
    warnings = sum(_first(found, WARNINGS) is not None for found in founds)
    figures = {
        "draws": draws,
        "false_alarms": alarms,
        "alarm_share_upper_95": round(share_bounds(alarms, draws)[1], 4),
        "false_warnings": warnings,
    }
    say(f"{kind}: {figures}")
    return figures


def _ordinary(run: Run, seed: int, days: int) -> dict[str, Any]:
    """Days of lived-in rooms with all of it, a month to a room."""
    months = -(-days // MONTH)
    founds = run(
        (BOTH, partial(_drawn, "ordinary", seed, number), ASKED[number % 2], number % 7 / 7)
        for number in range(months)
    )
    figures = _rates(founds, months * MONTH * 24.0)
    say(f"ordinary days: {figures}")
    return figures


def _dirty(run: Run, seed: int) -> dict[str, Any]:
    """Chambers that get dirty in rooms that are heated: told of, and no fire."""
    founds = run(
        (BOTH, partial(_drawn, "dirty", seed, number), ASKED[1], number % 7 / 7)
        for number in range(CHAMBERS)
    )
    told = frozenset({"chamber_drift"})
    figures = {
        "chambers": CHAMBERS,
        "days": MONTH,
        "told": sum(_first(found, told) is not None for found in founds),
        "false_alarms": sum(_first(found, ALARMS) is not None for found in founds),
        "false_warnings": sum(_first(found, WARNINGS) is not None for found in founds),
    }
    say(f"dirty chambers: {figures}")
    return figures
