"""Plain folders of files whose names say when they begin: what small recorders and scripts leave.

How long a file is, only its name can tell for sure. Otherwise its end is concluded, and marked so:
from when it was last written to, or from the next file's begin. A file that neither helps with
makes unknown what it may cover.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median_low
from typing import Final, TypeVar

import msgspec

from devices.recording.local_time import HOUR_MS, Zone, from_local
from devices.recording.source import (
    Answer,
    DeviceTime,
    Flag,
    IncompleteError,
    RecordingError,
    RefusedError,
    Segment,
    Span,
    TimedOutError,
    UnreachableError,
    UnreadableError,
)

Result = TypeVar("Result")

VIDEO: Final = frozenset(
    {".mp4", ".mkv", ".avi", ".ts", ".mov", ".flv", ".dav", ".h264", ".h265", ".ps", ".asf"}
)

LONGEST_MS: Final = 2 * HOUR_MS
"""A file is not taken to be longer unless its name says so: copied files are dated by the copy."""

MOST_FILES: Final = 500_000

LISTED_S: Final = 10.0
"""A folder's files serve so long for older spans: a round asks for one day after the other, the
newest first."""

MOST_KEPT: Final = 50_000
"""Of more files, none are kept in memory between two questions."""

ENOUGH_STEPS: Final = 3
"""From one file's begin to the next one's: so many are needed to call their length usual."""

_DAY: Final = r"(?P<{0}year>20\d\d)[-_.]?(?P<{0}month>\d\d)[-_.]?(?P<{0}day>\d\d)"
_TIME: Final = r"(?P<{0}hour>\d\d)[-_.:]?(?P<{0}minute>\d\d)[-_.:]?(?P<{0}second>\d\d)"
_MOMENT: Final = _DAY + r"[-_. T]?" + _TIME
PATTERNS: Final = (
    rf"(?<!\d){_MOMENT.format('')}[-_~]+(?:to[-_])?{_MOMENT.format('end_')}(?!\d)",
    rf"(?<!\d){_MOMENT.format('')}[-_~]+(?:to[-_])?{_TIME.format('end_')}(?!\d)",
    rf"(?<!\d){_MOMENT.format('')}(?!\d)",
    rf"(?<!\d){_DAY.format('')}/(?:.*/)?(?<!\d){_TIME.format('')}(?!\d)",
)
"""The first that is found in a file's path below its camera's folder tells its times: begin and
end; begin and the time of day of the end; begin; a folder for each day with times in it. Groups
``year`` to ``second`` are the begin, ``end_…`` the end."""


class _File(msgspec.Struct, frozen=True, gc=False):
    """``begin`` and ``end`` in ms UTC, as far as the name tells them; ``changed`` likewise."""

    path: str
    size: int
    changed: int
    begin: int | None
    end: int | None


class _Listing(msgspec.Struct, frozen=True):
    """A channel's files, for spans that end by ``end`` (ms UTC), ``until`` then (steady, s)."""

    channel: str
    end: int
    until: float
    files: list[_File]


