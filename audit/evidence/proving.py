"""Are the facts of a bundle in the log as they are shown, and is none of them left out?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from audit.evidence.broken import BrokenError
from audit.evidence.bundle import (
    CHAINS,
    FACTS,
    Bundle,
    BundleError,
    ChainLine,
    FactLine,
    Manifest,
)
from audit.evidence.chains import End, Ends, root_of_ends
from audit.evidence.computing import DISCLOSED_KINDS
from audit.evidence.heads import SignedHead
from audit.evidence.leaf import CHAIN_HEADS, Leaf, chain_of, leaf_bytes, read_leaf, salted
from audit.evidence.merkle import Growing, TreeError, leaf_hash
from audit.fact import FactRow

_LARGEST: Final = 2**53

_chain_line: Final = msgspec.json.Decoder(ChainLine).decode
_fact_line: Final = msgspec.json.Decoder(FactLine).decode
_ends: Final = msgspec.json.Decoder(Ends).decode
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


class Followed:
    """A chain that the bundle discloses, as far as it was followed."""

    __slots__ = ("end", "name", "previous", "seq")

    def __init__(self, name: str, end: End) -> None:
        self.name = name
        self.end = end
        self.seq = 0
        self.previous = ""


class ShownEnds:
    """Where the chains end, and which of them are disclosed."""

    def __init__(self, bundle: Bundle) -> None:
        self.ends: Final[list[End]] = []
        self.disclosed: Final[dict[str, Followed]] = {}
        for number, raw in enumerate(bundle.lines(CHAINS), 1):
            if number > bundle.limits.chains:
                raise BundleError("too_large", member=CHAINS)
            try:
                line = _chain_line(raw)
            except _UNREADABLE as error:
                raise BrokenError("chain_unreadable", number=number) from error
            end = End(line.chain, line.hash, line.regions, line.seq)
            if self.ends and self.ends[-1].chain >= end.chain:
                raise BrokenError("chains_order", number=number)
            self.ends.append(end)
            if line.name is not None and line.salt is not None:
                if salted(bytes.fromhex(line.salt), line.name.encode()) != line.chain:
                    raise BrokenError("chain_name", name=line.name)
                self.disclosed[line.chain] = Followed(line.name, end)

    def names(self) -> frozenset[str]:
        """Of those that are disclosed."""
        return frozenset(one.name for one in self.disclosed.values())


class ShownFacts:
    """The facts: proven in a first pass, taken for what they say in a second."""

    def __init__(
        self, bundle: Bundle, manifest: Manifest, head: SignedHead, ends: ShownEnds
    ) -> None:
        self._bundle: Final = bundle
        self._at: Final = manifest.at
        self._head: Final = head.head
        self._ends: Final = ends
        self._said: Ends | None = None
        self.count = 0
        self.disclosed = 0

    def prove(self) -> None:
        """That all of them are in the log, as they are, with none of their chains left out."""
        tree, hashes = Growing(), self._bundle.proof()

        def take() -> bytes:
            try:
                return next(hashes)
            except StopIteration:
                raise BrokenError("proof_short") from None

        latest = 0
        for number, raw in enumerate(self._bundle.lines(FACTS), 1):
            line, leaf, hashed = _read(raw, number)
            if leaf.row <= latest:
                raise BrokenError("fact_order", row=leaf.row, after=latest)
            if not tree.size <= line.index < self._head.size:
                raise BrokenError("fact_place", row=leaf.row, index=line.index)
            latest = leaf.row
            self._look(line, leaf)
            self._follow(line, leaf, hashed)
            try:
                tree.skip_to(line.index, take)
                tree.add(hashed)
            except TreeError as error:
                raise BrokenError("fact_place", row=leaf.row, index=line.index) from error
            self.count += 1
        self._complete()
        tree.skip_to(self._head.size, take)
        if next(hashes, None) is not None:
            raise BrokenError("proof_long")
        if tree.root != self._head.root:
            raise BrokenError("root", size=self._head.size)

    def _look(self, line: FactLine, leaf: Leaf) -> None:
        """Is what is disclosed what the leaf has the hashes of?"""
        for name, value, salt, hashed in (
            ("subject", line.subject, line.subject_salt, leaf.subject),
            ("body", line.body, line.body_salt, leaf.body),
            ("actor", line.actor, line.actor_salt, leaf.actor),
        ):
            if (value is None) is not (salt is None):
                raise BrokenError("fact_half", row=leaf.row, field=name)
            if value is None or salt is None:
                continue
            if salted(bytes.fromhex(salt), value.encode()) != hashed:
                raise BrokenError("fact_differs", row=leaf.row, field=name)
        if (line.subject is None) is not (line.body is None):
            raise BrokenError("fact_half", row=leaf.row, field="body")

    def _follow(self, line: FactLine, leaf: Leaf, hashed: bytes) -> None:
        """Is it the next of its chain, and is there what the figures need?"""
        chain = self._ends.disclosed.get(leaf.chain)
        if leaf.kind == CHAIN_HEADS and line.body is not None:
            self._said_by(line.body, line.index, leaf.row)
        elif chain is None:
            raise BrokenError("fact_alone", row=leaf.row)
        if chain is None:
            return
        if leaf.seq != chain.seq + 1 or leaf.previous != chain.previous:
            if leaf.seq > chain.seq + 1:
                raise BrokenError("fact_missing", chain=chain.name, seq=chain.seq + 1, row=leaf.row)
            raise BrokenError("chain_broken", chain=chain.name, row=leaf.row)
        if leaf.seq > chain.end.seq:
            raise BrokenError("chain_beyond", chain=chain.name, row=leaf.row)
        chain.seq, chain.previous = leaf.seq, hashed.hex()
        if line.body is None:
            if leaf.at <= self._at and leaf.kind in DISCLOSED_KINDS:
                raise BrokenError("fact_withheld", row=leaf.row, kind=leaf.kind)
            return
        self.disclosed += 1
        if chain_of(_fact(line, leaf)) != chain.name:
            raise BrokenError("fact_elsewhere", row=leaf.row, chain=chain.name)

    def _said_by(self, body: str, index: int, row: int) -> None:
        """The fact that says where all chains end: there is one of them."""
        if self._said is not None:
            raise BrokenError("ends_twice", row=row)
        try:
            said = _ends(body.encode())
        except _UNREADABLE as error:
            raise BrokenError("ends_unreadable", row=row) from error
        if said.size > index or said.chains != len(self._ends.ends):
            raise BrokenError("ends_differ", row=row)
        if said.root != root_of_ends(self._ends.ends).hex():
            raise BrokenError("ends_differ", row=row)
        self._said = said

    def _complete(self) -> None:
        """Does every disclosed chain go to its end, and do the ends reach the instant?"""
        for chain in self._ends.disclosed.values():
            if chain.seq != chain.end.seq or chain.previous != chain.end.hash:
                raise BrokenError("chain_cut", chain=chain.name, seq=chain.seq, end=chain.end.seq)
        if self._said is None:
            raise BrokenError("ends_missing")
        # Later facts have an ``at`` that is not before: of that very instant there may be more.
        if self._said.at <= self._at:
            raise BrokenError("instant", at=self._at, until=self._said.at)

    def known(self) -> Iterator[tuple[FactRow, str]]:
        """The disclosed facts known at the instant, each with its chain's name. After `prove`."""
        for number, raw in enumerate(self._bundle.lines(FACTS), 1):
            line, leaf, _ = _read(raw, number)
            chain = self._ends.disclosed.get(leaf.chain)
            if chain is not None and line.body is not None and leaf.at <= self._at:
                yield _fact(line, leaf), chain.name


def _read(raw: bytes, number: int) -> tuple[FactLine, Leaf, bytes]:
    try:
        line = _fact_line(raw)
        text = line.leaf.encode()
        leaf = read_leaf(text)
    except _UNREADABLE as error:
        raise BrokenError("fact_unreadable", number=number) from error
    # One reading only: another program must not find something else in the same bytes.
    strange = max(abs(leaf.at), abs(leaf.happened), abs(leaf.known), leaf.row, leaf.seq) > _LARGEST
    if strange or leaf.row < 1 or leaf.seq < 1 or leaf_bytes(leaf) != text:
        raise BrokenError("fact_unreadable", number=number)
    return line, leaf, leaf_hash(text)


def _fact(line: FactLine, leaf: Leaf) -> FactRow:
    return FactRow(
        leaf.row,
        leaf.kind,
        leaf.happened,
        leaf.at,
        "",  # no figure rests on who it was
        line.subject or "",
        (line.body or "").encode(),
    )
