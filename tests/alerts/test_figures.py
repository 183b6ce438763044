"""The figures of the alarm system, from a story whose figures are known."""

from __future__ import annotations

import pytest

from alerts.alert import TransitionKind
from alerts.annunciation import Step, StepDetail
from alerts.figures import DAY, HOUR, MINUTE, TEN_MINUTES, Figures, Source, figures
from alerts.finding import Priority

T0 = 1_795_161_600_000


def line(
    alert: int, version: int, kind: TransitionKind, at: int, actor: str = "", device: int = 0
) -> Step:
    detail = StepDetail(device or alert, "no3", "smoke", "", Priority.HIGH)
    return Step(alert, version, kind, T0 + at, actor, detail)


def raised(alert: int, at: int, device: int = 0) -> Step:
    return line(alert, 1, TransitionKind.RAISED, at, device=device)


def of(*story: Step, until: int = DAY) -> Figures:
    return figures(story, since=T0, until=T0 + until)


def many(count: int, first: int, at: int) -> list[Step]:
    return [raised(number, at) for number in range(first, first + count)]


def test_activations_are_counted_in_slots_of_ten_minutes() -> None:
    found = of(*many(11, 1, 5), raised(99, TEN_MINUTES), until=4 * TEN_MINUTES)
    assert (found.activations, found.mean, found.busiest) == (12, 3.0, 11)


def test_a_flood_begins_above_ten_and_lasts_until_fewer_than_five_come() -> None:
    story = [
        *many(10, 100, 0),  # no flood yet
        *many(11, 200, TEN_MINUTES),
        *many(5, 300, 2 * TEN_MINUTES),
        *many(4, 400, 3 * TEN_MINUTES),  # over
        *many(10, 500, 4 * TEN_MINUTES),  # and not begun again
        *many(12, 600, 6 * TEN_MINUTES),
    ]
    found = of(*story, until=8 * TEN_MINUTES)
    assert (found.floods, found.flooded) == (2, 3 / 8)
    assert [bar.flooded for bar in found.bars] == [2, 1]


def test_an_hour_counts_as_many_operators_as_acted_in_it_and_at_least_one() -> None:
    acted = [
        raised(1, 0),
        line(1, 2, TransitionKind.ACKNOWLEDGED, MINUTE, "li"),
        line(1, 3, TransitionKind.COMMENTED, 2 * MINUTE, "wang"),
        line(1, 4, TransitionKind.COMMENTED, 3 * MINUTE, "li"),
        line(1, 5, TransitionKind.COMMENTED, 2 * HOUR + MINUTE, "wang"),
    ]
    found = of(*acted, *many(6, 10, HOUR), until=2 * HOUR + HOUR // 2)
    assert [bar.operator_hours for bar in found.bars] == [2, 1, 0.5]
    assert (found.operator_hours, found.per_operator_hour) == (3.5, 2)


def test_the_wait_for_an_acknowledgement_counts_from_the_first_activation_not_yet_taken() -> None:
    story = [
        raised(1, 0),
        line(1, 2, TransitionKind.OCCURRED, MINUTE),
        line(1, 3, TransitionKind.ACKNOWLEDGED, 2 * MINUTE),
        line(1, 4, TransitionKind.OCCURRED, 10 * MINUTE),
        line(1, 5, TransitionKind.FALSE_CONFIRMED, 14 * MINUTE),
        raised(2, 0),
        line(2, 2, TransitionKind.ACKNOWLEDGED, 30 * MINUTE),
        raised(3, 0),
    ]
    found = of(*story)
    assert (found.acknowledged, found.waiting) == (3, 1)
    assert (found.acknowledge_median, found.acknowledge_p95) == (4 * MINUTE, 30 * MINUTE)
    assert found.waits == (0, 0, 0, 1, 1, 0, 1, 0, 0)
    assert found.priorities[Priority.HIGH].acknowledged == 3
    assert found.priorities[Priority.LOW].median is None


def test_an_alert_that_stands_for_more_than_a_day_is_named_until_it_closes() -> None:
    story = [
        raised(1, 0),
        raised(2, 0),
        line(2, 2, TransitionKind.CLOSED, MINUTE),
        raised(3, 2 * DAY),
    ]
    found = figures(story, since=T0 + DAY, until=T0 + 2 * DAY + 1)
    assert [one.alert for one in found.stale] == [1]
    assert (found.standing, found.activations) == (2, 1)


def test_three_activations_within_a_minute_chatter_and_two_do_not() -> None:
    def chatter(alert: int, *at: int) -> list[Step]:
        later = [
            line(alert, number, TransitionKind.REACTIVATED, when)
            for number, when in enumerate(at[1:], 2)
        ]
        return [raised(alert, at[0]), *later]

    story = chatter(1, 0, 20_000, 60_000) + chatter(2, 0, 20_000) + chatter(3, 0, 30_000, 61_000)
    assert [one.source.device for one in of(*story).chattering] == [1]


def test_a_device_chatters_across_alerts_that_close_in_between() -> None:
    story = [
        one
        for number in (1, 2, 3)
        for one in (
            raised(number, number * 10_000, device=7),
            line(number, 2, TransitionKind.CLOSED, number * 10_000 + 1),
        )
    ]
    (one,) = of(*story).chattering
    assert (one.source, one.alerts) == (Source("no3", 7, "smoke"), 3)


def test_the_most_frequent_sources_come_first_with_their_share() -> None:
    often = [line(1, number, TransitionKind.OCCURRED, number * HOUR) for number in range(2, 10)]
    found = of(raised(1, HOUR), *often, *many(11, 2, 0))
    assert [one.activations for one in found.sources] == [9, *[1] * 11]
    assert found.top_share == 18 / 20


def test_what_was_found_false_within_the_period_is_a_share_of_the_alerts_that_came() -> None:
    false = line(1, 2, TransitionKind.FALSE_CONFIRMED, MINUTE)
    found = of(raised(1, 0), false, raised(2, 0), raised(3, 0), raised(4, 0))
    assert (found.alerts, found.false, found.false_share) == (4, 1, 0.25)
    later = figures([raised(1, 0), false], since=T0, until=T0 + MINUTE)
    assert later.false == 0


def test_a_long_period_is_shown_by_the_day() -> None:
    found = of(raised(1, 0), raised(2, 3 * DAY + HOUR), until=30 * DAY)
    assert (found.span, len(found.bars)) == (DAY, 30)
    assert [number for number, bar in enumerate(found.bars) if bar.activations] == [0, 3]


def test_nothing_happened() -> None:
    found = of()
    assert (found.activations, found.busiest, found.flooded) == (0, 0, 0.0)
    assert (found.acknowledge_median, found.stale, found.operator_hours) == (None, (), 24)
    assert (found.false_share, found.top_share) == (None, None)


def test_a_period_that_is_empty_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        figures([], since=T0, until=T0)
