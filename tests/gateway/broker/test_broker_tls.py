"""TLS with client certificates, against a real Mosquitto."""

from __future__ import annotations

import ssl
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from broker_client import Client

from benchmarks.measure import free_port
from gateway.broker.access import SchoolAccess
from gateway.broker.certificates import Authority, CertificateError, Pair
from gateway.broker.configuration import BrokerPlan, Listener, Tls
from gateway.broker.knock import Answer, knock
from gateway.broker.mosquitto import Mosquitto, running

pytestmark = pytest.mark.broker

NOT_AUTHORISED = 0x87


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "certificates")


@pytest.fixture
async def tls_port(authority: Authority, tmp_path: Path) -> AsyncIterator[int]:
    server = authority.server(["localhost", "127.0.0.1"])
    tls = Tls(server.certificate, server.key, ca=authority.pair.certificate)
    port = free_port()
    plan = BrokerPlan(
        listeners=(Listener(port, tls=tls), Listener(free_port())),
        schools=(SchoolAccess("no3-middle"),),
    )
    async with running(Mosquitto(plan, tmp_path / "broker")):
        yield port


def trusting(authority: Authority, shown: Pair | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.pair.certificate)
    if shown is not None:
        context.load_cert_chain(shown.certificate, shown.key)
    return context


async def test_without_an_authority_a_password_signs_in_over_tls(
    authority: Authority, tmp_path: Path
) -> None:
    server = authority.server(["127.0.0.1"])
    port = free_port()
    tls = Tls(server.certificate, server.key)
    plan = BrokerPlan(listeners=(Listener(free_port()), Listener(port, tls=tls)))
    async with running(Mosquitto(plan, tmp_path / "broker")) as broker:
        password = broker.written.credentials.passwords["gateway"]
        for guess, answer in ((password, Answer.WELCOME), ("guess", Answer.REFUSED)):
            knocked = await knock(
                "127.0.0.1", port, user="gateway", password=guess, tls=trusting(authority)
            )
            assert knocked.answer is answer


async def test_a_client_certificate_is_user_and_password_in_one(
    authority: Authority, tls_port: int
) -> None:
    context = trusting(authority, authority.client("school-no3-middle"))
    client = Client(tls_port, "", "", tls=context)
    assert client.code == 0
    assert client.publish("campus/no3-middle/smoke/lab/event") in (0, 0x10)
    assert client.publish("campus/no5-primary/smoke/lab/event") == NOT_AUTHORISED
    client.close()


async def test_a_user_name_does_not_override_the_certificate(
    authority: Authority, tls_port: int
) -> None:
    context = trusting(authority, authority.client("school-no3-middle"))
    client = Client(tls_port, "gateway", "guess", tls=context)
    assert client.publish("campus/no3-middle/alert/1") == NOT_AUTHORISED
    client.close()


async def test_without_a_certificate_nobody_is_let_in(authority: Authority, tls_port: int) -> None:
    answer = await knock("127.0.0.1", tls_port, tls=trusting(authority))
    assert answer.answer is not Answer.WELCOME


async def test_a_certificate_of_another_authority_is_refused(
    authority: Authority, tls_port: int, tmp_path: Path
) -> None:
    forged = Authority(tmp_path / "forger").client("gateway")
    answer = await knock("127.0.0.1", tls_port, tls=trusting(authority, forged))
    assert answer.answer is not Answer.WELCOME


async def test_a_server_of_another_authority_is_not_trusted(tls_port: int, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger")
    answer = await knock("127.0.0.1", tls_port, tls=trusting(stranger))
    assert answer.answer is Answer.UNTRUSTED


def test_the_authority_stays_the_same_and_keys_are_private(tmp_path: Path) -> None:
    first = Authority(tmp_path)
    before = first.pair.certificate.read_bytes()
    pair = Authority(tmp_path).client("device/no3/gate-01")
    assert first.pair.certificate.read_bytes() == before
    assert pair.key.name == "client-device_no3_gate-01.key"
    for key in (first.pair.key, pair.key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_name_too_long_for_a_certificate_is_said(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="by password"):
        Authority(tmp_path).client("school-" + "x" * 64)


def test_a_broker_that_the_gateway_could_not_reach_is_refused() -> None:
    tls = Tls(certificate=Path("crt"), key=Path("key"))
    with pytest.raises(ValueError, match="without TLS"):
        BrokerPlan(listeners=(Listener(8883, tls=tls),))
