"""A simulated campus on a real broker: presses until the reply, wills, outages, bursts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiomqtt
import msgspec
import pytest

from benchmarks import measure
from devices.simulator.access import Access
from devices.simulator.behaviour import Conditions
from devices.simulator.campus import Campus, demo, invent
from devices.simulator.foreign import TASMOTA_BASE
from devices.simulator.press import press_alone
from devices.simulator.run import Simulation, wall_ms
from devices.simulator.scenarios import Stage, Story

if TYPE_CHECKING:
    from conftest import Ear

    from devices.model import Device

pytestmark = pytest.mark.broker

CAMPUS = invent(seed=2, schools=2, devices=60)
SCHOOL = CAMPUS.schools[0].id
BUTTON = next(device for device in CAMPUS.devices if device.kind == "alarm-button")
EVENTS = f"campus/{SCHOOL}/alarm-button/{BUTTON.id}/event"
REPLIES = f"campus/{SCHOOL}/alarm-button/{BUTTON.id}/reply"
HUB_STATUS = f"campus/{SCHOOL}/repeater/hub/status"


@asynccontextmanager
async def living(
    broker: measure.Mosquitto, campus: Campus = CAMPUS, **options: Any
) -> AsyncIterator[Simulation]:
    simulation = Simulation(campus, access=Access(url=broker.url), **options)
    running = asyncio.create_task(simulation.run())
    try:
        async with asyncio.timeout(40):
            await asyncio.gather(*(line.up() for line in simulation.lines.values()))
        yield simulation
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def body(payload: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(payload, type=dict[str, Any])
    return decoded


def reply(client: aiomqtt.Client, seq: int) -> Any:
    return client.publish(REPLIES, msgspec.json.encode({"seq": seq}), qos=1)


async def test_every_device_speaks_and_says_it_is_online(
    broker: measure.Mosquitto, ear: Ear
) -> None:
    async with living(broker, speed=30):
        topics = {
            f"campus/{device.school}/{device.kind}/{device.id}/{channel}"
            for device in CAMPUS.devices
            for channel in ("status", "telemetry")
        }
        await ear.until(lambda: topics <= {topic for topic, _ in ear.heard}, seconds=30)
    assert body(ear.on(HUB_STATUS)[0])["online"] is True


async def test_a_device_answers_a_ping_and_says_what_it_does_not_do(
    broker: measure.Mosquitto, ear: Ear
) -> None:
    hub = f"campus/{SCHOOL}/repeater/hub"
    async with living(broker, repeat_s=30):
        for number, command in enumerate(("ping", "reboot")):
            wanted = {"id": f"c{number}", "command": command, "expires": 9_999_999_999_999}
            await ear.client.publish(f"{hub}/command", msgspec.json.encode(wanted), qos=1)
        expired = {"id": "old", "command": "ping", "expires": 1}
        await ear.client.publish(f"{hub}/command", msgspec.json.encode(expired), qos=1)
        await ear.client.publish(f"{hub}/command", b"no command", qos=1)
        await ear.until(lambda: len(ear.on(f"{hub}/event")) >= 2)
    answers = [body(payload) for payload in ear.on(f"{hub}/event")]
    assert [(one["event"], one["id"], one["ok"]) for one in answers] == [
        ("answered", "c0", True),
        ("answered", "c1", False),
    ]


async def test_a_press_is_repeated_the_same_to_the_byte_until_its_reply(
    broker: measure.Mosquitto, ear: Ear
) -> None:
    async with living(broker, repeat_s=0.1) as simulation:
        pressing = asyncio.create_task(simulation.press(SCHOOL, BUTTON.id))
        await ear.until(lambda: len(ear.on(EVENTS)) >= 3)
        seq = body(ear.on(EVENTS)[0])["seq"]
        assert len(set(ear.on(EVENTS))) == 1
        await reply(ear.client, seq + 1)  # another message's: it does not count
        await ear.until(lambda: len(ear.on(EVENTS)) >= 6)
        assert not pressing.done()
        await reply(ear.client, seq)
        pressed = await pressing
        assert pressed.seq == seq
        assert pressed.ms is not None
        said = simulation.counts.repeats
        again = asyncio.create_task(simulation.press(SCHOOL, BUTTON.id))
        await ear.until(lambda: len({body(event)["seq"] for event in ear.on(EVENTS)}) == 2)
        assert body(ear.on(EVENTS)[-1])["seq"] > seq  # a new press is a new event
        await reply(ear.client, body(ear.on(EVENTS)[-1])["seq"])
        assert (await again).ms is not None
        assert {body(event)["seq"] for event in ear.on(EVENTS)[said + 1 :]} != {seq}


async def test_without_a_reply_a_press_says_so_and_goes_on_repeating(
    broker: measure.Mosquitto, ear: Ear
) -> None:
    async with living(broker, repeat_s=0.1) as simulation:
        pressed = await simulation.press(SCHOOL, BUTTON.id, patience_s=0.3)
        assert pressed.ms is None
        heard = len(ear.on(EVENTS))
        await ear.until(lambda: len(ear.on(EVENTS)) > heard)


async def test_only_buttons_can_be_pressed(broker: measure.Mosquitto) -> None:
    async with living(broker) as simulation:
        with pytest.raises(LookupError, match="is a repeater and no alarm-button"):
            await simulation.press(SCHOOL, "hub")


async def test_the_last_will_speaks_when_the_connection_dies_and_the_status_when_it_is_back(
    broker: measure.Mosquitto, ear: Ear
) -> None:
    async with living(broker) as simulation:
        await ear.until(lambda: len(ear.on(HUB_STATUS)) == 1)
        simulation.lines[SCHOOL].cut()
        await ear.until(lambda: len(ear.on(HUB_STATUS)) == 2)
        assert body(ear.on(HUB_STATUS)[1]) == {"online": False}
        simulation.lines[SCHOOL].restore()
        await ear.until(lambda: len(ear.on(HUB_STATUS)) == 3)
        assert body(ear.on(HUB_STATUS)[2])["online"] is True


async def test_the_last_will_speaks_when_the_simulator_stops(
    broker: measure.Mosquitto, ear: Ear
) -> None:
    async with living(broker):
        pass
    await ear.until(lambda: b'{"online":false}' in ear.on(HUB_STATUS))
    async with aiomqtt.Client("127.0.0.1", broker.port) as late:
        await late.subscribe(HUB_STATUS)
        async with asyncio.timeout(20):
            async for message in late.messages:
                assert message.retain
                assert message.payload == b'{"online":false}'
                break


async def test_with_a_line_a_device_each_has_a_will_of_its_own(
    broker: measure.Mosquitto, ear: Ear
) -> None:
    campus = invent(seed=2, schools=1, devices=8)
    async with living(broker, campus, line_per_device=True) as simulation:
        assert len(simulation.lines) == 8
        victim = campus.devices[-1]
        status = f"campus/{victim.school}/{victim.kind}/{victim.id}/status"
        simulation.lines[f"{victim.school}/{victim.id}"].cut()
        await ear.until(lambda: b'{"online":false}' in ear.on(status))
    wills = {topic for topic, payload in ear.heard if payload == b'{"online":false}'}
    await ear.until(
        lambda: len({t for t, payload in ear.heard if payload == b'{"online":false}'}) == 8
    )
    assert status in wills


class Outage(Story):
    """Down for two seconds as soon as `cut` is called; devices keep what they measure."""

    length = 60_000

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._now = 0
        self._cut_at: int | None = None

    def cut(self) -> None:
        self._cut_at = self._now

    def conditions(self, device: Device, elapsed: int) -> Conditions:
        return Conditions(buffers=True, interval_ms=200)

    def is_down(self, school: str, elapsed: int) -> bool:
        self._now = elapsed
        cut_at = self._cut_at
        return school == SCHOOL and cut_at is not None and cut_at <= elapsed < cut_at + 2_000


async def test_after_an_outage_what_was_kept_comes_late_and_in_order(
    broker: measure.Mosquitto, ear: Ear
) -> None:
    def bursts() -> list[tuple[str, bytes]]:
        return [(topic, said) for topic, said in ear.heard if said.startswith(b"[")]

    outage = Outage(Stage(CAMPUS, seed=1))
    async with living(broker, story=outage):
        await ear.until(lambda: bool(ear.on(HUB_STATUS)))
        begun = wall_ms()
        outage.cut()
        await ear.until(lambda: len(bursts()) >= 5)
        over = wall_ms()
        await ear.until(lambda: b'{"online":false}' in ear.on(HUB_STATUS))
    for _, payload in bursts():
        stamps = [entry["ts"] for entry in msgspec.json.decode(payload)]
        assert stamps == sorted(stamps)
        assert stamps[-1] - stamps[0] <= over - begun + 600  # no longer than the outage
    [*_, online] = [body(p)["online"] for p in ear.on(HUB_STATUS) if body(p)["online"]]
    assert online is True


async def test_the_foreign_school_speaks_zigbee2mqtt_and_tasmota(
    broker: measure.Mosquitto, ear: Ear
) -> None:
    async with living(broker, demo()) as simulation:
        await ear.until(
            lambda: (
                b"Online" in ear.on(f"{TASMOTA_BASE}/tele/tasmota-plug-1/LWT")
                and bool(ear.on("zigbee2mqtt/bridge/devices"))
            )
        )
        pressed = await simulation.press("no1-primary", "zigbee-button-1")
        assert pressed.seq is None
        await ear.until(
            lambda: any(
                body(said).get("action") == "single"
                for said in ear.on("zigbee2mqtt/zigbee-button-1")
            )
        )
    await ear.until(lambda: b"Offline" in ear.on(f"{TASMOTA_BASE}/tele/tasmota-plug-1/LWT"))
    await ear.until(lambda: b'{"state":"offline"}' in ear.on("zigbee2mqtt/bridge/state"))


async def test_a_press_alone_works_without_a_running_simulation(
    broker: measure.Mosquitto, ear: Ear
) -> None:
    access = Access(url=broker.url)
    pressing = asyncio.create_task(press_alone(access, SCHOOL, BUTTON.id, repeat_s=0.1))
    await ear.until(lambda: len(ear.on(EVENTS)) >= 2)
    assert len(set(ear.on(EVENTS))) == 1
    await reply(ear.client, body(ear.on(EVENTS)[0])["seq"])
    assert (await pressing).ms is not None


@pytest.mark.parametrize("speed", [0, -1])
async def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Simulation(CAMPUS, access=Access(url="mqtt://nowhere"), speed=speed)
