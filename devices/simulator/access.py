"""Where the broker is, and as whom each school speaks to it."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

DEMO_FILE: Final = Path("var/demo/simulator.json")
"""What ``campus run --demo`` writes: ``{"url": …, "schools": {id: {"username", "password"}}}``."""


class AccessError(Exception):
    """The broker's address or credentials cannot be used; the message says why and what to do."""


class Credentials(msgspec.Struct, frozen=True):
    """User and password of one principal."""

    username: str
    password: str


class Access(msgspec.Struct, frozen=True):
    """A broker and who may speak to it. A user in ``url`` speaks for every school not listed."""

    url: str
    schools: dict[str, Credentials] = msgspec.field(default_factory=dict)

    @property
    def host(self) -> str:
        """The broker's host."""
        return _split(self.url)[0]

    @property
    def port(self) -> int:
        """The broker's TCP port; 1883 unless the URL names one."""
        return _split(self.url)[1]

    def credentials(self, school: str) -> Credentials | None:
        """As whom ``school`` speaks; ``None`` = the broker lets anybody in."""
        return self.schools.get(school) or _split(self.url)[2]


_access: Final = msgspec.json.Decoder(Access).decode


def read_access(path: Path) -> Access:
    """The file that a demo writes. Raises `AccessError`."""
    try:
        access = _access(path.read_bytes())
    except FileNotFoundError:
        raise AccessError(
            f"{path} does not exist: start the demo with `campus run --demo`, "
            "or name a broker with --url"
        ) from None
    except (OSError, msgspec.MsgspecError) as error:
        raise AccessError(f"{path}: {error}") from error
    _split(access.url)
    return access


def _split(url: str) -> tuple[str, int, Credentials | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or 1883
    except ValueError as error:
        raise AccessError(f"{url!r} is no broker URL: {error}") from error
    if parts.scheme != "mqtt" or not parts.hostname:
        raise AccessError(f"{url!r} is no broker URL: the simulator speaks mqtt://host[:port] only")
    user = (
        Credentials(unquote(parts.username), unquote(parts.password or ""))
        if parts.username
        else None
    )
    return parts.hostname, port, user
