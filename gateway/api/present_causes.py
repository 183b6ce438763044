"""What alerts have in common, for the page: causes with their victims, floods."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from alerts.alert import Alert
from alerts.correlation import PLACE, REPEATER, SCHOOL
from gateway.api.models.alerts import AlertDeviceOut
from gateway.api.models.causes import FloodOut, VictimOut, VictimsOut
from gateway.api.models.shapes import Names
from gateway.api.register import Register, names
from gateway.store.batch import Victim
from gateway.words import Words

if TYPE_CHECKING:
    from alerts.flood import Flood
    from devices.model import Device
    from gateway.pipeline.causes import Causes
    from gateway.pipeline.floods import Floods


def _flood(school: str, name: Names, flood: Flood) -> FloodOut:
    return FloodOut(
        school=school, school_name=name, since=flood.since, count=flood.count, first=flood.first
    )


class InCommon:
    """Asks those who know; a gateway without them (a test's) has neither causes nor floods."""

    def __init__(
        self,
        *,
        causes: Causes | None,
        floods: Floods | None,
        register: Register,
        words: Words,
        device_of: Callable[[int], Device | None],
    ) -> None:
        self._causes: Final = causes
        self._floods: Final = floods
        self._register: Final = register
        self._words: Final = words
        self._device_of: Final = device_of

    def victims(self, alert: Alert) -> int:
        """How many devices an alert keeps from being heard."""
        return alert.victims if self._causes is None else self._causes.count(alert)

    def scope(self, school: str, scope: str) -> AlertDeviceOut:
        """What an alert is about that is no single device, in the place of one."""
        kind, _, name = scope.partition(":")
        device = None
        if scope.startswith(REPEATER) and self._causes is not None:
            device = self._causes.through(school, name)
        if scope == SCHOOL:
            called = self._register.school_name(school)
        elif device is not None and device.kind != kind:
            kind, called = device.kind, names(device.name_zh, device.name_en, device.id)
        elif scope.startswith(PLACE):
            called = self._register.place_path(school, name) or Names(zh=name, en=name)
        else:
            text = self._words.both("scope.repeater", id=name)
            called = Names(zh=text["zh"], en=text["en"])
        return AlertDeviceOut(school=school, id=name or school, kind=kind, name=called)

    def floods(self, schools: frozenset[str] | None) -> list[FloodOut]:
        """The floods that stand now; that of all these schools together while none of them has
        one of its own.
        """
        if self._floods is None:
            return []
        found = self._floods.standing(schools)
        if found:
            return [
                _flood(school, self._register.school_name(school), flood)
                for school, flood in found.items()
            ]
        flood = self._floods.of_area(schools)
        if flood is None:
            return []
        area = self._words.both("scope.area")
        return [_flood("", Names(zh=area["zh"], en=area["en"]), flood)]

    def silenced(
        self, alert: Alert, schools: frozenset[str] | None, most: int, after: int
    ) -> VictimsOut | None:
        """Whom an alert without a scope keeps from being heard; ``None`` when nobody.

        ``after`` is how many come before this page.
        """
        devices = () if self._causes is None else self._causes.silenced(alert)
        seen = [one for one in devices if schools is None or one.school in schools]
        if not seen:
            return None
        shown = seen[after : after + most]
        return VictimsOut(
            items=[self._victim(one, one.row, None, None, None) for one in shown],
            total=len(seen),
            out=len(seen),
        )

    def victim(self, victim: Victim) -> VictimOut:
        """A victim on record."""
        device = self._device_of(victim.device)
        return self._victim(device, victim.device, victim.since, victim.back, victim.alone)

    def _victim(
        self,
        device: Device | None,
        row: int,
        since: int | None,
        back: int | None,
        alone: int | None,
    ) -> VictimOut:
        number = str(row)  # off the register it keeps its number
        return VictimOut(
            school="" if device is None else device.school,
            id=number if device is None else device.id,
            kind="" if device is None else device.kind,
            name=names("", "", number)
            if device is None
            else names(device.name_zh, device.name_en, device.id),
            place=None
            if device is None
            else self._register.place_path(device.school, device.place),
            since=since,
            back=back,
            alone=alone,
        )
