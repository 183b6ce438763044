"""API tokens: how other programs sign in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from gateway.api.guard import Governor
from gateway.api.models.session import NewTokenOut, TokenIn, TokenOut
from gateway.api.models.shapes import Items
from gateway.api.problems import invalid, not_found
from gateway.api.services import ServicesHere
from gateway.security import accounts, tokens
from gateway.security.tokens import Token

router = APIRouter(tags=["tokens"])


@router.get("/tokens", operation_id="list_tokens")
async def list_tokens(services: ServicesHere, _caller: Governor) -> Items[TokenOut]:
    """Tokens that still open the door, newest first."""
    found = await services.read(tokens.all_tokens(services.clock.now()))
    return Items(items=[_out(token) for token in found])


@router.post("/tokens", operation_id="add_token", status_code=HTTPStatus.CREATED)
async def add_token(services: ServicesHere, caller: Governor, wanted: TokenIn) -> NewTokenOut:
    """Make a token. Its secret is shown only in this answer."""
    now = services.clock.now()
    name = wanted.user or caller.name
    user = await services.read(accounts.user_named(name))
    if user is None or user.disabled:
        raise invalid("user", f"there is no user {name} who may sign in")
    if wanted.expires is not None and wanted.expires <= now:
        raise invalid("expires", "must be in the future")
    secret, token, batch = tokens.added(
        wanted.name, user=name, expires=wanted.expires, by=caller.name, now=now
    )
    await services.commit(batch)
    return NewTokenOut(token=_out(token), secret=secret)


@router.delete("/tokens/{id}", operation_id="revoke_token", status_code=HTTPStatus.NO_CONTENT)
async def revoke_token(
    services: ServicesHere,
    caller: Governor,
    id: Annotated[str, Path(pattern="^[0-9a-f]{16}$", examples=["9f86d081884c7d65"])],  # noqa: A002
) -> None:
    """Revoke a token; streams opened with it end."""
    now = services.clock.now()
    found = await services.read(tokens.token_numbered(id, now))
    if found is None:
        raise not_found(f"token {id}")
    await services.commit(tokens.revoked(found, by=caller.name, now=now))
    services.doorkeeper.forget_credential(found.digest)


def _out(token: Token) -> TokenOut:
    return TokenOut(
        id=token.id,
        name=token.name,
        user=token.user,
        created=token.created,
        expires=token.expires,
    )
