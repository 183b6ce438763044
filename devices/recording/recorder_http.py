"""HTTP with a recorder: digest authentication, limits on time and size, errors that say what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx
import msgspec

from devices.recording.source import (
    IncompleteError,
    RecordingError,
    RefusedError,
    TimedOutError,
    UnreachableError,
    UnreadableError,
)

LARGEST_ANSWER: Final = 4 * 1024 * 1024
"""A page of a thousand segments takes 1 MB."""

REFUSED_RESTS_S: Final = 1800.0
"""After a wrong password: recorders lock an account for half an hour after five or seven tries,
for everybody who uses it."""

_XML: Final = "application/xml; charset=UTF-8"
_OF_SOAP: Final = frozenset({200, 400, 500})


class StatusError(UnreadableError):
    """An HTTP ``status`` that no good answer has."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(told)
        self.status = status


class HttpAccess(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a recorder. Raises ``ValueError`` for a URL that is none.

    ``answer_timeout_s`` is for one exchange, ``ask_timeout_s`` for all pages of one span.
    """

    url: str
    user: str
    password: str
    answer_timeout_s: float = 10.0
    ask_timeout_s: float = 120.0

    def __post_init__(self) -> None:
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL as error:
            raise ValueError(f"no URL of a recorder: {error}") from error
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise ValueError("a recorder's URL is http://host or https://host, without a password")
        if not min(self.answer_timeout_s, self.ask_timeout_s) > 0:
            raise ValueError("time limits are above 0 s")

    def __repr__(self) -> str:
        """Without the password."""
        return f"HttpAccess({self.url}, {self.user})"


def recorder_client() -> httpx.AsyncClient:
    """Connections to many recorders of a site.

    Certificates are not checked: recorders come with ones they signed themselves, and digest does
    not give the password away.
    """
    return httpx.AsyncClient(
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        verify=False,  # noqa: S501 - see above
        trust_env=False,  # no proxy by accident
        follow_redirects=False,
        timeout=None,  # noqa: S113 - each exchange has its own limit, over all of its steps
        limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
    )


class RecorderHttp:
    """Exchanges with one recorder, one after the other: many serve one search at a time only."""

    def __init__(
        self,
        access: HttpAccess,
        client: httpx.AsyncClient | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """``client``: shared with other recorders, and closed by who made it."""
        self.access: Final = access
        self.turn: Final = asyncio.Lock()
        self._own_client: Final = client is None
        self._client: Final = client or recorder_client()
        self._auth: Final = httpx.DigestAuth(access.user, access.password)
        self._steady: Final = steady
        self._host: Final = httpx.URL(access.url).host
        self._refused_until = 0.0
        self._refusal = ""

    async def get(self, path: str) -> bytes:
        """The body of a good answer. Raises `RecordingError`."""
        return await self._exchange("GET", self._at(path), None, "")

    async def post(self, path: str, body: bytes) -> bytes:
        """The body of a good answer. Raises `RecordingError`."""
        return await self._exchange("POST", self._at(path), body, _XML)

    async def post_soap(self, url: str, body: bytes, content_type: str) -> bytes:
        """The envelope that ``url`` answers with, be it a fault: those come as 400 and 500.

        Raises `RecordingError`.
        """
        return await self._exchange("POST", url, body, content_type, _OF_SOAP)

    def refused(self, words: str = "") -> RefusedError:
        """To raise when it refused the password in ``words`` of its own; then it rests as well."""
        self._refusal = f"{self._host} refused user {self.access.user}"
        if words:
            self._refusal += f": {words}"
        self._refused_until = self._steady() + REFUSED_RESTS_S
        return RefusedError(self._refusal)

    async def aclose(self) -> None:
        """Close the connections, unless they are shared."""
        if self._own_client:
            await self._client.aclose()

    def _at(self, path: str) -> str:
        return self.access.url.rstrip("/") + path

    async def _exchange(
        self,
        method: str,
        url: str,
        body: bytes | None,
        content_type: str,
        good: frozenset[int] = frozenset({200}),
    ) -> bytes:
        if self._steady() < self._refused_until:
            raise RefusedError(f"{self._refusal}; not tried again for a while")
        request = self._client.build_request(
            method,
            url,
            content=body,
            headers={
                # A small answer may unpack to a huge one.
                "Accept-Encoding": "identity",
                **({"Content-Type": content_type} if content_type else {}),
            },
        )
        try:
            async with asyncio.timeout(self.access.answer_timeout_s):
                status, answer = await self._send(request)
        except TimeoutError as error:
            limit = self.access.answer_timeout_s
            raise TimedOutError(f"{self._host}: no answer in {limit:g} s") from error
        except httpx.HTTPError as error:
            raise self._broken(error) from error
        except (KeyError, NotImplementedError) as error:
            # How httpx meets a challenge it knows nothing of.
            told = f"{self._host} asks for an authentication that is not known: {error}"
            raise UnreadableError(told) from error
        return self._good(status, answer, good)

    async def _send(self, request: httpx.Request) -> tuple[int, bytes]:
        response = await self._client.send(request, auth=self._auth, stream=True)
        try:
            body = b""
            async for chunk in response.aiter_raw(65536):
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    told = f"{self._host}: an answer of more than {LARGEST_ANSWER} bytes"
                    raise UnreadableError(told)
            return response.status_code, body
        finally:
            await response.aclose()

    def _broken(self, error: httpx.HTTPError) -> RecordingError:
        told = f"{self._host}: {type(error).__name__}: {error}"
        if isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol):
            return UnreachableError(told)
        if isinstance(error, httpx.NetworkError):
            return IncompleteError(told)  # it was connected, and broke off
        if isinstance(error, httpx.RemoteProtocolError) and "disconnected" in str(error):
            return IncompleteError(told)
        return UnreadableError(told)

    def _good(self, status: int, body: bytes, good: frozenset[int]) -> bytes:
        if status == 200 or (status in good and body):
            return body
        told = f"{self._host}: HTTP {status}"
        if words := body[:200].decode("utf-8", "replace").strip():
            told += f": {' '.join(words.split())}"
        if status == 401:
            raise self.refused()
        if status in {403, 404, 405}:
            raise RefusedError(told)
        raise StatusError(status, told)
