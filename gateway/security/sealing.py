"""Secrets in files that tell nothing to whoever copies them: sealed with a key that lies elsewhere.

AES-256-GCM, a fresh nonce each time. The key is made once and belongs to the account that runs the
gateway: a copy of the settings' folder, in a back-up or in version control, holds no password of a
recorder, a camera or a broker. Whoever can read that account's own files can unseal.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.security.key_file import kept
from gateway.security.sealed_mark import MARK

KEY_FILE: Final = "CAMPUS_SEAL_KEY"
"""The environment variable that names the key's file."""

_NONCE: Final = 12
_KEY: Final = 32


class SealError(Exception):
    """A secret cannot be sealed or unsealed; says why, and what to do."""


def key_path(environment: Mapping[str, str]) -> Path:
    """Where the key lies: where `KEY_FILE` says, else among the account's own settings."""
    named = environment.get(KEY_FILE)
    if named:
        return Path(named)
    home = environment.get("XDG_CONFIG_HOME")
    try:
        settings = Path(home) if home else Path.home() / ".config"
    except RuntimeError as error:
        raise SealError(f"this account has no home folder; set {KEY_FILE}") from error
    return settings / "campus-gateway" / "seal.key"


def make_key(path: Path) -> bytes:
    """The key in that file, made when there is none. Blocks."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _key(path, kept(path, lambda: secrets.token_hex(_KEY)))
    except (OSError, UnicodeDecodeError) as error:
        raise SealError(f"the key {path} cannot be made or read: {error}") from error


def read_key(path: Path) -> bytes:
    """The key in that file, which must be there. Blocks."""
    try:
        return _key(path, path.read_text("ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise SealError(f"the key {path} cannot be read ({error}); set {KEY_FILE}") from error


def _key(path: Path, text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY:
        raise SealError(f"the key {path} is not one: it must be {2 * _KEY} hexadecimal digits")
    return key


def seal(secret: str, key: bytes) -> str:
    """One line of ASCII."""
    nonce = secrets.token_bytes(_NONCE)
    body = AESGCM(key).encrypt(nonce, secret.encode(), MARK.encode())
    return MARK + base64.b64encode(nonce + body).decode()


def unseal(sealed: str, key: bytes) -> str:
    """The secret; raises `SealError` when it was sealed with another key, or changed since."""
    try:
        raw = base64.b64decode(sealed.removeprefix(MARK).strip(), validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], MARK.encode()).decode()
    except (binascii.Error, ValueError, InvalidTag) as error:
        raise SealError("it was sealed with another key, or changed since") from error
