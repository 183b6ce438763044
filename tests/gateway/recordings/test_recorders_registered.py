"""Recorders are on the register, and take nobody's place there."""

from __future__ import annotations

import asyncio

from recorded_school import Campus

from devices.model import Device
from gateway.own_devices import ensure_registered, keep_registered
from gateway.recordings.registering import REASON, device_of, is_recorder


async def put(campus: Campus, device: Device, *schools: str) -> str:
    return await ensure_registered(
        device,
        serves=is_recorder,
        reason=REASON,
        find=campus.judge.roster.named,
        has_school=schools.__contains__,
        registering=campus.control,
    )


async def test_a_recorder_waits_for_its_school(campus: Campus) -> None:
    device = device_of(campus.recorder())
    assert "no school 'no3'" in await put(campus, device)
    assert campus.judge.roster.named("no3", "nvr") is None
    assert await put(campus, device, "no3") == ""
    assert campus.judge.roster.named("no3", "nvr") is not None
    assert await put(campus, device, "no3") == ""


async def test_a_camera_of_its_name_is_left_alone(campus: Campus) -> None:
    told = await put(campus, device_of(campus.recorder(id="gate-01")), "no3")
    assert "another device 'gate-01' (camera" in told
    found = campus.judge.roster.named("no3", "gate-01")
    assert found is not None
    assert found.kind == "camera"


async def test_it_is_kept_there_until_that_ends(campus: Campus) -> None:
    task = asyncio.create_task(
        keep_registered(
            [device_of(campus.recorder())],
            serves=is_recorder,
            reason=REASON,
            find=campus.judge.roster.named,
            has_school=lambda _: True,
            registering=campus.control,
        )
    )
    async with asyncio.timeout(60):
        while campus.judge.roster.named("no3", "nvr") is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