class FolderSource:
    """A `RecordingSource`. A channel is a folder's path below ``root``; ``.`` is the root itself.

    Names are in the time of ``zone``. ``patterns``: others than `PATTERNS`, regular expressions
    with groups of the same names.
    """

    def __init__(
        self,
        root: Path,
        zone: Zone,
        *,
        patterns: Sequence[str] = PATTERNS,
        longest_ms: int = LONGEST_MS,
        timeout_s: float = 120.0,
    ) -> None:
        self._root: Final = root
        self._zone: Final = zone
        self._patterns: Final = [re.compile(pattern) for pattern in patterns]
        self._longest: Final = longest_ms
        self._timeout_s: Final = timeout_s
        self._listed = _Listing("", 0, 0.0, [])

    async def ask(self, channel: str, span: Span) -> Answer:
        """All files of ``channel`` that reach into ``span``."""
        try:
            return await self._within_time(
                lambda: self._ask(channel, span), f"{channel}: not read through"
            )
        except RecordingError as error:
            return Answer.failed(span, error)

    async def clock(self) -> DeviceTime | None:
        """Folders have none; but one that is not there, or empty, is told of as by `ask`."""
        await self._within_time(self._root_there, f"{self._root}: not looked into")
        return None

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _within_time(self, look: Callable[[], Result], what: str) -> Result:
        try:
            async with asyncio.timeout(self._timeout_s):
                # A disk of the network that hangs keeps its thread, but not us.
                return await asyncio.to_thread(look)
        except TimeoutError as error:
            raise TimedOutError(f"{what} in {self._timeout_s:g} s") from error

    def _ask(self, channel: str, span: Span) -> Answer:
        files = self._files_of(channel, span)
        dated = sorted(
            (file for file in files if file.begin is not None),
            key=lambda file: (file.begin or 0, file.path),
        )
        for file in files:
            if file.begin is None and self._may_reach_into(file, span):
                raise UnreadableError(f"{file.path}: its name tells no time")
        segments = [s for s in self._segments(dated, span) if s.begin < span.end]
        return Answer(span=span, segments=tuple(s for s in segments if s.end > span.begin))

    def _root_there(self) -> Path:
        try:
            root = self._root.resolve(strict=True)
            if any(root.iterdir()):
                return root
        except FileNotFoundError as error:
            raise UnreachableError(f"{self._root} is not there") from error
        except PermissionError as error:
            raise RefusedError(f"{self._root} may not be read") from error
        except (OSError, ValueError) as error:
            raise UnreachableError(f"{self._root}: {error}") from error
        # What an unmounted disk looks like. Nobody records into nothing at all.
        raise UnreachableError(f"{self._root} is empty: is its disk mounted?")

    def _folder(self, channel: str) -> Path:
        root = self._root_there()
        try:
            folder = (root / channel).resolve(strict=True)
        except FileNotFoundError as error:
            raise RefusedError(f"{self._root} has no folder {channel}") from error
        except PermissionError as error:
            raise RefusedError(f"{self._root} may not be read") from error
        except (OSError, ValueError) as error:
            raise UnreachableError(f"{self._root}: {error}") from error
        if not folder.is_relative_to(root) or not folder.is_dir():
            raise RefusedError(f"{channel} is no folder below {self._root}")
        return folder

    def _files_of(self, channel: str, span: Span) -> list[_File]:
        folder, listed, now = self._folder(channel), self._listed, time.monotonic()
        if listed.channel == channel and span.end <= listed.end and now < listed.until:
            return listed.files
        files = list(self._files(folder))
        if len(files) <= MOST_KEPT:
            self._listed = _Listing(channel, span.end, now + LISTED_S, files)
        return files

    def _files(self, folder: Path) -> Iterator[_File]:
        count = 0
        for path, entry in _walk(folder):
            if Path(entry.name).suffix.lower() not in VIDEO:
                continue
            try:
                facts = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # overwritten as we looked
            except OSError as error:
                raise IncompleteError(f"{path}: {error.strerror}") from error
            count += 1
            if count > MOST_FILES:
                raise IncompleteError(f"{folder} has more than {MOST_FILES} files")
            if facts.st_size:
                yield self._dated(path, facts.st_size, facts.st_mtime_ns // 1_000_000)

    def _dated(self, path: str, size: int, changed: int) -> _File:
        for pattern in self._patterns:
            found = pattern.search(path)
            if found is None:
                continue
            told = {name: int(text) for name, text in found.groupdict().items() if text}
            try:
                begin, end = self._times(told, changed)
            except ValueError:
                continue  # 2026-13-45: other numbers that look like a time
            return _File(path, size, changed, begin, end)
        return _File(path, size, changed, None, None)

    def _times(self, told: dict[str, int], changed: int) -> tuple[int, int | None]:
        wall = _wall(told)
        begin = from_local(self._zone, wall)
        # Of an hour that is there twice, the later one, if the file was not written before it.
        again = from_local(self._zone, wall, begin + 1)
        if again > begin and begin + self._longest < changed <= again + self._longest:
            begin = again
        if "end_hour" not in told:
            return begin, None
        parts = {name: told.get(f"end_{name}", told[name]) for name in _PARTS}
        until = _wall(parts)
        end = from_local(self._zone, until, begin)
        if end < begin and "end_day" not in told:  # over midnight
            end = from_local(self._zone, until + timedelta(days=1), begin)
        if end < begin:
            raise ValueError("it ends before it begins")
        return begin, end

    def _may_reach_into(self, file: _File, span: Span) -> bool:
        """A file of unknown begin was written some time before its last change."""
        return file.changed > span.begin and file.changed - self._longest < span.end

    def _segments(self, dated: Sequence[_File], span: Span) -> Iterator[Segment]:
        begins = sorted({file.begin or 0 for file in dated})
        steps = [b - a for a, b in pairwise(begins) if b - a <= self._longest]
        usual = median_low(steps) if len(steps) >= ENOUGH_STEPS else 0
        for file in dated:
            begin = file.begin or 0
            if file.end is not None:
                yield Segment(begin, file.end, Flag.NONE, file.path, file.size)
                continue
            place = bisect_right(begins, begin)
            following = begins[place] if place < len(begins) else None
            end = self._concluded(begin, file.changed, following, usual)
            if end is not None:
                yield Segment(begin, end, Flag.ESTIMATED, file.path, file.size)
            elif begin < span.end and begin + self._longest > span.begin:
                raise UnreadableError(f"{file.path}: neither name nor date tell how long it is")

    def _concluded(self, begin: int, changed: int, following: int | None, usual: int) -> int | None:
        """The end of a file whose name does not tell it; ``None`` = there is nothing to go by."""
        if begin < changed <= begin + self._longest:
            # Two cannot be recorded at once.
            return changed if following is None else min(changed, following)
        if following is None or not usual:
            return None
        # A copy, dated by the copying: as long as the others, and a hole is a hole.
        return following if following - begin <= usual * 1.1 else begin + usual


_PARTS: Final = ("year", "month", "day", "hour", "minute", "second")


def _wall(told: Mapping[str, int]) -> datetime:
    """What a name tells, by the wall clock; ``ValueError`` for what no clock shows."""
    year, month, day, hour, minute, second = (told[part] for part in _PARTS)
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - names have no zone


def _walk(folder: Path) -> Iterable[tuple[str, os.DirEntry[str]]]:
    """Files and their paths below ``folder``; links are not followed. Raises `IncompleteError`."""
    waiting = [(folder, "")]
    while waiting:
        directory, below = waiting.pop()
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    path = below + entry.name
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((directory / entry.name, path + "/"))
                    elif entry.is_file(follow_symlinks=False):
                        yield path, entry
        except PermissionError as error:
            raise RefusedError(f"{directory} may not be read") from error
        except OSError as error:
            raise IncompleteError(f"{directory}: {error.strerror}") from error
