"""Recorders that do not answer as they should: one alert at most, and none for a blip."""

from __future__ import annotations

import pytest

from alerts.finding import Finding
from alerts.recorders import AWAY, CLOCK, OFFLINE, REFUSED, UNREADABLE, Look, recorder_findings
from devices.recording.source import Trouble

MINUTE = 60_000
NOW = 1_795_161_600_000


def found(look: Look, now: int = NOW) -> dict[str, Finding]:
    findings = recorder_findings(look, 8, offline_after_ms=15 * MINUTE, clock_ms=MINUTE, now=now)
    return {one.condition: one for one in findings}


def active(look: Look, now: int = NOW) -> set[str]:
    return {name for name, one in found(look, now).items() if one.active}


def test_a_recorder_that_missed_a_look_is_neither_away_nor_back() -> None:
    look = Look(at=NOW).failed(NOW, Trouble.TIMED_OUT, "no answer in 10 s")
    assert found(look, NOW + 14 * MINUTE) == {}
    away = found(look, NOW + 15 * MINUTE)[OFFLINE]
    assert (away.active, away.happened) == (True, NOW)
    assert away.explanation.inputs["cameras"] == 8
    assert away.explanation.inputs["detail"] == "no answer in 10 s"


@pytest.mark.parametrize(
    ("trouble", "condition"),
    [
        (Trouble.UNREACHABLE, OFFLINE),
        (Trouble.TIMED_OUT, OFFLINE),
        (Trouble.REFUSED, REFUSED),
        (Trouble.UNREADABLE, UNREADABLE),
        (Trouble.INCOMPLETE, UNREADABLE),
    ],
)
def test_whatever_the_trouble_is_one_alert_says_so(trouble: Trouble, condition: str) -> None:
    look = Look(at=NOW).failed(NOW, trouble, "")
    told = found(look, NOW + 20 * MINUTE)
    assert {name for name, one in told.items() if one.active} == {condition}
    assert {name for name, one in told.items() if not one.active} == AWAY - {condition}


def test_it_fails_since_the_first_of_all_looks_in_vain() -> None:
    look = Look(at=NOW)
    for minutes in (0, 5, 10):
        look = look.failed(NOW + minutes * MINUTE, Trouble.UNREACHABLE, "")
    assert look.failing == NOW
    assert look.answered(NOW + 15 * MINUTE, 0).failing is None


def test_an_answer_ends_what_stood_and_shows_the_clock() -> None:
    assert active(Look(at=NOW, drift=61_000)) == {CLOCK}
    assert active(Look(at=NOW, drift=-61_000)) == {CLOCK}
    right = found(Look(at=NOW, drift=60_000))
    assert set(right) == AWAY | {CLOCK}
    assert not any(one.active for one in right.values())


def test_a_recorder_that_tells_no_time_ends_no_alert_about_its_clock() -> None:
    assert set(found(Look(at=NOW, drift=None))) == AWAY
