"""The file that is handed to an auditor: its members, their lines, and how it is read in bounds.

A ZIP archive. ``manifest.json`` says what it is about; ``heads.jsonl`` has the signed head that all
is proven against, and other heads of the log with proofs of consistency; ``chains.jsonl`` where
every chain ends; ``facts.jsonl`` the facts in the order of the log; ``proof.bin`` the hashes of
what lies between them; ``figures.jsonl`` what was computed; ``files/HASH`` what facts refer to;
``signature.txt`` a note, signed by the log's key, with the hashes of all other members.
docs/evidence.md describes it for whoever writes a second verifier.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import IO, Annotated, Final

import msgspec

from audit.evidence.notes import Note, read_note

FORMAT: Final = "campus-audit-bundle"
VERSION: Final = 1

MANIFEST: Final = "manifest.json"
HEADS: Final = "heads.jsonl"
CHAINS: Final = "chains.jsonl"
FACTS: Final = "facts.jsonl"
PROOF: Final = "proof.bin"
FIGURES: Final = "figures.jsonl"
SIGNATURE: Final = "signature.txt"
FILES: Final = "files/"
MEMBERS: Final = (MANIFEST, HEADS, CHAINS, FACTS, PROOF, FIGURES, SIGNATURE)

LONGEST_PROOF: Final = 128
"""Hashes: twice as many as the largest log has levels."""

_HELD: Final = frozenset({HEADS, CHAINS})
_FILE: Final = re.compile(r"files/[0-9a-f]{64}")
_CHUNK: Final = 64 * 1024

Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""Sizes, rows and times: what any language holds exactly."""

Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Salt = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


class Limits(msgspec.Struct, frozen=True):
    """What a bundle may ask of whoever reads it, in bytes unless said otherwise.

    ``total`` is of everything unpacked, ``line`` of one line, ``file`` of a file, ``manifest`` of
    the manifest, ``held`` of a member that is held in memory; ``members`` and ``chains`` are
    numbers.
    """

    total: int = 16 << 30
    line: int = 4 << 20
    file: int = 64 << 20
    manifest: int = 16 << 20
    held: int = 256 << 20
    members: int = 200_000
    chains: int = 500_000


class ScopeKind(StrEnum):
    """What a bundle is about."""

    ALL = "all"
    REGION = "region"
    SCHOOL = "school"


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All schools, those of a region and of all below it, or one."""

    kind: ScopeKind
    id: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What it is about. ``at`` is the instant it tells of, ``made`` when it was made (ms), by
    which ``program``.

    ``origin`` and ``key`` are the log's name and public key (``NAME+KEYID+KEY``). ``absent`` are
    hashes of files that facts refer to and the gateway did not have any more.
    """

    format: str
    version: int
    scope: Scope
    at: Number
    made: Number
    origin: str
    key: str
    program: str = ""
    absent: tuple[Hash, ...] = ()


_decode_manifest: Final = msgspec.json.Decoder(Manifest).decode


class HeadLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed head (a note), and the proof (hex) of its consistency with the bundle's own, which
    stands first and has none.
    """

    note: str
    proof: Annotated[tuple[Hash, ...], msgspec.Meta(max_length=LONGEST_PROOF)] = ()


class ChainLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The end of a chain, as in `audit.evidence.chains.End`. ``name`` and ``salt`` (hex) are those
    of a chain that the bundle discloses.
    """

    chain: Hash
    hash: Hash
    regions: tuple[str, ...]
    seq: Number
    name: str | None = None
    salt: Salt | None = None


class FactLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The fact at ``index`` of the log: its leaf as it was hashed, and what is disclosed of it.

    Salts in hex. Subject and body are there or withheld together.
    """

    index: Number
    leaf: str
    subject: str | None = None
    subject_salt: Salt | None = None
    body: str | None = None
    body_salt: Salt | None = None
    actor: str | None = None
    actor_salt: Salt | None = None


class BundleError(Exception):
    """It is no bundle, or one that nobody should unpack; ``code`` says why, ``inputs`` of what."""

    def __init__(self, code: str, **inputs: str | int) -> None:
        super().__init__(f"{code} {inputs}" if inputs else code)
        self.code = code
        self.inputs = inputs


class Bundle:
    """An open bundle. Everything is read as a stream and counted: what the archive says of its own
    sizes is not believed, and nothing is ever written to a disk.
    """

    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive: Final = archive
        self._limits: Final = limits
        self._left = limits.total
        self._members: Final = _checked(archive, limits)
        self._digests: Final[dict[str, str]] = {}

    def has(self, name: str) -> bool:
        """Whether there is such a member."""
        return name in self._members

    @property
    def files(self) -> frozenset[str]:
        """The hashes in the names of the files."""
        return frozenset(
            name.removeprefix(FILES) for name in self._members if name.startswith(FILES)
        )

    def manifest(self) -> Manifest:
        """What it is about."""
        raw = b"".join(self.chunks(MANIFEST, self._limits.manifest))
        try:
            return _decode_manifest(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise BundleError("manifest", why=str(error)) from error

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member, without their ends."""
        rest = b""
        limits = self._limits
        for chunk in self.chunks(name, limits.held if name in _HELD else limits.total):
            rest += chunk
            if b"\n" in chunk:
                *whole, rest = rest.split(b"\n")
                for line in whole:
                    if len(line) > self._limits.line:
                        raise BundleError("too_large", member=name)
                    yield line
            if len(rest) > self._limits.line:
                raise BundleError("too_large", member=name)
        if rest:
            raise BundleError("unreadable", member=name)

    def chunks(self, name: str, most: int) -> Iterator[bytes]:
        """A member's bytes, no more than ``most`` of them. Read a second time, they must be the
        same. Raises `BundleError`.
        """
        if name not in self._members:
            raise BundleError("member_missing", member=name)
        seen = sha256()
        counted = name not in self._digests  # the facts are read twice, and unpacked once
        try:
            with self._archive.open(name) as file:
                while chunk := file.read(_CHUNK):
                    seen.update(chunk)
                    most -= len(chunk)
                    self._left -= len(chunk) if counted else 0
                    if most < 0 or self._left < 0:
                        raise BundleError("too_large", member=name)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise BundleError("unreadable", member=name) from error
        if self._digests.setdefault(name, seen.hexdigest()) != seen.hexdigest():
            raise BundleError("unreadable", member=name)

    def file_hash(self, name: str) -> str:
        """The SHA-256 of the file under this name, in hex."""
        for _ in self.chunks(FILES + name, self._limits.file):
            pass
        return self._digests[FILES + name]

    def proof(self) -> Iterator[bytes]:
        """The hashes of what lies between the facts."""
        rest = b""
        for chunk in self.chunks(PROOF, self._limits.total):
            rest += chunk
            whole = len(rest) - len(rest) % 32
            for start in range(0, whole, 32):
                yield rest[start : start + 32]
            rest = rest[whole:]
        if rest:
            raise BundleError("unreadable", member=PROOF)

    def signature(self) -> Note:
        """The note over all other members."""
        raw = b"".join(self.chunks(SIGNATURE, self._limits.manifest))
        try:
            return read_note(raw.decode())
        except ValueError as error:
            raise BundleError("unreadable", member=SIGNATURE) from error

    @property
    def read(self) -> dict[str, str]:
        """The hashes of the members that were read to their end."""
        return {name: one for name, one in self._digests.items() if name != SIGNATURE}

    @property
    def limits(self) -> Limits:
        """What it may ask of us."""
        return self._limits


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[Bundle]:
    """A bundle from a file. Raises `BundleError`."""
    with ExitStack() as closing:
        try:
            # Opened here: a member that is not read to its end would keep the file open.
            file = closing.enter_context(path.open("rb"))
            archive = closing.enter_context(zipfile.ZipFile(file))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise BundleError("no_bundle", why=str(error)) from error
        yield Bundle(archive, limits)


def _checked(archive: zipfile.ZipFile, limits: Limits) -> frozenset[str]:
    """The members' names, if they are those of a bundle."""
    listed = archive.infolist()
    if len(listed) > limits.members:
        raise BundleError("too_large", member="*")
    names: set[str] = set()
    for one in listed:
        name = one.filename
        if name in names or not (name in MEMBERS or _FILE.fullmatch(name)):
            raise BundleError("member_strange", member=name[:200])
        if one.flag_bits & 0x1 or one.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise BundleError("member_strange", member=name)
        names.add(name)
    for name in MEMBERS:
        if name not in names:
            raise BundleError("member_missing", member=name)
    return frozenset(names)


def signed_text(digests: Mapping[str, str]) -> str:
    """What is signed of a bundle: the hashes of its members, in the order of their names."""
    lines = "".join(f"{one} {name}\n" for name, one in sorted(digests.items()))
    return f"{FORMAT}/{VERSION}\n{sha256(lines.encode()).hexdigest()}\n"


class LineWriter:
    """Writes a member line by line."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file: Final = file

    def add(self, line: object) -> None:
        """A struct as one line, or the bytes of one."""
        self._file.write(line if isinstance(line, bytes) else msgspec.json.encode(line))
        self._file.write(b"\n")
