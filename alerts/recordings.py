"""What is wrong with the recordings of a camera, as findings made of verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from alerts.finding import Explanation, Finding, Priority
from alerts.recorders import RULE
from alerts.rules.measure import tidy
from alerts.rules.quiet import stopped
from devices.recording.local_time import DAY_MS, HOUR_MS
from devices.recording.proof import Outcome, Proof, Sample
from devices.recording.requirement import Requirement
from devices.recording.verdict import Reason, ReasonKind, Status, Verdict

_Inputs: TypeAlias = "dict[str, bool | int | float | str | None]"

SHORT: Final = "recording_short"
GAPS: Final = "recording_gaps"
UNKNOWN: Final = "recording_unknown"
UNPLAYABLE: Final = "recording_unplayable"

PRIORITIES: Final = {
    SHORT: Priority.MEDIUM,
    GAPS: Priority.MEDIUM,
    UNKNOWN: Priority.LOW,
    UNPLAYABLE: Priority.MEDIUM,
}
_OF_VERDICTS: Final = (SHORT, GAPS, UNKNOWN)


def camera_findings(
    verdict: Verdict,
    requirement: Requirement,
    *,
    unknown_since: int | None,
    unknown_after_ms: int,
    recorder_away: bool,
    now: int,
) -> Iterator[Finding]:
    """What a verdict shows. What is unknown ends nothing: only a verdict that is known does.

    ``unknown_since``: since when (ms UTC) nobody knows. While the recorder is away
    (``recorder_away``), its own alert says so for all of its cameras.
    """
    if verdict.proof is not None:
        yield from _about_playing(verdict.proof, now)
    if verdict.status is Status.UNKNOWN:
        lasted = 0 if unknown_since is None else now - unknown_since
        elsewhere = recorder_away or _too_new(verdict) or _unplayable(verdict) is not None
        if not elsewhere and lasted >= max(1, unknown_after_ms):
            yield _active(UNKNOWN, _why_unknown(verdict, lasted), now)
        return
    if verdict.status is Status.SHORT:
        yield _active(SHORT, _why_short(verdict, requirement), now)
    elif verdict.status is Status.GAPS:
        yield _active(GAPS, _why_gaps(verdict), now)
    told = {Status.SHORT: SHORT, Status.GAPS: GAPS}.get(verdict.status)
    for condition in _OF_VERDICTS:
        # That it is short says nothing about gaps in what is there.
        if condition != told and not (condition == GAPS and told == SHORT and verdict.gap_count):
            why = Explanation(RULE, f"recording_now_{verdict.status.value}")
            yield stopped(condition, PRIORITIES[condition], now, now, why)


def _about_playing(proof: Proof, now: int) -> Iterator[Finding]:
    """What a sample shows. One that came to nothing raises nothing, and ends nothing."""
    outcome = proof.sample.outcome
    if proof.unplayable is not None:
        yield _active(UNPLAYABLE, _why_unplayable(proof.unplayable, now), now)
    elif outcome is not Outcome.UNDECIDED:
        code = "recording_played" if outcome is Outcome.PLAYED else "recording_not_played"
        yield stopped(UNPLAYABLE, PRIORITIES[UNPLAYABLE], now, now, Explanation(RULE, code))


def _active(condition: str, why: Explanation, now: int) -> Finding:
    return Finding(condition, True, PRIORITIES[condition], now, now, why)


def _unplayable(verdict: Verdict) -> Sample | None:
    return None if verdict.proof is None else verdict.proof.unplayable


def _too_new(verdict: Verdict) -> bool:
    return any(reason.kind is ReasonKind.TOO_NEW for reason in verdict.reasons)


def _why_short(verdict: Verdict, requirement: Requirement) -> Explanation:
    if verdict.held is None:
        days: _Inputs = {"days": requirement.days}
        return Explanation(RULE, "recording_none", days, requirement.days, "d", "recordings.days")
    held: _Inputs = {"held_days": tidy(verdict.held / DAY_MS), "days": requirement.days}
    return Explanation(RULE, SHORT, held, requirement.days, "d", "recordings.days")


def _why_gaps(verdict: Verdict) -> Explanation:
    found = _reason(verdict, ReasonKind.GAP)
    if found is not None and found.begin is not None and found.end is not None:
        longest = tidy((found.end - found.begin) / 60_000)
        inputs: _Inputs = {"count": found.count, "longest_min": longest}
        return Explanation(RULE, GAPS, inputs, source="recordings.gap_s")
    thin = _reason(verdict, ReasonKind.THIN_DAYS)
    inputs = {
        "days": 0 if thin is None else thin.count,
        "hours": 0 if thin is None else tidy(thin.amount / HOUR_MS),
    }
    return Explanation(RULE, "recording_thin", inputs, source="recordings.missing_pct")


def _why_unknown(verdict: Verdict, lasted: int) -> Explanation:
    failed = _reason(verdict, ReasonKind.UNKNOWN_SPAN)
    detail = "" if failed is None else failed.detail[:200]
    return Explanation(
        RULE,
        UNKNOWN,
        {"days": tidy(lasted / DAY_MS), "detail": detail},
        source="recordings.unknown_days",
    )


def _why_unplayable(sample: Sample, now: int) -> Explanation:
    days = 0 if sample.wanted is None else (now - sample.wanted) / DAY_MS
    inputs: _Inputs = {"days": tidy(days), "detail": sample.detail[:200]}
    return Explanation(RULE, UNPLAYABLE, inputs, source="recordings.samples")


def _reason(verdict: Verdict, kind: ReasonKind) -> Reason | None:
    return next((reason for reason in verdict.reasons if reason.kind is kind), None)
