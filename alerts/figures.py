"""How well the alarm system itself works, in the figures of ISA-18.2 (clause 16, monitoring).

From the courses of any number of alerts; times in ms. Alerts are counted as they come to operators
(`alerts.annunciation`). Who was on duty is in no transition: an hour counts as many operators as
there are people who did something to these alerts within it, and one when nobody did.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final

import msgspec

from alerts.annunciation import Heard, Step, StepDetail, heard
from alerts.finding import Priority

MINUTE: Final = 60_000
TEN_MINUTES: Final = 10 * MINUTE
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

CHATTER_COUNT: Final = 3
CHATTER_SPAN: Final = MINUTE
"""Chattering: three activations within a minute (EEMUA 191; ISA-18.2 counts the same way)."""

FLOOD_BEGINS: Final = 11
FLOOD_ENDS: Final = 4
"""A flood begins with more than 10 activations in ten minutes and lasts until fewer than 5 come."""

STALE: Final = DAY
TOP: Final = 10

WAITS: Final = (10_000, 30_000, MINUTE, 2 * MINUTE, 5 * MINUTE, TEN_MINUTES, 30 * MINUTE, HOUR)
"""Where the classes of waits end, these ends included; the last class has none."""

HOURLY: Final = 8 * DAY
"""Longest period that is shown by the hour; longer ones by the day."""


class Targets(msgspec.Struct, frozen=True):
    """What one operator can manage (ISA-18.2-2016, clause 16, the table of metrics); shares 0-1.

    ``per_operator_hour`` is very likely acceptable, twice as many the most that is manageable.
    """

    per_operator_hour: float = 6
    busiest: int = 10
    flooded: float = 0.01
    top_share: float = 0.05
    stale: int = 4
    chattering: int = 0


class Source(msgspec.Struct, frozen=True):
    """What alerts come from: a condition of a device, or of a scope (`alerts.alert.Alert`)."""

    school: str
    device: int
    condition: str
    scope: str = ""


class SourceFigures(msgspec.Struct, frozen=True):
    """What one source did: ``priority`` is the most urgent one, ``false`` counts alerts."""

    source: Source
    priority: Priority
    activations: int
    alerts: int
    false: int
    chattering: bool


class PriorityFigures(msgspec.Struct, frozen=True):
    """Activations of one priority, and the waits (ms) of those taken within the period."""

    activations: int
    acknowledged: int
    median: int | None
    p95: int | None


class Stale(msgspec.Struct, frozen=True):
    """An alert that has been open for more than a day at the end of the period."""

    alert: int
    source: Source
    priority: Priority
    since: int


class Bar(msgspec.Struct, frozen=True):
    """An hour or a day from ``start``; ``flooded`` counts its slots of ten minutes in a flood."""

    start: int
    activations: int
    operator_hours: float
    flooded: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the period ``[since, until)`` came to. Shares are 0 to 1, ``None`` of nothing.

    ``mean`` is activations in ten minutes, ``busiest`` the most in one slot of ten minutes from
    ``since``, ``flooded`` the share of slots in a flood. Waits are from when an alert nobody had
    taken came into sight to when somebody took it, ``waits`` their number by class (`WAITS`).
    ``waiting`` and ``standing`` are counts at the end, ``stale`` the oldest first. ``alerts`` came
    within the period, ``false`` of them were found false by its end. ``sources`` come the most
    frequent first.
    """

    since: int
    until: int
    activations: int
    operator_hours: float
    per_operator_hour: float
    mean: float
    busiest: int
    floods: int
    flooded: float
    acknowledged: int
    acknowledge_median: int | None
    acknowledge_p95: int | None
    waits: tuple[int, ...]
    waiting: int
    standing: int
    stale: tuple[Stale, ...]
    alerts: int
    false: int
    false_share: float | None
    priorities: dict[Priority, PriorityFigures]
    sources: tuple[SourceFigures, ...]
    top_share: float | None
    span: int
    bars: tuple[Bar, ...]

    @property
    def chattering(self) -> tuple[SourceFigures, ...]:
        """The sources that chattered, the most frequent first."""
        return tuple(one for one in self.sources if one.chattering)


def figures(steps: Iterable[Step], *, since: int, until: int) -> Figures:
    """The figures of ``[since, until)``.

    ``steps`` are whole courses from the first version on, those of an alert together and in order;
    what comes after the period is passed over. ``ValueError`` for an empty period.
    """
    if until <= since:
        raise ValueError(f"the period from {since} to {until} is empty")
    tally = _Tally(since, until)
    course: list[Step] = []
    for step in steps:  # by hand: of 100,000 steps `groupby` is a tenth of all the work
        if step.known >= until:
            continue
        if course and step.alert != course[0].alert:
            tally.add(course)
            course = []
        course.append(step)
    if course:
        tally.add(course)
    return tally.figures()


class _OfSource:
    """What has been counted of one source."""

    __slots__ = ("alerts", "came", "false", "priority")

    def __init__(self) -> None:
        self.came: list[int] = []
        self.alerts = 0
        self.false = 0
        self.priority = Priority.NOTICE


