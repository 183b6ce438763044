"""Browsers on which people have alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, func, select

from gateway.push.subscription import Reach, Subscription
from gateway.store.push import reach_of, subscription_of
from gateway.store.read.register import all_regions, all_schools
from gateway.store.schema import push_subscriptions, users

_COLUMNS: Final = tuple(push_subscriptions.c[name] for name in Subscription.__struct_fields__)


def reached(connection: Connection) -> list[Reach]:
    """Those of users who may sign in, with the schools that they see."""
    query = (
        select(*_COLUMNS, users.c.scopes)
        .join(users, users.c.name == push_subscriptions.c.user)
        .where(users.c.disabled.is_(False))
        .order_by(push_subscriptions.c.user, push_subscriptions.c.id)
    )
    rows = connection.execute(query).all()
    if not rows:
        return []
    schools, regions = all_schools(connection), all_regions(connection)
    return [reach_of(row[:-1], row[-1], schools, regions) for row in rows]


def subscriptions_of(user: str) -> Callable[[Connection], list[Subscription]]:
    """Those of one user, the oldest first."""
    query = (
        select(*_COLUMNS)
        .where(push_subscriptions.c.user == user)
        .order_by(push_subscriptions.c.added, push_subscriptions.c.id)
    )
    return lambda connection: [subscription_of(row) for row in connection.execute(query)]


def subscription(id_: str) -> Callable[[Connection], Subscription | None]:
    """The one of that id, whoever's it is."""
    query = select(*_COLUMNS).where(push_subscriptions.c.id == id_)

    def read(connection: Connection) -> Subscription | None:
        row = connection.execute(query).first()
        return None if row is None else subscription_of(row)

    return read


def number_of(connection: Connection) -> int:
    """How many there are in all."""
    return connection.scalar(select(func.count()).select_from(push_subscriptions)) or 0
