"""Rooms of detectors put for people: names, levels beside their limits, who was first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from alerts.course import ACTIVATIONS, explanation_of
from alerts.detector import DetectorKnown
from alerts.fire_room import CONDITION, Turn, order_told
from devices.model import Device
from gateway.api.models.devices import CurveLimitOut
from gateway.api.models.fire import (
    DetectorOut,
    DetectorTestOut,
    FireLevelOut,
    FireRoomOut,
    FireTurnOut,
    HighestLevelOut,
    RoomCameraOut,
)
from gateway.api.models.shapes import Names
from gateway.api.present_measuring import lowest_limit, open_alert_out
from gateway.api.register import names
from gateway.fire import DIRTY, LEVELS, WEAK, Room, SeenDetector

if TYPE_CHECKING:
    from alerts.alert import Alert, Transition
    from audit.verification.model import Verification
    from devices.kinds import RuleParameters
    from gateway.api.services import Services
    from gateway.measuring import OpenAlert


class Figures(msgspec.Struct, frozen=True):
    """What schools have set for the kinds of detectors: by kind and school."""

    own: Mapping[str, Mapping[str, RuleParameters]]

    def of(self, device: Device) -> RuleParameters:
        """What its school has set for its kind."""
        return self.own.get(device.kind, {}).get(device.school, {})


def room_fields(room: Room, figures: Figures, services: Services) -> dict[str, object]:
    """What a room's row in the list and its page have in common, by the fields' names."""
    alert, worst, register = room.told.alert, room.worst, services.register
    holder = None if alert is None else services.desk.device(alert.device)
    first = None if holder is None or alert is None else Turn(holder.id, alert.raised)
    conditions = [{each.condition for each in one.alerts} for one in room.seen]
    return {
        "school": room.school,
        "school_name": register.school_name(room.school),
        "place": room.place or None,
        "name": register.place_path(room.school, room.place or None),
        "state": room.stand,
        "verdict": room.told.verdict,
        "since": None if alert is None else alert.raised,
        "fire": None if alert is None else alert.id,
        "first": None if first is None else turn_out(first, room),
        "alert": None if worst is None else open_alert_out(worst, services.words),
        "detectors": len(room.seen),
        "silent": sum(not one.detector.speaks for one in room.seen),
        "dirty": sum(not DIRTY.isdisjoint(each) for each in conditions),
        "weak": sum(not WEAK.isdisjoint(each) for each in conditions),
        "highest": _highest(room, figures, services),
    }


def room_out(room: Room, figures: Figures, services: Services) -> FireRoomOut:
    """One room as the list shows it."""
    return FireRoomOut.model_validate(room_fields(room, figures, services))


def order_of(
    alert: Alert | None, holder: Device | None, past: Iterable[Transition]
) -> Sequence[Turn]:
    """Who saw what is told of a room in which order. ``past`` are the transitions of the alert."""
    if alert is None:
        return ()
    if alert.condition != CONDITION:
        return () if holder is None else (Turn(holder.id, alert.raised),)
    return order_told(
        (each.happened, explanation_of(each.detail).inputs)
        for each in past
        if each.kind in ACTIVATIONS
    )


def turn_out(turn: Turn, room: Room) -> FireTurnOut:
    """When a detector began to see a fire, with its name."""
    known = room.detector(turn.name)
    shown = names("", "", turn.name) if known is None else _name(known)
    return FireTurnOut(device=turn.name, name=shown, at=turn.at)


def detector_out(
    one: SeenDetector,
    known: DetectorKnown,
    tested: Verification | None,
    figures: Figures,
    services: Services,
) -> DetectorOut:
    """One detector with its levels, its chamber, its battery, and when it was tested."""
    device, detector, kinds = one.device, one.detector, services.kinds
    school = figures.of(device)
    return DetectorOut(
        device=device.id,
        kind=device.kind,
        name=_name(device),
        state=detector.stand,
        out_of_service=device.out_of_service,
        alerts=[open_alert_out(each, services.words) for each in one.alerts],
        seen=detector.seen,
        old=detector.old,
        alarms=list(detector.alarms),
        levels=[
            FireLevelOut(
                metric=metric,
                value=value,
                unit=kinds.unit(device.kind, metric),
                limits=[
                    CurveLimitOut(value=limit, label=services.presenter.limit(rule, parameter))
                    for rule, parameter, limit in kinds.limits(device, school, metric)
                ],
            )
            for metric, value in detector.levels.items()
        ],
        chamber_dirty_pct=detector.dirty_pct,
        chamber_dirty_limit_pct=lowest_limit(kinds, device, school, "chamber_dirty_pct"),
        clean_air_pct_m=None if known.clean_air_pct_m is None else round(known.clean_air_pct_m, 2),
        clean_air_limit_pct_m=kinds.figure(device, school, "chamber_drift", "above_pct_m"),
        battery_pct=detector.battery_pct,
        battery_limit_pct=kinds.figure(device, school, "battery", "low_pct"),
        self_tested=known.tested,
        tested=None
        if tested is None or tested.ended is None or tested.verdict is None
        else DetectorTestOut(id=tested.id, at=tested.ended, verdict=tested.verdict),
    )


def camera_out(
    camera: Device, *, inside: bool, alert: OpenAlert | None, services: Services
) -> RoomCameraOut:
    """A camera that looks at a room, or is the nearest to it."""
    return RoomCameraOut(
        device=camera.id,
        name=_name(camera),
        place=services.register.place_path(camera.school, camera.place),
        inside=inside,
        out_of_service=camera.out_of_service,
        alert=None if alert is None else open_alert_out(alert, services.words),
    )


def _highest(room: Room, figures: Figures, services: Services) -> list[HighestLevelOut]:
    found = []
    for metric in LEVELS:
        reads = [
            (one.detector.levels[metric], one.device)
            for one in room.seen
            if one.detector.speaks and metric in one.detector.levels
        ]
        if not reads:
            continue
        value, device = max(reads, key=lambda read: read[0])
        limit = lowest_limit(services.kinds, device, figures.of(device), metric)
        found.append(
            HighestLevelOut(
                metric=metric,
                value=value,
                unit=services.kinds.unit(device.kind, metric),
                limit=limit,
                device=device.id,
            )
        )
    return found


def _name(device: Device) -> Names:
    return names(device.name_zh, device.name_en, device.id)
