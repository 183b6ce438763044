"""Passwords: argon2id, slow on purpose and equally slow for names that do not exist."""

from __future__ import annotations

from functools import cache
from typing import Final

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

_hasher: Final = argon2.PasswordHasher()
"""The library's defaults: RFC 9106's second recommendation (64 MiB, 3 passes, 4 lanes)."""


@cache
def _nobody() -> str:
    """A hash that no password has, made when it is first needed: no start waits for it."""
    return _hasher.hash("nobody has this password")


def hashed(password: str) -> str:
    """The hash to store. Takes tens of milliseconds: call it in a thread."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether it is the password. Takes as long for nobody's (``None``) as for somebody's."""
    nobody = _nobody()  # in both cases, lest its first time tells one from the other
    try:
        _hasher.verify(nobody if stored is None else stored, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def outdated(stored: str) -> bool:
    """Whether it was hashed with weaker settings than today's; to be hashed anew at sign-in."""
    return _hasher.check_needs_rehash(stored)
