"""A real SMTP server whose manners a test decides message by message."""

from __future__ import annotations

import asyncio
import email
from collections import deque
from email.message import Message
from email.policy import default

from tcp_listener import TcpListener


class Mailbox(TcpListener):
    """Answers each DATA with the next of ``script``, then with 250. ``"cut"`` closes instead."""

    def __init__(self) -> None:
        super().__init__()
        self.script: deque[str] = deque()
        self.mails: list[Message] = []

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
        await self._until(lambda: len(self.mails) >= count)

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
