"""A device watched by one rule, and a clock turned by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from alerts.finding import Finding, Outcome
from alerts.rules import bind
from alerts.rules.rule import DeviceState, Hearing
from devices.model import Device
from devices.reading import Channel, Reading
from devices.timekeeping import place_in_time
from gateway.words import Words
from gateway.words.explaining import explained

NOW = 1_795_161_600_000


WORDS = Words.load()


def assert_in_words(finding: Finding) -> None:
    """Every finding can be said in both languages, with nothing left out."""
    for text in explained(WORDS, finding.explanation).values():
        assert "{" not in text
        assert not text.startswith("explain.")
    assert not finding.remark or f"remark.{finding.remark}" in WORDS


class Watched:
    """Feeds one rule as the pipeline does; collects what it finds."""

    def __init__(self, parameters: dict[str, Any], repeater: Watched | None = None) -> None:
        name = parameters.pop("as", parameters["rule"])
        (self.rule,) = bind({name: parameters})
        self.now = NOW
        self.hearing = Hearing(NOW, True)
        self.state = DeviceState(Device("school", "device", "kind"), self.hearing, NOW)
        self.state.rules = (self.rule,)
        if repeater is not None:
            self.state.repeater = repeater.state
        self.memory = self.rule.memory()
        self.state.memories = [self.memory]
        self.wake: int | None = None
        self.found: list[Finding] = []
        self.saved: bytes | None = None
        self._take(self.rule.start(self.memory, self.state, self.now))

    def says(
        self,
        event: str | None = None,
        *,
        after: float = 0,
        taken: float = 0,
        at: int | None = None,
        channel: Channel | None = None,
        retained: bool = False,
        test: bool = False,
        seq: int | None = None,
        **values: Any,
    ) -> list[Finding]:
        """A message ``after`` seconds, ``taken`` seconds under way; what was found by then."""
        found = self.passes(after)
        channel = channel or (Channel.TELEMETRY if event is None else Channel.EVENT)
        reading = Reading(
            channel,
            values,
            self.now,
            b"{}",
            self.now - int(taken * 1000) if at is None else at,
            0,
            seq,
            event,
            retained=retained,
            test=test,
        )
        place_in_time(reading, self.state.offset)
        wanted = self.rule.telemetry if channel is Channel.TELEMETRY else self.rule.events
        if wanted:
            self.state.values.update(values)
            outcome = self.rule.judge(self.memory, self.state, reading, self.now)
            found += self._take(outcome)
        if not retained:
            self.state.heard = self.now
        return found

    def passes(self, seconds: float) -> list[Finding]:
        """Time passes; the rule is woken when it has asked for it."""
        found: list[Finding] = []
        end = self.now + round(seconds * 1000)
        while self.wake is not None and self.wake <= end:
            self.now, self.wake = max(self.now, self.wake), None
            found += self._take(self.rule.tick(self.memory, self.state, self.now))
        self.now = end
        return found

    def restarts(self, down: float = 0) -> list[Finding]:
        """The gateway is killed and starts ``down`` seconds later with what was saved."""
        self.now += round(down * 1000)
        return self._begin(None if self.saved is None else msgspec.json.decode(self.saved))

    def reloads(self) -> None:
        """The memory goes through its stored form, as it is now, without a restart."""
        data = msgspec.json.decode(msgspec.json.encode(self.rule.dump(self.memory)))
        self.memory = self.rule.memory() if data is None else self.rule.load(data)
        self.state.memories = [self.memory]

    def _begin(self, data: Any) -> list[Finding]:
        self.memory = self.rule.memory() if data is None else self.rule.load(data)
        self.state = DeviceState(self.state.device, self.hearing, self.now)
        self.state.rules = (self.rule,)
        self.state.memories = [self.memory]
        self.hearing.since = self.now
        self.wake = None
        return self._take(self.rule.start(self.memory, self.state, self.now))

    def _take(self, outcome: Outcome | None) -> list[Finding]:
        if outcome is None:
            return []
        if outcome.wake is not None:
            assert outcome.wake >= 0
            self.wake = outcome.wake
        if outcome.save:
            self.saved = msgspec.json.encode(self.rule.dump(self.memory))
        for finding in outcome.findings:
            assert_in_words(finding)
        self.found += outcome.findings
        return list(outcome.findings)


@pytest.fixture(scope="session")
def watch() -> Callable[..., Watched]:
    """``watch(rule="threshold", …)``: a device watched by that rule."""

    def begin(repeater: Watched | None = None, **parameters: Any) -> Watched:
        return Watched(parameters, repeater)

    return begin
