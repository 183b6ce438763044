"""Cameras put for people: names, sentences, pictures by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from devices.model import Device
from gateway.api.models.cameras import (
    CameraDetailOut,
    CameraFaultOut,
    CameraFaultWhyOut,
    CameraOut,
    CameraReferenceOut,
    CameraTotalsOut,
    NewestPictureOut,
    RelearnOut,
)
from gateway.api.models.shapes import Names
from gateway.api.register import Register, names
from gateway.camera_pictures.vault import Kept, Usual
from gateway.cameras.relearning import Relearn
from gateway.cameras.standing import FaultSeen, Standing, State
from gateway.settings_recordings import RecorderSettings
from gateway.words import Words
from gateway.words.explaining import explained


class SeenCamera(msgspec.Struct, frozen=True):
    """A camera, how it is, and what is kept of it: its newest picture, the newest without a fault,
    the most urgent of its open alerts.
    """

    device: Device
    standing: Standing
    picture: Kept | None = None
    good: Kept | None = None
    alert: int | None = None


class CameraPresenter:
    """Makes answers of what is known of cameras."""

    def __init__(
        self, *, register: Register, words: Words, recorders: Iterable[RecorderSettings]
    ) -> None:
        self._register: Final = register
        self._words: Final = words
        self._recorders: Final = {
            (one.school, camera): one.id for one in recorders for camera in one.cameras
        }

    def camera(self, seen: SeenCamera) -> CameraOut:
        """As the wall shows it."""
        return CameraOut(**self._fields(seen))

    def detail(
        self, seen: SeenCamera, usual: Sequence[Usual], relearn: Relearn | None
    ) -> CameraDetailOut:
        """With all that is known of its picture."""
        values = seen.standing.values
        return CameraDetailOut(
            **self._fields(seen),
            fps=_number(values.get("fps")),
            bitrate_kbps=_number(values.get("bitrate_kbps")),
            width=_whole(values.get("width")),
            height=_whole(values.get("height")),
            measures=_numbers(values.get("measures")),
            learned=_truth(values.get("learned")),
            grey=_truth(values.get("grey")),
            references=[reference_out(one) for one in usual],
            relearn=None
            if relearn is None
            else RelearnOut(
                asked_by=relearn.by,
                asked_at=relearn.asked,
                reason=relearn.reason,
                done_at=relearn.done,
            ),
        )

    def _fields(self, seen: SeenCamera) -> dict[str, Any]:
        device, standing = seen.device, seen.standing
        return {
            "school": device.school,
            "school_name": self._register.school_name(device.school),
            "device": device.id,
            "name": names(device.name_zh, device.name_en, device.id),
            "place": self._register.place_path(device.school, device.place),
            "state": standing.state,
            "out_of_service": device.out_of_service,
            "faults": [self._fault(each) for each in standing.faults],
            "undecidable": standing.undecidable,
            "seen": standing.seen,
            "picture": _newest(seen.picture),
            "good_picture": _newest(seen.good),
            "alert": seen.alert,
            "recorder": self._recorders.get(device.key),
        }

    def _fault(self, seen: FaultSeen) -> CameraFaultOut:
        text = explained(self._words, seen.why)
        return CameraFaultOut(
            fault=seen.fault,
            since=seen.since,
            confidence=seen.confidence,
            why=CameraFaultWhyOut(code=seen.code, text=Names(zh=text["zh"], en=text["en"])),
        )


def reference_out(usual: Usual) -> CameraReferenceOut:
    """What is usual, without the picture itself."""
    return CameraReferenceOut(
        part=usual.part, grey=usual.grey, looks=usual.looks, at=usual.at, hash=usual.hash
    )


def totals_out(counts: Mapping[State, int]) -> CameraTotalsOut:
    """How many cameras are how; a state that is missing is none."""
    return CameraTotalsOut(**{state.value: counts.get(state, 0) for state in State})


def _newest(picture: Kept | None) -> NewestPictureOut | None:
    if picture is None:
        return None
    return NewestPictureOut(hash=picture.hash, at=picture.at, faulty=picture.faulty)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _whole(value: object) -> int | None:
    return value if type(value) is int else None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _numbers(value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    found = ((str(name), _number(each)) for name, each in value.items())
    return {name: each for name, each in found if each is not None}
