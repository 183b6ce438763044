"""Sparkplug's nodes in the pipeline: asked at a pace, and not alone when they die."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest
from judged import Judged
from running import Running, until

from devices.dialects import bind
from devices.dialects.sparkplug import Sparkplug
from devices.model import Device
from devices.simulator.edge_node import BOOLEAN, EdgeNode, Message, Sample
from gateway.pipeline.asking import AT_ONCE, EVERY_MS, Asking
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.sqlite import SqliteStore

NODE = Device("no3", "edge", "repeater", 1, dialect="sparkplug", address="edge")
ROOM = Device("no3", "room", "smoke", 2, dialect="sparkplug", address="edge/room")
METER = Device("no3", "meter", "electrical", 3, dialect="sparkplug", address="edge/meter")
OTHER = Device("no3", "other", "temperature", 4, dialect="sparkplug", address="edge-2/room")
DEVICES = (NODE, ROOM, METER, OTHER)

MADE_OF = {
    "": [Sample("Uptime", 1, 8)],
    "room": [Sample("Smoke Alarm", False, BOOLEAN)],
    "meter": [Sample("Voltage", 230.0, unit="V")],
}


@pytest.fixture
def dialect() -> Sparkplug:
    return Sparkplug("no3", "spBv1.0/no3")


@pytest.fixture
def judged(dialect: Sparkplug) -> Judged:
    return Judged(foreign=[dialect], devices=DEVICES)


@pytest.fixture
def node() -> EdgeNode:
    return EdgeNode("no3", "edge", MADE_OF)


def hear(judged: Judged, *messages: Message) -> None:
    for topic, payload in messages:
        judged.hear(topic, payload)


def online(judged: Judged, device: Device) -> bool | None:
    state = judged.judge.roster.state_of(device.row)
    assert state is not None
    return state.online


def test_smoke_by_alias_is_an_alarm(judged: Judged, node: EdgeNode) -> None:
    hear(judged, *node.births(judged.now))
    hear(judged, node.data("room", judged.now, {"Smoke Alarm": True}))
    alert = judged.alert(ROOM, "smoke")
    assert alert is not None
    assert alert.active


def test_smoke_that_was_missed_is_an_alarm_when_the_node_is_born_anew(
    judged: Judged, node: EdgeNode
) -> None:
    node.births(judged.now)
    hear(judged, node.data("room", judged.now, {"Smoke Alarm": True}))
    assert judged.alert(ROOM, "smoke") is None
    assert judged.rejects.total == 1
    burning = EdgeNode("no3", "edge", {**MADE_OF, "room": [Sample("Smoke Alarm", True, BOOLEAN)]})
    hear(judged, *burning.births(judged.now))
    assert judged.alert(ROOM, "smoke") is not None


def test_with_its_node_all_devices_behind_it_are_gone_and_nobody_else(
    judged: Judged, node: EdgeNode
) -> None:
    second = EdgeNode("no3", "edge-2", {"room": [Sample("Temperature", 20.0)]})
    hear(judged, *node.births(judged.now), *second.births(judged.now))
    assert [online(judged, device) for device in DEVICES] == [True, True, True, True]
    hear(judged, node.will())
    assert [online(judged, device) for device in DEVICES] == [False, False, False, True]
    hear(judged, *node.births(judged.now))
    assert [online(judged, device) for device in DEVICES] == [True, True, True, True]


def test_devices_of_a_node_that_is_not_registered_are_gone_with_it_too(dialect: Sparkplug) -> None:
    judged = Judged(foreign=[dialect], devices=(ROOM,))
    node = EdgeNode("no3", "edge", MADE_OF)
    hear(judged, *node.births(judged.now))
    hear(judged, node.will())
    assert online(judged, ROOM) is False


def test_to_wait_for_births_after_a_start_is_no_fault_and_to_wait_in_vain_is_one(
    judged: Judged, node: EdgeNode
) -> None:
    node.births(judged.now)
    for _ in range(240):
        hear(judged, node.data("room", judged.now, {"Smoke Alarm": False}))
        judged.clock.turn(1000)
    assert judged.rejects.total == judged.rejects.awaited == 240
    assert judged.alert(ROOM, "rejected") is None
    for _ in range(120):
        hear(judged, node.data("room", judged.now, {"Smoke Alarm": False}))
        judged.clock.turn(1000)
    assert judged.alert(ROOM, "rejected") is not None


def test_of_a_device_that_is_adopted_the_present_values_are_asked_for(
    dialect: Sparkplug, node: EdgeNode
) -> None:
    judged = Judged(foreign=[dialect], devices=())
    hear(judged, *node.births(judged.now))
    assert requests(judged.judge.asking, judged.now) == []
    judged.judge.register(ROOM, judged.now)
    due = judged.judge.asking.next()
    assert due is not None
    assert requests(judged.judge.asking, due) == [node.commands]


def requests(asking: Asking, now: int) -> list[str]:
    work = Work(Batch(now=now))
    asking.tick(now, work)
    assert work.empty is not bool(work.replies)
    return [topic for topic, _ in work.replies]


def test_after_a_start_registered_nodes_are_asked_a_few_at_a_time() -> None:
    dialects = bind([("sparkplug", school, f"spBv1.0/{school}") for school in ("no3", "no5")])
    devices = [
        msgspec.structs.replace(NODE, school=school, id=f"d{n}", address=f"edge-{n // 2}/d{n}")
        for school in ("no3", "no5")
        for n in range(60)
    ]
    asking = Asking(dialects)
    for device in devices:
        asking.meet(device, 1_000_000)
    now = asking.next()
    assert now is not None
    assert now > 1_000_000  # what waits at the broker may tell all
    asked: list[str] = []
    for _ in range(60 // AT_ONCE):
        topics = requests(asking, now)
        assert len(topics) == AT_ONCE
        assert requests(asking, now + 1) == []
        asked += topics
        now += EVERY_MS
    assert len(set(asked)) == 60
    assert requests(asking, now) == []


def test_who_listens_only_is_asked_nothing() -> None:
    asking = Asking(bind([("tasmota", "no3", "no3/tasmota")]))
    asking.meet(NODE, 1_000_000)
    assert asking.next() is None
    assert requests(asking, 2_000_000) == []


async def test_what_a_dialect_asks_goes_out_soon_after_the_message_that_made_it_ask(
    store: SqliteStore, dialect: Sparkplug, node: EdgeNode
) -> None:
    running = Running(store, foreign=[dialect])
    running.flow.add(running.judged.judge.asking)
    now = running.judged.now
    node.births(now)
    flowing = asyncio.create_task(running.flow.run())
    running.events.put(*node.data("room", now, {"Smoke Alarm": True}))
    await until(lambda: [topic for topic, _ in running.events.published] == [node.commands])
    flowing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await flowing
