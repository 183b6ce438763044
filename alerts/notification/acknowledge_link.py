"""The link in a message by which one named person may acknowledge one alert: signed and expiring.

It names the occurrence as well: who has seen the first press does not acknowledge the second. That
it serves only once is kept where it is used (`gateway.notification.acknowledging`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

import msgspec

LONGEST: Final = 512
"""Characters of a token; a longer one is not looked at."""

_MAC_BYTES: Final = 32


class AcknowledgeLink(msgspec.Struct, frozen=True, array_like=True):
    """What a link says. ``expires`` in ms; ``event`` is the key of the message that it came in, so
    that two messages about one alert have two links.
    """

    alert: int
    occurrences: int
    user: str
    expires: int
    event: str


_link: Final = msgspec.json.Decoder(AcknowledgeLink).decode


def sign(link: AcknowledgeLink, key: bytes) -> str:
    """The token for the address: letters, digits, ``-`` and ``_``; the same for the same link."""
    said = msgspec.json.encode(link)
    return _text(_mac(said, key) + said)


def read(token: str, key: bytes, now: int) -> AcknowledgeLink | None:
    """What the token says; ``None`` when it is not ours, has been changed, or is too old."""
    if len(token) > LONGEST:
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    mac, said = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    # The bytes are believed only after this line: nothing of them is decoded before.
    if not hmac.compare_digest(mac, _mac(said, key)) or _text(raw) != token:
        return None
    link = _link(said)
    return link if now < link.expires else None


def digest(token: str) -> str:
    """Under which a used link is remembered: not the token itself, which is a key."""
    return hashlib.sha256(token.encode()).hexdigest()


def _mac(said: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"acknowledge\0" + said, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
