"""From a button on MQTT to the acknowledgement of a receiver: whole processes, real servers."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from benchmarks import measure, police_soak
from benchmarks.police_campus import (
    LINK,
    Page,
    accounts_of,
    buttons_of,
    link_settings,
    press,
)
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from devices.model import Device
from devices.simulator.load import load_campus
from devices.simulator.receiver import Receiver, Taken
from devices.simulator.receiver_answers import Fault
from gateway.store.open import open_store

pytestmark = pytest.mark.broker

CAMPUS = load_campus(60, 2)
SCHOOL = CAMPUS.schools[0].id
BUTTONS = buttons_of(CAMPUS)[SCHOOL]
ACCOUNT = accounts_of(CAMPUS)[SCHOOL]
PATH = f"/links/{SCHOOL}/{LINK}"
ACCOUNTS: dict[str, bytes | None] = dict.fromkeys(accounts_of(CAMPUS).values())


class Town:
    """A gateway, its broker, and the two receivers of the police."""

    def __init__(self, directory: Path, broker: measure.Mosquitto) -> None:
        self.directory = directory
        self.broker = broker
        self.primary = Receiver(ACCOUNTS)
        self.backup = Receiver(ACCOUNTS)
        self.gateway: RunningGateway
        self.page: Page
        self._port = 0
        self._presses = 0
        self._running: AsyncExitStack | None = None

    async def start(self, **link: Any) -> None:
        """Receivers first, then the gateway."""
        await self.primary.start()
        await self.backup.start()
        await asyncio.to_thread(self._write, link)
        await self.start_gateway()

    def _write(self, link: dict[str, Any]) -> None:
        store = open_store(self.directory / "campus.db", reserve_bytes=16 << 20)
        fill_register(store, CAMPUS)
        store.close()
        self.set(link_settings(CAMPUS, (self.primary.port, self.backup.port), **link))

    def set(self, settings: dict[str, Any]) -> None:
        """What the gateway finds at its next start."""
        self._port = write_settings(self.directory, self.broker.url, settings)

    async def start_gateway(self) -> None:
        self._running = AsyncExitStack()
        gateway = started(self.directory, self._port)
        self.gateway = await asyncio.to_thread(gateway.__enter__)
        self._running.push_async_callback(asyncio.to_thread, gateway.__exit__, None, None, None)
        self.page = await asyncio.to_thread(Page, self.gateway)

    async def stop_gateway(self) -> None:
        if self._running is not None:
            await self._running.aclose()
            self._running = None

    async def close(self) -> None:
        await self.stop_gateway()
        await self.primary.aclose()
        await self.backup.aclose()

    async def press(self, button: Device = BUTTONS[0]) -> float:
        async with aiomqtt.Client("127.0.0.1", self.broker.port) as client:
            self._presses += 1
            return await press(client, button, self._presses)

    async def get(self, path: str) -> Any:
        return await asyncio.to_thread(self.page.get, path)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        return await asyncio.to_thread(self.page.post, path, body)

    async def alert(self, condition: str, what: Callable[[Any], bool]) -> Any:
        """The open alert of a condition, once ``what`` is true of it."""
        found = None
        async with asyncio.timeout(60):
            while True:
                for found in (await self.get("/alerts"))["items"]:
                    if found["condition"] == condition and what(found):
                        return found
                await asyncio.sleep(0.05)

    async def link_in(self, state: str) -> Any:
        """The school's link, once it is in a state and the test that led to it is written down."""
        async with asyncio.timeout(60):
            while True:
                link = await self.get(PATH)
                if link["state"] == state and link["last_test"] is not None:
                    return link
                await asyncio.sleep(0.1)

    async def devices(self) -> list[Any]:
        return list((await self.get("/devices?limit=500"))["items"])

    def facts(self, kind: str) -> int:
        query = "SELECT count(*) FROM facts WHERE kind = ?"
        with sqlite3.connect(self.directory / "campus.db") as store:
            return int(store.execute(query, (kind,)).fetchone()[0])


def panics(receiver: Receiver) -> list[Taken]:
    return [one for one in receiver.events if one.code == "120" and not one.restore]


