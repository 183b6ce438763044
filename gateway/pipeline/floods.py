"""Where there are more alerts than a person can work through, from what was committed.

At a school, whose alerts then most likely have one cause; and in all the schools together that an
operator looks after (ISA-18.2 counts for an operator): eleven schools with one alert each are too
much as well.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Final, TypeAlias

from alerts.course import ACTIVATIONS
from alerts.flood import Activation, Flood, FloodLimits, FloodWatch
from gateway.clock import Clock
from gateway.pipeline.work import Work

REMEMBERED: Final = 2_000
"""Activations from which it is found out how an area stands that nobody has asked for before."""

AREAS: Final = 64
"""Areas kept, those asked for last."""

Area: TypeAlias = "frozenset[str] | None"
"""The schools of an operator; ``None`` = all, and the gateway's own alerts."""


class Floods:
    """All floods. Nothing depends on them but what screens show."""

    def __init__(self, limits: FloodLimits, clock: Clock) -> None:
        self._limits: Final = limits
        self._clock: Final = clock
        self._schools: dict[str, FloodWatch] = {}
        self._areas: OrderedDict[Area, FloodWatch] = OrderedDict()
        self._recent: deque[Activation] = deque(maxlen=REMEMBERED)

    def load(self, activations: Iterable[Activation]) -> None:
        """At a start: those of the last hour or so, oldest first."""
        for one in activations:
            self._count(one)

    def committed(self, work: Work) -> None:
        """These are kept. What is hidden keeps nobody busy."""
        for event in work.live:
            alert = event.alert
            hidden = alert.suppressed or alert.shelved_until is not None
            if event.transition.kind in ACTIVATIONS and not hidden:
                self._count(Activation(event.transition.known, alert.id, alert.school))

    def standing(self, schools: frozenset[str] | None) -> dict[str, Flood]:
        """The floods that stand now, of these schools; ``None`` = of all."""
        now, found = self._clock.now(), {}
        for school, watch in list(self._schools.items()):
            flood = watch.standing(now)
            if flood is not None and (schools is None or school in schools):
                found[school] = flood
            elif watch.idle:
                del self._schools[school]
        return found

    def of_area(self, schools: Area) -> Flood | None:
        """The flood of these schools together, if one stands now."""
        watch = self._areas.get(schools)
        if watch is None:
            watch = self._areas[schools] = FloodWatch(self._limits)
            for one in self._recent:
                if _within(one, schools):
                    watch.activated(one.alert, one.known)
            if len(self._areas) > AREAS:
                self._areas.popitem(last=False)
        self._areas.move_to_end(schools)
        return watch.standing(self._clock.now())

    def _count(self, one: Activation) -> None:
        self._recent.append(one)
        if one.school:
            watch = self._schools.setdefault(one.school, FloodWatch(self._limits))
            watch.activated(one.alert, one.known)
        for schools, of_area in self._areas.items():
            if _within(one, schools):
                of_area.activated(one.alert, one.known)


def _within(one: Activation, schools: Area) -> bool:
    """Whether it is the operator's; the gateway's own alerts are everybody's."""
    return schools is None or not one.school or one.school in schools
