"""What is asked of a replay, and what comes of it."""

from __future__ import annotations

from collections import Counter
from typing import Final

import msgspec

from alerts.replay import Agreement, Pair
from devices.model import Device
from gateway.replay.judging import Stretch

HOUR: Final = 3_600_000

WARM_UP: Final = 6 * HOUR
"""ms before the time that is asked for, in which rules get to know their devices. Silence learns
in one interval what is usual; windows of a rise are minutes, faults are raised within hours."""

TOLERANCE: Final = 60_000
"""ms by which two alerts may differ in time and be the same."""

MOST_EPISODES: Final = 50_000
"""Alerts of one replay. Rules that raise more call people out without end, whatever else they do;
and what is found is kept in memory and shown on a page."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which days (ms, ``[since, until)``) of which devices; all, where nothing is named.

    ``only_changed``: only the rules whose figures are not today's, and only the devices that have
    such. Rules know nothing of each other, so the others would find what they have found.
    """

    since: int
    until: int
    schools: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    devices: frozenset[tuple[str, str]] = frozenset()
    only_changed: bool = False
    warm_up: int = WARM_UP
    tolerance: int = TOLERANCE

    def concerns(self, device: Device) -> bool:
        """Whether it is asked for."""
        return (
            (not self.schools or device.school in self.schools)
            and (not self.kinds or device.kind in self.kinds)
            and (not self.devices or device.key in self.devices)
        )


class Outside(msgspec.Struct, frozen=True):
    """What was raised and cannot be replayed, by the rule: not from stored readings alone."""

    rule: str
    alerts: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Times in ms.

    ``covered`` is what of the time asked for there are readings of (``None``: of nothing), and
    ``deaf`` the stretches in it in which nobody could be heard. ``outside`` counts what was raised
    by what is no rule over readings. ``seconds`` is how long it took, ``readings`` how many there
    were, those before ``since`` by which rules got to know their devices included. ``named`` are
    the devices of ``pairs``, by row.
    """

    since: int
    until: int
    covered: Stretch | None
    deaf: tuple[Stretch, ...]
    devices: int
    readings: int
    seconds: float
    pairs: list[Pair]
    named: dict[int, Device]
    outside: tuple[Outside, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether there are readings of all the time asked for."""
        return self.covered == (self.since, self.until)

    @property
    def counts(self) -> dict[Agreement, int]:
        """How many pairs of each verdict."""
        found = Counter(pair.verdict for pair in self.pairs)
        return {verdict: found[verdict] for verdict in Agreement}

    @property
    def times_real_time(self) -> float:
        """How much faster than it happened."""
        if self.covered is None or self.seconds <= 0:
            return 0.0
        return (self.covered[1] - self.covered[0]) / 1000 / self.seconds


class RulesOf(msgspec.Struct, frozen=True):
    """The rules of a kind's devices with the same figures; ``spec`` is the kind, as JSON."""

    spec: str
    rules: dict[str, dict[str, object]]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one process is to do. Times in ms.

    ``rules_of`` is the place of each device's rules among ``rules``. See
    `gateway.replay.judging.Circumstances` for the rest.
    """

    store: str
    begin: int
    since: int
    until: int
    devices: list[Device]
    rules: list[RulesOf]
    rules_of: list[int]
    deaf: tuple[Stretch, ...]
    registered: dict[int, int]
    tests: list[tuple[int, int]]
    most: int = MOST_EPISODES


class Progress(msgspec.Struct, frozen=True, tag=True):
    """How far a process has got: its share done (0 to 1), and readings judged."""

    done: float
    readings: int


class ReplayError(Exception):
    """It cannot be replayed. Says what happened and what to do."""
