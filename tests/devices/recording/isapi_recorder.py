"""A Hikvision recorder of tests: a real HTTP server with digest, a clock, and paged searches.

Its answers are laid out as in ISAPI's own examples (CMSearchResult, version 2.0). It knows its
recordings by the wall clock, as the real ones do.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as ET

from devices.recording.local_time import named_zone
from devices.recording.recorder_http import HttpAccess
from devices.recording.source import RecordingSource

NAMESPACE = "{http://www.isapi.org/ver20/XMLSchema}"
USER, PASSWORD = "admin", "a good password"
Source = TypeVar("Source", bound=RecordingSource)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class DigestServer(ABC):
    """An HTTP server behind RFC 2617 digest; ``answer`` is called for who knows the password."""

    def __init__(self) -> None:
        self.failed_logins = 0
        self.requests = 0
        self.hang = threading.Event()  # set: the answer does not come
        self.stale_after: int | None = None  # so many requests, and the nonce is another one
        self._nonce = secrets.token_hex(8)
        self._used: set[str] = set()
        self.promises_too_much = 0
        self.released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def count(self) -> None:
        self.requests += 1
        if self.stale_after and self.requests % self.stale_after == 0:
            self._nonce = secrets.token_hex(8)

    def promised(self, status: int) -> int:
        """So many bytes more than there are, in a good answer."""
        return self.promises_too_much if status == 200 else 0

    @abstractmethod
    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body."""

    def knows(self, header: str, method: str, path: str) -> bool:
        if not header.startswith("Digest "):
            return False
        told = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        if told.get("nonce") != self._nonce:
            return False
        ha1 = hashlib.md5(f"{USER}:recorder:{PASSWORD}".encode()).hexdigest()
        ha2 = hashlib.md5(f"{method}:{path}".encode()).hexdigest()
        wanted = hashlib.md5(
            f"{ha1}:{self._nonce}:{told['nc']}:{told['cnonce']}:auth:{ha2}".encode()
        ).hexdigest()
        used = self._nonce + told["nc"] + told["cnonce"]
        good = wanted == told["response"] and told["uri"] == path and used not in self._used
        self._used.add(used)
        self.failed_logins += not good
        return good

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.released.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()


def _handler(served: DigestServer) -> type[BaseHTTPRequestHandler]:

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            self._serve(self.rfile.read(int(self.headers["Content-Length"])))

        def _serve(self, body: bytes) -> None:
            served.count()
            if not served.knows(self.headers.get("Authorization", ""), self.command, self.path):
                self._say(401, b"")
                return
            status, answer = served.answer(self.path, body)
            if served.hang.is_set():
                served.released.wait(20)
            self._say(status, answer)

        def _say(self, status: int, body: bytes) -> None:
            self.send_response_only(status)
            if status == 401:
                self.send_header(
                    "WWW-Authenticate",
                    f'Digest qop="auth", realm="recorder", nonce="{served._nonce}", '
                    'algorithm="MD5", stale="false"',
                )
            self.send_header(
                "Content-Length",
                str(len(body) + served.promised(status)),
            )
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = served.promised(status) > 0

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


Piece = tuple[datetime, datetime]


