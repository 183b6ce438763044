"""What devices say of their own accord, from changed addresses, in other zones, and all at once."""

from __future__ import annotations

import asyncio
import tracemalloc
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from wired_device import CHANNEL, OURS, PASSWORD, RECORDER, Device, House, hour, house, said

from devices.recording.gb28181 import (
    Change,
    Config,
    Gb28181Recorder,
    Limits,
    Platform,
    Refused,
)
from devices.recording.source import Span, UnreachableError, UnreadableError

QUICK = Limits(page_s=1.0, whole_s=10, settle_s=0.05, queue_s=10)
HOUR_MS = 3_600_000


def notify(device: Device, command: str, more: str = "", *, method: str = "MESSAGE") -> bytes:
    return device.request(
        method,
        f"<Notify><CmdType>{command}</CmdType><SN>1</SN><DeviceID>{device.identity}</DeviceID>"
        f"{more}</Notify>",
    )


async def changes(here: House, number: int) -> list[Change]:
    return [(await here.event()).change for _ in range(number)]


@pytest.mark.parametrize("method", ["MESSAGE", "NOTIFY"])
async def test_a_notice_of_channels_is_news_and_nothing_in_it_is_believed(method: str) -> None:
    async with house() as here:
        device = await here.recorder()
        told = f"<SumNum>1</SumNum><DeviceList><Item><DeviceID>{CHANNEL}</DeviceID>"
        told += "<Event>ON</Event></Item></DeviceList>"
        device.send(notify(device, "Catalog", told, method=method))
        assert (await device.answer()).status == 200
        assert await changes(here, 2) == [Change.ONLINE, Change.CHANNELS]
        assert here.platform.channels(RECORDER) == ()


async def test_a_keep_alive_is_news_only_when_other_channels_are_faulty() -> None:
    async with house() as here:
        device = await here.recorder()
        faulty = f"<Status>OK</Status><Info><DeviceID>{CHANNEL}</DeviceID></Info>"
        for more in ("", faulty, faulty, "<Status>OK</Status>"):
            device.send(notify(device, "Keepalive", more))
            assert (await device.answer()).status == 200
        assert await changes(here, 3) == [Change.ONLINE, Change.CHANNELS, Change.CHANNELS]
        assert here.events.empty()


async def test_what_is_not_taken_is_told_with_its_reason_and_a_sample() -> None:
    async with house() as here:
        device = await here.recorder()
        device.send(notify(device, "Alarm", "<AlarmMethod>5</AlarmMethod>" + " " * 5_000))
        device.send(notify(device, "MobilePosition", method="NOTIFY"))
        device.send(device.request("MESSAGE", "<Notify><CmdType>Keepalive</CmdType></Notify>"))
        device.send(device.request("MESSAGE", "nonsense"))
        statuses = [(await device.answer()).status for _ in range(4)]
        assert statuses == [200, 200, 400, 400]
        assert (await device.register("wrong")).status == 403
        assert [(one.device, one.why) for one in here.refusals] == [
            (RECORDER, Refused.COMMAND),
            (RECORDER, Refused.COMMAND),
            (RECORDER, Refused.CONTENT),
            (RECORDER, Refused.BROKEN),
            (RECORDER, Refused.PASSWORD),
        ]
        assert len(here.refusals[0].sample) == 1_024
        assert here.refusals[3].sample == b"nonsense"
        assert here.platform.counters.ignored == 2


async def test_a_recorder_from_a_changed_address_is_asked_there_and_only_there() -> None:
    async with house(limits=QUICK) as here:
        old = await here.recorder()
        moved = await here.device("127.0.0.2")
        assert (await moved.register()).status == 200
        assert await changes(here, 2) == [Change.ONLINE, Change.MOVED]
        old.send(old.keepalive())
        assert (await old.answer()).status == 403
        begin = int(datetime(2026, 11, 19, 16, tzinfo=UTC).timestamp()) * 1000
        asked = asyncio.create_task(
            here.platform.records(CHANNEL, Span(begin, begin + 12 * HOUR_MS), RECORDER)
        )
        moved.send(moved.records(await moved.question(), 1, hour(1)))
        assert (await asyncio.wait_for(asked, 10)).complete
        assert old.raw.empty()


async def test_each_recorder_is_told_and_understood_in_its_own_zone() -> None:
    west, number = "34020000001180000002", int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
    zones = {west: ZoneInfo("Asia/Urumqi")}
    config = Config(
        identity=OURS,
        passwords={RECORDER: PASSWORD, west: PASSWORD}.get,
        host="127.0.0.1",
        udp_port=0,
        tcp_port=None,
        zones=zones,
    )
    at = number * 1000
    async with Platform(config, limits=QUICK, now=lambda: at) as platform:
        here = House(platform, asyncio.Queue(), [])
        try:
            for identity, wall in ((RECORDER, "08"), (west, "06")):
                device = await here.device(identity=identity)
                answer = await device.register()
                assert (answer.header("date") or "").startswith(f"2026-11-20T{wall}:00:00")
                span = Span(at, at + HOUR_MS)
                asked = asyncio.create_task(platform.records(CHANNEL, span, identity))
                question = await device.question()
                assert said(question, "StartTime") == f"2026-11-20T{wall}:00:00"
                device.send(device.records(question, 1, hour(int(wall))))
                (segment,) = (await asyncio.wait_for(asked, 10)).segments
                assert segment.begin == at
        finally:
            for one in here.devices:
                one.close()
            await asyncio.sleep(0)


