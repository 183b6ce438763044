"""A verdict on an item of a school, and the reasons it rests on, down to device and evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from audit.verification.model import Verdict

Detail: TypeAlias = "bool | int | float | str | None"


class Part(StrEnum):
    """What of an item a reason is about (``coverage.part.{part}``)."""

    ROSTER = "roster"
    BASELINE = "baseline"
    INSTALLED = "installed"
    WORKING = "working"
    PICTURE = "picture"
    RECORDED = "recorded"
    LINKED = "linked"
    TESTED = "tested"
    PLATFORM = "platform"
    STATEMENT = "statement"
    STAFFING = "staffing"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a verdict is not plainly met, or what keeps it met for a while only.

    ``code`` names the sentence (``coverage.{code}``) that ``inputs`` fill. ``verdict`` is what it
    makes of the item; while ``pending`` it does not count yet and will from ``due`` on (ms), if
    nothing comes in between. A reason whose verdict is met only tells. ``evidence`` is the row of
    the fact that says so, 0 where nothing was ever said; ``since`` (ms) how long it has been so.
    ``device`` and ``place`` are ids in the register, empty = of no single one; ``link`` likewise.
    """

    code: str
    part: Part
    verdict: Verdict
    device: str = ""
    place: str = ""
    link: str = ""
    since: int | None = None
    due: int | None = None
    evidence: int = 0
    inputs: dict[str, Detail] = msgspec.field(default_factory=dict)
    pending: bool = False


class ItemVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one item, with the reasons in a fixed order: the worst first.

    ``until``: without a new fact nothing of it changes before (ms); ``None`` = ever.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    until: int | None = None
