"""How an RTSP server is told who asks: digest before basic, and never a name that breaks it."""

from __future__ import annotations

import base64

import pytest

from devices.recording.rtsp_auth import Basic, Digest, proving, stale

DIGEST = 'Digest realm="recorder", nonce="n0nce", qop="auth"'
BASIC = 'Basic realm="recorder"'


@pytest.mark.parametrize("offered", [[DIGEST, BASIC], [BASIC, DIGEST], [DIGEST]])
def test_digest_comes_first(offered: list[str]) -> None:
    assert isinstance(proving(offered, "admin", "secret"), Digest)


@pytest.mark.parametrize(
    "offered",
    [
        [BASIC],
        ["basic"],
        [BASIC, 'Digest realm="recorder", nonce="n", algorithm=SHA-256'],
        [BASIC, "Digest"],
    ],
)
def test_basic_where_no_digest_is_known(offered: list[str]) -> None:
    found = proving(offered, "管理员", "密码:1")
    assert isinstance(found, Basic)
    scheme, _, told = found.header("PLAY", "rtsp://a/").partition(" ")
    assert (scheme, base64.b64decode(told).decode()) == ("Basic", "管理员:密码:1")


@pytest.mark.parametrize("offered", [[], ["Bearer x"], ["Basically nothing"]])
def test_what_is_not_known_is_not_answered(offered: list[str]) -> None:
    assert proving(offered, "admin", "secret") is None


def test_a_name_with_a_colon_cannot_be_told_by_basic() -> None:
    assert proving([BASIC], "ad:min", "secret") is None


def test_digest_counts_its_answers() -> None:
    found = proving([DIGEST], "admin", "secret")
    assert isinstance(found, Digest)
    first, second = (found.header("PLAY", "rtsp://a/") for _ in range(2))
    assert "nc=00000001" in first
    assert "nc=00000002" in second
    assert "secret" not in first


def test_a_nonce_that_is_used_up_is_no_refusal() -> None:
    assert stale([f"{DIGEST}, stale=TRUE"])
    assert stale([f'{DIGEST}, stale="true"'])
    assert not stale([DIGEST])
