"""A police link tells its state: what is wrong with it is an alert, and so is a wrong clock."""

from __future__ import annotations

import pytest

from alerts.finding import Outcome, Priority
from alerts.rules.link_state import LinkStateMemory, LinkStateParameters, LinkStateRule
from alerts.rules.rule import DeviceState, Hearing
from devices.model import Device
from devices.reading import Channel, Reading, Value

MINUTE = 60_000


class Link:
    """A link's device, and what the rule makes of what it tells."""

    def __init__(self) -> None:
        self.rule = LinkStateRule(LinkStateParameters(unverified_after_s=600), "link_state")
        self.memory: LinkStateMemory = self.rule.memory()
        self.state = DeviceState(Device("no3", "110", "police-link", row=1), Hearing(), 0)
        self.now = 1_000_000

    def tells(self, **values: Value) -> list[tuple[str, bool, Priority]]:
        self.now += MINUTE
        self.state.values.update(values)
        reading = Reading(Channel.TELEMETRY, values, self.now, b"{}", happened=self.now)
        return self.found(self.rule.judge(self.memory, self.state, reading, self.now))

    def passes(self, minutes: int) -> list[tuple[str, bool, Priority]]:
        self.now += minutes * MINUTE
        return self.found(self.rule.tick(self.memory, self.state, self.now))

    def found(self, outcome: Outcome | None) -> list[tuple[str, bool, Priority]]:
        findings = () if outcome is None else outcome.findings
        return [(one.condition, one.active, one.priority) for one in findings]


@pytest.fixture
def link() -> Link:
    return Link()


def test_a_link_that_is_down_is_a_fault_and_over_when_it_is_up(link: Link) -> None:
    assert link.tells(state="up") == []
    assert link.tells(state="down", cause="silent") == [("police_link_down", True, Priority.HIGH)]
    assert link.tells(state="down", cause="silent") == []
    assert link.tells(state="up") == [("police_link_down", False, Priority.HIGH)]


def test_from_down_to_degraded_one_alert_follows_the_other(link: Link) -> None:
    link.tells(state="down", cause="silent")
    assert link.tells(state="degraded", cause="backup_silent") == [
        ("police_link_down", False, Priority.HIGH),
        ("police_link_degraded", True, Priority.MEDIUM),
    ]


def test_a_link_that_is_soon_tested_is_no_alert_for_being_unverified(link: Link) -> None:
    assert link.tells(state="unverified", cause="no_test") == []
    assert link.passes(5) == []
    assert link.tells(state="up") == []
    assert link.passes(30) == []


def test_a_link_that_stays_unverified_is_an_alert_of_low_priority(link: Link) -> None:
    link.tells(state="unverified", cause="no_test")
    assert link.passes(11) == [("police_link_unverified", True, Priority.LOW)]
    assert link.passes(11) == []
    assert link.tells(state="up") == [("police_link_unverified", False, Priority.LOW)]


def test_what_was_unverified_before_a_restart_goes_on_being_so(link: Link) -> None:
    link.tells(state="unverified", cause="test_old")
    link.memory = link.rule.load(link.rule.dump(link.memory))
    outcome = link.rule.start(link.memory, link.state, link.now)
    assert outcome is not None
    assert outcome.wake == link.memory.since + 10 * MINUTE


def test_a_cause_that_nobody_knows_words_for_is_not_repeated(link: Link) -> None:
    link.now += MINUTE
    reading = Reading(
        Channel.TELEMETRY,
        {"state": "down", "cause": "<b>x</b>"},
        link.now,
        b"{}",
        happened=link.now,
    )
    outcome = link.rule.judge(link.memory, link.state, reading, link.now)
    assert outcome is not None
    assert outcome.findings[0].explanation.inputs == {"cause": "untold"}


def test_a_receivers_clock_that_is_far_off_is_an_alert_with_its_offset(link: Link) -> None:
    assert link.tells(state="up", clock_offset_ms=5_000) == []
    assert link.tells(state="up", clock_offset_ms=-61_000) == [
        ("police_link_clock", True, Priority.MEDIUM)
    ]
    assert link.tells(state="up", clock_offset_ms=0) == [
        ("police_link_clock", False, Priority.MEDIUM)
    ]


@pytest.mark.parametrize("nonsense", [None, 3, True, "sideways", ["down"]])
def test_nonsense_is_no_alert(link: Link, nonsense: Value) -> None:
    assert link.tells(state=nonsense, clock_offset_ms="late") == []