def tries(receiver: Receiver) -> list[Taken]:
    """Alarms with their repetitions."""
    return [one for one in receiver.taken if one.code == "120" and not one.restore]


@asynccontextmanager
async def town(tmp_path: Path, **link: Any) -> AsyncIterator[Town]:
    with measure.mosquitto() as broker:
        made = Town(tmp_path, broker)
        try:
            await made.start(**link)
            yield made
        finally:
            await made.close()


async def test_a_press_is_acknowledged_by_the_police_and_the_alert_says_so(tmp_path: Path) -> None:
    async with town(tmp_path) as it:
        await it.press()
        await it.primary.until(lambda: bool(panics(it.primary)))
        taken = panics(it.primary)[0]
        assert (taken.account, taken.token) == (ACCOUNT, "ADM-CID")
        alert = await it.alert("panic", lambda one: one["police"]["state"] == "acknowledged")
        (way,) = alert["police"]["links"]
        assert (way["link"], way["path"], way["attempts"]) == (f"{SCHOOL}/{LINK}", "primary", 1)
        assert way["ack_ms"] <= 1000
        (exchange,) = (await it.get(f"/alerts/{alert['id']}/exchanges"))["items"]
        assert exchange["result"] == "acknowledged"
        assert exchange["sent"].startswith("<LF>")
        assert '"ADM-CID"' in exchange["sent"]
        assert '"ACK"' in exchange["received"]
        assert not panics(it.backup)


