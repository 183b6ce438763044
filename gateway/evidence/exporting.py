"""Writes a bundle: what an auditor takes home to check without this gateway (docs/evidence.md)."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Protocol, TypeVar

import msgspec
from sqlalchemy import Connection

from audit.coverage import SchoolRecord
from audit.evidence.bundle import (
    CHAINS,
    FACTS,
    FIGURES,
    FILES,
    FORMAT,
    HEADS,
    MANIFEST,
    PROOF,
    SIGNATURE,
    VERSION,
    ChainLine,
    FactLine,
    HeadLine,
    LineWriter,
    Manifest,
    Scope,
    ScopeKind,
    signed_text,
)
from audit.evidence.chains import End
from audit.evidence.computing import DISCLOSED_KINDS, Computation
from audit.evidence.leaf import (
    CHAIN_HEADS,
    EVERYBODYS,
    OTHERS,
    REGIONS,
    Leaf,
    Salts,
    hash_of_leaf,
    leaf_bytes,
)
from audit.evidence.notes import Signer
from audit.evidence.referring import referred
from audit.fact import FactRow
from gateway.evidence.log import Entry, Log
from gateway.store.read import evidence as stored
from gateway.store.read.evidence import HeadRow

Result = TypeVar("Result")

NEWEST_HEADS: Final = 200
_AT_ONCE: Final = 200
_BUFFER: Final = 64 * 1024


class Reads(Protocol):
    """Runs a reading query. Blocks."""

    def __call__(self, query: Callable[[Connection], Result], /) -> Result:
        """What the query finds."""
        ...


class ExportError(Exception):
    """There is no such bundle; ``code`` names why (``audit.export.{code}``)."""

    def __init__(self, code: str, **inputs: str | int) -> None:
        super().__init__(f"{code} {inputs}" if inputs else code)
        self.code = code
        self.inputs = inputs


class CancelledError(Exception):
    """Nobody wants it any more."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Of what, and as of when (ms). ``actors``: who did it is disclosed as well. ``heads`` are
    sizes of heads that the auditor holds.
    """

    scope: Scope
    at: int
    actors: bool = False
    heads: tuple[int, ...] = ()


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a bundle: facts, those of them that are disclosed, and the bytes of the file."""

    size: int
    facts: int
    disclosed: int
    schools: int
    bytes: int


class _Hashing(io.RawIOBase):
    """Writes on, and hashes what is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file: Final = file
        self.seen: Final = sha256()

    def writable(self) -> bool:
        return True

    def write(self, raw: Any, /) -> int:
        self.seen.update(raw)
        return self._file.write(raw)


class _Archive:
    """A bundle that is being written, and the hashes of its members."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive: Final = archive
        self.digests: Final[dict[str, str]] = {}

    @contextmanager
    def open(self, name: str, *, packed: bool = True) -> Iterator[IO[bytes]]:
        """A member to write."""
        about = zipfile.ZipInfo(name)
        about.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        with self._archive.open(about, "w", force_zip64=True) as file:
            hashing = _Hashing(file)
            with io.BufferedWriter(hashing, _BUFFER) as buffered:
                yield buffered
        self.digests[name] = hashing.seen.hexdigest()


