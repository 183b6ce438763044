"""A real SMTP server whose manners a test decides message by message."""

from __future__ import annotations

import asyncio
import email
from collections import deque
from email.message import Message
from email.policy import default
from typing import Self


class Mailbox:
    """Answers each DATA with the next of ``script``, then with 250. ``"cut"`` closes instead."""

    def __init__(self) -> None:
        self.script: deque[str] = deque()
        self.mails: list[Message] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

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
        """As Apprise writes it."""
        return f"mailto://127.0.0.1:{self.port}?from=campus@example.org&to=duty@example.org"

    @property
    def keys(self) -> list[str]:
        """Of the mails that were taken, in their order."""
        return [str(mail["X-Campus-Event-Id"]) for mail in self.mails]

    async def until(self, count: int) -> None:
        """Wait until ``count`` mails were taken."""
        async with self._changed, asyncio.timeout(30):
            await self._changed.wait_for(lambda: len(self.mails) >= count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        await say("220 mail.example.org")
        while line := (await reader.readline()).decode().strip().upper():
            if line.startswith("DATA"):
                await say("354 go ahead")
                raw = await reader.readuntil(b"\r\n.\r\n")
                answer = self.script.popleft() if self.script else "250 taken"
                if answer == "cut":
                    return
                if answer.startswith("2"):
                    async with self._changed:
                        self.mails.append(email.message_from_bytes(raw[:-5], policy=default))
                        self._changed.notify_all()
                await say(answer)
            elif line.startswith("QUIT"):
                await say("221 bye")
                return
            else:
                await say("250 fine")
