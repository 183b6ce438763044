"""Whatever findings and people do: the figures are those of a count by hand.

The count by hand looks at the alert as it stood before and after each transition, and goes through
every slot and every hour; it shares nothing with `alerts.annunciation`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import count

import hypothesis.strategies as st
import msgspec
from hypothesis import example, given

from alerts.alert import (
    Acknowledge,
    Action,
    Alert,
    AlertState,
    Comment,
    ConfirmFalse,
    Folded,
    MarkFalse,
    Refusal,
    Reset,
    Shelve,
    Transition,
    TransitionKind,
    Unshelve,
)
from alerts.annunciation import Step
from alerts.course import ACTIVATIONS, Course, advance
from alerts.figures import DAY, HOUR, MINUTE, TEN_MINUTES, Figures, figures
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits, act, fold_finding
from alerts.shelving import suppress, unsuppress

T0 = 1_795_161_600_000
LIMITS = Limits()
PEOPLE = ("li", "wang", "zhao")
ACTS: tuple[Action, ...] = (
    Acknowledge(),
    Comment(text="seen"),
    Reset(),
    Unshelve(),
    MarkFalse(reason="toast"),
    ConfirmFalse(agree=True),
)
PAUSES = (0, 1_000, 25_000, 4 * MINUTE, 40 * MINUTE, 7 * HOUR, DAY + 1)

EVENT = st.tuples(
    st.sampled_from(
        ["find", "burst", "end", "worse", "act", "act", "act", "shelve", "service", "remind"]
    ),
    st.integers(0, 2),
    st.sampled_from(PAUSES),
    st.sampled_from(range(len(ACTS))),
    st.sampled_from(PEOPLE),
)
Event = tuple[str, int, int, int, str]


class Campus:
    """Three devices with one condition each."""

    def __init__(self) -> None:
        self.now = T0
        self.courses: dict[int, list[Transition]] = {}
        self._open: dict[int, Alert] = {}
        self._out: set[int] = set()
        self._ids = count(1)

    def happen(self, event: Event) -> None:
        what, device, pause, action, who = event
        self.now += pause
        alert = self._open.get(device)
        if what in ("find", "end", "worse"):
            urgent = Priority.EMERGENCY if what == "worse" else Priority.MEDIUM
            self._find(device, active=what != "end", occurrence=what == "find", priority=urgent)
        elif what == "burst":
            for _ in range(6):
                self.now += 2_000
                self._find(device, active=True, occurrence=True, priority=Priority.MEDIUM)
        elif what == "service":
            self._out ^= {device}
            if alert is not None and device in self._out:
                self._take(suppress(alert, now=self.now, actor=who, reason="repair"))
            elif alert is not None:
                self._take(unsuppress(alert, now=self.now, actor=who))
        elif what == "remind":
            self._remind(alert)
        elif alert is not None:
            chosen = Shelve(self.now + HOUR, "noise") if what == "shelve" else ACTS[action]
            done = act(alert, chosen, actor=who, now=self.now, limits=LIMITS)
            if not isinstance(done, Refusal):
                self._take(done)

    def _remind(self, alert: Alert | None) -> None:
        if alert is not None and alert.state is AlertState.ACKNOWLEDGED:
            course = Course(alert)
            course.add(TransitionKind.REMINDED, happened=self.now, known=self.now)
            self._take(course.folded())

    def _find(self, device: int, *, active: bool, occurrence: bool, priority: Priority) -> None:
        finding = Finding(
            condition="smoke",
            active=active,
            priority=priority,
            happened=self.now,
            known=self.now,
            explanation=Explanation(rule="threshold", code="above"),
            occurrence=occurrence and active,
        )
        folded = fold_finding(
            self._open.get(device),
            finding,
            device=device,
            school="no3",
            out_of_service=device in self._out,
            new_id=lambda: next(self._ids),
        )
        self._take(folded)

    def _take(self, folded: Folded) -> None:
        alert = folded.alert
        if alert is None:
            return
        for transition in folded.transitions:
            self.courses.setdefault(transition.alert, []).append(transition)
        if alert.open:
            self._open[alert.device] = alert
        else:
            self._open.pop(alert.device, None)

    def steps(self) -> list[Step]:
        told = (one for course in self.courses.values() for one in course)
        return [msgspec.convert(one, Step, from_attributes=True) for one in told]


Moment = tuple[Transition, Alert | None, Alert]


def moments(course: Sequence[Transition], until: int) -> list[Moment]:
    """Each transition with the alert before and after it."""
    found: list[Moment] = []
    alert: Alert | None = None
    for transition in course:
        if transition.known < until:
            after = advance(alert, transition)
            found.append((transition, alert, after))
            alert = after
    return found


def seen(alert: Alert | None) -> bool:
    if alert is None or not alert.open:
        return False
    return not alert.suppressed and alert.shelved_until is None


def calls(alert: Alert | None) -> bool:
    """In sight, and nobody has taken it."""
    return alert is not None and seen(alert) and alert.acknowledged is None


def arrivals(course: Sequence[Moment]) -> Iterator[tuple[int, Alert]]:
    for number, (transition, before, after) in enumerate(course):
        follows = course[number + 1][0] if number + 1 < len(course) else None
        if transition.kind in ACTIVATIONS:
            if seen(after):
                yield transition.known, after
        elif before is not None and calls(after) and not seen(before):
            worsens = follows is not None and follows.kind in ACTIVATIONS
            if follows is None or not worsens or follows.known > transition.known:
                yield transition.known, after


def waits(course: Sequence[Moment], since: int) -> Iterator[int]:
    for number, (transition, before, after) in enumerate(course):
        if not calls(before) or transition.known < since or calls(after):
            continue
        if after.acknowledged is None:
            continue  # hidden before anybody took it
        begin = max(at for at in range(number) if calls(course[at][2]) and not calls(course[at][1]))
        yield transition.known - course[begin][0].known


def quantile(values: Sequence[int], share: float) -> int | None:
    """The smallest value that so many are not above."""
    for value in sorted(values):
        if sum(one <= value for one in values) >= share * len(values):
            return value
    return None


def check(found: Figures, campus: Campus, since: int, until: int) -> None:
    courses = [moments(course, until) for course in campus.courses.values()]
    courses = [course for course in courses if course]
    came = [(at, alert) for course in courses for at, alert in arrivals(course) if since <= at]
    assert found.activations == len(came) == sum(bar.activations for bar in found.bars)
    for priority, of in found.priorities.items():
        assert of.activations == sum(alert.priority is priority for _, alert in came)

    times = sorted(at for at, _ in came)
    slots = [
        bisect_left(times, begin + TEN_MINUTES) - bisect_left(times, begin)
        for begin in range(since, until, TEN_MINUTES)
    ]
    flooding, flooded, floods = False, 0, 0
    for number in slots:
        floods += not flooding and number > 10
        flooding = number > 10 or (flooding and number >= 5)
        flooded += flooding
    assert (found.busiest, found.floods) == (max(slots), floods)
    assert math.isclose(found.flooded, flooded / len(slots))
    assert sum(bar.flooded for bar in found.bars) == flooded

    acted = [
        (one.known, one.actor)
        for course in courses
        for one, _, _ in course
        if one.actor and one.known >= since
    ]
    hours = 0.0
    for begin in range(since, until, HOUR):
        people = {who for at, who in acted if begin <= at < begin + HOUR}
        hours += max(1, len(people)) * min(HOUR, until - begin) / HOUR
    assert math.isclose(found.operator_hours, hours)
    assert math.isclose(found.per_operator_hour, len(came) / hours)

    waited = [wait for course in courses for wait in waits(course, since)]
    assert found.acknowledged == len(waited) == sum(found.waits)
    assert found.acknowledge_median == quantile(waited, 0.5)
    assert found.acknowledge_p95 == quantile(waited, 0.95)

    ends = [course[-1][2] for course in courses]
    standing = [alert for alert in ends if alert.open and not alert.suppressed]
    assert found.waiting == sum(calls(alert) for alert in ends)
    assert found.standing == len(standing)
    assert {one.alert for one in found.stale} == {
        alert.id for alert in standing if until - alert.known > DAY
    }
    check_sources(found, courses, came)


def check_sources(
    found: Figures, courses: list[list[Moment]], came: list[tuple[int, Alert]]
) -> None:
    devices = {alert.device for _, alert in came}
    assert {one.source.device for one in found.sources} == devices
    for one in found.sources:
        mine = sorted(at for at, alert in came if alert.device == one.source.device)
        assert one.activations == len(mine)
        assert one.chattering == any(
            sum(begin <= at <= begin + MINUTE for at in mine) >= 3 for begin in mine
        )
    false = 0
    for course in courses:
        number = course[0][0].alert
        mine = [at for at, alert in came if alert.id == number]
        false += any(
            transition.kind is TransitionKind.FALSE_CONFIRMED
            and mine != []
            and transition.known >= min(mine)
            for transition, _, _ in course
        )
    assert found.alerts == len({alert.id for _, alert in came})
    assert found.false == false
    assert [one.activations for one in found.sources] == sorted(
        (one.activations for one in found.sources), reverse=True
    )


@given(
    events=st.lists(EVENT, min_size=1, max_size=40),
    begin=st.sampled_from([0, 0, 1, 26_000, HOUR + 1, DAY]),
    cut=st.sampled_from([1, 1, 30_000, 3 * HOUR, DAY]),
)
@example(
    events=[("burst", 0, 0, 0, "li"), ("burst", 1, 0, 0, "li"), ("act", 0, MINUTE, 0, "wang")],
    begin=0,
    cut=1,
)
@example(
    events=[("find", 0, 0, 0, "li"), ("shelve", 0, 0, 0, "li"), ("worse", 0, 1_000, 0, "li")],
    begin=0,
    cut=1,
)
@example(
    events=[
        ("worse", 0, 0, 0, "li"),
        ("act", 0, 1_000, 0, "li"),
        ("act", 0, 1_000, 1, "wang"),
        ("remind", 0, HOUR, 0, "li"),
        ("act", 0, 1_000, 0, "wang"),
        ("act", 0, 1_000, 1, "wang"),
    ],
    begin=0,
    cut=1,
)
def test_the_figures_are_those_of_a_count_by_hand(
    events: list[Event], begin: int, cut: int
) -> None:
    campus = Campus()
    for event in events:
        campus.happen(event)
    since = T0 + begin
    until = max(since + 1, campus.now + cut - begin)
    check(figures(campus.steps(), since=since, until=until), campus, since, until)
