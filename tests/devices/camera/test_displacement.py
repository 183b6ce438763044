"""A picture put back after a shift, a turn, or from nearer; no other scene fits so."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from watched_yard import yard

from devices.camera.displacement import fit, put_back, shifted_by, turned
from devices.camera.look import Image
from devices.camera.measures import Grid, measure, raised


def seen(image: Image, light: float = 1.0) -> Grid:
    return raised(measure(np.clip(image * light, 0, 255).astype(np.uint8)).small)


def askew(image: Image, *, degrees: float = 0.0, nearer: float = 1.0) -> Image:
    height, width = image.shape[:2]
    turning = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, nearer)
    turned_image = cv2.warpAffine(image, turning, (width, height), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(turned_image, np.uint8)


@pytest.mark.parametrize("light", [0.3, 1.0, 1.4])
def test_a_shift_is_measured_in_any_light_and_can_be_put_back(light: float) -> None:
    wide = yard(size=(800, 500))
    here, there = wide[60:420, 80:720], wide[40:400, 120:760]
    (right, down), found = shifted_by(seen(there, light), seen(here))
    assert (right, down) == pytest.approx((-10, 5), abs=0.3)
    assert found > 0.8 > fit(seen(there, light), seen(here))
    back = put_back(seen(there, light), (right, down))
    assert fit(back[10:-10, 15:-15], seen(here)[10:-10, 15:-15]) > 0.8


@pytest.mark.parametrize("degrees", [-11.0, -5.0, 6.0, 12.0])
def test_a_turn_is_told_with_its_direction(degrees: float) -> None:
    turn = turned(seen(askew(yard(), degrees=degrees), 0.6), seen(yard()))
    assert turn.times == 1
    assert turn.degrees == pytest.approx(-degrees, abs=2.5)
    assert turn.fit > 0.5


@pytest.mark.parametrize("nearer", [0.75, 0.85, 1.15, 1.3, 1.45])
def test_another_distance_is_told_from_the_usual_one(nearer: float) -> None:
    turn = turned(seen(askew(yard(), nearer=nearer), 0.6), seen(yard()))
    assert turn.degrees == 0
    assert turn.times == pytest.approx(nearer, rel=0.1)
    assert turn.fit > 0.5


@pytest.mark.parametrize("other", range(2, 10))
def test_another_scene_is_no_turn_of_this_one(other: int) -> None:
    assert turned(seen(yard(other)), seen(yard())).fit < 0.4


def test_pictures_that_are_compared_are_not_changed() -> None:
    now, then = seen(yard(2)), seen(yard())
    before = now.copy(), then.copy()
    shifted_by(now, then)
    turned(now, then)
    assert np.array_equal(now, before[0])
    assert np.array_equal(then, before[1])
