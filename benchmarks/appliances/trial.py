"""A week of a feeder before the recognition, and before the rule as a gateway runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from alerts.appliances.feeder import Feeder, follow
from alerts.appliances.policy import Policy
from alerts.appliances.steps import UNKNOWN
from alerts.finding import Finding, Outcome
from alerts.rules import bind
from alerts.rules.rule import DeviceState, Hearing, Rule
from benchmarks.appliances.composing import FeederWeek
from benchmarks.appliances.scoring import Told
from devices.model import Device
from devices.reading import Channel, Reading

BEGIN: Final = 1_795_104_000_000
"""ms: a midnight in China. The seconds of a week are counted from it."""

LEAST_W: Final = 600.0
GAP_MS: Final = 60_000
SURE: Final = 0.6

Row = tuple[float, float, float | None, float | None]
"""Seconds, W, var, power factor."""


def rows(week: FeederWeek) -> Iterator[Row]:
    """What its meter said."""
    for second, watts in zip(week.seconds.tolist(), week.watts.tolist(), strict=True):
        yield second, watts, None, None


def recognised(readings: Iterable[Row], policies: Sequence[Policy]) -> list[list[Told]]:
    """Per policy: loads that are forbidden by it, and when that was known."""
    feeder = Feeder()
    found: list[dict[int, tuple[Any, int]]] = [{} for _ in policies]
    for second, watts, reactive, _ in readings:
        now = BEGIN + round(second * 1000)
        var = UNKNOWN if reactive is None else reactive
        for load in follow(feeder, now, watts, var, LEAST_W, GAP_MS):
            for known, policy in zip(found, policies, strict=True):
                if id(load) not in known and policy.sure_of(load, now) >= SURE:
                    known[id(load)] = (load, now)
    return [
        [
            Told(
                (load.since - BEGIN) / 1000,
                ((load.ended or load.last) - BEGIN) / 1000,
                (now - BEGIN) / 1000,
            )
            for load, now in known.values()
        ]
        for known in found
    ]


def alerts(readings: Iterable[Row], **parameters: Any) -> list[Finding]:
    """What the rule finds, woken when it asks for it, as in the gateway."""
    (rule,) = bind({"appliances": {"judged": True, "source": "benchmark", **parameters}})
    state = DeviceState(Device("school", "feeder", "electrical"), Hearing(BEGIN, True), BEGIN)
    memory = rule.memory()
    found: list[Finding] = []
    wake: int | None = None
    for second, watts, reactive, factor in readings:
        now = BEGIN + round(second * 1000)
        while wake is not None and wake <= now:
            at, wake = wake, None
            wake = _take(found, rule.tick(memory, state, at), wake)
        values: dict[str, Any] = {"power_w": watts}
        if reactive is not None:
            values["reactive_var"] = reactive
        if factor is not None:
            values["power_factor"] = factor
        reading = Reading(Channel.TELEMETRY, values, now, b"", now, now)
        wake = _take(found, rule.judge(memory, state, reading, now), wake)
    return found


def bare(**parameters: Any) -> Rule:
    """The rule by itself."""
    (rule,) = bind({"appliances": {"judged": True, "source": "benchmark", **parameters}})
    return rule


def _take(found: list[Finding], outcome: Outcome | None, wake: int | None) -> int | None:
    if outcome is None:
        return wake
    found += outcome.findings
    return wake if outcome.wake is None else outcome.wake
