"""Asking a Dahua recorder: complete, or unknown; never wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from isapi_recorder import PASSWORD, USER, DigestServer, Piece, hours, query

from devices.recording.dahua import DahuaSource
from devices.recording.holdings import Holdings
from devices.recording.local_time import DAY_MS, HOUR_MS, named_zone
from devices.recording.recorder_http import HttpAccess
from devices.recording.source import Span, Trouble

LOCAL_NOW = datetime.fromisoformat("2026-11-20T10:00")
NOW = round(datetime(2026, 11, 20, 2, 0, tzinfo=UTC).timestamp() * 1000)
MIDNIGHT = NOW - 10 * HOUR_MS
TODAY = Span(MIDNIGHT, NOW)
YESTERDAY = Span(MIDNIGHT - DAY_MS, MIDNIGHT)


class DahuaRecorder(DigestServer):
    """``recorded`` of channel 1 by its wall clock. Answers are laid out as in its HTTP API."""

    def __init__(self, recorded: list[Piece]) -> None:
        super().__init__()
        self.recorded = recorded
        self.local_now = LOCAL_NOW
        self.finders: dict[str, list[Piece]] = {}
        self.refuses_empty = False
        self.spoil: Callable[[int, bytes], bytes] | None = None
        self.hang_at_page: int | None = None
        self.pages = 0

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        where, asked = query(path)
        if where == "/cgi-bin/global.cgi":
            return 200, f"result={self.local_now:%Y-%m-%d %H:%M:%S}\r\n".encode()
        action = asked.pop("action")
        if action == "factory.create":
            finder = str(8137 + self.requests)
            self.finders[finder] = []
            return 200, f"result={finder}\r\n".encode()
        finder = asked["object"]
        if finder not in self.finders:
            return 400, b"Error\r\nBad Request!\r\n"
        if action == "findFile":
            return self._find(finder, asked)
        if action == "findNextFile":
            return 200, self._next(finder, int(asked["count"]))
        if action == "destroy":
            del self.finders[finder]
        return 200, b"OK\r\n"

    def _find(self, finder: str, asked: dict[str, str]) -> tuple[int, bytes]:
        low, high = (
            datetime.fromisoformat(asked[f"condition.{each}Time"]) for each in ("Start", "End")
        )
        assert asked["condition.Types[0]"] == "dav"
        held = [p for p in self.recorded if p[0] < high and p[1] > low]
        self.finders[finder] = held if asked["condition.Channel"] == "1" else []
        if self.refuses_empty and not self.finders[finder]:
            return 400, b"Error\r\nBad Request!\r\n"
        return 200, b"OK\r\n"

    def _next(self, finder: str, count: int) -> bytes:
        self.pages += 1
        if self.pages == self.hang_at_page:
            self.hang.set()
        given, self.finders[finder] = (
            self.finders[finder][:count],
            self.finders[finder][count:],
        )
        lines = [f"found={len(given)}"]
        for place, (begin, end) in enumerate(given):
            lines += [
                f"items[{place}].Channel=0",
                f"items[{place}].Cluster=0",
                f"items[{place}].EndTime={end:%Y-%m-%d %H:%M:%S}",
                f"items[{place}].FilePath=/mnt/dvr/{begin:%Y-%m-%d/0/dav/%H/%H.%M.%S}.dav",
                f"items[{place}].Flags[0]=Timing",
                f"items[{place}].Length=790",
                f"items[{place}].StartTime={begin:%Y-%m-%d %H:%M:%S}",
                f"items[{place}].Type=dav",
            ]
        page = "\r\n".join([*lines, ""]).encode()
        return self.spoil(self.pages, page) if self.spoil else page


@asynccontextmanager
async def asking(recorder: DahuaRecorder, **options: Any) -> AsyncIterator[DahuaSource]:
    access = HttpAccess(url=recorder.url, user=USER, **{"password": PASSWORD, **options})
    source = DahuaSource(access, named_zone("Asia/Shanghai"), now=lambda: NOW)
    with recorder.running():
        try:
            yield source
        finally:
            await source.aclose()


def recording(count: int = 58) -> DahuaRecorder:
    return DahuaRecorder(hours(LOCAL_NOW - timedelta(hours=58), count))


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
    recorder = DahuaRecorder([(begin + n * minute, begin + (n + 1) * minute) for n in range(count)])
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
    recorder = DahuaRecorder([(begin + n * minute, begin + (n + 1) * minute) for n in range(900)])
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
