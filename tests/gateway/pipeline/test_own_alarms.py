"""What a device says of an alarm is heard, whatever somebody has registered it as, or nobody."""

from __future__ import annotations

import pytest
from judged import SMOKE, WARM, Judged

from alerts.finding import Priority
from devices.model import Device

GAS = Device("no3", "kitchen-gas", "gas", row=4)
OTHER = Device("no3", "something", "other", row=5)


@pytest.fixture
def judged() -> Judged:
    return Judged(devices=(SMOKE, WARM, GAS, OTHER))


def stands(judged: Judged, device: Device) -> list[tuple[str, Priority]]:
    return [(one.condition, one.priority) for one in judged.book.of_device(device.row)]


@pytest.mark.parametrize("device", [SMOKE, WARM, GAS, OTHER], ids=lambda one: one.kind)
@pytest.mark.parametrize("value", ["gas_alarm", "co_alarm"])
def test_gas_and_carbon_monoxide_are_emergencies_of_any_detector(
    judged: Judged, device: Device, value: str
) -> None:
    for seq in range(3):  # the first messages are read in full, later ones at a glance
        judged.say(device, "telemetry", ts=judged.now, seq=seq, battery_pct=80, **{value: False})
        judged.clock.turn(60_000)
    judged.say(device, "telemetry", ts=judged.now, seq=3, battery_pct=80, **{value: True})
    assert stands(judged, device) == [(value, Priority.EMERGENCY)]


@pytest.mark.parametrize(("event", "condition"), [("alarm", "device_alarm"), ("pressed", "panic")])
@pytest.mark.parametrize("device", [GAS, OTHER], ids=lambda one: one.kind)
def test_events_of_devices_without_a_kind_are_emergencies(
    judged: Judged, device: Device, event: str, condition: str
) -> None:
    judged.say(device, "event", ts=judged.now, seq=1, event=event)
    assert stands(judged, device) == [(condition, Priority.EMERGENCY)]


def test_gas_of_a_detector_that_nobody_registered_is_an_emergency(judged: Judged) -> None:
    judged.hear("campus/no3/gas/nobodys/telemetry", b'{"gas_alarm": true}')
    (alert,) = judged.book
    assert (alert.condition, alert.priority) == ("unregistered_alarm", Priority.EMERGENCY)
    assert alert.explanation.inputs["event"] == "gas_alarm"
