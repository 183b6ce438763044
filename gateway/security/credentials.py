"""Secrets that open the door, and the digests under which they are stored."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

TOKEN_PREFIX: Final = "cgt_"  # noqa: S105 - the part that is no secret
"""So that a token found in a log or a repository can be recognised."""


def new_secret() -> str:
    """256 random bits, fit for a cookie."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """256 random bits with the prefix of our tokens."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_code() -> str:
    """A one-time code: 128 random bits, alive for minutes, short enough to copy by hand."""
    return secrets.token_hex(16)


def digest(secret: str) -> str:
    """SHA-256 in hex. No salt and no stretching: the secrets are random, not chosen by people."""
    return hashlib.sha256(secret.encode()).hexdigest()
