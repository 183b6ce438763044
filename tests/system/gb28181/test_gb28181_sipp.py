"""The upper platform of GB/T 28181 with SIPp as the recorder: complete or unknown, never wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sipp_device import (
    CHANNEL,
    OTHER_CHANNEL,
    PASSWORD,
    RECORDER,
    Said,
    listening,
    recorder,
    sipp,
)

from devices.recording.gb28181 import Change, Gb28181Recorder, Limits, Transport
from devices.recording.source import Answer, RecordingSource, Span, Trouble

CHINA = ZoneInfo("Asia/Shanghai")


def at(hour: float) -> int:
    """An hour of 20 November 2026 in China, ms."""
    return int(datetime(2026, 11, 20, tzinfo=CHINA).timestamp() + hour * 3600) * 1000


MORNING = Span(at(0), at(12))

ItemTimes = tuple[str, str]
HOURS: Sequence[ItemTimes] = tuple(
    (f"2026-11-20T{hour:02}:00:00", f"2026-11-20T{hour + 1:02}:00:00") for hour in range(6)
)


def item(
    times: ItemTimes, *, channel: str = CHANNEL, name: str = "Camera 01", size: int = 0
) -> str:
    begin, end = times
    return (
        f"<Item><DeviceID>{channel}</DeviceID><Name>{name}</Name><FilePath>f{begin}</FilePath>"
        f"<StartTime>{begin}</StartTime><EndTime>{end}</EndTime><Secrecy>0</Secrecy>"
        f"<Type>time</Type><FileSize>{size}</FileSize></Item>"
    )


def page(total: int, *items: str, code: str = "gb18030", channel: str = CHANNEL) -> bytes:
    listed = f'<RecordList Num="{len(items)}">{"".join(items)}</RecordList>' if items else ""
    return (
        '<?xml version="1.0" encoding="GB2312"?>\n<Response><CmdType>RecordInfo</CmdType>'
        f"<SN>[$sn]</SN><DeviceID>{channel}</DeviceID><Name>N</Name><SumNum>{total}</SumNum>"
        f"{listed}</Response>"
    ).encode(code)


def pages(*starts: int, total: int = 6) -> list[Said]:
    """Pages of two items of the six hours, by the first of each."""
    return [
        Said(page(total, *(item(times) for times in HOURS[start : start + 2]))) for start in starts
    ]


def told(answer: Answer) -> list[tuple[int, int]]:
    return [(one.begin, one.end) for one in answer.segments]


ALL_SIX = [(at(hour), at(hour + 1)) for hour in range(6)]


async def asked(
    folder: Path, said: Sequence[Said], *, transport: Transport = Transport.UDP, **more: list[Said]
) -> Answer:
    async with recorder(folder, {"RecordInfo": said, **more}, transport=transport) as one:
        assert (await one.event()).change is Change.ONLINE
        source: RecordingSource = Gb28181Recorder(one.platform, RECORDER)
        return await source.ask(CHANNEL, MORNING)


@pytest.mark.parametrize("transport", list(Transport))
@pytest.mark.parametrize("offer_qop", [True, False])
async def test_registers_with_and_without_qop(
    tmp_path: Path, transport: Transport, offer_qop: bool
) -> None:
    async with recorder(tmp_path, {}, transport=transport, offer_qop=offer_qop) as one:
        event = await one.event()
        assert (event.device, event.change) == (RECORDER, Change.ONLINE)
        known = await one.kept_alive()
        assert known.agent == "SIPp NVR"
        assert known.faulty == (OTHER_CHANNEL,)  # as its keep-alive said
        assert known.transport is transport


@pytest.mark.parametrize("transport", list(Transport))
async def test_a_wrong_password_is_refused(tmp_path: Path, transport: Transport) -> None:
    async with listening() as (platform, events):
        run = await sipp(platform, transport, "wrong_password", "-ap", "wrong", cwd=tmp_path)
        assert await run.wait() == 0
        assert events.empty()
        assert platform.devices() == ()
        assert platform.counters.wrong_password == 1


@pytest.mark.parametrize("transport", list(Transport))
async def test_expires_zero_takes_the_recorder_offline(
    tmp_path: Path, transport: Transport
) -> None:
    async with listening() as (platform, events):
        run = await sipp(platform, transport, "leave", "-ap", PASSWORD, cwd=tmp_path)
        assert await run.wait() == 0
        changes = [events.get_nowait().change for _ in range(2)]
        assert changes == [Change.ONLINE, Change.UNREGISTERED]
        assert platform.counters.unregistered == 1  # its keep-alive afterwards


@pytest.mark.parametrize("transport", list(Transport))
async def test_recordings_in_several_messages(tmp_path: Path, transport: Transport) -> None:
    answer = await asked(tmp_path, pages(0, 2, 4), transport=transport)
    assert answer.complete
    assert told(answer) == ALL_SIX


async def test_pages_out_of_order_and_repeated(tmp_path: Path) -> None:
    answer = await asked(tmp_path, pages(4, 0, 4, 0, 2, 2))
    assert (answer.trouble, told(answer)) == (None, ALL_SIX)


async def test_a_line_that_loses_packets_only_takes_longer(tmp_path: Path) -> None:
    answers = {"RecordInfo": pages(0, 2, 4)}
    patient = Limits(page_s=20, whole_s=60)
    async with recorder(tmp_path, answers, limits=patient, more=("-lost", "20")) as one:
        assert (await one.event()).change is Change.ONLINE
        answer = await one.platform.records(CHANNEL, MORNING, RECORDER)
        assert (answer.trouble, told(answer)) == (None, ALL_SIX)


@pytest.mark.parametrize(
    "starts", [(0, 2), (4, 0), (0, 2, 0, 2, 0, 2)], ids=["last", "middle", "repeated instead"]
)
async def test_a_missing_page_makes_the_answer_unknown(
    tmp_path: Path, starts: tuple[int, ...]
) -> None:
    answer = await asked(tmp_path, pages(*starts))
    assert answer.trouble is Trouble.INCOMPLETE
    assert "4 of 6" in answer.detail


async def test_a_file_that_grew_does_not_stand_in_for_a_missing_one(tmp_path: Path) -> None:
    grown = item((HOURS[1][0], "2026-11-20T02:00:09"), size=9)
    said = [*pages(0, total=3), Said(page(3, item(HOURS[0]), grown))]
    answer = await asked(tmp_path, said)
    assert not answer.complete


async def test_more_than_was_announced_is_a_contradiction(tmp_path: Path) -> None:
    answer = await asked(tmp_path, pages(0, 2, total=2))
    assert not answer.complete
    assert "more than" in answer.detail


async def test_broken_xml_makes_the_answer_unknown(tmp_path: Path) -> None:
    first, second, third = pages(0, 2, 4)
    cut = Said(second.body[:-60], status=400)
    answer = await asked(tmp_path, [first, cut, third])
    assert answer.trouble is Trouble.UNREADABLE
    assert "4 of 6" in answer.detail


async def test_a_good_copy_mends_a_broken_page(tmp_path: Path) -> None:
    first, second, third = pages(0, 2, 4)
    cut = Said(second.body[:-60], status=400)
    answer = await asked(tmp_path, [cut, first, second, third])
    assert (answer.trouble, told(answer)) == (None, ALL_SIX)


async def test_a_document_type_is_never_read(tmp_path: Path) -> None:
    typed = b'<!DOCTYPE r SYSTEM "file:///etc/hostname"><Response>'
    said = pages(0, total=2)[0].body.replace(b"<Response>", typed)
    answer = await asked(tmp_path, [Said(said, status=400)])
    assert answer.trouble is Trouble.UNREADABLE


async def test_times_without_zero_padding_and_names_in_gb18030(tmp_path: Path) -> None:
    name = "南门岗亭球机"
    assert not set(name.encode("gb18030")) & set(b"[]")  # which SIPp would take for its own
    said = [Said(page(1, item(("2026-11-20T0:5:0", "2026-11-20 6:0:7"), name=name)))]
    answer = await asked(tmp_path, said)
    assert answer.complete
    assert told(answer) == [(at(0) + 300_000, at(6) + 7_000)]


async def test_nothing_recorded_is_an_answer(tmp_path: Path) -> None:
    answer = await asked(tmp_path, [Said(page(0))])
    assert answer.complete
    assert answer.segments == ()


def device_time(mark: str, *, ahead_s: float = 0) -> Said:
    zone = UTC if mark == "utc" else CHINA
    now = datetime.fromtimestamp(datetime.now(UTC).timestamp() + ahead_s, zone)
    body = (
        '<?xml version="1.0"?>\n<Response><CmdType>DeviceStatus</CmdType><SN>[$sn]</SN>'
        f"<DeviceID>{RECORDER}</DeviceID><Result>OK</Result><Online>ONLINE</Online>"
        f"<Status>OK</Status><Record>ON</Record><DeviceTime>{now:%Y-%m-%dT%H:%M:%S}"
        f"{'Z' if mark else ''}</DeviceTime></Response>"
    )
    return Said(body.encode())


EVENING: ItemTimes = ("2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z")


@pytest.mark.parametrize(("clock", "begins"), [("local", at(1)), ("utc", at(9))])
async def test_what_z_means_the_recorders_clock_tells(
    tmp_path: Path, clock: str, begins: int
) -> None:
    said = [Said(page(1, item(EVENING)))]
    answer = await asked(tmp_path, said, DeviceStatus=[device_time(clock)])
    assert (answer.trouble, told(answer)) == (None, [(begins, begins + 3_600_000)])


@pytest.mark.parametrize(
    ("times", "begins"),
    [
        (("2026-11-20T09:00:00Z", "2026-11-20T11:00:00Z"), at(9)),
        (("2026-11-19T20:00:00Z", "2026-11-19T22:00:00Z"), at(4)),
    ],
    ids=["local", "utc"],
)
async def test_what_z_means_what_was_asked_for_tells(
    tmp_path: Path, times: ItemTimes, begins: int
) -> None:
    answer = await asked(tmp_path, [Said(page(1, item(times)))])
    assert (answer.trouble, told(answer)) == (None, [(begins, begins + 7_200_000)])


async def test_a_z_that_nothing_explains_stays_unknown(tmp_path: Path) -> None:
    answer = await asked(tmp_path, [Said(page(1, item(EVENING)))])
    assert answer.trouble is Trouble.UNREADABLE
    assert "UTC or local" in answer.detail


async def test_a_z_that_clock_and_recordings_mean_differently_stays_unknown(
    tmp_path: Path,
) -> None:
    said = [Said(page(1, item(("2026-11-20T09:00:00Z", "2026-11-20T11:00:00Z"))))]
    answer = await asked(tmp_path, said, DeviceStatus=[device_time("utc")])
    assert answer.trouble is Trouble.UNREADABLE


@pytest.mark.parametrize(
    "said",
    [
        page(1, item(HOURS[0], channel=OTHER_CHANNEL)),
        page(1, item(HOURS[0]), channel=OTHER_CHANNEL),
        page(1, item(("2026-11-18T00:00:00", "2026-11-18T01:00:00"))),
        page(1, item((HOURS[0][1], HOURS[0][0]))),
        page(1, item(("2026-02-30T00:00:00", "2026-11-20T01:00:00"))),
        page(1, item(("", ""))),
        page(2),
    ],
    ids=["other's item", "other's page", "other day", "backwards", "no day", "no time", "no items"],
)
async def test_what_cannot_be_meant_stays_unknown(tmp_path: Path, said: bytes) -> None:
    answer = await asked(tmp_path, [Said(said)])
    assert answer.trouble is Trouble.UNREADABLE


async def test_a_refused_question_and_one_without_an_answer(tmp_path: Path) -> None:
    async with recorder(tmp_path, {}, refuse=404) as one:
        await one.event()
        answer = await one.platform.records(CHANNEL, MORNING, RECORDER)
        assert answer.trouble is Trouble.REFUSED
    answer = await asked(tmp_path, [])
    assert answer.trouble is Trouble.TIMED_OUT


async def test_the_recorders_clock_and_state(tmp_path: Path) -> None:
    answers = {"DeviceStatus": [device_time("", ahead_s=-90)]}
    async with recorder(tmp_path, answers) as one:
        await one.event()
        status = await one.platform.status(RECORDER)
        assert (status.online, status.well, status.recording) == (True, True, True)
        clock = await Gb28181Recorder(one.platform, RECORDER).clock()
        assert clock is not None
        assert -130_000 < clock.drift < -85_000  # and as long as this test has run


def catalog(total: int, *entries: tuple[str, str, str]) -> Said:
    listed = "".join(
        f"<Item><DeviceID>{identity}</DeviceID><Name>{name}</Name><Manufacturer>M</Manufacturer>"
        f"<Parental>0</Parental><ParentID>{RECORDER}</ParentID><Status>{status}</Status></Item>"
        for identity, name, status in entries
    )
    return Said(
        (
            '<?xml version="1.0" encoding="GB2312"?>\n<Response><CmdType>Catalog</CmdType>'
            f"<SN>[$sn]</SN><DeviceID>{RECORDER}</DeviceID><SumNum>{total}</SumNum>"
            f'<DeviceList Num="{len(entries)}">{listed}</DeviceList></Response>'
        ).encode("gb18030")
    )


async def test_a_catalog_in_several_messages_and_its_channels_fall_with_the_recorder(
    tmp_path: Path,
) -> None:
    third = "34020000001320000003"
    answers = {
        "Catalog": [
            catalog(3, (third, "操场", "OFF")),
            catalog(3, (CHANNEL, "大门", "ON"), (OTHER_CHANNEL, "走廊", "ON")),
        ],
        "RecordInfo": pages(0, 2, 4),
    }
    async with recorder(tmp_path, answers) as one:
        await one.event()
        await one.kept_alive()
        channels = {each.id: each for each in await one.platform.catalog(RECORDER)}
        assert channels[CHANNEL].name == "大门"
        assert {key: each.online for key, each in channels.items()} == {
            CHANNEL: True,
            OTHER_CHANNEL: False,  # its keep-alive said so, whatever the catalog says
            third: False,
        }
        answer = await one.platform.records(CHANNEL, MORNING)  # found by the catalog
        assert told(answer) == ALL_SIX
        one.platform._signalling.registrations.due(2**62)
        assert {each.online for each in one.platform.channels(RECORDER)} == {False}
