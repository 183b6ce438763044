"""What devices are heard or seen through, of whatever kind it is, and whom its alert stands for.

*Heard through*: the register says so (`Device.repeater`): a repeater, a gateway, a camera's probe.
While that one is silent nobody behind it is judged (`alerts.rules.silent`). *Seen through*: the
cameras of a recorder, by the settings: when that is away, nobody can say how they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from alerts.alert import Alert
from alerts.correlation import REPEATER
from alerts.recorders import AWAY
from alerts.rules.gateway_health import FEED_LOST, FEED_STALLED
from devices.model import Device
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.outs import WATCHED
from gateway.pipeline.roster import GATEWAY, Roster

Recorded: TypeAlias = "Mapping[tuple[str, str], Sequence[str]]"
"""The ids of the cameras of each recorder, by its school and id."""

STANDS_FOR_ALL: Final = AWAY
"""Conditions of which one alert is enough: who goes out behind such a device is its victim. Behind
one that is silent by the rule `alerts.rules.silent` nobody goes out to begin with."""


class Upstream:
    """Answers from the register and the settings as they are now."""

    def __init__(self, roster: Callable[[], Roster], book: AlertBook, recorded: Recorded) -> None:
        self._roster: Final = roster
        self._book: Final = book
        self._recorded: Final = recorded
        self._recorder_of: Final = {
            (school, camera): recorder
            for (school, recorder), cameras in recorded.items()
            for camera in cameras
        }
        self._noted: Final[dict[str, set[int]]] = {}

    def scopes(self, device: Device) -> tuple[str, ...]:
        """The scopes of those that a device is heard or seen through."""
        through = (device.repeater, self._recorder_of.get(device.key))
        if through == (None, None):
            return ()
        return tuple(dict.fromkeys(REPEATER + one for one in through if one is not None))

    def behind(self, device: Device) -> list[Device]:
        """The registered devices that are heard or seen through this one."""
        roster = self._roster()
        found = {one.row: one for one in roster.behind(device) if one.row != device.row}
        for name in self._recorded.get(device.key, ()):
            camera = roster.named(device.school, name)
            if camera is not None:
                found.setdefault(camera.row, camera)
        return list(found.values())

    def note(self, alert: Alert) -> bool:
        """Remember an alert if it stands for all behind its device; whether it is such a one."""
        if alert.condition not in STANDS_FOR_ALL:
            return False
        self._noted.setdefault(alert.school, set()).add(alert.id)
        return True

    def standing(self, school: str) -> Iterator[tuple[Alert, Device]]:
        """The active alerts of a school that stand for all behind a device, and that device."""
        noted, roster = self._noted.get(school, set()), self._roster()
        for number in sorted(noted):
            alert = self._book.get(number)
            device = None if alert is None else roster.device(alert.device)
            if alert is None or not alert.active or device is None:
                noted.discard(number)
            else:
                yield alert, device

    def silenced(self, alert: Alert) -> Sequence[Device]:
        """Whom an alert without a scope keeps from being heard, or seen to: all behind what is
        silent or away itself, or all of them while the broker is.
        """
        if not alert.active or alert.scope:
            return ()
        roster = self._roster()
        if alert.device == GATEWAY.row:
            return tuple(roster.devices()) if _of_the_broker(alert) else ()
        device = roster.device(alert.device)
        if device is None or alert.condition not in WATCHED | STANDS_FOR_ALL:
            return ()
        return self.behind(device)

    def count(self, alert: Alert) -> int:
        """How many devices an alert keeps from being heard; of one with a scope, its victims."""
        if alert.scope or not alert.active:
            return alert.victims
        if _of_the_broker(alert):
            return len(self._roster())
        return len(self.silenced(alert))


def _of_the_broker(alert: Alert) -> bool:
    return alert.device == GATEWAY.row and alert.condition in {FEED_LOST, FEED_STALLED}
