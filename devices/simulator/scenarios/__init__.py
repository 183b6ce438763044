"""What can happen on a simulated campus: one file a scenario."""

from __future__ import annotations

from typing import Final

from devices.simulator.scenarios.clock_trouble import ClockTrouble
from devices.simulator.scenarios.dying_battery import DyingBattery
from devices.simulator.scenarios.flapping_network import FlappingNetwork
from devices.simulator.scenarios.laboratory_fire import LaboratoryFire
from devices.simulator.scenarios.late_burst import LateBurst
from devices.simulator.scenarios.ordinary_day import OrdinaryDay
from devices.simulator.scenarios.power_cut import PowerCut
from devices.simulator.scenarios.press import Press
from devices.simulator.scenarios.school_dark import SchoolDark
from devices.simulator.scenarios.story import Act, Stage, Story

SCENARIOS: Final[dict[str, type[Story]]] = {
    "ordinary-day": OrdinaryDay,
    "laboratory-fire": LaboratoryFire,
    "power-cut": PowerCut,
    "dying-battery": DyingBattery,
    "flapping-network": FlappingNetwork,
    "school-dark": SchoolDark,
    "clock-trouble": ClockTrouble,
    "press": Press,
    "late-burst": LateBurst,
}


def named(name: str) -> type[Story]:
    """The scenario of that name. Raises ``LookupError`` with those there are."""
    if name not in SCENARIOS:
        raise LookupError(f"there is no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


__all__ = ["SCENARIOS", "Act", "Stage", "Story", "named"]
