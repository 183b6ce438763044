"""What is no fault: exposure, night, infra-red light, passers-by, rooms without texture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from watched_yard import Camera, yard

from devices.camera.look import Image
from devices.camera.suspicion import Fault, Undecidable


@pytest.fixture
def camera() -> Camera:
    camera = Camera()
    camera.looks(30)
    return camera


def lit(scene: Image, light: float) -> Image:
    return np.asarray(np.clip(scene * light, 0, 255), np.uint8)


def infra_red(scene: Image) -> Image:
    grey = cv2.cvtColor(scene, cv2.COLOR_BGR2GRAY) * 0.7 + 15
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize("light", [0.4, 0.6, 1.5, 2.0])
def test_a_jump_of_the_exposure_that_lasts_is_no_fault(camera: Camera, light: float) -> None:
    assert {judged.faults for judged in camera.looks(8, lit(camera.scene, light))} == {()}


def test_the_switch_to_infra_red_light_and_back_is_no_fault(camera: Camera) -> None:
    camera.noise = 6
    night = camera.looks(20, infra_red(camera.scene))
    assert {judged.faults for judged in night} == {()}
    assert all(judged.grey for judged in night)
    assert night[-1].learned
    camera.noise = 2
    assert {judged.faults for judged in camera.looks(8)} == {()}


def test_a_dark_night_cannot_be_judged_and_is_no_fault(camera: Camera) -> None:
    camera.now += 9 * 3_600_000
    for judged in camera.looks(10, lit(camera.scene, 0.03)):
        assert judged.faults == ()
        assert judged.undecidable is Undecidable.TOO_DARK


def test_a_dark_picture_in_which_the_scene_is_still_seen_is_not_black(camera: Camera) -> None:
    for judged in camera.looks(6, lit(camera.scene, 0.1)):
        assert judged.faults == ()


def test_people_who_come_and_go_cover_nothing(camera: Camera) -> None:
    for left in (0, 220, 430, 100, 330) * 8:
        scene = camera.scene.copy()
        cv2.rectangle(scene, (left, 60), (left + 200, 360), (60, 60, 70), -1)
        assert camera.show(camera.picture(scene)).faults == ()


def test_a_wall_without_texture_is_no_fault_and_its_view_cannot_be_judged() -> None:
    camera = Camera(np.full((360, 640, 3), 120, np.uint8))
    judged = camera.looks(30)
    assert {each.faults for each in judged} == {()}
    assert judged[-1].undecidable is Undecidable.NO_TEXTURE


def test_nothing_is_said_of_the_view_while_it_is_being_learned() -> None:
    camera = Camera()
    first = camera.looks(6)
    assert {each.undecidable for each in first} == {Undecidable.LEARNING}
    assert not first[-1].learned
    assert camera.looks(6)[-1].learned


def test_black_white_and_snow_are_found_before_anything_is_learned() -> None:
    for level, fault in ((0, Fault.BLACK), (255, Fault.WHITE)):
        camera = Camera(noise=0)
        assert camera.looks(3, np.full((360, 640, 3), level, np.uint8))[-1].faults == (fault,)
    snow = Camera(noise=60)
    assert snow.looks(3)[-1].faults == (Fault.NOISE,)


def test_pictures_of_another_size_are_the_same_view(camera: Camera) -> None:
    half = np.asarray(cv2.resize(yard(), (320, 180), interpolation=cv2.INTER_AREA), np.uint8)
    camera.looks(1, half)
    assert Fault.MOVED not in camera.looks(5, half)[-1].faults
