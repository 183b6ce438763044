"""Each fault is raised within three looks, under its own name, and ends when it is over."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from watched_yard import NOON, Camera, yard

from devices.camera.comparison import hidden
from devices.camera.look import Image
from devices.camera.suspicion import Fault
from devices.camera.watch import CameraWatch, recalled, remembered

Spoil = Callable[[Image], Image]


@pytest.fixture(scope="module")
def learned() -> bytes:
    """What a camera knows of its yard after half an hour."""
    camera = Camera()
    camera.looks(30)
    return remembered(camera.watch.memory)


@pytest.fixture
def camera(learned: bytes) -> Camera:
    camera = Camera(seed=11)
    camera.watch = CameraWatch(memory=recalled(learned))
    camera.now += 30 * 60_000
    return camera


def blurred(image: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 5), np.uint8)


def half_covered(image: Image) -> Image:
    covered = image.copy()
    covered[:, : image.shape[1] // 2] = 90
    return covered


def wholly_covered(image: Image) -> Image:
    return np.full_like(image, 90)


def shifted(image: Image) -> Image:
    return np.asarray(np.roll(image, 40, axis=1), np.uint8)


def elsewhere(image: Image) -> Image:
    return yard(99)


def nearer(image: Image) -> Image:
    height, width = image.shape[:2]
    inner = image[height // 8 : -height // 8, width // 8 : -width // 8]
    return np.asarray(cv2.resize(inner, (width, height)), np.uint8)


def turned(image: Image) -> Image:
    height, width = image.shape[:2]
    turning = cv2.getRotationMatrix2D((width / 2, height / 2), 9, 1)
    askew = cv2.warpAffine(image, turning, (width, height), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(askew, np.uint8)


def snowed(image: Image) -> Image:
    drawn = np.random.default_rng(3).normal(0, 45, image.shape[:2])[:, :, None]
    return np.clip(image + drawn, 0, 255).astype(np.uint8)


def striped(image: Image) -> Image:
    lines = 25 * (np.arange(image.shape[0]) // 5 % 2)[:, None, None]
    return np.asarray(np.clip(image.astype(np.int16) + lines, 0, 255), np.uint8)


def reddened(image: Image) -> Image:
    return np.asarray(np.clip(image * np.array([0.8, 0.8, 1.5]), 0, 255), np.uint8)


def black(image: Image) -> Image:
    return np.full_like(image, 4)


def white(image: Image) -> Image:
    return np.full_like(image, 255)


SPOILT = [
    (Fault.BLURRED, blurred),
    (Fault.COVERED, half_covered),
    (Fault.COVERED, wholly_covered),
    (Fault.MOVED, shifted),
    (Fault.MOVED, elsewhere),
    (Fault.MOVED, nearer),
    (Fault.MOVED, turned),
    (Fault.NOISE, snowed),
    (Fault.NOISE, striped),
    (Fault.COLOUR_CAST, reddened),
    (Fault.BLACK, black),
    (Fault.WHITE, white),
]


@pytest.mark.parametrize(("fault", "spoil"), SPOILT, ids=lambda one: getattr(one, "__name__", one))
def test_a_fault_is_raised_by_the_third_look_and_ends_when_it_is_measured_to_be_over(
    camera: Camera, fault: Fault, spoil: Spoil
) -> None:
    raised = [camera.show(spoil(camera.picture())).faults for _ in range(3)]
    assert raised == [(), (), (fault,)]
    ended = [camera.show(camera.picture()).over for _ in range(3)]
    assert ended == [frozenset(), frozenset(), {fault}]


@pytest.mark.parametrize(("fault", "spoil"), SPOILT, ids=lambda one: getattr(one, "__name__", one))
def test_two_bad_looks_raise_nothing(camera: Camera, fault: Fault, spoil: Spoil) -> None:
    for _ in range(2):
        camera.show(spoil(camera.picture()))
    assert [judged.faults for judged in camera.looks(4)] == [()] * 4


def test_a_frozen_picture_is_raised_by_the_third_look(camera: Camera) -> None:
    last = camera.picture()
    assert [camera.show(last).faults for _ in range(3)] == [(), (), (Fault.FROZEN,)]


def test_a_frozen_picture_over_which_a_clock_goes_on_is_frozen(camera: Camera) -> None:
    last = camera.picture()
    judged = []
    for second in range(3):
        shown = last.copy()
        cv2.putText(shown, f"08:00:{second:02}", (8, 24), 0, 0.6, (255, 255, 255), 1)
        judged.append(camera.show(shown))
    assert judged[-1].faults == (Fault.FROZEN,)


def test_two_different_pictures_in_a_look_prove_that_it_is_not_frozen(camera: Camera) -> None:
    first = camera.picture()
    for _ in range(4):
        judged = camera.show(camera.picture(yard(5)), first)
        assert Fault.FROZEN not in judged.faults


def test_a_still_room_is_not_frozen(camera: Camera) -> None:
    assert {judged.faults for judged in camera.looks(60)} == {()}


def test_a_fault_says_by_how_much(camera: Camera) -> None:
    for _ in range(3):
        judged = camera.show(blurred(camera.picture()))
    (trouble,) = judged.troubles
    assert trouble.why.code == "blurred"
    assert 0 <= float(trouble.why.inputs["percent"]) < 50
    assert trouble.confidence > 0.8
    assert trouble.tampering


def test_a_worse_fault_is_surer(camera: Camera) -> None:
    def confidence(share: float) -> float:
        covered = camera.picture()
        covered[:, : int(share * covered.shape[1])] = 90
        (suspicion,) = camera.show(covered).suspected
        return suspicion.confidence

    assert 0.5 <= confidence(0.3) < confidence(0.5)


def test_a_burnt_out_picture_in_which_dark_parts_are_still_seen_is_white() -> None:
    scene = yard()
    scene[:, :256] //= 4
    camera = Camera(scene)
    camera.looks(30)
    jump = np.clip(scene * 2.2, 0, 255).astype(np.uint8)
    assert {judged.faults for judged in camera.looks(6, jump)} == {()}
    camera.looks(3)
    burnt = np.clip(scene * 4.0 + 40, 0, 255).astype(np.uint8)
    assert camera.looks(3, burnt)[-1].faults == (Fault.WHITE,)


def test_a_cloth_as_bright_as_the_bare_wall_behind_it_is_told_by_its_colour() -> None:
    scene = np.full((360, 640, 3), (132, 120, 108), np.uint8)
    scene[:, 200::12] = 60
    camera = Camera(scene)
    camera.looks(30)
    like_the_wall, cloth = scene.copy(), scene.copy()
    like_the_wall[:, :236] = (132, 120, 108)
    cloth[:, :236] = (60, 117, 158)
    assert {judged.faults for judged in camera.looks(4, like_the_wall)} == {()}
    camera.looks(3)
    assert camera.looks(3, cloth)[-1].faults == (Fault.COVERED,)


def test_a_cover_that_noise_has_torn_a_block_wide_is_one_area() -> None:
    cover = np.zeros((9, 16), np.bool_)
    cover[:5, :6] = True
    cover[:5, 3] = False
    elsewhere = np.zeros_like(cover)
    elsewhere[6:, 10:12] = True
    smooth = cover | elsewhere
    assert np.array_equal(hidden(smooth, smooth, smooth), cover)


def test_a_camera_that_is_turned_on_and_on_has_moved(camera: Camera) -> None:
    raised = [camera.show(np.roll(camera.picture(), by, axis=1)).faults for by in (60, 100, 140)]
    assert raised == [(), (), (Fault.MOVED,)]


def test_what_was_black_first_and_then_covered_has_persisted(camera: Camera) -> None:
    for _ in range(2):
        camera.show(black(yard()))
    assert camera.show(wholly_covered(yard())).faults == (Fault.COVERED,)


def test_a_blurred_road_with_cars_as_large_as_its_forms_is_blurred_not_covered() -> None:
    invented = np.random.default_rng(4)

    def with_cars() -> Image:
        road = yard()
        for _ in range(2):
            left, top = int(invented.integers(0, 440)), int(invented.integers(0, 240))
            road[top : top + 120, left : left + 200] = int(invented.integers(10, 250))
        return road

    camera = Camera()
    for _ in range(60):
        assert camera.show(camera.picture(with_cars())).faults == ()
    for _ in range(3):
        judged = camera.show(blurred(camera.picture(with_cars())))
    assert judged.faults == (Fault.BLURRED,)


def test_dusk_and_lamps_do_not_hide_a_cast_that_no_light_makes() -> None:
    camera = Camera()
    warm = np.asarray(np.clip(yard() * np.array([0.7, 1, 1.2]), 0, 255), np.uint8)
    for _ in range(20):
        assert camera.looks(1)[-1].faults == ()
        assert camera.looks(1, warm)[-1].faults == ()
    green = np.asarray(np.clip(yard() * np.array([0.8, 1.3, 0.8]), 0, 255), np.uint8)
    assert camera.looks(3, green)[-1].faults == (Fault.COLOUR_CAST,)


def test_a_picture_without_any_light_is_black_before_dusk_and_too_dark_after_it() -> None:
    camera = Camera()
    night = yard() // 40
    for hour, scene in ((14, None), (15, None), (16, None), (18, night), (19, night)):
        camera.now = NOON + (hour - 12) * 3_600_000
        assert {judged.faults for judged in camera.looks(25, scene)} == {()}
    dead = black(yard())
    camera.now = NOON + 3 * 3_600_000 + 86_400_000
    assert [camera.show(dead).faults for _ in range(3)][-1] == (Fault.BLACK,)
    camera.looks(3)
    camera.now = NOON + 6 * 3_600_000 + 86_400_000
    assert all(Fault.BLACK not in camera.show(dead).faults for _ in range(4))
