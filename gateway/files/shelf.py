"""Where the bytes of attached files lie: beside the database, each named by its SHA-256.

Not in the database: a school's proofs of five years are gigabytes, and every copy of the database
would hold them. Whole or not there at all: written beside, then moved. All functions block.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

FOLDER: Final = "files"

_HASH: Final = re.compile(r"[0-9a-f]{64}\Z")
_HALF_WRITTEN_S: Final = 3600.0
"""Nothing takes an hour to write."""

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class ShelfError(Exception):
    """A file cannot be read or kept; says which, and why."""


class ShelfFullError(ShelfError):
    """There is no room on the disk. Nothing was kept."""


class Shelf:
    """The files of one gateway. Used by several threads at once."""

    def __init__(self, directory: Path) -> None:
        """``directory`` is the database's."""
        self._folder: Final = directory / FOLDER

    def keep(self, body: bytes) -> str:
        """Keep it, and give its hash; the same once. Raises `ShelfError`, `ShelfFullError`."""
        name = sha256(body).hexdigest()
        path = self._of(name)
        if path.exists():
            with contextlib.suppress(ShelfError):
                self.read(name)
                os.utime(path)  # it is wanted now: whoever sweeps leaves it
                return name
        beside = path.with_name(f".{name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(body)
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(path)
                _durable(path.parent)
            except OSError:
                beside.unlink(missing_ok=True)
                raise
        except OSError as error:
            kind = ShelfFullError if error.errno in _NO_ROOM else ShelfError
            raise kind(f"the file cannot be kept in {path.parent}: {error.strerror}") from error
        return name

    def read(self, name: str) -> bytes:
        """The file of that hash, as it was kept. Raises ``LookupError`` when it is gone, and
        `ShelfError` when it was changed."""
        path = self._of(name)
        try:
            body = path.read_bytes()
        except FileNotFoundError as error:
            raise LookupError(f"there is no file {name}") from error
        except OSError as error:
            raise ShelfError(f"{path} cannot be read: {error.strerror}") from error
        if sha256(body).hexdigest() != name:
            raise ShelfError(f"{path} is no longer what was kept: somebody or the disk changed it")
        return body

    def remove(self, name: str) -> None:
        """It is there no more. Raises `ShelfError`."""
        try:
            self._of(name).unlink(missing_ok=True)
        except OSError as error:
            raise ShelfError(f"{name} cannot be removed: {error.strerror}") from error

    def kept_before(self, seconds: float) -> list[str]:
        """Hashes of all that was kept before that time (s since 1970, of the disk); what a crash
        left half written is removed on the way."""
        found = []
        for path in self._paths():
            try:
                changed = path.stat().st_mtime
            except FileNotFoundError:
                continue
            if path.name.startswith("."):
                if changed < seconds - _HALF_WRITTEN_S:
                    path.unlink(missing_ok=True)
            elif changed < seconds and _HASH.match(path.name):
                found.append(path.name)
        return found

    def _paths(self) -> Iterator[Path]:
        return (path for path in self._folder.glob("??/*") if path.is_file())

    def _of(self, name: str) -> Path:
        if _HASH.match(name) is None:
            raise ValueError("a file is named by its SHA-256")
        return self._folder / name[:2] / name


def _durable(folder: Path) -> None:
    """The names in a folder outlive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