class _Tally:
    """Counts course by course; holds numbers, not transitions."""

    def __init__(self, since: int, until: int) -> None:
        self._since = since
        self._until = until
        self._came: list[int] = []
        self._by_priority: Counter[Priority] = Counter()
        self._waits: defaultdict[Priority, list[int]] = defaultdict(list)
        self._people: defaultdict[int, set[str]] = defaultdict(set)
        self._sources: defaultdict[Source, _OfSource] = defaultdict(_OfSource)
        self._stale: list[Stale] = []
        self._waiting = self._standing = 0

    def add(self, course: Sequence[Step]) -> None:
        """Count one alert."""
        since = self._since
        for step in course:
            if step.actor and step.known >= since:
                self._people[(step.known - since) // HOUR].add(step.actor)
        known = heard(course)
        for taken in known.taken:
            if taken.at >= since:
                self._waits[taken.priority].append(taken.after)
        self._waiting += known.waiting is not None
        first = course[0]
        source = _source(first.detail)
        if known.standing:
            self._standing += 1
            if self._until - first.known > STALE:
                worst = min(step.detail.priority for step in course)
                self._stale.append(Stale(first.alert, source, worst, first.known))
        self._count(known, source)

    def _count(self, known: Heard, source: Source) -> None:
        since = self._since
        came = [one for one in known.came if one.at >= since]
        if not came:
            return
        of = self._sources[source]
        of.alerts += 1
        if known.false:
            of.false += any(at >= came[0].at for at in known.false)
        times = [one.at for one in came]
        self._came += times
        of.came += times
        for one in came:
            priority = one.priority
            if priority < of.priority:  # noqa: PLR1730 - min() is three times this
                of.priority = priority
            self._by_priority[priority] += 1

    def figures(self) -> Figures:
        """What it came to."""
        since, until = self._since, self._until
        length = until - since
        slots = Counter([(at - since) // TEN_MINUTES for at in self._came])
        floods = list(_floods(slots))
        flooded = {slot for begin, end in floods for slot in range(begin, end)}
        waits = sorted(wait for of in self._waits.values() for wait in of)
        classes = Counter(bisect_left(WAITS, wait) for wait in waits)
        sources = self._ranked()
        alerts = sum(one.alerts for one in sources)
        false = sum(one.false for one in sources)
        count = len(self._came)
        span = HOUR if length <= HOURLY else DAY
        bars = self._bars(span, slots, flooded)
        hours = sum(bar.operator_hours for bar in bars)
        return Figures(
            since=since,
            until=until,
            activations=count,
            operator_hours=hours,
            per_operator_hour=count / hours,
            mean=count * TEN_MINUTES / length,
            busiest=max(slots.values(), default=0),
            floods=len(floods),
            flooded=len(flooded) / math.ceil(length / TEN_MINUTES),
            acknowledged=len(waits),
            acknowledge_median=_quantile(waits, 0.5),
            acknowledge_p95=_quantile(waits, 0.95),
            waits=tuple(classes[number] for number in range(len(WAITS) + 1)),
            waiting=self._waiting,
            standing=self._standing,
            stale=tuple(sorted(self._stale, key=attrgetter("since", "alert"))),
            alerts=alerts,
            false=false,
            false_share=false / alerts if alerts else None,
            priorities={each: self._of_priority(each) for each in Priority},
            sources=sources,
            top_share=sum(one.activations for one in sources[:TOP]) / count if count else None,
            span=span,
            bars=bars,
        )

    def _of_priority(self, priority: Priority) -> PriorityFigures:
        waits = sorted(self._waits[priority])
        return PriorityFigures(
            activations=self._by_priority[priority],
            acknowledged=len(waits),
            median=_quantile(waits, 0.5),
            p95=_quantile(waits, 0.95),
        )

    def _ranked(self) -> tuple[SourceFigures, ...]:
        found = [
            SourceFigures(
                source=source,
                priority=of.priority,
                activations=len(of.came),
                alerts=of.alerts,
                false=of.false,
                chattering=_chatters(sorted(of.came)),
            )
            for source, of in self._sources.items()
        ]
        # the most frequent first; of equals the more urgent, then always in the same order
        found.sort(
            key=lambda one: (-one.activations, one.priority, msgspec.structs.astuple(one.source))
        )
        return tuple(found)

    def _bars(self, span: int, slots: Counter[int], flooded: set[int]) -> tuple[Bar, ...]:
        came: Counter[int] = Counter()
        for slot, count in slots.items():
            came[slot * TEN_MINUTES // span] += count
        floods = Counter(slot * TEN_MINUTES // span for slot in flooded)
        more: defaultdict[int, float] = defaultdict(float)
        for hour, people in self._people.items():
            length = min(HOUR, self._until - self._since - hour * HOUR)
            more[hour * HOUR // span] += (len(people) - 1) * length / HOUR
        starts = range(self._since, self._until, span)
        return tuple(
            Bar(
                start=start,
                activations=came[number],
                operator_hours=min(span, self._until - start) / HOUR + more[number],
                flooded=floods[number],
            )
            for number, start in enumerate(starts)
        )


def _source(detail: StepDetail) -> Source:
    return Source(detail.school, detail.device, detail.condition, detail.scope)


def _floods(slots: Counter[int]) -> Iterator[tuple[int, int]]:
    """From the slot in which a flood begins to the one in which it is over."""
    end = 0
    for slot in sorted(slots):
        if slot < end or slots[slot] < FLOOD_BEGINS:
            continue
        end = slot + 1
        while slots[end] > FLOOD_ENDS:
            end += 1
        yield slot, end


def _chatters(came: Sequence[int]) -> bool:
    spans = zip(came, came[CHATTER_COUNT - 1 :], strict=False)
    return any(last - first <= CHATTER_SPAN for first, last in spans)


def _quantile(ordered: Sequence[int], share: float) -> int | None:
    """Nearest rank: a value that was measured, not one between two."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
