"""How well the alarm system itself works, in the figures of ISA-18.2 (clause 16, monitoring).

From a list of transitions of any number of alerts, in any order; times in ms.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from alerts.alert import AlertState, Transition, TransitionKind
from alerts.course import ACTIVATIONS

TEN_MINUTES: Final = 600_000
DAY: Final = 86_400_000
CHATTER_COUNT: Final = 3
CHATTER_SPAN: Final = 60_000
"""Chattering: three activations within a minute (EEMUA 191; ISA-18.2 counts the same way)."""


_TAKEN: Final = frozenset({TransitionKind.ACKNOWLEDGED, TransitionKind.FALSE_CONFIRMED})


class Figures(msgspec.Struct, frozen=True):
    """What one period came to.

    ``busiest`` is the highest number of activations in one slot of ten minutes, ``mean`` the mean
    over all slots (at most 1 to 2 is manageable for one operator, ISA-18.2), ``flooded`` the share
    of slots with more than 10. ``acknowledge_median`` and ``acknowledge_p95`` are ms from the
    activation to its acknowledgement, ``None`` when there was none. ``standing`` are alerts open
    for longer than a day at the end, ``chattering`` those that came three times in a minute; ids,
    ascending.
    """

    activations: int
    mean: float
    busiest: int
    flooded: float
    acknowledged: int
    acknowledge_median: int | None
    acknowledge_p95: int | None
    standing: tuple[int, ...]
    chattering: tuple[int, ...]


def figures(transitions: Iterable[Transition], *, since: int, until: int) -> Figures:
    """The figures of ``[since, until)``.

    ``transitions`` may begin earlier, so that what has been standing since before is seen.
    ``ValueError`` for an empty period.
    """
    if until <= since:
        raise ValueError(f"the period from {since} to {until} is empty")
    courses: defaultdict[int, list[Transition]] = defaultdict(list)
    for transition in transitions:
        if transition.known < until:
            courses[transition.alert].append(transition)
    slots: Counter[int] = Counter()
    waits: list[int] = []
    standing: list[int] = []
    chattering: list[int] = []
    for alert, course in courses.items():
        course.sort(key=lambda one: one.version)
        came = [one.known for one in course if one.kind in ACTIVATIONS and since <= one.known]
        slots.update((known - since) // TEN_MINUTES for known in came)
        if _chatters(came):
            chattering.append(alert)
        waits += _waits(course, since)
        if course[-1].state is not AlertState.CLOSED and until - course[0].known > DAY:
            standing.append(alert)
    waits.sort()
    count = math.ceil((until - since) / TEN_MINUTES)
    return Figures(
        activations=slots.total(),
        mean=slots.total() / count,
        busiest=max(slots.values(), default=0),
        flooded=sum(number > 10 for number in slots.values()) / count,
        acknowledged=len(waits),
        acknowledge_median=_quantile(waits, 0.5),
        acknowledge_p95=_quantile(waits, 0.95),
        standing=tuple(sorted(standing)),
        chattering=tuple(sorted(chattering)),
    )


def _waits(course: Sequence[Transition], since: int) -> list[int]:
    """From the first activation nobody had taken to the acknowledgement of it."""
    waits: list[int] = []
    waiting: int | None = None
    for transition in course:
        if transition.kind in ACTIVATIONS and waiting is None:
            waiting = transition.known
        elif transition.kind in _TAKEN and waiting is not None:
            if transition.known >= since:
                waits.append(transition.known - waiting)
            waiting = None
    return waits


def _chatters(came: Sequence[int]) -> bool:
    spans = zip(came, came[CHATTER_COUNT - 1 :], strict=False)
    return any(last - first <= CHATTER_SPAN for first, last in spans)


def _quantile(ordered: Sequence[int], share: float) -> int | None:
    """Nearest rank: a value that was measured, not one between two."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
