"""Feeders put for people: names, the building, and what their figures are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from devices.kinds import RuleParameters
from devices.model import Device
from gateway.api.models.electricity import BuildingOut, FeederOut
from gateway.api.present_measuring import lowest_limit, open_alert_out
from gateway.api.register import names
from gateway.electricity import Feeder, Ratings, largest, load_pct, margin
from gateway.measuring import OpenAlert

if TYPE_CHECKING:
    from gateway.api.kinds import KindTable
    from gateway.api.services import Services

_RATING: Final = ("overload", "rating_a")
_RESIDUAL: Final = "residual_current_ma"
_CABLE: Final = "cable_temperature_c"
_DIGITS: Final = 1


class SeenFeeder(msgspec.Struct, frozen=True):
    """A feeder, the building it stands in (``""`` = none), its alert and what is set for it."""

    device: Device
    building: str
    feeder: Feeder
    alert: OpenAlert | None
    ratings: Ratings


def ratings_of(kinds: KindTable, device: Device, school: RuleParameters) -> Ratings:
    """What holds for a device after the figures of its school and its own. Of several limits of
    one value the lowest."""
    return Ratings(
        breaker_a=kinds.figure(device, school, *_RATING),
        residual_ma=lowest_limit(kinds, device, school, _RESIDUAL),
        cable_c=lowest_limit(kinds, device, school, _CABLE),
    )


def feeder_out(seen: SeenFeeder, services: Services) -> FeederOut:
    """One feeder as it is answered."""
    device, feeder, ratings, register = seen.device, seen.feeder, seen.ratings, services.register
    hottest = largest(feeder.cable_c)
    building = register.place_path(device.school, seen.building) if seen.building else None
    return FeederOut(
        school=device.school,
        school_name=register.school_name(device.school),
        device=device.id,
        name=names(device.name_zh, device.name_en, device.id),
        building=None if building is None else BuildingOut(id=seen.building, name=building),
        place=register.place_path(device.school, device.place),
        state=feeder.state,
        out_of_service=device.out_of_service,
        alert=None if seen.alert is None else open_alert_out(seen.alert, services.words),
        seen=feeder.seen,
        old=feeder.old,
        rating_a=ratings.breaker_a,
        load_pct=_rounded(load_pct(feeder.current_a, ratings.breaker_a)),
        current_a=list(feeder.current_a),
        voltage_v=list(feeder.voltage_v),
        power_w=feeder.power_w,
        residual_current_ma=feeder.residual_ma,
        residual_limit_ma=ratings.residual_ma,
        cable_temperature_c=list(feeder.cable_c),
        cable_limit_c=ratings.cable_c,
        cable_margin_c=_rounded(margin(hottest, ratings.cable_c)),
        switch=feeder.switch,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
