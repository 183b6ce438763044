"""The platform on real sockets: repetitions, silence, strangers, floods and garbage."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from wired_device import CHANNEL, PASSWORD, RECORDER, Device, hour, house, said

from devices.recording.gb28181 import Change, Config, Limits, Platform, PlatformError, Transport
from devices.recording.gb28181 import sockets as wires
from devices.recording.gb28181.signalling import MOST_LARGER
from devices.recording.gb28181.sip import Request
from devices.recording.source import Answer, Span, Trouble, UnreachableError

CHINA = ZoneInfo("Asia/Shanghai")
BEGIN = int(datetime(2026, 11, 20, tzinfo=CHINA).timestamp()) * 1000
HOUR_MS = 3_600_000
MORNING = Span(BEGIN, BEGIN + 12 * HOUR_MS)
QUICK = Limits(page_s=1.0, whole_s=10, settle_s=0.05, queue_s=10)
WAIT_S = 10.0


async def finished(asked: asyncio.Task[Answer]) -> Answer:
    return await asyncio.wait_for(asked, WAIT_S)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)


async def test_a_repeated_request_gets_the_same_answer_and_is_done_once() -> None:
    async with house(limits=QUICK) as here:
        device = await here.recorder()
        asked = asyncio.create_task(here.platform.records(CHANNEL, MORNING, RECORDER))
        question = await device.question()
        page = device.records(question, 2, hour(1))
        for _ in range(3):
            device.send(page)
        answers = {await asyncio.wait_for(device.raw.get(), WAIT_S) for _ in range(3)}
        assert len(answers) == 1
        device.send(device.records(question, 2, hour(2)))
        assert len((await finished(asked)).segments) == 2
        assert here.platform.counters.repeated == 2


async def test_a_repeated_registration_is_one_registration() -> None:
    async with house() as here:
        device = await here.device()
        device.send(device.request("REGISTER"))
        proof = device.authorized(await device.answer())
        request = device.request("REGISTER", extra=proof)
        for _ in range(2):
            device.send(request)
            assert (await device.answer()).status == 200
        assert here.platform.counters.repeated == 1
        overheard = device.request("REGISTER", extra=proof)  # the same proof in another request
        device.send(overheard)
        assert (await device.answer()).status == 401


async def test_a_question_is_repeated_until_it_is_answered() -> None:
    async with house(limits=Limits(page_s=8, settle_s=0.05)) as here:
        device = await here.recorder()
        asked = asyncio.create_task(here.platform.records(CHANNEL, MORNING, RECORDER))
        first = await device.next()
        assert await device.next() == first  # not accepted yet
        device.send(device.records(await device.question(), 0))
        assert (await finished(asked)).complete


async def test_a_long_span_is_asked_for_by_twelve_hours_without_a_gap() -> None:
    async with house(limits=QUICK) as here:
        device = await here.recorder()
        span = Span(BEGIN, BEGIN + 31 * HOUR_MS)
        asked = asyncio.create_task(here.platform.records(CHANNEL, span, RECORDER))
        edges = []
        for _ in range(3):
            question = await device.question()
            edges.append((said(question, "StartTime"), said(question, "EndTime")))
            assert said(question, "DeviceID") == CHANNEL
            device.send(device.records(question, 0))
            await device.answer()
        assert (await finished(asked)).complete
        midnight = datetime(2026, 11, 20)  # noqa: DTZ001 - as it is written, without a zone
        hours = [midnight + timedelta(hours=one) for one in (0, 12, 24, 31)]
        texts = [one.isoformat() for one in hours]
        assert edges == list(pairwise(texts))


async def test_a_channel_that_is_no_identity_or_hangs_nowhere_is_unknown() -> None:
    async with house(limits=QUICK) as here:
        await here.recorder()
        answer = await here.platform.records("camera 1", MORNING, RECORDER)
        assert answer.trouble is Trouble.REFUSED
        answer = await here.platform.records(CHANNEL, MORNING)
        assert answer.trouble is Trouble.UNREACHABLE


@pytest.mark.parametrize("seed", range(25))
async def test_whatever_happens_to_pages_an_answer_is_right_or_unknown(seed: int) -> None:
    """Pages lost, doubled, shuffled and broken, as a seeded chance will have it."""
    chance = random.Random(seed)
    async with house(limits=Limits(page_s=1.0, settle_s=0.05)) as here:
        device = await here.recorder()
        asked = asyncio.create_task(here.platform.records(CHANNEL, MORNING, RECORDER))
        question = await device.question()
        hours = list(range(chance.randint(1, 12)))
        size = chance.randint(1, 3)
        harm = chance.choice([0.0, 0.1, 0.4])
        lost = False
        sent: list[bytes] = []
        for first in range(0, len(hours), size):
            items = [hour(one) for one in hours[first : first + size]]
            page = device.records(question, len(hours), *items)
            if chance.random() < harm:
                lost = True
                if chance.random() < 0.5:
                    sent.append(page[:-30].replace(b"</Item>", b"</Itm>"))
                continue
            sent.append(page)
            if chance.random() < 0.4:
                sent.append(device.records(question, len(hours), *items))
        chance.shuffle(sent)
        for page in sent:
            device.send(page)
        answer = await finished(asked)
        assert answer.complete == (not lost)
        if answer.complete:
            assert [one.begin for one in answer.segments] == [
                BEGIN + one * HOUR_MS for one in hours
            ]


async def test_one_unknown_part_makes_the_whole_unknown() -> None:
    async with house(limits=QUICK) as here:
        device = await here.recorder()
        span = Span(BEGIN, BEGIN + 24 * HOUR_MS)
        asked = asyncio.create_task(here.platform.records(CHANNEL, span, RECORDER))
        device.send(device.records(await device.question(), 1, hour(1)))
        await device.answer()
        device.send(device.records(await device.question(), 2, hour(13)))
        answer = await finished(asked)
        assert answer.trouble is Trouble.INCOMPLETE
        assert "1 of 2" in answer.detail


async def test_a_silent_recorder_goes_offline_with_its_channels_and_open_questions() -> None:
    async with house(limits=Limits(page_s=30), keepalive_ms=700) as here:
        device = await here.recorder()
        asked = asyncio.create_task(here.platform.records(CHANNEL, MORNING, RECORDER))
        await device.question()
        assert (await here.event()).change is Change.ONLINE
        assert (await here.event()).change is Change.SILENT
        answer = await finished(asked)
        assert answer.trouble is Trouble.UNREACHABLE
        assert here.platform.devices() == ()
        with pytest.raises(UnreachableError):
            await here.platform.catalog(RECORDER)
        device.send(device.keepalive())
        assert (await device.answer()).status == 403  # so that it registers anew


async def test_a_platform_that_stood_still_misses_nobody_who_spoke_meanwhile() -> None:
    async with house(keepalive_ms=700) as here:
        device = await here.recorder()
        assert (await here.event()).change is Change.ONLINE
        for _ in range(5):
            device.send(b"before it in the queue")
        device.send(device.keepalive())
        time.sleep(2.5)  # noqa: ASYNC251 - nobody else gets a turn
        assert (await device.answer()).status == 200
        assert [one.device for one in here.platform.devices()] == [RECORDER]


async def test_keep_alives_keep_it_online() -> None:
    async with house(keepalive_ms=500) as here:
        device = await here.recorder()
        online = await here.event()
        heard = online.at
        while heard < online.at + 1_600:  # longer than three keep-alives
            device.send(device.keepalive())
            assert (await device.answer()).status == 200
            known = here.platform.device(RECORDER)
            assert known is not None
            heard = known.heard
            await asyncio.sleep(0.05)
        assert here.events.empty()


async def test_a_forgotten_device_is_offline_and_stays_away() -> None:
    passwords = {RECORDER: PASSWORD}
    async with house(passwords=passwords) as here:
        device = await here.recorder()
        del passwords[RECORDER]
        here.platform.forget(RECORDER)
        assert [(await here.event()).change for _ in range(2)] == [
            Change.ONLINE,
            Change.UNREGISTERED,
        ]
        assert (await device.register()).status == 403
        assert here.platform.devices() == ()


async def test_what_others_say_in_its_name_does_not_count() -> None:
    async with house(limits=QUICK) as here:
        device = await here.recorder()
        other = await here.device("127.0.0.2")
        other.send(other.keepalive())
        assert (await other.answer()).status == 403
        asked = asyncio.create_task(here.platform.records(CHANNEL, MORNING, RECORDER))
        question = await device.question()
        other.send(other.records(question, 0))
        assert (await other.answer()).status == 403
        device.send(device.records(question, 1, hour(1)))
        assert len((await finished(asked)).segments) == 1


async def test_an_answer_to_nothing_that_is_asked_is_counted_and_forgotten() -> None:
    async with house(limits=QUICK) as here:
        device = await here.recorder()
        asked = asyncio.create_task(here.platform.records(CHANNEL, MORNING, RECORDER))
        question = await device.question()
        assert (await finished(asked)).trouble is Trouble.TIMED_OUT
        device.send(device.records(question, 0))
        assert (await device.answer()).status == 200
        assert here.platform.counters.unexpected == 1


async def test_a_recorder_is_asked_two_questions_at_a_time() -> None:
    async with house(limits=QUICK) as here:
        device = await here.recorder()
        asked = [
            asyncio.create_task(here.platform.records(CHANNEL, MORNING, RECORDER)) for _ in range(5)
        ]
        first, second = await device.question(), await device.question()
        await asyncio.sleep(0.1)
        assert device.raw.empty()
        for question in (first, second):
            device.send(device.records(question, 0))
        for _ in range(3):
            message = await device.next()
            while not isinstance(message, Request):  # our answers to its pages lie between
                message = await device.next()
            device.accept(message)
            device.send(device.records(message, 0))
        assert all([(await finished(one)).complete for one in asked])


async def test_a_cancelled_question_and_a_stopped_platform_leave_nothing_open() -> None:
    async with house() as here:
        device = await here.recorder()
        asker = here.platform._asker
        asked = asyncio.create_task(here.platform.records(CHANNEL, MORNING, RECORDER))
        await device.question()
        asked.cancel()
        await asyncio.wait({asked})
        assert (asker._open, asker._turns, dict(asker._waiting)) == ({}, {}, {})
        assert here.platform._signalling._asked._waiting == {}
        again = asyncio.create_task(here.platform.records(CHANNEL, MORNING, RECORDER))
        await device.question()
        await here.platform.stop()
        assert (await finished(again)).trouble is Trouble.UNREACHABLE
        assert (asker._open, asker._turns, dict(asker._waiting)) == ({}, {}, {})


async def test_who_guesses_passwords_is_soon_not_listened_to() -> None:
    async with house() as here:
        device = await here.device()
        for _ in range(10):
            assert (await device.register("guess")).status == 403
        assert (await device.register(PASSWORD)).status == 403
        assert here.platform.counters.limited == 1
        elsewhere = await here.device("127.0.0.2")
        assert (await elsewhere.register(PASSWORD)).status == 200  # the device itself gets in


async def test_unknown_identities_are_refused_and_counted() -> None:
    async with house() as here:
        stranger = await here.device(identity="34020000001180000009")
        assert (await stranger.register()).status == 403
        stranger.send(stranger.keepalive())
        assert (await stranger.answer()).status == 403
        assert here.platform.counters.strangers == 2
        nobody = await here.device(identity="admin")
        assert (await nobody.register()).status == 400


async def test_a_flood_of_strangers_is_answered_little_and_devices_are_served() -> None:
    async with house(limits=QUICK) as here:
        device = await here.recorder()
        flood = await here.device("127.0.0.3")
        counters = here.platform.counters
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(1, 2_001):
            flood.send(flood.request("REGISTER"))
            if number % 50 == 0:  # or the kernel drops them before they come
                await until(lambda: counters.limited + flood.raw.qsize() >= number)  # noqa: B023
        answered = 60 + 5 * (loop.time() - began)
        asked = asyncio.create_task(here.platform.records(CHANNEL, MORNING, RECORDER))
        device.send(device.records(await device.question(), 0))
        assert (await finished(asked)).complete
        assert counters.limited >= 2_000 - answered
        assert flood.raw.qsize() <= answered


async def test_nothing_is_answered_in_amplification() -> None:
    async with house() as here:
        device: Device = await here.device()
        after = await here.device("127.0.0.2")
        chance = random.Random(28181)
        short = (
            f"REGISTER sip:a SIP/2.0\r\nv: x\r\nf: sip:{RECORDER}@a\r\nt: sip:{RECORDER}@a\r\n"
            "i: 1\r\nCSeq: 1 REGISTER\r\n\r\n"
        ).encode()
        whole = device.request("REGISTER")
        for _ in range(30):
            told = chance.choice([short, whole, whole[: chance.randrange(len(whole))]])
            device.send(told)
            # Answered in order: once this one has been, that one has been or never will be.
            after.send(after.request("REGISTER"))
            await after.answer()
            while not device.raw.empty():
                assert len(device.raw.get_nowait()) <= MOST_LARGER * len(told)
        assert here.platform.counters.limited > 0  # the short ones


async def test_garbage_is_counted_and_never_answered() -> None:
    async with house() as here:
        device = await here.device()
        chance = random.Random(1)
        for _ in range(30):
            device.send(chance.randbytes(chance.randint(1, 1_400)))
        device.send(b"INVITE sip:x SIP/2.0\r\nCSeq: 1 ACK\r\n\r\n")
        device.send(device.request("ACK"))
        device.send(device.request("REGISTER"))
        assert (await device.answer()).status == 401
        assert device.raw.empty()
        assert here.platform.counters.garbage == 31


async def test_other_methods_of_devices_are_refused_politely() -> None:
    async with house() as here:
        device = await here.recorder()
        for method, status in (("OPTIONS", 200), ("INVITE", 405), ("SUBSCRIBE", 405)):
            device.send(device.request(method))
            answer = await device.answer()
            assert answer.status == status
            assert answer.header("allow") == "REGISTER, MESSAGE, NOTIFY, OPTIONS"
        device.send(
            device.request(
                "MESSAGE",
                "<Notify><CmdType>Alarm</CmdType>"
                f"<SN>1</SN><DeviceID>{CHANNEL}</DeviceID></Notify>",
            )
        )
        assert (await device.answer()).status == 200
        assert here.platform.counters.ignored == 1


async def connected(platform: Platform) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*platform.address(Transport.TCP))


async def ended(reader: asyncio.StreamReader) -> None:
    """Wait until the platform ends the connection."""
    try:
        assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
    except ConnectionResetError:
        return


async def test_tcp_connections_that_speak_no_sip_or_trickle_are_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wires, "MESSAGE_S", 0.3)
    monkeypatch.setattr(wires, "STRANGER_IDLE_S", 0.6)
    async with house() as here:
        spoken = (b"GET / HTTP/1.1\r\n\r\n", b"A" * 20_000, b"REGISTER sip:x", b"")
        for told in spoken:
            reader, writer = await connected(here.platform)
            writer.write(told)
            await ended(reader)
            writer.close()
        reader, writer = await connected(here.platform)
        started = asyncio.get_running_loop().time()
        end = asyncio.create_task(ended(reader))
        while not end.done():  # a byte now and then does not prolong the limit
            writer.write(b"R")
            await asyncio.wait({end}, timeout=0.05)
        assert asyncio.get_running_loop().time() - started < 5
        writer.close()
        assert here.platform.connections == 0
        assert here.platform.counters.garbage == 2


async def test_one_address_opens_so_many_connections_and_no_more() -> None:
    async with house() as here:
        opened = [await connected(here.platform) for _ in range(wires.MAX_OF_HOST + 5)]
        await asyncio.gather(*(ended(reader) for reader, _ in opened[wires.MAX_OF_HOST :]))
        assert here.platform.connections == wires.MAX_OF_HOST
        assert here.platform.counters.connections_refused == 5
        for _, writer in opened:
            writer.close()


async def test_a_lost_tcp_connection_is_no_way_to_ask() -> None:
    async with house(limits=Limits(page_s=30)) as here:
        device = await here.device()  # its words, over TCP
        reader, writer = await connected(here.platform)

        async def exchange(request: bytes) -> bytes:
            writer.write(request)
            return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S)

        device.datagram_received(await exchange(device.request("REGISTER")), None)
        proof = device.authorized(await device.answer())
        answer = await exchange(device.request("REGISTER", extra=proof))
        assert answer.startswith(b"SIP/2.0 200")
        writer.close()
        await until(lambda: not here.platform.connections)
        answered = await here.platform.records(CHANNEL, MORNING, RECORDER)
        assert answered.trouble is Trouble.UNREACHABLE


async def test_a_busy_connection_that_always_ends_within_a_message_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wires, "MESSAGE_S", 1.0)
    async with house() as here:
        device = await here.device()
        _, writer = await connected(here.platform)
        held = b""
        loop = asyncio.get_running_loop()
        end = loop.time() + 2.5
        while loop.time() < end:
            request = device.request("ACK")
            writer.write(held + request[:40])
            held = request[40:]
            await asyncio.sleep(0.05)
        assert here.platform.connections == 1
        writer.close()


async def test_a_taken_port_says_so() -> None:
    async with house() as here:
        taken = Config(
            identity="34020000002000000001",
            passwords=lambda _: None,
            host="127.0.0.1",
            udp_port=here.address[1],
            tcp_port=None,
        )
        with pytest.raises(PlatformError, match="cannot listen"):
            await Platform(taken).start()
