"""How well forbidden appliances are told from a feeder's total, and how seldom where none are.

Feeders of ten rooms are composed for a week of whole days of real plugs (`DATA`: a folder with
tracebase's ``manifest.csv`` somewhere in it), each with a seed of its own, and read as a meter
does: every 1 to 10 s, with lost readings and gaps. The plugs are divided in two, by `SEED` (1):
a half of each kind's devices for development, the other half is held out. `WEEKS` is how many
feeder-weeks of each (20).

An event is an interval of 10 s and more in which a heater, or a microwave, really heated. One that
the meter could not show counts apart: with fewer than two readings in it, or begun in a gap of more
than a minute. Where ``main.csv`` of a laboratory lies beside its sub-meters, that is judged, too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from random import Random
from typing import Any, Final

import numpy as np

from alerts.appliances.policy import Policy
from alerts.rules.appliances import APPLIANCE, CANNOT_TELL
from alerts.rules.rule import DeviceState, Hearing
from benchmarks.appliances.charging import charging_figures
from benchmarks.appliances.composing import FeederWeek, Truth, compose
from benchmarks.appliances.laboratory import Recording, recordings
from benchmarks.appliances.plugs import Group, PlugDay, folder, plug_days
from benchmarks.appliances.scoring import Score, Told, rate_upper, wilson
from benchmarks.appliances.trial import BEGIN, alerts, bare, recognised, rows
from benchmarks.measure import say
from devices.model import Device
from devices.reading import Channel, Reading

LEAST: Final = 0.95
MOST_FALSE_A_WEEK: Final = 1.0
MOST_DELAY_S: Final = 30.0
MOST_US: Final = 2.0

GAP_S: Final = 60.0
USE_S: Final = 300
"""Intervals of forbidden plugs no further apart than this are one use, as an alert is."""

NEITHER: Final = frozenset({Group.WASHING, Group.PULSING})
"""A washing machine's heater heats, and a coffee machine that keeps itself hot does in pulses: to
call one a heater is neither asked for nor wrong."""

POLICIES: Final = {
    "microwaves_forbidden": (Policy(), frozenset({Group.HEATER, Group.MICROWAVE})),
    "microwaves_allowed": (Policy(microwaves=False), frozenset({Group.HEATER})),
}
JUDGED: Final = "microwaves_forbidden"
"""What must hold; the other is told beside it: active power alone cannot do it."""


def main() -> dict[str, Any]:
    """Per half: events, alerts; the laboratory; charging; cost."""
    root = folder()
    seed, weeks = int(os.environ.get("SEED", "1")), int(os.environ.get("WEEKS", "20"))
    halves = divided(plug_days(root), seed)
    figures: dict[str, Any] = {"seed": seed}
    for number, (name, days) in enumerate(halves.items()):
        seeds = [1000 * seed + 100_000 * number + week for week in range(weeks)]
        figures[name] = _half(days, seeds)
        say(f"{name}: {figures[name]}")
    figures["charging"] = charging_figures(halves["held_out"], seed, weeks)
    found = recordings(root)
    figures["laboratory"] = _laboratory(found)
    say(f"laboratory: {figures['laboratory']}")
    figures["us_an_unchanged_reading"] = _cost()
    figures["holds"] = (
        all(_half_holds(figures[name]) for name in halves)
        and all(one["holds"] for one in figures["laboratory"].values())
        and figures["us_an_unchanged_reading"] <= MOST_US
    )
    return figures


def divided(days: Sequence[PlugDay], seed: int) -> dict[str, list[PlugDay]]:
    """Half of each kind's devices, and the other half; of a single device, half of its days."""
    random = Random(seed)
    halves: dict[str, list[PlugDay]] = {"development": [], "held_out": []}
    for kind in sorted({day.kind for day in days}):
        of_kind = [day for day in days if day.kind == kind]
        devices = sorted({day.device for day in of_kind})
        alone = len(devices) == 1
        keys = sorted(day.name for day in of_kind) if alone else devices
        random.shuffle(keys)
        first = set(keys[: (len(keys) + random.randint(0, 1)) // 2])
        for day in of_kind:
            key = day.name if alone else day.device
            halves["development" if key in first else "held_out"].append(day)
    return halves


def _beside_pulses(days: list[PlugDay], seeds: list[int]) -> dict[str, Any]:
    """On feeders that surely have a machine that pulses all day."""
    score = Score()
    policy, groups = POLICIES[JUDGED]
    for seed in seeds:
        week = compose(days, seed, pulsing=True)
        (told,) = recognised(rows(week), [policy])
        due = [one for one in week.heated if one.group in groups and _shown(week, one)]
        fits = [one for one in week.took if one.group in groups]
        score.weeks += 1
        score.add(told, due, fits, [one for one in week.took if one.group in NEITHER])
    return score.figures()


def _half(days: list[PlugDay], seeds: list[int]) -> dict[str, Any]:
    scores = {name: Score() for name in POLICIES}
    uses = Score()
    events = unseen = unseen_found = 0
    most = 0
    raised = wrongly = blind = 0
    for seed in seeds:
        week = compose(days, seed)
        most = max(most, week.at_once)
        told = recognised(rows(week), [policy for policy, _ in POLICIES.values()])
        for (name, (_, groups)), some in zip(POLICIES.items(), told, strict=True):
            due = [truth for truth in week.heated if truth.group in groups]
            shown = [truth for truth in due if _shown(week, truth)]
            fits = [truth for truth in week.took if truth.group in groups]
            score = scores[name]
            score.weeks += 1
            score.add(some, shown, fits, [one for one in week.took if one.group in NEITHER])
            if name == JUDGED:
                events += len(due)
                unseen += len(due) - len(shown)
                hidden = Score()
                hidden.add(some, set(due) - set(shown), (), ())
                unseen_found += hidden.found
        found = alerts(rows(week), charging="allowed")
        blind += sum(one.condition == CANNOT_TELL and one.active for one in found)
        said = [one for one in found if one.condition == APPLIANCE and one.active]
        groups = POLICIES[JUDGED][1]
        some = [
            Told((one.happened - BEGIN) / 1000, (one.known - BEGIN) / 1000,
                 (one.known - BEGIN) / 1000) for one in said
        ]  # fmt: skip
        uses.weeks += 1
        fits = [truth for truth in week.took if truth.group in groups]
        uses.add(some, (), fits, [one for one in week.took if one.group in NEITHER])
        raised += len(said)
    wrongly = uses.wrong
    return {
        "seeds": f"{seeds[0]}-{seeds[-1]}",
        "plug_days": len(days),
        "most_plugs_on_at_once": most,
        "events_of_all": events,
        "events_the_meter_could_not_show": unseen,
        "of_these_found": unseen_found,
        **{name: score.figures() for name, score in scores.items()},
        "beside_a_pulsing_machine": _beside_pulses(days, [s + 50_000 for s in seeds[::2]]),
        "alerts": {
            "raised": raised,
            "false": wrongly,
            "false_a_feeder_week": round(wrongly / len(seeds), 3),
            "false_a_feeder_week_at_most": round(rate_upper(wrongly, len(seeds)), 3),
            "cannot_tell": blind,
        },
    }


def _half_holds(figures: dict[str, Any]) -> bool:
    judged = figures[JUDGED]
    return bool(
        judged["recall"] >= LEAST
        and judged["precision"] >= LEAST
        and judged["false_a_feeder_week"] <= MOST_FALSE_A_WEEK
        and judged["delay_s_p95"] <= MOST_DELAY_S
        and figures["alerts"]["false_a_feeder_week"] <= MOST_FALSE_A_WEEK
    )


def _shown(week: FeederWeek, truth: Truth) -> bool:
    """Whether the meter read it twice, and was not silent when it began."""
    first, after = np.searchsorted(week.seconds, [truth.begin, truth.end])
    if after - first < 2 or not first:
        return False
    return bool(week.seconds[first] - week.seconds[first - 1] <= GAP_S)


def _laboratory(found: Sequence[Recording]) -> dict[str, dict[str, Any]]:
    """With all the meter gives, and with its active power alone; at 1 s and at 5 s."""
    figures: dict[str, dict[str, Any]] = {}
    for recording in found:
        for every in (1, 5):
            for known in ("reactive", "power_factor", "active_alone"):
                score = Score(weeks=recording.hours / 168)
                some = [
                    (
                        second,
                        watts,
                        reactive if known == "reactive" else None,
                        factor if known == "power_factor" else None,
                    )
                    for second, watts, reactive, factor in recording.rows[::every]
                ]
                said = alerts(some, charging="allowed", clear_for_s=5)
                told = [
                    Told((one.happened - BEGIN) / 1000, (one.known - BEGIN) / 1000,
                         (one.known - BEGIN) / 1000)
                    for one in said if one.condition == APPLIANCE and one.active
                ]  # fmt: skip
                heats = [truth for truth in recording.took if truth.group is Group.HEATER]
                score.add(told, heats, heats, ())
                told_of = score.figures()
                holds = known == "active_alone" or (
                    score.found == score.true and not score.wrong and told_of["within_30_s"] == 1
                )
                figures[f"{recording.name} {every} s {known}"] = {
                    "kettles": score.true,
                    "found": score.found,
                    "false": score.wrong,
                    "recall_bounds": wilson(score.found, score.true),
                    "delay_s_most": told_of["delay_s_most"],
                    "others_on": sum(t.group is not Group.HEATER for t in recording.took),
                    "holds": holds,
                }
    return figures


def _cost() -> float:
    """Microseconds of a three-phase reading in which nothing was switched."""
    rule = bare()
    state = DeviceState(Device("school", "feeder", "electrical"), Hearing(BEGIN, True), BEGIN)
    memory = rule.memory()
    random = Random(1)
    count = 200_000
    best = float("inf")
    readings = []
    for number in range(count):
        now = BEGIN + 2000 * number
        watts: list[Any] = [random.randrange(780, 820) for _ in range(3)]
        readings.append(Reading(Channel.TELEMETRY, {"power_w": watts}, now, b"", now, now))
    for _ in range(3):
        memory = rule.memory()
        begin = time.thread_time()
        for reading in readings:
            rule.judge(memory, state, reading, reading.received)
        best = min(best, time.thread_time() - begin)
    return round(1e6 * best / count, 3)
