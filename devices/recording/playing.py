"""How a recorder plays what it recorded, beside where: in the clear or within TLS, to whom."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

import msgspec

RTSP_PORT: Final = 554
RTSPS_PORT: Final = 322
"""Of RTSP within TLS (IANA: rtsps)."""


class Playing(msgspec.Struct, frozen=True, kw_only=True):
    """``tls``: within TLS. ``ca_file`` (PEM) holds who signed the recorder's certificate, or that
    itself; without it any is taken, for recorders come with ones they signed themselves. ``basic``:
    it may be told the password where it knows no digest, whoever listens.
    """

    tls: bool = False
    ca_file: Path | None = None
    basic: bool = False

    @property
    def port(self) -> int:
        """Where it plays unless it is said otherwise."""
        return RTSPS_PORT if self.tls else RTSP_PORT

    @property
    def may_tell_password(self) -> bool:
        """Whether basic authentication will do: nobody listens, or that is taken."""
        return self.basic or (self.tls and self.ca_file is not None)

    def context(self) -> ssl.SSLContext | None:
        """What its certificate is checked by; ``None``: in the clear. Raises ``OSError`` for a file
        that cannot be read.
        """
        if not self.tls:
            return None
        if self.ca_file is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        context = ssl.create_default_context(cafile=str(self.ca_file))
        # Recorders are addressed by number; whom their certificates name, nobody chose. And the
        # file may hold the certificate itself, which nobody else signed.
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context


IN_THE_CLEAR: Final = Playing()
