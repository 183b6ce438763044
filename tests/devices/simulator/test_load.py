"""The load generator against a real Mosquitto: it delivers what it says, and says what it did."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from benchmarks import measure
from devices.dialects.native import Native
from devices.reading import Reject, Route
from devices.simulator.access import Access, AccessError, Credentials, read_access
from devices.simulator.campus import invent
from devices.simulator.load import Load, LoadError, load_campus, run
from devices.simulator.packets import FIRST_SEQ, Packets

NOW = 1_795_233_600_000

pytestmark = pytest.mark.broker


def access(broker: measure.Mosquitto) -> Access:
    return Access(url=broker.url)


async def collect(broker: measure.Mosquitto, load: Load) -> tuple[list[tuple[str, bytes]], int]:
    """What a subscriber got of a load, and how many the load says it sent."""
    got: list[tuple[str, bytes]] = []
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("campus/#", qos=1)
        report = await asyncio.to_thread(run, load)
        async with asyncio.timeout(20):
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                got.append((str(message.topic), message.payload))
                if len(got) == report.sent:
                    break
        assert len(client.messages) == 0
    if load.qos:
        assert report.acknowledged == report.sent
    return got, report.sent


@pytest.mark.parametrize("qos", [0, 1])
async def test_exactly_the_messages_asked_for_arrive(broker: measure.Mosquitto, qos: int) -> None:
    load = Load(access=access(broker), devices=300, connections=3, qos=qos, messages=5_000)
    got, sent = await collect(broker, load)
    assert sent == 5_000
    native = Native()
    seqs: dict[tuple[str, str], list[int]] = defaultdict(list)
    channels: Counter[str] = Counter()
    for topic, payload in got:
        route = native.route(topic)
        assert isinstance(route, Route)
        readings = native.read(route, payload, NOW, retained=False)
        assert not isinstance(readings, Reject)
        channels[route.channel.name] += 1
        seqs[route.school, route.device].append(readings[0].seq or 0)
    assert channels["EVENT"] == pytest.approx(5, abs=1)
    registered = {device.key for device in load_campus(300, 3).devices}
    assert set(seqs) == registered
    for counted in seqs.values():
        assert counted == list(range(FIRST_SEQ, FIRST_SEQ + len(counted)))


async def test_a_paced_load_keeps_its_pace(broker: measure.Mosquitto) -> None:
    load = Load(access=access(broker), devices=100, connections=2, rate=500, seconds=2)
    report = await asyncio.to_thread(run, load)
    assert report.sent == report.acknowledged == 1_000
    assert report.rate == pytest.approx(500, rel=0.15)


async def test_it_ends_in_order_when_told_to(broker: measure.Mosquitto) -> None:
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 50

    load = Load(access=access(broker), devices=100, connections=2, messages=10_000_000)
    report = await asyncio.to_thread(run, load, stopped)
    assert 0 < report.sent == report.acknowledged < 10_000_000


async def test_it_goes_on_after_the_broker_was_restarted_and_repeats_what_was_open(
    broker: measure.Mosquitto,
) -> None:
    load = Load(
        access=access(broker), devices=100, connections=2, rate=2_000, seconds=4, reconnect=True
    )
    running = asyncio.create_task(asyncio.to_thread(run, load))
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("campus/#")
        async for _ in client.messages:
            break
    await asyncio.to_thread(broker.kill)
    await asyncio.to_thread(broker.start)
    report = await running
    assert report.sent == report.acknowledged == 8_000
    assert report.reconnects == 2


async def test_a_lost_broker_is_an_error_unless_it_may_reconnect(
    broker: measure.Mosquitto,
) -> None:
    load = Load(access=access(broker), devices=100, connections=2, rate=2_000, seconds=30)
    running = asyncio.create_task(asyncio.to_thread(run, load))
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("campus/#")
        async for _ in client.messages:
            break
    await asyncio.to_thread(broker.kill)
    with pytest.raises(LoadError, match=r"connection of load\d-\w+ lost"):
        await running


def test_no_broker_is_said_so() -> None:
    url = f"mqtt://127.0.0.1:{measure.free_port()}"
    with pytest.raises(LoadError, match=r"no broker at 127\.0\.0\.1"):
        run(Load(access=Access(url=url), devices=10, connections=1, messages=1))


def test_each_school_speaks_with_its_own_credentials() -> None:
    own = Credentials("school-a", "secret")
    for url, other in (
        ("mqtt://broker", None),
        ("mqtt://all:of%20us@broker:1884", Credentials("all", "of us")),
    ):
        broker = Access(url=url, schools={"a": own})
        assert broker.credentials("a") == own
        assert broker.credentials("b") == other
        assert broker.host == "broker"


@pytest.mark.parametrize("url", ["broker", "http://broker", "mqtt://", "mqtt://broker:99999"])
def test_what_is_no_broker_url_is_refused(url: str) -> None:
    with pytest.raises(AccessError, match=re.escape(repr(url))):
        _ = Access(url=url).host


def test_a_missing_access_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="campus run --demo"):
        read_access(tmp_path / "simulator.json")


def test_packet_ids_go_round_and_never_are_zero() -> None:
    devices = invent(seed=1, schools=1, devices=100).devices
    packets = Packets(devices, seed=1, now=NOW, qos=1, version=5)
    expected = 0
    for _ in range(1_500):
        piece, count = packets.take(97, NOW)
        for packet_id in ids(piece):
            expected = expected % 65_535 + 1
            assert packet_id == expected
        assert count > 0


def ids(piece: bytes) -> list[int]:
    found, at = [], 0
    while at < len(piece):
        length = piece[at + 1] & 0x7F
        start = at + 2
        if piece[at + 1] & 0x80:
            length |= piece[at + 2] << 7
            start += 1
        topic = int.from_bytes(piece[start : start + 2], "big")
        found.append(int.from_bytes(piece[start + 2 + topic : start + 4 + topic], "big"))
        at = start + length
    return found


def test_the_same_seed_gives_the_same_packets() -> None:
    devices = invent(seed=1, schools=1, devices=50).devices

    def packets(seed: int) -> Packets:
        return Packets(devices, seed=seed, now=NOW, qos=0, version=4)

    assert packets(1).take(50, NOW) == packets(1).take(50, NOW)
    assert packets(1).take(50, NOW) != packets(2).take(50, NOW)


def test_only_alarms_come_when_only_alarms_are_asked_for() -> None:
    devices = [
        d for d in invent(seed=1, schools=1, devices=200).devices if d.kind == "alarm-button"
    ]
    packets = Packets(devices, seed=1, now=NOW, qos=1, version=5, events_only=True)
    piece, count = packets.take(5, NOW)
    assert packets.alarms == count == 5
    assert piece.count(b"/event") == piece.count(b'"pressed"') == 5
    bodies = [
        msgspec.json.decode(b"{" + part.split(b"}")[0] + b"}") for part in piece.split(b"{")[1:]
    ]
    assert {body["ts"] for body in bodies} == {NOW}
