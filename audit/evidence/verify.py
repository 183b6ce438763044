"""The check of a bundle: by a stranger, with nothing but the file and what they trust.

`check` looks in a fixed order and stops at the first thing that does not hold (`BrokenError`): is
it a bundle; is its head signed by the log's key, and the one that was witnessed; is every fact in
the log as it is shown, with none left out; do the facts come to the figures; are the files those
that the facts refer to. Facts are taken for what they say only once all of them are proven.

What is trusted comes from elsewhere (`Trusted`): without any of it a bundle can only be found
consistent in itself, which whoever made it anew with a key of their own can have, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from audit.attestation import Attestation
from audit.coverage import SchoolRecord
from audit.evidence.bundle import (
    CHAINS,
    FACTS,
    FIGURES,
    FORMAT,
    HEADS,
    VERSION,
    Bundle,
    BundleError,
    ChainLine,
    FactLine,
    HeadLine,
    Limits,
    Manifest,
    Scope,
    ScopeKind,
    opened,
)
from audit.evidence.chains import End, Ends, root_of_ends
from audit.evidence.computing import DISCLOSED_KINDS, Computation
from audit.evidence.heads import SignedHead, read_head
from audit.evidence.leaf import (
    CHAIN_HEADS,
    OTHERS,
    POLICIES,
    REGIONS,
    Leaf,
    chain_of,
    hash_of_open_chain,
    leaf_bytes,
    read_leaf,
    salted,
)
from audit.evidence.merkle import Growing, TreeError, extends, leaf_hash
from audit.evidence.notes import NoteError, Verifier, read_verifier
from audit.fact import FactRow

MOST_HEADS: Final = 100_000
_LARGEST: Final = 2**53

_head_line: Final = msgspec.json.Decoder(HeadLine).decode
_chain_line: Final = msgspec.json.Decoder(ChainLine).decode
_fact_line: Final = msgspec.json.Decoder(FactLine).decode
_ends: Final = msgspec.json.Decoder(Ends).decode
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


class BrokenError(Exception):
    """Something does not hold. ``code`` names the sentence (``audit.broken.{code}``) that
    ``inputs`` fill.
    """

    def __init__(self, code: str, **inputs: str | int) -> None:
        super().__init__(f"{code} {inputs}" if inputs else code)
        self.code = code
        self.inputs = inputs


class Trusted(msgspec.Struct, frozen=True):
    """What the auditor has from elsewhere: heads that they were given or that were published, and
    public keys. A key of the log's name is the log's, any other that of a witness.
    """

    heads: tuple[SignedHead, ...] = ()
    keys: tuple[Verifier, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle that holds was found to be. Times in ms.

    ``anchored``: by a key or a head of the auditor's. ``witnesses`` are the names of those that
    have countersigned. ``absent`` counts files that the gateway did not have any more.
    """

    manifest: Manifest
    size: int
    head_at: int | None
    facts: int
    disclosed: int
    schools: int
    figures: int
    files: int
    absent: int
    anchored: bool
    witnesses: tuple[str, ...]


class _Chain:
    """A chain that the bundle discloses, as far as it was followed."""

    __slots__ = ("end", "name", "previous", "seq")

    def __init__(self, name: str, end: End) -> None:
        self.name = name
        self.end = end
        self.seq = 0
        self.previous = ""


def check(path: Path, trusted: Trusted = Trusted(), limits: Limits = Limits()) -> Found:
    """What the bundle is, if all of it holds.

    Raises `BrokenError` with the first thing that does not, `BundleError` when the file is no
    bundle, or none that anybody should unpack.
    """
    with opened(path, limits) as bundle:
        manifest = bundle.manifest()
        if manifest.format != FORMAT or manifest.version != VERSION:
            raise BundleError("version", version=manifest.version)
        head, others = _heads(bundle, manifest)
        anchored, witnesses = _trusted(manifest, head, others, trusted)
        ends = _Ends(bundle)
        facts = _Facts(bundle, manifest, head, ends)
        facts.prove()
        computation = Computation()
        for fact, chain in facts.known():
            try:
                computation.take(fact, chain)
            except Exception as error:
                # Whatever a fact of a stranger's making does to the folding, it is that fact's.
                raise BrokenError("fact_strange", row=fact.row, why=str(error)[:200]) from error
        inside = _scope(manifest.scope, computation, ends)
        figures = _figures(bundle, computation, manifest.at, inside)
        files, absent = _files(bundle, manifest, computation, inside)
        return Found(
            manifest=manifest,
            size=head.head.size,
            head_at=head.head.at,
            facts=facts.count,
            disclosed=facts.disclosed,
            schools=len(inside),
            figures=figures,
            files=files,
            absent=absent,
            anchored=anchored,
            witnesses=witnesses,
        )


