"""What a rule concludes: a condition became true, or stopped, and why."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec


class Priority(IntEnum):
    """How urgently people must act. Lower is more urgent."""

    EMERGENCY = 1
    HIGH = 2
    MEDIUM = 3
    LOW = 4
    NOTICE = 5


class Explanation(msgspec.Struct, frozen=True):
    """Why a finding was made, as data; words come from the catalogues.

    ``code`` names the sentence ``explain.{code}`` of the catalogues, ``inputs`` fills it (numbers
    keep their unit in the name: ``temperature_c``). ``limit`` is what the input was held against,
    ``source`` where the limit comes from, ``metric`` the value whose curve shows it.
    """

    rule: str
    code: str
    inputs: dict[str, bool | int | float | str | None] = msgspec.field(default_factory=dict)
    limit: float | None = None
    unit: str = ""
    source: str = ""
    metric: str = ""


class Finding(msgspec.Struct, frozen=True):
    """A condition of one device became true (``active``) or stopped.

    ``condition`` is unique per device among open alerts. ``occurrence`` marks a distinct press or
    trip: on an alert that is open already it counts as one more occurrence of it; a finding that
    is active but no occurrence changes nothing on an open alert. ``happened`` and ``known`` in ms.
    ``latches``: the alert stays until a person resets it, though the condition has stopped.
    ``remark`` is a code of the catalogues (``remark.{remark}``), e.g. ``late`` or
    ``claims_test``. ``scope`` is what it is about when that is no single device (`Alert.scope`).
    """

    condition: str
    active: bool
    priority: Priority
    happened: int
    known: int
    explanation: Explanation
    occurrence: bool = False
    latches: bool = False
    remark: str = ""
    scope: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What judging came to, when it came to anything.

    ``wake`` asks to be called again (`Rule.tick`) at that time (ms); a later request replaces an
    earlier one of the same rule and device. ``save`` asks that the rule's memory be stored with
    this batch, because it cannot be derived from readings again. A rule in no hurry that gives an
    outcome, even an empty one, is shown the device's next message, too, however soon it comes.
    """

    findings: tuple[Finding, ...] = ()
    wake: int | None = None
    save: bool = False


NOTHING: Final = Outcome()
"""Judged, and nothing came of it (rules return ``None`` on the hot path)."""
