"""Settings of what becomes one alert, and of when there are too many."""

from __future__ import annotations

from pydantic import Field, model_validator

from gateway.settings_fields import Section


class CauseSettings(Section):
    """Devices that fall silent together are one alert that lists them. No emergency is ever part
    of one.
    """

    hold_s: float = Field(30, ge=0, le=600)
    """A silence waits so long for others that belong to it, before it is an alert of its own."""

    least_devices: int = Field(5, ge=2, le=1000)
    """So many devices at least of a room, a building, a school or a repeater."""

    share_pct: float = Field(80, ge=50, le=100)
    """And so many percent of those that should have been heard since."""


class FloodSettings(Section):
    """When alerts come faster than a person can work through them (ISA-18.2, 16.5.3)."""

    more_than: int = Field(10, ge=1, le=10_000)
    """A flood begins when more alerts than this come within `minutes`: at one school, or for one
    operator.
    """

    fewer_than: int = Field(5, ge=1, le=10_000)
    """And is over when fewer than this do."""

    minutes: int = Field(10, ge=1, le=1440)
    """The time in which they are counted."""

    @model_validator(mode="after")
    def _ends(self) -> FloodSettings:
        if self.fewer_than > self.more_than:
            raise ValueError("fewer_than must not be above more_than: no flood would ever stand")
        return self
