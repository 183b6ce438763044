"""A whole gateway with SIPp as the recorder: all online, then the recorder silent: one alert."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sipp_device import (
    CHANNEL,
    OTHER_CHANNEL,
    OURS,
    PASSWORD,
    RECORDER,
    SCENARIOS,
    Said,
    answering,
)

from benchmarks import measure
from benchmarks.police_campus import Page
from benchmarks.running_gateway import started, write_settings
from devices.model import Device, Place, School
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import (
    next_register_version,
    put_devices,
    put_places,
    put_schools,
)

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

THIRD = "34020000001320000003"


def catalog(*entries: tuple[str, str, str]) -> Said:
    listed = "".join(
        f"<Item><DeviceID>{identity}</DeviceID><Name>{name}</Name><Manufacturer>M</Manufacturer>"
        f"<CivilCode>340200</CivilCode><ParentID>{RECORDER}</ParentID><Status>{status}</Status></Item>"
        for identity, name, status in entries
    )
    return Said(
        (
            '<?xml version="1.0" encoding="GB2312"?>\n<Response><CmdType>Catalog</CmdType>'
            f"<SN>[$sn]</SN><DeviceID>{RECORDER}</DeviceID><SumNum>3</SumNum>"
            f'<DeviceList Num="{len(entries)}">{listed}</DeviceList></Response>'
        ).encode("gb18030")
    )


def response(command: str, more: str) -> Said:
    body = f"<Response><CmdType>{command}</CmdType><SN>[$sn]</SN><DeviceID>{RECORDER}</DeviceID>"
    return Said(f"{body}{more}</Response>".encode())


ANSWERS = {
    "Catalog": [
        catalog((THIRD, "报告厅", "ON")),
        catalog((CHANNEL, "大门", "ON"), (OTHER_CHANNEL, "操场", "ON")),
    ],
    "DeviceStatus": [response("DeviceStatus", "<Result>OK</Result><Online>ONLINE</Online>")],
    "RecordInfo": [response("RecordInfo", "<SumNum>0</SumNum>")],
}


@asynccontextmanager
async def sipp(folder: Path, port: int) -> AsyncIterator[None]:
    """A recorder that registers, keeps alive and answers until the end of the block."""
    scenario = folder / "answers.xml"
    scenario.write_bytes(answering(ANSWERS))
    process = await asyncio.create_subprocess_exec(
        "sipp",
        f"127.0.0.1:{port}",
        *("-sf", str(SCENARIOS / "stay.xml"), "-oocsf", str(scenario), "-i", "127.0.0.1"),
        *("-m", "1", "-nostdin", "-t", "u1", "-s", RECORDER, "-au", RECORDER, "-ap", PASSWORD),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class Watched:
    """The gateway as the page sees it."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def until(self, path: str, what: Callable[[Any], bool]) -> Any:
        """What a GET answers, once ``what`` is true of it."""
        async with asyncio.timeout(200):
            while not what(found := await asyncio.to_thread(self._page.get, path)):  # noqa: ASYNC110 - HTTP
                await asyncio.sleep(0.2)
        return found

    async def channel_state(self, camera: str, state: str) -> None:
        await self.until(
            f"/devices/no3/{camera}", lambda one: one["values"].get("channel_state") == state
        )

    async def active(self) -> dict[str, Any]:
        """The alerts that stand, by device and condition."""
        page = await asyncio.to_thread(self._page.get, "/alerts")
        return {
            f"{one['device']['id']} {one['condition']}": one
            for one in page["items"]
            if one["active"]
        }


def fill(directory: Path) -> None:
    store = open_store(directory / "campus.db", reserve_bytes=16 << 20)
    batch = Batch(now=1)
    batch.statements += put_schools([School("no3", "第三中学", "No. 3 Middle School")])
    batch.statements += put_places([Place("gate", "no3", "校门", "Gate")])
    batch.statements += put_devices(
        [
            Device("no3", "gate-01", "camera", place="gate"),
            Device("no3", "yard-01", "camera", dialect="gb28181", address=OTHER_CHANNEL),
        ]
    )
    batch.statements += next_register_version()
    store.commit(batch).result()
    store.close()


async def test_recorder_and_channels_online_then_the_recorder_silent_is_one_alert(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NVR_PASSWORD", PASSWORD)
    fill(tmp_path)
    sip = measure.free_port()
    settings = {
        "gb28181": {
            "id": OURS,
            "listen": f"127.0.0.1:{sip}",
            "keepalive_s": 5,
            "catalog_minutes": 0.05,
        },
        "recordings": {
            "offline_minutes": 0.02,
            "look_minutes": 0.1,
            "alerts": False,
            "gates": ["no3/gate"],
        },
        "recorders": [
            {
                "school": "no3",
                "id": "nvr",
                "kind": "gb28181",
                "device": RECORDER,
                "password": {"env": "NVR_PASSWORD"},
                "cameras": {"gate-01": CHANNEL, "yard-01": OTHER_CHANNEL},
            }
        ],
    }
    with measure.mosquitto() as broker:
        port = write_settings(tmp_path, broker.url, settings)
        running = started(tmp_path, port)
        gateway = await asyncio.to_thread(running.__enter__)
        try:
            watched = Watched(Page(gateway))
            async with sipp(tmp_path, sip):
                await all_online(watched)
            away = await watched.until(
                "/alerts",
                lambda page: [
                    one
                    for one in page["items"]
                    if one["condition"] == "recorder_offline" and one["active"]
                ],
            )
            assert [one["victims"] for one in away["items"] if one["active"]] == [2]
            for camera in ("gate-01", "yard-01"):
                await watched.channel_state(camera, "recorder_away")
            assert set(await watched.active()) == {"nvr recorder_offline"}
            (gate,) = (await watched.until("/video/gates", bool))["items"]
            assert (gate["camera"], gate["channel_state"], gate["police"]["basis"]) == (
                "gate-01",
                "recorder_away",
                "attested",
            )
            async with sipp(tmp_path, sip):
                await all_online(watched)
                await watched.until("/alerts", lambda page: not any_active(page))
            assert PASSWORD not in gateway.log()
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)


async def all_online(watched: Watched) -> None:
    """The recorder is registered, its two cameras are online, the third is a discovery."""
    recorders = await watched.until(
        "/video/recorders",
        lambda page: (
            (known := page["items"][0]["catalog"]) is not None
            and known["registered"]
            and known["online"] == 3
        ),
    )
    (recorder,) = recorders["items"]
    assert (recorder["catalog"]["listed"], recorder["catalog"]["unregistered"]) == (3, 1)
    assert recorder["catalog"]["missing"] == []
    for camera in ("gate-01", "yard-01"):
        await watched.channel_state(camera, "online")
    await watched.until("/devices/no3/nvr", lambda one: one["values"].get("online") is True)
    await watched.until(
        "/video/recorders", lambda page: page["items"][0]["police"]["basis"] == "attested"
    )
    found = await watched.until("/discoveries", lambda page: bool(page["items"]))
    (stranger,) = found["items"]
    assert (stranger["id"], stranger["dialect"]) == (THIRD, "gb28181")
    assert stranger["understood"]["name"] == "报告厅"
    assert stranger["understood"]["civil_code"] == "340200"


def any_active(page: Any) -> bool:
    return any(one["active"] for one in page["items"])
