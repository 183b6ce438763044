"""The gateway's own troubles."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.finding import Priority
from alerts.rules.gateway_health import Health, HealthLimits, HealthMemory, judge_health
from gateway.words import Words
from gateway.words.explaining import explained

NOW = 1_795_161_600_000
WELL = Health(connected=True, connected_since=NOW, last_message=NOW, devices=100, free_bytes=10**11)
LIMITS = HealthLimits()
WORDS = Words.load()


class Gateway:
    """Looks at itself once a second."""

    def __init__(self, **figures):
        self.now = NOW
        self.memory = HealthMemory()
        self.health = WELL
        first = self.looks(**figures)
        assert not any(active for _, active in first)

    def looks(self, after=1, **figures):
        self.now += round(after * 1000)
        self.health = msgspec.structs.replace(self.health, **figures)
        found = judge_health(self.health, self.memory, LIMITS, self.now)
        for finding in found:
            assert f"condition.{finding.condition}" in WORDS
            for text in explained(WORDS, finding.explanation).values():
                assert "{" not in text
                assert not text.startswith("explain.")
        return [(finding.condition, finding.active) for finding in found]


def test_the_first_look_says_what_is_not_wrong_because_alerts_may_be_left_from_before():
    found = judge_health(WELL, HealthMemory(), LIMITS, NOW)
    assert len(found) == 7
    assert not any(finding.active for finding in found)


def test_while_all_is_well_nothing_is_found():
    gateway = Gateway()
    for _ in range(100):
        assert gateway.looks(last_message=gateway.now) == []
    assert gateway.memory.trouble == ()


def test_a_broker_out_of_reach_is_a_lost_feed_and_says_why():
    gateway = Gateway()
    lost = gateway.now
    assert gateway.looks(connected=False, connected_since=lost, error="refused") == []
    assert gateway.looks(after=8) == []
    assert gateway.looks() == [("feed_lost", True)]
    assert gateway.memory.trouble == ("broker_lost",)
    assert gateway.looks(after=3600) == []
    assert gateway.looks(connected=True, connected_since=gateway.now) == [("feed_lost", False)]


def test_a_feed_that_stops_is_stalled_after_three_times_its_usual_gap():
    gateway = Gateway()
    for _ in range(50):
        assert gateway.looks(after=20, last_message=gateway.now + 20_000) == []
    assert gateway.looks(after=50) == []
    assert gateway.looks(after=11) == [("feed_stalled", True)]
    assert gateway.memory.trouble == ("stalled",)
    assert gateway.looks(last_message=gateway.now + 1000) == [("feed_stalled", False)]


def test_a_campus_with_one_button_is_not_stalled_within_the_hour():
    gateway = Gateway(devices=1)
    for _ in range(20):
        for _ in range(119):
            assert gateway.looks(after=30) == []
        assert gateway.looks(after=30, last_message=gateway.now + 30_000) == []


def test_a_gateway_without_devices_waits_for_nothing():
    gateway = Gateway(devices=0)
    assert gateway.looks(after=86_400) == []


def test_an_outage_is_no_gap_that_is_usual():
    gateway = Gateway()
    for _ in range(50):
        gateway.looks(after=1, last_message=gateway.now + 1000)
    gateway.looks(connected=False, connected_since=gateway.now)
    gateway.looks(after=7200)
    gateway.looks(connected=True, connected_since=gateway.now, last_message=gateway.now + 1000)
    assert gateway.looks(after=60) == [("feed_stalled", True)]


@pytest.mark.parametrize(
    ("condition", "wrong", "between", "right"),
    [
        ("slow_commits", {"commit_p99_ms": 1500}, {"commit_p99_ms": 700}, {"commit_p99_ms": 20}),
        (
            "disk_full",
            {"free_bytes": 5 * 10**8},
            {"free_bytes": 11 * 10**8},
            {"free_bytes": 2 * 10**9},
        ),
        ("disk_full", {"full": True}, {"full": True}, {"full": False}),
        (
            "rejects_many",
            {"rejects_per_minute": 200},
            {"rejects_per_minute": 70},
            {"rejects_per_minute": 0},
        ),
    ],
)
def test_what_is_wrong_is_raised_once_does_not_chatter_and_ends(condition, wrong, between, right):
    gateway = Gateway()
    assert gateway.looks(**wrong) == [(condition, True)]
    for _ in range(10):
        assert gateway.looks(**between) == []
        assert gateway.looks(**wrong) == []
    assert gateway.looks(**right) == [(condition, False)]


def test_a_clock_that_jumps_is_shown_for_ten_minutes_though_it_is_over_at_once():
    gateway = Gateway()
    assert gateway.looks(clock_jump_ms=-5000) == [("own_clock", True)]
    gateway.health = msgspec.structs.replace(gateway.health, clock_jump_ms=0)
    for _ in range(20):
        assert gateway.looks(after=29, last_message=gateway.now + 29_000) == []
    assert gateway.looks(after=30, last_message=gateway.now + 30_000) == [("own_clock", False)]


def test_a_lost_feed_is_urgent_and_rejects_are_not():
    memory = HealthMemory()
    bad = Health(connected=False, connected_since=NOW - 60_000, rejects_per_minute=1000, devices=10)
    priorities = {f.condition: f.priority for f in judge_health(bad, memory, LIMITS, NOW)}
    assert priorities["feed_lost"] is Priority.HIGH
    assert priorities["rejects_many"] is Priority.LOW


@given(
    st.lists(
        st.builds(
            Health,
            connected=st.booleans(),
            connected_since=st.integers(NOW - 10**7, NOW),
            last_message=st.none() | st.integers(NOW - 10**7, NOW),
            devices=st.integers(0, 2),
            commit_p99_ms=st.floats(0, 1e5),
            clock_jump_ms=st.floats(-1e7, 1e7),
            free_bytes=st.none() | st.integers(0, 10**13),
            full=st.booleans(),
            rejects_per_minute=st.floats(0, 1e6),
        ),
        max_size=20,
    )
)
def test_findings_of_a_condition_take_turns(figures):
    memory = HealthMemory()
    standing: dict[str, bool] = {}
    for number, health in enumerate(figures):
        for finding in judge_health(health, memory, LIMITS, NOW + number * 1000):
            assert standing.get(finding.condition) is not finding.active
            standing[finding.condition] = finding.active
            assert finding.happened <= finding.known
    assert len(memory.trouble) == sum(standing.values())


def test_a_gateway_that_hears_late_for_long_says_that_it_judges_no_silence():
    gateway = Gateway()
    since = gateway.now
    assert gateway.looks(late_since=since) == []
    assert gateway.looks(after=118) == []
    assert gateway.looks(after=2) == [("hears_late", True)]
    assert "late" in gateway.memory.trouble
    assert gateway.looks(after=60) == []
    assert gateway.looks(late_since=None) == [("hears_late", False)]


def test_a_gateway_that_was_late_for_a_moment_says_nothing_of_it():
    gateway = Gateway()
    assert gateway.looks(late_since=gateway.now) == []
    assert gateway.looks(after=100) == []
    assert gateway.looks(late_since=None) == []
