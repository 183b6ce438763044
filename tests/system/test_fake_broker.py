"""The benchmarks' fake broker feeds our own source and counts right."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from benchmarks import fake_broker
from gateway.clock import SystemClock
from gateway.ingest.mqtt5_source import Mqtt5Source
from gateway.ingest.session import Endpoint

MESSAGES = 100_000


def source(port: int, session: str, filters: list[str], window: int = 500) -> Mqtt5Source:
    endpoint = Endpoint(host="127.0.0.1", port=port, client_id=session, receive_maximum=window)
    return Mqtt5Source(session=session, endpoint=endpoint, filters=filters, clock=SystemClock())


async def drain(sources: list[Mqtt5Source], messages: int) -> Counter[str]:
    """Take and acknowledge until so many have come; how many each session got."""
    got: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    running = [asyncio.create_task(each.run()) for each in sources]
    try:
        async with asyncio.timeout(60):
            while got.total() < messages:
                for each in sources:
                    if (delivery := each.take(1_000)) is not None:
                        got[each.session] += len(delivery.messages)
                        channels.update(m.topic.rsplit("/", 1)[1] for m in delivery.messages)
                        each.acknowledge(delivery)
                await asyncio.sleep(0)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return got + channels


async def test_two_sessions_get_telemetry_and_events_apart() -> None:
    with fake_broker.start(MESSAGES, devices=500) as broker:
        sources = [
            source(broker.port, "telemetry-session", ["campus/+/+/+/telemetry"]),
            source(broker.port, "events-session", ["campus/+/+/+/event", "campus/+/+/+/status"]),
        ]
        reading = asyncio.create_task(asyncio.to_thread(broker.report))
        got = await drain(sources, MESSAGES)
        report = await reading
    assert got["telemetry-session"] == got["telemetry"]
    assert got["events-session"] == got["event"] == report["alarms"]
    assert report["alarms"] == pytest.approx(MESSAGES / 1_000, abs=2)
    assert report["messages"] == MESSAGES
    assert report["sessions"] == 2
    assert report["out_of_order"] == 0
    assert report["window"] == 500


async def test_one_session_gets_the_whole_mix_and_a_present_session_is_said_so() -> None:
    with fake_broker.start(MESSAGES, devices=500, session_present=True) as broker:
        reading = asyncio.create_task(asyncio.to_thread(broker.report))
        got = await drain([source(broker.port, "all", ["campus/#"])], MESSAGES)
        report = await reading
    assert got["all"] == got["telemetry"] + got["event"] == MESSAGES
    assert got["event"] == pytest.approx(MESSAGES / 1_000, abs=2)
    assert report["sessions"] == 1


@pytest.mark.parametrize(
    ("pattern", "topic", "taken"),
    [
        ("campus/#", "campus/a/b/c/event", True),
        ("campus/+/+/+/event", "campus/a/b/c/event", True),
        ("campus/+/+/+/event", "campus/a/b/c/telemetry", False),
        ("$share/g/campus/+/+/+/event", "campus/a/b/c/event", True),
        ("campus/+/event", "campus/a/b/c/event", False),
        ("#", "campus", True),
    ],
)
def test_topic_filters_match_as_in_mqtt(pattern: str, topic: str, taken: bool) -> None:
    assert fake_broker.matches(pattern, topic) is taken
