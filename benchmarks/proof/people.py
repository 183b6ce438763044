"""Those around a gateway who must not be told wrong: a webhook's receiver, a page, an operator."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any, Final, Self

import httpx
import msgspec


class WebhookReceiver:
    """Takes what the gateway posts, and now and then hangs up without an answer."""

    def __init__(self, *, seed: int, rude: float = 0.02) -> None:
        """``rude`` is the share of requests that are heard and not answered."""
        self._chance: Final = random.Random(seed)
        self._rude: Final = rude
        self._server: asyncio.Server | None = None
        self.first: list[str] = []
        """Event ids in the order in which they were first heard."""

        self.bodies: dict[str, set[bytes]] = {}
        self.requests = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                fields = {
                    name.lower(): value
                    for name, _, value in (line.partition(": ") for line in head)
                }
                body = await reader.readexactly(int(fields["content-length"]))
                self._heard(fields["x-campus-event-id"], body)
                if self._chance.random() < self._rude:
                    break
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        writer.transport.abort()

    def _heard(self, event: str, body: bytes) -> None:
        self.requests += 1
        if event not in self.bodies:
            self.first.append(event)
        self.bodies.setdefault(event, set()).add(body)


class Page:
    """A page that listens to the live stream and goes on from where it was cut off."""

    def __init__(self, url: str, token: str) -> None:
        self._url: Final = url
        self._headers: Final = {"Authorization": f"Bearer {token}"}
        self.rows: list[int] = []
        """Event ids in the order in which they arrived."""

        self.reloads = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(httpx.HTTPError, OSError):
                await self._listen()
            await asyncio.sleep(0.1)

    async def _listen(self) -> None:
        last = self.rows[-1] if self.rows else 0
        async with (
            httpx.AsyncClient(trust_env=False, timeout=10) as client,
            client.stream(
                "GET",
                f"{self._url}/api/v1/stream",
                headers={**self._headers, "Last-Event-ID": str(last)},
            ) as response,
        ):
            response.raise_for_status()
            event = ""
            async for line in response.aiter_lines():
                if line.startswith("event:"):
                    event = line[6:].strip()
                    self.reloads += event == "reload"
                elif line.startswith("data:") and event == "alerts":
                    self.rows.extend(one["row"] for one in msgspec.json.decode(line[5:]))


class Operator:
    """Acknowledges and resets what is open; remembers what the gateway confirmed."""

    def __init__(self, url: str, token: str, *, seed: int) -> None:
        self._url: Final = f"{url}/api/v1/alerts"
        self._headers: Final = {"Authorization": f"Bearer {token}"}
        self._chance: Final = random.Random(seed)
        self.confirmed: list[tuple[int, int]] = []
        """Alert and its version after each action that the gateway answered with yes."""

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(trust_env=False, timeout=5, headers=self._headers) as client:
            while True:
                with contextlib.suppress(httpx.HTTPError, OSError):
                    await self._work(client)
                await asyncio.sleep(0.25)

    async def _work(self, client: httpx.AsyncClient) -> None:
        listed = await client.get(self._url, params={"limit": 100})
        if listed.status_code != httpx.codes.OK:
            return
        alerts: list[dict[str, Any]] = listed.json()["items"]
        for alert in self._chance.sample(alerts, min(4, len(alerts))):
            done = alert["acknowledged"] is not None
            action = {"action": "reset" if done else "acknowledge"}
            answer = await client.post(f"{self._url}/{alert['id']}/actions", json=action)
            if answer.status_code == httpx.codes.OK and answer.json()["changed"]:
                self.confirmed.append((alert["id"], answer.json()["alert"]["version"]))
