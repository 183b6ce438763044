"""Recorders and gate cameras put for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from devices.model import Device
from devices.recording.police_report import Basis, PoliceReport
from gateway.api.models.gate_video import (
    CatalogOut,
    GateCameraOut,
    VideoPoliceOut,
    VideoRecorderOut,
)
from gateway.api.models.shapes import Names
from gateway.api.present_recordings import as_of_now
from gateway.api.register import Register, names
from gateway.gate_video.desk import NOTHING_KNOWN, GateVideo
from gateway.gate_video.gates import gate_cameras
from gateway.settings_recordings import RecorderSettings
from gateway.store.read.recordings import Standing
from gateway.words import Words


class GateVideoPresenter:
    """Puts names and words to what is known."""

    def __init__(
        self,
        known: GateVideo,
        gates: Iterable[str],
        *,
        register: Register,
        words: Words,
        now: Callable[[], int],
    ) -> None:
        """``gates``: the places of gate cameras, as ``SCHOOL/PLACE``."""
        self._known: Final = known
        self._gates: Final = frozenset(gates)
        self._register: Final = register
        self._words: Final = words
        self._now: Final = now

    def schools(self, schools: frozenset[str] | None) -> frozenset[str]:
        """Those of ``schools`` (``None`` = all) that have gates."""
        found = frozenset(gate.partition("/")[0] for gate in self._gates)
        return found if schools is None else found & schools

    def recorder(self, one: RecorderSettings, device: Device | None) -> VideoRecorderOut:
        """One recorder."""
        view = self._known.channels.recorder(one.key)
        return VideoRecorderOut(
            school=one.school,
            school_name=self._register.school_name(one.school),
            id=one.id,
            name=names("", "", one.id) if device is None else _name(device),
            kind=one.kind,
            police=self._police(self._known.reports.report(one.key)),
            catalog=None
            if view is None
            else CatalogOut(
                registered=view.registered,
                since=view.since,
                asked=view.asked,
                trouble=view.trouble,
                listed=view.listed,
                online=view.online,
                missing=list(view.missing),
                unregistered=view.strangers,
            ),
        )

    def gates(
        self,
        cameras: Iterable[Device],
        recorded_by: Mapping[tuple[str, str], str],
        standing: Sequence[Standing],
    ) -> list[GateCameraOut]:
        """The gate cameras among ``cameras``; ``recorded_by``: the recorder of each."""
        now = self._now()
        judged = {one.judged.key: as_of_now(one.judged, now) for one in standing}
        found = []
        for device in gate_cameras(cameras, self._gates, self._register.around):
            recorder = recorded_by.get(device.key)
            verdict = judged.get(device.key)
            report = NOTHING_KNOWN
            if recorder is not None:
                report = self._known.reports.report((device.school, recorder))
            found.append(
                GateCameraOut(
                    school=device.school,
                    school_name=self._register.school_name(device.school),
                    camera=device.id,
                    name=_name(device),
                    place=self._register.place_path(device.school, device.place),
                    out_of_service=device.out_of_service,
                    recorder=recorder,
                    channel_state=self._known.channels.channel(device.key),
                    recordings=None if verdict is None else verdict.status,
                    police=self._police(report),
                )
            )
        return sorted(found, key=lambda one: (one.school, one.camera))

    def _police(self, report: PoliceReport) -> VideoPoliceOut:
        key = report.basis.value
        if report.basis is Basis.REPORTED:
            key = "registered" if report.registered else "unregistered"
        return VideoPoliceOut(
            basis=report.basis,
            registered=report.registered,
            reported=report.at,
            text=Names(**self._words.both(f"video_police.{key}")),
        )


def _name(device: Device) -> Names:
    return names(device.name_zh, device.name_en, device.id)
