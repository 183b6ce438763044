"""A police platform to push to, and a link to it."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path as FilePath
from typing import Any

import httpx

from benchmarks.measure import free_port
from devices.police_link.http_push import (
    HttpPushLink,
    PushConfig,
)
from devices.police_link.link import Camera, Code, LinkEvent
from devices.police_link.names import NAMES, Names
from devices.police_link.push_template import load_push_template

TEMPLATE = load_push_template(
    FilePath(__file__).parents[3] / "config" / "police" / "db15t3968.json"
)
KEY = b"a key of the demo platform"
HAPPENED = 1_795_161_600_123
ALARM = LinkEvent(
    key="police:s1/main/41",
    sequence=41,
    code=Code.PANIC,
    happened=HAPPENED,
    known=HAPPENED + 90,
    school="s1",
    school_name="第三中学",
    device="gate-01",
    place="南门",
    text="一键报警",
    contact="保卫处",
    zone=5,
    latitude=40.8426,
    longitude=111.7492,
    cameras=(Camera("cam-1", "南门外", "rec/cam-1/1795161570123"),),
)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64  # five by default: of ten at once some would knock again a second later


class Platform:
    """A police platform: a real HTTP server that keeps what it got and answers as told."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        self.answer = b'{"code": 0}'
        self.date = ""
        self.headers: dict[str, str] = {}
        self.wait = threading.Event()
        self.wait.set()
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                platform.requests.append((self.path, headers, body))
                platform.wait.wait(5)
                self.send_response_only(platform.status)
                self.send_header("Date", platform.date or formatdate(usegmt=True))
                self.send_header("Content-Length", str(len(platform.answer)))
                for name, value in platform.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(platform.answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/alarms?site=1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.wait.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def body(self) -> Any:
        return json.loads(self.requests[-1][2])


@contextmanager
def platform_at_work(tls: ssl.SSLContext | None = None) -> Iterator[Platform]:
    platform = Platform(tls)
    try:
        yield platform
    finally:
        platform.close()


@asynccontextmanager
async def link_to(
    primary: str,
    backup: str | None = None,
    *,
    answer_timeout_s: float = 10.0,
    client: httpx.AsyncClient | None = None,
    names: Names = NAMES,
) -> AsyncIterator[HttpPushLink]:
    config = PushConfig(
        link="s1/main",
        primary=primary,
        backup=backup,
        key=KEY,
        answer_timeout_s=answer_timeout_s,
    )
    link = HttpPushLink(config, TEMPLATE, client=client, names=names)
    try:
        yield link
    finally:
        await link.aclose()


def nobody() -> str:
    """A URL where nobody listens."""
    return f"http://127.0.0.1:{free_port()}/"


@asynccontextmanager
async def raw(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> Any:
    """A server that does with a connection what it likes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
