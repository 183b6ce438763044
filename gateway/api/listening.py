"""The response of a stream: sends what was missed, then what the hub hands over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gateway.api.broadcast import Hub, Listener

GOODBYE_SECONDS: Final = 2.0
"""How long a listener that was cut may take to read what lies in the socket's buffer."""


class Listening(Response):
    """Ends when the client goes, or when the hub ends the listener."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, listener: Listener, after: int | None) -> None:
        super().__init__(
            headers={
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",  # nginx would hold frames back
            }
        )
        del self.headers["content-length"]
        self._hub = hub
        self._listener = listener
        self._after = after

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until it is over."""
        pump = asyncio.ensure_future(self._pump(send))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait(
                (pump, gone, self._listener.over), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            self._hub.leave(self._listener)
            pump.cancel()
            gone.cancel()
            results = await asyncio.gather(pump, gone, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, OSError):
                raise result
        if not isinstance(results[1], bool):  # the client is still there: end in good order
            await self._end(send)

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if self._after is not None:
            async for frame in self._hub.missed(self._listener, self._after):
                await send({"type": "http.response.body", "body": frame, "more_body": True})
        while True:
            body = await self._listener.take()
            await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _end(self, send: Send) -> None:
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # It reads nothing at all: the server closes the connection under it.
            return


async def _gone(receive: Receive) -> bool:
    while (await receive())["type"] != "http.disconnect":
        pass
    return True
