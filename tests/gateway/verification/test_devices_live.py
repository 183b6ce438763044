"""Devices other than buttons, verified by what they really say; and a gateway that stops."""

from __future__ import annotations

import asyncio
import json

import pytest
from house import House, over, waits_for

from alerts.alert import Refusal
from audit.verification.model import Verdict
from devices.model import Device
from gateway.store.batch import Batch
from gateway.store.registry import put_devices
from gateway.store.sqlite import SqliteStore
from gateway.verification.stopping import let_out


async def test_a_detector_is_met_by_its_trigger_and_its_alarm_is_real_all_the_same(
    house: House,
) -> None:
    run = await house.begin("lab-2")
    await house.says("lab-2", "event", event="alarm")
    run = await house.reaches(run, over)
    assert (run.verdict, run.code) == (Verdict.MET, "detector_met")
    state = house.judge.roster.state("no3", "lab-2")
    assert state is not None
    alarm = house.book.of(state.device.row, "smoke")
    assert alarm is not None
    assert alarm.emergency


async def test_a_self_test_meets_a_detector_and_alarms_nobody(house: House) -> None:
    run = await house.begin("lab-2")
    await house.says("lab-2", "event", event="self_test")
    assert (await house.reaches(run, over)).verdict is Verdict.MET
    assert len(house.book) == 0


async def test_a_repeater_is_asked_over_its_topic_and_its_answer_counts(house: House) -> None:
    run = await house.begin("rep-1")
    (topic, body) = house.asked[-1]
    assert topic == "campus/no3/repeater/rep-1/command"
    asked = json.loads(body)
    assert asked["command"] == "ping"
    await house.says("rep-1", "event", event="answered", id=asked["id"], ok=True, ms=80)
    run = await house.reaches(run, over)
    assert (run.verdict, run.code) == (Verdict.MET, "round_trip_met")


async def test_plain_telemetry_is_heard_too(house: House) -> None:
    run = await house.begin("meter")
    for _ in range(3):  # the third is taken at a glance
        await house.says("meter", "telemetry", power_w=1000.5)
    run = await house.reaches(run, waits_for("reading"))
    result = await house.verifications.type_in(run.id, 1000)
    assert not isinstance(result, Refusal)
    assert result.verdict is Verdict.MET


async def test_what_other_devices_say_is_none_of_its_business(house: House) -> None:
    run = await house.begin("cam-1")
    await house.says("meter", "telemetry", power_w=1)
    await house.says("gate-02", "event", event="released")
    found = await house.verifications.wait(run.id, 0, 0)
    assert found is not None
    assert found.version == run.version


async def test_a_flood_of_messages_is_bounded_and_the_run_goes_on(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    run = await house.begin("lab-2")
    running = house.verifications._engine.runs[run.id]
    async with running.lock:
        for _ in range(600):
            await house.says("lab-2", "telemetry", after=1, obscuration_pct_m=0.1)
    assert running.missed > 0
    assert "verification.flooded" in capsys.readouterr().out
    async with asyncio.timeout(10):
        while running._inbox.qsize():  # noqa: ASYNC110 - the run takes them one by one
            await asyncio.sleep(0.002)
    await house.says("lab-2", "event", event="self_test")
    assert (await house.reaches(run, over)).verdict is Verdict.MET


async def test_a_fault_of_ours_ends_the_run_as_unknown_and_lets_the_press_out(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    run = await house.begin()
    monkeypatch.setattr(house.verifications._engine.runs[run.id].procedure, "take", broken)
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, over)
    assert (run.verdict, run.code) == (Verdict.UNKNOWN, "fault")
    assert house.panic() == 1
    assert "verification.failed" in capsys.readouterr().out


async def test_a_vendors_link_is_attested_by_who_began_it(house: House, store: SqliteStore) -> None:
    batch = Batch(now=1)
    batch.statements += put_devices([Device("no3", "vendor", "police-link")])
    store.commit(batch).result()
    device = next(one for one in store.load().devices if one.id == "vendor")
    house.judge.register(device, house.clock.now())
    run = await house.begin("vendor")
    assert (run.waits_for, run.link) == ("attest", "no3/vendor")
    refusal = await house.verifications.confirm(run.id, "wang")
    assert isinstance(refusal, Refusal)
    said = await house.verifications.confirm(run.id, "li.na")
    assert not isinstance(said, Refusal)
    assert (said.verdict, said.code) == (Verdict.MET, "attested")
    again = await house.verifications.confirm(run.id, "li.na")
    assert not isinstance(again, Refusal)


async def test_a_gateway_that_stops_lets_held_presses_out_first(
    house: House, store: SqliteStore, capsys: pytest.CaptureFixture[str]
) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    await house.reaches(run, waits_for("confirm"))
    await let_out(house.flow, house.judge.windows, store, seconds=5)
    assert house.panic() == 1
    assert "test_press.let_out" in capsys.readouterr().out
    begun = await house.verifications.begin("no3", "gate-02", actor="li.na")
    assert isinstance(begun, Refusal)
    assert begun.code == "stopping"


async def test_a_gateway_that_stops_with_nothing_held_waits_for_nothing(
    house: House, store: SqliteStore
) -> None:
    await house.begin()
    async with asyncio.timeout(20):
        await let_out(house.flow, house.judge.windows, store, seconds=60)
    await house.says("gate-01", "event", event="pressed")
    assert house.panic() == 1
