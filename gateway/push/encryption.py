"""Messages that only one browser can read (RFC 8291): the service that carries them sees their
length and nothing else, and not even that exactly.
"""

from __future__ import annotations

import base64
import os
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CONTENT_ENCODING: Final = "aes128gcm"
LONGEST: Final = 3993
"""Bytes of plain text in one message: push services take 4,096 bytes (RFC 8030, 7.2), of which 86
are the header, 16 the tag and 1 the delimiter (RFC 8188)."""

_RECORD: Final = 4096
_STEP: Final = 512
"""Messages are filled up to multiples of it: an emergency is not known by its length."""

_AUTH_BYTES: Final = 16
_POINT_BYTES: Final = 65


class KeysError(ValueError):
    """The keys of a browser are none; says which, and what is wrong with it."""


def text_of(raw: bytes) -> str:
    """Bytes as base64url without padding, as browsers write them."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    """The other way round, with or without padding. Raises ``ValueError``."""
    try:
        bare = text.rstrip("=")
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ValueError(f"not base64url: {error}") from error


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as 65 bytes, uncompressed."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class BrowserKeys:
    """What a browser gave when it subscribed: its public key, and a secret of 16 bytes."""

    def __init__(self, p256dh: str, auth: str) -> None:
        """Both as base64url. Raises `KeysError`."""
        try:
            self.point: Final = bytes_of(p256dh)
            self.auth: Final = bytes_of(auth)
        except ValueError as error:
            raise KeysError(str(error)) from error
        if len(self.auth) != _AUTH_BYTES:
            raise KeysError(f"auth has {len(self.auth)} bytes, not {_AUTH_BYTES}")
        if len(self.point) != _POINT_BYTES:
            raise KeysError(f"p256dh has {len(self.point)} bytes, not {_POINT_BYTES}")
        try:
            # A point beside the curve would give our key away bit by bit: it is refused here.
            self.key: Final = ec.EllipticCurvePublicKey.from_encoded_point(
                ec.SECP256R1(), self.point
            )
        except (ValueError, InvalidSignature, UnsupportedAlgorithm) as error:
            raise KeysError(f"p256dh is no point of the curve P-256: {error}") from error


def encrypt(
    plain: bytes,
    keys: BrowserKeys,
    *,
    salt: bytes | None = None,
    ours: ec.EllipticCurvePrivateKey | None = None,
    step: int = _STEP,
) -> bytes:
    """The body of a push message: one record, filled up to a multiple of ``step`` bytes.

    ``salt`` (16 bytes) and ``ours`` are made anew for each message; only a test gives them. Raises
    ``ValueError`` when ``plain`` is longer than `LONGEST`.
    """
    if len(plain) > LONGEST:
        raise ValueError(f"{len(plain)} bytes are too many for a push message: {LONGEST}")
    salt = os.urandom(16) if salt is None else salt
    ours = ec.generate_private_key(ec.SECP256R1()) if ours is None else ours
    point = point_of(ours.public_key())
    # RFC 8291, 3.3 and 3.4: the names of both keys are bound into the secret.
    shared = ours.exchange(ec.ECDH(), keys.key)
    secret = _derive(shared, keys.auth, b"WebPush: info\0" + keys.point + point, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    filled = min(LONGEST, -(-len(plain) // step) * step) - len(plain)
    record = AESGCM(key).encrypt(nonce, plain + b"\x02" + b"\0" * filled, None)
    return salt + _RECORD.to_bytes(4, "big") + bytes([len(point)]) + point + record


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)
