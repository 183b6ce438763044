"""The key that signs links in messages: made once, kept beside the database, seen by no one else.

Whoever has it can acknowledge in anybody's name. Taking the file away ends all links at once.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

NAME: Final = "links.key"
_BYTES: Final = 32


class LinkKeyError(Exception):
    """The key cannot be read or made; says which file, and why."""


def link_key(folder: Path) -> bytes:
    """The key of this gateway. Blocks; raises `LinkKeyError`."""
    path = folder / NAME
    try:
        with contextlib.suppress(FileExistsError):
            _make(path)
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise LinkKeyError(f"the key of the links in messages, {path}: {error}") from error
    if len(key) != _BYTES:
        raise LinkKeyError(f"{path} holds no key of links; remove it, and a new one is made")
    return key


def _make(path: Path) -> None:
    # Whole or not at all: written beside, then linked under its name, which fails if it is taken.
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if path.exists():
        raise FileExistsError
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    finally:
        fresh.unlink()
