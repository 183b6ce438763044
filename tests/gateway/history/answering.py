"""A server in the place of a database, which answers writes as a test wants it to."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from gateway.history.influx_target import Engine, Target


@dataclass
class Answer:
    """What is answered: with a status, headers, a body; or in raw bytes, after which it hangs up.

    ``until`` is waited for first.
    """

    status: int = 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    until: threading.Event | None = None


KEPT = Answer()


@dataclass
class Request:
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    lines: list[str]


class Answering:
    """``answer`` decides by the lines that come; ``kept`` are those it has said 204 to."""

    def __init__(self) -> None:
        self.answer: Callable[[list[str]], Answer] = lambda _: KEPT
        self.requests: list[Request] = []
        self.kept: list[str] = []
        self.url = ""
        self.connections: list[socket.socket] = []

    def hang_up(self) -> None:
        """Close all connections, as a database does that is stopped."""
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    @property
    def target(self) -> Target:
        return Target(
            engine=Engine.INFLUXDB,
            url=self.url,
            token="t0ken",
            bucket="campus",
            org="bureau",
            connect_s=5,
            timeout_s=5,
        )

    def sizes(self) -> list[int]:
        return [len(request.lines) for request in self.requests]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told = Answering()
        self.told.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Who asked has given up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.told.connections.append(self.connection)

    def do_POST(self) -> None:
        told = self.server.told
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            content = gzip.decompress(content)
        lines = content.decode().splitlines()
        parts = urlsplit(self.path)
        told.requests.append(Request(parts.path, parse_qs(parts.query), dict(self.headers), lines))
        answer = told.answer(lines)
        if answer.until is not None:
            answer.until.wait(60)
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            self.close_connection = True
            return
        if answer.status == 204:
            told.kept += [line for line in lines if not line.startswith("campus_gateway ")]
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def answering() -> Iterator[Answering]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
