"""Availability, acknowledgement times and outages of a link, counted by hand and by the code."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.police_link.categories import Category, demand
from devices.police_link.figures import DayTally, Outage, by_month, month_of, outages, outages_of
from devices.police_link.link import Exchange, Path, Result
from devices.police_link.states import Cause, LinkState, StateChange
from devices.police_link.supervision import Supervision

DAY = 86_400_000
HOUR = 3_600_000
NOVEMBER = 1_793_491_200_000  # 2026-11-01T00:00:00Z
CHINA = 8 * HOUR


def answer(at: int, elapsed_ms: float, result: Result = Result.ACKNOWLEDGED) -> Exchange:
    return Exchange(
        path=Path.PRIMARY,
        started=at,
        elapsed_ms=elapsed_ms,
        sent=b"",
        received=b"",
        result=result,
    )


def test_availability_is_time_up_of_time_watched() -> None:
    tally = DayTally(day=NOVEMBER // DAY, up_ms=90_000, down_ms=6_000, degraded_ms=4_000)
    tally.starting_ms = 1_000_000  # nothing was known then
    (month,) = by_month([tally])
    assert (month.month, month.availability_pct, month.reachable_pct) == ("2026-11", 90.0, 94.0)
    assert (month.watched_ms, month.down_ms) == (100_000, 6_000)


def test_a_month_in_which_nobody_looked_has_no_availability() -> None:
    (month,) = by_month([DayTally(day=NOVEMBER // DAY, starting_ms=5_000)])
    assert month.availability_pct is None
    assert month.mean_ack_ms is None


def test_mean_and_longest_acknowledgement_leave_out_what_was_not_acknowledged() -> None:
    tally = DayTally(day=NOVEMBER // DAY)
    for elapsed in (10.0, 30.0, 50.0):
        tally.count(answer(NOVEMBER, elapsed))
    tally.count(answer(NOVEMBER, 800.0, Result.SILENT))
    (month,) = by_month([tally])
    assert (month.mean_ack_ms, month.max_ack_ms) == (30.0, 50.0)
    assert (tally.exchanges, tally.acknowledged) == (4, 3)


def test_days_add_up_to_their_month() -> None:
    tallies = [
        DayTally(day=NOVEMBER // DAY + day, up_ms=DAY, ack_sum_ms=10.0, acknowledged=1)
        for day in range(-1, 30)
    ]
    months = by_month(tallies)
    assert [(one.month, one.up_ms // DAY) for one in months] == [("2026-10", 1), ("2026-11", 30)]


def test_a_month_begins_at_local_midnight() -> None:
    assert month_of(NOVEMBER - 1) == "2026-10"
    assert month_of(NOVEMBER - CHINA, CHINA) == "2026-11"
    outage = Outage(state=LinkState.DOWN, since=NOVEMBER - HOUR, until=None, cause=Cause.SILENT)
    (month,) = by_month([], [outage], CHINA)
    assert (month.month, month.outages) == ("2026-11", 1)


def test_outages_have_begin_end_and_cause() -> None:
    history = [
        (LinkState.UP, 0, Cause.ACKNOWLEDGED),
        (LinkState.DEGRADED, 10, Cause.PRIMARY_SILENT),
        (LinkState.DOWN, 20, Cause.SILENT),
        (LinkState.DOWN, 25, Cause.UNREACHABLE),  # the same outage, told anew
        (LinkState.UP, 30, Cause.ACKNOWLEDGED),
        (LinkState.DOWN, 40, Cause.REFUSED),
    ]
    found = outages_of(history)
    assert [(one.state, one.since, one.until, one.cause) for one in found] == [
        (LinkState.DEGRADED, 10, 20, Cause.PRIMARY_SILENT),
        (LinkState.DOWN, 20, 30, Cause.SILENT),
        (LinkState.DOWN, 40, None, Cause.REFUSED),
    ]
    later = [msgspec.structs.replace(one, since=NOVEMBER + one.since) for one in found]
    (month,) = by_month([], later)
    assert (month.outages, month.degradations) == (2, 1)


def test_a_clock_set_back_makes_no_outage_shorter_than_nothing() -> None:
    (found,) = outages_of(
        [(LinkState.DOWN, 100, Cause.SILENT), (LinkState.UP, 40, Cause.ACKNOWLEDGED)]
    )
    assert (found.since, found.until) == (100, 100)


@pytest.mark.parametrize(("begin", "end", "expected"), [(0, 15, 5), (12, 18, 6), (25, 30, 0)])
def test_an_outage_is_cut_to_a_span(begin: int, end: int, expected: int) -> None:
    outage = Outage(state=LinkState.DOWN, since=10, until=20, cause=Cause.SILENT)
    assert outage.within(begin, end) == expected


def test_a_supervised_link_tells_its_own_figures() -> None:
    """An hour with ten minutes of silence, over midnight in China."""
    asked = demand(Category.SP6)
    begin = NOVEMBER - CHINA - HOUR // 2
    link = Supervision(asked, (Path.PRIMARY,), begin, utc_offset_ms=CHINA)
    changes: list[StateChange] = []
    link.tested(Path.PRIMARY, True, begin)
    for second in range(0, 3600, 5):
        now = begin + second * 1000
        silent = 600 <= second < 1200
        exchange = answer(now, 0.0, Result.SILENT if silent else Result.ACKNOWLEDGED)
        changes += filter(None, [link.tick(now), link.seen(exchange, now)])
    tallies = link.drain(begin + HOUR)
    assert [tally.day for tally in tallies] == [NOVEMBER // DAY - 1, NOVEMBER // DAY]
    months = by_month(tallies, outages(changes), CHINA)
    assert [(one.month, one.outages) for one in months] == [("2026-10", 1), ("2026-11", 0)]
    # Down from 20 s after the last acknowledgement (595 s), seen at the next look, to 1200 s.
    assert months[0].down_ms == (1200 - 620) * 1000
    assert sum(one.watched_ms for one in months) == HOUR
    assert link.drain(begin + HOUR) == []


@given(st.lists(st.tuples(st.sampled_from(LinkState), st.integers(0, 1000)), max_size=30))
def test_outages_never_overlap_and_only_the_last_is_open(
    steps: list[tuple[LinkState, int]],
) -> None:
    at = 0
    history = []
    for state, wait in steps:
        at += wait
        history.append((state, at, Cause.SILENT))
    found = outages_of(history)
    for before, after in pairwise(found):
        assert before.until is not None
        assert before.since <= before.until <= after.since
    if found and found[-1].until is None:
        assert history[-1][0] in {LinkState.DOWN, LinkState.DEGRADED}
