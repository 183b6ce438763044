"""A camera over its looks: what it learns, what it keeps, and what its stream tells."""

from __future__ import annotations

import numpy as np
import pytest
from watched_yard import Camera, look, unseen

from devices.camera.faults.stream import Declared
from devices.camera.look import Outcome
from devices.camera.suspicion import Fault
from devices.camera.watch import (
    CameraWatch,
    MemoryUnreadableError,
    recalled,
    remembered,
)


@pytest.mark.parametrize(
    ("outcome", "fault"),
    [
        (Outcome.OFFLINE, Fault.OFFLINE),
        (Outcome.REFUSED, Fault.AUTH),
        (Outcome.NO_STREAM, Fault.NO_FRAMES),
        (Outcome.NO_FRAMES, Fault.NO_FRAMES),
        (Outcome.UNREADABLE, Fault.NO_FRAMES),
    ],
)
def test_looks_that_saw_nothing_say_why_once_it_persists(outcome: Outcome, fault: Fault) -> None:
    camera = Camera()
    judged = [camera.give(unseen(outcome)) for _ in range(3)]
    assert [each.faults for each in judged] == [(), (), (fault,)]
    assert judged[-1].troubles[0].why.code == outcome.value
    assert judged[-1].online == (outcome is not Outcome.OFFLINE)


def test_a_blip_of_the_network_is_not_raised() -> None:
    camera = Camera()
    camera.looks(3)
    camera.give(unseen(Outcome.OFFLINE))
    camera.give(unseen(Outcome.OFFLINE))
    assert camera.looks(2)[-1].faults == ()


def test_a_cover_outlasts_a_loss_of_the_connection_and_ends_by_measured_recovery() -> None:
    camera = Camera()
    camera.looks(20)
    cover = np.full((360, 640, 3), 90, np.uint8)
    assert camera.looks(3, cover)[-1].faults == (Fault.COVERED,)
    for _ in range(3):
        judged = camera.give(unseen(Outcome.OFFLINE))
    assert set(judged.faults) == {Fault.COVERED, Fault.OFFLINE}
    assert Fault.COVERED in camera.looks(3, cover)[-1].faults
    assert camera.looks(3)[-1].faults == ()


def test_a_covered_picture_is_never_learned() -> None:
    camera = Camera()
    camera.looks(20)
    cover = np.full((360, 640, 3), 90, np.uint8)
    camera.looks(60, cover)
    assert camera.looks(1, cover)[-1].faults == (Fault.COVERED,)


def test_a_new_view_is_usual_after_it_was_learned_anew_on_command() -> None:
    camera = Camera()
    camera.looks(20)
    turned = np.asarray(np.roll(camera.scene, 60, axis=1), np.uint8)
    assert camera.looks(3, turned)[-1].faults == (Fault.MOVED,)
    camera.watch.relearn()
    assert {judged.faults for judged in camera.looks(20, turned)} == {()}


def test_the_usual_picture_can_be_shown() -> None:
    camera = Camera()
    camera.looks(20)
    (usual,) = camera.watch.memory.reference.usual
    assert usual.learned
    assert usual.small.shape == (90, 160)
    assert abs(float(usual.small.mean()) - float(camera.scene.mean())) < 20


def test_what_is_remembered_judges_as_before() -> None:
    camera = Camera()
    camera.looks(20)
    cover = np.full((360, 640, 3), 90, np.uint8)
    camera.looks(2, cover)
    camera.watch = CameraWatch(memory=recalled(remembered(camera.watch.memory)))
    assert camera.looks(1, cover)[-1].fresh == {Fault.COVERED}


@pytest.mark.parametrize("stored", [b"", b"nonsense", b"\x81\xa7version\x63"])
def test_bytes_that_are_no_memory_are_refused(stored: bytes) -> None:
    with pytest.raises(MemoryUnreadableError, match="memory"):
        recalled(stored)


def test_frame_rate_bit_rate_and_size_are_held_against_what_was_declared() -> None:
    camera = Camera()
    camera.watch = CameraWatch(
        declared=Declared(fps=25, bitrate_kbps=2000, width=1920, height=1080)
    )
    for _ in range(3):
        image = camera.picture()
        judged = camera.give(look(image, fps=8, kbps=1800))
    assert set(judged.faults) == {Fault.LOW_FPS, Fault.LOW_BITRATE}
    said = {each.fault: each.why for each in judged.troubles}
    assert said[Fault.LOW_FPS].inputs == {"fps": 8, "declared": 25}
    assert said[Fault.LOW_BITRATE].code == "low_resolution"


def test_a_frame_rate_near_the_declared_one_is_no_fault() -> None:
    camera = Camera()
    camera.watch = CameraWatch(declared=Declared(fps=25, bitrate_kbps=2000))
    for fps in (24.0, 19.0, 25.3, 22.0):
        assert camera.give(look(camera.picture(), fps=fps, kbps=900)).faults == ()
    assert camera.give(look(camera.picture())).faults == ()


def test_a_picture_too_small_to_judge_is_no_picture() -> None:
    camera = Camera()
    for _ in range(3):
        judged = camera.give(look(np.zeros((8, 8, 3), np.uint8)))
    assert judged.faults == (Fault.NO_FRAMES,)
