"""Recorders and gate cameras put for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from audit.verification.model import Verdict
from devices.model import Device
from devices.recording.local_time import DAY_MS, midnight
from devices.recording.police_report import Basis, PoliceReport
from gateway.api.models.gate_video import (
    CatalogOut,
    GateCameraOut,
    GateOut,
    VideoPoliceOut,
    VideoRecorderOut,
    VideoStatementOut,
)
from gateway.api.models.shapes import Names
from gateway.api.present_recordings import as_of_now
from gateway.api.register import Register, names
from gateway.gate_video.desk import NOTHING_KNOWN, GateVideo
from gateway.gate_video.gates import gate_cameras
from gateway.gate_video.reach import GATE_DAYS, Reach, Watching, reach
from gateway.settings_recordings import RecorderSettings, RecordingSettings
from gateway.store.read.recordings import Standing
from gateway.store.recordings import Judged
from gateway.words import Input, Words

RecordedBy: TypeAlias = Mapping[tuple[str, str], RecorderSettings]
"""The recorder of each camera, by the camera's school and id."""

_WORST_FIRST: Final = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.MET)


class GateVideoPresenter:
    """Puts names and words to what is known."""

    def __init__(
        self,
        known: GateVideo,
        settings: RecordingSettings,
        *,
        register: Register,
        words: Words,
        now: Callable[[], int],
    ) -> None:
        self._known: Final = known
        self._gates: Final = frozenset(settings.gates)
        self._zone: Final = settings.zone
        self._register: Final = register
        self._words: Final = words
        self._now: Final = now

    def schools(self, schools: frozenset[str] | None) -> frozenset[str]:
        """Those of ``schools`` (``None`` = all) that have gates."""
        found = frozenset(gate.partition("/")[0] for gate in self._gates)
        return found if schools is None else found & schools

    def without(self, schools: frozenset[str] | None) -> int:
        """Of how many of them (``None`` = all) no gate is named."""
        every = {school.id for school in self._register.schools}
        return len((every if schools is None else every & schools) - self.schools(None))

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
        schools: frozenset[str],
        cameras: Iterable[Device],
        recorded_by: RecordedBy,
        standing: Sequence[Standing],
    ) -> list[GateOut]:
        """The gates of ``schools``, those in trouble first."""
        judged = self._judged(standing)
        of_school: dict[str, list[Device]] = {}
        for device in cameras:
            of_school.setdefault(device.school, []).append(device)
        found = []
        for gate in self._gates:
            school, _, place = gate.partition("/")
            if school not in schools:
                continue
            its = gate_cameras(of_school.get(school, ()), {gate}, self._register.around)
            watching = [self._watching(one, recorded_by.get(one.key), judged) for one in its]
            found.append(self._gate(school, place, watching))
        return sorted(
            found, key=lambda one: (_WORST_FIRST.index(one.verdict), one.school, one.gate)
        )

    def _judged(self, standing: Sequence[Standing]) -> dict[tuple[str, str], Judged]:
        now = self._now()
        return {one.judged.key: as_of_now(one.judged, now) for one in standing}

    def _watching(
        self,
        device: Device,
        recorder: RecorderSettings | None,
        judged: Mapping[tuple[str, str], Judged],
    ) -> Watching:
        since = recorder and (recorder.cameras[device.id].commissioned or recorder.commissioned)
        return Watching(
            camera=device.id,
            out_of_service=device.out_of_service,
            recorded=recorder is not None,
            judged=judged.get(device.key),
            commissioned=None if since is None else midnight(self._zone, since),
        )

    def _gate(self, school: str, place: str, cameras: Sequence[Watching]) -> GateOut:
        stands = reach(cameras)
        return GateOut(
            school=school,
            school_name=self._register.school_name(school),
            gate=place,
            name=self._register.place_path(school, place) or names("", "", place),
            verdict=stands.verdict,
            why=stands.why,
            text=Names(**self._words.both(f"gate.{stands.why.value}", **self._said(stands))),
            days=GATE_DAYS,
            held_days=None if stands.held is None else round(stands.held / DAY_MS, 2),
            camera=stands.camera,
            cameras=sorted(one.camera for one in cameras),
        )

    @staticmethod
    def _said(stands: Reach) -> dict[str, Input]:
        return {
            "days": GATE_DAYS,
            "held": None if stands.held is None else stands.held // DAY_MS,
            "required": stands.required_days,
        }

    def cameras(
        self,
        cameras: Iterable[Device],
        recorded_by: RecordedBy,
        standing: Sequence[Standing],
    ) -> list[GateCameraOut]:
        """The gate cameras among ``cameras``."""
        judged = self._judged(standing)
        found = []
        for device in gate_cameras(cameras, self._gates, self._register.around):
            recorder = recorded_by.get(device.key)
            verdict = judged.get(device.key)
            report = NOTHING_KNOWN
            if recorder is not None:
                report = self._known.reports.report(recorder.key)
            found.append(
                GateCameraOut(
                    school=device.school,
                    school_name=self._register.school_name(device.school),
                    camera=device.id,
                    name=_name(device),
                    place=self._register.place_path(device.school, device.place),
                    out_of_service=device.out_of_service,
                    recorder=None if recorder is None else recorder.id,
                    channel_state=self._known.channels.channel(device.key),
                    recordings=None if verdict is None else verdict.status,
                    police=self._police(report),
                )
            )
        return sorted(found, key=lambda one: (one.school, one.camera))

    async def state(
        self, recorder: tuple[str, str], *, registered: bool, reason: str, by: str
    ) -> VideoPoliceOut:
        """Keep what the user ``by`` saw on the recorder's own page. Raises `StoreError`."""
        reports = self._known.reports
        await reports.state(recorder, registered=registered, reason=reason, by=by)
        return self._police(reports.report(recorder))

    def _police(self, report: PoliceReport) -> VideoPoliceOut:
        now, stated = self._now(), report.stated
        return VideoPoliceOut(
            basis=report.basis,
            registered=report.registered,
            reported=report.at,
            stated=None
            if stated is None
            else VideoStatementOut(
                registered=stated.registered,
                at=stated.at,
                by=stated.by,
                reason=stated.reason,
                stands=stated.stands(now),
            ),
            text=Names(**self._words.both(f"video_police.{_key(report, now)}")),
        )


def _key(report: PoliceReport, now: int) -> str:
    """Which sentence says it (``video_police.{key}``)."""
    if report.basis is Basis.REPORTED:
        return "registered" if report.registered else "unregistered"
    if report.basis is Basis.UNKNOWN or report.stated is None:
        return report.basis.value
    if not report.stated.stands(now):
        return "stated_expired"
    return "stated_registered" if report.stated.registered else "stated_unregistered"


def _name(device: Device) -> Names:
    return names(device.name_zh, device.name_en, device.id)
