"""Sessions: a random cookie, kept only as its digest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from gateway.security.access import Role
from gateway.security.credentials import digest, new_secret
from gateway.security.record import fact
from gateway.store.batch import Batch
from gateway.store.schema import sessions, tokens, users

TOUCH_EVERY: Final = 60_000
"""A session's last use is written at most once a minute, lest every request become a write."""


class Lifetime(msgspec.Struct, frozen=True):
    """How long sessions last, in ms: ``longest`` in all, ``idle`` without a request (0 = ever)."""

    longest: int
    idle: int

    def expires(self, created: int, seen: int) -> int:
        """When a session of that age ends if nothing more is asked."""
        end = created + self.longest
        return min(end, seen + self.idle) if self.idle else end


class Holder(msgspec.Struct, frozen=True):
    """Who holds a session or a token that opens the door."""

    name: str
    display: str
    role: Role
    scopes: tuple[str, ...]
    password_set: bool
    digest: str
    by_session: bool
    created: int
    seen: int


def begun(user: str, lifetime: Lifetime, *, how: str, address: str, now: int) -> tuple[str, Batch]:
    """A new session: the cookie, and what to write. Old ones that have expired go with it."""
    secret = new_secret()
    row = insert(sessions).values(
        digest=digest(secret),
        user=user,
        created=now,
        seen=now,
        expires=lifetime.expires(now, now),
    )
    return secret, Batch(
        statements=[(delete(sessions).where(sessions.c.expires <= now), None), (row, None)],
        facts=[fact("signed_in", now, user, f"user:{user}", how=how, address=address)],
        urgent=True,  # also while the disk is full: alarms go on, and are looked at
        now=now,
    )


def touched(holder: Holder, lifetime: Lifetime, now: int) -> Batch:
    """The session was used just now, and lasts from here."""
    statement = (
        update(sessions)
        .where(sessions.c.digest == holder.digest)
        .values(seen=now, expires=lifetime.expires(holder.created, now))
    )
    return Batch(statements=[(statement, None)], urgent=True, now=now)


def ended(name: str, session: str, now: int) -> Batch:
    """The session of that digest is over."""
    return Batch(
        statements=[(delete(sessions).where(sessions.c.digest == session), None)],
        facts=[fact("signed_out", now, name, f"user:{name}")],
        now=now,
    )


_WHO: Final = (users.c.name, users.c.display, users.c.role, users.c.scopes, users.c.password)


def holders(digests: list[str], now: int) -> Callable[[Connection], dict[str, Holder]]:
    """Who holds these sessions and tokens now, by digest. What does not open the door is missing:
    unknown, expired, revoked, one-time, or of a disabled user."""

    def query(connection: Connection) -> dict[str, Holder]:
        of_sessions = (
            select(*_WHO, sessions.c.digest, sessions.c.created, sessions.c.seen)
            .join_from(sessions, users, sessions.c.user == users.c.name)
            .where(
                sessions.c.digest.in_(digests),
                sessions.c.expires > now,
                users.c.disabled.is_(False),
            )
        )
        of_tokens = (
            select(*_WHO, tokens.c.digest, tokens.c.created)
            .join_from(tokens, users, tokens.c.user == users.c.name)
            .where(
                tokens.c.digest.in_(digests),
                tokens.c.revoked.is_(None),
                tokens.c.once.is_(False),
                (tokens.c.expires.is_(None)) | (tokens.c.expires > now),
                users.c.disabled.is_(False),
            )
        )
        found: dict[str, Holder] = {}
        for name, display, role, scopes, password, key, created, seen in connection.execute(
            of_sessions
        ):
            found[key] = Holder(
                name,
                display,
                Role(role),
                _scopes(scopes),
                password is not None,
                key,
                True,
                created,
                seen,
            )
        for name, display, role, scopes, password, key, created in connection.execute(of_tokens):
            found[key] = Holder(
                name,
                display,
                Role(role),
                _scopes(scopes),
                password is not None,
                key,
                False,
                created,
                now,
            )
        return found

    return query


def _scopes(text: str) -> tuple[str, ...]:
    return tuple(msgspec.json.decode(text, type=list[str]))