async def test_one_that_refuses_to_tell_its_clock_is_there_all_the_same() -> None:
    async with house(limits=QUICK) as here:
        device = await here.recorder()
        source = Gb28181Recorder(here.platform, RECORDER)
        asked = asyncio.create_task(source.clock())
        question = await device.question()
        device.send(
            device.request(
                "MESSAGE",
                f"<Response><CmdType>DeviceStatus</CmdType><SN>{said(question, 'SN')}</SN>"
                f"<DeviceID>{RECORDER}</DeviceID><Result>ERROR</Result></Response>",
            )
        )
        assert await asyncio.wait_for(asked, 10) is None


async def test_one_that_answers_no_question_is_there_while_it_keeps_alive() -> None:
    async with house(limits=Limits(page_s=0.2)) as here:
        device = await here.recorder()
        source = Gb28181Recorder(here.platform, RECORDER)
        asked = asyncio.create_task(source.clock())
        await device.question()
        assert await asyncio.wait_for(asked, 10) is None
        here.platform.forget(RECORDER)
        with pytest.raises(UnreachableError):
            await source.clock()


async def test_what_was_said_of_channels_before_an_absence_is_worth_nothing_after_it() -> None:
    async with house(limits=QUICK) as here:
        device = await here.recorder()

        async def catalog(status: str) -> list[bool | None]:
            asked = asyncio.create_task(here.platform.catalog(RECORDER))
            question = await device.question()
            device.send(
                device.request(
                    "MESSAGE",
                    f"<Response><CmdType>Catalog</CmdType><SN>{said(question, 'SN')}</SN>"
                    f"<DeviceID>{RECORDER}</DeviceID><SumNum>1</SumNum><DeviceList><Item>"
                    f"<DeviceID>{CHANNEL}</DeviceID><Status>{status}</Status></Item></DeviceList>"
                    "</Response>",
                )
            )
            assert (await device.answer()).status == 200
            return [one.online for one in await asyncio.wait_for(asked, 10)]

        assert await catalog("ON") == [True]
        assert (await device.register(expires=0)).status == 200
        assert [one.online for one in here.platform.channels(RECORDER)] == [False]
        assert (await device.register()).status == 200
        assert [one.online for one in here.platform.channels(RECORDER)] == [None]
        assert await catalog("OFF") == [False]


async def test_a_catalog_larger_than_any_recorder_is_not_believed() -> None:
    async with house(limits=QUICK) as here:
        device = await here.recorder()
        asked = asyncio.create_task(here.platform.catalog(RECORDER))
        question = await device.question()
        device.send(
            device.request(
                "MESSAGE",
                f"<Response><CmdType>Catalog</CmdType><SN>{said(question, 'SN')}</SN>"
                f"<DeviceID>{RECORDER}</DeviceID><SumNum>90000</SumNum><DeviceList><Item>"
                f"<DeviceID>{CHANNEL}</DeviceID></Item></DeviceList></Response>",
            )
        )
        with pytest.raises(UnreadableError, match="90000 items announced"):
            await asyncio.wait_for(asked, 10)


async def test_a_thousand_recorders_that_come_back_at_once_are_all_registered() -> None:
    identities = [f"3402000000118{number:07}" for number in range(1_000)]
    async with house(passwords=dict.fromkeys(identities, PASSWORD)) as here:
        first = await here.device(identity=identities[0])
        assert (await first.register()).status == 200  # from now on their address is no stranger

        sockets = asyncio.Semaphore(300)  # a process may have a thousand files open at most

        async def comes_back(identity: str) -> None:
            async with sockets:
                await registers(await here.device(identity=identity))

        async def registers(device: Device) -> None:
            extra = "Expires: 3600\r\n"
            request = device.request("REGISTER", extra=extra)
            while True:  # as a device does: again and again until it is answered
                device.send(request)
                try:
                    answer = await asyncio.wait_for(device.answer(), 2.0)
                except TimeoutError:
                    continue
                if answer.status == 200:
                    break
                if answer.status == 401:
                    proof = extra + device.authorized(answer)
                    request = device.request("REGISTER", extra=proof)
            device.close()

        async with asyncio.timeout(120):
            await asyncio.gather(*(comes_back(one) for one in identities[1:]))
        assert {one.device for one in here.platform.devices()} == set(identities)
        assert here.platform.counters.wrong_password == 0


async def test_a_flood_from_strangers_is_forgotten() -> None:
    async with house() as here:
        device = await here.device()
        stranger = Device(here.address, "34020000001180009999")
        address = ("127.0.0.9", 5060)
        sockets = here.platform._signalling._sockets

        def flood(number: int) -> None:
            for _ in range(number):
                for method in ("REGISTER", "MESSAGE"):
                    datagrams.datagram_received(stranger.request(method), address)

        transport = sockets._udp
        assert transport is not None
        datagrams = transport.get_protocol()
        flood(2_000)  # what is remembered of them at all is remembered now
        tracemalloc.start()
        try:
            flood(5_000)
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert grown < 200_000
        assert here.platform.devices() == ()
        assert here.refusals == []  # nobody's name is filled with what strangers say
        assert (await device.register()).status == 200
