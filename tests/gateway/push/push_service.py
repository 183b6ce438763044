"""A push service of the tests' own, over real HTTP, with the browsers behind it: it checks what a
service checks (RFC 8030, RFC 8292), and its browsers decrypt what came, as browsers do.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import msgspec

from tests.gateway.push.browser_side import Browser, vapid

TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Arrived(msgspec.Struct, frozen=True):
    """One message as its browser read it, with what the service was told."""

    browser: str
    notice: dict[str, Any]
    headers: dict[str, str]
    claims: dict[str, Any]
    key: str


class PushService:
    """Answers each browser's messages with the next of its ``script``, then with 201.

    Messages that it answers otherwise are in ``refused`` and reach nobody.
    """

    def __init__(self) -> None:
        self.browsers: dict[str, Browser] = {}
        self.script: dict[str, deque[int]] = {}
        self.usual: dict[str, int] = {}
        self.arrived: list[Arrived] = []
        self.refused: list[tuple[str, int]] = []
        self.wrong: list[str] = []
        self._changed = threading.Condition()
        service = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = service.take(self.path.strip("/"), dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing on the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def endpoint(self, name: str) -> str:
        return f"{self.origin}/{name}"

    def subscribed(self, name: str, **more: object) -> dict[str, Any]:
        """What the page sends when a browser has subscribed here."""
        browser = self.browsers.setdefault(name, Browser())
        return {
            "endpoint": self.endpoint(name),
            "keys": browser.keys,
            "label": f"Test {name}",
            **more,
        }

    def take(self, name: str, headers: dict[str, str], body: bytes) -> int:
        try:
            message = self._read(name, headers, body)
        except Exception as error:
            self.wrong.append(f"{name}: {type(error).__name__}: {error}")
            raise
        with self._changed:
            script = self.script.get(name)
            status = script.popleft() if script else self.usual.get(name, 201)
            if status == 201:
                self.arrived.append(message)
            else:
                self.refused.append((name, status))
            self._changed.notify_all()
        return status

    def _read(self, name: str, headers: dict[str, str], body: bytes) -> Arrived:
        assert len(body) <= 4096
        assert headers["Content-Encoding"] == "aes128gcm"
        assert int(headers["TTL"]) > 0
        assert headers["Urgency"] in ("very-low", "low", "normal", "high")
        assert TOPIC.fullmatch(headers.get("Topic", "none"))
        claims, key = vapid(headers["Authorization"])
        assert claims["aud"] == self.origin
        return Arrived(name, json.loads(self.browsers[name].read(body)), headers, claims, key)

    def of(self, name: str) -> list[dict[str, Any]]:
        """What a browser has read, in order."""
        return [one.notice for one in self.arrived if one.browser == name]

    def until(self, count: int, seconds: float = 30) -> list[Arrived]:
        """Wait until so many messages have been taken. Blocks."""
        return self._wait(lambda: len(self.arrived) >= count, seconds) and self.arrived[:]

    def until_refused(self, count: int, seconds: float = 30) -> list[tuple[str, int]]:
        """Wait until so many have been turned down. Blocks."""
        return self._wait(lambda: len(self.refused) >= count, seconds) and self.refused[:]

    def _wait(self, done: Any, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self._changed:
            while not done():
                left = until - time.monotonic()
                assert left > 0, (self.arrived, self.refused, self.wrong)
                self._changed.wait(left)
        return True
