"""The episodes of a condition: from when until when it was true of a device, and why.

Told by findings as rules make them, or by the transitions of alerts as they were written down: so
what rules would have found can be held against what was raised (`alerts.replay`). What people did
to an alert meanwhile is left aside, but that they closed it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from alerts.alert import Transition, TransitionKind
from alerts.course import explanation_of
from alerts.finding import Explanation, Finding, Priority
from alerts.rules.fire_sign import SIGN

Key: TypeAlias = tuple[int, str]
"""A device, by its row, and a condition."""


class Episode(msgspec.Struct, kw_only=True):
    """One time that a condition was true. Times in ms.

    ``began`` and ``ended`` are when that happened (``None`` = it still was), ``known`` when it was
    known. ``priority`` is the most urgent it had, ``occurrences`` counts presses and trips,
    ``explanation`` is that of its beginning. Of what was raised, ``alert`` is the alert and
    ``closed`` tells that people closed it while the condition was true, so that when it would have
    ended is unknown.
    """

    device: int
    condition: str
    priority: Priority
    began: int
    known: int
    explanation: Explanation
    ended: int | None = None
    occurrences: int = 1
    alert: int | None = None
    closed: bool = False


class TooManyError(Exception):
    """More episodes than are kept: such rules would call people out without end."""


class Episodes:
    """Folds findings, in the order in which they were made, as the life cycle of alerts does."""

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._standing: dict[Key, Episode] = {}
        self._all: list[Episode] = []

    def fold(self, device: int, finding: Finding) -> None:
        """Take in what a rule found of a device. Raises `TooManyError`.

        Signs of fire are left out: they never become alerts (`alerts.fire_room`).
        """
        if finding.condition == SIGN:
            return
        key = (device, finding.condition)
        standing = self._standing.get(key)
        if finding.active or finding.occurrence:
            if standing is None:
                standing = self._begin(key, finding)
            else:
                standing.occurrences += finding.occurrence
                standing.priority = min(standing.priority, finding.priority)
        if not finding.active and standing is not None:
            standing.ended = finding.happened
            del self._standing[key]

    def _begin(self, key: Key, finding: Finding) -> Episode:
        if len(self._all) >= self._most:
            raise TooManyError(f"more than {self._most:,} alerts")
        device, condition = key
        episode = self._standing[key] = Episode(
            device=device,
            condition=condition,
            priority=finding.priority,
            began=finding.happened,
            known=finding.known,
            explanation=finding.explanation,
        )
        self._all.append(episode)
        return episode

    def within(self, since: int, until: int) -> list[Episode]:
        """Those that were true at some time of ``[since, until)``, as they stand."""
        return [one for one in self._all if overlaps(one, since, until)]


def overlaps(episode: Episode, since: int, until: int) -> bool:
    """Whether it was true at some time of ``[since, until)``."""
    return episode.began < until and (episode.ended is None or episode.ended >= since)


def episodes_of(alert: int, device: int, transitions: Iterable[Transition]) -> list[Episode]:
    """The episodes of one alert, of its transitions, oldest first; others may be left out."""
    found: list[Episode] = []
    standing: Episode | None = None
    condition = ""
    for one in transitions:
        detail = one.detail
        match one.kind:
            case TransitionKind.RAISED | TransitionKind.REACTIVATED | TransitionKind.OCCURRED:
                condition = str(detail.get("condition", condition))
                if standing is not None:
                    standing.occurrences += one.kind is TransitionKind.OCCURRED
                    _worsen(standing, one)
                    continue
                standing = Episode(
                    device=device,
                    condition=condition,
                    priority=_priority(one),
                    began=one.happened,
                    known=one.known,
                    explanation=explanation_of(detail),
                    alert=alert,
                )
                found.append(standing)
            case TransitionKind.WORSENED if standing is not None:
                _worsen(standing, one)
            case TransitionKind.RETURNED | TransitionKind.CLOSED if standing is not None:
                standing.ended = one.happened
                standing.closed = one.kind is TransitionKind.CLOSED
                standing = None
            case _:
                pass
    return found


def _worsen(episode: Episode, transition: Transition) -> None:
    episode.priority = min(episode.priority, _priority(transition))


def _priority(transition: Transition) -> Priority:
    return Priority(int(transition.detail.get("priority") or Priority.NOTICE))
