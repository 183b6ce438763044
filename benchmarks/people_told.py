"""A receiver of messages to people: a real HTTP server that writes down what it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import msgspec

from alerts.notification.audience import is_emergency
from gateway.notification.apprise_sender import EVENT_HEADER


class Told(msgspec.Struct, frozen=True):
    """One message: the event's key, which also tells its priority, and when it came (ms)."""

    key: str
    at: float

    @property
    def emergency(self) -> bool:
        """Whether it is of one."""
        return is_emergency(self.key)


class People:
    """``url`` is the Apprise URL to reach them at, ``told`` what they got, in order."""

    def __init__(self, port: int) -> None:
        self.url: Final = f"json://127.0.0.1:{port}/"
        self.told: Final[list[Told]] = []


@contextmanager
def told_people() -> Iterator[People]:
    """Somebody who takes every message, until the block ends."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            people.told.append(Told(self.headers.get(EVENT_HEADER, ""), time.time() * 1000))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: stderr is for progress."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        people = People(server.server_port)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield people
        finally:
            server.shutdown()
            serving.join()
