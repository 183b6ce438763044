"""Talks to the running gateway over HTTP, in the name of a user.

On the gateway's own machine a user's name is enough: who may read its database may sign in as
anybody. From elsewhere it takes the page's address and an API token.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeAlias

import httpx
import typer

from gateway.cli.options import ConfigOption, settings_of
from gateway.clock import SystemClock
from gateway.problem import ConfigurationError
from gateway.security import accounts, tokens
from gateway.settings import Settings
from gateway.store.open import open_store
from gateway.store.store import StoreError

WAIT_S: Final = 20
TIMEOUT_S: Final = 30.0

UserOption: TypeAlias = Annotated[
    str | None, typer.Option(help="In whose name, on the gateway's own machine.")
]
TokenOption: TypeAlias = Annotated[
    str | None,
    typer.Option(envvar="CAMPUS_TOKEN", show_envvar=True, help="An API token of `campus token`."),
]
UrlOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        envvar="CAMPUS_URL",
        show_envvar=True,
        help="Where the gateway's page is. Default: as the settings say.",
    ),
]


class RemoteError(Exception):
    """The gateway could not be asked, or refused; the message says why and what to do.

    ``code`` is that of the gateway's problem (docs/api), or empty.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Remote:
    """A signed-in way to one gateway."""

    def __init__(self, client: httpx.Client) -> None:
        self._client: Final = client

    def get(self, path: str, **query: Any) -> Any:
        """The answer to a GET below ``/api/v1``. Raises `RemoteError`."""
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer to a POST below ``/api/v1``. Raises `RemoteError`."""
        return self._ask("POST", path, json=body)

    def follow(self, run: dict[str, Any]) -> dict[str, Any]:
        """A verification once it is newer than ``run``, or as it is after some seconds."""
        path = f"/verifications/{run['id']}"
        return dict(self.get(path, version=run["version"], wait_s=WAIT_S))

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._client.request(method, f"/api/v1{path}", **more)
        except httpx.HTTPError as error:
            raise RemoteError(
                f"the gateway at {self._client.base_url} does not answer ({error}): "
                "is it running? --url says where it is"
            ) from error
        if answer.is_success:
            return answer.json()
        raise _refused(answer)


def _refused(answer: httpx.Response) -> RemoteError:
    try:
        problem = answer.json()
        return RemoteError(str(problem["detail"]), str(problem["code"]))
    except (ValueError, KeyError, TypeError):
        reason = HTTPStatus(answer.status_code).phrase
        return RemoteError(f"the gateway answered {answer.status_code} {reason}")


@contextmanager
def signed_in(
    config: ConfigOption, *, user: str | None, token: str | None, url: str | None
) -> Iterator[Remote]:
    """A `Remote` in the name of ``user`` or of the token's user. Raises `RemoteError`."""
    try:
        settings = settings_of(config)
    except ConfigurationError as error:
        raise RemoteError("; ".join(str(problem) for problem in error.problems)) from error
    if token is None and user is None:
        raise RemoteError("in whose name? Give --user NAME here, or --token from elsewhere")
    headers = {"X-Campus-Request": "1"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    with httpx.Client(
        base_url=url or _page(settings),
        headers=headers,
        timeout=TIMEOUT_S,
        verify=_trust(settings) if url is None else True,
        trust_env=url is not None,  # a proxy does not lead to this machine
    ) as client:
        remote = Remote(client)
        if token is None and user is not None:
            remote.post("/session", {"code": _code(settings, user)})
        yield remote


def _code(settings: Settings, user: str) -> str:
    """A one-time code, left in the gateway's own store."""
    try:
        store = open_store(settings.database, reserve_bytes=settings.store.reserve_mb << 20)
    except StoreError as error:
        raise RemoteError(str(error)) from error
    try:
        if store.read(accounts.user_named(user)) is None:
            raise RemoteError(f"there is no user '{user}'; see `campus user list`")
        return tokens.issue_one_time_code(store, user, SystemClock().now())
    except StoreError as error:
        raise RemoteError(str(error)) from error
    finally:
        store.close()


def _page(settings: Settings) -> str:
    """Where the gateway listens, from its own machine."""
    listen = settings.web.listen
    host = "127.0.0.1" if listen.host in ("0.0.0.0", "::") else listen.host  # noqa: S104
    return f"{'http' if settings.web.tls is None else 'https'}://{listen._replace(host=host)}"


def _trust(settings: Settings) -> ssl.SSLContext | bool:
    """Its own certificate, whoever signed it: the address is this machine's."""
    tls = settings.web.tls
    if tls is None:
        return True
    context = ssl.create_default_context(cafile=str(tls.cert_file))
    context.check_hostname = False
    return context
