"""Invented cameras show what a probe can learn, and later what it has to find."""

from __future__ import annotations

import numpy as np
import pytest

from devices.camera.look import Image, Look, Outcome, Picture
from devices.camera.suspicion import Fault, Undecidable
from devices.camera.watch import CameraWatch, Judgement
from devices.simulator.drawn_view import DrawnView
from devices.simulator.filmed import ILL_S, PASSWORD, WELL_S, FilmedYards, Trouble

NOW = 1_795_161_600_000
WELL = 24


def judged(well: list[Image], ill: list[Image]) -> Judgement:
    """After four minutes of one and one of the other, with a look every ten seconds."""
    watch = CameraWatch()
    shown = [well[step % len(well)] for step in range(WELL)]
    shown += [ill[step % len(ill)] for step in range(6)]
    for step, image in enumerate(shown):
        begun = NOW + 10_000 * step
        look = Look(
            begun=begun,
            ended=begun + 1,
            outcome=Outcome.SEEN,
            pictures=(Picture(0, image),),
            width=640,
            height=360,
        )
        judgement = watch.see(look, begun)
        if step < WELL:
            assert judgement.faults == ()
    return judgement


@pytest.mark.parametrize("number", [0, 5])
def test_a_drawn_yard_is_learned_and_its_cover_is_found(number: int) -> None:
    view = DrawnView(number)
    judgement = judged(list(view.pictures(12)), list(view.pictures(6, covered=True)))
    assert judgement.faults == (Fault.COVERED,)


def test_a_dark_yard_cannot_be_judged_and_is_no_fault() -> None:
    view = DrawnView(3)
    judgement = judged(list(view.pictures(12)), list(view.pictures(6, dark=True)))
    assert judgement.faults == ()
    assert judgement.undecidable is Undecidable.TOO_DARK


def test_the_same_number_draws_the_same_yard() -> None:
    one, same, other = (next(DrawnView(number).pictures(1)) for number in (7, 7, 8))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_trouble_comes_after_a_while_goes_and_comes_again() -> None:
    yards = FilmedYards({one.name: one for one in Trouble})
    cameras = yards.cameras

    def shown(since: float) -> dict[str, object]:
        yards.turn(since)
        return {
            "locked": cameras["LOCKED"].password != PASSWORD,
            "covered": cameras["COVERED"].clip is not covered,
            "dark": cameras["DARK"].clip is not dark,
        }

    covered, dark = cameras["COVERED"].clip, cameras["DARK"].clip
    well = dict.fromkeys(("locked", "covered", "dark"), False)
    ill = dict.fromkeys(well, True)
    assert shown(0) == shown(WELL_S - 1) == well
    assert shown(WELL_S) == shown(WELL_S + ILL_S - 1) == ill
    assert shown(WELL_S + ILL_S) == well
    assert shown(2 * WELL_S + ILL_S) == ill


def test_a_frozen_camera_shows_one_picture_and_another_goes_on() -> None:
    yards = FilmedYards({one.name: one for one in (Trouble.FROZEN, Trouble.NONE)})
    yards.turn(WELL_S)
    assert len(yards.cameras["FROZEN"].clip.frames) == 1
    assert len(yards.cameras["NONE"].clip.frames) > 10
