"""Asking a Hikvision recorder: complete, or unknown; never wrong."""

from __future__ import annotations

import asyncio
import re
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from isapi_recorder import PASSWORD, USER, HikvisionRecorder, Piece, asked, hours

from devices.recording.holdings import Holdings
from devices.recording.isapi import IsapiSource
from devices.recording.local_time import DAY_MS, HOUR_MS, named_zone
from devices.recording.recorder_http import HttpAccess
from devices.recording.source import Flag, RefusedError, Segment, Span, Trouble
from devices.recording.written_time import ZMeans

SHANGHAI = named_zone("Asia/Shanghai")
LOCAL_NOW = datetime.fromisoformat("2026-11-20T10:00")  # 02:00 UTC
NOW = round(datetime(2026, 11, 20, 2, 0, tzinfo=UTC).timestamp() * 1000)
MIDNIGHT = NOW - 10 * HOUR_MS
TODAY = Span(MIDNIGHT, NOW)
YESTERDAY = Span(MIDNIGHT - DAY_MS, MIDNIGHT)


def asking(recorder: HikvisionRecorder, **options: Any) -> AbstractAsyncContextManager[IsapiSource]:
    return asked(IsapiSource, recorder, **{"now": lambda: NOW, **options})


def local(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime.fromisoformat(f"2026-11-{day:02}T{hour:02}:{minute:02}")


def recording(**changed: Any) -> HikvisionRecorder:
    """Two days and ten hours until now, in files of an hour."""
    made = HikvisionRecorder(hours(local(18), 58), local_now=LOCAL_NOW)
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def starts(segments: tuple[Segment, ...]) -> list[int]:
    return [segment.begin for segment in segments]


async def test_z_that_means_local_time_is_read_as_such() -> None:
    recorder = recording()
    async with asking(recorder) as source:
        answer = await source.ask("1", TODAY)
    assert answer.complete
    assert starts(answer.segments) == [MIDNIGHT + n * HOUR_MS for n in range(10)]
    assert answer.segments[0].end == MIDNIGHT + HOUR_MS - 1000
    assert answer.segments[0].handle.startswith("rtsp://")
    assert recorder.searches[-1] == ("2026-11-20T00:00:00Z", "2026-11-20T10:00:00Z")


async def test_z_that_means_utc_is_found_out() -> None:
    recorder = recording(recorded=hours(local(18), 50))  # its labels are UTC, until 02:00
    async with asking(recorder) as source:
        answer = await source.ask("1", TODAY)
    assert answer.complete
    assert starts(answer.segments) == [MIDNIGHT + n * HOUR_MS for n in range(10)]
    assert recorder.searches[-1] == ("2026-11-19T16:00:00Z", "2026-11-20T02:00:00Z")


async def test_when_it_cannot_be_told_what_z_means_nothing_is_concluded() -> None:
    stopped = recording(recorded=hours(local(18), 49))  # local until 01:00, or UTC an hour ago
    async with asking(stopped) as source:
        answer = await source.ask("1", TODAY)
    assert answer.trouble is Trouble.UNREADABLE
    assert "z_means" in answer.detail
    told = recording(recorded=hours(local(18), 49))
    async with asking(told, z_means=ZMeans.LOCAL) as source:
        assert len((await source.ask("1", TODAY)).segments) == 1


async def test_a_camera_that_stopped_days_ago_is_read_in_the_usual_way() -> None:
    async with asking(recording(recorded=hours(local(18), 30))) as source:
        answer = await source.ask("1", YESTERDAY)
        nothing = await source.ask("1", TODAY)
    assert starts(answer.segments) == [YESTERDAY.begin + n * HOUR_MS for n in range(6)]
    assert nothing.complete
    assert nothing.segments == ()


@pytest.mark.parametrize("count", [1, 40, 41, 64, 80, 81, 200])
async def test_pages_add_up_whatever_their_number(count: int) -> None:
    pieces = [
        (local(19) + timedelta(minutes=n), local(19) + timedelta(minutes=n, seconds=59))
        for n in range(count)
    ]
    recorder = recording(recorded=[*pieces, *hours(local(20), 10)])
    async with asking(recorder) as source:
        answer = await source.ask("1", YESTERDAY)
    assert answer.complete
    assert len(answer.segments) == count


async def test_a_hundred_thousand_segments_come_whole() -> None:
    step = timedelta(seconds=2)
    begin = local(17, 16)
    pieces = [(begin + n * step, begin + (n + 1) * step) for n in range(100_000)]
    recorder = HikvisionRecorder([*pieces, (local(20, 9), LOCAL_NOW)], local_now=LOCAL_NOW)
    recorder.most_a_page = 1000
    span = Span(MIDNIGHT - 3 * DAY_MS, MIDNIGHT)
    async with asking(recorder, page=1000, ask_timeout_s=110.0) as source:
        answer = await source.ask("1", span)
    assert answer.complete
    assert len(answer.segments) == 100_000
    held = Holdings().taken(answer, NOW).ordinary
    assert len(held) == 1
    assert held.duration() == 200_000_000


async def test_locked_files_are_told_apart() -> None:
    recorder = recording()
    recorder.locked.add(local(20, 3))
    async with asking(recorder) as source:
        answer = await source.ask("1", TODAY)
    locked = [segment.begin for segment in answer.segments if segment.flags & Flag.LOCKED]
    assert locked == [MIDNIGHT + 3 * HOUR_MS]


async def test_a_nonce_that_grows_stale_on_the_way_changes_nothing() -> None:
    recorder = recording(stale_after=3)
    async with asking(recorder, page=2) as source:
        answer = await source.ask("1", TODAY)
    assert answer.complete
    assert len(answer.segments) == 10


async def test_a_wrong_password_is_tried_once_and_then_rests() -> None:
    recorder = recording()
    async with asking(recorder, password="wrong") as source:
        for _ in range(5):
            answer = await source.ask("1", TODAY)
            assert answer.trouble is Trouble.REFUSED
            assert "wrong" not in answer.detail
        with pytest.raises(RefusedError):
            await source.clock()
    assert recorder.failed_logins == 1


async def test_a_time_out_half_way_is_unknown_and_no_part_is_concluded_from() -> None:
    recorder = recording(hang_at_page=4)
    async with asking(recorder, page=3, answer_timeout_s=1.0) as source:
        answer = await source.ask("1", TODAY)
    assert answer.trouble is Trouble.TIMED_OUT
    assert not answer.complete
    assert not Holdings().taken(answer, NOW).ordinary
    assert not Holdings().taken(answer, NOW).known


async def test_pages_that_come_too_slowly_end_at_the_limit_of_all() -> None:
    recorder = recording(hang_at_page=3)
    async with asking(recorder, page=3, ask_timeout_s=1.0) as source:
        answer = await source.ask("1", TODAY)
    assert answer.trouble is Trouble.TIMED_OUT


async def test_nobody_there_is_unreachable() -> None:
    recorder = recording()
    with recorder.running():
        pass
    access = HttpAccess(url=recorder.url, user=USER, password=PASSWORD)
    anew = IsapiSource(access, SHANGHAI, now=lambda: NOW)
    assert (await anew.ask("1", TODAY)).trouble is Trouble.UNREACHABLE
    await anew.aclose()


async def test_a_body_that_breaks_off_is_incomplete() -> None:
    recorder = recording(promises_too_much=100)
    async with asking(recorder) as source:
        answer = await source.ask("1", TODAY)
    assert answer.trouble in (Trouble.INCOMPLETE, Trouble.UNREADABLE)


def replacing(pattern: bytes, by: bytes, page: int = 3) -> Any:
    def spoil(number: int, answer: bytes) -> tuple[int, bytes]:
        return 200, re.sub(pattern, by, answer) if number >= page else answer

    return spoil


@pytest.mark.parametrize(
    ("spoil", "trouble"),
    [
        pytest.param(
            replacing(b"<startTime>[^<]*", b"<startTime>yesterday"), Trouble.UNREADABLE, id="time"
        ),
        pytest.param(
            replacing(b"<startTime>2026", b"<startTime>2027"), Trouble.UNREADABLE, id="future"
        ),
        pytest.param(
            replacing(b"<endTime>2026", b"<endTime>2025"), Trouble.UNREADABLE, id="reversed"
        ),
        pytest.param(replacing(b"<trackID>101", b"<trackID>201"), Trouble.UNREADABLE, id="track"),
        pytest.param(
            replacing(b"<searchID>{.{8}", b"<searchID>{00000000"), Trouble.UNREADABLE, id="search"
        ),
        pytest.param(
            replacing(b"(?s)<searchMatchItem>.*?</searchMatchItem>", b""),
            Trouble.INCOMPLETE,
            id="fewer than told",
        ),
        pytest.param(
            replacing(b"Strg>(OK|MORE)<", b"Strg>NO MATCHES<"), Trouble.INCOMPLETE, id="no more"
        ),
        pytest.param(replacing(b"Strg>OK<", b"Strg>MORE<"), Trouble.INCOMPLETE, id="always more"),
        pytest.param(replacing(b"Strg>OK<", b"Strg><"), Trouble.INCOMPLETE, id="no status"),
        pytest.param(replacing(b"</CMSearchResult>", b""), Trouble.UNREADABLE, id="cut off"),
        pytest.param(replacing(b"(?s).*", b"<html>hello</html>"), Trouble.UNREADABLE, id="html"),
        pytest.param(
            replacing(rb"(?s)\?>\n<CM", b'?><!DOCTYPE a [<!ENTITY b "c">]><CM'),
            Trouble.UNREADABLE,
            id="doctype",
        ),
        pytest.param(
            lambda n, a: (503, b"busy") if n > 1 else (200, a), Trouble.UNREADABLE, id="busy"
        ),
        pytest.param(
            lambda n, a: (403, b"no") if n > 1 else (200, a), Trouble.REFUSED, id="forbidden"
        ),
        pytest.param(lambda n, a: (200, b"x" * 5_000_000), Trouble.UNREADABLE, id="huge"),
    ],
)
async def test_an_answer_that_cannot_be_right_makes_the_span_unknown(
    spoil: Any, trouble: Trouble
) -> None:
    recorder = recording(spoil=spoil)
    async with asking(recorder, page=4, z_means=ZMeans.LOCAL) as source:
        answer = await source.ask("1", TODAY)
    assert answer.trouble is trouble
    assert answer.detail


async def test_a_recorder_that_gives_the_first_page_for_ever_is_incomplete() -> None:
    first: list[bytes] = []

    def spoil(number: int, answer: bytes) -> tuple[int, bytes]:
        first.append(answer)
        return 200, first[0]

    recorder = recording(spoil=spoil)
    async with asking(recorder, page=4, z_means=ZMeans.LOCAL) as source:
        answer = await source.ask("1", TODAY)
    assert answer.trouble is Trouble.INCOMPLETE
    assert recorder.pages == 2


async def test_a_channel_that_is_no_number_is_refused_unasked() -> None:
    recorder = recording()
    async with asking(recorder) as source:
        assert (await source.ask("gate", TODAY)).trouble is Trouble.REFUSED
    assert recorder.requests == 0


@pytest.mark.parametrize("suffix", ["+08:00", "Z", ""])
async def test_its_clock_is_compared_with_ours(suffix: str) -> None:
    late = LOCAL_NOW - timedelta(minutes=7)
    recorder = recording(local_now=late, now_suffix=suffix)
    async with asking(recorder) as source:
        told = await source.clock()
    assert told is not None
    assert abs(told.drift + 7 * 60_000) <= 1000


async def test_calls_that_overlap_are_put_in_order() -> None:
    recorder = recording()
    async with asking(recorder, page=3) as source:
        answers = await asyncio.gather(*(source.ask("1", span) for span in (TODAY, YESTERDAY) * 3))
    assert [len(answer.segments) for answer in answers] == [10, 24] * 3


# --- summer time ----------------------------------------------------------------------------------

NEW_YORK = "CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00"


def on_the_wall(begin: datetime, moments: range, offset: Any) -> list[Piece]:
    """Half hours as a wall clock shows them."""
    half = timedelta(minutes=30)
    shown: list[Piece] = []
    for n in moments:
        at, end = begin + n * half, begin + (n + 1) * half
        shown.append((at + offset(at), end + offset(end)))
    return shown


@pytest.mark.parametrize(
    ("changes", "hours_long"), [("2026-11-01T06:00", 25), ("2026-03-08T07:00", 23)]
)
async def test_days_on_which_clocks_change_are_recorded_as_long_as_they_are(
    changes: str, hours_long: int
) -> None:
    change = datetime.fromisoformat(changes)  # in UTC

    def offset(moment: datetime) -> timedelta:
        summer = (moment < change) == (hours_long == 25)
        return timedelta(hours=-4 if summer else -5)

    day = change.replace(hour=0)
    midnight = day - offset(day + timedelta(hours=4))
    # Of the hour that is there twice, the recorder's clock jumps back in the list.
    pieces = on_the_wall(midnight - timedelta(days=1), range(48 * 3), offset)
    recorder = HikvisionRecorder(pieces, local_now=pieces[-1][1])
    recorder.time_zone = NEW_YORK
    recorder.now_suffix = ""
    begin = round(midnight.replace(tzinfo=UTC).timestamp() * 1000)
    span = Span(begin, begin + hours_long * HOUR_MS)
    now = begin + 2 * DAY_MS
    async with asking(recorder, now=lambda: now, z_means=ZMeans.LOCAL) as source:
        answer = await source.ask("1", span)
    assert answer.complete
    held = Holdings().taken(answer, now).ordinary
    assert list(held) == [(span.begin, span.end)]
