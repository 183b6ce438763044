"""Folders of files: what names tell, what is concluded, and what stays unknown."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.recording.folder import FolderSource
from devices.recording.holdings import Holdings
from devices.recording.local_time import DAY_MS, HOUR_MS, named_zone
from devices.recording.source import Flag, Span, Trouble, UnreachableError

SHANGHAI = named_zone("Asia/Shanghai")
MIDNIGHT = round(datetime(2026, 11, 19, 16, tzinfo=UTC).timestamp() * 1000)
DAY = Span(MIDNIGHT, MIDNIGHT + DAY_MS)
LOCAL = datetime.fromisoformat("2026-11-20T00:00")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "gate").mkdir()
    return tmp_path


def put(root: Path, name: str, changed: int | None = None, content: bytes = b"video") -> None:
    path = root / "gate" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    at = (changed if changed is not None else MIDNIGHT + 30 * DAY_MS) * 1_000_000
    os.utime(path, ns=(at, at))


def hour_names(form: str, count: int = 24) -> list[str]:
    return [(LOCAL + timedelta(hours=n)).strftime(form) for n in range(count)]


@pytest.mark.parametrize(
    "name",
    [
        "20261120_080000_20261120_090000.mp4",
        "cam1-2026-11-20_08-00-00~2026-11-20_09-00-00.mkv",
        "20261120080000-20261120090000.dav",
        "20261120/08.00.00-09.00.00.dav",
        "2026-11-20T08:00:00_09:00:00.ts",
    ],
)
async def test_names_with_begin_and_end_are_taken_at_their_word(root: Path, name: str) -> None:
    if "/" in name:
        name = "20261120/20261120_08.00.00-09.00.00.dav"
    put(root, name)
    answer = await FolderSource(root, SHANGHAI).ask("gate", DAY)
    (segment,) = answer.segments
    assert (segment.begin, segment.end) == (MIDNIGHT + 8 * HOUR_MS, MIDNIGHT + 9 * HOUR_MS)
    assert segment.flags is Flag.NONE
    assert (segment.handle, segment.size) == (name, 5)


async def test_an_end_past_midnight_is_on_the_next_day(root: Path) -> None:
    put(root, "20261119_233000_003000.mp4")
    (segment,) = (await FolderSource(root, SHANGHAI).ask("gate", DAY)).segments
    assert segment.end - segment.begin == HOUR_MS
    assert segment.begin == MIDNIGHT - HOUR_MS // 2


@pytest.mark.parametrize("form", ["%Y%m%d_%H%M%S.mp4", "%Y-%m-%d/%H.%M.%S.mp4"])
async def test_the_last_change_tells_the_end_and_is_marked_as_concluded(
    root: Path, form: str
) -> None:
    for hour, name in enumerate(hour_names(form)):
        put(root, name, MIDNIGHT + (hour + 1) * HOUR_MS - 600_000)
    answer = await FolderSource(root, SHANGHAI).ask("gate", DAY)
    assert answer.complete
    assert len(answer.segments) == 24
    assert {segment.flags for segment in answer.segments} == {Flag.ESTIMATED}
    assert {segment.end - segment.begin for segment in answer.segments} == {HOUR_MS - 600_000}


async def test_copies_are_as_long_as_the_others_and_hide_no_missing_hour(root: Path) -> None:
    names = hour_names("%Y%m%d_%H%M%S.mp4")
    del names[10]
    for name in names:
        put(root, name)
    source = FolderSource(root, SHANGHAI)
    answer = await source.ask("gate", Span(MIDNIGHT, MIDNIGHT + 20 * HOUR_MS))
    assert answer.complete
    held = Holdings().taken(answer, MIDNIGHT + DAY_MS).ordinary
    ten = MIDNIGHT + 10 * HOUR_MS
    assert list(held) == [(MIDNIGHT, ten), (ten + HOUR_MS, MIDNIGHT + 20 * HOUR_MS)]


async def test_a_file_that_nothing_tells_the_length_of_makes_its_span_unknown(root: Path) -> None:
    for name in hour_names("%Y%m%d_%H%M%S.mp4"):
        put(root, name)
    answer = await FolderSource(root, SHANGHAI).ask("gate", DAY)  # the last one, a copy
    assert answer.trouble is Trouble.UNREADABLE
    assert "20261120_230000.mp4" in answer.detail


async def test_a_name_without_a_time_makes_unknown_when_it_was_written_only(root: Path) -> None:
    put(root, "20261120_080000_090000.mp4")
    put(root, "holiday.mp4", MIDNIGHT + 12 * HOUR_MS)
    source = FolderSource(root, SHANGHAI)
    assert (await source.ask("gate", DAY)).trouble is Trouble.UNREADABLE
    before = Span(MIDNIGHT + 7 * HOUR_MS, MIDNIGHT + 9 * HOUR_MS)
    assert (await source.ask("gate", before)).complete


async def test_numbers_that_are_no_time_and_files_that_are_no_video(root: Path) -> None:
    put(root, "20261345_080000.mp4", MIDNIGHT + HOUR_MS)
    assert (await FolderSource(root, SHANGHAI).ask("gate", DAY)).trouble is Trouble.UNREADABLE
    (root / "gate" / "20261345_080000.mp4").unlink()
    put(root, "20261120_080000.jpg", MIDNIGHT + HOUR_MS)
    put(root, "20261120_090000_100000.mp4", content=b"")
    answer = await FolderSource(root, SHANGHAI).ask("gate", DAY)
    assert answer.complete
    assert answer.segments == ()


async def test_a_disk_that_is_not_mounted_is_no_empty_recorder(tmp_path: Path) -> None:
    source = FolderSource(tmp_path, SHANGHAI)
    assert (await source.ask("gate", DAY)).trouble is Trouble.UNREACHABLE
    gone = FolderSource(tmp_path / "disk", SHANGHAI)
    assert (await gone.ask("gate", DAY)).trouble is Trouble.UNREACHABLE
    for away in (source, gone):
        with pytest.raises(UnreachableError):
            await away.clock()
    put(tmp_path, "20261120_080000_20261120_090000.mp4")
    assert await source.clock() is None


@pytest.mark.parametrize("channel", ["yard", "../..", "gate/../..", "/etc", "gate\0"])
async def test_only_folders_below_the_root_are_channels(root: Path, channel: str) -> None:
    answer = await FolderSource(root, SHANGHAI).ask(channel, DAY)
    assert answer.trouble in (Trouble.REFUSED, Trouble.UNREACHABLE)


async def test_links_lead_nowhere(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "20261120_080000_090000.mp4").write_bytes(b"video")
    (root / "gate" / "linked").symlink_to(other)
    (root / "yard").symlink_to(other)
    source = FolderSource(root, SHANGHAI)
    assert (await source.ask("gate", DAY)).segments == ()
    assert (await source.ask("yard", DAY)).trouble is Trouble.REFUSED


async def test_of_an_hour_that_is_there_twice_the_last_change_tells_which(root: Path) -> None:
    berlin = named_zone("Europe/Berlin")
    first = round(datetime(2026, 10, 25, 0, tzinfo=UTC).timestamp() * 1000)  # 02:00 in summer
    put(root, "20261025_020000.mp4", first + HOUR_MS)
    put(root, "a/20261025_020000.mp4", first + 2 * HOUR_MS)
    span = Span(first, first + 3 * HOUR_MS)
    source = FolderSource(root, berlin, longest_ms=HOUR_MS)
    answer = await source.ask("gate", span)
    assert [s.begin - first for s in answer.segments] == [0, HOUR_MS]
    assert all(s.end - s.begin == HOUR_MS for s in answer.segments)
