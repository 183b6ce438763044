"""A fire in a laboratory: smoke first, heat after it, the corridor's rooms later and less."""

from __future__ import annotations

from typing import Final

from devices.model import Device
from devices.simulator.behaviour import ORDINARY, SMOKE_ALARM_PCT_M, Conditions
from devices.simulator.scenarios.story import Act, Stage, Story

BEGINS: Final = 5_000
SPREAD: Final = 60_000
"""From the room to the rest of the floor, in ms."""

_SENSES: Final = ("smoke-temperature", "smoke", "temperature")


class LaboratoryFire(Story):
    """Smouldering, then open fire growing with the square of time (a "fast" fire of NFPA 92:
    who watches a demonstration should not wait long)."""

    length = 12 * 60_000

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        origin = stage.pick_device(*_SENSES, place="lab")
        self.school = origin.school
        self.room = origin.place or ""
        self.floor = next(
            (
                place.parent
                for place in stage.campus.places
                if (place.school, place.id) == (self.school, self.room)
            ),
            None,
        )
        where = f"{self.school}/{self.room}"
        self.foretold = f"smoke, then heat in {where}; an emergency in about a minute and a half"
        self._floor_rooms = {
            place.id
            for place in stage.campus.places
            if place.school == self.school and place.parent == self.floor and self.floor
        }
        self.acts = tuple(
            sorted(
                (
                    Act(after, device.school, device.id, "alarm", {"smoke_alarm": True})
                    for device in stage.campus.of_school(self.school)
                    if device.kind in ("smoke", "smoke-temperature") and device.dialect == "native"
                    for after in self._alarms(device)
                ),
                key=lambda act: act.after,
            )
        )

    def conditions(self, device: Device, elapsed: int) -> Conditions:
        """Smoke and heat in the room and, later and less, on its floor."""
        if device.school != self.school or device.kind not in _SENSES or elapsed >= self.length:
            return ORDINARY
        if device.place == self.room:
            burning, share = elapsed - BEGINS, 1.0
        elif device.place in self._floor_rooms:
            burning, share = elapsed - BEGINS - SPREAD, 0.35
        else:
            return ORDINARY
        if burning <= 0:
            return ORDINARY
        minutes = burning / 60_000
        return Conditions(
            # 10 %/m after a minute and a quarter; the chamber saturates.
            smoke_pct_m=min(40.0, share * 7 * minutes**1.5),
            # +9 °C after a minute and a half, +36 °C after three; under the ceiling at most 250 °C.
            heat_c=min(230.0, share * 4 * minutes**2),
            interval_ms=10_000,  # detectors report more often once something moves
        )

    def _alarms(self, device: Device) -> tuple[int, ...]:
        """When the detector trips, at a second's precision; never more than once."""
        for elapsed in range(0, self.length, 1_000):
            if self.conditions(device, elapsed).smoke_pct_m >= SMOKE_ALARM_PCT_M:
                return (elapsed,)
        return ()
