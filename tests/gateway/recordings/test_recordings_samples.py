"""Some of what recorders say they hold is played: what that proves, and when it is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from recorded_school import Campus, begun, six_hours

from devices.recording.holdings import Holdings
from devices.recording.local_time import DAY_MS
from devices.recording.proof import Outcome
from devices.recording.requirement import Requirement
from devices.recording.rtsp_replay import RtspPlace
from devices.recording.source import (
    Answer,
    DeviceTime,
    RecordingError,
    RefusedError,
    Segment,
    Span,
    TimedOutError,
    Trouble,
    UnreachableError,
)
from devices.recording.verdict import ReasonKind, Status, judge
from gateway.clock import ManualClock
from gateway.recordings.sampling import REST_MS, Sampling
from gateway.recordings.sources import Reached
from gateway.settings_recordings import RecorderSettings
from gateway.store.read.recordings import every_standing

NOW = 1_795_161_600_000


async def test_a_sample_is_played_each_night_told_and_kept(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder, samples=True)
    campus.record("gate-01", 38, content=six_hours())
    first = await recordings.check(recorder, "gate-01")
    assert first.status is Status.MET
    assert first.proof is not None
    assert first.proof.sample.outcome is Outcome.PLAYED, first.proof.sample.detail
    assert first.proof.played_at == campus.clock.now()
    (fact,) = campus.facts("recording_verdict")
    assert json.loads(fact.body)["sample"]["wanted"] == first.proof.sample.wanted

    campus.clock.turn(DAY_MS)
    campus.record("gate-01", 2, content=six_hours())
    second = await recordings.check(recorder, "gate-01")
    assert second.proof is not None
    assert second.proof.sample.wanted != first.proof.sample.wanted
    kept = {one.camera: one for one in campus.store.read(every_standing)}
    assert kept["gate-01"] == second


async def test_what_is_listed_and_cannot_be_played_is_not_met(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder, samples=True)
    campus.record("gate-01", 38, content=b"no film")
    one = await recordings.check(recorder, "gate-01")
    assert one.status is Status.UNKNOWN
    assert one.reasons[0].kind is ReasonKind.UNPLAYABLE
    assert set(campus.alerts()) == {"gate-01 recording_unplayable"}

    campus.record("gate-01", 38, content=six_hours())
    one = await recordings.check(recorder, "gate-01", "user:tim")
    assert one.status is Status.MET
    assert campus.alerts() == {}


async def test_without_samples_what_stood_of_them_ends(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder, samples=True)
    campus.record("gate-01", 38, content=b"no film")
    await recordings.check(recorder, "gate-01")
    without = await begun(campus, recorder)
    assert campus.alerts() == {}
    one = await without.check(recorder, "gate-01")
    assert (one.status, one.proof) == (Status.MET, None)


# --- when a recorder is left alone ---------------------------------------------------------------


class Lists:
    """A recorder that lists everything."""

    async def ask(self, channel: str, span: Span) -> Answer:
        return Answer(span=span, segments=(Segment(span.begin, span.end),))

    async def clock(self) -> DeviceTime | None:
        return None

    async def aclose(self) -> None:
        pass


class Plays:
    """Where it is to be played: each time another error."""

    def __init__(self, *errors: RecordingError) -> None:
        self._errors: Iterator[RecordingError] = iter(errors)
        self.tried = 0

    async def __call__(self, channel: str, segment: Segment, moment: int) -> RtspPlace:
        self.tried += 1
        raise next(self._errors)


NVR = RecorderSettings.model_validate(
    {"school": "no3", "id": "nvr", "kind": "folder", "folder": "nvr", "cameras": {"gate-01": 1}}
)
HELD = Holdings().taken(
    Answer(span=Span(NOW - 40 * DAY_MS, NOW), segments=(Segment(NOW - 40 * DAY_MS, NOW),)), NOW
)
VERDICT = judge(HELD, Requirement(), NOW)


class Tries:
    """Samples of one camera, one after the other."""

    def __init__(self, clock: ManualClock, plays: Plays | None) -> None:
        self._sampling = Sampling(
            reached=lambda _: Reached(Lists(), plays), now=clock.now, limit_s=60.0
        )

    async def sample(self, *, by_person: bool = False) -> tuple[Outcome, Trouble | None]:
        proof = await self._sampling.proof(NVR, "gate-01", HELD, VERDICT, None, by_person=by_person)
        assert proof is not None
        return proof.sample.outcome, proof.sample.trouble


@pytest.mark.parametrize("error", [RefusedError("no"), UnreachableError("away")])
async def test_a_recorder_that_refuses_is_left_alone_for_half_an_hour(
    clock: ManualClock, error: RecordingError
) -> None:
    plays = Plays(error, error)
    tries = Tries(clock, plays)
    for _ in range(3):
        assert await tries.sample() == (Outcome.UNDECIDED, error.trouble)
    assert plays.tried == 1
    clock.turn(REST_MS)
    await tries.sample()
    assert plays.tried == 2


async def test_two_time_outs_are_enough(clock: ManualClock) -> None:
    plays = Plays(*(TimedOutError("slow") for _ in range(3)))
    tries = Tries(clock, plays)
    for _ in range(4):
        assert await tries.sample() == (Outcome.UNDECIDED, Trouble.TIMED_OUT)
    assert plays.tried == 2


async def test_a_person_need_not_wait_unless_a_password_was_refused(clock: ManualClock) -> None:
    plays = Plays(UnreachableError("away"), RefusedError("no"))
    tries = Tries(clock, plays)
    await tries.sample()
    await tries.sample(by_person=True)
    assert plays.tried == 2
    await tries.sample(by_person=True)
    assert plays.tried == 2


async def test_a_recorder_that_cannot_be_had_to_play_says_so(clock: ManualClock) -> None:
    assert await Tries(clock, None).sample() == (Outcome.IMPOSSIBLE, Trouble.UNSUPPORTED)


async def test_a_recorder_that_is_away_is_not_asked_to_play(clock: ManualClock) -> None:
    plays = Plays()
    sampling = Sampling(reached=lambda _: Reached(Lists(), plays), now=clock.now, limit_s=60.0)
    lost = Answer(span=Span(NOW - DAY_MS, NOW), trouble=Trouble.TIMED_OUT)
    holdings = HELD.taken(lost, NOW)
    verdict = judge(holdings, Requirement(), NOW)
    assert await sampling.proof(NVR, "gate-01", holdings, verdict, None, by_person=True) is None
    new = replace(VERDICT, begin=NOW, end=NOW)
    proof = await sampling.proof(NVR, "gate-01", HELD, new, None, by_person=True)
    assert proof is not None
    assert proof.sample.outcome is Outcome.NOTHING
    assert plays.tried == 0
