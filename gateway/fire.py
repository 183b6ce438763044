"""How each detector of fire or gas is, and what those of one room come to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from alerts.alert import Alert
from alerts.fire_room import CONDITION, CONFIRMED, witness_of
from alerts.rules.measure import number, truth
from alerts.rules.smoke_and_temperature import SMOKE, TEMPERATURE
from devices.model import Device
from gateway.desk import DeviceConnection
from gateway.measuring import RANK, OpenAlert, Stand, is_old, stand_of

OWN_ALARMS: Final = ("smoke_alarm", "co_alarm", "gas_alarm")
"""Values in which a detector says that it is in alarm itself."""

LEVELS: Final = (SMOKE, TEMPERATURE, "co_ppm")
"""Values that have a level, and a curve."""

_DETECTS: Final = frozenset({*OWN_ALARMS, *LEVELS})

_TELLS: Final = _DETECTS - {TEMPERATURE}
"""A device of which nobody has said what it is may measure the temperature of anything."""

DIRTY: Final = frozenset({"chamber_dirty", "chamber_drift"})
"""Conditions of a chamber that has to be cleaned."""

WEAK: Final = frozenset({"battery_low", "battery_critical"})

_CALM: Final = 9
"""Beyond every priority."""


class FireVerdict(StrEnum):
    """What the detectors of a room come to, the gravest first."""

    CONFIRMED = "confirmed"  # one is in alarm and another one bears it out
    TOGETHER = "together"  # none would be enough by itself, together they are a fire
    ALONE = "alone"  # one is in alarm, no other one sees anything of it
    SUSPECTED = "suspected"  # one sees something that is not enough for an alarm
    OVER = "over"  # nobody sees anything any more; a person has to look and reset it
    UNKNOWN = "unknown"  # none of them is heard, or none says anything of fire
    QUIET = "quiet"


GRAVITY: Final = {verdict: place for place, verdict in enumerate(FireVerdict)} | {
    # Nothing is known to be wrong: the stand of its detectors tells these two apart.
    FireVerdict.QUIET: list(FireVerdict).index(FireVerdict.UNKNOWN)
}
"""What people should look at comes first."""


class Detector(msgspec.Struct, frozen=True):
    """What a detector last said: the alarms it says it is in, and its levels.

    ``seen`` is when it was last heard (ms), ``old`` whether that is longer ago than is usual for
    it: then it was so, and nobody knows how it is. ``tells``: it has said anything of fire or gas.
    """

    stand: Stand
    seen: int | None = None
    old: bool = True
    tells: bool = False
    alarms: tuple[str, ...] = ()
    levels: Mapping[str, float] = {}
    dirty_pct: float | None = None
    battery_pct: float | None = None

    @property
    def speaks(self) -> bool:
        """Whether it says how it is now."""
        return self.tells and not self.old


class RoomVerdict(msgspec.Struct, frozen=True):
    """What a room comes to, and the alert that says why; ``None``: nothing stands."""

    verdict: FireVerdict
    alert: Alert | None = None


def detects(values: Collection[str], *, declared: bool) -> bool:
    """Whether a device is a detector, by the names of the values that its kind declares; of a kind
    that declares nothing of the sort by those that it last told (``declared`` false)."""
    return not (_DETECTS if declared else _TELLS).isdisjoint(values)


def detector_of(connection: DeviceConnection | None, *, alert: bool, now: int) -> Detector:
    """How a detector is at the time ``now`` (ms); ``alert``: one of it is open."""
    values: Mapping[str, Any] = {} if connection is None else connection.values
    tells = not _DETECTS.isdisjoint(values)
    stand = stand_of(connection, alert=alert, tells=tells, now=now)
    if connection is None:
        return Detector(stand)
    levels = {name: level for name in LEVELS if (level := number(values.get(name))) is not None}
    return Detector(
        stand=stand,
        seen=connection.heard,
        old=is_old(connection, now),
        tells=tells,
        alarms=tuple(name for name in OWN_ALARMS if truth(values.get(name))),
        levels=levels,
        dirty_pct=number(values.get("chamber_dirty_pct")),
        battery_pct=connection.battery_pct,
    )


def verdict_of(alerts: Iterable[Alert], *, heard: bool) -> RoomVerdict:
    """What a room comes to by the open alerts of its detectors; ``heard``: one of them speaks."""
    standing = sorted(alerts, key=lambda one: (not one.active, one.raised, one.id))
    for alert in standing:
        if alert.condition == CONDITION and alert.active:
            confirmed = alert.explanation.code == CONFIRMED
            return RoomVerdict(FireVerdict.CONFIRMED if confirmed else FireVerdict.TOGETHER, alert)
    told = [
        (witness, alert)
        for alert in standing
        if (
            witness := witness_of(
                alert.condition, alert.explanation, device=alert.device, name="", since=alert.raised
            )
        )
        is not None
    ]
    for alarm, verdict in ((True, FireVerdict.ALONE), (False, FireVerdict.SUSPECTED)):
        for witness, alert in told:
            if alert.active and witness.alarm is alarm:
                return RoomVerdict(verdict, alert)
    left = [alert for alert in standing if alert.condition == CONDITION]
    left += [alert for witness, alert in told if witness.alarm]
    if left:
        return RoomVerdict(FireVerdict.OVER, left[0])
    return RoomVerdict(FireVerdict.QUIET if heard else FireVerdict.UNKNOWN)


class SeenDetector(msgspec.Struct, frozen=True):
    """A detector, how it is, and its open alerts, the most urgent first."""

    device: Device
    detector: Detector
    alerts: tuple[OpenAlert, ...] = ()

    @property
    def rank(self) -> int:
        """What is worse comes first: by its alert, then by how it stands."""
        urgent = int(self.alerts[0].priority) if self.alerts else _CALM
        return 10 * urgent + RANK[self.detector.stand]


class Room(msgspec.Struct, frozen=True):
    """The detectors of one place of a school (``""``: those without a place)."""

    school: str
    place: str
    seen: tuple[SeenDetector, ...]
    told: RoomVerdict

    @property
    def stand(self) -> Stand:
        """That of the detector that is worst off."""
        return min((one.detector.stand for one in self.seen), key=lambda stand: RANK[stand])

    @property
    def worst(self) -> OpenAlert | None:
        """The most urgent open alert of its detectors."""
        return min(
            (one.alerts[0] for one in self.seen if one.alerts),
            key=lambda alert: (alert.priority, alert.id),
            default=None,
        )

    @property
    def rank(self) -> int:
        """What is graver comes first: by the verdict, then by the detector that is worst off."""
        return 100 * GRAVITY[self.told.verdict] + min(one.rank for one in self.seen)

    def detector(self, device: str) -> Device | None:
        """The detector of that id, while it is here."""
        return next((one.device for one in self.seen if one.device.id == device), None)


def rooms_of(seen: Iterable[SeenDetector], standing: Mapping[int, Sequence[Alert]]) -> list[Room]:
    """Detectors, room by room. ``standing`` are the alerts that tell of a fire, by device row.

    Those that have no place bear each other out no more than if each were alone: nothing is said of
    them together.
    """
    by_place: dict[tuple[str, str], list[SeenDetector]] = {}
    for one in seen:
        key = (one.device.school, one.device.place or "")
        by_place.setdefault(key, []).append(one)
    return [
        Room(
            school,
            place,
            tuple(each),
            verdict_of(
                (alert for one in each for alert in standing.get(one.device.row, ())),
                heard=any(one.detector.speaks for one in each),
            ),
        )
        for (school, place), each in by_place.items()
    ]
