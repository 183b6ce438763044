"""By what push services and browsers know this gateway (RFC 8292): a key pair, made once and kept
beside the database. A browser takes messages from whoever has it, and from nobody else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.push.encryption import point_of, text_of
from gateway.security.key_file import kept

NAME: Final = "push.key"

VALID_S: Final = 12 * 3600
"""How long what we sign serves; 24 hours are the most (RFC 8292, 2)."""

RENEWED_S: Final = 3600
"""How long the same is used again: signing for each message would help nobody."""


class PushKeyError(Exception):
    """The key cannot be read or made; says which file, and why."""


class PushKey:
    """The key of this gateway, and what it signs for each push service."""

    def __init__(self, private: ec.EllipticCurvePrivateKey, contact: str | None) -> None:
        """``contact`` (``mailto:…`` or ``https://…``) is whom a push service asks when it is
        troubled; some take no message without.
        """
        self._private: Final = private
        self._contact: Final = contact
        self.public: Final = text_of(point_of(private.public_key()))
        self._signed: Final[dict[str, tuple[int, str]]] = {}

    def authorization(self, endpoint: str, now: int) -> str:
        """The header ``Authorization`` for a message to ``endpoint`` at ``now`` (ms)."""
        parts = urlsplit(endpoint)
        service = f"{parts.scheme}://{parts.netloc}"
        seconds = now // 1000
        at, header = self._signed.get(service, (0, ""))
        if not header or not 0 <= seconds - at < RENEWED_S:
            header = f"vapid t={self._token(service, seconds + VALID_S)}, k={self.public}"
            self._signed[service] = seconds, header
        return header

    def _token(self, service: str, expires: int) -> str:
        claims: dict[str, object] = {"aud": service, "exp": expires}
        if self._contact is not None:
            claims["sub"] = self._contact
        head = text_of(msgspec.json.encode({"typ": "JWT", "alg": "ES256"}))
        said = f"{head}.{text_of(msgspec.json.encode(claims))}"
        # RFC 7518, 3.4: the two numbers side by side, not the DER that the library gives.
        r, s = decode_dss_signature(self._private.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{said}.{text_of(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def push_key(folder: Path, contact: str | None) -> PushKey:
    """The key of this gateway, made at the first call. Blocks; raises `PushKeyError`."""
    path = folder / NAME
    try:
        private = load_pem_private_key(kept(path, _fresh).encode(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise PushKeyError(f"the key of push messages, {path}: {error}") from error
    if not (
        isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1)
    ):
        raise PushKeyError(f"{path} holds no key of the curve P-256; put the right one back")
    return PushKey(private, contact)


def _fresh() -> str:
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
