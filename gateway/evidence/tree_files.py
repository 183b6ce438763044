"""A Merkle tree in files that are only ever appended to.

``hashes`` has the leaf hashes one after the other; ``level4``, ``level8`` … the hashes of every
complete span of 16, 256 … leaves. What lies between is worked out when it is asked for, of 15
hashes at most for each of these levels: a leaf takes 34 bytes and not 64, and a proof is ten times
as quick as with every eighth level, which would save two more.

Nothing is kept here that could not be made again from the facts. Whoever opens it says how many
leaves are certainly on the disk; what was written beyond them, whole or torn, is cut off.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from audit.evidence.merkle import HASH_BYTES, TreeError, node_hash

STEP: Final = 4
"""Levels between two files."""

_TILE: Final = 1 << STEP
_FILES: Final = ("hashes", *(f"level{level}" for level in range(STEP, 9 * STEP, STEP)))


class TreeFiles:
    """The tree. Not for several threads at once. Implements `audit.evidence.merkle.Nodes`."""

    def __init__(self, folder: Path, size: int, *, writes: bool = True) -> None:
        """Open the tree of ``size`` leaves in a folder that is there; to look only, others may be
        appending to it meanwhile.

        Raises `TreeError` when files are shorter than such a tree, and ``OSError``.
        """
        self.size = size
        self._writes: Final = writes
        self._files: Final[list[int]] = []
        self._edges: Final[list[list[bytes]]] = []
        try:
            for number, name in enumerate(_FILES):
                self._open(folder / name, size >> (STEP * number))
        except BaseException:
            self.close()
            raise

    def _open(self, path: Path, count: int) -> None:
        flags = os.O_RDWR | os.O_CREAT if self._writes else os.O_RDONLY
        file = os.open(path, flags, 0o600)
        self._files.append(file)
        if os.fstat(file).st_size < count * HASH_BYTES:
            raise TreeError(f"{path} holds less than {count} hashes")
        if self._writes:
            os.ftruncate(file, count * HASH_BYTES)
            os.lseek(file, 0, os.SEEK_END)
        begun = count % _TILE
        self._edges.append(self._read(file, count - begun, begun))

    def append(self, hashes: Sequence[bytes]) -> None:
        """Append leaves."""
        self.size += len(hashes)
        self._append(0, hashes)

    def _append(self, number: int, hashes: Sequence[bytes]) -> None:
        _write(self._files[number], b"".join(hashes))
        edge = self._edges[number]
        edge += hashes
        if len(edge) < _TILE:
            return
        whole = len(edge) - len(edge) % _TILE
        above = [_top(edge[start : start + _TILE]) for start in range(0, whole, _TILE)]
        del edge[:whole]
        if number + 1 < len(self._files):
            self._append(number + 1, above)

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete span. Raises `TreeError` when it is not in the tree."""
        if (index + 1) << level > self.size:
            raise TreeError(f"a tree of {self.size} leaves has no span {index} of level {level}")
        number = min(level // STEP, len(self._files) - 1)
        below = 1 << (level - number * STEP)
        return _top(self._read(self._files[number], index * below, below))

    def sync(self) -> None:
        """Return once all of it is on the disk."""
        for file in self._files:
            os.fsync(file)

    def close(self) -> None:
        """Let go of the files."""
        while self._files:
            os.close(self._files.pop())

    @staticmethod
    def _read(file: int, first: int, count: int) -> list[bytes]:
        raw = os.pread(file, count * HASH_BYTES, first * HASH_BYTES)
        if len(raw) != count * HASH_BYTES:
            raise TreeError("a file of the tree is shorter than it was")
        return [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]


def _write(file: int, raw: bytes) -> None:
    rest = memoryview(raw)
    while rest:
        rest = rest[os.write(file, rest) :]


def _top(hashes: Sequence[bytes]) -> bytes:
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]
