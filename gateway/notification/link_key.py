"""The key that signs links in messages: made once, kept beside the database, seen by no one else.

Whoever has it can acknowledge in anybody's name. Taking the file away ends all links at once.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from gateway.security.key_file import kept

NAME: Final = "links.key"
_BYTES: Final = 32


class LinkKeyError(Exception):
    """The key cannot be read or made; says which file, and why."""


def link_key(folder: Path) -> bytes:
    """The key of this gateway. Blocks; raises `LinkKeyError`."""
    path = folder / NAME
    try:
        key = bytes.fromhex(kept(path, lambda: secrets.token_hex(_BYTES) + "\n").strip())
    except (OSError, ValueError) as error:
        raise LinkKeyError(f"the key of the links in messages, {path}: {error}") from error
    if len(key) != _BYTES:
        raise LinkKeyError(f"{path} holds no key of links; remove it, and a new one is made")
    return key
