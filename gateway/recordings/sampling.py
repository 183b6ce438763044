"""Has one random moment of a camera's recordings played whenever its recorder is asked.

On the recorders' own loop. Of one recorder a sample at a time, since it is asked about one camera
after the other; one that refuses, or does not play in time, is left alone for a while.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from devices.recording.holdings import Holdings
from devices.recording.proof import NOT_POSSIBLE, Outcome, Proof, Sample
from devices.recording.sample import chosen_moment, sampled
from devices.recording.source import Span, Trouble
from devices.recording.verdict import ReasonKind, Verdict
from gateway.recordings.sources import Reached
from gateway.settings_recordings import RecorderSettings

REST_MS: Final = 30 * 60_000
"""As after a wrong password over HTTP: many recorders lock the account after five tries."""

TIME_OUTS: Final = 2
"""So many in a row, and its other cameras are not tried: each costs its whole limit."""

_AWAY: Final = frozenset({Trouble.REFUSED, Trouble.UNREACHABLE, Trouble.TIMED_OUT})


class _Rest(msgspec.Struct):
    """Why a recorder is left alone, and until when (ms UTC)."""

    trouble: Trouble
    detail: str
    until: int = 0
    time_outs: int = 0


class Sampling:
    """Takes samples of all recorders."""

    def __init__(
        self,
        *,
        reached: Callable[[RecorderSettings], Reached],
        now: Callable[[], int],
        limit_s: float,
        draw: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        """``draw`` gives a new seed for each moment; tests know it, recorders must not."""
        self._reached: Final = reached
        self._now: Final = now
        self._limit_s: Final = limit_s
        self._draw: Final = draw
        self._rests: Final[dict[tuple[str, str], _Rest]] = {}

    async def proof(
        self,
        recorder: RecorderSettings,
        camera: str,
        holdings: Holdings,
        verdict: Verdict,
        before: Proof | None,
        *,
        by_person: bool,
    ) -> Proof | None:
        """With a new sample. A recorder that does not even tell what it holds is not asked to play
        it: then it is as ``before``.
        """
        if _away(verdict):
            return before
        sample = await self._sample(recorder, camera, holdings, verdict, by_person)
        return Proof.of(sample, self._now(), before)

    async def _sample(
        self,
        recorder: RecorderSettings,
        camera: str,
        holdings: Holdings,
        verdict: Verdict,
        by_person: bool,
    ) -> Sample:
        reached = self._reached(recorder)
        if reached.place_of is None:
            return NOT_POSSIBLE
        moment = None
        if verdict.begin < verdict.end:
            required = Span(verdict.begin, verdict.end)
            moment = chosen_moment(holdings.playable, required, self._draw())
        if moment is None:
            return Sample(outcome=Outcome.NOTHING)
        rest = self._rests.get(recorder.key)
        # Who asked may have mended the network meanwhile; a password costs tries.
        waits = rest is not None and (not by_person or rest.trouble is Trouble.REFUSED)
        if rest is not None and waits and self._now() < rest.until:
            detail = f"{rest.detail}; not tried again for a while"
            return Sample.asked_in_vain(moment, rest.trouble, detail)
        sample = await sampled(
            reached.source,
            recorder.cameras[camera].channel,
            moment,
            reached.place_of,
            limit_s=self._limit_s,
        )
        self._remember(recorder.key, sample)
        return sample

    def _remember(self, key: tuple[str, str], sample: Sample) -> None:
        trouble = sample.trouble
        if trouble not in _AWAY:
            self._rests.pop(key, None)
            return
        before = self._rests.get(key)
        rest = _Rest(trouble, sample.detail)
        if trouble is Trouble.TIMED_OUT:
            rest.time_outs = 1 + (0 if before is None else before.time_outs)
        if trouble is not Trouble.TIMED_OUT or rest.time_outs >= TIME_OUTS:
            rest.until = self._now() + REST_MS
        self._rests[key] = rest


def _away(verdict: Verdict) -> bool:
    return any(
        reason.kind is ReasonKind.UNKNOWN_SPAN and reason.trouble in _AWAY
        for reason in verdict.reasons
    )
