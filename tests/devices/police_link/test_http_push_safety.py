"""Alarms go to whom they are meant for: certificates, addresses, keys."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path as FilePath

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pushed import ALARM, KEY, TEMPLATE, link_to, platform_at_work

from devices.police_link.http_push import (
    HttpPushLink,
    PushConfig,
    PushError,
    push_client,
)
from devices.police_link.link import Path, Result


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
