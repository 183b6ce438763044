"""The figures of the alarm system, from a story whose figures are known."""

from __future__ import annotations

import random

import pytest

from alerts.alert import AlertState, Transition, TransitionKind
from alerts.figures import DAY, TEN_MINUTES, figures

T0 = 1_795_161_600_000
MINUTE = 60_000
OPEN = AlertState.UNACKNOWLEDGED


def line(
    alert: int,
    version: int,
    kind: TransitionKind,
    at: int,
    state: AlertState = OPEN,
) -> Transition:
    return Transition(
        alert=alert, version=version, kind=kind, state=state, happened=T0 + at, known=T0 + at
    )


def raised(alert: int, at: int) -> Transition:
    return line(alert, 1, TransitionKind.RAISED, at)


def test_activations_are_counted_in_slots_of_ten_minutes() -> None:
    story = [raised(number, number) for number in range(11)] + [raised(99, TEN_MINUTES)]
    found = figures(story, since=T0, until=T0 + 4 * TEN_MINUTES)
    assert (found.activations, found.mean, found.busiest, found.flooded) == (12, 3.0, 11, 0.25)


def test_the_wait_for_an_acknowledgement_counts_from_the_first_activation_not_yet_taken() -> None:
    story = [
        raised(1, 0),
        line(1, 2, TransitionKind.OCCURRED, MINUTE),
        line(1, 3, TransitionKind.ACKNOWLEDGED, 2 * MINUTE),
        line(1, 4, TransitionKind.OCCURRED, 10 * MINUTE),
        line(1, 5, TransitionKind.FALSE_CONFIRMED, 14 * MINUTE),
        raised(2, 0),
        line(2, 2, TransitionKind.ACKNOWLEDGED, 30 * MINUTE),
    ]
    found = figures(story, since=T0, until=T0 + DAY)
    assert found.acknowledged == 3
    assert (found.acknowledge_median, found.acknowledge_p95) == (4 * MINUTE, 30 * MINUTE)


def test_an_alert_that_stands_for_more_than_a_day_is_named_until_it_closes() -> None:
    story = [raised(1, 0), raised(2, 0), raised(3, 2 * DAY)]
    closed = line(2, 2, TransitionKind.CLOSED, MINUTE, AlertState.CLOSED)
    found = figures([*story, closed], since=T0 + DAY, until=T0 + 2 * DAY + 1)
    assert found.standing == (1,)
    assert found.activations == 1


def test_three_activations_within_a_minute_chatter_and_two_do_not() -> None:
    def chatter(alert: int, *at: int) -> list[Transition]:
        later = [
            line(alert, number, TransitionKind.REACTIVATED, when)
            for number, when in enumerate(at[1:], 2)
        ]
        return [raised(alert, at[0]), *later]

    story = chatter(1, 0, 20_000, 60_000) + chatter(2, 0, 20_000) + chatter(3, 0, 30_000, 61_000)
    random.Random(1).shuffle(story)
    assert figures(story, since=T0, until=T0 + DAY).chattering == (1,)


def test_nothing_happened() -> None:
    found = figures([], since=T0, until=T0 + DAY)
    assert (found.activations, found.busiest, found.flooded) == (0, 0, 0.0)
    assert (found.acknowledge_median, found.standing) == (None, ())


def test_a_period_that_is_empty_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        figures([], since=T0, until=T0)
