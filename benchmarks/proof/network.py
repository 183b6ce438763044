"""A network that can be cut: a TCP proxy that stalls, resets, half-closes and heals again."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final, Self


class Network:
    """Between whoever connects to ``port`` and the server at ``target`` on the loopback."""

    def __init__(self, target: int) -> None:
        self._target: Final = target
        self._links: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._flows: Final = asyncio.Event()
        self._flows.set()
        self._open = True
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.reset()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def stall(self) -> None:
        """Nothing gets through any more, and nobody is told."""
        self._flows.clear()

    def reset(self) -> None:
        """Every connection is reset, and no new one gets through."""
        self._open = False
        for link in list(self._links):
            for writer in link:
                writer.transport.abort()

    def half_close(self) -> None:
        """Whoever connected is told that nothing more will come; what it sends still gets there."""
        for client, _ in list(self._links):
            with contextlib.suppress(OSError):
                client.write_eof()

    def heal(self) -> None:
        """All is as it was."""
        self._open = True
        self._flows.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        link = (writer, back)
        self._links.add(link)
        pumps = [
            asyncio.create_task(self._pump(reader, back)),
            asyncio.create_task(self._pump(there, writer)),
        ]
        self._pumps.update(pumps)
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._links.discard(link)
            for pump in pumps:
                pump.cancel()
                self._pumps.discard(pump)
            for end in link:
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: written after an EOF
            while data := await reader.read(65_536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
