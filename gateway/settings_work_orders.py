"""Settings of work orders: when a fault becomes one, and how long there is to mend it."""

from __future__ import annotations

from pydantic import Field

from gateway.settings_fields import Section


class WorkOrderSettings(Section):
    """Work orders: faults that somebody has to mend."""

    after_minutes: int = Field(60, ge=0, le=10_080)
    """A fault that stands so long becomes a work order; 0 = only people open them. An emergency
    never becomes one.
    """

    deadline_hours: int = Field(24, ge=1, le=2160)
    """Hours to mend it, counted from when the order is opened (GB/T 29315-2012: 24)."""

    together: int = Field(10, ge=1, le=1000)
    """When more faults of one sort come at a school within an hour than this, they become one
    order of the school.
    """

    most_standing: int = Field(2000, ge=1, le=100_000)
    """Orders the gateway may have standing; further faults wait, and the page says how many."""
