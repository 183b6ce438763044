"""The history of police links: statements that write it, queries that read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, Executable, case, delete, select, update

from devices.police_link.figures import DayTally
from gateway.store.schema import link_days, link_states, link_watches
from gateway.store.upserts import insert_into, upsert

Statement: TypeAlias = "tuple[Executable, Sequence[Mapping[str, Any]] | None]"

_SUMS = tuple(name for name in DayTally.__struct_fields__ if name not in ("day", "ack_max_ms"))


class StateRow(msgspec.Struct, frozen=True):
    """One state that a link went through; ``until`` ``None`` = still. Times in ms."""

    state: str
    since: int
    until: int | None
    cause: str


def next_state(link: str, state: str, since: int, cause: str, body: bytes) -> list[Statement]:
    """The link is in another state now; the one before has ended."""
    ended = update(link_states).where(link_states.c.link == link, link_states.c.until.is_(None))
    row = {"link": link, "state": state, "since": since, "cause": cause, "body": body}
    return [(ended.values(until=since), None), (link_states.insert(), [row])]


def end_states(link: str, until: int) -> list[Statement]:
    """Nobody watches the link any more: its last state has ended, and its watch is forgotten."""
    ended = update(link_states).where(link_states.c.link == link, link_states.c.until.is_(None))
    forgotten = delete(link_watches).where(link_watches.c.link == link)
    return [(ended.values(until=until), None), (forgotten, None)]


def add_days(tallies: Iterable[tuple[str, DayTally]], dialect: str = "sqlite") -> list[Statement]:
    """Add what was counted of links, by their ids, to what is stored of these days."""
    rows = [{"link": link, **msgspec.structs.asdict(tally)} for link, tally in tallies]
    if not rows:
        return []
    insert = insert_into(dialect, link_days)
    columns, new = link_days.c, insert.excluded
    changes: dict[str, Any] = {name: columns[name] + new[name] for name in _SUMS}
    changes["ack_max_ms"] = case(
        (new.ack_max_ms > columns.ack_max_ms, new.ack_max_ms), else_=columns.ack_max_ms
    )
    statement = insert.on_conflict_do_update(index_elements=["link", "day"], set_=changes)
    return [(statement, rows)]


def save_watches(bodies: Mapping[str, bytes], dialect: str = "sqlite") -> list[Statement]:
    """What the watch of each link came to, for the next start."""
    rows = [{"link": link, "body": body} for link, body in bodies.items()]
    return [(upsert(dialect, link_watches), rows)] if rows else []


def standing_states(connection: Connection) -> dict[str, str]:
    """The state that every link is in that ever had one, by link."""
    columns = link_states.c
    query = select(columns.link, columns.state).where(columns.until.is_(None))
    return {row.link: row.state for row in connection.execute(query)}


def states_of(link: str, limit: int) -> Callable[[Connection], list[StateRow]]:
    """The newest states of a link, oldest first."""
    columns = link_states.c
    query = (
        select(columns.state, columns.since, columns.until, columns.cause)
        .where(columns.link == link)
        .order_by(columns.since.desc(), columns.row.desc())
        .limit(limit)
    )

    def read(connection: Connection) -> list[StateRow]:
        return [StateRow(*row) for row in connection.execute(query)][::-1]

    return read


def states_since(
    links: Iterable[str], since: int
) -> Callable[[Connection], dict[str, list[StateRow]]]:
    """The states of links that had not ended before ``since``, oldest first, by link."""
    columns = link_states.c
    wanted = list(links)
    query = (
        select(columns.link, columns.state, columns.since, columns.until, columns.cause)
        .where(columns.link.in_(wanted), (columns.until.is_(None)) | (columns.until > since))
        .order_by(columns.since, columns.row)
    )

    def read(connection: Connection) -> dict[str, list[StateRow]]:
        found: dict[str, list[StateRow]] = {}
        for link, *row in connection.execute(query):
            found.setdefault(link, []).append(StateRow(*row))
        return found

    return read


def days_since(
    links: Iterable[str], first_day: int
) -> Callable[[Connection], dict[str, list[DayTally]]]:
    """What links did on each day from ``first_day`` (days since 1970) on, by link."""
    columns = link_days.c
    names = DayTally.__struct_fields__
    query = (
        select(columns.link, *(columns[name] for name in names))
        .where(columns.link.in_(list(links)), columns.day >= first_day)
        .order_by(columns.day)
    )

    def read(connection: Connection) -> dict[str, list[DayTally]]:
        found: dict[str, list[DayTally]] = {}
        for link, *row in connection.execute(query):
            found.setdefault(link, []).append(DayTally(**dict(zip(names, row, strict=True))))
        return found

    return read
