"""Whether a gate has a camera whose recordings reach back: one is enough, unknown is not failed."""

from __future__ import annotations

import pytest

from audit.verification.model import Verdict
from devices.recording.local_time import DAY_MS
from devices.recording.verdict import Status
from gateway.gate_video.reach import Watching, Why, reach
from gateway.store.recordings import Judged

NOW = 1_795_161_600_000


def watching(
    status: Status, *, days: int = 90, held: int | None = 95, name: str = "cam", age: int = 400
) -> Watching:
    judged = Judged(
        school="no3",
        camera=name,
        recorder="nvr",
        status=status,
        required_days=days,
        asked=NOW,
        as_of=NOW,
        reach=None if held is None else NOW - held * DAY_MS,
    )
    return Watching(camera=name, judged=judged, commissioned=NOW - age * DAY_MS)


@pytest.mark.parametrize(
    ("cameras", "verdict", "why"),
    [
        ([], Verdict.FAILED, Why.NO_CAMERA),
        ([Watching(camera="cam", out_of_service=True)], Verdict.FAILED, Why.OUT_OF_SERVICE),
        ([Watching(camera="cam", recorded=False)], Verdict.UNKNOWN, Why.NOT_RECORDED),
        ([Watching(camera="cam")], Verdict.UNKNOWN, Why.UNKNOWN),
        ([watching(Status.MET)], Verdict.MET, Why.REACHES),
        ([watching(Status.MET, held=20, age=20)], Verdict.MET, Why.YOUNG),
        ([watching(Status.SHORT, held=41)], Verdict.FAILED, Why.SHORT),
        ([watching(Status.SHORT, held=12, days=30)], Verdict.FAILED, Why.SHORT),
        ([watching(Status.GAPS)], Verdict.FAILED, Why.GAPS),
        ([watching(Status.UNKNOWN)], Verdict.UNKNOWN, Why.UNKNOWN),
        ([watching(Status.MET, days=30, held=36)], Verdict.UNKNOWN, Why.ASKED_LESS),
        # As young as it is, only thirty days were looked at.
        ([watching(Status.MET, days=30, held=36, age=60)], Verdict.UNKNOWN, Why.ASKED_LESS),
    ],
)
def test_a_gate_stands_as_its_camera_does(
    cameras: list[Watching], verdict: Verdict, why: Why
) -> None:
    found = reach(cameras)
    assert (found.verdict, found.why) == (verdict, why)


def test_one_camera_that_is_met_is_enough() -> None:
    met = watching(Status.MET, name="met")
    others = [watching(Status.SHORT, held=3), watching(Status.UNKNOWN), Watching(camera="new")]
    assert reach([*others, met]).camera == "met"
    assert reach([*others, met]).verdict is Verdict.MET


def test_while_one_is_unknown_the_gate_has_not_failed() -> None:
    found = reach([watching(Status.SHORT, held=80), watching(Status.UNKNOWN, name="away")])
    assert (found.verdict, found.camera) == (Verdict.UNKNOWN, "away")


def test_one_out_of_service_does_not_count_however_far_it_reaches() -> None:
    whole = watching(Status.MET).judged
    away = Watching(camera="away", out_of_service=True, judged=whole)
    assert reach([away, watching(Status.SHORT, held=9)]).why is Why.SHORT


def test_of_two_that_fall_short_the_better_one_is_told() -> None:
    found = reach([watching(Status.SHORT, held=70, name="best"), watching(Status.SHORT, held=None)])
    assert (found.camera, found.held) == ("best", 70 * DAY_MS)
