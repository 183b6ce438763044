"""Asking a Dahua recorder: complete, or unknown; never wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dahua_recorder import DahuaRecorder
from isapi_recorder import Piece, asked, hours

from devices.recording.dahua import DahuaSource
from devices.recording.holdings import Holdings
from devices.recording.local_time import DAY_MS, HOUR_MS
from devices.recording.source import Span, Trouble

LOCAL_NOW = datetime.fromisoformat("2026-11-20T10:00")
NOW = round(datetime(2026, 11, 20, 2, 0, tzinfo=UTC).timestamp() * 1000)
MIDNIGHT = NOW - 10 * HOUR_MS
TODAY = Span(MIDNIGHT, NOW)
YESTERDAY = Span(MIDNIGHT - DAY_MS, MIDNIGHT)


def asking(recorder: DahuaRecorder, **options: Any) -> AbstractAsyncContextManager[DahuaSource]:
    return asked(DahuaSource, recorder, now=lambda: NOW, **options)


def dahua(recorded: list[Piece]) -> DahuaRecorder:
    return DahuaRecorder(recorded, local_now=LOCAL_NOW)


def recording(count: int = 58) -> DahuaRecorder:
    return dahua(hours(LOCAL_NOW - timedelta(hours=58), count))


async def test_files_are_told_in_local_time() -> None:
    recorder = recording()
    async with asking(recorder) as source:
        answer = await source.ask("1", TODAY)
    assert answer.complete
    assert [s.begin for s in answer.segments] == [MIDNIGHT + n * HOUR_MS for n in range(10)]
    assert answer.segments[0].handle == "/mnt/dvr/2026-11-20/0/dav/00/00.00.00.dav"
    assert answer.segments[0].size == 790
    assert recorder.finders == {}  # closed and destroyed


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1000])
async def test_pages_add_up(count: int) -> None:
    minute = timedelta(minutes=1)
    begin = LOCAL_NOW - timedelta(hours=34)
    recorder = dahua([(begin + n * minute, begin + (n + 1) * minute) for n in range(count)])
    async with asking(recorder) as source:
        answer = await source.ask("1", YESTERDAY)
    assert answer.complete
    assert Holdings().taken(answer, NOW).ordinary.duration() == count * 60_000


async def test_an_error_for_a_day_without_files_is_nothing_when_other_days_are_found() -> None:
    recorder = recording(30)
    recorder.refuses_empty = True
    async with asking(recorder) as source:
        empty = await source.ask("1", TODAY)
        other_channel = await source.ask("2", TODAY)
    assert empty.complete
    assert empty.segments == ()
    assert other_channel.trouble is Trouble.UNREADABLE
    assert recorder.finders == {}


async def test_a_time_out_half_way_is_unknown() -> None:
    minute = timedelta(minutes=1)
    begin = LOCAL_NOW - timedelta(hours=34)
    recorder = dahua([(begin + n * minute, begin + (n + 1) * minute) for n in range(900)])
    recorder.hang_at_page = 5
    async with asking(recorder, answer_timeout_s=1.0) as source:
        answer = await source.ask("1", YESTERDAY)
    assert answer.trouble is Trouble.TIMED_OUT


async def test_a_wrong_password_is_tried_once() -> None:
    recorder = recording()
    async with asking(recorder, password="wrong") as source:
        assert (await source.ask("1", TODAY)).trouble is Trouble.REFUSED
        assert (await source.ask("1", TODAY)).trouble is Trouble.REFUSED
    assert recorder.failed_logins == 1


@pytest.mark.parametrize(
    ("spoil", "trouble"),
    [
        (lambda page: page.replace(b"found=10", b"found=11"), Trouble.INCOMPLETE),
        (lambda page: page.replace(b"found=", b"fond="), Trouble.INCOMPLETE),
        (lambda page: page[:400], Trouble.INCOMPLETE),
        (lambda page: page.replace(b"StartTime=2026", b"StartTime=2027"), Trouble.UNREADABLE),
        (lambda page: page.replace(b"EndTime=2026-11", b"EndTime=2026-31"), Trouble.UNREADABLE),
        (lambda page: b"Error", Trouble.INCOMPLETE),
    ],
)
async def test_an_answer_that_cannot_be_right_makes_the_span_unknown(
    spoil: Callable[[bytes], bytes], trouble: Trouble
) -> None:
    recorder = recording()
    recorder.spoil = lambda _, page: spoil(page)
    async with asking(recorder) as source:
        answer = await source.ask("1", TODAY)
    assert answer.trouble is trouble
    assert recorder.finders == {}


async def test_the_same_files_for_ever_are_incomplete() -> None:
    recorder = recording()
    pages: list[bytes] = []

    def spoil(_: int, page: bytes) -> bytes:
        pages.append(page)
        return pages[0]

    recorder.spoil = spoil
    async with asking(recorder) as source:
        assert (await source.ask("1", TODAY)).trouble is Trouble.INCOMPLETE


async def test_its_clock_is_compared_with_ours() -> None:
    recorder = recording()
    recorder.local_now = LOCAL_NOW + timedelta(minutes=3)
    async with asking(recorder) as source:
        told = await source.clock()
    assert told is not None
    assert abs(told.drift - 180_000) <= 1000
