"""The Merkle tree of RFC 6962: hashes, proofs of inclusion and of consistency, and their check.

A *span* is a complete subtree: ``(level, number)`` stands for the leaves ``number << level`` up to
``(number + 1) << level``. Whoever stores a tree needs to give the hashes of spans only
(`Nodes`); every root and every proof is put together from these. The checks follow RFC 9162,
sections 2.1.3.2 and 2.1.4.2, whose trees are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Of an entry. The leading zero keeps an entry from being taken for a node (RFC 6962, 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of the tree that two trees make."""
    return sha256(b"\x01" + left + right).digest()


class Span(NamedTuple):
    """A complete subtree: number ``number`` among those of its level."""

    level: int
    number: int


class Nodes(Protocol):
    """A stored tree."""

    def node(self, level: int, index: int) -> bytes:
        """The hash of a span that is complete."""
        ...


class TreeError(ValueError):
    """A tree has no such leaf, size or span."""


def spans(first: int, end: int) -> list[Span]:
    """The fewest spans that hold the leaves ``[first, end)``, from left to right: at most two of
    each level.
    """
    found: list[Span] = []
    while first < end:
        level = (end - first).bit_length() - 1
        if first:
            level = min(level, (first & -first).bit_length() - 1)
        found.append(Span(level, first >> level))
        first += 1 << level
    return found


def together(hashes: Sequence[bytes]) -> bytes:
    """The root over subtrees, the largest first; of nothing, that of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def _over(nodes: Nodes, first: int, end: int) -> bytes:
    return together([nodes.node(*span) for span in spans(first, end)])


def root(nodes: Nodes, size: int) -> bytes:
    """The root of the tree of the first ``size`` leaves."""
    return _over(nodes, 0, size)


def inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """The path that proves the leaf ``index`` in the tree of ``size`` leaves; the lowest first.

    Raises `TreeError` when the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise TreeError(f"a tree of {size} leaves has no leaf {index}")
    left: list[Span] = []
    for at, peak in enumerate(peaks := spans(0, size)):
        if index >> peak.level == peak.number:
            path = [nodes.node(level, (index >> level) ^ 1) for level in range(peak.level)]
            if right := peaks[at + 1 :]:
                path.append(together([nodes.node(*span) for span in right]))
            path += [nodes.node(*span) for span in reversed(left)]
            return path
        left.append(peak)
    raise TreeError(f"a tree of {size} leaves has no leaf {index}")


def consistency(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """The path that proves the tree of ``old`` leaves to be the beginning of that of ``new``.

    Raises `TreeError` when ``old`` is the larger one.
    """
    if not 0 <= old <= new:
        raise TreeError(f"a tree of {new} leaves does not begin with one of {old}")
    path: list[bytes] = []
    if old == 0:
        return path
    first, end, whole = 0, new, True
    while old != end:
        split = first + (1 << ((end - first - 1).bit_length() - 1))
        if old <= split:
            path.append(_over(nodes, split, end))
            end = split
        else:
            path.append(_over(nodes, first, split))
            first, whole = split, False
    if not whole:
        path.append(_over(nodes, first, end))
    path.reverse()
    return path


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that the path leads to; ``None`` when it is no path of such a leaf."""
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf
    for one in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node_hash(one, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, one)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that leaf at that place of the tree with this root."""
    return root_of_inclusion(leaf, index, size, path) == root


def extends(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves that the old tree is the beginning of the new one."""
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if not 0 < old < new:
        return False
    # An old tree that is one span is a node of the new one: its hash stands for itself.
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = hashes[0]
    for one in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(one, before), node_hash(one, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, one)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


class Growing:
    """The right edge of a tree that grows: from leaves, and from spans whose leaves are not shown.

    Holds one hash for each level at most, whatever the size.
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Go on from a tree of ``size`` leaves; ``peaks`` are the hashes of ``spans(0, size)``."""
        edge = spans(0, size)
        if len(edge) != len(peaks):
            raise TreeError(f"a tree of {size} leaves has {len(edge)} peaks, not {len(peaks)}")
        self.size = size
        self._peaks: Final = [(span.level, one) for span, one in zip(edge, peaks, strict=True)]

    def add(self, one: bytes, level: int = 0) -> None:
        """Append a leaf, or a span of ``1 << level`` leaves. Raises `TreeError` where none fits."""
        if self.size & ((1 << level) - 1):
            raise TreeError(f"no span of level {level} begins at leaf {self.size}")
        self.size += 1 << level
        peaks = self._peaks
        while peaks and peaks[-1][0] == level:
            one = node_hash(peaks.pop()[1], one)
            level += 1
        peaks.append((level, one))

    def skip_to(self, index: int, take: Callable[[], bytes]) -> None:
        """Append the leaves before ``index`` by the spans that hold them, whose hashes ``take``
        gives one after the other.
        """
        if index < self.size:
            raise TreeError(f"leaf {index} is before leaf {self.size}")
        for span in spans(self.size, index):
            self.add(take(), span.level)

    @property
    def peaks(self) -> list[bytes]:
        """The hashes of ``spans(0, size)``."""
        return [one for _, one in self._peaks]

    @property
    def root(self) -> bytes:
        """The root of the tree so far."""
        return together(self.peaks)
