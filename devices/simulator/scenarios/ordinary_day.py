"""An ordinary day: lessons, meals, evenings; nothing that should alarm anybody."""

from __future__ import annotations

from devices.simulator.scenarios.story import Story


class OrdinaryDay(Story):
    """Nothing happens."""
