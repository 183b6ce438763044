"""The entrance, before any route: nothing without sign-in, no forged writes, limits on rates.

Pure ASGI, so that a stream costs nothing more for passing through.
"""

from __future__ import annotations

from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gateway.api.bodies import Bodies, too_large
from gateway.api.guard import CALLER, COOKIE
from gateway.api.problems import Problem, too_many, unauthorized
from gateway.security.rates import Buckets

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gateway.api.doorkeeper import Doorkeeper
    from gateway.clock import Clock
    from gateway.security.access import Caller
    from gateway.settings import WebSettings

PREFIX: Final = "/api/"
SIGN_IN: Final = ("POST", "/api/v1/session")
METRICS: Final = "/metrics"
CSRF_HEADER: Final = b"x-campus-request"

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_COOKIE: Final = 8192

_HEADERS: Final = (
    (
        b"content-security-policy",
        (
            b"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
            b"img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
            b"form-action 'self'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), payment=()"),
)
"""Styles may be inline, because charts and component libraries set them; scripts never."""

_NEVER_KEPT: Final = (b"cache-control", b"no-store")
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")


class Entrance:
    """Wraps the application: leaves who is asking in the scope, and headers on every answer."""

    def __init__(
        self, app: ASGIApp, *, doorkeeper: Doorkeeper, web: WebSettings, clock: Clock
    ) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._clock = clock
        self._metrics_open = web.metrics_open
        self._public = None if web.public_url is None else urlsplit(web.public_url).netloc
        self._bodies = Bodies(web.limits.body_kb * 1024)
        self._requests = Buckets(web.limits.requests_per_minute)
        self._writes = Buckets(max(1, web.limits.requests_per_minute // 4))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on; a `Problem` found here is the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        extra = (*_HEADERS, _HSTS) if self._doorkeeper.secure(scope) else _HEADERS

        api = scope["path"].startswith(PREFIX)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), *extra]
                if api and not any(name == b"cache-control" for name, _ in headers):
                    headers.append(_NEVER_KEPT)
                message["headers"] = headers
            await send(message)

        try:
            await self._check(scope)
        except Problem as problem:
            await problem.response()(scope, receive, dressed)
            return
        body = self._bodies.of(scope, receive)
        try:
            await self._app(scope, body, dressed)
        finally:
            body.let_go()

    async def _check(self, scope: Scope) -> None:
        method, path = scope["method"], scope["path"]
        guarded = path.startswith(PREFIX) or (path == METRICS and not self._metrics_open)
        if not guarded:
            return
        headers = dict(scope["headers"])
        self._check_size(headers, self._bodies.most(scope))
        writes = method not in _SAFE
        if writes:
            self._check_origin(headers)
        if (method, path) == SIGN_IN:
            return
        caller, by_cookie = await self._caller(headers)
        if writes and by_cookie and headers.get(CSRF_HEADER) != b"1":
            raise Problem(
                HTTPStatus.FORBIDDEN, "csrf", "A write with a cookie needs X-Campus-Request: 1."
            )
        steady = self._clock.steady()
        wait = self._requests.take(caller.credential, steady)
        if writes:
            wait = max(wait, self._writes.take(caller.name, steady))
        if wait:
            raise too_many("Too many requests.", wait)
        scope[CALLER] = caller

    async def _caller(self, headers: dict[bytes, bytes]) -> tuple[Caller, bool]:
        given = headers.get(b"authorization", b"").decode("latin-1")
        kind, _, token = given.partition(" ")
        by_cookie = not given
        if given:
            secret = token.strip() if kind.lower() == "bearer" else ""
        else:
            secret = _cookie(headers.get(b"cookie", b"").decode("latin-1"))
        caller = await self._doorkeeper.caller(secret) if secret else None
        if caller is None or caller.by_session is not by_cookie:
            raise unauthorized()
        return caller, by_cookie

    def _check_size(self, headers: dict[bytes, bytes], most: int) -> None:
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > most:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", too_large(most))

    def _check_origin(self, headers: dict[bytes, bytes]) -> None:
        """A browser names the page a write comes from; programs name none."""
        origin = headers.get(b"origin")
        if origin is None:
            return
        ours = {headers.get(b"host", b"").decode("latin-1").lower()}
        if self._public is not None:
            ours.add(self._public.lower())
        if urlsplit(origin.decode("latin-1")).netloc.lower() not in ours:
            raise Problem(
                HTTPStatus.FORBIDDEN, "origin", "This write comes from a page of another site."
            )


def _cookie(header: str) -> str:
    if len(header) > _LONGEST_COOKIE:
        return ""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
