"""Verdicts on recordings as findings: what is unknown raises late, and ends nothing."""

from __future__ import annotations

from msgspec.structs import replace

from alerts.finding import Finding
from alerts.recordings import GAPS, SHORT, UNKNOWN, UNPLAYABLE, camera_findings
from devices.recording.holdings import Holdings
from devices.recording.local_time import DAY_MS, HOUR_MS
from devices.recording.proof import Outcome, Proof, Sample
from devices.recording.requirement import Requirement
from devices.recording.source import Answer, Segment, Span, Trouble
from devices.recording.verdict import Verdict, judge, proven

NOW = 1_795_161_600_000
NEED = Requirement(days=30, commissioned=NOW - 400 * DAY_MS)
SPAN = Span(NOW - 40 * DAY_MS, NOW)


def verdict(*recorded: tuple[float, float], trouble: Trouble | None = None) -> Verdict:
    """Recorded from and to so many days ago."""
    segments = tuple(
        Segment(NOW - round(begin * DAY_MS), NOW - round(end * DAY_MS)) for begin, end in recorded
    )
    answer = Answer(span=SPAN, segments=segments, trouble=trouble, detail="no answer in 10 s")
    return judge(Holdings().taken(answer, NOW), NEED, NOW)


def found(
    one: Verdict, *, since: int | None = None, away: bool = False, need: Requirement = NEED
) -> dict[str, Finding]:
    findings = camera_findings(
        one,
        need,
        unknown_since=since,
        unknown_after_ms=3 * DAY_MS,
        recorder_away=away,
        now=NOW,
    )
    return {each.condition: each for each in findings}


def active(told: dict[str, Finding]) -> set[str]:
    return {name for name, one in told.items() if one.active}


def test_recordings_as_required_end_all_that_stood() -> None:
    told = found(verdict((40, 0)))
    assert set(told) == {SHORT, GAPS, UNKNOWN}
    assert active(told) == set()


def test_too_short_a_past_says_how_many_days_there_are() -> None:
    told = found(verdict((19, 0)))
    assert active(told) == {SHORT}
    assert told[SHORT].explanation.inputs == {"held_days": 19, "days": 30}


def test_nothing_at_all_is_short() -> None:
    told = found(verdict())
    assert active(told) == {SHORT}
    assert told[SHORT].explanation.code == "recording_none"


def test_gaps_say_how_many_and_how_long() -> None:
    told = found(verdict((40, 20), (19.5, 5), (4.75, 0)))
    assert active(told) == {GAPS}
    assert told[GAPS].explanation.inputs == {"count": 2, "longest_min": 720}


def test_many_short_holes_are_gaps_too() -> None:
    pieces = [(2 - n / 96, 2 - (n + 0.6) / 96) for n in range(48)]
    told = found(judge_with(pieces))
    assert active(told) == {GAPS}
    assert told[GAPS].explanation.code == "recording_thin"


def judge_with(pieces: list[tuple[float, float]]) -> Verdict:
    """Whole but for these days, of which only the pieces are recorded; no hole is long."""
    lenient = replace(NEED, gap_ms=HOUR_MS)
    segments = [Segment(SPAN.begin, NOW - 2 * DAY_MS), Segment(NOW - round(1.5 * DAY_MS), NOW)]
    segments += [Segment(NOW - round(a * DAY_MS), NOW - round(b * DAY_MS)) for a, b in pieces]
    return judge(Holdings().taken(Answer(span=SPAN, segments=tuple(segments)), NOW), lenient, NOW)


def test_too_short_a_past_leaves_alone_what_stands_of_gaps_that_are_still_there() -> None:
    assert set(found(verdict((19, 5), (4, 0)))) == {SHORT, UNKNOWN}


def test_what_is_unknown_ends_nothing_and_raises_only_after_days() -> None:
    away = verdict((40, 0), trouble=Trouble.TIMED_OUT)
    assert found(away, since=NOW - 3 * DAY_MS + 1) == {}
    told = found(away, since=NOW - 3 * DAY_MS)
    assert set(told) == active(told) == {UNKNOWN}
    assert told[UNKNOWN].explanation.inputs == {"days": 3, "detail": "no answer in 10 s"}


def test_of_a_recorder_that_is_away_its_own_alert_says_so_for_all_cameras() -> None:
    away = verdict((40, 0), trouble=Trouble.UNREACHABLE)
    assert found(away, since=NOW - 9 * DAY_MS, away=True) == {}


def test_a_camera_too_new_to_be_judged_is_no_trouble() -> None:
    new = replace(NEED, commissioned=NOW - HOUR_MS)
    one = judge(Holdings(), new, NOW)
    assert found(one, since=NOW - 9 * DAY_MS, need=new) == {}


def proof(outcome: Outcome, before: Proof | None = None) -> Proof:
    sample = Sample(outcome=outcome, wanted=NOW - 9 * DAY_MS, detail="a.mp4: invalid data")
    return Proof.of(sample, NOW, before)


def test_what_is_listed_and_cannot_be_played_is_an_alert_until_some_is_played() -> None:
    whole, broken = verdict((40, 0)), proof(Outcome.UNPLAYABLE)
    told = found(proven(whole, broken), since=NOW - 9 * DAY_MS)
    assert active(told) == {UNPLAYABLE}  # and none of its own that nobody knows
    assert told[UNPLAYABLE].explanation.inputs == {"days": 9, "detail": "a.mp4: invalid data"}
    assert active(found(proven(verdict((19, 0)), broken))) == {SHORT, UNPLAYABLE}

    no_answer = proof(Outcome.UNDECIDED, broken)
    assert active(found(proven(whole, no_answer))) == {UNPLAYABLE}
    played = found(proven(whole, proof(Outcome.PLAYED, no_answer)))
    assert set(played) == {SHORT, GAPS, UNKNOWN, UNPLAYABLE}
    assert active(played) == set()


def test_a_recorder_that_does_not_play_in_time_raises_and_ends_nothing() -> None:
    assert UNPLAYABLE not in found(proven(verdict((40, 0)), proof(Outcome.UNDECIDED)))


def test_what_can_no_longer_be_played_by_nature_ends_the_doubt() -> None:
    broken = proof(Outcome.UNPLAYABLE)
    for outcome in (Outcome.NOTHING, Outcome.IMPOSSIBLE):
        told = found(proven(verdict((40, 0)), proof(outcome, broken)))
        assert UNPLAYABLE in told
        assert active(told) == set()
