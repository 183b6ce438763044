"""What holds for every rule there is, with the figures of the kinds' files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.finding import Finding, Priority
from alerts.rules import RULES, bind
from alerts.rules.rule import DeviceState, Hearing
from devices.kinds import effective_rules
from devices.model import Device
from devices.reading import Channel, Reading
from devices.timekeeping import place_in_time
from gateway.kinds import load_kinds
from gateway.words import Words
from gateway.words.explaining import explained

NOW = 1_795_161_600_000
KINDS = load_kinds(Path(__file__).parents[3] / "config" / "kinds")
BOUND = {kind: bind(effective_rules(spec), spec) for kind, spec in KINDS.items()}
WORDS = Words.load()

METRICS = sorted({metric for spec in KINDS.values() for metric in spec.values} | {"tamper", "zone"})
EVENTS = sorted({event for spec in KINDS.values() for event in spec.events} | {"restored", "?"})

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-300, 300)
    | st.floats()
    | st.floats(-300, 300)
    | st.text(max_size=5)
    | st.just(10**400)
)
VALUES = SCALARS | st.lists(SCALARS, max_size=4) | st.dictionaries(st.text(max_size=3), SCALARS)
MESSAGES = st.tuples(
    st.integers(0, 4000_000),  # ms since the last
    st.sampled_from([Channel.TELEMETRY, Channel.TELEMETRY, Channel.EVENT, Channel.STATUS]),
    st.dictionaries(st.sampled_from(METRICS), VALUES, max_size=6),
    st.none() | st.sampled_from(EVENTS),
    st.none() | st.integers(-10_000_000, 100_000) | st.just(-NOW),
    st.booleans(),
)


def check(finding: Finding, now: int) -> None:
    assert isinstance(finding.priority, Priority)
    assert finding.known == now
    assert finding.happened <= now
    assert f"condition.{finding.condition}" in WORDS
    for text in explained(WORDS, finding.explanation).values():
        assert "{" not in text
        assert not text.startswith("explain.")


class Everything:
    """One device judged by all rules of its kind, and what holds of whatever they find."""

    def __init__(self, rules):
        self.rules = rules
        self.state = DeviceState(Device("school", "device", "kind"), Hearing(NOW, True), NOW)
        self.state.rules = rules
        self.state.memories = [rule.memory() for rule in rules]
        self.wakes: dict[int, int] = {}
        self.active: set[str] = set()
        self.now = NOW
        for number, rule in enumerate(rules):
            self.follow(number, rule.start(self.state.memories[number], self.state, NOW))

    def follow(self, number, outcome):
        if outcome is None:
            return
        for finding in outcome.findings:
            check(finding, self.now)
            if finding.active and not finding.occurrence:
                assert finding.condition not in self.active, "raised twice without an end"
            (self.active.add if finding.active else self.active.discard)(finding.condition)
        if outcome.wake is not None:
            self.wakes[number] = outcome.wake

    def pass_time(self, milliseconds):
        self.now += milliseconds
        for number, due in sorted(self.wakes.items()):
            if due <= self.now:
                del self.wakes[number]
                memory = self.state.memories[number]
                self.follow(number, self.rules[number].tick(memory, self.state, self.now))

    def hear(self, reading):
        place_in_time(reading, self.state.offset)
        for number, rule in enumerate(self.rules):
            if rule.telemetry if reading.channel is Channel.TELEMETRY else rule.events:
                memory = self.state.memories[number]
                self.follow(number, rule.judge(memory, self.state, reading, self.now))
        if not reading.retained:
            self.state.heard = self.now


@pytest.mark.parametrize("kind", sorted(BOUND))
@settings(max_examples=60, deadline=None)
@given(messages=st.lists(MESSAGES, max_size=25))
def test_rules_bear_whatever_devices_send_and_say_it_in_words(kind, messages):
    device = Everything(BOUND[kind])
    for passed, channel, values, event, at, retained in messages:
        device.pass_time(passed)
        device.hear(
            Reading(
                channel,
                values,
                device.now,
                b"",
                None if at is None else device.now + at,
                event=event if channel is Channel.EVENT else None,
                retained=retained,
            )
        )


def test_every_rule_is_used_by_some_kind():
    used = {type(rule) for rules in BOUND.values() for rule in rules}
    assert used == set(RULES.values())


def test_every_figure_says_where_it_comes_from():
    for spec in KINDS.values():
        for name, parameters in spec.rules.items():
            assert parameters.get("source"), f"{spec.kind}: {name}"


def test_devices_with_equal_figures_share_their_rules():
    spec = KINDS["smoke"]
    one = bind(effective_rules(spec), spec)
    other = bind(effective_rules(spec), spec)
    assert one is other
    own = bind(effective_rules(spec, None, {"battery": {"low_pct": 30}}), spec)
    assert own is not one
    shared = set(map(id, own)) & set(map(id, one))
    assert len(shared) == len(one) - 1


@pytest.mark.parametrize("name", sorted(RULES))
def test_what_an_older_version_stored_does_not_stop_it(name):
    rule = next(rule for rules in BOUND.values() for rule in rules if type(rule) is RULES[name])
    for data in ({}, {"gone": 1}, {"stage": [], "raised": "yes", "since": "x"}, [], 3, "text"):
        memory = rule.load(data)
        assert type(memory) is type(rule.memory())
    assert rule.dump(rule.memory()) is None
