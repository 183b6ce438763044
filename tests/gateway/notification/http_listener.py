"""A real HTTP server whose manners a test decides request by request."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self

import msgspec


class Heard(msgspec.Struct, frozen=True):
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> str:
        return self.headers.get("x-campus-event-id", "")


class Listener:
    """Answers with the next of ``script``, then with ``usual``.

    A number is a status; ``"hang"`` never answers, ``"cut"`` closes in the middle of the answer,
    ``"flood"`` answers 500 without end. ``before_answer`` is called with each request; with a
    ``hold`` nothing is answered before it is set.
    """

    def __init__(self) -> None:
        self.script: deque[int | str] = deque()
        self.usual: int | str = 200
        self.by_event: dict[str, int] = {}
        self.extra = ""
        self.answer = b"heard"
        self.hold: asyncio.Event | None = None
        self.heard: list[Heard] = []
        self.before_answer: Callable[[Heard], None] = lambda heard: None
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Condition()
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shut()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        if self._server is not None:
            self._server.close()
            for connection in list(self._connections):
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alarms?from=campus"

    @property
    def events(self) -> list[str]:
        return [heard.event for heard in self.heard]

    async def until(self, count: int) -> None:
        """Wait until ``count`` requests have been heard."""
        async with self._changed, asyncio.timeout(30):
            await self._changed.wait_for(lambda: len(self.heard) >= count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.transport.abort()

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
