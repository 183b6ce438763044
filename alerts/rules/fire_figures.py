"""The figures of fires, how much smoke with how much heat: defaults for the kinds' files."""

from __future__ import annotations

from pydantic import Field, model_validator

from alerts.rules.rule import Parameters


class SmokeAndTemperatureParameters(Parameters):
    """How much smoke with how much heat."""

    smoke_pct_m: float = Field(default=3, gt=0, le=100)
    """Smoke that together with heat is a fire, in %/m above clean air's."""

    heavy_smoke_pct_m: float = Field(default=10, gt=0, le=100)
    """Smoke that is a suspicion by itself, and needs only half the rise to be a fire, in %/m."""

    heavy_for_s: float = Field(default=20, ge=0, le=86_400)
    """How long it must be so heavy to be a suspicion by itself."""

    rise_c: float = Field(default=5, gt=0)
    """Rise of the temperature that together with smoke is a suspicion, in °C; double, or with heavy
    smoke half of it, is a fire, and so is half of it when it is quick: within a third of the time.
    """

    fast_rise_c: float = Field(default=12, gt=0)
    """Rise of the temperature that is a suspicion by itself, in °C."""

    within_s: float = Field(default=300, ge=10, le=86_400)
    """The time within which it must have risen so much."""

    hot_c: float = 54
    """A temperature that together with smoke is a fire whether it rises or not, in °C."""

    steam_humidity_pct: float = Field(default=90, gt=0)
    """From this relative humidity on smoke may be steam: by itself it is no suspicion then, and
    the rise must be double."""

    steam_jump_pct: float = Field(default=15, gt=0)
    """Nor is it while the relative humidity has so jumped, in percentage points above the usual."""

    longest_gap_s: float = Field(default=150, ge=1, le=86_400)
    """After so long without a value, what was before is not compared with what comes after."""

    held_for_s: float = Field(default=1200, ge=0, le=86_400)
    """Devices that speak when something changes are silent before it does: with smoke, the
    temperature may also have risen since the last word, if that is no older than this."""

    compensated_pct_m: float = Field(default=1.5, ge=0, le=100)
    """How much of what the chamber reads in clean air is taken off the smoke at most, in %/m."""

    @model_validator(mode="after")
    def _ordered(self) -> SmokeAndTemperatureParameters:
        if self.heavy_smoke_pct_m <= self.smoke_pct_m:
            raise ValueError("heavy_smoke_pct_m must be more than smoke_pct_m")
        if self.fast_rise_c <= self.rise_c:
            raise ValueError("fast_rise_c must be more than rise_c")
        return self
