"""The log: the tree over the facts, with what must be known of each of them to go on.

Beside the hashes (`TreeFiles`) the file ``entries`` has 32 bytes of each fact: its row, until when
facts were known then, where its chain was before, which chain, and its number there. ``state`` says
how much of both is certainly on the disk, and where every chain stood. All of it is a cache over
the facts: when it does not fit together it is made anew, and must come to the same roots.
"""

from __future__ import annotations

import os
import struct
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

import msgspec
import structlog

from audit.evidence import merkle
from audit.evidence.chains import End, in_order
from audit.evidence.leaf import (
    Leaf,
    Salts,
    Secret,
    chain_of,
    hash_of_leaf,
    leaf_bytes,
    make_leaf,
    salted,
)
from audit.evidence.merkle import HASH_BYTES, TreeError, leaf_hash
from audit.fact import FactRow
from audit.roster import ROSTER
from gateway.evidence.tree_files import TreeFiles

_log: Final = structlog.get_logger(__name__)

VERSION: Final = 1
_ENTRY: Final = struct.Struct("<QqQII")
_NONE: Final = 0
_AT_ONCE: Final = 4096
_CHUNK: Final = 1 << 20


class Entry(NamedTuple):
    """What is kept of a fact. ``before`` is one more than the place of its chain's fact before; 0:
    it is the first.
    """

    row: int
    at: int
    before: int
    chain: int
    seq: int


class Chain(msgspec.Struct):
    """A chain as it stands. ``last`` is the place of its last fact, ``hash`` its leaf hash; the
    regions of its school are with the places of the facts that said so.
    """

    name: str
    hashed: str
    seq: int = 0
    hash: str = ""
    last: int = -1
    regions: list[tuple[int, str]] = msgspec.field(default_factory=list)


class _State(msgspec.Struct):
    """``sums`` are CRC-32 of the hashes and of the entries, so that a bad disk is noticed."""

    version: int
    secret: str
    size: int
    row: int
    at: int
    root: bytes
    sums: tuple[int, int]
    chains: list[Chain]


_decode_state: Final = msgspec.msgpack.Decoder(_State).decode


class _After(msgspec.Struct, frozen=True):
    region: str | None = None


class _Listed(msgspec.Struct, frozen=True):
    after: _After | None = None


_listed: Final = msgspec.json.Decoder(_Listed).decode


