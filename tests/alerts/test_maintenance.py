"""Where faults are expected, for how long at most, and that nothing of it hides an emergency."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from alert_story import T0, Story
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Refusal
from alerts.finding import Priority
from alerts.maintenance import (
    AHEAD,
    DAY,
    LONGEST,
    MOST,
    Maintenance,
    Site,
    announced,
    begun,
    covering,
    covers,
    ended,
)

HOUR = 3_600_000
ROOM = Site("no3", ("lab-302", "floor-3", "block-a"), "smoke-1")


def maintenance(**changes: Any) -> Maintenance:
    fields: dict[str, Any] = {
        "row": 12,
        "school": "no3",
        "starts": T0,
        "ends": T0 + HOUR,
        "reason": "painting",
        "actor": "li",
        "announced": T0,
    }
    return Maintenance(**{**fields, **changes})


@pytest.mark.parametrize(
    "of",
    [{}, {"place": "lab-302"}, {"place": "floor-3"}, {"place": "block-a"}, {"device": "smoke-1"}],
)
def test_of_a_school_a_place_or_a_device_it_covers_all_within(of: dict[str, str]) -> None:
    assert covers(maintenance(**of), ROOM)


@pytest.mark.parametrize(
    "of", [{"school": "no5"}, {"place": "lab-303"}, {"place": "block-b"}, {"device": "smoke-2"}]
)
def test_it_covers_nothing_elsewhere(of: dict[str, str]) -> None:
    assert not covers(maintenance(**of), ROOM)


def test_a_fault_of_the_whole_school_is_expected_only_while_the_whole_school_is_worked_on() -> None:
    whole = Site("no3")
    assert covers(maintenance(), whole)
    assert not covers(maintenance(place="block-a"), whole)
    assert not covers(maintenance(device="smoke-1"), whole)


def test_it_hides_from_its_begin_to_its_end_and_the_one_that_ends_last_is_named() -> None:
    coming = maintenance(row=1)
    early = begun(maintenance(row=2), T0)
    late = begun(maintenance(row=3, ends=T0 + 2 * HOUR), T0)
    over = ended(begun(maintenance(row=4), T0), T0 + 1, by="li", remark="done sooner")
    assert covering([coming, early, late, over], ROOM) == (late, early)
    assert (over.ended, over.ended_by, over.remark) == (T0 + 1, "li", "done sooner")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "  "}, "text_required"),
        ({"place": "floor-3", "device": "smoke-1"}, "maintenance_of_both"),
        ({"ends": T0}, "maintenance_past"),
        ({"starts": T0 + HOUR, "ends": T0 + HOUR}, "maintenance_past"),
        ({"ends": T0 + LONGEST + 1}, "maintenance_too_long"),
        ({"starts": T0 + AHEAD + 1, "ends": T0 + AHEAD + HOUR}, "maintenance_too_far"),
    ],
)
def test_what_cannot_be_announced(changes: dict[str, Any], code: str) -> None:
    refusal = announced(maintenance(**changes), standing=0, now=T0)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_thirty_days_are_the_most_and_so_many_may_stand() -> None:
    longest = maintenance(ends=T0 + 30 * DAY)
    assert announced(longest, standing=MOST - 1, now=T0) == longest
    refusal = announced(longest, standing=MOST, now=T0)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "too_many_maintenances"


def test_it_begins_no_earlier_than_it_was_announced() -> None:
    kept = announced(maintenance(starts=T0 - DAY), standing=0, now=T0)
    assert isinstance(kept, Maintenance)
    assert (kept.starts, kept.announced) == (T0, T0)


def test_a_fault_that_comes_meanwhile_is_hidden_and_says_by_which() -> None:
    story = Story("battery_low", Priority.LOW)
    story.maintenance = maintenance().code
    assert story.find() == ["raised"]
    assert story.standing.suppressed
    assert story.told[0].detail["reason"] == "maintenance:12"
    assert story.find(active=False) == ["returned", "closed"]


def test_out_of_service_and_under_maintenance_it_says_both() -> None:
    story = Story("battery_low", Priority.LOW)
    story.out_of_service = True
    story.maintenance = maintenance().code
    story.find()
    detail = story.told[0].detail
    assert (detail["suppressed"], detail["reason"]) == (True, "maintenance:12")


def test_what_becomes_an_emergency_meanwhile_shows() -> None:
    story = Story("smoke", Priority.HIGH)
    story.maintenance = maintenance().code
    story.find()
    assert story.find(priority=Priority.EMERGENCY) == ["unsuppressed", "worsened"]
    assert not story.standing.suppressed


def test_no_emergency_is_ever_hidden() -> None:
    for occurrence, latches in product((False, True), repeat=2):
        story = Story("panic", Priority.EMERGENCY)
        story.maintenance = maintenance().code
        story.find(occurrence=occurrence, latches=latches)
        assert not story.standing.suppressed
        assert "reason" not in story.told[0].detail


names = st.sampled_from(["", "a", "b", "c"])


@given(
    wanted=st.builds(
        maintenance,
        starts=st.integers(-(10**13), 10**13),
        ends=st.integers(-(10**13), 10**13),
        place=st.none() | names,
        device=st.none() | names,
        reason=st.text(max_size=5),
    ),
    now=st.integers(0, 10**13),
)
def test_what_is_kept_begins_after_now_lasts_thirty_days_at_most_and_has_a_reason(
    wanted: Maintenance, now: int
) -> None:
    kept = announced(wanted, standing=0, now=now)
    if isinstance(kept, Refusal):
        return
    assert now <= kept.starts < kept.ends <= kept.starts + LONGEST
    assert kept.reason.strip()
    assert kept.place is None or kept.device is None
