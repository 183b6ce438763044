"""Somebody presses an alarm button, and again a little later."""

from __future__ import annotations

from typing import Final

from devices.simulator.scenarios.story import Act, Stage, Story

AGAIN: Final = 20_000


class Press(Story):
    """Two presses of one button: two occurrences, each repeated until the gateway replies."""

    length = 60_000

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        button = stage.pick_device("alarm-button")
        self.acts = tuple(Act(after, button.school, button.id, "pressed") for after in (0, AGAIN))
