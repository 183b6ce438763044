"""A glance at telemetry: what looks as it did last time is decoded only for what rules must see.

A device says the same sort of thing again and again, and only the figures change. Two messages
*look the same* when they are equal but for their figures: then they tell of the same values, in
the same types, and no truth has changed. Of such a message the rules that are in a hurry see the
values they watch; the rest is checked for being JSON, kept as it came, and decoded when somebody
asks (`DeviceState.values`). Whatever looks different is read in full and shown to all rules, and
so is each message that comes when those in no hurry are due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec

from alerts.rules.rejected import Rejected
from alerts.rules.rule import JudgeCall, Rule
from devices.dialects.native import MAX_PAYLOAD, glancing

_decode: Final = msgspec.json.Decoder().decode
_FIGURES: Final = b"0123456789.-"
_NO_FIGURES: Final = dict.fromkeys(_FIGURES)

_LOOKS_KEPT: Final = 256
"""Looks remembered by a set of rules: more than devices of one kind have that mean well."""

Calls: TypeAlias = tuple[tuple[int, JudgeCall], ...]
"""Rules' `judge`, with their number among the rules of the device."""


class Glance:
    """One look of telemetry, and the rules that it concerns: the hurried (``calls``), and all."""

    __slots__ = ("_decode", "_look", "all", "calls")

    def __init__(
        self, look: bytes, decode: Callable[[bytes], dict[str, Any]], calls: Calls, all_: Calls
    ) -> None:
        self._look: Final = look
        self._decode: Final = decode
        self.calls: Final = calls
        self.all: Final = all_

    def read(self, payload: bytes) -> dict[str, Any] | None:
        """``ts``, ``seq`` and what the rules watch; ``None`` when it looks different."""
        if payload.translate(None, _FIGURES) != self._look or len(payload) > MAX_PAYLOAD:
            return None
        try:
            return self._decode(payload)
        except ValueError:
            return None  # a figure that is none: who reads it in full will say so

    def read_all(self, payload: bytes) -> dict[str, Any] | None:
        """``ts``, ``seq`` and all values; ``None`` when it looks different."""
        if payload.translate(None, _FIGURES) != self._look or len(payload) > MAX_PAYLOAD:
            return None
        try:
            told: dict[str, Any] = _decode(payload)
        except ValueError:
            return None
        moment = told["ts"]
        plain = moment.__class__ is int and moment >= 0 and told["seq"].__class__ is int
        return told if plain else None


class RuleSet:
    """The rules of all devices with equal parameters, sorted by what they want to see."""

    __slots__ = (
        "_glances",
        "_hurried",
        "_watched",
        "events",
        "rejected",
        "rules",
        "telemetry",
        "unhurried",
    )

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules: Final = tuple(rules)
        self.telemetry: Final[Calls] = tuple(
            (number, rule.judge) for number, rule in enumerate(rules) if rule.telemetry
        )
        self.events: Final[Calls] = tuple(
            (number, rule.judge) for number, rule in enumerate(rules) if rule.events
        )
        self.rejected: Final[tuple[tuple[int, Rejected], ...]] = tuple(
            (number, rule) for number, rule in enumerate(rules) if isinstance(rule, Rejected)
        )
        self.unhurried: Final = any(rule.telemetry and rule.unhurried for rule in rules)
        self._hurried: Final = tuple(
            (number, rule.judge, rule.watches())
            for number, rule in enumerate(rules)
            if rule.telemetry and not rule.unhurried
        )
        self._watched: Final = _union(watched for _, _, watched in self._hurried)
        self._glances: Final[dict[bytes, Glance]] = {}

    def glance(self, payload: bytes, names: Iterable[str]) -> Glance | None:
        """For messages that look like this plain one, which tells of the values ``names``.

        One object for all devices that say such; ``None`` when they have to be read in full.
        """
        told = frozenset(names)
        watched = self._watched
        # Names that differ by a figure look the same, and may not be taken for each other.
        if watched is None or _mistakable(told, watched):
            return None
        look = payload.translate(None, _FIGURES)
        found = self._glances.get(look)
        if found is None and len(self._glances) < _LOOKS_KEPT:
            calls = tuple(
                (number, judge)
                for number, judge, its in self._hurried
                if its is not None and not its.isdisjoint(told)
            )
            concerned = tuple(
                (number, rule.judge)
                for number, rule in enumerate(self.rules)
                if rule.telemetry and _concerns(rule, told)
            )
            found = self._glances[look] = Glance(look, glancing(watched), calls, concerned)
        return found


def _concerns(rule: Rule, told: frozenset[str]) -> bool:
    watched = rule.watches()
    return watched is None or not watched.isdisjoint(told)


@lru_cache(maxsize=1024)
def _mistakable(told: frozenset[str], watched: frozenset[str]) -> bool:
    bare = {name.translate(_NO_FIGURES) for name in watched - told}
    return any(name != name.translate(_NO_FIGURES) or name in bare for name in told)


def _union(watched: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """All names that any watches; ``None`` when one watches whatever there is."""
    names: frozenset[str] = frozenset()
    for each in watched:
        if each is None:
            return None
        names |= each
    return names