class Exporter:
    """Writes one bundle, in a thread of its own."""

    def __init__(
        self,
        *,
        log: Log,
        head: HeadRow,
        signer: Signer,
        read: Reads,
        file_of: Callable[[str], bytes | None],
        program: str = "",
        told: Callable[[float], None] = lambda _share: None,
    ) -> None:
        """``head`` must cover the instant that is wanted. ``signer`` is the log's, ``read`` the
        store's, ``file_of`` gives what is kept under a hash. ``told`` is called with the share
        that is done, and may raise `CancelledError`.
        """
        self._log: Final = log
        self._head: Final = head
        self._signer: Final = signer
        self._read: Final = read
        self._file_of: Final = file_of
        self._program: Final = program
        self._told: Final = told
        self._computation: Final = Computation()
        self._disclosed = 0

    def write(self, wanted: Wanted, target: Path, now: int) -> Written:
        """Write it to ``target``. Blocks; raises `ExportError`, `CancelledError`, ``OSError``."""
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            with zipfile.ZipFile(
                beside, "w", zipfile.ZIP_DEFLATED, compresslevel=6, strict_timestamps=False
            ) as archive:
                written = self._write(_Archive(archive), wanted, now)
            size = beside.stat().st_size
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        return msgspec.structs.replace(written, bytes=size)

    def _write(self, archive: _Archive, wanted: Wanted, now: int) -> Written:
        if self._head.known <= wanted.at:
            raise ExportError("instant", at=wanted.at, until=self._head.known)
        ends = self._log.ends(self._head.covered)
        names = self._chains(wanted, ends)
        places = self._log.places(names, self._head.covered)
        index = self._log.index_of(self._head.row)
        if index is None:
            raise ExportError("log")
        places.append(index)
        with archive.open(HEADS) as file:
            self._write_heads(LineWriter(file), wanted.heads)
        with archive.open(CHAINS) as file:
            lines = LineWriter(file)
            for name, end in ends:
                lines.add(self._chain_line(name, end, shown=name in names))
        with archive.open(FACTS) as file:
            lines = LineWriter(file)
            for done, line in enumerate(self._fact_lines(places, wanted)):
                lines.add(line)
                if done % _AT_ONCE == 0:
                    self._told(0.9 * done / len(places))
        with archive.open(PROOF) as file:
            for done, hashed in enumerate(self._log.between(places, self._head.size)):
                file.write(hashed)
                if done % _AT_ONCE == 0:
                    self._told(0.9)
        inside = self._inside(wanted.scope)
        with archive.open(FIGURES) as file:
            lines = LineWriter(file)
            figures = self._computation.figures(wanted.at, lambda one: one.school in inside)
            for done, figure in enumerate(figures):
                lines.add(figure)
                if done % _AT_ONCE == 0:
                    self._told(0.95)
        absent = self._write_files(archive, wanted.at, inside)
        manifest = Manifest(
            format=FORMAT,
            version=VERSION,
            scope=wanted.scope,
            at=wanted.at,
            made=now,
            origin=self._signer.verifier.name,
            key=str(self._signer.verifier),
            program=self._program,
            absent=tuple(absent),
        )
        with archive.open(MANIFEST) as file:
            file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        with archive.open(SIGNATURE) as file:
            file.write(str(self._signer.sign(signed_text(archive.digests))).encode())
        self._told(1.0)
        return Written(
            size=self._head.size,
            facts=len(places),
            disclosed=self._disclosed,
            schools=len(inside),
            bytes=0,
        )

    def _chains(self, wanted: Wanted, ends: Sequence[tuple[str, End]]) -> frozenset[str]:
        """The names of the chains that are disclosed."""
        scope = wanted.scope
        there = {name for name, _ in ends}
        always = there.intersection(EVERYBODYS)
        if scope.kind is ScopeKind.SCHOOL:
            if scope.id not in there or scope.id.startswith("@"):
                raise ExportError("no_school", school=scope.id)
            return frozenset(always | {scope.id})
        if scope.kind is ScopeKind.ALL:
            return frozenset(there - {OTHERS})
        inside = self._within(scope.id, wanted.at)
        schools = {name for name, end in ends if not inside.isdisjoint(end.regions)}
        if not schools:
            raise ExportError("no_region", region=scope.id)
        return frozenset(always | schools)

    def _within(self, region: str, at: int) -> frozenset[str]:
        """A region and all below it, as it was known at the instant."""
        computation = Computation()
        places = self._log.places(frozenset({REGIONS}), self._head.covered)
        for fact, entry in self._facts(places):
            if entry.at <= at:
                computation.take(fact, REGIONS)
        return computation.within(region)

    def _inside(self, scope: Scope) -> frozenset[str]:
        """The schools that the figures are of."""
        records = self._computation.records
        if scope.kind is ScopeKind.SCHOOL:
            return frozenset({scope.id})
        if scope.kind is ScopeKind.ALL:
            return frozenset(records)
        within = self._computation.within(scope.id)
        return frozenset(
            school
            for school, record in records.items()
            if record.roster is not None and record.roster.region in within
        )

    def _write_heads(self, lines: LineWriter, held: Sequence[int]) -> None:
        size = self._head.size
        others: dict[int, HeadRow] = {}
        for query in (stored.heads_by_day(), stored.heads_before(None, NEWEST_HEADS)):
            others.update({head.size: head for head in self._read(query)})
        for one in held:
            for head in self._read(stored.heads_before(one + 1, 1)):
                others[head.size] = head
        others.pop(size, None)
        notes = self._notes([self._head, *(others[one] for one in sorted(others))])
        lines.add(HeadLine(next(notes)))
        for one, note in zip(sorted(others), notes, strict=True):
            self._told(0.0)
            own = note.startswith(f"{self._signer.verifier.name}\n")
            if one > self._log.size or not own:
                continue  # the log was called otherwise
            proof = self._log.consistency(min(one, size), max(one, size))
            lines.add(HeadLine(note, tuple(hashed.hex() for hashed in proof)))

    def _notes(self, heads: Sequence[HeadRow]) -> Iterator[str]:
        """The heads with the lines of their witnesses."""
        rest = iter(heads)
        while some := list(islice(rest, _AT_ONCE)):
            lines: dict[int, str] = {}
            for one in self._read(stored.cosignatures([head.size for head in some])):
                lines[one.size] = lines.get(one.size, "") + one.line + "\n"
            for head in some:
                yield head.note + lines.get(head.size, "")

    def _chain_line(self, name: str, end: End, *, shown: bool) -> ChainLine:
        line = ChainLine(end.chain, end.hash, end.regions, end.seq)
        if not shown:
            return line
        salt = self._log.chain_salt(name).hex()
        return msgspec.structs.replace(line, name=name, salt=salt)

    def _fact_lines(self, places: Sequence[int], wanted: Wanted) -> Iterator[FactLine]:
        index_of = iter(places)
        for fact, entry in self._facts(places):
            index = next(index_of)
            leaf, salts = self._log.leaf(index, fact)
            if hash_of_leaf(leaf) != self._log.hash(index):
                # The log is of what it was: somebody has written to the database.
                raise ExportError("fact_changed", row=fact.row)
            shown = fact.kind == CHAIN_HEADS and index == places[-1]
            if entry.at <= wanted.at and fact.kind in DISCLOSED_KINDS:
                shown = True
                self._disclosed += 1
                self._computation.take(_as_of(fact, entry), self._log.chain_name(entry.chain))
            yield fact_line(index, leaf, fact, salts, shown=shown, actor=wanted.actors)

    def _facts(self, places: Iterable[int]) -> Iterator[tuple[FactRow, Entry]]:
        rest = iter(places)
        while some := list(islice(rest, _AT_ONCE)):
            entries = [self._log.entry(index) for index in some]
            found = self._read(stored.facts_of([entry.row for entry in entries]))
            for entry in entries:
                fact = found.get(entry.row)
                if fact is None:
                    raise ExportError("fact_changed", row=entry.row)
                yield fact, entry

    def _write_files(self, archive: _Archive, at: int, inside: frozenset[str]) -> list[str]:
        """The files that are referred to; returns the hashes of those that are not there."""
        records: list[SchoolRecord] = [
            record for school, record in self._computation.records.items() if school in inside
        ]
        absent = []
        for name in referred(records, at):
            self._told(0.98)
            content = self._file_of(name)
            if content is None:
                absent.append(name)
            else:
                with archive.open(FILES + name, packed=False) as file:
                    file.write(content)
        return absent


def fact_line(
    index: int, leaf: Leaf, fact: FactRow, salts: Salts, *, shown: bool, actor: bool
) -> FactLine:
    """A fact as bundles and the interface show it: with what it says (``shown``), or its leaf."""
    line = FactLine(index=index, leaf=leaf_bytes(leaf).decode())
    if shown:
        line = msgspec.structs.replace(
            line,
            subject=fact.subject,
            subject_salt=salts.subject.hex(),
            body=fact.body.decode(),
            body_salt=salts.body.hex(),
        )
    if shown and actor:
        line = msgspec.structs.replace(line, actor=fact.actor, actor_salt=salts.actor.hex())
    return line


def _as_of(fact: FactRow, entry: Entry) -> FactRow:
    return FactRow(fact.row, fact.kind, fact.happened, entry.at, "", fact.subject, fact.body)
