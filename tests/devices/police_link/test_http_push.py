"""Alarms pushed over HTTPS to a platform: what arrives, what counts as acknowledged."""

from __future__ import annotations

import asyncio
import json
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pushed import ALARM, HAPPENED, KEY, TEMPLATE, Platform, link_to

from devices.police_link.http_push import (
    HttpPushLink,
    PushConfig,
    judge,
    signature,
)
from devices.police_link.link import Code, LinkEvent, Path, Result

# What arrives


async def test_an_alarm_arrives_with_all_that_the_standard_asks_for(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        report = await link.send(ALARM)
    assert report.acknowledged is not None
    assert platform.requests[0][0] == "/alarms?site=1"
    body = platform.body
    assert (body["type"], body["contact_id"], body["test"], body["restored"]) == (
        "panic",
        120,
        False,
        False,
    )
    assert body["place"] == {
        "name": "南门",
        "coordinate_system": "WGS84",
        "longitude": 111.7492,
        "latitude": 40.8426,
    }
    assert body["school"] == {"id": "s1", "name": "第三中学", "contact": "保卫处"}
    assert body["occurred_at"] == "2026-11-20T08:00:00.123+00:00"
    assert body["video"] == {
        "from": "2026-11-20T07:59:30.123+00:00",
        "cameras": [{"id": "cam-1", "name": "南门外", "recording": "rec/cam-1/1795161570123"}],
    }


async def test_the_signature_is_what_the_platform_computes_itself(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        await link.send(ALARM)
    _, headers, body = platform.requests[0]
    assert headers["idempotency-key"] == "police:s1/main/41"
    expected = signature(KEY, headers["x-timestamp"], headers["idempotency-key"], body)
    assert headers["x-signature"] == f"sha256={expected}"
    assert abs(int(headers["x-timestamp"]) - time.time() * 1000) < 10_000
    other = signature(b"another key, not ours", headers["x-timestamp"], "police:s1/main/41", body)
    assert other != expected


async def test_a_second_attempt_says_the_same_under_the_same_key(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        await link.send(ALARM)
        await link.send(ALARM)
    first, again = platform.requests
    assert first[2] == again[2]
    assert first[1]["idempotency-key"] == again[1]["idempotency-key"]


async def test_a_fault_is_told_as_the_state_of_a_device(platform: Platform) -> None:
    fault = LinkEvent(
        key="k", sequence=1, code=Code.LOW_BATTERY, happened=1, known=2, school="s1", restore=True
    )
    async with link_to(platform.url) as link:
        await link.send(fault)
    body = platform.body
    assert (body["message"], body["fault"], body["restored"]) == (
        "device_state",
        "battery_low",
        True,
    )


async def test_a_test_goes_the_way_of_an_alarm(platform: Platform) -> None:
    event = LinkEvent(
        key="k", sequence=1, code=Code.PERIODIC_TEST, happened=1, known=2, school="s1", test=True
    )
    async with link_to(platform.url) as link:
        exchange = await link.probe(Path.PRIMARY, event)
    assert exchange.acknowledged
    assert (platform.body["message"], platform.body["test"]) == ("alarm", True)


async def test_supervision_names_the_link_and_each_has_a_key_of_its_own(platform: Platform) -> None:
    times = iter([HAPPENED, HAPPENED, HAPPENED + 5, HAPPENED + 5])
    config = PushConfig(link="s1/main", primary=platform.url, key=KEY)
    link = HttpPushLink(config, TEMPLATE, now=lambda: next(times))
    await link.probe(Path.PRIMARY)
    await link.probe(Path.PRIMARY)
    await link.aclose()
    assert platform.body["link"] == "s1/main"
    keys = {headers["idempotency-key"] for _, headers, _ in platform.requests}
    assert len(keys) == 2


async def test_ten_alarms_at_once_all_arrive(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        platform.wait.clear()  # none is answered until all are there: they wait for no other
        sending = asyncio.gather(*(link.send(ALARM) for _ in range(10)))
        async with asyncio.timeout(20):
            while len(platform.requests) < 10:  # noqa: ASYNC110 - the server's threads
                await asyncio.sleep(0.01)
        platform.wait.set()
        reports = await sending
    assert all(report.acknowledged for report in reports)


async def test_the_evidence_holds_what_was_said_and_never_the_key(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        (exchange,) = (await link.send(ALARM)).exchanges
    assert exchange.sent.startswith(b"POST /alarms?site=1 HTTP/1.1\r\n")
    assert exchange.sent.endswith(platform.requests[0][2])
    assert exchange.received.startswith(b"HTTP 200\r\n")
    assert exchange.received.endswith(b'{"code": 0}')
    assert KEY not in exchange.sent
    assert KEY.decode() not in repr(link.config)


# What counts as acknowledged


@pytest.mark.parametrize(
    ("status", "answer", "result"),
    [
        (200, b'{"code": 0}', Result.ACKNOWLEDGED),
        (202, b'{"code": 0, "more": [1]}', Result.ACKNOWLEDGED),
        (204, b"", Result.REFUSED),
        (200, b'{"code": 1}', Result.REFUSED),
        (200, b'{"code": "0"}', Result.REFUSED),
        (200, b'{"code": false}', Result.REFUSED),
        (200, b"{}", Result.GARBLED),
        (200, b"[0]", Result.GARBLED),
        (200, b"<html>welcome to the hotel</html>", Result.GARBLED),
        (302, b"", Result.REFUSED),
        (400, b'{"code": 0}', Result.REFUSED),
        (401, b'{"code": 0}', Result.REFUSED),
        (500, b'{"code": 0}', Result.UNABLE),
        (503, b'{"code": 0}', Result.UNABLE),
    ],
)
async def test_only_what_the_template_names_acknowledges(
    platform: Platform, status: int, answer: bytes, result: Result
) -> None:
    platform.status, platform.answer = status, b"" if status == 204 else answer
    async with link_to(platform.url) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is result
    assert bool(exchange.reason) is not exchange.acknowledged


@given(st.integers(100, 599), st.binary(max_size=60))
def test_no_answer_acknowledges_by_chance(status: int, body: bytes) -> None:
    result, reason = judge(status, body, TEMPLATE)
    if result is Result.ACKNOWLEDGED:
        assert status in {200, 201, 202}
        assert json.loads(body)["code"] == 0
    else:
        assert reason


async def test_a_signature_refused_with_a_clock_far_off_is_clock_trouble(
    platform: Platform,
) -> None:
    platform.status = 401
    platform.date = formatdate(time.time() + 300, usegmt=True)
    async with link_to(platform.url) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is Result.CLOCK
    assert exchange.offset_ms is not None
    assert 295_000 < exchange.offset_ms < 305_000


async def test_a_clock_that_agrees_to_the_second_has_no_offset(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        assert (await link.probe(Path.PRIMARY)).offset_ms == 0
