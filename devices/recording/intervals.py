"""Spans of time that do not touch each other, in order: what is recorded, what is known.

Ninety days of a camera that records without interruption are one interval; each gap adds one more.
An interval takes 16 bytes, in memory as in the store.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, Self, final


@final
class Intervals:
    """Half-open intervals ``[begin, end)`` of integer milliseconds; a value, never changed.

    Its edges stand in one array: begin, end, begin, end, always rising. So an edge's place says
    which it is, and everything below is a binary search and copies of slices.
    """

    __slots__ = ("_edges",)

    def __init__(self, pairs: Iterable[tuple[int, int]] = (), *, join: int = 0) -> None:
        """Pairs in any order, overlapping or not; empty and reversed ones count nothing.

        Holes of at most ``join`` ms are closed: recorders tell times to the second, and lose one
        between two files.
        """
        edges: list[int] = []
        for begin, end in sorted(pairs):
            if begin >= end:
                continue
            if edges and begin <= edges[-1] + join:
                edges[-1] = max(edges[-1], end)
            else:
                edges += (begin, end)
        self._edges: Final = array("q", edges)

    @classmethod
    def _of(cls, edges: array[int]) -> Self:
        made = cls.__new__(cls)
        object.__setattr__(made, "_edges", edges)
        return made

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` gave. Raises ``ValueError`` when it is nothing of the kind."""
        edges = array("q")
        if len(data) % (2 * edges.itemsize):
            raise ValueError(f"{len(data)} bytes are no pairs of edges")
        edges.frombytes(data)
        if sys.byteorder == "big":
            edges.byteswap()
        if any(a >= b for a, b in pairwise(edges)):
            raise ValueError("the edges of intervals do not rise")
        return cls._of(edges)

    def to_bytes(self) -> bytes:
        """The edges as little-endian 64-bit integers."""
        if sys.byteorder == "big":
            swapped = self._edges[:]
            swapped.byteswap()
            return swapped.tobytes()
        return self._edges.tobytes()

    @property
    def edges(self) -> Sequence[int]:
        """Begin, end, begin, end, … for loops that have to be quick. Not to be written to."""
        return self._edges

    @property
    def first(self) -> int | None:
        """Where the first begins."""
        return self._edges[0] if self._edges else None

    @property
    def last(self) -> int | None:
        """Where the last ends."""
        return self._edges[-1] if self._edges else None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        edges = iter(self._edges)
        return zip(edges, edges, strict=True)

    def __len__(self) -> int:
        return len(self._edges) // 2

    def __bool__(self) -> bool:
        return bool(self._edges)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Intervals) and self._edges == other._edges

    def __hash__(self) -> int:
        return hash(self._edges.tobytes())

    def __repr__(self) -> str:
        return f"Intervals({list(self)})"

    def __contains__(self, moment: int) -> bool:
        return bisect_right(self._edges, moment) % 2 == 1

    def duration(self) -> int:
        """ms of all of them."""
        return sum(self._edges[1::2]) - sum(self._edges[::2])

    def within(self, begin: int, end: int) -> Intervals:
        """Their parts in ``[begin, end)``."""
        edges = self._edges
        if not edges or begin >= end:
            return EMPTY
        if begin <= edges[0] and edges[-1] <= end:
            return self
        low, high = bisect_right(edges, begin), bisect_left(edges, end)
        kept = edges[low:high]
        if low % 2:
            kept.insert(0, begin)
        if high % 2:
            kept.append(end)
        return Intervals._of(kept)

    def without(self, begin: int, end: int) -> Intervals:
        """Their parts outside of ``[begin, end)``."""
        return self.replaced(begin, end, EMPTY)

    def replaced(self, begin: int, end: int, anew: Intervals, *, join: int = 0) -> Intervals:
        """What is in ``[begin, end)`` gives way to what ``anew`` has there.

        Holes of at most ``join`` ms at the two seams are closed, those elsewhere are not: within
        ``anew`` that was done when it was made.
        """
        if begin >= end:
            return self
        edges = self._edges
        low, high = bisect_left(edges, begin), bisect_right(edges, end)
        made = edges[:low]
        if low % 2:
            made.append(begin)
        _append(made, anew.within(begin, end).edges, join)
        rest = edges[high:]
        if high % 2:
            rest.insert(0, end)
        _append(made, rest, join)
        return Intervals._of(made)

    def __or__(self, other: Intervals) -> Intervals:
        if not other._edges:
            return self
        if not self._edges:
            return other
        return Intervals((*self, *other))

    def __sub__(self, other: Intervals) -> Intervals:
        if not self._edges:
            return self
        left = array("q")
        for begin, end in other.holes(self._edges[0], self._edges[-1]):
            left.extend(self.within(begin, end).edges)
        return Intervals._of(left)

    def holes(self, begin: int, end: int) -> Intervals:
        """What of ``[begin, end)`` none of them covers."""
        if begin >= end:
            return EMPTY
        turned = array("q", self.within(begin, end).edges)
        if not turned:
            return Intervals(((begin, end),))
        # Every begin ends a hole and every end begins one; only the outermost two differ.
        if turned[0] == begin:
            del turned[0]
        else:
            turned.insert(0, begin)
        if turned[-1] == end:
            del turned[-1]
        else:
            turned.append(end)
        return Intervals._of(turned)

    def shares(self, bounds: Sequence[int]) -> list[int]:
        """ms covered between each two neighbours of ``bounds``, which rise: one pass over all."""
        shares = [0] * (len(bounds) - 1)
        if not shares:
            return shares
        edges, place = self._edges, 0
        at = bisect_right(self._edges, bounds[0]) & ~1
        while at < len(edges):
            begin, end = edges[at], edges[at + 1]
            while bounds[place + 1] <= begin:
                place += 1
                if place == len(shares):
                    return shares
            begin = max(begin, bounds[place])
            while end > bounds[place + 1]:
                shares[place] += bounds[place + 1] - begin
                place += 1
                if place == len(shares):
                    return shares
                begin = bounds[place]
            shares[place] += end - begin
            at += 2
        return shares


def _append(edges: array[int], more: Sequence[int], join: int) -> None:
    """Put ``more`` behind ``edges``, which may touch it."""
    if edges and more and more[0] - edges[-1] <= join:
        del edges[-1]
        more = more[1:]
    edges.extend(more)


EMPTY: Final = Intervals()
"""None at all."""
