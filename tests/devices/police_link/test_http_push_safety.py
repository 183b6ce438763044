"""Alarms go to whom they are meant for: certificates, addresses, keys."""

from __future__ import annotations

import gzip
import ssl
import tracemalloc
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path as FilePath
from typing import TypeAlias

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from name_service import NameService
from pushed import ALARM, KEY, TEMPLATE, Platform, link_to, platform_at_work

from devices.police_link.http_push import (
    HttpPushLink,
    PushConfig,
    PushError,
    push_client,
)
from devices.police_link.link import Path, Result
from devices.police_link.names import Names

Serving: TypeAlias = tuple[FilePath, ssl.SSLContext]
LOOPBACK = x509.IPAddress(ip_address("127.0.0.1"))


NAME = "platform.example"


def _certificate(folder: FilePath, named: x509.GeneralName = LOOPBACK) -> Serving:
    """A certificate of its own, and what serves with it."""
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
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
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


async def test_a_platform_known_by_name_has_to_prove_that_name(
    tmp_path: FilePath, service: NameService
) -> None:
    """We connect to the address that the name has; certificate and Host are for the name."""
    service.addresses[NAME] = ("127.0.0.1",)
    for named, result in (
        (x509.DNSName(NAME), Result.ACKNOWLEDGED),
        (LOOPBACK, Result.UNREACHABLE),
    ):
        public, serving = _certificate(tmp_path, named)
        async with push_client(ssl.create_default_context(cafile=str(public))) as client:
            with platform_at_work(serving) as platform:
                url = platform.url.replace("127.0.0.1", NAME)
                names = Names(service.look_up)
                async with link_to(url, client=client, names=names) as link:
                    exchange = await link.probe(Path.PRIMARY, ALARM)
                assert exchange.result is result, exchange
                if exchange.acknowledged:
                    (request,) = platform.requests
                    assert request[1]["host"] == url.split("/")[2]
                    assert f"host: {request[1]['host']}\r\n".encode() in exchange.sent.lower()
                else:
                    assert "certificate" in exchange.reason
                    assert platform.requests == []


async def test_a_platforms_cookies_are_not_sent_back(platform: Platform) -> None:
    async with link_to(platform.url) as link:
        for number in range(3):
            platform.headers = {"Set-Cookie": f"number{number}={number}; Path=/"}
            assert (await link.probe(Path.PRIMARY)).acknowledged
        assert not any("cookie" in headers for _, headers, _ in platform.requests)


async def test_an_answer_that_unpacks_to_a_huge_one_is_not_unpacked(platform: Platform) -> None:
    platform.headers = {"Content-Encoding": "gzip"}
    platform.answer = gzip.compress(b" " * 50_000_000)
    assert len(platform.answer) < 64 * 1024
    async with link_to(platform.url) as link:
        tracemalloc.start()
        exchange = await link.probe(Path.PRIMARY)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert exchange.result is Result.GARBLED
    assert exchange.received.endswith(platform.answer)
    assert peak < 5_000_000


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
