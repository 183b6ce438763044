"""Who may say what, held against a real Mosquitto."""

from __future__ import annotations

import asyncio

import pytest
from broker_client import Client, Connect

from gateway.broker.access import SchoolAccess, school_principal
from gateway.broker.configuration import BrokerPlan
from gateway.broker.files import Need
from gateway.broker.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

NOT_AUTHORISED = 0x87
NOBODY_LISTENS = 0x10


async def test_a_school_that_speaks_as_another_is_refused(connect: Connect) -> None:
    school = connect("school-no3-middle")
    assert school.publish("campus/no3-middle/smoke/lab/telemetry") in (0, NOBODY_LISTENS)
    for channel in ("telemetry", "event", "status"):
        assert school.publish(f"campus/no5-primary/smoke/lab/{channel}") == NOT_AUTHORISED


async def test_who_was_refused_stays_connected(connect: Connect) -> None:
    school = connect("school-no3-middle")
    for _ in range(3):
        assert school.publish("campus/no5-primary/smoke/lab/event") == NOT_AUTHORISED
    assert school.publish("campus/no3-middle/smoke/lab/event") in (0, NOBODY_LISTENS)


async def test_nothing_of_a_refused_message_reaches_the_gateway(connect: Connect) -> None:
    gateway = connect("gateway")
    gateway.subscribe("campus/#")
    connect("school-no3-middle").publish("campus/no5-primary/alarm-button/gate/event", "forged")
    connect("school-no5-primary").publish("campus/no5-primary/alarm-button/gate/event", "true")
    assert gateway.next() == ("campus/no5-primary/alarm-button/gate/event", "true")


@pytest.mark.parametrize("principal", ["school-no3-middle", "device/no3-middle/gate-01"])
async def test_only_the_gateway_writes_commands_replies_and_alerts(
    connect: Connect, principal: str
) -> None:
    speaker = connect(principal)
    gateway = connect("gateway")
    for topic in (
        "campus/no3-middle/alarm-button/gate-01/command",
        "campus/no3-middle/alarm-button/gate-01/reply",
        "campus/no3-middle/alert/17",
    ):
        assert speaker.publish(topic) == NOT_AUTHORISED
        assert gateway.publish(topic) in (0, NOBODY_LISTENS)


async def test_edge_nodes_speak_in_their_own_group_and_command_nobody(connect: Connect) -> None:
    node, gateway = connect("school-no7-east"), connect("gateway")
    for topic in ("NBIRTH/edge", "NDATA/edge", "DDATA/edge/room", "DDEATH/edge/room"):
        assert node.publish(f"spBv1.0/no7-east/{topic}") in (0, NOBODY_LISTENS)
        assert node.publish(f"spBv1.0/no7-west/{topic}") == NOT_AUTHORISED
    for topic in ("NCMD/edge", "DCMD/edge/room"):
        assert node.publish(f"spBv1.0/no7-east/{topic}") == NOT_AUTHORISED
        assert gateway.publish(f"spBv1.0/no7-east/{topic}") in (0, NOBODY_LISTENS)


async def test_an_edge_node_hears_the_commands_of_its_own_group(connect: Connect) -> None:
    node, gateway = connect("school-no7-east"), connect("gateway")
    node.subscribe("spBv1.0/+/NCMD/edge")
    gateway.publish("spBv1.0/no7-west/NCMD/edge", "others")
    gateway.publish("spBv1.0/no7-east/NCMD/edge", "own")
    assert node.next() == ("spBv1.0/no7-east/NCMD/edge", "own")


async def test_a_device_with_its_own_password_speaks_only_for_itself(connect: Connect) -> None:
    device = connect("device/no3-middle/gate-01")
    assert device.publish("campus/no3-middle/alarm-button/gate-01/event") in (0, NOBODY_LISTENS)
    assert device.publish("campus/no3-middle/alarm-button/gate-02/event") == NOT_AUTHORISED
    assert device.publish("campus/no3-middle/smoke/gate-01/event") == NOT_AUTHORISED


