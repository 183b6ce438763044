"""Pictures of cameras on the disk: encrypted, one file each, found by camera and moment.

AES-256-GCM with a key of this gateway beside its database: who copies the folder alone has nothing.
School, device and name of the file are authenticated with it, so that no picture can be passed off
as another camera's or moment's. Beside each picture there may be a small one, which goes with it;
and there are usual pictures, one for each part of the day and light, which stay until they are
replaced: means of hundreds of pictures, on which nobody is to be seen. All functions block.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from devices.model import is_identifier
from gateway.security.key_file import kept

KEY_NAME: Final = "camera-pictures.key"
FOLDER: Final = "camera-pictures"

HEALTHY_MS: Final = 72 * 3_600_000
"""How long a picture of a camera that was well is kept: until whoever comes back from a long
weekend can still see how it looked before."""

FAULTY_MS: Final = 30 * 86_400_000
"""How long one that shows a fault is kept: it belongs to an alert and to its repair."""

MOST_OF_CAMERA: Final = 2_000
"""Pictures of one camera: three days of one every quarter of an hour, and as many with a fault as
come in thirty days twice over. Beyond it the oldest one makes room."""

PARTS: Final = 6
"""Of a day, each with usual pictures of its own (`devices.camera.reference`)."""

_NONCE: Final = 12
_MARK: Final = b"CP1\0"
_SMALL: Final = ".small"
_NAME: Final = re.compile(r"(\d{13})\.(well|faulty)\.([0-9a-f]{64})\Z")
_USUAL: Final = re.compile(r"usual\.(\d)\.(grey|colour)\.(\d{1,9})\.(\d{13})\.([0-9a-f]{64})\Z")


class VaultError(Exception):
    """The key or a picture cannot be read or kept; says which, and why."""


class Kept(msgspec.Struct, frozen=True):
    """A picture that is kept: when it was taken (ms UTC), its SHA-256, and whether it shows a
    fault.
    """

    at: int
    hash: str
    faulty: bool

    @property
    def until(self) -> int:
        """When (ms UTC) it is removed."""
        return self.at + (FAULTY_MS if self.faulty else HEALTHY_MS)

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.at:013d}.{'faulty' if self.faulty else 'well'}.{self.hash}"


class Usual(msgspec.Struct, frozen=True):
    """What a camera usually shows in one ``part`` of its day, with colour or ``grey``: learned from
    so many ``looks``, the newest of them ``at`` (ms UTC).
    """

    part: int
    grey: bool
    looks: int
    at: int
    hash: str

    @property
    def name(self) -> str:
        """Of its file."""
        light = "grey" if self.grey else "colour"
        return f"usual.{self.part}.{light}.{self.looks}.{self.at:013d}.{self.hash}"


class Vault:
    """The pictures of one gateway. Used by several threads at once."""

    def __init__(self, directory: Path) -> None:
        """``directory`` holds the key's file and the folder of pictures."""
        self._folder: Final = directory / FOLDER
        self._key_file: Final = directory / KEY_NAME
        self._cipher: AESGCM | None = None

    def keep(self, school: str, device: str, at: int, body: bytes, *, faulty: bool) -> Kept:
        """Keep a picture; the same one of one moment is kept once. Raises `VaultError`."""
        picture = Kept(at, sha256(body).hexdigest(), faulty)
        self._write(school, device, picture.name, body)
        for older in self.pictures_of(school, device)[MOST_OF_CAMERA:]:
            self._forget(school, device, older.name, older.name + _SMALL)
        return picture

    def keep_small(self, school: str, device: str, picture: Kept, body: bytes) -> None:
        """Keep a small copy beside a picture, as long as that. Raises `VaultError`."""
        self._write(school, device, picture.name + _SMALL, body)

    def keep_usual(self, school: str, device: str, usual: Usual, body: bytes) -> None:
        """Keep what is usual, in place of what was so until now. Raises `VaultError`."""
        before = [
            one
            for one in self.usual_of(school, device)
            if (one.part, one.grey) == (usual.part, usual.grey) and one != usual
        ]
        self._write(school, device, usual.name, body)
        self._forget(school, device, *(one.name for one in before))

    def forget_usual(self, school: str, device: str) -> None:
        """Remove all that was usual of a camera: it learns anew. Raises `VaultError`."""
        self._forget(school, device, *(one.name for one in self.usual_of(school, device)))

    def pictures_of(self, school: str, device: str) -> list[Kept]:
        """Those of a camera, the newest first."""
        found = [picture for name in self._names(school, device) if (picture := _kept(name))]
        return sorted(found, key=lambda each: each.at, reverse=True)

    def usual_of(self, school: str, device: str) -> list[Usual]:
        """What is usual of a camera, by part of the day and light."""
        found = [usual for name in self._names(school, device) if (usual := _usual(name))]
        return sorted(found, key=lambda each: (each.part, each.grey))

    def open(self, school: str, device: str, picture: Kept | Usual) -> bytes:
        """The picture itself. Raises ``LookupError`` when it is gone, and `VaultError`."""
        return self._read(school, device, picture.name)

    def open_small(self, school: str, device: str, picture: Kept) -> bytes:
        """Its small copy. Raises as `open`."""
        return self._read(school, device, picture.name + _SMALL)

    def remove_due(self, now: int) -> int:
        """Remove what has been kept long enough, and what a crash left half written; how many."""
        removed = 0
        for folder in self._folders():
            for file in list(folder.iterdir()):
                picture = _kept(file.name.removesuffix(_SMALL))
                if _left_over(file, now) if picture is None else picture.until <= now:
                    file.unlink(missing_ok=True)
                    removed += 1
            with contextlib.suppress(OSError):
                folder.rmdir()  # only when nothing is left of that camera
        return removed

    def _write(self, school: str, device: str, name: str, body: bytes) -> None:
        """Whole, or not at all."""
        folder = self._of(school, device)
        nonce = secrets.token_bytes(_NONCE)
        sealed = _MARK + nonce + self._aead().encrypt(nonce, body, _about(school, device, name))
        beside = folder / f".{name}.{secrets.token_hex(4)}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(sealed)
                beside.replace(folder / name)
            except OSError:
                beside.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise VaultError(f"the picture cannot be kept in {folder}: {error.strerror}") from error

    def _read(self, school: str, device: str, name: str) -> bytes:
        path = self._of(school, device) / name
        try:
            sealed = path.read_bytes()
        except FileNotFoundError as error:
            raise LookupError(f"there is no picture {name}") from error
        except OSError as error:
            raise VaultError(f"{path} cannot be read: {error.strerror}") from error
        head = len(_MARK) + _NONCE
        if not sealed.startswith(_MARK) or len(sealed) < head:
            raise VaultError(f"{path} is no picture of this store")
        about = _about(school, device, name)
        try:
            return self._aead().decrypt(sealed[len(_MARK) : head], sealed[head:], about)
        except InvalidTag as error:
            raise VaultError(
                f"{path} was changed, or was made with another key than {self._key_file}"
            ) from error

    def _forget(self, school: str, device: str, *names: str) -> None:
        folder = self._of(school, device)
        try:
            for name in names:
                (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise VaultError(f"{folder} keeps what is old: {error.strerror}") from error

    def _names(self, school: str, device: str) -> list[str]:
        try:
            return [file.name for file in self._of(school, device).iterdir()]
        except FileNotFoundError:
            return []

    def _folders(self) -> Iterator[Path]:
        return (each for each in self._folder.glob("*/*") if each.is_dir())

    def _of(self, school: str, device: str) -> Path:
        if not (is_identifier(school) and is_identifier(device)):
            raise ValueError("school and device must be ids")
        # An id may be ".." by its alphabet; a folder's name may not.
        return self._folder / f"s-{school}" / f"d-{device}"

    def _aead(self) -> AESGCM:
        if self._cipher is None:
            try:
                fresh = kept(self._key_file, lambda: secrets.token_hex(32) + "\n")
                self._cipher = AESGCM(bytes.fromhex(fresh.strip()))
            except (OSError, ValueError) as error:
                raise VaultError(f"the key {self._key_file}: {error}") from error
        return self._cipher


def _about(school: str, device: str, name: str) -> bytes:
    return f"{school}/{device}/{name}".encode()


def _kept(name: str) -> Kept | None:
    found = _NAME.match(name)
    return None if found is None else Kept(int(found[1]), found[3], found[2] == "faulty")


def _usual(name: str) -> Usual | None:
    found = _USUAL.match(name)
    if found is None:
        return None
    return Usual(int(found[1]), found[2] == "grey", int(found[3]), int(found[4]), found[5])


def _left_over(path: Path, now: int) -> bool:
    """Whether a crash left it half written: nothing takes an hour to write."""
    try:
        return path.name.startswith(".") and path.stat().st_mtime * 1000 < now - 3_600_000
    except FileNotFoundError:
        return False
