"""Which cameras are gate cameras."""

from __future__ import annotations

from devices.model import Device
from gateway.gate_video.gates import gate_cameras

AROUND = {"lodge": ("lodge", "gate"), "gate": ("gate",), "yard": ("yard",), None: ()}


def around(_school: str, place: str | None) -> tuple[str, ...]:
    return AROUND[place]


def test_gate_cameras_stand_in_a_gate_or_in_what_lies_within_it() -> None:
    devices = [
        Device("no3", "gate-01", "camera", place="gate"),
        Device("no3", "lodge-01", "camera", place="lodge", out_of_service=True),
        Device("no3", "yard-01", "camera", place="yard"),
        Device("no3", "anywhere", "camera"),
        Device("no3", "button", "alarm-button", place="gate"),
        Device("no5", "gate-01", "camera", place="gate"),
    ]
    found = [one.key for one in gate_cameras(devices, {"no3/gate"}, around)]
    assert found == [("no3", "gate-01"), ("no3", "lodge-01")]
    assert list(gate_cameras(devices, (), around)) == []
