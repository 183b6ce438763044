"""The simulator's feeders raise nothing on ordinary days, with the figures of the kind's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.rules import bind
from alerts.rules.rule import DeviceState, Hearing
from devices.kinds import effective_rules
from devices.model import Device
from devices.reading import Channel, Reading
from devices.simulator.behaviour import measure
from devices.timekeeping import place_in_time
from gateway.kinds import load_kinds

KINDS = load_kinds(Path(__file__).parents[3] / "config" / "kinds")
MONDAY = 1_795_363_200_000 - 8 * 3_600_000
DAYS = 5
EVERY = 120_000


@pytest.mark.parametrize("place", ["teaching", "dorm-2", "canteen"])
def test_a_feeder_raises_nothing_in_five_days(place):
    spec = KINDS["electrical"]
    # Its breaker suits it: simulated feeders draw 40 A a phase at most.
    rules = bind(effective_rules(spec, None, {"overload": {"rating_a": 50}}), spec)
    device = Device("school", f"meter-{place}", "electrical", place=place)
    state = DeviceState(device, Hearing(MONDAY, True), MONDAY)
    state.rules = rules
    state.memories = [rule.memory() for rule in rules]
    for now in range(MONDAY, MONDAY + DAYS * 86_400_000, EVERY):
        values = measure(device, 1, now)
        reading = Reading(Channel.TELEMETRY, values, now, b"{}", now - 200)
        place_in_time(reading, state.offset)
        state.values.update(values)
        for rule, memory in zip(rules, state.memories, strict=True):
            outcome = rule.judge(memory, state, reading, now) if rule.telemetry else None
            found = () if outcome is None else outcome.findings
            assert not found, f"{found} of {values}"
        state.heard = now