def _heads(
    bundle: Bundle, manifest: Manifest
) -> tuple[SignedHead, list[tuple[SignedHead, HeadLine]]]:
    """The bundle's own head, and the others with their proofs. Signatures are the log's by name."""
    try:
        key = read_verifier(manifest.key)
    except NoteError as error:
        raise BundleError("manifest", why=str(error)) from error
    if key.name != manifest.origin:
        raise BrokenError("key_of_other", name=key.name, origin=manifest.origin)
    found: list[tuple[SignedHead, HeadLine]] = []
    for number, raw in enumerate(bundle.lines(HEADS)):
        if number > MOST_HEADS:
            raise BundleError("too_large", member=HEADS)
        try:
            line = _head_line(raw)
            head = read_head(line.note)
        except _UNREADABLE as error:
            raise BrokenError("head_unreadable", number=number + 1) from error
        if head.head.origin != manifest.origin:
            raise BrokenError("head_of_other", origin=head.head.origin)
        if not key.signed(head.note):
            raise BrokenError("head_signature", size=head.head.size)
        found.append((head, line))
    if not found:
        raise BrokenError("head_unreadable", number=1)
    return found[0][0], found[1:]


def _trusted(
    manifest: Manifest,
    head: SignedHead,
    others: Sequence[tuple[SignedHead, HeadLine]],
    trusted: Trusted,
) -> tuple[bool, tuple[str, ...]]:
    """Whether something of the auditor's speaks for the head, and which witnesses."""
    key = read_verifier(manifest.key)
    proven = [head]
    # Those that the bundle brings must all be of one log.
    for other, line in others:
        if not _consistent(head, other, [bytes.fromhex(one) for one in line.proof]):
            raise BrokenError("head_contradicts", size=other.head.size)
        if other.head.size >= head.head.size:
            proven.append(other)
    own = [one for one in trusted.keys if one.name == manifest.origin]
    if own and key not in own:
        raise BrokenError("key_differs", origin=manifest.origin)
    for held in trusted.heads:
        if held.head.origin != manifest.origin:
            raise BrokenError(
                "held_of_other", held=held.head.origin, origin=manifest.origin
            )
        if not key.signed(held.note):
            raise BrokenError("held_other_key", size=held.head.size)
        _held(held, head, others)
    witnesses = []
    for witness in trusted.keys:
        if witness.name != manifest.origin:
            if not any(witness.cosigned(one.note) is not None for one in proven):
                raise BrokenError("not_witnessed", name=witness.name)
            witnesses.append(witness.name)
    return bool(own or trusted.heads or witnesses), tuple(witnesses)


def _consistent(first: SignedHead, second: SignedHead, proof: Sequence[bytes]) -> bool:
    old, new = sorted((first.head, second.head), key=lambda one: one.size)
    return extends(old.size, old.root, new.size, new.root, proof)


def _held(
    held: SignedHead, head: SignedHead, others: Sequence[tuple[SignedHead, HeadLine]]
) -> None:
    """A head of the auditor's against those of the bundle, which are of one log."""
    listed = [head, *(other for other, _ in others)]
    same = [one for one in listed if one.head.size == held.head.size]
    if not same:
        raise BrokenError("held_unproven", size=held.head.size)
    if any(one.head.root != held.head.root for one in same):
        raise BrokenError("held_contradicts", size=held.head.size)


class _Ends:
    """Where the chains end, and which of them are disclosed."""

    def __init__(self, bundle: Bundle) -> None:
        self.ends: Final[list[End]] = []
        self.disclosed: Final[dict[str, _Chain]] = {}
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
                self.disclosed[line.chain] = _Chain(line.name, end)

    def names(self) -> frozenset[str]:
        """Of those that are disclosed."""
        return frozenset(one.name for one in self.disclosed.values())


