"""What a sample makes of a verdict: it can turn met into unknown, and nothing else."""

from __future__ import annotations

import pytest

from devices.recording.holdings import Holdings
from devices.recording.local_time import DAY_MS
from devices.recording.plan import to_ask
from devices.recording.proof import Outcome, Proof, Sample
from devices.recording.requirement import Requirement
from devices.recording.source import Answer, Segment, Span, Trouble
from devices.recording.verdict import ReasonKind, Status, Verdict, judge, proven

NOW = 1_795_161_600_000
NEED = Requirement(days=30, commissioned=NOW - 400 * DAY_MS)


def held(days: int, trouble: Trouble | None = None) -> Holdings:
    span = Span(NOW - 40 * DAY_MS, NOW)
    recorded = Segment(NOW - days * DAY_MS, NOW)
    return Holdings().taken(Answer(span=span, segments=(recorded,), trouble=trouble), NOW)


def verdict(status: Status) -> Verdict:
    found = {
        Status.MET: held(40),
        Status.SHORT: held(12),
        Status.UNKNOWN: held(40, Trouble.TIMED_OUT),
    }
    made = judge(found[status], NEED, NOW)
    assert made.status is status
    return made


def proof(outcome: Outcome, before: Proof | None = None, at: int = NOW) -> Proof:
    trouble = None if outcome is Outcome.PLAYED else Trouble.UNREADABLE
    return Proof.of(Sample(outcome=outcome, wanted=5, trouble=trouble), at, before)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("status", [Status.MET, Status.SHORT, Status.UNKNOWN])
def test_only_what_cannot_be_played_makes_a_verdict_doubtful(
    status: Status, outcome: Outcome
) -> None:
    made = proven(verdict(status), proof(outcome))
    doubtful = outcome is Outcome.UNPLAYABLE and status is Status.MET
    assert made.status is (Status.UNKNOWN if doubtful else status)
    assert made.proof == proof(outcome)
    said = [reason.kind for reason in made.reasons]
    assert (ReasonKind.UNPLAYABLE in said) is (outcome is Outcome.UNPLAYABLE)
    assert (ReasonKind.NOT_SAMPLED in said) is (outcome is Outcome.UNDECIDED)
    assert (ReasonKind.NO_SAMPLES in said) is (outcome is Outcome.IMPOSSIBLE)


def test_a_doubt_stays_until_some_is_played() -> None:
    doubted = proof(Outcome.UNDECIDED, proof(Outcome.UNPLAYABLE))
    made = proven(verdict(Status.MET), doubted)
    assert made.status is Status.UNKNOWN
    assert made.reasons[0].kind is ReasonKind.UNPLAYABLE
    assert proven(verdict(Status.MET), proof(Outcome.PLAYED, doubted)).status is Status.MET


def test_when_some_was_played_last_is_remembered() -> None:
    first = proof(Outcome.PLAYED, at=1)
    assert first.played_at == 1
    assert proof(Outcome.UNDECIDED, proof(Outcome.UNPLAYABLE, first, at=2), at=3).played_at == 1


def test_the_days_around_what_could_not_be_played_are_asked_for_anew() -> None:
    moment = NOW - 10 * DAY_MS
    today = {span.begin for span in to_ask(held(40), NEED, NOW)}
    again = to_ask(held(40).doubting(moment), NEED, NOW)
    assert any(span.begin <= moment < span.end for span in again)
    assert 1 <= len({span.begin for span in again} - today) <= 3
