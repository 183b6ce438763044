"""A real HTTP server whose manners a test decides request by request."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec
from tcp_listener import TcpListener


class Heard(msgspec.Struct, frozen=True):
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> str:
        return self.headers.get("x-campus-event-id", "")


class Listener(TcpListener):
    """Answers with the next of ``script``, then with ``usual``.

    A number is a status; ``"hang"`` never answers, ``"cut"`` closes in the middle of the answer,
    ``"flood"`` answers 500 without end. ``before_answer`` is called with each request; with a
    ``hold`` nothing is answered before it is set.
    """

    def __init__(self) -> None:
        super().__init__()
        self.script: deque[int | str] = deque()
        self.usual: int | str = 200
        self.by_event: dict[str, int] = {}
        self.extra = ""
        self.answer = b"heard"
        self.hold: asyncio.Event | None = None
        self.heard: list[Heard] = []
        self.before_answer: Callable[[Heard], None] = lambda heard: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alarms?from=campus"

    @property
    def events(self) -> list[str]:
        return [heard.event for heard in self.heard]

    async def until(self, count: int) -> None:
        """Wait until ``count`` requests have been heard."""
        await self._until(lambda: len(self.heard) >= count)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await self._exchange(reader, writer):
            pass

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")[1:-2]
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        heard = Heard(headers, await reader.readexactly(int(headers["content-length"])))
        self.before_answer(heard)
        manner = self.by_event.get(heard.event) or (
            self.script.popleft() if self.script else self.usual
        )
        async with self._changed:
            self.heard.append(heard)
            self._changed.notify_all()
        if self.hold is not None:
            await self.hold.wait()
        if manner == "hang":
            await asyncio.Event().wait()
        if manner == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
            await writer.drain()
            return False
        if manner == "flood":
            writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        answer = self.answer
        writer.write(
            f"HTTP/1.1 {manner} Said\r\nContent-Length: {len(answer)}\r\n{self.extra}\r\n".encode()
            + answer
        )
        await writer.drain()
        return True
