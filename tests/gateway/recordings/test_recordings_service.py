"""Recorders are asked, judged and told of: what is kept, what is raised, and what is not asked."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest
from recorded_school import Campus, begun

from devices.recording.local_time import DAY_MS, HOUR_MS
from devices.recording.verdict import ReasonKind, Status
from gateway.store.read.recordings import every_standing, holdings_of, one_verdict, standing
from gateway.store.recordings import Judged

MINUTE = 60_000


def stored(campus: Campus) -> dict[str, Judged]:
    return {one.camera: one for one in campus.store.read(every_standing)}


async def test_before_it_was_asked_nobody_knows_and_no_alert_says_more(campus: Campus) -> None:
    recordings = await begun(campus, campus.recorder())
    assert {one.status for one in stored(campus).values()} == {Status.UNKNOWN}
    assert stored(campus)["gate-01"].asked == 0
    assert campus.alerts() == {}
    assert campus.facts("recording_verdict") == []
    assert {camera for camera, _ in recordings.due(campus.recorder())} == {"gate-01", "yard-01"}


async def test_what_a_recorder_holds_is_kept_with_its_verdict_fact_and_alert(
    campus: Campus,
) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    campus.record("gate-01", 33)
    campus.record("yard-01", 12)
    for camera in ("gate-01", "yard-01"):
        await recordings.check(recorder, camera)

    found = stored(campus)
    assert (found["gate-01"].status, found["yard-01"].status) == (Status.MET, Status.SHORT)
    assert found["gate-01"].covered == pytest.approx(1)
    assert set(campus.alerts()) == {"yard-01 recording_short"}
    verdict = campus.store.read(one_verdict("no3", "yard-01"))
    assert verdict is not None
    assert verdict.days
    assert verdict.reasons == found["yard-01"].reasons
    facts = campus.facts("recording_verdict")
    assert [fact.subject for fact in facts] == ["device:no3/gate-01", "device:no3/yard-01"]
    (asked_through,) = campus.facts("recordings_round")
    assert asked_through.subject == "device:no3/nvr"
    cameras = json.loads(asked_through.body)["cameras"]
    assert {name: one["status"] for name, one in cameras.items()} == {
        "gate-01": "met",
        "yard-01": "short",
    }
    body = json.loads(facts[1].body)
    assert (body["status"], body["required_days"], facts[1].actor) == ("short", 30, "gateway")


async def test_the_next_night_only_what_can_have_changed_is_asked(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    campus.record("gate-01", 38)
    first = await recordings.check(recorder, "gate-01")
    assert sum(span.end - span.begin for span in campus.asked) > 37 * DAY_MS
    campus.asked.clear()

    campus.clock.turn(DAY_MS)
    campus.record("gate-01", 2)
    second = await recordings.check(recorder, "gate-01")
    assert (first.status, second.status) == (Status.MET, Status.MET)
    assert second.asked == first.asked + DAY_MS
    assert 2 <= len(campus.asked) <= 2 + 3 + 2  # two days, a fifteenth of 38, where it begins
    known = campus.store.read(holdings_of("no3", "gate-01"))
    assert known.edges[-1].at == campus.clock.now()
    assert known.known.last == campus.clock.now()


async def test_a_recorder_that_is_away_is_one_alert_with_its_cameras(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    for camera in ("gate-01", "yard-01"):
        campus.record(camera, 33)
        await recordings.check(recorder, camera)
    assert (await recordings.look_at(recorder)).failing is None

    away = campus.folder / "away"
    (campus.folder / "nvr").rename(away)
    await recordings.look_at(recorder)
    assert campus.alerts() == {}  # a blip
    campus.clock.turn(15 * MINUTE)
    look = await recordings.look_at(recorder)
    assert look.failing == campus.clock.now() - 15 * MINUTE
    alert = campus.alerts()["nvr recorder_offline"]
    assert alert.explanation.inputs["cameras"] == 2

    campus.clock.turn(4 * DAY_MS)
    for camera in ("gate-01", "yard-01"):
        await recordings.check(recorder, camera)
    assert {one.status for one in stored(campus).values()} == {Status.UNKNOWN}
    assert set(campus.alerts()) == {"nvr recorder_offline"}

    away.rename(campus.folder / "nvr")
    campus.record("gate-01", 38)
    campus.record("yard-01", 38)
    campus.clock.turn(HOUR_MS)
    await recordings.look_at(recorder)
    assert campus.alerts() == {}
    assert [camera for camera, _ in recordings.due(recorder)] == ["gate-01", "yard-01"]
    for camera in ("gate-01", "yard-01"):
        await recordings.check(recorder, camera)
    assert {one.status for one in stored(campus).values()} == {Status.MET}


async def test_a_camera_of_which_nobody_knows_for_days_is_an_alert(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    campus.record("yard-01", 33)
    await recordings.look_at(recorder)
    await recordings.check(recorder, "gate-01")  # it has no folder
    assert campus.alerts() == {}
    since = stored(campus)["gate-01"].unknown_since
    campus.clock.turn(3 * DAY_MS)
    await recordings.look_at(recorder)
    one = await recordings.check(recorder, "gate-01")
    assert set(campus.alerts()) == {"gate-01 recording_unknown"}
    assert one.unknown_since == since
    assert one.reasons[0].kind is ReasonKind.UNKNOWN_SPAN
    assert "no folder gate-01" in one.reasons[0].detail


async def test_a_person_is_served_first_and_named_in_the_fact(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    assert recordings.check_soon(("no3", "yard-01"), "user:tim")
    assert recordings.checking(("no3", "yard-01"))
    assert not recordings.check_soon(("no3", "hall"), "user:tim")
    assert recordings.due(recorder) == [("yard-01", "user:tim"), ("gate-01", "gateway")]
    await recordings.check(recorder, "yard-01", "user:tim")
    assert [fact.actor for fact in campus.facts("recording_verdict")] == ["user:tim"]


async def test_it_is_due_once_a_night(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    campus.record("gate-01", 33)
    campus.record("yard-01", 33)
    asked = 0
    for _ in range(3 * 24 * 4):
        for camera, _ in recordings.due(recorder):
            await recordings.check(recorder, camera)
            asked += 1
        campus.clock.turn(15 * MINUTE)
    assert asked in (2 * 3, 2 * 4)  # at once, and then each night


async def test_what_is_no_longer_configured_ends_and_is_forgotten(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    campus.record("gate-01", 12)
    campus.record("yard-01", 33)
    for camera in ("gate-01", "yard-01"):
        await recordings.check(recorder, camera)
    shutil.rmtree(campus.folder / "nvr")
    await recordings.look_at(recorder)
    campus.clock.turn(20 * MINUTE)
    await recordings.look_at(recorder)
    assert set(campus.alerts()) == {"gate-01 recording_short", "nvr recorder_offline"}

    other = campus.recorder(id="new", cameras={"yard-01": "yard-01"})
    await begun(campus, other)
    assert campus.alerts() == {}
    assert campus.judge.roster.named("no3", "nvr") is None
    assert campus.judge.roster.named("no3", "new") is not None
    (left,) = stored(campus).values()
    assert (left.camera, left.recorder, left.status) == ("yard-01", "new", Status.UNKNOWN)
    assert len(campus.facts("recording_verdict")) == 2


async def test_a_restart_takes_up_where_it_was(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    campus.record("gate-01", 33)
    campus.record("yard-01", 33)
    for camera in ("gate-01", "yard-01"):
        await recordings.check(recorder, camera)
    again = await begun(campus, recorder)
    assert again.due(recorder) == []
    assert {one.status for one in stored(campus).values()} == {Status.MET}


async def test_ninety_days_at_the_gate_are_asked_of_the_camera_in_its_lodge(
    campus: Campus,
) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder, places={"no3/gate": 90})
    campus.record("gate-01", 40)
    campus.record("yard-01", 40)
    gate = await recordings.check(recorder, "gate-01")
    yard = await recordings.check(recorder, "yard-01")
    assert (gate.required_days, gate.status) == (90, Status.SHORT)
    assert (yard.required_days, yard.status) == (30, Status.MET)


async def test_the_recorders_own_readings_are_kept(campus: Campus) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    campus.record("gate-01", 33)
    await recordings.check(recorder, "gate-01")
    await recordings.look_at(recorder)
    state = campus.judge.roster.state("no3", "nvr")
    assert state is not None
    assert (state.values["online"], state.values["channels"]) == (True, 2)
    assert state.values["oldest_recording"] == stored(campus)["gate-01"].reach
    assert state.heard == campus.clock.now()


async def test_who_is_called_what_stands_beside_it(campus: Campus) -> None:
    await begun(campus, campus.recorder())
    found = campus.store.read(standing(frozenset({"no3"})))
    assert [(one.judged.camera, one.name_en, one.place) for one in found] == [
        ("gate-01", "Gate", "lodge"),
        ("yard-01", "Yard", None),
    ]
    assert campus.store.read(standing(frozenset({"no5"}))) == []


async def test_running_asks_by_itself_and_ends_when_told(campus: Campus) -> None:
    recorder = campus.recorder()
    campus.record("gate-01", 33)
    campus.record("yard-01", 33)
    recordings = campus.recordings(recorder, look_minutes=0.01)
    task = asyncio.create_task(recordings.run())
    async with asyncio.timeout(60):
        while {one.status for one in stored(campus).values()} != {Status.MET}:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_whoever_is_wanted_by_people_waits_for_no_others_turn(campus: Campus) -> None:
    recorder = campus.recorder()
    campus.record("gate-01", 33)
    campus.record("yard-01", 33)
    recordings = await begun(campus, recorder, at_once=1, look_minutes=0.01)
    async with recordings._turns:  # the night's turn is another recorder's
        task = asyncio.create_task(recordings.run())
        async with asyncio.timeout(60):
            while recordings.look(recorder.key) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert campus.facts("recording_verdict") == []
            assert recordings.check_soon(("no3", "yard-01"), "user:tim")
            while not campus.facts("recording_verdict"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait([task])
    (first, *_) = campus.facts("recording_verdict")
    assert (first.subject, first.actor) == ("device:no3/yard-01", "user:tim")


async def test_where_nobody_is_to_be_called_yet_verdicts_are_kept_all_the_same(
    campus: Campus,
) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    campus.record("yard-01", 12)
    await recordings.check(recorder, "yard-01")
    assert set(campus.alerts()) == {"yard-01 recording_short"}
    quiet = await begun(campus, recorder, alerts=False)
    assert campus.alerts() == {}
    assert (await quiet.check(recorder, "yard-01")).status is Status.SHORT
    assert campus.alerts() == {}