async def test_with_a_silent_primary_the_back_up_has_the_alarm_within_two_seconds(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as it:
        it.primary.fault = Fault.SILENT
        await it.press()
        await it.backup.until(lambda: bool(panics(it.backup)))
        alert = await it.alert("panic", lambda one: one["police"]["state"] == "acknowledged")
        assert alert["police"]["links"][0]["path"] == "backup"
        exchanges = (await it.get(f"/alerts/{alert['id']}/exchanges"))["items"]
        assert [one["result"] for one in exchanges] == ["silent", "acknowledged"]
        assert panics(it.backup)[0].at - exchanges[0]["started"] <= 2000


async def test_an_alarm_that_nobody_takes_is_the_loudest_alert_and_arrives_once_somebody_does(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, telephone="0101-110", category="DP4") as it:
        await it.primary.aclose()
        await it.backup.aclose()
        await it.press()
        loud = await it.alert("police_unreached", lambda one: one["active"])
        assert loud["priority"] == "emergency"
        assert "0101-110" in loud["explanation"]["text"]["en"]
        alert = await it.alert("panic", lambda one: True)
        assert 2000 <= loud["known"] - alert["known"] <= 4000
        assert alert["police"]["state"] == "unacknowledged"
        await it.primary.start()
        await it.primary.until(lambda: bool(panics(it.primary)), 20)
        await it.alert("panic", lambda one: one["police"]["state"] == "acknowledged")
        over = await it.alert("police_unreached", lambda one: not one["active"])
        assert over["state"] == "returned"
        assert not panics(it.primary)[0].repeated
        assert len(panics(it.primary)) == 1


async def test_a_gateway_that_is_stopped_has_written_down_what_it_knew(tmp_path: Path) -> None:
    async with town(tmp_path) as it:
        await it.link_in("up")
        await it.press()
        await it.primary.until(lambda: bool(panics(it.primary)))
        await it.stop_gateway()
        with sqlite3.connect(tmp_path / "campus.db") as store:
            waits = (
                "SELECT count(*) FROM outbox WHERE receiver LIKE 'police:%' AND delivered IS NULL"
            )
            assert store.execute(waits).fetchone() == (0,), "or it would be sent once more"
            # Kept once a minute, and the gateway has not run for one.
            days = "SELECT sum(exchanges) FROM link_days WHERE link = ?"
            (exchanges,) = store.execute(days, (f"{SCHOOL}/{LINK}",)).fetchone()
        assert exchanges >= 3, "supervision, the test, the alarm"


async def test_a_link_that_is_taken_out_of_the_settings_leaves_nothing_that_stands(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as it:
        await it.link_in("up")
        await it.primary.aclose()
        await it.backup.aclose()
        await it.press()
        await it.alert("police_unreached", lambda one: one["device"]["id"] == LINK)
        await it.stop_gateway()
        it.set({})
        await it.start_gateway()
        await it.alert("police_unreached", lambda one: not one["active"])
        panic = await it.alert("panic", lambda one: one["police"]["state"] == "unacknowledged")
        assert "no longer in the settings" in panic["police"]["links"][0]["error"]
        async with asyncio.timeout(60):
            while any(one["kind"] == "police-link" for one in await it.devices()):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert (await it.get("/links"))["items"] == []
        standing = [one["condition"] for one in (await it.get("/alerts"))["items"] if one["active"]]
        assert not [one for one in standing if one.startswith("police_")]


@pytest.mark.parametrize("away_s", [0.0, 0.05])
async def test_killed_between_press_and_acknowledgement_the_alarm_arrives_under_its_number(
    tmp_path: Path, away_s: float
) -> None:
    async with town(tmp_path) as it:
        it.primary.fault = it.backup.fault = Fault.SILENT
        await it.press()
        await it.primary.until(lambda: bool(panics(it.primary)))
        before = panics(it.primary)[0].sequence
        await asyncio.sleep(away_s)
        it.gateway.process.kill()
        await it.stop_gateway()
        it.primary.fault = it.backup.fault = Fault.NONE
        known = len(tries(it.primary))
        await it.start_gateway()
        await it.primary.until(lambda: len(tries(it.primary)) > known)
        assert {one.sequence for one in tries(it.primary)} == {before}
        assert len(panics(it.primary)) == 1  # known for a repetition
        await it.alert("panic", lambda one: one["police"]["state"] == "acknowledged")


async def test_a_link_is_tested_by_itself_over_both_paths_and_is_up(tmp_path: Path) -> None:
    async with town(tmp_path, longest_silence_s=5) as it:
        link = await it.link_in("up")
        assert link["last_test"]["verdict"] == "met"
        assert [one["state"] for one in link["paths"]] == ["up", "up"]
        for receiver in (it.primary, it.backup):
            assert [one.code for one in receiver.events if one.account == ACCOUNT] == ["602"]
        summary = await it.get("/summary")
        assert summary["police_link"]["total"] == len(CAMPUS.schools)
        assert it.facts("verification") >= 2

        asked = await it.post(f"{PATH}/test", {"reason": "before term"})
        run = await it.get(f"/verifications/{asked['id']}?version=1&wait_s=10")
        while run["ended"] is None:
            run = await it.get(f"/verifications/{asked['id']}?version={run['version']}&wait_s=10")
        assert run["verdict"] == "met"
        assert [one["path"] for one in run["steps"][0]["exchanges"]] == ["primary", "backup"]

        await it.backup.aclose()
        link = await it.link_in("degraded")
        assert link["cause"].startswith("backup_")
        degraded = await it.alert("police_link_degraded", lambda one: one["active"])
        assert degraded["device"]["id"] == LINK
        assert link["outages"][0]["until"] is None


async def test_a_link_is_tested_from_the_shell(tmp_path: Path) -> None:
    async with town(tmp_path, longest_silence_s=5) as it:
        config = str(it.directory / "gateway.yaml")
        command = (
            *(sys.executable, "-m", "gateway.cli", "link", "test", SCHOOL),
            *("--config", config, "--user", "admin", "--json"),
        )
        status, said = await ran(*command)
        (run,) = json.loads(said)["tests"]
        assert (status, run["verdict"]) == (0, "met")
        assert (run["link"], run["actor"]) == (f"{SCHOOL}/{LINK}", "admin")
        assert "601" in {one.code for one in it.backup.events}

        it.backup.fault = Fault.DUH  # taken, and not processed: it did not arrive
        status, said = await ran(*command)
        (run,) = json.loads(said)["tests"]
        assert (status, run["verdict"]) == (1, "failed")
        assert (await it.get(PATH))["state"] != "up"

        status, said = await ran(*command[:5], "no-such-school", *command[6:])
        assert status == 2


async def ran(*command: str) -> tuple[int | None, str]:
    """The status of a command, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_killed_again_and_again_before_the_acknowledgement_no_alarm_is_lost_or_doubled() -> (
    None
):
    figures = await police_soak.kills(4, seed=7)
    assert figures["holds"], figures
