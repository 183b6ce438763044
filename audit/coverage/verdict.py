"""A verdict on an item of a school, and the reasons it rests on, down to device and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from audit.verification.model import Verdict

Detail: TypeAlias = "bool | int | float | str | None"


class Part(StrEnum):
    """What of an item a reason is about (words: ``coverage.part.{part}``)."""

    ROSTER = "roster"
    BASELINE = "baseline"
    GATEWAY = "gateway"
    INSTALLED = "installed"
    WORKING = "working"
    PICTURE = "picture"
    RECORDED = "recorded"
    LINKED = "linked"
    TESTED = "tested"
    PLATFORM = "platform"
    STATEMENT = "statement"
    STAFFING = "staffing"


class Code(StrEnum):
    """What is to be said (words: ``coverage.reason.{code}``, ``coverage.advice.{code}``).

    Filled by the inputs of `INPUTS`, beside the reason's own device, place and link.
    """

    NOT_ON_ROSTER = "not_on_roster"
    """Nobody has listed the school."""
    NO_BASELINE = "no_baseline"
    """Nobody has signed what the school must have."""
    BASELINE_LISTS_NONE = "baseline_lists_none"
    """The baseline asks for none of what the item is about: that proves nothing."""
    NO_GATEWAY = "no_gateway"
    """The gateway has given no sign of life since: it was off, and what it measured before that is
    too old."""
    NOT_COMMISSIONED = "not_commissioned"
    """It is to be there from ``due`` on."""
    MISSING = "missing"
    """Fewer are registered in ``place`` (empty: at the school) than the baseline asks for."""
    SETTLING = "settling"
    """New to the register and not verified yet: counts from ``due`` on, or once verified."""
    OUT_OF_SERVICE = "out_of_service"
    FAULT = "fault"
    """An alert stands: the device does not work, or its picture is of no use (by the part)."""
    CUT_OFF = "cut_off"
    """It cannot be heard, because of something else."""
    NO_RECORDINGS = "no_recordings"
    """Nobody has ever asked what is recorded of the camera."""
    RECORDINGS_STALE = "recordings_stale"
    """The last verdict on its recordings is too old."""
    RECORDINGS_SHORT = "recordings_short"
    RECORDINGS_GAPS = "recordings_gaps"
    RECORDINGS_UNKNOWN = "recordings_unknown"
    RECORDINGS_OTHER_DAYS = "recordings_other_days"
    """They were judged for another number of days, from which nothing follows for this one."""
    NO_LINK = "no_link"
    """No link to the police is known."""
    LINK_DOWN = "link_down"
    LINK_UNVERIFIED = "link_unverified"
    NEVER_TESTED = "never_tested"
    TEST_OLD = "test_old"
    TEST_FAILED = "test_failed"
    PLATFORM_LOST = "platform_lost"
    """The recorder (``device``) says itself that it is not registered with the platform."""
    PLATFORM_NOT_ATTESTED = "platform_not_attested"
    """Nothing measures it, and no attestation stands for it (``stands`` says why)."""
    STATEMENT_NONE = "statement_none"
    STATEMENT_NOT_YET = "statement_not_yet"
    STATEMENT_UNCONFIRMED = "statement_unconfirmed"
    STATEMENT_LACKING = "statement_lacking"
    STATEMENT_EXPIRED = "statement_expired"
    STATEMENT_WITHDRAWN = "statement_withdrawn"
    TOO_FEW_GUARDS = "too_few_guards"
    GUARDS_NOT_STATED = "guards_not_stated"
    NUMBERS_IMPOSSIBLE = "numbers_impossible"
    """The roster's numbers of pupils and boarders cannot be right."""

    # What proves a verdict that is met: they tell, and count for nothing
    BASELINE_SIGNED = "baseline_signed"
    """The school must have ``needed`` of them, and has."""
    LINK_UP = "link_up"
    LINK_DEGRADED = "link_degraded"
    """One of its paths has failed; an alarm still gets through."""
    TESTED = "tested"
    """The police acknowledged a test; good until ``due``."""
    PLATFORM_ATTESTED = "platform_attested"
    """Good until ``due``."""
    STATEMENT_STANDS = "statement_stands"
    """Good until ``due``."""


