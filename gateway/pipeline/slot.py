"""Where a topic leads: its device, who reads it, which rules ask. Looked up once."""

from __future__ import annotations

from alerts.rules.rule import DeviceState
from devices.dialects.dialect import Dialect
from devices.reading import Channel, Route
from gateway.pipeline.glance import RuleSet


class Slot:
    """Kept for every topic of a registered device; `gateway.pipeline.judge` reads from it."""

    __slots__ = ("dialect", "plain", "route", "row", "rules", "state")

    def __init__(self, state: DeviceState, route: Route, dialect: Dialect, rules: RuleSet) -> None:
        self.state = state
        self.row = state.device.row
        self.route = route
        self.dialect = dialect
        self.plain = route.channel is Channel.TELEMETRY
        self.rules = rules
