"""A platform that is dead, slow, or answers nonsense: its name, and the way around it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from name_service import NameService
from pushed import ALARM, Platform, link_to, nobody, raw

from devices.police_link.link import Exchange, Path, Result
from devices.police_link.names import Names


async def test_nobody_there_is_unreachable_and_sent_nothing() -> None:
    async with link_to(nobody()) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert (exchange.result, exchange.sent) == (Result.UNREACHABLE, b"")


async def test_a_platform_that_does_not_answer_is_silent_in_time(platform: Platform) -> None:
    platform.wait.clear()
    async with link_to(platform.url, answer_timeout_s=0.2) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is Result.SILENT
    assert exchange.elapsed_ms >= 200
    assert exchange.sent


async def test_an_answer_that_trickles_is_cut_at_the_limit() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with raw(trickle) as url, link_to(url, answer_timeout_s=0.3) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is Result.SILENT
    assert exchange.elapsed_ms < 5000, "the platform would trickle on for twenty seconds"


@pytest.mark.parametrize(
    ("begin", "again", "results"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 10_000, {Result.GARBLED}, id="one header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n" * 999, {Result.GARBLED}, id="headers"),
        pytest.param(b"", b"x" * 10_000, {Result.GARBLED}, id="a first line"),
        pytest.param(
            b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99, {Result.SILENT}, id="promises of an answer"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\nx\r\n" * 999,
            {Result.GARBLED, Result.SILENT},
            id="small chunks",
        ),
    ],
)
async def test_a_flood_of_anything_ends_in_time_and_is_not_kept(
    begin: bytes, again: bytes, results: set[Result]
) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(begin)
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(again)
                await writer.drain()

    async with raw(flood) as url, link_to(url, answer_timeout_s=2) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result in results, exchange.reason
    assert exchange.elapsed_ms < 4000
    assert len(exchange.received) < 170_000


async def test_an_answer_without_an_end_is_garbled() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000)
        await writer.drain()

    async with raw(flood) as url, link_to(url) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is Result.GARBLED
    assert len(exchange.received) < 70_000


@pytest.mark.parametrize(
    "octets",
    [
        b'\n9810000E"ACK"0001R0L0#1234[]\r',
        b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"code":',
        b"HTTP/1.1 2oo OK\r\n\r\n",
        b"\x16\x03\x01\x02",
    ],
)
async def test_an_answer_that_is_none_acknowledges_nothing(octets: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(octets)
        await writer.drain()

    async with raw(babble) as url, link_to(url) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result in {Result.GARBLED, Result.SILENT}
    assert exchange.reason


async def test_a_kept_connection_that_was_closed_costs_no_alarm() -> None:
    """The platform closes it without a word just as the next message comes."""
    connections = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        await reader.readexactly(length)
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"code":0}')
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")  # the next message is read, and not answered

    async with raw(once) as url, link_to(url) as link:
        assert (await link.probe(Path.PRIMARY)).acknowledged
        assert (await link.probe(Path.PRIMARY, ALARM)).acknowledged
    assert connections == 2


async def test_a_platform_known_by_name_is_reached_while_the_name_service_hangs(
    platform: Platform, service: NameService
) -> None:
    service.addresses["localhost"] = ("127.0.0.1",)
    url = platform.url.replace("127.0.0.1", "localhost")
    names = Names(service.look_up, fresh_s=0.0)
    async with link_to(url, names=names) as link:
        assert (await link.probe(Path.PRIMARY)).acknowledged
        service.answering.clear()
        assert (await link.probe(Path.PRIMARY, ALARM)).acknowledged
    async with link_to(url.replace("localhost", "127.0.0.1"), names=names) as link:
        assert (await link.probe(Path.PRIMARY, ALARM)).acknowledged


async def test_a_name_service_that_hangs_is_waited_for_no_longer_than_the_limit(
    platform: Platform, service: NameService
) -> None:
    service.answering.clear()
    url = platform.url.replace("127.0.0.1", "localhost")
    async with link_to(url, answer_timeout_s=0.2, names=Names(service.look_up)) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert (exchange.result, exchange.sent) == (Result.UNREACHABLE, b"")
    assert exchange.elapsed_ms < 5000, "the name service hangs for ten seconds"


async def test_where_nobody_answers_the_names_next_address_comes_first(
    platform: Platform, service: NameService
) -> None:
    service.addresses["localhost"] = ("127.0.0.99", "127.0.0.1")
    url = platform.url.replace("127.0.0.1", "localhost")
    async with link_to(url, names=Names(service.look_up)) as link:
        results = [(await link.probe(Path.PRIMARY, ALARM)).result for _ in range(3)]
    assert results == [Result.UNREACHABLE, Result.ACKNOWLEDGED, Result.ACKNOWLEDGED]


async def test_a_name_that_nobody_knows_is_unreachable(service: NameService) -> None:
    async with link_to("http://localhost:9/", names=Names(service.look_up)) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert (exchange.result, exchange.sent) == (Result.UNREACHABLE, b"")
    assert "localhost is not known" in exchange.reason


# Two paths


async def test_the_backup_carries_the_alarm_when_the_primary_is_dead(second: Platform) -> None:
    told: list[Exchange] = []
    async with link_to(nobody(), second.url) as link:
        report = await link.send(ALARM, on_exchange=told.append)
    assert [one.path for one in told] == [Path.PRIMARY, Path.BACKUP]
    assert tuple(told) == report.exchanges
    assert report.acknowledged is told[1]


async def test_a_primary_that_just_failed_is_tried_last_until_it_answers(
    platform: Platform, second: Platform
) -> None:
    platform.wait.clear()
    async with link_to(platform.url, second.url, answer_timeout_s=1.0) as link:
        await link.send(ALARM)
        report = await link.send(ALARM)
        assert [one.path for one in report.exchanges] == [Path.BACKUP]
        platform.wait.set()
        await link.probe(Path.PRIMARY)
        report = await link.send(ALARM)
        assert [one.path for one in report.exchanges] == [Path.PRIMARY]


async def test_a_backup_is_not_bothered_when_the_primary_has_it(
    platform: Platform, second: Platform
) -> None:
    async with link_to(platform.url, second.url) as link:
        await link.send(ALARM)
    assert (len(platform.requests), len(second.requests)) == (1, 0)
