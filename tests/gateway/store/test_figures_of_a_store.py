"""The figures from a store: of the right alerts, by its indexes, and never without end."""

from __future__ import annotations

import re
from collections.abc import Sequence

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from sqlalchemy import Connection, delete, event
from store_samples import alert

from alerts.alert import AlertState, Transition, TransitionKind
from alerts.annunciation import Step
from alerts.figures import figures
from alerts.finding import Priority
from gateway.store import schema
from gateway.store.batch import Batch, NumberedTransition
from gateway.store.read import performance
from gateway.store.read.performance import TooManyTransitionsError, figures_of
from gateway.store.store import Store

T0 = 1_795_161_600_000
HOUR = 3_600_000
SCHOOLS = ("no3", "no5", "no8")
LATER = (
    TransitionKind.OCCURRED,
    TransitionKind.OCCURRED,
    TransitionKind.ACKNOWLEDGED,
    TransitionKind.SHELVED,
    TransitionKind.UNSHELVED,
    TransitionKind.CLOSED,
)
Course = tuple[int, int, list[tuple[TransitionKind, int]]]

COURSE = st.tuples(
    st.integers(0, 2),
    st.integers(0, 40 * HOUR),
    st.lists(st.tuples(st.sampled_from(LATER), st.integers(0, 20 * HOUR)), max_size=6),
)


def told(number: int, course: Course) -> list[Transition]:
    """Raised, and what came of it; nothing follows when it is closed."""
    school, at, rest = course
    found = []
    for version, (kind, pause) in enumerate([(TransitionKind.RAISED, 0), *rest], 1):
        at += pause
        detail = {
            "device": number % 4,
            "school": SCHOOLS[school],
            "condition": "smoke",
            "priority": 2,
        }
        found.append(
            Transition(
                alert=number,
                version=version,
                kind=kind,
                state=AlertState.UNACKNOWLEDGED,
                happened=T0 + at,
                known=T0 + at,
                actor="li" if kind is TransitionKind.ACKNOWLEDGED else "",
                detail=detail if kind in (TransitionKind.RAISED, TransitionKind.OCCURRED) else {},
            )
        )
        if kind is TransitionKind.CLOSED:
            break
    return found


def keep(store: Store, courses: Sequence[Sequence[Transition]], first_row: int = 1) -> None:
    """In the order in which they happened, as the gateway writes them."""
    batch = Batch(now=T0)
    everything = sorted((one for course in courses for one in course), key=lambda one: one.known)
    batch.transitions += [
        NumberedTransition(row, one) for row, one in enumerate(everything, first_row)
    ]
    for course in courses:
        first, last = course[0], course[-1]
        closed = last.kind is TransitionKind.CLOSED
        batch.alerts[first.alert] = alert(
            first.alert,
            last.version,
            school=str(first.detail["school"]),
            known=first.known,
            raised=first.happened,
            priority=Priority.HIGH,
            state=AlertState.CLOSED if closed else AlertState.UNACKNOWLEDGED,
            closed=last.happened if closed else None,
        )
    store.commit(batch).result()


def steps(courses: Sequence[Sequence[Transition]], schools: Sequence[str]) -> list[Step]:
    return [
        msgspec.convert(one, Step, from_attributes=True)
        for course in courses
        if course[0].detail["school"] in schools
        for one in course
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    courses=st.lists(COURSE, min_size=1, max_size=8),
    begin=st.integers(0, 60 * HOUR),
    length=st.sampled_from([1, HOUR, 30 * HOUR, 400 * HOUR]),
    school=st.sampled_from([None, *SCHOOLS]),
)
@example(  # closed long after the period: it stood within it
    courses=[(0, 0, [(TransitionKind.CLOSED, 20 * HOUR)])], begin=HOUR, length=HOUR, school=None
)
def test_a_store_counts_what_a_count_of_all_its_transitions_comes_to(
    store: Store, courses: list[Course], begin: int, length: int, school: str | None
) -> None:
    emptying = [(delete(schema.transitions), None), (delete(schema.alerts), None)]
    store.commit(Batch(statements=emptying, now=T0)).result()
    stories = [told(number, course) for number, course in enumerate(courses, 1)]
    keep(store, stories)
    since, until = T0 + begin, T0 + begin + length
    chosen = None if school is None else frozenset({school})
    found = store.read(figures_of(chosen, since=since, until=until))
    wanted = SCHOOLS if school is None else (school,)
    assert found == figures(steps(stories, wanted), since=since, until=until)


def test_no_table_is_gone_through_from_end_to_end(store: Store) -> None:
    keep(store, [told(1, (0, 0, [(TransitionKind.ACKNOWLEDGED, 1)]))])

    def plans(connection: Connection) -> list[str]:
        found: list[str] = []

        def explain(
            _connection: object, cursor: object, statement: str, parameters: object, *_: object
        ) -> None:
            if statement.startswith("SELECT"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found.extend(str(row[3]) for row in rows)

        event.listen(connection.engine, "before_cursor_execute", explain)
        try:
            figures_of(frozenset({"no3"}), since=T0, until=T0 + HOUR)(connection)
        finally:
            event.remove(connection.engine, "before_cursor_execute", explain)
        return found

    found = store.read(plans)
    assert any("ix_transitions_known" in line for line in found)
    assert [line for line in found if re.match(r"SCAN (alerts|transitions)\b", line)] == []


def test_a_period_with_more_transitions_than_are_counted_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance, "MOST", 10)
    keep(store, [told(number, (0, 0, [])) for number in range(1, 11)])
    period = {"since": T0, "until": T0 + HOUR}
    assert store.read(figures_of(None, **period)).activations == 10
    keep(store, [told(11, (0, 1, []))], first_row=11)
    with pytest.raises(TooManyTransitionsError, match="shorter"):
        store.read(figures_of(None, **period))
