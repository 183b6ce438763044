"""Steps of a run: begun, noted upon, ended; and the end of the run itself. All pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from audit.verification.model import Detail, Step, Verdict, Verification
from devices.police_link.link import Exchange

EXCHANGES_KEPT: Final = 50
"""Of one step. A receiver that is tried again and again must not fill the record."""


def begun(
    run: Verification, step: str, now: int, *, due: int | None, waits_for: str, **inputs: Detail
) -> Verification:
    """The next step."""
    fresh = Step(step=step, started=now, due=due, inputs=inputs)
    return msgspec.structs.replace(run, steps=(*run.steps, fresh), waits_for=waits_for)


def present(run: Verification) -> Step | None:
    """The step that is under way."""
    last = run.steps[-1] if run.steps else None
    return last if last is not None and last.ended is None else None


def noted(run: Verification, **inputs: Detail) -> Verification:
    """Something worth keeping came up in the present step."""
    last = run.steps[-1]
    return _with_last(run, msgspec.structs.replace(last, inputs={**last.inputs, **inputs}))


def exchanged(run: Verification, exchange: Exchange) -> Verification:
    """One more exchange with a receiver in the present step; known ones change nothing."""
    last = run.steps[-1]
    if exchange in last.exchanges:
        return run
    kept = (*last.exchanges, exchange)[-EXCHANGES_KEPT:]
    return _with_last(run, msgspec.structs.replace(last, exchanges=kept))


def passed(
    run: Verification, code: str, now: int, verdict: Verdict = Verdict.MET, /, **inputs: Detail
) -> Verification:
    """The present step is over."""
    last = run.steps[-1]
    over = msgspec.structs.replace(
        last, ended=now, verdict=verdict, code=code, inputs={**last.inputs, **inputs}
    )
    return msgspec.structs.replace(_with_last(run, over), waits_for="")


def ended(
    run: Verification, verdict: Verdict, code: str, now: int, *, advice: str = "", **inputs: Detail
) -> Verification:
    """The run is over; a step that was under way ends in the same way."""
    if present(run) is not None:
        run = passed(run, code, now, verdict, **inputs)
    return msgspec.structs.replace(
        run,
        ended=now,
        verdict=verdict,
        code=code,
        inputs=inputs,
        advice=advice,
        waits_for="",
    )


@dataclass(frozen=True)
class Ending:
    """A verdict with its reason and what to do next, before it is given."""

    verdict: Verdict
    code: str
    advice: str = ""

    def of(self, run: Verification, now: int, **inputs: Detail) -> Verification:
        """Give it."""
        return ended(run, self.verdict, self.code, now, advice=self.advice, **inputs)


def _with_last(run: Verification, step: Step) -> Verification:
    return msgspec.structs.replace(run, steps=(*run.steps[:-1], step))
