"""Where every chain ends, under one root: so that a fact cut off a chain's end is missed as well.

Before a head is signed, a fact `CHAIN_HEADS` says it; being a fact, it is in the tree that the head
is of. Its body has the root of a small tree (RFC 6962 as well) over the ends, in the order of the
chains' hashes. A bundle holds all of the ends, of those it does not disclose only their hashes.

Each end names the regions in which the roster ever had the school: so a bundle about a region
cannot leave a school of it out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from audit.evidence.merkle import Growing, leaf_hash


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a chain ends: its last fact's number and leaf hash (hex)."""

    chain: str
    hash: str
    regions: tuple[str, ...]
    seq: int


class Ends(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a fact `CHAIN_HEADS`: of ``chains`` chains, over the log's first ``size`` facts.

    ``at`` is the latest ``known`` among those (ms): what was known until then is all there.
    """

    at: int
    chains: int
    root: str
    size: int


_ENCODE: Final = msgspec.json.Encoder().encode


def end_bytes(end: End) -> bytes:
    """As it is hashed."""
    return _ENCODE(end)


def in_order(ends: Iterable[End]) -> list[End]:
    """As they enter their tree."""
    return sorted(ends, key=lambda end: end.chain)


def root_of_ends(ends: Iterable[End]) -> bytes:
    """The root over the ends, given in order."""
    tree = Growing()
    for end in ends:
        tree.add(leaf_hash(_ENCODE(end)))
    return tree.root
