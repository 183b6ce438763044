"""A secret of this gateway in its own file: made once, whole or not at all, for nobody else."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, fresh: Callable[[], str]) -> str:
    """What the file holds; ``fresh`` gives what a new one is to hold. Blocks; raises ``OSError``
    and, for a file that is no ASCII text, ``ValueError``.
    """
    with contextlib.suppress(FileExistsError):
        _make(path, fresh)
    return path.read_text("ascii")


def _make(path: Path, fresh: Callable[[], str]) -> None:
    # Written beside, then linked under its name, which fails if it is taken.
    beside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if path.exists():
        raise FileExistsError
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(fresh())
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
    finally:
        beside.unlink()
    _keep_names(path.parent)


def _keep_names(folder: Path) -> None:
    """What is encrypted with a key is on the disk at once; after a power cut the key must be, too:
    the file's name as well as what it holds.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
