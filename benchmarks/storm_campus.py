"""The storm of `benchmarks.storm`: which devices there are, what becomes of each, and when.

Twenty schools. Of each, three hundred meters find a leakage current, fifty smoke detectors dirt,
fifty alarm buttons are taken off the wall, and five devices raise an emergency. In half of them one
building loses its power: two hundred devices are not heard any more. Every device is told of once.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from devices.model import Device, Place, School
from devices.simulator.campus import Campus

SCHOOLS: Final = 20
BUILDINGS: Final = 10
"""Schools that lose the power of one building."""

METERS: Final = 300
DIRTY: Final = 45
OPENED: Final = 50
PRESSED: Final = 3
SMOKE: Final = 2
CUT_OFF: Final = 200

HEARTBEAT_S: Final = 10.0
"""How often the devices of a building speak that will lose its power."""

SECONDS: Final = 60.0
CUT_WITHIN_S: Final = 30.0
"""The power cuts begin within so long: a silence is found up to one limit (20 s) and more later."""

_AT_ONCE: Final[dict[str, object]] = {"for_s": 0}
_QUICK: Final[dict[str, object]] = {
    "expected_s": HEARTBEAT_S,
    "grace_s": HEARTBEAT_S,
    "shortest_s": 2 * HEARTBEAT_S,
    "settle_s": HEARTBEAT_S,
}


class Said(msgspec.Struct, frozen=True):
    """One message of the storm, ``after`` so many seconds, and the finding that it must lead to."""

    after: float
    school: str
    kind: str
    device: str
    channel: str
    values: dict[str, Any]
    condition: str
    emergency: bool = False

    @property
    def topic(self) -> str:
        """Where it is published."""
        return f"campus/{self.school}/{self.kind}/{self.device}/{self.channel}"

    @property
    def finding(self) -> tuple[str, str, str]:
        """School, device and condition."""
        return self.school, self.device, self.condition

    def body(self, at: float) -> bytes:
        """The payload, published ``at`` (ms)."""
        return json.dumps({"ts": int(at), "seq": 1, **self.values}).encode()


_SORTS: Final = (
    ("meter", "electrical", METERS, "telemetry", {"residual_current_ma": 412}, "residual_current"),
    ("dirty", "smoke", DIRTY, "telemetry", {"chamber_dirty_pct": 91}, "chamber_dirty"),
    ("opened", "alarm-button", OPENED, "event", {"event": "tamper"}, "tamper"),
    ("button", "alarm-button", PRESSED, "event", {"event": "pressed"}, "panic"),
    ("smoke", "smoke", SMOKE, "event", {"event": "alarm"}, "smoke"),
)
"""Prefix of the ids, kind, how many a school, channel, what they say, the condition it means."""

_EMERGENCIES: Final = ("panic", "smoke")
_RULES: Final[dict[str, dict[str, dict[str, object]]]] = {
    "residual_current": {"residual_current": _AT_ONCE},
    "chamber_dirty": {"chamber_dirty": _AT_ONCE},
}


def school(number: int) -> str:
    """The id of a school."""
    return f"storm{number}"


def campus() -> Campus:
    """Everything that is registered."""
    schools = range(SCHOOLS)
    return Campus(
        regions=(),
        schools=tuple(School(school(n), f"第{n + 1}中学", f"No. {n + 1}") for n in schools),
        places=tuple(place for n in range(BUILDINGS) for place in _building(school(n))),
        devices=tuple(device for n in schools for device in _devices(n)),
    )


def victims() -> list[Device]:
    """The devices of the buildings that lose their power."""
    return [device for device in campus().devices if device.place is not None]


def storm(seed: int = 1) -> list[Said]:
    """All messages, the earliest first; emergencies at even distances among them."""
    chance = random.Random(seed)
    said = [
        Said(
            after=chance.uniform(0, SECONDS),
            school=school(number),
            kind=kind,
            device=f"{prefix}-{one}",
            channel=channel,
            values=values,
            condition=condition,
            emergency=condition in _EMERGENCIES,
        )
        for number in range(SCHOOLS)
        for prefix, kind, count, channel, values, condition in _SORTS
        for one in range(count)
    ]
    urgent = [one for one in said if one.emergency]
    chance.shuffle(urgent)
    apart = SECONDS / len(urgent)
    spread = [
        msgspec.structs.replace(one, after=(place + chance.random()) * apart)
        for place, one in enumerate(urgent)
    ]
    return sorted([*(one for one in said if not one.emergency), *spread], key=lambda one: one.after)


def cuts() -> dict[str, float]:
    """After how many seconds a school's building loses its power."""
    return {school(n): n * CUT_WITHIN_S / BUILDINGS for n in range(BUILDINGS)}


def _devices(number: int) -> Iterator[Device]:
    for prefix, kind, count, _, _, condition in _SORTS:
        for one in range(count):
            yield Device(
                school(number), f"{prefix}-{one}", kind, parameters=_RULES.get(condition, {})
            )
    if number < BUILDINGS:
        for one in range(CUT_OFF):
            place = f"{school(number)}-{one % 4}"
            yield Device(
                school(number),
                f"room-{one}",
                "temperature",
                place=place,
                parameters={"silent": _QUICK},
            )


def _building(of: str) -> list[Place]:
    rooms = [Place(f"{of}-{n}", of, f"{n}", f"{n}", f"{of}-a") for n in range(4)]
    return [Place(f"{of}-a", of, "教学楼", "Teaching building"), *rooms]
