"""The walk test of a button, and the test of a link, as procedures."""

from __future__ import annotations

import pytest
from verified import NOW, Run, exchange

from audit.verification.link import LinkTest
from audit.verification.model import Verdict
from audit.verification.procedure import (
    Cancelled,
    Confirmed,
    Exchanged,
    OpenWindow,
    Pressed,
    SendTest,
    Sent,
    WindowOver,
)
from devices.police_link.link import Code, Path, Result

PRESSED = Pressed(happened=NOW + 900, known=NOW + 1000, due=NOW + 31_000)
BOTH = (Path.PRIMARY, Path.BACKUP)


def confirmed(links: tuple[str, ...] = ("no3/110",)) -> Run:
    run = Run("alarm-button", links=links).later(1000).hear(PRESSED)
    return run.later(2000).hear(Confirmed())


def test_it_opens_a_window_and_waits_for_the_press() -> None:
    run = Run("alarm-button")
    assert run.effects == [OpenWindow(600_000)]
    assert run.waits == "press"


def test_press_confirmation_acknowledgement() -> None:
    run = confirmed()
    assert run.effects[1:] == [SendTest("no3/110", Code.WALK_TEST)]
    assert run.waits == "receiver"
    run.hear(Sent((exchange(),)))
    assert run.outcome == (Verdict.MET, "button_met")
    assert run.run.inputs == {"total_ms": 120}
    assert [step.verdict for step in run.run.steps] == [Verdict.MET] * 3


def test_an_acknowledgement_that_takes_longer_than_asked_for_says_so() -> None:
    run = confirmed().hear(Sent((exchange(elapsed_ms=1950.0),)))
    assert run.outcome == (Verdict.MET, "button_slow")
    assert run.run.advice == "slow"


def test_every_link_of_the_school_has_to_acknowledge() -> None:
    run = confirmed(links=("no3/110", "no3/bureau")).hear(Sent((exchange(),)))
    assert run.waits == "receiver"
    assert run.effects[-1] == SendTest("no3/bureau", Code.WALK_TEST)
    run.hear(Sent((exchange(Result.SILENT), exchange(Result.SILENT, Path.BACKUP))))
    assert run.outcome == (Verdict.FAILED, "not_acknowledged_silent")
    assert run.run.inputs["link"] == "no3/bureau"


def test_the_back_up_counts_and_both_attempts_are_kept() -> None:
    first, second = exchange(Result.SILENT), exchange(path=Path.BACKUP)
    run = confirmed().hear(Exchanged(first)).hear(Sent((first, second)))
    assert run.outcome == (Verdict.MET, "button_met")
    assert run.run.steps[-1].exchanges == (first, second)
    assert run.run.steps[-1].inputs["path"] == "backup"


def test_without_a_link_nothing_is_proven_and_nothing_failed() -> None:
    assert confirmed(links=()).outcome == (Verdict.UNKNOWN, "no_link")


@pytest.mark.parametrize(
    ("why", "alarm", "verdict", "code"),
    [
        ("expired", False, Verdict.FAILED, "no_press"),
        ("unconfirmed", True, Verdict.UNKNOWN, "unconfirmed"),
        ("pressed_again", True, Verdict.UNKNOWN, "pressed_again"),
        ("earlier", False, Verdict.UNKNOWN, "pressed_earlier"),
        ("changed", False, Verdict.UNKNOWN, "device_changed"),
        ("store", True, Verdict.UNKNOWN, "doubtful"),
        ("clock", False, Verdict.UNKNOWN, "window_shut"),
        ("stopping", True, Verdict.UNKNOWN, "doubtful"),
    ],
)
def test_a_window_that_is_over_ends_the_run(
    why: str, alarm: bool, verdict: Verdict, code: str
) -> None:
    run = Run("alarm-button").hear(WindowOver(why=why, alarm=alarm))
    assert run.outcome == (verdict, code)


def test_what_comes_out_of_turn_changes_nothing() -> None:
    run = Run("alarm-button")
    before = run.run
    run.hear(Confirmed()).hear(Sent((exchange(),))).hear(Exchanged(exchange()))
    assert run.run is before


def test_after_the_end_nothing_changes() -> None:
    run = Run("alarm-button").hear(Cancelled("wang"))
    assert run.outcome == (Verdict.UNKNOWN, "cancelled")
    over = run.run
    run.hear(PRESSED).hear(Confirmed()).hear(Cancelled("li")).later(10**9).tick()
    assert run.run is over


def test_the_pipeline_ends_windows_and_only_its_silence_ends_the_run_here() -> None:
    run = Run("alarm-button").later(600_000).tick()
    assert run.run.ended is None
    assert run.later(5000).tick().outcome == (Verdict.FAILED, "no_press")
    waiting = Run("alarm-button").later(1000).hear(PRESSED).later(35_000).tick()
    assert waiting.outcome == (Verdict.UNKNOWN, "unconfirmed")


def test_a_link_that_never_reports_leaves_it_unknown() -> None:
    assert confirmed().later(65_000).tick().outcome == (Verdict.UNKNOWN, "no_report")


def test_a_link_is_met_when_each_path_has_acknowledged() -> None:
    run = Run("police-link", LinkTest("no3/110", code=Code.PERIODIC_TEST, paths=BOTH))
    assert run.effects == [SendTest("no3/110", Code.PERIODIC_TEST, BOTH)]
    run.hear(Sent((exchange(elapsed_ms=12.04), exchange(path=Path.BACKUP))))
    assert run.outcome == (Verdict.MET, "link_met")


@pytest.mark.parametrize("failed", BOTH)
def test_a_link_fails_when_one_path_has_not(failed: Path) -> None:
    other = Path.BACKUP if failed is Path.PRIMARY else Path.PRIMARY
    run = Run("police-link", LinkTest("no3/110", paths=BOTH))
    run.hear(Sent((exchange(path=other), exchange(Result.CLOCK, failed, offset_ms=60_000))))
    assert run.outcome == (Verdict.FAILED, "not_acknowledged_clock")
    assert run.run.inputs["path"] == failed.value
    assert run.run.inputs["offset_ms"] == 60_000
    assert run.run.advice == "set_clock"


def test_a_test_that_could_not_be_sent_is_unknown_and_says_why() -> None:
    run = Run("police-link", LinkTest("no3/110")).hear(Sent(error="OSError: no route"))
    assert run.outcome == (Verdict.UNKNOWN, "not_sent")
    assert run.run.inputs["error"] == "OSError: no route"


def test_exchanges_are_kept_within_bounds() -> None:
    run = Run("police-link", LinkTest("no3/110"))
    for number in range(200):
        run.hear(Exchanged(exchange(Result.SILENT, started=NOW + number)))
    assert len(run.run.steps[0].exchanges) == 50


def test_the_test_of_a_link_that_a_vendor_keeps_is_attested_by_who_began_it() -> None:
    run = Run("police-link", links=())
    assert run.waits == "attest"
    run.later(1000).says(state="up").hear(Sent((exchange(),)))
    assert run.run.ended is None
    run.hear(Confirmed())
    assert run.outcome == (Verdict.MET, "attested")
    assert run.run.inputs == {"actor": "li.na"}
    assert run.run.kind == "attested"
    silent = Run("police-link", links=()).later(1_800_000).tick()
    assert silent.outcome == (Verdict.UNKNOWN, "not_attested")
