"""Signed notes: a text, and lines of signatures below it, each by a name and a key.

The format of the Go checksum database and of C2SP (signed-note, tlog-checkpoint, tlog-cosignature),
so that witnesses and tools of others can read our heads: a text of lines, an empty line, then lines
``— NAME BASE64(key id, signature)``. A key id is the first four bytes of a hash of name and key.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LONGEST: Final = 64 * 1024
"""Bytes of a note: a head with hundreds of witnesses is far below."""

MOST_SIGNATURES: Final = 100
_DASH: Final = "\N{EM DASH} "
_ED25519: Final = b"\x01"
_COSIGNED: Final = b"\x04"
_TIME_BYTES: Final = 8

COSIGNATURE_BYTES: Final = _TIME_BYTES + 64
"""What a witness's line holds after the id of its key: when, and the signature."""


class NoteError(ValueError):
    """This is no note, or no key, of the format."""


class Line(msgspec.Struct, frozen=True):
    """A signature line: whose, by which key, and what it holds after the key's id."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        """As it stands in the note."""
        return f"{_DASH}{self.name} {b64encode(self.key_id + self.signature).decode()}"


class Note(msgspec.Struct, frozen=True):
    """A text that ends with a line break, and its signatures."""

    text: str
    lines: tuple[Line, ...]

    def __str__(self) -> str:
        """As it is kept in a file."""
        return self.text + "\n" + "".join(f"{line}\n" for line in self.lines)


def read_note(content: str) -> Note:
    """A note from a file. Raises `NoteError`."""
    if len(content) > LONGEST:
        raise NoteError("it is longer than any note")
    if any(ord(sign) < 32 and sign != "\n" for sign in content):
        raise NoteError("it holds signs that no note has")
    text, gap, below = content.rpartition("\n\n")
    if not gap or not below.endswith("\n"):
        raise NoteError("it has no text and signatures apart by an empty line")
    listed = below[:-1].split("\n")
    if len(listed) > MOST_SIGNATURES:
        raise NoteError("it has too many signatures")
    note = Note(text + "\n", tuple(read_line(line) for line in listed))
    if str(note) != content:
        # Base64 can say the same in several ways: here in one.
        raise NoteError("it is not written as notes are")
    return note


def read_line(line: str) -> Line:
    """A signature line. Raises `NoteError`."""
    name, space, coded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_name(name):
        raise NoteError("a line below the text is no signature")
    try:
        held = b64decode(coded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("a signature is not base64") from error
    if len(held) < 5:
        raise NoteError("a signature is too short")
    return Line(name, held[:4], held[4:])


def is_name(name: str) -> bool:
    """Whether a key may be called so: no space, no plus sign, not too long."""
    return 0 < len(name) <= 200 and "+" not in name and not any(sign.isspace() for sign in name)


class Verifier(msgspec.Struct, frozen=True):
    """Somebody's public key, by which signatures of theirs are known."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Of plain signatures."""
        return _key_id(self.name, _ED25519, self.public)

    @property
    def cosigner_id(self) -> bytes:
        """Of cosignatures."""
        return _key_id(self.name, _COSIGNED, self.public)

    def __str__(self) -> str:
        """``NAME+KEYID+KEY``: how keys of notes are handed around."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    def signed(self, note: Note) -> bool:
        """Whether one of the note's signatures is theirs and fits its text."""
        return any(
            line.name == self.name
            and line.key_id == self.key_id
            and _fits(self.public, line.signature, note.text.encode())
            for line in note.lines
        )

    def cosigned(self, note: Note) -> int | None:
        """When (s since 1970) they countersigned it; ``None`` when they did not."""
        for line in note.lines:
            if line.name == self.name and line.key_id == self.cosigner_id:
                moment = int.from_bytes(line.signature[:_TIME_BYTES])
                signed = _cosigned_text(moment, note.text)
                if _fits(self.public, line.signature[_TIME_BYTES:], signed):
                    return moment
        return None


class Signer:
    """Somebody's private key. Never shown, never logged."""

    def __init__(self, name: str, seed: bytes) -> None:
        """``seed`` are the 32 bytes of the Ed25519 key."""
        self._key: Final = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier: Final = Verifier(name, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> Note:
        """The text as a note with this one signature."""
        signature = self._key.sign(text.encode())
        return Note(text, (Line(self.verifier.name, self.verifier.key_id, signature),))

    def cosign(self, note: Note, moment: int) -> Line:
        """A signature that says: looked at on this moment (s), and not at odds with what was seen
        of the same log before.
        """
        signature = self._key.sign(_cosigned_text(moment, note.text))
        return Line(
            self.verifier.name,
            self.verifier.cosigner_id,
            moment.to_bytes(_TIME_BYTES) + signature,
        )


def read_verifier(text: str) -> Verifier:
    """A key as ``NAME+KEYID+KEY``. Raises `NoteError`."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not is_name(parts[0]):
        raise NoteError("a key is written NAME+KEYID+KEY")
    try:
        key_id, coded = bytes.fromhex(parts[1]), b64decode(parts[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("the key is not readable") from error
    found = Verifier(parts[0], coded[1:])
    if coded[:1] != _ED25519 or len(found.public) != 32 or found.key_id != key_id:
        raise NoteError("the key is not Ed25519, or not of this name")
    return found


def _key_id(name: str, kind: bytes, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def _cosigned_text(moment: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {moment}\n{text}".encode()


def _fits(public: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
