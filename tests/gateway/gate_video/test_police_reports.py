"""What recorders report of their registration with the police: facts, and what is not reported."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from recorded_school import Campus

from alerts.recorders import Look
from devices.model import Device, School
from devices.recording.police_report import Basis
from devices.recording.source import Trouble
from gateway.gate_video.reports import FACT, STATED, PoliceReports
from gateway.recordings.apart import Apart
from gateway.settings_recordings import RecorderSettings
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import next_register_version, put_devices, put_schools

KEY = ("no3", "nvr")
HOUR = 3_600_000


class Recorders:
    """One recorder, looked at as a test says."""

    def __init__(self, one: RecorderSettings) -> None:
        self.recorders = {one.key: one}
        self.looks: dict[tuple[str, str], Look] = {}

    def look(self, recorder: tuple[str, str]) -> Look | None:
        return self.looks.get(recorder)


@pytest.fixture
async def campus(tmp_path: Path) -> AsyncIterator[Campus]:
    store = open_store(tmp_path / "campus.db", reserve_bytes=1 << 20, low_water=1 << 20)
    batch = Batch(now=1)
    batch.statements += put_schools([School("no3", "第三中学", "No. 3 Middle School")])
    batch.statements += put_devices([Device("no3", "nvr", "recorder")])
    batch.statements += next_register_version()
    await asyncio.wrap_future(store.commit(batch))
    try:
        async with Apart() as apart:
            yield Campus(store, tmp_path, apart)
    finally:
        store.close()


@pytest.fixture
def recorders(campus: Campus) -> Recorders:
    return Recorders(campus.recorder())


def reports(campus: Campus, recorders: Recorders) -> PoliceReports:
    return PoliceReports(
        recorders, judge=campus.judge, flow=campus.flow, store=campus.store, clock=campus.clock
    )


async def tells(campus: Campus, **values: bool) -> None:
    """The recorder's device says something, as a probe that reads its platform page."""
    state = campus.judge.roster.state(*KEY)
    assert state is not None
    work = campus.flow.work()
    campus.judge.hear_own(state.device.row, dict(values), campus.clock.now(), work)
    await campus.flow.commit(work)


def facts(campus: Campus) -> list[tuple[str, bool | None]]:
    found = (json.loads(fact.body) for fact in campus.facts(FACT))
    return [(one["basis"], one["registered"]) for one in found]


async def test_one_that_answers_and_reports_nothing_is_attested_and_stays_so_when_away(
    campus: Campus, recorders: Recorders
) -> None:
    known = reports(campus, recorders)
    await known.look()
    assert (known.report(KEY).basis, facts(campus)) == (Basis.UNKNOWN, [])
    recorders.looks[KEY] = Look(at=campus.clock.now())
    await known.look()
    recorders.looks[KEY] = Look(at=1, failing=1, trouble=Trouble.UNREACHABLE)
    await known.look()
    assert known.report(KEY).basis is Basis.ATTESTED
    assert facts(campus) == [("attested", None)]


async def test_each_change_of_what_is_reported_is_a_fact(
    campus: Campus, recorders: Recorders
) -> None:
    known = reports(campus, recorders)
    for registered in (True, True, False, True):
        campus.clock.turn(HOUR)
        await tells(campus, police_registered=registered)
        await known.look()
    assert facts(campus) == [("reported", True), ("reported", False), ("reported", True)]
    report = known.report(KEY)
    assert (report.registered, report.at) == (True, campus.clock.now())


async def test_a_report_that_is_not_renewed_is_unknown_and_never_attested(
    campus: Campus, recorders: Recorders
) -> None:
    known = reports(campus, recorders)
    recorders.looks[KEY] = Look(at=campus.clock.now())
    await tells(campus, police_registered=True)
    await known.look()
    campus.clock.turn(25 * HOUR)
    await tells(campus, online=True)
    await known.look()
    assert known.report(KEY).basis is Basis.UNKNOWN
    assert facts(campus) == [("reported", True), ("unknown", None)]


async def test_a_restart_is_no_news(campus: Campus, recorders: Recorders) -> None:
    recorders.looks[KEY] = Look(at=campus.clock.now())
    await reports(campus, recorders).look()
    recorders.looks.clear()
    again = reports(campus, recorders)
    await again.look()
    assert again.report(KEY).basis is Basis.ATTESTED
    assert facts(campus) == [("attested", None)]


async def test_of_a_recorder_that_is_not_configured_nothing_is_known(
    campus: Campus, recorders: Recorders
) -> None:
    assert reports(campus, recorders).report(("no3", "other")).basis is Basis.UNKNOWN


async def test_what_somebody_saw_is_a_fact_of_theirs_and_no_measurement(
    campus: Campus, recorders: Recorders
) -> None:
    recorders.looks[KEY] = Look(at=campus.clock.now())
    known = reports(campus, recorders)
    await known.look()
    stated = await known.state(KEY, registered=True, reason="its platform page", by="tim")
    assert (known.report(KEY).basis, known.report(KEY).registered) == (Basis.ATTESTED, None)
    assert known.report(KEY).stated == stated
    (fact,) = campus.facts(STATED)
    assert (fact.actor, fact.subject) == ("user:tim", "device:no3/nvr")
    assert json.loads(fact.body) == {"registered": True, "reason": "its platform page"}
    await known.look()
    assert facts(campus) == [("attested", None)]


async def test_what_was_entered_last_is_known_after_a_restart(
    campus: Campus, recorders: Recorders
) -> None:
    before = reports(campus, recorders)
    await before.look()
    for registered in (True, False):
        campus.clock.turn(HOUR)
        await before.state(KEY, registered=registered, reason="looked at", by="tim")
    again = reports(campus, recorders)
    await again.look()
    assert again.report(KEY).stated == before.report(KEY).stated
    assert again.report(KEY).stated is not None


async def test_what_is_entered_while_it_starts_is_newer_than_what_was_kept(
    campus: Campus, recorders: Recorders
) -> None:
    await reports(campus, recorders).state(KEY, registered=True, reason="before", by="tim")
    again = reports(campus, recorders)
    newest = await again.state(KEY, registered=False, reason="now", by="ada")
    await again.look()
    assert again.report(KEY).stated == newest
