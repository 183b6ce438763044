"""Alarms pushed over HTTPS to a platform: what arrives, what counts as acknowledged."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path as FilePath
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from devices.police_link.http_push import (
    HttpPushLink,
    PushConfig,
    PushError,
    judge,
    push_client,
    signature,
)
from devices.police_link.link import Camera, Code, Exchange, LinkEvent, Path, Result
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


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_at_work() as one:
        yield one


@pytest.fixture
def second() -> Iterator[Platform]:
    with platform_at_work() as one:
        yield one


@asynccontextmanager
async def link_to(
    primary: str, backup: str | None = None, *, answer_timeout_s: float = 2.0
) -> AsyncIterator[HttpPushLink]:
    config = PushConfig(
        link="s1/main",
        primary=primary,
        backup=backup,
        key=KEY,
        answer_timeout_s=answer_timeout_s,
    )
    link = HttpPushLink(config, TEMPLATE)
    try:
        yield link
    finally:
        await link.aclose()


def nobody() -> str:
    """A URL where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


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


# What arrives


async def test_an_alarm_arrives_with_all_that_the_standard_asks_for(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        report = await link.send(ALARM)
    assert report.acknowledged is not None
    assert platform.requests[0][0] == "/alarms?site=1"
    body = platform.body
    assert (body["type"], body["contact_id"], body["test"], body["restored"]) == (
        "panic",
        120,
        False,
        False,
    )
    assert body["place"] == {
        "name": "南门",
        "coordinate_system": "WGS84",
        "longitude": 111.7492,
        "latitude": 40.8426,
    }
    assert body["school"] == {"id": "s1", "name": "第三中学", "contact": "保卫处"}
    assert body["occurred_at"] == "2026-11-20T08:00:00.123+00:00"
    assert body["video"] == {
        "from": "2026-11-20T07:59:30.123+00:00",
        "cameras": [{"id": "cam-1", "name": "南门外", "recording": "rec/cam-1/1795161570123"}],
    }


async def test_the_signature_is_what_the_platform_computes_itself(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        await link.send(ALARM)
    _, headers, body = platform.requests[0]
    assert headers["idempotency-key"] == "police:s1/main/41"
    expected = signature(KEY, headers["x-timestamp"], headers["idempotency-key"], body)
    assert headers["x-signature"] == f"sha256={expected}"
    assert abs(int(headers["x-timestamp"]) - time.time() * 1000) < 10_000
    other = signature(b"another key, not ours", headers["x-timestamp"], "police:s1/main/41", body)
    assert other != expected


async def test_a_second_attempt_says_the_same_under_the_same_key(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        await link.send(ALARM)
        await link.send(ALARM)
    first, again = platform.requests
    assert first[2] == again[2]
    assert first[1]["idempotency-key"] == again[1]["idempotency-key"]


async def test_a_fault_is_told_as_the_state_of_a_device(platform: Platform) -> None:
    fault = LinkEvent(
        key="k", sequence=1, code=Code.LOW_BATTERY, happened=1, known=2, school="s1", restore=True
    )
    async with link_to(platform.url) as link:
        await link.send(fault)
    body = platform.body
    assert (body["message"], body["fault"], body["restored"]) == (
        "device_state",
        "battery_low",
        True,
    )


async def test_a_test_goes_the_way_of_an_alarm(platform: Platform) -> None:
    event = LinkEvent(
        key="k", sequence=1, code=Code.PERIODIC_TEST, happened=1, known=2, school="s1", test=True
    )
    async with link_to(platform.url) as link:
        exchange = await link.probe(Path.PRIMARY, event)
    assert exchange.acknowledged
    assert (platform.body["message"], platform.body["test"]) == ("alarm", True)


async def test_supervision_names_the_link_and_each_has_a_key_of_its_own(platform: Platform) -> None:
    times = iter([HAPPENED, HAPPENED, HAPPENED + 5, HAPPENED + 5])
    config = PushConfig(link="s1/main", primary=platform.url, key=KEY)
    link = HttpPushLink(config, TEMPLATE, now=lambda: next(times))
    await link.probe(Path.PRIMARY)
    await link.probe(Path.PRIMARY)
    await link.aclose()
    assert platform.body["link"] == "s1/main"
    keys = {headers["idempotency-key"] for _, headers, _ in platform.requests}
    assert len(keys) == 2


async def test_ten_alarms_at_once_all_arrive(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        begun = time.monotonic()
        reports = await asyncio.gather(*(link.send(ALARM) for _ in range(10)))
        assert time.monotonic() - begun < 2
    assert all(report.acknowledged for report in reports)


async def test_the_evidence_holds_what_was_said_and_never_the_key(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        (exchange,) = (await link.send(ALARM)).exchanges
    assert exchange.sent.startswith(b"POST /alarms?site=1 HTTP/1.1\r\n")
    assert exchange.sent.endswith(platform.requests[0][2])
    assert exchange.received.startswith(b"HTTP 200\r\n")
    assert exchange.received.endswith(b'{"code": 0}')
    assert KEY not in exchange.sent
    assert KEY.decode() not in repr(link.config)


# What counts as acknowledged


@pytest.mark.parametrize(
    ("status", "answer", "result"),
    [
        (200, b'{"code": 0}', Result.ACKNOWLEDGED),
        (202, b'{"code": 0, "more": [1]}', Result.ACKNOWLEDGED),
        (204, b"", Result.REFUSED),
        (200, b'{"code": 1}', Result.REFUSED),
        (200, b'{"code": "0"}', Result.REFUSED),
        (200, b'{"code": false}', Result.REFUSED),
        (200, b"{}", Result.GARBLED),
        (200, b"[0]", Result.GARBLED),
        (200, b"<html>welcome to the hotel</html>", Result.GARBLED),
        (302, b"", Result.REFUSED),
        (400, b'{"code": 0}', Result.REFUSED),
        (401, b'{"code": 0}', Result.REFUSED),
        (500, b'{"code": 0}', Result.UNABLE),
        (503, b'{"code": 0}', Result.UNABLE),
    ],
)
async def test_only_what_the_template_names_acknowledges(
    platform: Platform, status: int, answer: bytes, result: Result
) -> None:
    platform.status, platform.answer = status, b"" if status == 204 else answer
    async with link_to(platform.url) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is result
    assert bool(exchange.reason) is not exchange.acknowledged


@given(st.integers(100, 599), st.binary(max_size=60))
def test_no_answer_acknowledges_by_chance(status: int, body: bytes) -> None:
    result, reason = judge(status, body, TEMPLATE)
    if result is Result.ACKNOWLEDGED:
        assert status in {200, 201, 202}
        assert json.loads(body)["code"] == 0
    else:
        assert reason


async def test_a_signature_refused_with_a_clock_far_off_is_clock_trouble(
    platform: Platform,
) -> None:
    platform.status = 401
    platform.date = formatdate(time.time() + 300, usegmt=True)
    async with link_to(platform.url) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is Result.CLOCK
    assert exchange.offset_ms is not None
    assert 295_000 < exchange.offset_ms < 305_000


async def test_a_clock_that_agrees_to_the_second_has_no_offset(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        assert (await link.probe(Path.PRIMARY)).offset_ms == 0


# What goes wrong on the way


async def test_nobody_there_is_unreachable_and_sent_nothing() -> None:
    async with link_to(nobody()) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert (exchange.result, exchange.sent) == (Result.UNREACHABLE, b"")


async def test_a_platform_that_does_not_answer_is_silent_in_time(platform: Platform) -> None:
    platform.wait.clear()
    async with link_to(platform.url, answer_timeout_s=0.2) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is Result.SILENT
    assert 200 <= exchange.elapsed_ms < 1000
    assert exchange.sent


async def test_an_answer_that_trickles_is_cut_at_the_limit() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with raw(trickle) as url, link_to(url, answer_timeout_s=0.3) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is Result.SILENT
    assert exchange.elapsed_ms < 1000


async def test_an_answer_without_an_end_is_garbled() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000)
        await writer.drain()

    async with raw(flood) as url, link_to(url) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is Result.GARBLED
    assert len(exchange.received) < 70_000


@pytest.mark.parametrize(
    "octets",
    [
        b'\n9810000E"ACK"0001R0L0#1234[]\r',
        b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"code":',
        b"HTTP/1.1 2oo OK\r\n\r\n",
        b"\x16\x03\x01\x02",
    ],
)
async def test_an_answer_that_is_none_acknowledges_nothing(octets: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(octets)
        await writer.drain()

    async with raw(babble) as url, link_to(url) as link:
        exchange = await link.probe(Path.PRIMARY)
    assert exchange.result in {Result.GARBLED, Result.SILENT}
    assert exchange.reason


async def test_a_kept_connection_that_was_closed_costs_no_alarm() -> None:
    """The platform closes it without a word just as the next message comes."""
    connections = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        await reader.readexactly(length)
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"code":0}')
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")  # the next message is read, and not answered

    async with raw(once) as url, link_to(url) as link:
        assert (await link.probe(Path.PRIMARY)).acknowledged
        assert (await link.probe(Path.PRIMARY, ALARM)).acknowledged
    assert connections == 2


# Two paths


async def test_the_backup_carries_the_alarm_when_the_primary_is_dead(second: Platform) -> None:
    told: list[Exchange] = []
    async with link_to(nobody(), second.url) as link:
        report = await link.send(ALARM, on_exchange=told.append)
    assert [one.path for one in told] == [Path.PRIMARY, Path.BACKUP]
    assert tuple(told) == report.exchanges
    assert report.acknowledged is told[1]


async def test_a_primary_that_just_failed_is_tried_last_until_it_answers(
    platform: Platform, second: Platform
) -> None:
    platform.wait.clear()
    async with link_to(platform.url, second.url, answer_timeout_s=0.2) as link:
        await link.send(ALARM)
        report = await link.send(ALARM)
        assert [one.path for one in report.exchanges] == [Path.BACKUP]
        platform.wait.set()
        await link.probe(Path.PRIMARY)
        report = await link.send(ALARM)
        assert [one.path for one in report.exchanges] == [Path.PRIMARY]


async def test_a_backup_is_not_bothered_when_the_primary_has_it(
    platform: Platform, second: Platform
) -> None:
    async with link_to(platform.url, second.url) as link:
        await link.send(ALARM)
    assert (len(platform.requests), len(second.requests)) == (1, 0)


# TLS


def _certificate(folder: FilePath) -> tuple[FilePath, ssl.SSLContext]:
    """A certificate of its own for the loopback, and what serves with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "platform of the demo")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "platform.pem", folder / "platform.key"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(public, private)
    return public, serving


async def test_over_tls_with_the_authority_that_was_given(tmp_path: FilePath) -> None:
    public, serving = _certificate(tmp_path)
    with platform_at_work(serving) as platform:
        client = push_client(ssl.create_default_context(cafile=str(public)))
        config = PushConfig(link="s1/main", primary=platform.url, key=KEY)
        link = HttpPushLink(config, TEMPLATE, client=client)
        assert (await link.send(ALARM)).acknowledged
        await link.aclose()
        assert not client.is_closed  # it is shared
        await client.aclose()


async def test_a_certificate_nobody_vouches_for_gets_no_alarm(tmp_path: FilePath) -> None:
    _, serving = _certificate(tmp_path)
    with platform_at_work(serving) as platform:
        async with link_to(platform.url) as link:
            exchange = await link.probe(Path.PRIMARY, ALARM)
        assert exchange.result is Result.UNREACHABLE
        assert "CERTIFICATE_VERIFY_FAILED" in exchange.reason
        assert platform.requests == []


# Configuration


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://police.example/alarms", "not encrypted"),
        ("ftp://police.example/", "begins with https"),
        ("https:///alarms", "names a host"),
        ("https://user:secret@police.example/", "no user, password"),
        ("https://police.example/#a", "fragment"),
        ("https://police.example:port/", "no URL"),
    ],
)
def test_a_url_that_is_not_safe_is_refused(url: str, problem: str) -> None:
    with pytest.raises(PushError, match=problem):
        PushConfig(link="s1/main", primary="https://police.example/", backup=url, key=KEY)


def test_a_key_too_short_to_sign_with_is_refused() -> None:
    with pytest.raises(PushError, match="16 bytes"):
        PushConfig(link="s1/main", primary="https://police.example/", key=b"short")