class _Facts:
    """The facts: proven in a first pass, taken for what they say in a second."""

    def __init__(
        self, bundle: Bundle, manifest: Manifest, head: SignedHead, ends: _Ends
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
                raise BrokenError(
                    "fact_missing", chain=chain.name, seq=chain.seq + 1, row=leaf.row
                )
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
                raise BrokenError(
                    "chain_cut", chain=chain.name, seq=chain.seq, end=chain.end.seq
                )
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
        line.actor or "",
        line.subject or "",
        (line.body or "").encode(),
    )


def _scope(scope: Scope, computation: Computation, ends: _Ends) -> frozenset[str]:
    """The schools that it is about. Raises when one of them is not disclosed."""
    names = ends.names()
    hidden = {end.chain for end in ends.ends if end.chain not in ends.disclosed}
    for needed in (POLICIES, REGIONS):
        if hash_of_open_chain(needed) in hidden:
            raise BrokenError("chain_withheld", chain=needed)
    schools = frozenset(one for one in names if not one.startswith("@"))
    if scope.kind is ScopeKind.SCHOOL:
        if scope.id not in schools:
            raise BrokenError("school_withheld", school=scope.id)
        return frozenset({scope.id})
    if scope.kind is ScopeKind.REGION:
        inside = computation.within(scope.id)
        for end in ends.ends:
            if end.chain not in ends.disclosed and not inside.isdisjoint(end.regions):
                raise BrokenError("region_short", region=scope.id, chain=end.chain)
        return frozenset(
            one
            for one in schools
            if (record := computation.records.get(one)) is not None
            and record.roster is not None
            and record.roster.region in inside
        )
    # The gateway's own facts (who signed in, who was given which right) are in no figure.
    hidden.discard(hash_of_open_chain(OTHERS))
    if hidden:
        raise BrokenError("schools_withheld", chains=len(hidden))
    return schools


def _figures(bundle: Bundle, computation: Computation, at: int, inside: frozenset[str]) -> int:
    def counts(record: SchoolRecord) -> bool:
        return record.school in inside

    given = bundle.lines(FIGURES)
    count = 0
    try:
        for made in computation.figures(at, counts):
            count += 1
            line = next(given, None)
            if line is None:
                raise BrokenError("figures_short", number=count, **_named(made))
            if line != made:
                raise BrokenError("figure", number=count, **_named(made))
    except BrokenError:
        raise
    except Exception as error:
        raise BrokenError("figures_strange", why=str(error)[:200]) from error
    if next(given, None) is not None:
        raise BrokenError("figures_long", number=count + 1)
    return count


class _Named(msgspec.Struct):
    policy: str
    item: str
    school: str = ""
    region: str | None = None


_named_figure: Final = msgspec.json.Decoder(_Named).decode


def _named(line: bytes) -> dict[str, str]:
    """What a computed figure is of, for people."""
    figure = _named_figure(line)
    where = figure.school or figure.region or "*"
    return {"policy": figure.policy, "item": figure.item, "where": where}


def referred(records: Iterator[SchoolRecord], at: int) -> list[str]:
    """The hashes of the files that attestations rest on which are good at the instant, sorted."""
    found: set[str] = set()
    for record in records:
        for stated in record.stated.values():
            if _good(stated.attestation, at):
                found.update(file.hash for file in stated.attestation.files)
    return sorted(found)


def _good(attestation: Attestation, at: int) -> bool:
    withdrawn = attestation.withdrawn is not None and attestation.withdrawn <= at
    return attestation.valid_from <= at < attestation.expires and not withdrawn


def _files(
    bundle: Bundle, manifest: Manifest, computation: Computation, inside: frozenset[str]
) -> tuple[int, int]:
    needed = referred((computation.records[one] for one in sorted(inside)
                       if one in computation.records), manifest.at)
    absent = set(manifest.absent)
    for name in needed:
        if name in bundle.files:
            if bundle.file_hash(name) != name:
                raise BrokenError("file", hash=name)
        elif name not in absent:
            raise BrokenError("file_missing", hash=name)
    for name in sorted(bundle.files - set(needed)):
        raise BrokenError("file_strange", hash=name)
    return len(needed), sum(name in absent for name in needed)
