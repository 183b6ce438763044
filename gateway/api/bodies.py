"""The bodies of requests as they come in: each bounded in size and time, all together in memory.

A peer may tell a length or none, and may send a byte a minute: until it is through, what has come
stays in memory.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from gateway.api.guard import CALLER
from gateway.files.sight import MOST_BYTES as MOST_OF_A_FILE
from gateway.pictures.sight import MOST_BYTES
from gateway.roster.importing import MOST_BYTES as MOST_OF_A_LIST

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

    from gateway.security.access import Caller

UPLOADS: Final = {
    ("PUT", "/api/v1/pictures"): MOST_BYTES,
    ("PUT", "/api/v1/camera-pictures"): MOST_BYTES,
    ("PUT", "/api/v1/files"): MOST_OF_A_FILE,
    ("POST", "/api/v1/roster/imports"): MOST_OF_A_LIST,
}
"""Bytes for routes with a bound of their own: files are larger than anything else that comes in."""

BODY_S: Final = 60.0
UPLOAD_S: Final = 300.0
"""Seconds until a body, and an upload, must be through: 16 MB are then 55 kB a second."""

HELD: Final = 256 << 20
HELD_OF_ONE: Final = 64 << 20
"""Bytes of uploads in memory at the same moment, of everybody and of one user."""


class Body:
    """What a request brings, as ASGI's ``receive``."""

    def __init__(
        self, receive: Receive, most: int, seconds: float, held: Counter[str], name: str
    ) -> None:
        """At most ``most`` bytes within ``seconds``; ``held`` is what all of them hold by user."""
        self._receive: Final = receive
        self._most: Final = most
        self._seconds: Final = seconds
        self._held: Final = held
        self._name: Final = name
        self._latest: float | None = None
        self._taken = 0
        self._whole = False

    async def __call__(self) -> Message:
        """The next piece; once it is whole, that the peer has gone."""
        if self._whole:
            return await self._receive()
        if self._latest is None:
            self._latest = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._latest):
                message = await self._receive()
        except TimeoutError:
            # the one kind of exception that the framework's reader of bodies lets through
            raise HTTPException(
                HTTPStatus.REQUEST_TIMEOUT,
                f"The body did not come within {self._seconds:.0f} s.",
                {"Connection": "close"},
            ) from None
        self._whole = not message.get("more_body", False)
        self._take(len(message.get("body", b"")))
        return message

    def _take(self, size: int) -> None:
        self._taken += size
        self._held[self._name] += size
        if self._taken > self._most:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(self._most))
        if self._held[self._name] > HELD_OF_ONE or self._held.total() > HELD:
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Too much is being uploaded at this moment.",
                {"Retry-After": "5", "Connection": "close"},
            )

    def let_go(self) -> None:
        """The request is over."""
        self._held[self._name] -= self._taken
        if self._held[self._name] <= 0:
            del self._held[self._name]


class Bodies:
    """The bodies of all requests that are under way."""

    def __init__(self, most: int) -> None:
        """``most`` bytes for routes that have no bound of their own."""
        self._most: Final = most
        self._held: Final = Counter[str]()

    def most(self, scope: Scope) -> int:
        """Bytes that the body of this request may have."""
        return UPLOADS.get((scope["method"], scope["path"]), self._most)

    def of(self, scope: Scope, receive: Receive) -> Body:
        """The body of a request; to be let go when that is over."""
        caller: Caller | None = scope.get(CALLER)
        upload = (scope["method"], scope["path"]) in UPLOADS
        return Body(
            receive,
            self.most(scope),
            UPLOAD_S if upload else BODY_S,
            self._held if upload else Counter(),
            "" if caller is None else caller.name,
        )


def too_large(most: int) -> str:
    """What is said of a body of more bytes."""
    return f"The body is larger than {most // 1024} KiB."
