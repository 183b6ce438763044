"""Over HTTP: why a device is red, how it is connected, and how it was day by day."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from devices.model import Device
from gateway.pipeline.device_days import DeviceDays
from gateway.store.batch import Batch, DeviceDay
from gateway.store.registry import put_devices
from gateway.store.schema import verifications

MINUTE = 60_000
HOUR = 3_600_000
DAY = 86_400_000
LAB = "/api/v1/devices/no3/lab-2"


class Technician:
    """Asks in the name of Tim, and lets time pass."""

    def __init__(self, door: Any, campus: Any) -> None:
        self.door, self.campus, self.seq = door, campus, 0
        self.campus.judge.roster.hearing.connected = True
        self.campus.judge.roster.hearing.since = self.campus.clock.now()
        self.days = DeviceDays(campus.judge.roster, campus.store, campus.clock)

    async def get(self, path: str) -> Any:
        client = await self.door.as_("tim")
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def why(self, path: str = LAB) -> tuple[str, list[str]]:
        found = await self.get(f"{path}/diagnosis")
        for reason in found["reasons"]:
            assert "{" not in reason["text"]["zh"] + reason["advice"]["zh"]
        return found["verdict"], [reason["code"] for reason in found["reasons"]]

    async def measure(self, skip: int = 0, fast: int = 0, **values: Any) -> None:
        self.seq += 1 + skip
        now = self.campus.clock.turn(1000)
        body = {"ts": now - 30 + fast, "seq": self.seq, "obscuration_pct_m": 0.1, **values}
        await self.campus.says("campus/no3/smoke/lab-2/telemetry", body)

    async def pass_time(self, milliseconds: int) -> None:
        self.campus.clock.turn(milliseconds)
        work = self.campus.flow.work()
        self.campus.judge.tick(self.campus.clock.now(), work)
        self.campus.discoveries.tick(self.campus.clock.now(), work)
        await self.campus.flow.commit(work)

    async def counted(self, *days: tuple[int, int, int, float | None]) -> None:
        """Days of the detector: (days ago, messages, lost, battery)."""
        row = self.campus.device().row
        today = self.campus.clock.now() // DAY
        entries = [
            DeviceDay(today - ago, row, messages, lost, 0, 0, level, -70.0, (today - ago) * DAY)
            for ago, messages, lost, level in days
        ]
        self.campus.store.commit(Batch(device_days=entries)).result()


@pytest.fixture
def tim(door, campus) -> Technician:
    return Technician(door, campus)


async def test_a_device_that_speaks_is_well_and_shows_how_it_is_connected(tim) -> None:
    for _ in range(3):
        await tim.measure(battery_pct=80, rssi_dbm=-67)
    found = await tim.get(f"{LAB}/diagnosis")
    assert (found["verdict"], found["reasons"]) == ("ok", [])
    connected = found["connectivity"]
    assert connected["heard"] == tim.campus.clock.now()
    assert connected["delay_ms"] == 30
    assert connected["loss_pct_day"] == 0
    assert connected["battery_pct"] == 80
    assert connected["signal_dbm"] == -67
    assert connected["battery_dies"] is None
    assert connected["expected"] == HOUR


async def test_silent_with_the_alert_that_says_so(tim) -> None:
    await tim.measure()
    heard = tim.campus.clock.now()
    for _ in range(40):
        await tim.pass_time(5 * MINUTE)
    found = await tim.get(f"{LAB}/diagnosis")
    assert found["verdict"] == "trouble"
    (reason,) = found["reasons"]
    assert (reason["code"], reason["since"], reason["priority"]) == ("silent", heard, "medium")
    assert "expected every 60 min" in reason["text"]["en"]


async def test_its_last_will(tim) -> None:
    await tim.measure()
    await tim.campus.says("campus/no3/smoke/lab-2/status", {"online": False})
    assert await tim.why() == ("trouble", ["left"])


async def test_it_sends_but_is_rejected(tim) -> None:
    await tim.measure()
    for _ in range(12):
        await tim.pass_time(10 * MINUTE)
        await tim.campus.says("campus/no3/smoke/lab-2/telemetry", b"{obscuration: 1}")
    verdict, codes = await tim.why()
    assert (verdict, codes) == ("trouble", ["rejected", "silent"])
    found = await tim.get(f"{LAB}/diagnosis")
    assert "12 messages rejected, reason: Not valid JSON" in found["reasons"][0]["text"]["en"]


async def test_its_clock_is_eight_hours_fast(tim) -> None:
    for _ in range(20):
        await tim.measure(fast=8 * HOUR)
        await tim.pass_time(MINUTE)
    verdict, codes = await tim.why()
    assert (verdict, codes) == ("trouble", ["clock_china_fast"])
    found = await tim.get(f"{LAB}/diagnosis")
    assert found["connectivity"]["clock_offset_ms"] == pytest.approx(8 * HOUR, abs=100)
    assert found["connectivity"]["delay_ms"] is None


async def test_it_sends_under_another_id(tim) -> None:
    await tim.measure()
    await tim.pass_time(5 * MINUTE)
    for _ in range(30):
        await tim.campus.says("campus/no3/smoke/lab-02/telemetry", {"obscuration_pct_m": 0.1})
        await tim.pass_time(5 * MINUTE)
    verdict, codes = await tim.why()
    assert (verdict, codes) == ("trouble", ["elsewhere_began", "silent"])


async def test_its_repeater_is_down(tim) -> None:
    campus = tim.campus
    devices = [
        Device("no3", "rep-1", "repeater"),
        Device("no3", "lab-2", "smoke", repeater="rep-1", address="lab-2"),
    ]
    campus.store.commit(Batch(statements=put_devices(devices))).result()
    await campus.desk.reload()
    await campus.says("campus/no3/repeater/rep-1/status", {"online": True})
    await tim.measure()
    await campus.says("campus/no3/repeater/rep-1/status", {"online": False})
    for _ in range(40):
        await tim.pass_time(5 * MINUTE)
    verdict, codes = await tim.why()
    assert (verdict, codes) == ("trouble", ["repeater_down", "silent"])
    found = await tim.get(f"{LAB}/diagnosis")
    assert found["connectivity"]["repeater"] == "rep-1"


async def test_never_heard_and_only_retained(tim) -> None:
    assert await tim.why() == ("unknown", ["never_heard"])


async def test_when_the_broker_is_lost_no_device_is_blamed(tim) -> None:
    await tim.measure()
    await tim.pass_time(4 * HOUR)
    tim.campus.trouble = ("broker_lost", "stalled")
    verdict, codes = await tim.why()
    assert (verdict, codes[0]) == ("unknown", "gateway_broker_lost")
    assert "silent" not in codes


async def test_what_was_heard_before_a_start_is_known_from_its_days(tim) -> None:
    await tim.counted((1, 24, 0, 90.0))
    found = await tim.get(f"{LAB}/diagnosis")
    assert found["verdict"] == "unknown"
    assert [reason["code"] for reason in found["reasons"]] == ["waiting"]
    assert found["connectivity"]["heard"] == (tim.campus.clock.now() // DAY - 1) * DAY
    assert found["connectivity"]["battery_pct"] == 90


async def test_what_was_heard_years_ago_is_not_called_never(tim) -> None:
    await tim.counted((700, 24, 0, 90.0))
    verdict, codes = await tim.why()
    assert (verdict, codes) == ("unknown", ["waiting"])


async def test_loss_and_the_end_of_the_battery_follow_from_its_days(tim) -> None:
    await tim.counted(*((ago, 90, 10, 40.0 + ago) for ago in range(40)))
    await tim.measure(battery_pct=40)
    found = await tim.get(f"{LAB}/diagnosis")
    connected = found["connectivity"]
    assert connected["loss_pct_30d"] == pytest.approx(10, abs=0.1)
    today = tim.campus.clock.now() // DAY
    ends = connected["battery_dies"]
    assert ends["on"] // DAY - today == pytest.approx(40, abs=1)
    assert ends["from"] <= ends["on"] <= ends["to"]
    assert [reason["code"] for reason in found["reasons"]] == ["losing"]


async def test_the_time_line_tells_each_day_with_its_alerts_and_verifications(tim) -> None:
    campus = tim.campus
    other = campus.device("no3", "hall").row
    today = campus.clock.now() // DAY
    await tim.counted((6, 24, 0, 90.0), (5, 12, 12, 90.0), (1, 24, 0, 89.0))
    heard = [DeviceDay(today - ago, other, 1, 0, 0, 0, None, None, 1) for ago in (8, 4, 3)]
    campus.store.commit(Batch(device_days=heard)).result()
    tested = {
        "id": "v1",
        "school": "no3",
        "device": campus.device().row,
        "kind": "detector",
        "started": campus.clock.now() - 2 * DAY,
        "ended": campus.clock.now() - 2 * DAY + 5000,
        "verdict": "met",
        "actor": "user:tim",
        "body": b"{}",
    }
    campus.store.commit(Batch(statements=[(insert(verifications), [tested])])).result()
    await tim.measure(rssi_dbm=-61)
    number = await campus.find("odd", campus.device())

    line = await tim.get(f"{LAB}/timeline?days=9")

    states = [day["state"] for day in line["days"]]
    assert states == [
        "unknown",  # others were heard; nobody knew this one yet
        "unknown",
        "ok",
        "trouble",  # half of its messages were lost
        "silent",
        "silent",
        "unknown",  # nobody was heard
        "ok",
        "trouble",  # the alert of today
    ]
    newest = line["days"][-1]
    assert (newest["day"], newest["messages"]) == (today * DAY, 1)
    assert newest["signal_dbm"] == -61
    (alert,) = line["alerts"]
    assert (alert["id"], alert["condition"], alert["until"]) == (number, "odd", None)
    (verified,) = line["verifications"]
    assert (verified["id"], verified["verdict"]) == ("v1", "met")
    assert len((await tim.get(f"{LAB}/timeline"))["days"]) == 90


async def test_what_is_written_to_the_day_is_not_shown_twice(tim) -> None:
    for _ in range(3):
        await tim.measure()
    await tim.days.write(tim.campus.clock.now() // DAY)
    await tim.measure(skip=1)
    line = await tim.get(f"{LAB}/timeline?days=1")
    assert (line["days"][0]["messages"], line["days"][0]["lost"]) == (4, 1)


@pytest.mark.parametrize("what", ["diagnosis", "timeline"])
async def test_a_device_outside_of_the_callers_schools_is_not_there(door, what: str) -> None:
    client = await door.as_("west")
    assert (await client.get(f"{LAB}/{what}")).status_code == 404
    assert (await client.get(f"/api/v1/devices/no5/gate-01/{what}")).status_code == 200


async def test_in_a_list_it_is_unknown_while_its_newest_message_was_not_understood(tim) -> None:
    await tim.measure()
    assert (await tim.get(LAB))["health"] == "ok"
    tim.campus.clock.turn(1000)
    await tim.campus.says("campus/no3/smoke/lab-2/telemetry", b"{obscuration: 1}")
    device = await tim.get(LAB)
    assert (device["health"], len(device["why"])) == ("unknown", 1)
    assert device["why"][0]["text"]["en"].startswith("Some of its messages are rejected: 1")
    await tim.measure()
    assert (await tim.get(LAB))["health"] == "ok"


async def test_in_a_list_it_is_unknown_while_its_clock_is_wrong_and_then_in_trouble(tim) -> None:
    for _ in range(8):
        await tim.measure(fast=5 * MINUTE)
    device = await tim.get(LAB)
    assert (device["health"], len(device["why"])) == ("unknown", 1)
    assert device["why"][0]["text"]["en"] == "Its clock is 5 min fast"
    for _ in range(15):
        await tim.measure(fast=5 * MINUTE)
        await tim.pass_time(MINUTE)
    device = await tim.get(LAB)
    assert (device["health"], len(device["why"])) == ("trouble", 1)


async def test_when_the_broker_is_back_it_is_well_when_it_is_heard_and_not_before(tim) -> None:
    await tim.measure()
    hearing = tim.campus.judge.roster.hearing
    hearing.connected = False
    await tim.pass_time(5 * HOUR)
    assert (await tim.get(LAB))["health"] == "unknown"
    hearing.connected, hearing.since = True, tim.campus.clock.now()
    device = await tim.get(LAB)
    assert (device["health"], len(device["why"])) == ("unknown", 1)
    await tim.measure()
    assert (await tim.get(LAB))["health"] == "ok"


async def test_a_list_says_the_cause_before_the_alert_that_it_led_to(tim) -> None:
    await tim.measure()
    await tim.campus.says("campus/no3/smoke/lab-2/status", {"online": False})
    device = await tim.get(LAB)
    assert (device["health"], len(device["why"])) == ("unknown", 1)
    for _ in range(3):
        await tim.pass_time(MINUTE)
    device = await tim.get(LAB)
    assert device["health"] == "trouble"
    cause, alert = device["why"]
    assert cause["text"]["en"].startswith("It has left")
    assert alert["priority"] == "medium"
