"""A TCP line between two ends that can be cut and mended: an outage of the network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from benchmarks import measure


class Line:
    """Passes bytes from its own port on to another one, while it is whole."""

    def __init__(self, target: int) -> None:
        self.port = measure.free_port()
        self._target = target
        self._whole = True
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._listening.wait(10)

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    def mend(self) -> None:
        """Let connections through again."""
        self._whole = True

    def close(self) -> None:
        """End it."""
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=1 << 20)
        )
        self._listening.set()
        self._loop.run_forever()
        server.close()
        talks = asyncio.all_tasks(self._loop)
        for talk in talks:
            talk.cancel()
        self._loop.run_until_complete(asyncio.gather(*talks, return_exceptions=True))
        self._loop.close()

    async def _cut(self) -> None:
        self._whole = False
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        try:
            there_reader, there = await asyncio.open_connection(
                "127.0.0.1", self._target, limit=1 << 20
            )
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, there}
        with suppress(OSError):
            await asyncio.gather(_pass_on(reader, there), _pass_on(there_reader, writer))
        self._writers -= {writer, there}


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 18):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@contextmanager
def line(target: int) -> Iterator[Line]:
    """A line to ``target``, ended with the block."""
    made = Line(target)
    try:
        yield made
    finally:
        made.close()
