"""Fires of rooms: between the rules and the alert book, where detectors' findings come together.

What a detector finds goes to the alert book as ever, and at once; signs, which are no alerts, end
here. Then the room is judged (`alerts.fire_room`), and what that comes to is an alert of the
detector that was first, on top of their own.

Pure state, no I/O. None of it is stored: after a restart it follows from the alerts that stand.
Signs are no alerts, and forgotten until they come anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from alerts.finding import Finding
from alerts.fire_room import (
    CONDITION,
    Witness,
    judge_room,
    room_burns,
    room_is_quiet,
    testifies,
    witness_of,
)
from alerts.rules.fire_sign import SIGN
from devices.model import Device
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.roster import Roster
from gateway.pipeline.work import Work

LOOK_AFTER_MS: Final = 600_000
"""So long after a start, a room in which nobody sees anything any more is called quiet."""

Room: TypeAlias = tuple[str, str]
"""School and place."""


class _Burning:
    """Whose alert tells of a room's fire, and which detectors it knows of."""

    __slots__ = ("holder", "known")

    def __init__(self, holder: int, known: set[int]) -> None:
        self.holder = holder
        self.known = known


class FireRooms:
    """What the detectors of all rooms see now, and which rooms burn."""

    def __init__(self, *, book: AlertBook, roster: Callable[[], Roster]) -> None:
        self._book: Final = book
        self._roster_of: Final = roster
        self._said: Final[dict[Room, dict[tuple[int, str], Witness]]] = {}
        self._burning: Final[dict[Room, _Burning]] = {}
        self._due: int | None = None

    def load(self, now: int) -> None:
        """At a start: what stood at the last commit. The roster and the book are loaded."""
        roster = self._roster_of()
        for alert in self._book:
            device = roster.device(alert.device)
            room = None if device is None else _room_of(device)
            if device is None or room is None or not alert.active:
                continue
            if alert.condition == CONDITION:
                self._burning[room] = _Burning(device.row, {device.row})
                self._due = now + LOOK_AFTER_MS
                continue
            said = witness_of(
                alert.condition,
                alert.explanation,
                device=device.row,
                name=device.id,
                since=alert.raised,
            )
            if said is not None:
                self._said.setdefault(room, {})[device.row, alert.condition] = said
        for room, burning in self._burning.items():
            burning.known |= {row for row, _ in self._said.get(room, {})}

    def take(self, finding: Finding, device: Device, work: Work) -> bool:
        """Take in a finding that has a say here; false when it has none."""
        if not testifies(finding.condition):
            return False
        if finding.condition != SIGN:
            self._book.fold(finding, device, work)
        room = _room_of(device)
        if room is not None and self._note(finding, device, room):
            self._judge(room, work)
        return True

    def next(self) -> int | None:
        """When rooms that burnt before the start are to be looked at."""
        return self._due

    def tick(self, now: int, work: Work) -> None:
        """Rooms in which nobody has seen anything since the start are quiet."""
        if self._due is None or now < self._due:
            return
        self._due = None
        for room in list(self._burning):
            self._judge(room, work)

    def _note(self, finding: Finding, device: Device, room: Room) -> bool:
        """Whether it changes what is known of the room."""
        said = self._said.setdefault(room, {})
        key = (device.row, finding.condition)
        if not finding.active:
            return said.pop(key, None) is not None
        told = witness_of(
            finding.condition,
            finding.explanation,
            device=device.row,
            name=device.id,
            since=finding.happened,
        )
        if told is None or (device.out_of_service and not told.alarm):
            return False
        said[key] = told
        return True

    def _judge(self, room: Room, work: Work) -> None:
        now, burning = work.batch.now, self._burning.get(room)
        if burning is not None and self._roster_of().device(burning.holder) is None:
            burning = None  # its alert can tell of nothing more: another one's has to
        said = self._still_there(room)
        fire = judge_room(said.values())
        if fire is not None:
            rows = {one.device for one in fire.witnesses}
            if burning is None:
                burning = self._burning[room] = _Burning(fire.first.device, set())
            if not rows <= burning.known:
                burning.known |= rows
                self._fold(room_burns(fire, now), burning, work)
        elif burning is not None and not said:
            del self._burning[room]
            self._fold(room_is_quiet(now), burning, work)

    def _still_there(self, room: Room) -> dict[tuple[int, str], Witness]:
        """What is testified by detectors that are in the room still."""
        roster, said = self._roster_of(), self._said.get(room, {})
        for key in list(said):
            device = roster.device(key[0])
            if device is None or _room_of(device) != room:
                del said[key]
        if not said:
            self._said.pop(room, None)
        return said

    def _fold(self, finding: Finding, burning: _Burning, work: Work) -> None:
        device = self._roster_of().device(burning.holder)
        if device is not None:
            self._book.fold(finding, device, work)


def _room_of(device: Device) -> Room | None:
    return None if device.place is None else (device.school, device.place)