CODES: Final[tuple[str, ...]] = tuple(code.value for code in Code)
"""The closed list, for the words."""

INPUTS: Final[Mapping[Code, frozenset[str]]] = MappingProxyType(
    {
        Code.BASELINE_LISTS_NONE: frozenset({"kinds", "gate"}),  # kinds by spaces
        Code.MISSING: frozenset({"kind", "needed", "found"}),
        Code.NOT_COMMISSIONED: frozenset({"kind", "needed"}),
        Code.FAULT: frozenset({"condition"}),  # words: condition.{condition}
        Code.NO_RECORDINGS: frozenset({"days"}),
        Code.RECORDINGS_STALE: frozenset({"hours"}),
        Code.RECORDINGS_SHORT: frozenset({"days"}),
        Code.RECORDINGS_GAPS: frozenset({"days"}),
        Code.RECORDINGS_UNKNOWN: frozenset({"days"}),
        Code.RECORDINGS_OTHER_DAYS: frozenset({"days", "judged"}),
        Code.LINK_DOWN: frozenset({"cause"}),  # words: link.cause.{cause}
        Code.LINK_UNVERIFIED: frozenset({"cause"}),
        Code.NEVER_TESTED: frozenset({"days"}),
        Code.TEST_OLD: frozenset({"days"}),
        Code.TEST_FAILED: frozenset({"code"}),  # words: verify.{code}
        Code.PLATFORM_NOT_ATTESTED: frozenset({"item", "stands"}),  # audit.attestation.Stands
        Code.STATEMENT_LACKING: frozenset({"lacking"}),  # names of figures, "files"; by spaces
        Code.TOO_FEW_GUARDS: frozenset({"guards", "needed", "from_memory"}),
        Code.BASELINE_SIGNED: frozenset({"needed"}),
    }
)
"""What the reasons of a code carry in ``inputs``; a code that is not here carries nothing."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a verdict is not met, what will end it; of one that is met, what proves it.

    ``verdict`` is what it makes of the item; one that is met only tells. While ``pending`` it does
    not count yet, and will from ``due`` on (ms) if nothing comes in between; ``due`` without
    ``pending`` is when it ends by itself. ``evidence`` is the row of the fact that showed it first,
    0 where nothing was ever said; ``since`` (ms) how long it has been so. ``device``, ``place`` and
    ``link`` are ids of the school's, empty = of no single one.
    """

    code: Code
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
    """The verdict on one item, with its reasons in a fixed order: what counts first.

    ``until``: without a new fact nothing of it changes before (ms); ``None`` = ever. As long as the
    gateway gives signs of life: when they stop, see `audit.coverage.life.Life.silent_from`.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    until: int | None = None


_VERDICTS: Final = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.MET)
_WORST: Final = {verdict: number for number, verdict in enumerate(_VERDICTS)}
_PARTS: Final = {part: number for number, part in enumerate(Part)}


def concluded(reasons: list[Reason], until: int | None) -> ItemVerdict:
    """What reasons come to: a known fault counts before what is not known; each is told once.

    What proves a part of it is told only where all of it is proven.
    """
    counting = [_WORST[one.verdict] for one in reasons if not one.pending]
    verdict = _VERDICTS[min(counting, default=_WORST[Verdict.MET])]
    if verdict is not Verdict.MET:
        reasons = [one for one in reasons if one.verdict is not Verdict.MET]
    reasons.sort(key=_order)
    told = [one for at, one in enumerate(reasons) if not at or one != reasons[at - 1]]
    return ItemVerdict(verdict=verdict, reasons=tuple(told), until=until)


def _order(one: Reason) -> tuple[bool, bool, int, int, str, str, str, str, int]:
    return (
        one.verdict is Verdict.MET,
        one.pending,
        _WORST[one.verdict],
        _PARTS[one.part],
        one.place,
        one.device,
        one.link,
        one.code,
        one.evidence,
    )
