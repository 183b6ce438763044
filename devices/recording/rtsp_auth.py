"""How an RTSP server is told who asks: digest (MD5) and basic authentication (RFC 2617)."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable
from typing import Final, TypeAlias

from devices.recording.gb28181.digest import Credentials, digest_of

_PAIR: Final = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')


class Digest:
    """Answers one challenge; proves the password without telling it."""

    def __init__(self, told: dict[str, str], user: str, password: str) -> None:
        self._told: Final = told
        self._user: Final = user
        self._password: Final = password
        self._used = 0

    def header(self, method: str, url: str) -> str:
        """The value of ``Authorization`` for one request."""
        told = self._told
        self._used += 1
        qop = "auth" if "auth" in told.get("qop", "").replace(" ", "").split(",") else None
        made = Credentials(
            username=self._user,
            realm=told.get("realm", ""),
            nonce=told["nonce"],
            uri=url,
            response="",
            qop=qop,
            nc=f"{self._used:08x}",
            cnonce=secrets.token_hex(8),
        )
        fields = {
            "username": made.username.replace("\\", "\\\\").replace('"', '\\"'),
            "realm": made.realm,
            "nonce": made.nonce,
            "uri": url,
            "response": digest_of(made, method, self._password),
        }
        if "opaque" in told:
            fields["opaque"] = told["opaque"]
        said = ", ".join(f'{name}="{value}"' for name, value in fields.items())
        if qop is not None:
            said += f', qop=auth, nc={made.nc}, cnonce="{made.cnonce}"'
        return f"Digest {said}"


class Basic:
    """Tells the password: to whoever listens, too, unless the connection is encrypted."""

    def __init__(self, user: str, password: str) -> None:
        self._said: Final = base64.b64encode(f"{user}:{password}".encode()).decode()

    def header(self, _method: str, _url: str) -> str:
        """The value of ``Authorization``, the same for every request."""
        return f"Basic {self._said}"


Proving: TypeAlias = Digest | Basic


def proving(challenges: Iterable[str], user: str, password: str) -> Proving | None:
    """The best answer to any of the challenges (values of ``WWW-Authenticate``): digest, if it is
    offered, before basic; ``None``: neither is.
    """
    basic = False
    for told in challenges:
        scheme = told.partition(" ")[0].lower()
        basic = basic or scheme == "basic"
        if scheme == "digest":
            fields = {name.lower(): a or b for name, a, b in _PAIR.findall(told)}
            if fields.get("algorithm", "MD5").upper() == "MD5" and "nonce" in fields:
                return Digest(fields, user, password)
    # A colon would end the name, and the rest of it begin the password.
    return Basic(user, password) if basic and ":" not in user else None


def stale(challenges: Iterable[str]) -> bool:
    """Whether the password was right, and only the nonce is used up."""
    return re.search(r'stale\s*=\s*"?true', " ".join(challenges), re.IGNORECASE) is not None
