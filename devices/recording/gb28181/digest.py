"""Digest authentication of REGISTER (RFC 2617, MD5, as GB/T 28181 asks): challenge and check.

A nonce is not stored when it is given out: it carries its time and who it is for, sealed with a key
that lives as long as the process. So a flood of strangers costs no memory.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from enum import StrEnum
from typing import Final

import msgspec

NONCE_LIFE_MS: Final = 60_000
"""Between the challenge and its answer lies one round trip; devices on bad lines repeat it."""

MOST_USED_NONCES: Final = 20_000

_PAIR: Final = re.compile(
    r"\s*([A-Za-z][A-Za-z0-9_-]{0,30})\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,\"]*))\s*(?:,|$)"
)
_SCHEME: Final = re.compile(r"\s*digest\s+", re.IGNORECASE)
_NONCE: Final = re.compile(r"([0-9a-f]{12})([0-9a-f]{8})([0-9a-f]{20})", re.ASCII)
_NC: Final = re.compile(r"[0-9a-fA-F]{1,8}", re.ASCII)


class Verdict(StrEnum):
    """What an Authorization header proves."""

    RIGHT = "right"
    STALE = "stale"
    """The nonce is not ours, is too old, was given to someone else, or was used: ask again."""
    WRONG = "wrong"
    """Another password, another user than the device, or another method than asked for."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of an Authorization header, each exactly as sent."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str = "MD5"
    qop: str | None = None
    nc: str = ""
    cnonce: str = ""


def read_credentials(value: str) -> Credentials | None:
    """The fields of a Digest header; None when it is none or lacks one that it must have."""
    scheme = _SCHEME.match(value)
    if scheme is None:
        return None
    fields: dict[str, str] = {}
    at = scheme.end()
    while at < len(value):
        found = _PAIR.match(value, at)
        if found is None or found[1].lower() in fields:
            return None
        quoted = found[2]
        fields[found[1].lower()] = found[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        at = found.end()
    try:
        return Credentials(
            username=fields["username"],
            realm=fields["realm"],
            nonce=fields["nonce"],
            uri=fields["uri"],
            response=fields["response"],
            algorithm=fields.get("algorithm", "MD5"),
            qop=fields.get("qop"),
            nc=fields.get("nc", ""),
            cnonce=fields.get("cnonce", ""),
        )
    except KeyError:
        return None


def digest_of(credentials: Credentials, method: str, password: str) -> str:
    """What the response must be. The URI is hashed as it was sent, not as we would write it."""
    user = _md5(f"{credentials.username}:{credentials.realm}:{password}")
    asked = _md5(f"{method}:{credentials.uri}")
    if credentials.qop is None:
        return _md5(f"{user}:{credentials.nonce}:{asked}")
    return _md5(
        f"{user}:{credentials.nonce}:{credentials.nc}:{credentials.cnonce}"
        f":{credentials.qop}:{asked}"
    )


def _md5(text: str) -> str:
    # The standard's algorithm, and the only one that recorders know.
    raw = text.encode("utf-8", "surrogateescape")
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()


class Challenger:
    """Gives out challenges and judges the answers."""

    def __init__(self, realm: str, *, offer_qop: bool = True, key: bytes | None = None) -> None:
        """``key`` seals the nonces; a random one when left out."""
        self.realm: Final = realm
        self._qop: Final = ', qop="auth"' if offer_qop else ""
        self._key: Final = key or secrets.token_bytes(32)
        self._used: Final[OrderedDict[str, int]] = OrderedDict()

    def challenge(self, device: str, host: str, now: int, *, stale: bool = False) -> str:
        """The value of WWW-Authenticate, for this device at this address."""
        drawn = f"{now:012x}{secrets.token_hex(4)}"
        again = ", stale=true" if stale else ""
        return (
            f'Digest realm="{self.realm}", nonce="{drawn}{self._seal(drawn, device, host)}", '
            f"algorithm=MD5{self._qop}{again}"
        )

    def check(
        self,
        credentials: Credentials,
        *,
        method: str,
        device: str,
        host: str,
        password: str,
        now: int,
    ) -> Verdict:
        """Judge an answer; one that is right uses its nonce (with qop, its count) up."""
        if not self._ours(credentials.nonce, device, host, now):
            return Verdict.STALE
        if (
            credentials.username != device
            or credentials.realm != self.realm
            or credentials.algorithm.upper() != "MD5"
            or (credentials.qop is not None and credentials.qop.lower() != "auth")
            or (credentials.qop is not None and _NC.fullmatch(credentials.nc) is None)
        ):
            return Verdict.WRONG
        right = digest_of(credentials, method, password)
        if not hmac.compare_digest(right, _ascii(credentials.response.lower())):
            return Verdict.WRONG
        return self._use(credentials)

    def _use(self, credentials: Credentials) -> Verdict:
        # Without a count a nonce is good once: else who overheard a REGISTER could repeat it.
        count = 1 if credentials.qop is None else int(credentials.nc, 16)
        if count <= self._used.get(credentials.nonce, 0):
            return Verdict.STALE
        self._used[credentials.nonce] = count
        if len(self._used) > MOST_USED_NONCES:
            self._used.popitem(last=False)
        return Verdict.RIGHT

    def _ours(self, nonce: str, device: str, host: str, now: int) -> bool:
        found = _NONCE.fullmatch(nonce)
        if found is None:
            return False
        age = now - int(found[1], 16)
        sealed = self._seal(found[1] + found[2], device, host)
        return hmac.compare_digest(sealed, found[3]) and 0 <= age <= NONCE_LIFE_MS

    def _seal(self, drawn: str, device: str, host: str) -> str:
        # Short, so that a challenge is hardly larger than what it answers.
        said = f"{drawn}|{device}|{host}".encode("utf-8", "surrogateescape")
        return hmac.digest(self._key, said, "sha256").hex()[:20]


def _ascii(text: str) -> str:
    # compare_digest takes ASCII text only.
    return text if text.isascii() else ""
