"""Campaigns: stages, checks, weeks and deadlines by the local day."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.campaign import (
    Campaign,
    Check,
    CheckStanding,
    Deadline,
    Level,
    Mark,
    MarkState,
    Phase,
    ReportState,
    Stage,
    Weekly,
    due_of,
    levels,
    mistakes,
    phase,
    report_state,
    shifted,
    standing,
    weeks,
)

ZONE = "Asia/Shanghai"
SUMMARY = datetime(2027, 3, 24, 15, 0)  # noqa: DTZ001 - a deadline is local time


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """A local time in Shanghai."""
    there = datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    return int(there.timestamp() * 1000)


def campaign(**changes: object) -> Campaign:
    plain = Campaign(
        id="winter",
        name_zh="冬季行动",
        begins=date(2027, 1, 1),
        ends=date(2027, 3, 31),
        stages=(
            Stage(id="look", name_zh="排查", begins=date(2027, 1, 1), ends=date(2027, 1, 31)),
            Stage(id="mend", name_zh="整治", begins=date(2027, 2, 1), ends=date(2027, 3, 31)),
        ),
        checks=(
            Check(id="doors", text_zh="疏散门", stage="look"),
            Check(id="alarm", text_zh="报警", stage="look", policy="six-100", item="one_key_alarm"),
        ),
        deadlines=(Deadline(id="sum", level=Level.CITY, name_zh="总结", due=SUMMARY),),
        weekly=(Weekly(level=Level.CITY), Weekly(level=Level.COUNTY, at=time(12, 0))),
    )
    return msgspec.structs.replace(plain, **changes)


def test_a_stage_begins_and_ends_at_midnight_where_the_schools_are() -> None:
    begins, ends = date(2027, 1, 1), date(2027, 1, 31)

    assert phase(ZONE, begins, ends, ms(2026, 12, 31, 23, 59)) is Phase.COMING
    assert phase(ZONE, begins, ends, ms(2027, 1, 1)) is Phase.UNDER_WAY
    assert phase(ZONE, begins, ends, ms(2027, 1, 31, 23, 59)) is Phase.UNDER_WAY
    assert phase(ZONE, begins, ends, ms(2027, 2, 1)) is Phase.OVER


def test_what_nobody_marked_is_overdue_once_its_stage_is_over() -> None:
    one = campaign()
    check = one.checks[0]

    assert standing(one, check, None, None, zone=ZONE, now=ms(2027, 1, 20)) is CheckStanding.OPEN
    assert standing(one, check, None, None, zone=ZONE, now=ms(2027, 2, 1)) is CheckStanding.OVERDUE


@pytest.mark.parametrize("state", list(MarkState))
def test_what_somebody_signed_stands_so_however_late_it_is(state: MarkState) -> None:
    one = campaign()
    mark = Mark(state=state, by="sofia", at=1, text="x")

    found = standing(one, one.checks[0], mark, None, zone=ZONE, now=ms(2027, 3, 1))

    assert found.value == state.value


@pytest.mark.parametrize(
    ("met", "in_time", "late"),
    [
        (True, CheckStanding.DONE, CheckStanding.DONE),
        (False, CheckStanding.OPEN, CheckStanding.OVERDUE),
        (None, CheckStanding.UNKNOWN, CheckStanding.OVERDUE),
    ],
)
def test_where_a_verdict_proves_nobody_ticks_it_off(
    met: bool | None, in_time: CheckStanding, late: CheckStanding
) -> None:
    one = campaign()
    mark = Mark(state=MarkState.DONE, by="sofia", at=1)

    for now, expected in ((ms(2027, 1, 20), in_time), (ms(2027, 2, 2), late)):
        assert standing(one, one.checks[1], mark, met, zone=ZONE, now=now) is expected


def test_a_weekly_report_is_due_each_friday_and_is_about_the_seven_days_before() -> None:
    one = campaign()
    city, county = (list(weeks(one, rule, ZONE)) for rule in one.weekly)

    assert city[0].day == date(2027, 1, 1)  # a Friday
    assert city[0].due == ms(2027, 1, 1, 15)
    assert county[0].due == ms(2027, 1, 1, 12)
    assert (city[0].since, city[0].until) == (ms(2026, 12, 25), ms(2027, 1, 1))
    assert city[-1].day == date(2027, 3, 26)
    assert len(city) == 13


@given(st.integers(1, 7), st.integers(0, 40), st.integers(0, 200))
def test_no_instant_lies_between_two_weekly_reports(weekday: int, skip: int, days: int) -> None:
    begins = date(2027, 1, 1) + timedelta(days=skip)
    rule = Weekly(level=Level.CITY, weekday=weekday)
    one = campaign(begins=begins, ends=begins + timedelta(days=days))

    found = list(weeks(one, rule, ZONE))

    for first, second in itertools.pairwise(found):
        assert first.until == second.since
    for each in found:
        assert each.day.isoweekday() == weekday
        assert each.since < each.until <= each.due
        assert one.begins <= each.day <= one.ends


def test_a_report_signed_after_it_was_due_is_late_for_good() -> None:
    due, opens = ms(2027, 1, 8, 15), ms(2027, 1, 8)

    def state(signed: int | None, now: int) -> ReportState:
        return report_state(due, opens, signed, now)

    assert state(None, opens - 1) is ReportState.COMING
    assert state(None, due) is ReportState.DUE
    assert state(None, due + 1) is ReportState.OVERDUE
    assert state(due, due + 1) is ReportState.SIGNED
    assert state(due + 1, due + 10**9) is ReportState.LATE


def test_a_deadline_is_local_time() -> None:
    assert due_of(ZONE, campaign().deadlines[0].due) == ms(2027, 3, 24, 15)


def test_a_campaign_that_is_begun_on_another_day_moves_along() -> None:
    one = campaign()
    moved = shifted(one, date(2027, 1, 11))

    assert mistakes(moved) == []
    assert (moved.begins, moved.ends) == (date(2027, 1, 11), date(2027, 4, 10))
    assert moved.stages[1].begins == date(2027, 2, 11)
    assert moved.deadlines[0].due == SUMMARY + timedelta(days=10)
    assert shifted(moved, one.begins) == one


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "a b"}, "id"),
        ({"name_zh": " "}, "name_zh"),
        ({"ends": date(2026, 1, 1)}, "ends"),
        ({"ends": date(2037, 1, 1)}, "ends"),
        ({"stages": ()}, "stages"),
        ({"begins": date(2027, 1, 5)}, "stages.0.begins"),
        ({"checks": (Check(id="x", text_zh="x", stage="none"),)}, "checks.0.stage"),
        ({"checks": (Check(id="x", text_zh="x", stage="look", item="a"),)}, "checks.0.item"),
        ({"checks": (Check(id="x", text_zh="", stage="look"),)}, "checks.0.text_zh"),
        ({"checks": (Check(id="x", text_zh="x", stage="look"),) * 2}, "checks.1.id"),
        ({"weekly": (Weekly(level=Level.CITY),) * 2}, "weekly.1.level"),
        ({"weekly": (Weekly(level=Level.CITY, weekday=8),)}, "weekly.0.weekday"),
    ],
)
def test_what_does_not_fit_together_is_named_by_its_field(
    changes: dict[str, object], field: str
) -> None:
    assert mistakes(campaign()) == []
    assert field in {one.field for one in mistakes(campaign(**changes))}


def test_levels_follow_from_what_lies_around_what() -> None:
    parents = {"jin": None, "shuo": "jin", "pinglu": "shuo", "huairen": "shuo", "loop": "loop"}

    found = levels(parents, {"pinglu", "huairen"})

    assert found["pinglu"] is found["huairen"] is Level.COUNTY
    assert found["shuo"] is Level.CITY
    assert found["jin"] is Level.PROVINCE
    assert "loop" in found  # a circle in imported data hangs nobody


def test_a_region_with_schools_of_its_own_is_a_county_whatever_lies_in_it() -> None:
    assert levels({"city": None, "east": "city"}, {"city", "east"}) == {
        "city": Level.COUNTY,
        "east": Level.COUNTY,
    }
