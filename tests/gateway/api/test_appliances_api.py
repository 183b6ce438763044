"""Loads recognised behind a feeder, over HTTP."""

from __future__ import annotations

from devices.model import Device
from gateway.store.batch import Batch
from gateway.store.registry import next_register_version, put_devices

DORM = Device(
    "no3",
    "dorm",
    "electrical",
    name_zh="宿舍三层",
    place="a-3",
    parameters={"appliances": {"judged": True}},
)
HALL = Device("no3", "hall-feeder", "electrical")


async def registered(campus) -> None:
    batch = Batch(now=campus.clock.now())
    batch.statements += put_devices([DORM, HALL])
    batch.statements += next_register_version()
    campus.store.commit(batch).result()
    await campus.desk.reload()


async def test_a_feeders_day_names_what_was_recognised_and_when(door, campus) -> None:
    await registered(campus)
    begin = campus.clock.now()
    for second in range(0, 300, 3):
        watts = 2380 if 60 <= second < 200 else 400
        for device in (DORM, HALL):
            await campus.says(
                f"campus/no3/electrical/{device.id}/telemetry",
                {"ts": campus.clock.now(), "seq": second, "power_w": watts, "reactive_var": 20},
            )
        campus.clock.turn(3000)
    client = await door.as_("olga")

    dorm = (await client.get("/api/v1/devices/no3/dorm/appliances")).json()
    hall = (await client.get("/api/v1/devices/no3/hall-feeder/appliances")).json()

    assert dorm["judged"]
    (kettle,) = dorm["loads"]
    assert (kettle["kind"], kettle["name"]["en"]) == ("kettle", "Kettle")
    assert (kettle["step_w"], kettle["power_factor"], kettle["told"]) == (1980, 1.0, True)
    assert (kettle["since"] - begin, kettle["ended"] - begin) == (60_000, 201_000)
    assert hall == {"judged": False, "loads": []}
    device = (await client.get("/api/v1/devices/no3/dorm")).json()
    assert [alert["condition"] for alert in device["alerts"]] == ["forbidden_appliance"]