class Log:
    """The log in a folder. Any thread may ask; one at a time is answered."""

    def __init__(self, folder: Path, secret: Secret, *, writes: bool = True) -> None:
        """Open it, as far as it is certain. Blocks. Raises ``OSError``.

        Who only reads (``writes`` false) must not be told of facts, and finds it as it was written
        down last.
        """
        self._folder: Final = folder
        self._secret: Final = secret
        self._writes: Final = writes
        self._turn: Final = threading.RLock()
        folder.mkdir(mode=0o700, exist_ok=True)
        self._entries = -1
        self._chains: list[Chain] = []
        self._numbers: dict[str, int] = {}
        self.row = 0
        self.at = 0
        state = self._read_state()
        if state is not None and self._open(state):
            return
        if not writes:
            raise TreeError(f"{folder} holds no log that could be read")
        if state is not None:
            _log.warning("evidence.made_anew", folder=str(folder))
        self._begin(self._nothing)

    @property
    def _mark(self) -> str:
        """Of which secret the leaves are: with another one they would be others."""
        return sha256(b"mark" + self._secret.of_chain("mark")).hexdigest()[:16]

    @property
    def _nothing(self) -> _State:
        return _State(VERSION, self._mark, 0, 0, 0, merkle.EMPTY_ROOT, (0, 0), [])

    def _read_state(self) -> _State | None:
        try:
            raw = (self._folder / "state").read_bytes()
            if sha256(raw[HASH_BYTES:]).digest() != raw[:HASH_BYTES]:
                raise msgspec.DecodeError("torn")
            state = _decode_state(raw[HASH_BYTES:])
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError:
            _log.warning("evidence.state_unreadable", folder=str(self._folder))
            return None
        return state if (state.version, state.secret) == (VERSION, self._mark) else None

    def _open(self, state: _State) -> bool:
        try:
            self._begin(state)
        except TreeError as error:
            _log.warning("evidence.files_short", error=str(error))
            return False
        # Who only looks has no time for all of it, and shows nothing that does not fit together.
        fits = not self._writes or self._sums_now(state.size) == state.sums
        if fits and merkle.root(self._tree, state.size) == state.root:
            return True
        self.close()
        return False

    def _begin(self, state: _State) -> None:
        self._tree = TreeFiles(self._folder, state.size, writes=self._writes)
        flags = os.O_RDWR | os.O_CREAT if self._writes else os.O_RDONLY
        self._entries = os.open(self._folder / "entries", flags, 0o600)
        length = state.size * _ENTRY.size
        if os.fstat(self._entries).st_size < length:
            self.close()
            raise TreeError(f"{self._folder / 'entries'} is shorter than it was")
        if self._writes:
            os.ftruncate(self._entries, length)
            os.lseek(self._entries, 0, os.SEEK_END)
        self.row, self.at = state.row, state.at
        self._sums = state.sums
        self._chains = state.chains
        self._numbers = {chain.name: number for number, chain in enumerate(state.chains)}

    def _sums_now(self, size: int) -> tuple[int, int]:
        return (
            _sum(self._folder / "hashes", size * HASH_BYTES),
            _sum(self._folder / "entries", size * _ENTRY.size),
        )

    # What grows.

    def append(self, facts: Sequence[FactRow]) -> None:
        """The next facts, in the order of their rows. Blocks: some 30 µs each."""
        with self._turn:
            hashes: list[bytes] = []
            entries: list[bytes] = []
            place = self._tree.size
            for fact in facts:
                if fact.row <= self.row:
                    raise TreeError(f"fact {fact.row} is not after fact {self.row}")
                self.row = fact.row
                self.at = max(self.at, fact.known)
                name = chain_of(fact)
                number = self._numbers.get(name)
                if number is None:
                    number = self._numbers[name] = len(self._chains)
                    salt = self._secret.of_chain(name)
                    self._chains.append(Chain(name, salted(salt, name.encode())))
                chain = self._chains[number]
                chain.seq += 1
                leaf = make_leaf(
                    fact,
                    at=self.at,
                    chain=chain.hashed,
                    seq=chain.seq,
                    previous=chain.hash,
                    salts=self._secret.of_fact(fact.row),
                )
                hashed = leaf_hash(leaf_bytes(leaf))
                entries.append(_ENTRY.pack(fact.row, self.at, chain.last + 1, number, chain.seq))
                chain.hash, chain.last = hashed.hex(), place
                if fact.kind == ROSTER:
                    _note_region(chain, fact, place)
                hashes.append(hashed)
                place += 1
            self.put(hashes, b"".join(entries))

    def put(self, hashes: Sequence[bytes], entries: bytes) -> None:
        """Leaf hashes, and the bytes of their entries."""
        with self._turn:
            _write(self._entries, entries)
            self._tree.append(hashes)
            first, second = self._sums
            self._sums = crc32(b"".join(hashes), first), crc32(entries, second)

    def checkpoint(self) -> None:
        """Return once all of it is certainly on the disk. Blocks."""
        with self._turn:
            os.fsync(self._entries)
            self._tree.sync()
            size = self._tree.size
            state = _State(
                VERSION,
                self._mark,
                size,
                self.row,
                self.at,
                merkle.root(self._tree, size),
                self._sums,
                self._chains,
            )
            beside = self._folder / "state.new"
            with beside.open("wb") as file:
                raw = msgspec.msgpack.encode(state)
                file.write(sha256(raw).digest() + raw)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._folder / "state")
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def begin_anew(self) -> None:
        """Forget all of it: the facts are not those it was made of."""
        with self._turn:
            self.close()
            self._begin(self._nothing)

    def close(self) -> None:
        """Let go of the files; what was not written down is made again."""
        with self._turn:
            self._tree.close()
            if self._entries >= 0:
                os.close(self._entries)
                self._entries = -1

    # What is asked.

    @property
    def size(self) -> int:
        """Facts in the log."""
        return self._tree.size

    def root(self, size: int) -> bytes:
        """Of the first ``size`` facts. Raises `TreeError` when there are not so many."""
        with self._turn:
            return merkle.root(self._tree, size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that a fact is in the tree of ``size``."""
        with self._turn:
            return merkle.inclusion(self._tree, index, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the first ``old`` facts are as they were."""
        with self._turn:
            return merkle.consistency(self._tree, old, new)

    def between(self, indexes: Iterable[int], size: int) -> Iterator[bytes]:
        """The hashes of all spans that lie between these leaves, and up to ``size``."""
        begun = 0
        for index in (*indexes, size):
            for span in merkle.spans(begun, index):
                with self._turn:
                    hashed = self._tree.node(*span)
                yield hashed
            begun = index + 1

    def hash(self, index: int) -> bytes:
        """The leaf hash at a place."""
        with self._turn:
            return self._tree.node(0, index)

    def entry(self, index: int) -> Entry:
        """What is kept of the fact at a place."""
        raw = os.pread(self._entries, _ENTRY.size, index * _ENTRY.size)
        return Entry(*_ENTRY.unpack(raw))

    def index_of(self, row: int) -> int | None:
        """The place of the fact of a row; ``None``: there is none, or not yet."""
        size = self.size
        index = bisect_left(range(size), row, key=lambda one: self.entry(one).row)
        return index if index < size and self.entry(index).row == row else None

    def leaf(self, index: int, fact: FactRow) -> tuple[Leaf, Salts]:
        """The leaf at a place, made of the fact as it stands now, and the salts of it."""
        entry = self.entry(index)
        chain = self._chains[entry.chain]
        previous = "" if entry.before == _NONE else self.hash(entry.before - 1).hex()
        salts = self._secret.of_fact(fact.row)
        leaf = make_leaf(
            fact, at=entry.at, chain=chain.hashed, seq=entry.seq, previous=previous, salts=salts
        )
        return leaf, salts

    def holds(self, index: int, fact: FactRow) -> bool:
        """Whether the fact, as it stands now, is the one that entered the log at a place."""
        return hash_of_leaf(self.leaf(index, fact)[0]) == self.hash(index)

    def chain_name(self, number: int) -> str:
        """The name of the chain that an entry names by its number."""
        return self._chains[number].name

    def chain_salt(self, name: str) -> bytes:
        """The salt of a chain's name."""
        return self._secret.of_chain(name)

    def ends(self, size: int | None = None) -> list[tuple[str, End]]:
        """Where every chain ended within the first ``size`` facts (all), with its name, in order.

        Of an earlier size all entries up to it are looked through: a second for 5,000,000.
        """
        with self._turn:
            if size is None or size == self.size:
                found = [(chain, chain.seq, chain.hash) for chain in self._chains if chain.seq]
            else:
                found = [
                    (self._chains[number], seq, self.hash(index).hex())
                    for number, (index, seq) in self._ends_at(size).items()
                ]
            size = self.size if size is None else size
            names = {chain.hashed: chain.name for chain, _, _ in found}
            ends = in_order(
                End(chain.hashed, hashed, _regions(chain, size), seq)
                for chain, seq, hashed in found
            )
            return [(names[end.chain], end) for end in ends]

    def _ends_at(self, size: int) -> dict[int, tuple[int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for index, entry in self._scan(size):
            found[entry[3]] = (index, entry[4])
        return found

    def places(self, chains: frozenset[str], size: int) -> list[int]:
        """The places of the facts of these chains within the first ``size``, in order."""
        wanted = {self._numbers[name] for name in chains if name in self._numbers}
        return [index for index, entry in self._scan(size) if entry[3] in wanted]

    def _scan(self, size: int) -> Iterator[tuple[int, tuple[int, int, int, int, int]]]:
        for first in range(0, size, _AT_ONCE):
            count = min(_AT_ONCE, size - first)
            raw = os.pread(self._entries, count * _ENTRY.size, first * _ENTRY.size)
            yield from enumerate(_ENTRY.iter_unpack(raw), first)


def _sum(path: Path, length: int) -> int:
    found = 0
    with path.open("rb") as file:
        while length and (raw := file.read(min(length, _CHUNK))):
            found = crc32(raw, found)
            length -= len(raw)
    return found


def _note_region(chain: Chain, fact: FactRow, place: int) -> None:
    try:
        listed = _listed(fact.body)
    except msgspec.MsgspecError:
        return
    region = None if listed.after is None else listed.after.region
    if region is not None and all(region != known for _, known in chain.regions):
        chain.regions.append((place, region))


def _regions(chain: Chain, size: int) -> tuple[str, ...]:
    return tuple(sorted(region for place, region in chain.regions if place < size))


def _write(file: int, raw: bytes) -> None:
    rest = memoryview(raw)
    while rest:
        rest = rest[os.write(file, rest) :]
