"""Asks recorders each night, and when people want it; keeps what they said and what follows.

Talking with recorders happens on a loop of its own (`gateway.recordings.apart`). What is kept and
told goes through the flow like everything else: the verdict, its fact and what alerts follow are
committed together, camera by camera, so that a restart in the middle of a night goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypeVar
from zlib import crc32

import structlog

from alerts.alert import Alert
from alerts.finding import Explanation, Finding
from alerts.recorders import OF_RECORDERS, RULE, Look, recorder_findings
from alerts.recordings import PRIORITIES, UNPLAYABLE, camera_findings
from alerts.rules.quiet import stopped
from devices.model import Device
from devices.reading import Value
from devices.recording.asking import ask_round
from devices.recording.holdings import Holdings
from devices.recording.local_time import DAY_MS
from devices.recording.proof import Outcome
from devices.recording.requirement import Requirement
from devices.recording.source import DeviceTime, RecordingError, RecordingSource
from devices.recording.verdict import ReasonKind, Verdict, judge, proven
from gateway.clock import Clock
from gateway.names import NameBook
from gateway.own_devices import Registering, keep_registered
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.judge import Judge
from gateway.pipeline.work import Work
from gateway.recordings.apart import Apart
from gateway.recordings.night import Night
from gateway.recordings.registering import REASON, device_of, is_recorder, left_over, spoken_for
from gateway.recordings.sampling import Sampling
from gateway.settings_recordings import RecorderSettings, RecordingSettings
from gateway.store.read.recordings import every_standing, holdings_of
from gateway.store.recordings import (
    Judged,
    forget,
    is_news,
    judged,
    put_fact,
    put_round,
    put_verdict,
)
from gateway.store.store import Store, StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_log: Final = structlog.get_logger(__name__)

LOOK_DUE_S: Final = 30.0
"""How often it is looked whether a recorder is to be asked."""

START_S: Final = 10.0
"""The first looks at recorders after a start are spread over so long."""

TURN_S: Final = 1.0
PUT_OFF_S: Final = 10.0

GATEWAY: Final = "gateway"
Result = TypeVar("Result")
_Key: TypeAlias = "tuple[str, str]"
"""A school and the id of a recorder or camera."""


class Keeper(Protocol):
    """What is needed of the flow."""

    def work(self) -> Work:
        """An empty piece of work at the present time."""
        ...

    async def write_down(self, work: Work) -> bool:
        """Commit it, as often as it takes; ``False`` when the gateway ends without it."""
        ...


class Recordings:
    """All recorders of the settings. Everything but their answers runs on the gateway's loop."""

    def __init__(
        self,
        recorders: Iterable[RecorderSettings],
        settings: RecordingSettings,
        *,
        source_of: Callable[[RecorderSettings], RecordingSource],
        sampling: Sampling | None,
        apart: Apart,
        flow: Keeper,
        judge: Judge,
        book: AlertBook,
        store: Store,
        clock: Clock,
        names: Callable[[], NameBook],
        registering: Registering,
    ) -> None:
        """``source_of`` is called on the loop of ``apart``; ``sampling`` lives there, if samples
        are wanted.
        """
        self._recorders: Final = {recorder.key: recorder for recorder in recorders}
        self._settings: Final = settings
        self._source_of: Final = source_of
        self._sampling: Final = sampling
        self._apart: Final = apart
        self._flow: Final = flow
        self._judge: Final = judge
        self._book: Final = book
        self._store: Final = store
        self._clock: Final = clock
        self._names: Final = names
        self._registering: Final = registering
        self._night: Final = Night.of(settings.zone, settings.night_from, settings.night_until)
        self._recorded_by: Final = {
            (recorder.school, camera): recorder
            for recorder in self._recorders.values()
            for camera in recorder.cameras
        }
        self._looks: Final[dict[_Key, Look]] = {}
        self._clocks: Final[dict[_Key, DeviceTime | None]] = {}
        self._back: Final[dict[_Key, int]] = {}
        self._standing: dict[_Key, Judged] = {}
        self._wanted: Final[dict[_Key, str]] = {}
        self._wake: Final = {key: asyncio.Event() for key in self._recorders}
        self._turns: Final = asyncio.Semaphore(settings.at_once)
        self._looked_for: Final = {key: asyncio.Event() for key in self._recorders}

    # What people see and want (`RecordingsDesk`)

    @property
    def recorders(self) -> Mapping[_Key, RecorderSettings]:
        """All that are configured, by school and id."""
        return self._recorders

    def look(self, recorder: _Key) -> Look | None:
        """How one was at the last look; ``None`` when there was none yet."""
        return self._looks.get(recorder)

    def look_soon(self, recorder: _Key) -> None:
        """It came or went, by its own word: look at it now."""
        self._looked_for[recorder].set()

    def checking(self, camera: _Key) -> bool:
        """Whether its recorder is being asked, or about to be, because people want it."""
        return camera in self._wanted

    def check_soon(self, camera: _Key, actor: str) -> bool:
        """Ask its recorder now; false when no recorder records it."""
        recorder = self._recorded_by.get(camera)
        if recorder is None:
            return False
        self._wanted.setdefault(camera, actor)
        self._wake[recorder.key].set()
        return True

    # What runs

    async def run(self) -> None:
        """Until cancelled."""
        await self.prepare()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_registered(), name="recorders' register")
            for recorder in self._recorders.values():
                name = f"{recorder.school}/{recorder.id}"
                tasks.create_task(self._follow(recorder), name=f"look at {name}")
                tasks.create_task(self._ask_in_time(recorder), name=f"ask {name}")

    async def prepare(self) -> None:
        """Take up what is stored; end what stands of recorders and cameras no longer configured."""
        stored = {one.key: one for one in await self._read(every_standing)}
        work, now = self._flow.work(), self._clock.now()
        forget(work.batch, stored.keys() - self._recorded_by.keys())
        for key, recorder in self._recorded_by.items():
            known = stored.get(key)
            if known is not None and known.recorder == recorder.id:
                self._standing[key] = known
                continue
            # Until it was asked, nobody knows; of another recorder nothing is known yet.
            requirement, holdings = self._requirement(recorder, key[1]), Holdings()
            verdict = judge(holdings, requirement, now)
            one = judged(key, recorder.id, verdict, requirement, asked=0, unknown_since=now)
            put_verdict(work.batch, one, verdict, holdings)
            self._standing[key] = one
        for alert in tuple(self._book):
            self._end_if_left_over(alert, work)
        await self._flow.write_down(work)
        for device in left_over(tuple(self._judge.roster.devices()), self._recorders):
            refused = await self._registering.remove(device.school, device.id, "", REASON)
            if refused is not None:
                _log.warning("recorder.not_removed", recorder=device.id, why=refused.detail)

    async def look_at(self, recorder: RecorderSettings) -> Look:
        """See whether it answers, and what its clock says; told as reading and as findings."""
        before = self._looks.get(recorder.key) or Look(at=0)
        try:
            clock = await self._apart.run(self._clock_of(recorder))
        except RecordingError as error:
            look = before.failed(self._clock.now(), error.trouble, str(error))
        else:
            self._clocks[recorder.key] = clock
            look = before.answered(self._clock.now(), None if clock is None else clock.drift)
        self._looks[recorder.key] = look
        if before.failing is not None and look.failing is None:
            self._back[recorder.key] = look.at
            self._wake[recorder.key].set()
        work = self._flow.work()
        self._tell(recorder, look, work)
        await self._flow.write_down(work)
        return look

    async def check(self, recorder: RecorderSettings, camera: str, actor: str = GATEWAY) -> Judged:
        """Ask about one camera what can have changed, judge, keep and tell it."""
        key = (recorder.school, camera)
        before = await self._read(holdings_of(*key))
        if (known := self._standing.get(key)) is not None and known.recorder != recorder.id:
            before = Holdings()
        requirement = self._requirement(recorder, camera)
        asked = self._clock.now()
        holdings = await self._apart.run(self._asked(recorder, camera, before, requirement))
        holdings = holdings.timed(self._clocks.get(recorder.key))
        now = self._clock.now()
        verdict = await asyncio.to_thread(judge, holdings, requirement, now)
        verdict, holdings = await self._sampled(recorder, camera, holdings, verdict, actor)
        since = now if known is None or known.unknown_since is None else known.unknown_since
        one = judged(key, recorder.id, verdict, requirement, asked=asked, unknown_since=since)
        look = self._looks.get(recorder.key)
        work = self._flow.work()
        put_verdict(work.batch, one, verdict, holdings)
        if actor != GATEWAY or is_news(known, one):
            put_fact(work.batch, one, verdict, actor)
        if self._due_tonight(recorder) == [camera]:  # the night's last
            its = {each: self._standing[recorder.school, each] for each in recorder.cameras}
            put_round(work.batch, recorder.key, {**its, camera: one}.values(), GATEWAY)
        findings = camera_findings(
            verdict,
            requirement,
            unknown_since=one.unknown_since,
            unknown_after_ms=round(self._settings.unknown_days * DAY_MS),
            recorder_away=look is not None and look.failing is not None,
            now=work.batch.now,
        )
        told = (one for one in findings if self._settings.alerts or not one.active)
        self._fold(self._device(key), told, work)
        # Findings are alerts in memory by now: what is shown must be written, however often the
        # store refuses. Nobody waits for it.
        await self._flow.write_down(work)
        self._standing[key] = one
        _log.info("recordings.judged", camera="/".join(key), status=one.status.value)
        return one

    def due(self, recorder: RecorderSettings) -> list[tuple[str, str]]:
        """The cameras to be asked about now, each with who wants it; people's first."""
        wanted = {
            camera: self._wanted[recorder.school, camera]
            for camera in recorder.cameras
            if (recorder.school, camera) in self._wanted
        }
        others = [(one, GATEWAY) for one in self._due_tonight(recorder) if one not in wanted]
        return [*wanted.items(), *others]

    def _due_tonight(self, recorder: RecorderSettings) -> list[str]:
        """The cameras not yet asked about since the recorder was due last, or came back."""
        last = self._night.last_due(f"{recorder.school}/{recorder.id}", self._clock.now())
        return [
            camera
            for camera in recorder.cameras
            if self._standing[recorder.school, camera].asked < last
            or self._is_back(recorder, (recorder.school, camera))
        ]

    def _is_back(self, recorder: RecorderSettings, camera: _Key) -> bool:
        """Whether it answers again since it was asked about this camera in vain."""
        known = self._standing[camera]
        if known.asked >= self._back.get(recorder.key, 0):
            return False
        return any(reason.kind is ReasonKind.UNKNOWN_SPAN for reason in known.reasons)

    async def _follow(self, recorder: RecorderSettings) -> None:
        name = f"{recorder.school}/{recorder.id}"
        pause = self._settings.look_minutes * 60
        wanted = self._looked_for[recorder.key]
        await asyncio.sleep(min(START_S, pause) * crc32(name.encode()) / 2**32)
        while True:
            wanted.clear()
            await self.look_at(recorder)
            try:
                async with asyncio.timeout(pause):
                    await wanted.wait()
            except TimeoutError:
                pass

    async def _ask_in_time(self, recorder: RecorderSettings) -> None:
        wake = self._wake[recorder.key]
        while True:
            wake.clear()
            try:
                await self._ask_all_due(recorder)
            except StoreError as error:
                _log.warning("recordings.put_off", recorder=recorder.id, error=str(error))
                await asyncio.sleep(PUT_OFF_S)
                continue
            try:
                async with asyncio.timeout(LOOK_DUE_S):
                    await wake.wait()
            except TimeoutError:
                pass

    async def _ask_all_due(self, recorder: RecorderSettings) -> None:
        if not self.due(recorder):
            return
        async with await self._turn(recorder):
            await self.look_at(recorder)  # as old as the look is, the clock may be otherwise
            while due := self.due(recorder):
                camera, actor = due[0]
                await self.check(recorder, camera, actor)
                self._wanted.pop((recorder.school, camera), None)

    async def _turn(self, recorder: RecorderSettings) -> AbstractAsyncContextManager[object]:
        """A turn among the other recorders; one that people want asked waits for none of them."""
        wake = self._wake[recorder.key]
        while self._turns.locked():
            if any((recorder.school, camera) in self._wanted for camera in recorder.cameras):
                return nullcontext()
            wake.clear()
            try:
                async with asyncio.timeout(TURN_S):
                    await wake.wait()
            except TimeoutError:
                pass
        return self._turns

    async def _keep_registered(self) -> None:
        await keep_registered(
            [device_of(recorder) for recorder in self._recorders.values()],
            serves=is_recorder,
            reason=REASON,
            find=self._judge.roster.named,
            has_school=lambda school: school in self._names().schools,
            registering=self._registering,
        )

    # On the recorders' own loop

    async def _clock_of(self, recorder: RecorderSettings) -> DeviceTime | None:
        return await self._source_of(recorder).clock()

    async def _asked(
        self,
        recorder: RecorderSettings,
        camera: str,
        holdings: Holdings,
        requirement: Requirement,
    ) -> Holdings:
        source, channel = self._source_of(recorder), recorder.cameras[camera].channel
        return await ask_round(source, channel, holdings, requirement, self._clock.now)

    # What follows

    async def _sampled(
        self,
        recorder: RecorderSettings,
        camera: str,
        holdings: Holdings,
        verdict: Verdict,
        actor: str,
    ) -> tuple[Verdict, Holdings]:
        """What a sample makes of them: days that could not be played are asked for anew."""
        if self._sampling is None:
            return verdict, holdings
        known = self._standing.get((recorder.school, camera))
        last = None if known is None or known.recorder != recorder.id else known.proof
        by_person = actor != GATEWAY
        proof = await self._apart.run(
            self._sampling.proof(recorder, camera, holdings, verdict, last, by_person=by_person)
        )
        if proof is None:
            return verdict, holdings
        sample = proof.sample
        if sample.outcome is Outcome.UNPLAYABLE and sample.wanted is not None:
            holdings = holdings.doubting(sample.wanted)
        return proven(verdict, proof), holdings

    def _requirement(self, recorder: RecorderSettings, camera: str) -> Requirement:
        device = self._device((recorder.school, camera))
        around = () if device is None else self._names().around(recorder.school, device.place)
        return self._settings.requirement(recorder, recorder.cameras[camera], around)

    def _tell(self, recorder: RecorderSettings, look: Look, work: Work) -> None:
        device = self._device(recorder.key)
        if device is None:
            return  # not registered (yet)
        if spoken_for(device):
            values: dict[str, Value] = {
                "online": look.failing is None,
                "channels": len(recorder.cameras),
            }
            if look.drift is not None and look.failing is None:
                values["clock_offset_s"] = round(look.drift / 1000, 1)
            reaches = [self._standing[recorder.school, one].reach for one in recorder.cameras]
            if known := [reach for reach in reaches if reach is not None]:
                values["oldest_recording"] = min(known)
            self._judge.hear_own(device.row, values, work.batch.now, work)
        findings = recorder_findings(
            look,
            len(recorder.cameras),
            offline_after_ms=round(self._settings.offline_minutes * 60_000),
            clock_ms=self._settings.clock_s * 1000,
            now=work.batch.now,
        )
        self._fold(device, findings, work)

    def _fold(self, device: Device | None, findings: Iterable[Finding], work: Work) -> None:
        if device is not None:
            for finding in findings:
                self._book.fold(finding, device, work)

    def _end_if_left_over(self, alert: Alert, work: Work) -> None:
        device = self._judge.roster.device(alert.device)
        if not alert.active or device is None:
            return
        code = "recorder_removed"
        if alert.condition in PRIORITIES:
            if device.key in self._recorded_by and self._settings.alerts:
                if alert.condition != UNPLAYABLE or self._sampling is not None:
                    return
                code = "recording_not_played"
        elif alert.condition not in OF_RECORDERS or device.key in self._recorders:
            return
        why, now = Explanation(RULE, code), work.batch.now
        self._book.fold(stopped(alert.condition, alert.priority, now, now, why), device, work)

    def _device(self, key: _Key) -> Device | None:
        return self._judge.roster.named(*key)

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        return await asyncio.to_thread(self._store.read, query)
