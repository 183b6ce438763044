"""Digest authentication: the vectors of RFC 2617, and what a nonce is good for."""

from __future__ import annotations

import msgspec
import pytest

from devices.recording.gb28181.digest import (
    NONCE_LIFE_MS,
    Challenger,
    Credentials,
    Verdict,
    digest_of,
    read_credentials,
)

DEVICE = "34020000001180000001"
HOST = "192.0.2.7"
NOW = 1_000_000
RFC = Credentials(
    username="Mufasa",
    realm="testrealm@host.com",
    nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
    uri="/dir/index.html",
    response="6629fae49393a05397450978507c4ef1",
    qop="auth",
    nc="00000001",
    cnonce="0a4f113b",
)


def test_the_vector_of_rfc_2617() -> None:
    assert digest_of(RFC, "GET", "Circle Of Life") == RFC.response
    without = msgspec.structs.replace(RFC, qop=None)
    assert digest_of(without, "GET", "Circle Of Life") == "670fd8c2df070c60b045671b8b24ff02"


def answer(
    challenge: str, password: str, *, count: str | None = "00000001", uri: str = "sip:x@y"
) -> Credentials:
    """What a device makes of a challenge; without a count, without qop."""
    fields = read_credentials(challenge + f', username="{DEVICE}", uri="{uri}", response="x"')
    assert fields is not None
    one = msgspec.structs.replace(
        fields,
        qop=None if count is None else "auth",
        nc=count or "",
        cnonce="c" if count else "",
    )
    return msgspec.structs.replace(one, response=digest_of(one, "REGISTER", password))


def judged(
    challenger: Challenger,
    one: Credentials,
    *,
    host: str = HOST,
    now: int = NOW,
    device: str = DEVICE,
) -> Verdict:
    return challenger.check(
        one, method="REGISTER", device=device, host=host, password="right", now=now
    )


@pytest.mark.parametrize("count", [None, "00000001"])
@pytest.mark.parametrize("uri", ["sip:x@y", "SIP:X@Y:5060;transport=tcp", "sip:校园@y"])
def test_the_uri_is_hashed_as_it_was_sent(count: str | None, uri: str) -> None:
    challenger = Challenger("3402000000")
    challenge = challenger.challenge(DEVICE, HOST, NOW)
    assert judged(challenger, answer(challenge, "right", count=count, uri=uri)) is Verdict.RIGHT


def test_a_wrong_password_another_user_and_another_algorithm_are_wrong() -> None:
    challenger = Challenger("3402000000")
    challenge = challenger.challenge(DEVICE, HOST, NOW)
    assert judged(challenger, answer(challenge, "left")) is Verdict.WRONG
    right = answer(challenge, "right")
    for change in (
        {"username": "34020000001180000002"},
        {"realm": "other"},
        {"algorithm": "SHA-256"},
        {"qop": "auth-int"},
        {"nc": "zz"},
        {"response": "é" * 32},
    ):
        one = msgspec.structs.replace(right, **change)
        one = (
            one
            if "response" in change
            else msgspec.structs.replace(one, response=digest_of(one, "REGISTER", "right"))
        )
        assert judged(challenger, one) is Verdict.WRONG, change


def test_a_nonce_is_for_one_device_at_one_address_and_for_a_minute() -> None:
    challenger = Challenger("3402000000")
    one = answer(challenger.challenge(DEVICE, HOST, NOW), "right")
    assert judged(challenger, one, host="192.0.2.8") is Verdict.STALE
    assert judged(challenger, one, device="34020000001180000002") is Verdict.STALE
    assert judged(challenger, one, now=NOW + NONCE_LIFE_MS + 1) is Verdict.STALE
    assert judged(challenger, one, now=NOW - 1) is Verdict.STALE
    assert judged(Challenger("3402000000"), one) is Verdict.STALE  # after a restart
    assert judged(challenger, one, now=NOW + NONCE_LIFE_MS) is Verdict.RIGHT


def test_what_was_overheard_cannot_be_repeated() -> None:
    challenger = Challenger("3402000000")
    challenge = challenger.challenge(DEVICE, HOST, NOW)
    for count in (None, "00000001"):
        challenge = challenger.challenge(DEVICE, HOST, NOW)
        one = answer(challenge, "right", count=count)
        assert judged(challenger, one) is Verdict.RIGHT
        assert judged(challenger, one) is Verdict.STALE
    assert judged(challenger, answer(challenge, "right", count="0000000a")) is Verdict.RIGHT
    assert judged(challenger, answer(challenge, "right", count="00000009")) is Verdict.STALE


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic abc",
        "Digest",
        "Digest username",
        'Digest username="a", realm="b", nonce="c", uri="d"',
        'Digest username="a", username="b", realm="b", nonce="c", uri="d", response="e"',
        'Digest username="a" realm="b"',
    ],
)
def test_what_is_no_digest_is_none(value: str) -> None:
    assert read_credentials(value) is None


def test_commas_quotes_and_missing_quotes_are_read() -> None:
    one = read_credentials(
        'digest username="a,\\"b\\"",realm=r , nonce=n, uri="sip:x, y",response=e,qop=auth,nc=1'
    )
    assert one is not None
    assert (one.username, one.realm, one.uri, one.qop) == ('a,"b"', "r", "sip:x, y", "auth")


def test_without_qop_none_is_offered() -> None:
    assert "qop" not in Challenger("r", offer_qop=False).challenge(DEVICE, HOST, NOW)
    assert "stale=true" in Challenger("r").challenge(DEVICE, HOST, NOW, stale=True)
