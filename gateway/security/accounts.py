"""Users: reading them, and the batches that add and change them. Every write is a fact."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from gateway.security.access import Role
from gateway.security.record import fact
from gateway.store.batch import Batch
from gateway.store.schema import sessions, users
from gateway.store.store import Store

EVERYTHING: Final = ("*",)
NAME: Final = re.compile(r"[A-Za-z0-9._@-]{1,64}")
SCOPE: Final = re.compile(r"\*|(region|school):[A-Za-z0-9._-]{1,64}")
SHORTEST_PASSWORD: Final = 10
"""Length is what counts (NIST SP 800-63B-4 wants 15 where a password stands alone, 8 beside a
second factor); this is a compromise for control rooms with a sign-in every shift."""


class User(msgspec.Struct, frozen=True):
    """A user. ``password`` is the argon2 hash; ``None`` = signs in with a one-time code only."""

    name: str
    display: str
    role: Role
    scopes: tuple[str, ...]
    password: str | None = None
    disabled: bool = False
    created: int = 0


_COLUMNS: Final = (
    users.c.name,
    users.c.display,
    users.c.role,
    users.c.scopes,
    users.c.password,
    users.c.disabled,
    users.c.created,
)


def _user(row: Row[*tuple[Any, ...]]) -> User:
    return User(
        name=row.name,
        display=row.display,
        role=Role(row.role),
        scopes=tuple(msgspec.json.decode(row.scopes, type=list[str])),
        password=row.password,
        disabled=bool(row.disabled),
        created=row.created,
    )


def user_named(name: str) -> Callable[[Connection], User | None]:
    """The user of that name, disabled or not."""

    def query(connection: Connection) -> User | None:
        row = connection.execute(select(*_COLUMNS).where(users.c.name == name)).first()
        return None if row is None else _user(row)

    return query


def all_users(connection: Connection) -> list[User]:
    """Every user, by name."""
    rows = connection.execute(select(*_COLUMNS).order_by(users.c.name))
    return [_user(row) for row in rows]


def still_governed(all_of_them: Iterable[User]) -> bool:
    """Whether somebody is left who may manage users."""
    return any(
        user.role is Role.ADMINISTRATOR and not user.disabled and "*" in user.scopes
        for user in all_of_them
    )


def _values(user: User) -> dict[str, object]:
    return {
        "display": user.display,
        "role": user.role.value,
        "scopes": msgspec.json.encode(user.scopes).decode(),
        "password": user.password,
        "disabled": user.disabled,
    }


def _told(user: User) -> dict[str, object]:
    """What a fact says of a user: everything but the hash."""
    return {
        "display": user.display,
        "role": user.role.value,
        "scopes": list(user.scopes),
        "disabled": user.disabled,
        "password_set": user.password is not None,
    }


def added(user: User, *, by: str, now: int) -> Batch:
    """Adds a user. ``by`` is empty when the gateway or its command line does it."""
    statement = insert(users).values(name=user.name, created=user.created, **_values(user))
    return Batch(
        statements=[(statement, None)],
        facts=[fact("user_added", now, by, f"user:{user.name}", **_told(user))],
        now=now,
    )


def with_changes(
    user: User,
    *,
    display: str | None = None,
    role: Role | None = None,
    scopes: tuple[str, ...] | None = None,
    disabled: bool | None = None,
    forget_password: bool = False,
) -> User:
    """The user after a change; ``None`` leaves a field as it is."""
    return User(
        name=user.name,
        display=user.display if display is None else display,
        role=user.role if role is None else role,
        scopes=user.scopes if scopes is None else scopes,
        password=None if forget_password else user.password,
        disabled=user.disabled if disabled is None else disabled,
        created=user.created,
    )


def changed(before: User, after: User, *, by: str, now: int) -> Batch:
    """Changes a user. All sessions end when they are disabled or their password is forgotten."""
    batch = Batch(
        statements=[
            (update(users).where(users.c.name == before.name).values(_values(after)), None)
        ],
        facts=[
            fact(
                "user_changed",
                now,
                by,
                f"user:{before.name}",
                before=_told(before),
                after=_told(after),
            )
        ],
        now=now,
    )
    forgotten = before.password is not None and after.password is None
    if after.disabled or forgotten:
        batch.statements.append((delete(sessions).where(sessions.c.user == before.name), None))
    return batch


def password_set(name: str, hashed: str, *, by: str, keeping: str | None, now: int) -> Batch:
    """Sets a password. Every session but ``keeping`` (its digest) ends."""
    ended = delete(sessions).where(sessions.c.user == name)
    if keeping is not None:
        ended = ended.where(sessions.c.digest != keeping)
    return Batch(
        statements=[
            (update(users).where(users.c.name == name).values(password=hashed), None),
            (ended, None),
        ],
        facts=[fact("password_set", now, by, f"user:{name}")],
        now=now,
    )


def ensure_administrator(store: Store, now: int) -> str | None:
    """At a first start: adds `admin`, who has no password and signs in with a one-time code.

    Blocks. Returns the name when the user has no password yet, so that `campus run` prints a
    code; ``None`` when there are people already who can sign in.
    """
    found = [user for user in store.read(all_users) if user.role is not Role.PROBE]
    if not found:  # programs let nobody in
        admin = User(
            name="admin",
            display="",
            role=Role.ADMINISTRATOR,
            scopes=EVERYTHING,
            created=now,
        )
        store.commit(added(admin, by="", now=now)).result()
        return admin.name
    if any(user.password is not None and not user.disabled for user in found):
        return None
    return next(
        (user.name for user in found if not user.disabled and user.role is Role.ADMINISTRATOR), None
    )
