"""The broker's passwords: generated once, kept beside the store, hashed as Mosquitto reads them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

ITERATIONS: Final = 101
"""As mosquitto_passwd does. Mosquitto hashes in its one thread at each connect, and ten thousand
devices come back at once after a power cut; passwords of 256 random bits need no more."""


class CredentialsError(Exception):
    """The file of credentials cannot be used; says which, why, and what to do."""


class Credentials(msgspec.Struct, frozen=True):
    """Passwords by principal, and the secret part of the gateway's client ids.

    The client id is a secret because MQTT lets whoever names it take over the session: a school
    that could guess it would throw the gateway out and empty its queue.
    """

    client_id: str
    passwords: dict[str, str]


decode_credentials: Final = msgspec.json.Decoder(Credentials).decode
"""The file's bytes; raises ``msgspec.DecodeError``."""


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner alone, safe against power cuts."""
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        # A file left by an older run keeps its mode through O_CREAT.
        os.fchmod(stream.fileno(), 0o600)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)


def keep_credentials(path: Path, principals: Iterable[str]) -> Credentials:
    """The credentials in ``path``, with passwords made for principals that had none.

    Passwords of principals that are no longer named stay in the file, so that a school taken off
    and put back needs no visit to its devices; they open nothing meanwhile.
    Raises `CredentialsError`.
    """
    kept = read_credentials(path)
    missing = [name for name in principals if kept is None or name not in kept.passwords]
    if kept is not None and not missing:
        return kept
    kept = kept or Credentials(client_id=f"campus-{secrets.token_hex(8)}", passwords={})
    passwords = kept.passwords | {name: secrets.token_urlsafe(32) for name in missing}
    credentials = Credentials(client_id=kept.client_id, passwords=passwords)
    try:
        write_private(path, msgspec.json.format(msgspec.json.encode(credentials).decode()) + "\n")
    except OSError as error:
        raise CredentialsError(
            f"cannot keep the broker's credentials in {path}: {error.strerror}. "
            "Make the folder writable and see that there is room."
        ) from error
    return credentials


def read_credentials(path: Path) -> Credentials | None:
    """What is in ``path``; ``None`` when there is no such file. Raises `CredentialsError`."""
    try:
        return decode_credentials(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise CredentialsError(
            f"cannot read the broker's credentials in {path}: {error}. Restore it from a backup, "
            "or remove it: then every device needs its new password."
        ) from error


def password_list(passwords: Mapping[str, str]) -> str:
    """The text of Mosquitto's ``password_file``."""
    return "".join(f"{name}:{hashed(name, password)}\n" for name, password in passwords.items())


def hashed(name: str, password: str) -> str:
    """A password as Mosquitto 2 stores it: ``$7$iterations$salt$PBKDF2-HMAC-SHA512``.

    The salt (12 bytes, the only length 2.0 reads) follows from name and password, so that an
    unchanged list gives an unchanged file and the broker is not told to reload for nothing. It
    guards nothing here: the passwords are random and occur once.
    """
    salt = hmac.digest(password.encode(), name.encode(), "sha256")[:12]
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return "$".join(
        (
            "",
            "7",
            str(ITERATIONS),
            base64.b64encode(salt).decode(),
            base64.b64encode(digest).decode(),
        )
    )
