"""Whatever befalls the gateway, nothing that it acknowledged is lost and no alert is doubled.

A few rounds of `make soak`, with real servers: the audit of the store afterwards is the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from benchmarks.proof import scenarios
from benchmarks.proof.audit import Verdict

pytestmark = [pytest.mark.broker, pytest.mark.long]

FEW = {"readings_per_s": 200.0, "sensors": 50, "buttons": 15}


async def run(scenario: Coroutine[Any, Any, Verdict]) -> dict[str, Any]:
    async with asyncio.timeout(280):
        verdict = await scenario
    assert verdict.wrong == []
    assert verdict.figures["events"] > 0
    assert verdict.figures["readings_acknowledged_by_broker"] > 0
    return verdict.figures


async def test_killed_again_and_again_under_load_it_loses_and_doubles_nothing() -> None:
    figures = await run(scenarios.kills(7, seed=11, **FEW))
    assert figures["readings_lost"] == 0
    assert figures["presses"] == figures["presses_as_occurrences"]


async def test_a_broker_that_is_started_anew_makes_nobody_silent_and_loses_nothing() -> None:
    figures = await run(scenarios.broker_restarted(away_s=6, seed=12, silent_after_s=5, **FEW))
    assert figures["readings_lost"] == 0
    assert figures["false_silence"] == 0


async def test_presses_outlive_even_a_killed_broker_because_buttons_repeat_them() -> None:
    figures = await run(scenarios.broker_killed(away_s=1, seed=13, **FEW))
    assert figures["presses"] == figures["presses_as_occurrences"]


async def test_a_network_that_is_cut_in_every_way_loses_nothing() -> None:
    figures = await run(scenarios.network_cut(stall_s=3, away_s=1, seed=14, **FEW))
    assert figures["readings_lost"] == 0


async def test_a_gateway_that_stood_still_calls_nobody_silent_who_spoke_meanwhile() -> None:
    many = {"readings_per_s": 600.0, "sensors": 1500, "buttons": 5}
    figures = await run(scenarios.stood_still(still_s=5, seed=16, silent_after_s=4, **many))
    assert figures["readings_lost"] == 0
    assert figures["false_silence"] == 0


async def test_on_a_full_disk_presses_are_kept_and_telemetry_waits_for_room() -> None:
    figures = await run(scenarios.disk_full(full_s=6, seed=15, silent_after_s=5, **FEW))
    assert figures["readings_lost"] == 0
    assert figures["false_silence"] == 0
