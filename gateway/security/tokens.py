"""API tokens and one-time sign-in codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from gateway.security.credentials import digest, new_code, new_token
from gateway.security.record import fact
from gateway.store.batch import Batch
from gateway.store.schema import tokens, users
from gateway.store.store import Store

CODE_LIFETIME: Final = 15 * 60_000
"""A one-time code is for somebody who is about to sign in."""

_ID_LENGTH: Final = 16


class Token(msgspec.Struct, frozen=True):
    """An API token as listed. Its ``id`` is the beginning of its digest. Times in ms."""

    digest: str
    name: str
    user: str
    created: int
    expires: int | None

    @property
    def id(self) -> str:
        """What names the token, without giving it away."""
        return self.digest[:_ID_LENGTH]


_COLUMNS: Final = (
    tokens.c.digest,
    tokens.c.name,
    tokens.c.user,
    tokens.c.created,
    tokens.c.expires,
)


def _alive(now: int) -> ColumnElement[bool]:
    return (
        tokens.c.revoked.is_(None)
        & tokens.c.once.is_(False)
        & ((tokens.c.expires.is_(None)) | (tokens.c.expires > now))
    )


def all_tokens(now: int) -> Callable[[Connection], list[Token]]:
    """Tokens that open the door, newest first."""

    def query(connection: Connection) -> list[Token]:
        statement = (
            select(*_COLUMNS).where(_alive(now)).order_by(tokens.c.created.desc(), tokens.c.digest)
        )
        return [Token(*row) for row in connection.execute(statement)]

    return query


def token_numbered(number: str, now: int) -> Callable[[Connection], Token | None]:
    """The token whose digest begins so."""

    def query(connection: Connection) -> Token | None:
        statement = select(*_COLUMNS).where(
            _alive(now), tokens.c.digest.startswith(number, autoescape=True)
        )
        row = connection.execute(statement).first()
        return None if row is None else Token(*row)

    return query


def added(
    name: str, *, user: str, expires: int | None, by: str, now: int
) -> tuple[str, Token, Batch]:
    """A new token: its secret, what is listed of it, and what to write."""
    secret = new_token()
    token = Token(digest(secret), name, user, now, expires)
    row = insert(tokens).values(
        digest=token.digest, name=name, user=user, created=now, expires=expires, once=False
    )
    told = fact("token_added", now, by, f"token:{token.id}", name=name, user=user, expires=expires)
    return secret, token, Batch(statements=[(row, None)], facts=[told], now=now)


def revoked(token: Token, *, by: str, now: int) -> Batch:
    """The token opens the door no more."""
    statement = update(tokens).where(tokens.c.digest == token.digest).values(revoked=now)
    told = fact("token_revoked", now, by, f"token:{token.id}", name=token.name, user=token.user)
    return Batch(statements=[(statement, None)], facts=[told], now=now)


def one_time_code(user: str, now: int) -> tuple[str, int, Batch]:
    """A code with which ``user`` signs in once: the code, when it expires, what to write."""
    code = new_code()
    expires = now + CODE_LIFETIME
    row = insert(tokens).values(
        digest=digest(code),
        name="one-time code",
        user=user,
        created=now,
        expires=expires,
        once=True,
    )
    old = delete(tokens).where(tokens.c.once.is_(True), tokens.c.expires <= now)
    # Urgent: who has to make room on a full disk must be able to sign in.
    return code, expires, Batch(statements=[(old, None), (row, None)], urgent=True, now=now)


def holder_of_code(code: str, now: int) -> Callable[[Connection], str | None]:
    """Whose code it is; ``None`` when it is not, no longer, or a disabled user's."""

    def query(connection: Connection) -> str | None:
        return connection.scalar(
            select(tokens.c.user)
            .join_from(tokens, users, tokens.c.user == users.c.name)
            .where(
                tokens.c.digest == digest(code),
                tokens.c.once.is_(True),
                tokens.c.revoked.is_(None),
                tokens.c.expires > now,
                users.c.disabled.is_(False),
            )
        )

    return query


def code_used(code: str, batch: Batch) -> Batch:
    """Adds to the batch that the code is spent: in the transaction in which the session begins."""
    batch.statements.append((delete(tokens).where(tokens.c.digest == digest(code)), None))
    return batch


def issue_one_time_code(store: Store, user: str, now: int) -> str:
    """A one-time code, stored. Blocks; for the command line and the first start."""
    code, _, batch = one_time_code(user, now)
    store.commit(batch).result()
    return code
