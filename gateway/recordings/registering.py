"""Recorders on the register: alerts, maintenance and readings need a device."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from alerts.alert import Refusal
from devices.model import Device
from gateway.police.registering import DIALECT, Registering
from gateway.settings_recordings import RecorderSettings

KIND: Final = "recorder"
REASON: Final = "recorders"


def spoken_for(device: Device) -> bool:
    """Whether the gateway itself speaks for this recorder: nobody else then does over MQTT."""
    return device.kind == KIND and device.dialect == DIALECT


async def ensure_registered(
    recorder: RecorderSettings,
    *,
    find: Callable[[str, str], Device | None],
    has_school: Callable[[str], bool],
    registering: Registering,
) -> str:
    """Register it when it is not; why it cannot be, or nothing."""
    found = find(*recorder.key)
    if found is not None:
        if found.kind == KIND:
            return ""
        return (
            f"{recorder.school} has another device '{recorder.id}' ({found.kind}): "
            "give the recorder or the device another name"
        )
    if not has_school(recorder.school):
        return f"there is no school '{recorder.school}' on the register: import it"
    device = Device(
        school=recorder.school,
        id=recorder.id,
        kind=KIND,
        name_zh=f"录像机 {recorder.id}",
        name_en=f"Recorder {recorder.id}",
        dialect=DIALECT,
    )
    registered = await registering.register(device, "", REASON)
    return f"{registered.code}: {registered.detail}" if isinstance(registered, Refusal) else ""


def left_over(devices: Iterable[Device], configured: Collection[tuple[str, str]]) -> list[Device]:
    """Those that the gateway put there for recorders it has no longer."""
    return [one for one in devices if spoken_for(one) and one.key not in configured]
