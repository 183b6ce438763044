"""The log's key and the secret of its salts: made once, in a file of their own beside the database.

Whoever has the key can sign heads in the log's name; without the secret nothing in the log can be
shown any more. A back-up of the database is one of this file as well.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.evidence.leaf import Secret
from audit.evidence.notes import Signer
from gateway.security.key_file import kept

NAME: Final = "evidence.key"
_BYTES: Final = 32
_LINES: Final = re.compile(r"sign ([0-9a-f]{64})\nsalt ([0-9a-f]{64})\n")


class EvidenceKeyError(Exception):
    """The key cannot be read or made; says which file, and why."""


class Keys(msgspec.Struct, frozen=True):
    """What signs, and what makes the salts."""

    signer: Signer
    secret: Secret


def evidence_keys(folder: Path, name: str | None) -> Keys:
    """The keys of this gateway, whose log is called ``name``, or after its key.

    Blocks; raises `EvidenceKeyError`.
    """
    path = folder / NAME
    try:
        found = _LINES.fullmatch(kept(path, _fresh))
    except (OSError, ValueError) as error:
        raise EvidenceKeyError(f"the key of the evidence log, {path}: {error}") from error
    if found is None:
        raise EvidenceKeyError(
            f"{path} holds no key of an evidence log: bring it back from a back-up; with another "
            "one no fact of before could be shown"
        )
    seed, salt = (bytes.fromhex(part) for part in found.groups())
    return Keys(Signer(name or _named(seed), seed), Secret(salt))


def _fresh() -> str:
    return f"sign {secrets.token_hex(_BYTES)}\nsalt {secrets.token_hex(_BYTES)}\n"


def _named(seed: bytes) -> str:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return f"campus-gateway/{sha256(public).hexdigest()[:12]}"
