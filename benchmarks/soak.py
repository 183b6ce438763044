"""Nothing acknowledged is lost, no alert doubled: kills at random instants, and other disasters.

``SOAK_ROUNDS`` sets how many kills there are (200). What Mosquitto itself loses when it is killed
is printed apart: it had acknowledged it, we had not.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final

from benchmarks import measure
from benchmarks.proof import scenarios
from benchmarks.proof.audit import Verdict

ROUNDS: Final = 200
SILENT_S: Final = 15
"""From when on a sensor counts as silent: each outage lasts longer, and raises no such alert."""

AWAY_S: Final = 20.0


def main() -> dict[str, Any]:
    """Figures by scenario, and whether all of them hold."""
    rounds = int(os.environ.get("SOAK_ROUNDS", ROUNDS))
    runs: dict[str, Callable[[], Awaitable[Verdict]]] = {
        "kills": lambda: scenarios.kills(rounds),
        "broker_restarted": lambda: scenarios.broker_restarted(
            away_s=AWAY_S, silent_after_s=SILENT_S
        ),
        "broker_killed": lambda: scenarios.broker_killed(away_s=AWAY_S, silent_after_s=SILENT_S),
        "network_cut": lambda: scenarios.network_cut(
            away_s=AWAY_S, stall_s=AWAY_S, silent_after_s=SILENT_S
        ),
        "disk_full": lambda: scenarios.disk_full(full_s=AWAY_S, silent_after_s=SILENT_S),
    }
    figures: dict[str, Any] = {
        name: _figures(name, asyncio.run(_run(run))) for name, run in runs.items()
    }
    figures["lost_by_a_killed_mosquitto"] = figures["broker_killed"]["readings_lost"]
    figures["clock_jump"] = "not shown: libfaketime is no part of this project"
    figures["holds"] = all(not figures[name]["wrong"] for name in runs)
    return figures


async def _run(run: Callable[[], Awaitable[Verdict]]) -> Verdict:
    return await run()


def _figures(name: str, verdict: Verdict) -> dict[str, Any]:
    for line in verdict.wrong:
        measure.say(f"{name}: WRONG: {line}")
    known = verdict.figures
    measure.say(
        f"{name}: {known['readings_acknowledged_by_broker']} readings and {known['events']} events "
        f"acknowledged; lost {known['readings_lost']} readings, "
        f"{known['events'] - known['events_stored']} events; "
        f"{known['presses']} presses became {known['presses_as_occurrences']} occurrences"
    )
    return {**known, "wrong": verdict.wrong}
