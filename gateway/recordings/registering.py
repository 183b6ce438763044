"""Recorders on the register: alerts, maintenance and readings need a device."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from devices.model import Device
from gateway.own_devices import DIALECT
from gateway.settings_recordings import RecorderSettings

KIND: Final = "recorder"
REASON: Final = "recorders"


def spoken_for(device: Device) -> bool:
    """Whether the gateway itself speaks for this recorder: nobody else then does over MQTT."""
    return device.kind == KIND and device.dialect == DIALECT


def is_recorder(device: Device) -> bool:
    """Whether it may stand for a recorder: people register theirs, too."""
    return device.kind == KIND


def device_of(recorder: RecorderSettings) -> Device:
    """What stands for a recorder."""
    return Device(
        school=recorder.school,
        id=recorder.id,
        kind=KIND,
        name_zh=f"录像机 {recorder.id}",
        name_en=f"Recorder {recorder.id}",
        dialect=DIALECT,
    )


def left_over(devices: Iterable[Device], configured: Collection[tuple[str, str]]) -> list[Device]:
    """Those that the gateway put there for recorders it has no longer."""
    return [one for one in devices if spoken_for(one) and one.key not in configured]
