"""Verifications, exercises and notices: pages, one, and runs under way when the gateway ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from audit.exercise import Exercise
from audit.verification.model import Verification
from audit.verification.procedure import NoticeGiven
from gateway.store.schema import devices, facts, verifications
from gateway.store.verifications import EXERCISE, NOTICE

One = TypeVar("One")

_run: Final = msgspec.json.Decoder(Verification)
_exercise: Final = msgspec.json.Decoder(Exercise)


class VerificationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs. ``schools`` ``None`` = all; ``device`` is a row; ``since`` in ms."""

    schools: frozenset[str] | None = None
    device: int | None = None
    link: str | None = None
    verdict: str | None = None
    state: Literal["running", "ended", "all"] = "all"
    since: int | None = None


def verification_page(
    wanted: VerificationFilter, *, after: int | None, limit: int
) -> Callable[[Connection], tuple[list[Verification], int | None]]:
    """Runs below the row ``after``, newest first, and the row to go on from."""
    conditions = [verifications.c.kind != EXERCISE, *_conditions(wanted)]
    return _page(conditions, _run.decode, after, limit)


def one_verification(name: str) -> Callable[[Connection], Verification | None]:
    """The run of that id, under way or over."""
    table = verifications.c

    def query(connection: Connection) -> Verification | None:
        body = connection.scalar(select(table.body).where(table.id == name, table.kind != EXERCISE))
        return None if body is None else _run.decode(body)

    return query


def unended(connection: Connection) -> list[Verification]:
    """Runs that have no end."""
    table = verifications.c
    statement = select(table.body).where(table.ended.is_(None), table.kind != EXERCISE)
    return [_run.decode(body) for (body,) in connection.execute(statement)]


def last_tests_at(school: str, place: str) -> Callable[[Connection], dict[int, Verification]]:
    """By device row: of each device of a place the newest run that has ended."""
    table = verifications.c
    newest = (
        select(func.max(table.row))
        .join(devices, devices.c.row == table.device)
        .where(
            devices.c.school == school,
            devices.c.place == place,
            table.ended.is_not(None),
            table.kind != EXERCISE,
        )
        .group_by(table.device)
    )

    def query(connection: Connection) -> dict[int, Verification]:
        statement = select(table.device, table.body).where(table.row.in_(newest))
        return {row: _run.decode(body) for row, body in connection.execute(statement)}

    return query


def one_exercise(name: str) -> Callable[[Connection], Exercise | None]:
    """The exercise of that id."""
    table = verifications.c

    def query(connection: Connection) -> Exercise | None:
        body = connection.scalar(select(table.body).where(table.id == name, table.kind == EXERCISE))
        return None if body is None else _exercise.decode(body)

    return query


def exercise_page(
    schools: frozenset[str] | None, *, after: int | None, limit: int
) -> Callable[[Connection], tuple[list[Exercise], int | None]]:
    """Exercises below the row ``after``, newest first, and the row to go on from."""
    table = verifications.c
    conditions: list[ColumnElement[bool]] = [table.kind == EXERCISE]
    if schools is not None:
        conditions.append(table.school.in_(schools))
    return _page(conditions, _exercise.decode, after, limit)


def last_notice(link: str) -> Callable[[Connection], NoticeGiven | None]:
    """The last time that somebody said that the police behind a link were told of a test."""
    table = facts.c

    def query(connection: Connection) -> NoticeGiven | None:
        found = connection.execute(
            select(table.known, table.actor, table.body)
            .where(table.subject == f"link:{link}", table.kind == NOTICE)
            .order_by(table.row.desc())
            .limit(1)
        ).first()
        if found is None:
            return None
        known, actor, body = found
        return NoticeGiven(known, actor.removeprefix("user:"), msgspec.json.decode(body)["told"])

    return query


def _page(
    conditions: Sequence[ColumnElement[bool]],
    decode: Callable[[bytes], One],
    after: int | None,
    limit: int,
) -> Callable[[Connection], tuple[list[One], int | None]]:
    table = verifications.c
    below = () if after is None else (table.row < after,)

    def query(connection: Connection) -> tuple[list[One], int | None]:
        statement = (
            select(table.row, table.body)
            .where(*conditions, *below)
            .order_by(table.row.desc())
            .limit(limit + 1)
        )
        found = [(row, decode(body)) for row, body in connection.execute(statement)]
        following = found[limit - 1][0] if len(found) > limit else None
        return [one for _, one in found[:limit]], following

    return query


def _conditions(wanted: VerificationFilter) -> list[ColumnElement[bool]]:
    table = verifications.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.schools is not None:
        conditions.append(table.school.in_(wanted.schools))
    for column, value in (
        (table.device, wanted.device),
        (table.link, wanted.link),
        (table.verdict, wanted.verdict),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.state == "running":
        conditions.append(table.ended.is_(None))
    elif wanted.state == "ended":
        conditions.append(table.ended.is_not(None))
    if wanted.since is not None:
        conditions.append(table.started >= wanted.since)
    return conditions