class HikvisionRecorder(DigestServer):
    """``recorded`` by the wall clock that its labels show, in order of recording."""

    def __init__(self, recorded: list[Piece], *, local_now: datetime) -> None:
        super().__init__()
        self.recorded = recorded
        self.locked: set[datetime] = set()
        self.local_now = local_now
        self.time_zone = "CST-8:00:00"
        self.now_suffix = "+08:00"
        self.most_a_page = 64
        self.pages = 0
        self.searches: list[tuple[str, str]] = []
        self.spoil: Callable[[int, bytes], tuple[int, bytes]] | None = None
        self.hang_at_page: int | None = None
        self._held: list[Piece] = []

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        if path == "/ISAPI/System/time":
            return 200, self._clock()
        if path != "/ISAPI/ContentMgmt/search":
            return 404, b"<ResponseStatus><statusString>Invalid URL</statusString></ResponseStatus>"
        self.pages += 1
        page = self._page(body)
        if self.hang_at_page == self.pages:
            self.hang.set()
        if self.spoil is not None:
            return self.spoil(self.pages, page)
        return 200, page

    def _clock(self) -> bytes:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<Time version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">\n'
            "<timeMode>NTP</timeMode>\n"
            f"<localTime>{self.local_now:%Y-%m-%dT%H:%M:%S}{self.now_suffix}</localTime>\n"
            f"<timeZone>{self.time_zone}</timeZone>\n</Time>\n"
        ).encode()

    def _page(self, body: bytes) -> bytes:
        asked = ET.fromstring(body)

        def said(name: str) -> str:
            found = asked.find(f".//{NAMESPACE}{name}")
            assert found is not None
            assert found.text
            return found.text

        begin, end = said("startTime"), said("endTime")
        self.searches.append((begin, end))
        track = said("trackID")
        low, high = (datetime.fromisoformat(each.removesuffix("Z")) for each in (begin, end))
        if self.searches[-2:-1] != self.searches[-1:]:
            self._held = [piece for piece in self.recorded if piece[0] < high and piece[1] > low]
        held = self._held if track == "101" else []
        position = int(said("searchResultPostion"))
        most = min(int(said("maxResults")), self.most_a_page)
        given = held[position : position + most]
        if not given:
            status = "NO MATCHES"
        else:
            status = "MORE" if position + len(given) < len(held) else "OK"
        items = "".join(self._item(track, piece) for piece in given)
        listed = f"<matchList>\n{items}</matchList>\n" if given else ""
        return (
            '<?xml version="1.0" encoding="UTF-8" ?>\n'
            '<CMSearchResult version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">\n'
            f"<searchID>{{{said('searchID')}}}</searchID>\n<responseStatus>true</responseStatus>\n"
            f"<responseStatusStrg>{status}</responseStatusStrg>\n"
            f"<numOfMatches>{len(given)}</numOfMatches>\n{listed}</CMSearchResult>\n"
        ).encode()

    def _item(self, track: str, piece: Piece) -> str:
        begin, end = (f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in piece)
        plain = f"{piece[0]:%Y%m%dT%H%M%SZ}"
        lock = "lock" if piece[0] in self.locked else "unlock"
        return (
            "<searchMatchItem>\n<sourceID>{0000000000-0000-0000-0000-000000000000}</sourceID>\n"
            f"<trackID>{track}</trackID>\n<timeSpan>\n<startTime>{begin}</startTime>\n"
            f"<endTime>{end}</endTime>\n</timeSpan>\n<mediaSegmentDescriptor>\n"
            "<contentType>video</contentType>\n<codecType>H.264-BP</codecType>\n"
            f"<playbackURI>rtsp://192.0.2.1/Streaming/tracks/{track}/?starttime={plain}"
            f"&amp;name=ch01_{plain}&amp;size=268435456</playbackURI>\n"
            f"<lockStatus>{lock}</lockStatus>\n</mediaSegmentDescriptor>\n<metadataMatches>\n"
            "<metadataDescriptor>recordType.meta.hikvision.com/timing</metadataDescriptor>\n"
            "</metadataMatches>\n</searchMatchItem>\n"
        )


def query(path: str) -> tuple[str, dict[str, str]]:
    """The path of a request without what it asks, and that."""
    split = urlsplit(path)
    return split.path, dict(parse_qsl(split.query, keep_blank_values=True))


def hours(begin: datetime, count: int) -> list[Piece]:
    """Files of an hour, one after the other, a second lost in between."""
    hour, second = timedelta(hours=1), timedelta(seconds=1)
    return [(begin + n * hour, begin + (n + 1) * hour - second) for n in range(count)]


@asynccontextmanager
async def asked(
    kind: Callable[..., Source],
    recorder: DigestServer,
    *,
    password: str = PASSWORD,
    answer_timeout_s: float = 10.0,
    ask_timeout_s: float = 60.0,
    **options: Any,
) -> AsyncIterator[Source]:
    """A source of its kind, in Shanghai unless ``zone`` says otherwise; the recorder runs."""
    access = HttpAccess(
        url=recorder.url,
        user=USER,
        password=password,
        answer_timeout_s=answer_timeout_s,
        ask_timeout_s=ask_timeout_s,
    )
    source = kind(access, options.pop("zone", named_zone("Asia/Shanghai")), **options)
    with recorder.running():
        try:
            yield source
        finally:
            await source.aclose()