async def test_a_device_hears_its_commands_and_nobody_elses(connect: Connect) -> None:
    device = connect("device/no3-middle/gate-01")
    device.subscribe("campus/#")
    gateway = connect("gateway")
    gateway.publish("campus/no3-middle/alarm-button/gate-02/command", "other")
    gateway.publish("campus/no3-middle/alarm-button/gate-01/command", "own")
    assert device.next() == ("campus/no3-middle/alarm-button/gate-01/command", "own")


async def test_a_probe_speaks_under_its_own_prefix_and_nowhere_else(connect: Connect) -> None:
    probe = connect("probe")
    assert probe.publish("probe/no3-middle/camera/gate/telemetry") in (0, NOBODY_LISTENS)
    assert probe.publish("campus/no3-middle/camera/gate/telemetry") == NOT_AUTHORISED
    assert probe.publish("observed/no3-middle/camera/gate/telemetry") == NOT_AUTHORISED
    school = connect("school-no3-middle")
    assert school.publish("probe/no3-middle/camera/gate/telemetry") == NOT_AUTHORISED


async def test_a_dashboard_sees_alerts_and_says_nothing(connect: Connect) -> None:
    reader = connect("reader")
    reader.subscribe("#")
    gateway = connect("gateway")
    connect("school-no3-middle").publish("campus/no3-middle/smoke/lab/event", "unseen")
    gateway.publish("campus/no3-middle/alert/17", "seen", retain=True)
    assert reader.next() == ("campus/no3-middle/alert/17", "seen")
    assert reader.publish("campus/no3-middle/alert/17") == NOT_AUTHORISED


async def test_a_bridge_speaks_on_the_topics_bound_to_its_school(connect: Connect) -> None:
    gateway = connect("gateway")
    gateway.subscribe("z2m-no3/#")
    assert connect("school-no5-primary").publish("z2m-no3/smoke", "forged") == NOT_AUTHORISED
    assert connect("school-no3-middle").publish("z2m-no3/smoke", "true") == 0
    assert gateway.next() == ("z2m-no3/smoke", "true")


async def test_nobody_signs_in_without_the_right_password(broker: Mosquitto) -> None:
    for user, password in (("", ""), ("gateway", "guess"), ("school-unknown", "guess")):
        client = Client(broker.listener.port, user, password)
        client.close()
        assert client.code == NOT_AUTHORISED


async def test_what_qos_0_publishers_say_while_the_gateway_is_away_waits_for_it(
    connect: Connect,
) -> None:
    away = connect("gateway", client_id="campus-secret-events", session=True)
    away.subscribe("campus/#")
    away.close()
    connect("school-no3-middle").publish("campus/no3-middle/smoke/lab/event", "alarm", qos=0)
    back = connect("gateway", client_id="campus-secret-events", session=True)
    message = back.received.get(timeout=10)
    assert (message.payload, message.qos) == (b"alarm", 1)


async def test_a_school_added_later_signs_in_without_a_restart(
    broker: Mosquitto, plan: BrokerPlan, connect: Connect
) -> None:
    staying = connect("school-no3-middle")
    before = broker.status().pid
    larger = BrokerPlan(
        listeners=plan.listeners,
        schools=(*plan.schools, SchoolAccess("no9-high")),
        devices=plan.devices,
    )
    assert await broker.apply(larger) is Need.RELOAD
    # The broker reloads when it gets round to it: ask until it lets the new school in.
    async with asyncio.timeout(10):
        while True:
            try:
                late = connect(school_principal("no9-high"))
            except AssertionError:
                await asyncio.sleep(0.02)
            else:
                break
    assert late.publish("campus/no9-high/smoke/lab/event") in (0, NOBODY_LISTENS)
    assert staying.publish("campus/no3-middle/smoke/lab/event") in (0, NOBODY_LISTENS)
    assert broker.status().pid == before
    assert await broker.apply(larger) is Need.NOTHING
