"""Which schools have more alerts than a person can work through, from what was committed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from alerts.course import ACTIVATIONS
from alerts.flood import Activation, Flood, FloodLimits, FloodWatch
from gateway.clock import Clock
from gateway.pipeline.work import Work


class Floods:
    """The floods of all schools. Nothing depends on them but what screens show."""

    def __init__(self, limits: FloodLimits, clock: Clock) -> None:
        self._limits: Final = limits
        self._clock: Final = clock
        self._schools: dict[str, FloodWatch] = {}

    def load(self, activations: Iterable[Activation]) -> None:
        """At a start: those of the last hour or so, oldest first."""
        for one in activations:
            self._count(one)

    def committed(self, work: Work) -> None:
        """These are kept. What is hidden keeps nobody busy."""
        for event in work.live:
            alert = event.alert
            hidden = alert.suppressed or alert.shelved_until is not None
            if event.transition.kind in ACTIVATIONS and alert.school and not hidden:
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

    def _count(self, one: Activation) -> None:
        watch = self._schools.setdefault(one.school, FloodWatch(self._limits))
        watch.activated(one.alert, one.known)
