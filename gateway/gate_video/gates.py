"""Which cameras are gate cameras: those in places that the settings name as gates. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from devices.model import Device
from gateway.near_cameras import CAMERA


def gate_cameras(
    devices: Iterable[Device],
    gates: Collection[str],
    around: Callable[[str, str | None], Sequence[str]],
) -> Iterator[Device]:
    """``gates``: as ``SCHOOL/PLACE``; ``around`` gives a place of a school and what lies around it.
    One that is out of service stays one: taking it out does not make the gate a watched one.
    """
    for device in devices:
        if device.kind != CAMERA:
            continue
        places = around(device.school, device.place)
        if any(f"{device.school}/{place}" in gates for place in places):
            yield device
