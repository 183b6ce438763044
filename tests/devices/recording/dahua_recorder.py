"""A Dahua recorder of tests: mediaFileFind over real HTTP, laid out as in its HTTP API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from isapi_recorder import DigestServer, Piece, query


class DahuaRecorder(DigestServer):
    """``recorded`` of channel 1 by the wall clock that it shows."""

    def __init__(self, recorded: list[Piece], *, local_now: datetime) -> None:
        super().__init__()
        self.recorded = recorded
        self.local_now = local_now
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
