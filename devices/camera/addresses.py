"""Addresses of cameras' streams, and who asks for them; checked before anything connects."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

_MOST_AUTH: Final = 127
"""Bytes of ``user:password`` in a URL that FFmpeg takes; it cuts off the rest without a word."""


class Transport(StrEnum):
    """How the packets of the stream travel."""

    TCP = "tcp"
    UDP = "udp"


class AddressError(ValueError):
    """An address or credentials that no look can be taken with; says why, without the password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a camera's stream is, and who asks for it. ``url`` holds no credentials.

    Of ``rtsps://``, ``ca_file`` (PEM) holds who signed the certificate that the camera must show,
    made out to the host of the URL; without it any is taken.
    """

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    transport: Transport = Transport.TCP
    ca_file: str = ""

    def __post_init__(self) -> None:
        check_address(self.url, self.user, self.password)
        if self.ca_file and not self.encrypted:
            raise AddressError(f"'{self.url}' is not encrypted: a certificate is for rtsps://")

    @property
    def encrypted(self) -> bool:
        """Whether it is asked for within TLS."""
        return urlsplit(self.url).scheme == "rtsps"

    def with_credentials(self) -> str:
        """The URL to hand to FFmpeg. A secret: in no log and no message."""
        if not self.user:
            return self.url
        parts = urlsplit(self.url)
        return urlunsplit(
            parts._replace(netloc=f"{_authority(self.user, self.password)}@{parts.netloc}")
        )


def check_address(url: str, user: str, password: str) -> None:
    """Raises `AddressError` for what FFmpeg would take otherwise than it is meant."""
    try:
        parts = urlsplit(url)
        wrong = parts.scheme not in {"rtsp", "rtsps"} or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True  # a port that is none, a bracket left open
    if wrong:
        raise AddressError(f"'{_bare(url)}' must be rtsp[s]://host[:port]/path")
    if "@" in parts.netloc:
        raise AddressError(f"'{_bare(url)}': give user and password on their own")
    if ":" in user:
        raise AddressError("a user's name cannot hold a colon")
    if len(_authority(user, password)) > _MOST_AUTH:
        raise AddressError(
            f"user and password are longer than {_MOST_AUTH} bytes, written for a URL: "
            "shorten the password (each character beyond letters and digits counts three or more)"
        )


def _authority(user: str, password: str) -> str:
    return f"{quote(user, safe='')}:{quote(password, safe='')}"


def _bare(url: str) -> str:
    """A URL fit for a message."""
    scheme, found, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if found else rest or url.rpartition("@")[2]
