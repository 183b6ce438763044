"""Follows what recorders report of their registration with the police, and keeps it as facts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol, TypeAlias

import msgspec
import structlog

from alerts.recorders import Look
from alerts.rules.police_registration import report_of
from devices.recording.police_report import Basis, PoliceReport, Statement, police_report
from gateway.clock import Clock
from gateway.gate_video.desk import NOTHING_KNOWN
from gateway.pipeline.judge import Judge
from gateway.pipeline.work import Work
from gateway.security.record import fact
from gateway.settings_recordings import RecorderSettings
from gateway.store.batch import Fact
from gateway.store.encoding import canonical
from gateway.store.read.facts import newest_fact, newest_row
from gateway.store.store import Store, StoreError

_log: Final = structlog.get_logger(__name__)

FACT: Final = "video_police_link"
STATED: Final = "video_police_stated"

LOOK_S: Final = 10.0

_Key: TypeAlias = "tuple[str, str]"


class _Kept(msgspec.Struct, frozen=True):
    """A fact's body."""

    basis: Basis
    registered: bool | None = None


class _Stated(msgspec.Struct, frozen=True):
    """The body of a fact `STATED`; who and when are the fact's own."""

    registered: bool
    reason: str


_decode: Final = msgspec.json.Decoder(_Kept).decode
_stated: Final = msgspec.json.Decoder(_Stated).decode


class Keeper(Protocol):
    """What is needed of the flow."""

    def work(self) -> Work:
        """An empty piece of work at the present time."""
        ...

    async def commit(self, work: Work) -> None:
        """Commit it. Raises `StoreError`."""
        ...


class Recorders(Protocol):
    """The recorders, and how they were at the last look."""

    @property
    def recorders(self) -> Mapping[_Key, RecorderSettings]:
        """All that are configured, by school and id."""
        ...

    def look(self, recorder: _Key) -> Look | None:
        """How one was; ``None`` when it was not looked at yet."""
        ...


class PoliceReports:
    """Of all recorders of the settings, however they are asked (`ReportsDesk`)."""

    def __init__(
        self, recorders: Recorders, *, judge: Judge, flow: Keeper, store: Store, clock: Clock
    ) -> None:
        self._recorders: Final = recorders
        self._judge: Final = judge
        self._flow: Final = flow
        self._store: Final = store
        self._clock: Final = clock
        self._kept: Final[dict[_Key, _Kept]] = {}
        self._stated: Final[dict[_Key, Statement]] = {}
        self._stating: Final = asyncio.Lock()
        self._answered: Final[set[_Key]] = set()
        """Those that have answered: from then on their silence about the police means something."""

    def report(self, recorder: _Key) -> PoliceReport:
        """Of one recorder."""
        if recorder not in self._recorders.recorders:
            return NOTHING_KNOWN
        state = self._judge.roster.state(*recorder)
        said = None if state is None else report_of(state)
        registered, at = said if said is not None else (None, None)
        answers = recorder in self._answered
        return police_report(
            registered,
            at,
            answers=answers,
            now=self._clock.now(),
            stated=self._stated.get(recorder),
        )

    async def state(self, recorder: _Key, *, registered: bool, reason: str, by: str) -> Statement:
        """Keep what the user ``by`` saw on the recorder's own page. Raises `StoreError`."""
        async with self._stating:
            work = self._flow.work()
            now = work.batch.now
            work.batch.facts.append(
                fact(STATED, now, by, _subject(recorder), registered=registered, reason=reason)
            )
            await self._flow.commit(work)
            stated = Statement(registered=registered, at=now, by=by, reason=reason)
            self._stated[recorder] = stated
            return stated

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                _log.warning("police_report.not_kept", error=str(error))
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """What has become known is a fact."""
        await self._remember()
        work, news = self._flow.work(), {}
        for key in self._recorders.recorders:
            look = self._recorders.look(key)
            if look is not None and look.failing is None:
                self._answered.add(key)
            report = self.report(key)
            kept = _Kept(report.basis, report.registered)
            if kept != self._kept.get(key):
                news[key] = kept
                work.batch.facts.append(_fact(key, report, work))
        await self._flow.commit(work)
        self._kept.update(news)

    async def _remember(self) -> None:
        """What was known before this start; a restart is no news."""
        for key in self._recorders.recorders.keys() - self._kept.keys():
            body = await asyncio.to_thread(self._store.read, newest_fact(_subject(key), FACT))
            self._kept[key] = _Kept(Basis.UNKNOWN) if body is None else _decode(body)
            if self._kept[key].basis is Basis.ATTESTED:
                self._answered.add(key)
            row = await asyncio.to_thread(self._store.read, newest_row(_subject(key), STATED))
            if row is not None:
                told, by = _stated(row.body), row.actor.removeprefix("user:")
                # Somebody may have entered another meanwhile: that is newer.
                self._stated.setdefault(
                    key,
                    Statement(
                        registered=told.registered, at=row.happened, by=by, reason=told.reason
                    ),
                )


def _subject(key: _Key) -> str:
    return f"device:{key[0]}/{key[1]}"


def _fact(key: _Key, report: PoliceReport, work: Work) -> Fact:
    now = work.batch.now
    body = {"basis": report.basis.value, "registered": report.registered, "reported": report.at}
    return Fact(FACT, report.at or now, now, "gateway", _subject(key), canonical(body))
