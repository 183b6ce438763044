"""What goes through a push service can be read by the browser it is for, and by nobody else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.push.encryption import LONGEST, BrowserKeys, KeysError, bytes_of, encrypt, text_of
from gateway.push.key import NAME, RENEWED_S, PushKeyError, push_key
from tests.gateway.push.browser_side import Browser, b64, private, un64, vapid

# RFC 8291, section 5 and appendix A.
SAID = b"When I grow up, I want to be a watermelon"
BROWSER = private("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
AUTH = un64("BTBZMqHH6r4Tts7J_aSIgg")
OURS = private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
SALT = un64("DGv6ra1nlYgDCS1FRnbzlw")
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def keys_of(browser: Browser) -> BrowserKeys:
    return BrowserKeys(**browser.keys)


def test_the_example_of_the_standard_comes_out_byte_by_byte() -> None:
    browser = Browser(BROWSER, AUTH)

    body = encrypt(SAID, keys_of(browser), salt=SALT, ours=OURS, step=1)

    assert b64(body) == BODY
    assert browser.read(body) == SAID


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=LONGEST))
def test_the_browser_reads_whatever_was_said(plain: bytes) -> None:
    browser = Browser()

    assert browser.read(encrypt(plain, keys_of(browser))) == plain


def test_another_browser_reads_nothing() -> None:
    body = encrypt(SAID, keys_of(Browser()))

    with pytest.raises(InvalidTag):
        Browser().read(body)


def test_the_length_does_not_tell_what_is_said() -> None:
    keys = keys_of(Browser())

    assert len({len(encrypt(b"x" * length, keys)) for length in range(1, 513)}) == 1
    assert len(encrypt(b"x" * LONGEST, keys)) == 4096


def test_what_no_push_service_would_take_is_not_made() -> None:
    with pytest.raises(ValueError, match="3994 bytes are too many"):
        encrypt(b"x" * (LONGEST + 1), keys_of(Browser()))


@pytest.mark.parametrize(
    ("p256dh", "auth", "said"),
    [
        ("", b64(AUTH), "p256dh has 0 bytes"),
        ("%%", b64(AUTH), "not base64url"),
        ("密钥", b64(AUTH), "not base64url"),
        (b64(b"\x04" + b"\x01" * 64), b64(AUTH), "no point of the curve"),
        (b64(b"\x05" + b"\x01" * 64), b64(AUTH), "no point of the curve"),
        (Browser().keys["p256dh"], "", "auth has 0 bytes"),
        (Browser().keys["p256dh"], b64(b"x" * 17), "auth has 17 bytes"),
    ],
    # Named: keys are new in each process, and tests that run beside each other go by their names.
    ids=["empty", "signs", "letters", "no point", "no form", "no secret", "long secret"],
)
def test_keys_that_are_none_are_refused(p256dh: str, auth: str, said: str) -> None:
    with pytest.raises(KeysError, match=said):
        BrowserKeys(p256dh, auth)


@given(st.binary(max_size=80))
def test_browsers_may_pad_or_not(raw: bytes) -> None:
    assert bytes_of(text_of(raw)) == bytes_of(text_of(raw) + "=" * (-len(text_of(raw)) % 4)) == raw


def test_the_key_is_made_once_and_for_the_gateway_alone(tmp_path: Path) -> None:
    first = push_key(tmp_path, None)

    assert push_key(tmp_path, None).public == first.public
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("content", ["", "nonsense", "密钥"])
def test_a_file_that_is_no_key_is_said_and_not_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / NAME
    path.write_text(content, "utf-8")

    with pytest.raises(PushKeyError, match=NAME.replace(".", "[.]")):
        push_key(tmp_path, None)
    assert path.read_text("utf-8") == content


def test_a_push_service_knows_who_sends_and_whom_to_ask(tmp_path: Path) -> None:
    key = push_key(tmp_path, "mailto:duty@example.org")

    claims, public = vapid(key.authorization("https://push.example/a/b?c", 1_795_161_600_000))

    assert public == key.public
    assert claims == {
        "aud": "https://push.example",
        "exp": 1_795_161_600 + 12 * 3600,
        "sub": "mailto:duty@example.org",
    }


def test_one_signature_serves_for_an_hour_and_for_one_service(tmp_path: Path) -> None:
    key = push_key(tmp_path, None)
    now = 1_795_161_600_000

    first = key.authorization("https://push.example/a", now)

    assert "sub" not in vapid(first)[0]
    assert key.authorization("https://push.example/b", now + 1000) == first
    assert key.authorization("https://other.example/a", now) != first
    assert key.authorization("https://push.example/a", now + RENEWED_S * 1000) != first
    # A clock that was set back must not leave us with a signature of tomorrow.
    assert vapid(key.authorization("https://push.example/a", now - 1000))[0]["exp"] < (
        now // 1000 + 12 * 3600
    )
