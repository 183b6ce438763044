"""Cameras known only by what their recorder tells: nobody can tell how they are without it."""

from __future__ import annotations

from alerts.diagnosis import diagnose, verdict_of
from alerts.evidence import Evidence, Verdict

NOW = 1_795_161_600_000
MINUTE = 60_000


def camera(*, online: bool, by_recorder: bool = True) -> Evidence:
    return Evidence(
        now=NOW,
        listening=NOW - 600 * MINUTE,
        expected=5 * MINUTE,
        limit=10 * MINUTE,
        heard=NOW - MINUTE,
        online=online,
        online_since=NOW - MINUTE,
        by_recorder=by_recorder,
    )


def test_one_that_its_recorder_does_not_have_is_unknown_and_the_broker_is_not_blamed() -> None:
    reasons = diagnose(camera(online=False))
    assert [one.code for one in reasons] == ["not_at_recorder"]
    assert verdict_of(reasons) is Verdict.UNKNOWN


def test_one_that_its_recorder_has_is_well() -> None:
    assert diagnose(camera(online=True)) == ()


def test_of_others_the_broker_said_it() -> None:
    assert "left" in [one.code for one in diagnose(camera(online=False, by_recorder=False))]
