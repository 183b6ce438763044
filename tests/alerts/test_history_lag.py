"""When readings that wait for the database of years are a finding."""

from __future__ import annotations

import pytest

from alerts.finding import Priority
from alerts.history_lag import Lag, judge_lag

NOON = 1_784_793_600_000
MINUTE = 60_000


@pytest.mark.parametrize(
    ("minutes", "behind", "active"),
    [
        (0, False, False),
        (14, False, False),
        (15, False, True),
        (600, True, True),
        (8, True, True),
        (7, True, False),
        (7, False, False),
    ],
)
def test_it_is_behind_after_a_quarter_of_an_hour_until_it_is_half_as_far(
    minutes: int, behind: bool, active: bool
) -> None:
    lag = Lag(waiting=10, oldest=NOON - minutes * MINUTE)
    finding = judge_lag(lag, behind=behind, now=NOON)
    assert finding.active is active
    assert finding.priority is Priority.MEDIUM


def test_nothing_that_waits_is_not_behind_however_old_the_last_look() -> None:
    assert not judge_lag(Lag(0, None), behind=True, now=NOON).active
    assert not judge_lag(Lag(0, NOON - 10**9), behind=True, now=NOON).active


def test_it_says_how_much_since_when_why_and_what_was_lost() -> None:
    lag = Lag(4_500_000, NOON - 20 * MINUTE, "401 unauthorized " * 50, lost=7)
    why = judge_lag(lag, behind=False, now=NOON).explanation
    assert why.code == "history_behind_because"
    assert (why.inputs["waiting"], why.inputs["minutes"], why.inputs["lost"]) == (4_500_000, 20, 7)
    assert len(str(why.inputs["error"])) <= 200
    assert (why.limit, why.unit) == (15, "min")
    assert "error" not in judge_lag(Lag(1, 0), behind=False, now=NOON).explanation.inputs


def test_a_clock_that_was_set_back_makes_nothing_late() -> None:
    assert not judge_lag(Lag(1, NOON + 10**9), behind=False, now=NOON).active
