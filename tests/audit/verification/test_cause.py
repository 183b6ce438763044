"""What a diagnosis knows is the advice of a verification that came to nothing."""

from __future__ import annotations

import pytest
from verified import Run

from alerts.evidence import Reason
from alerts.finding import Priority
from audit.verification.cause import wants_cause, with_cause
from audit.verification.model import Verdict

DOWN = Reason(
    code="repeater_down",
    advice="repeater_down",
    inputs={"repeater": "rep-1"},
    priority=Priority.MEDIUM,
)
ALERT = Reason(code="alert", advice="alert", priority=Priority.HIGH, alert=7)
NEAR = Reason(code="signal_poor", advice="signal", priority=Priority.NOTICE)
LATE = Reason(code="waiting", advice="waiting")


def silent() -> Run:
    return Run("gas").later(90_000).tick()


def test_the_most_telling_trouble_is_the_reason() -> None:
    run = with_cause(silent().run, (ALERT, NEAR, DOWN, LATE))
    assert run.because == DOWN
    assert (run.verdict, run.code) == (Verdict.FAILED, "silent")


@pytest.mark.parametrize("reason", [ALERT, NEAR, LATE])
def test_what_tells_nothing_new_is_none(reason: Reason) -> None:
    run = silent().run
    assert with_cause(run, (reason,)) is run


def test_a_gateway_that_hears_nobody_blames_no_device() -> None:
    deaf = Reason(code="gateway_broker_lost", advice="gateway_broker_lost")
    run = with_cause(silent().run, (deaf,))
    assert run.verdict is Verdict.UNKNOWN
    assert run.steps[-1].verdict is Verdict.UNKNOWN
    assert run.because == deaf


def test_only_a_run_that_sends_people_looking_asks_for_it() -> None:
    assert wants_cause(silent().run)
    assert not wants_cause(Run("gas").run)
    assert not wants_cause(Run("gas").later(10).says(ppm=1).run)
    assert not wants_cause(Run("alarm-button", links=()).run)
