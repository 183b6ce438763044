"""Where a topic leads: its device, who reads it, which rules ask. Looked up once."""

from __future__ import annotations

from msgspec.structs import replace

from alerts.rules.rule import DeviceState
from devices.dialects.dialect import Dialect
from devices.model import Device
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


def in_its_words(route: Route, device: Device) -> Route:
    """The same route in the register's strings: those of 100,000 topics are 20 MB of copies."""
    return replace(
        route,
        school=device.school,
        device=device.id if route.device == device.id else route.device,
        kind=device.kind if route.kind == device.kind else route.kind,
    )
