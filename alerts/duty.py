"""Who is on duty: shifts of a rota, and who has signed for what stood open when they began.

Pure: functions of shifts, the last signature and ``now`` (ms). A rota says who ought to be there; a
signature says who is. Where the two differ, people are rather called twice than not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

HOUR: Final = 3_600_000

EARLY: Final = HOUR
"""A hand-over signed so long before its shift begins counts for it: people come early."""

OVERLAP: Final = HOUR
"""How long whoever was on duty before is still called when the next has not signed."""

LONGEST: Final = 14 * HOUR
"""How long a signature makes somebody on duty whom the rota does not name (a stand-in, a gap)."""

TEAM: Final = "duty:"
USER: Final = "user:"
"""How receivers of a step begin that are whoever is on duty in a team, or one person."""


class Shift(msgspec.Struct, frozen=True):
    """That ``user`` is on duty in ``team`` in ``[starts, ends)``."""

    row: int
    team: str
    user: str
    starts: int
    ends: int


class Signature(msgspec.Struct, frozen=True):
    """That ``user`` took over at ``at``."""

    user: str
    at: int


class Standing(msgspec.Struct, frozen=True):
    """How a team stands. ``users`` are called, those of the rota first.

    ``unsigned``: somebody's shift has begun, and nobody has signed for what stands.
    """

    users: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] = ()
    unsigned: bool = False
    following: Shift | None = None


def on_duty(shifts: Iterable[Shift], signed: Signature | None, now: int) -> Standing:
    """How the team of these ``shifts`` stands; ``signed`` is its last hand-over."""
    every = sorted(shifts, key=lambda one: (one.starts, one.row))
    here = tuple(one for one in every if one.starts <= now < one.ends)
    following = next((one for one in every if one.starts > now), None)
    users = dict.fromkeys(one.user for one in here)
    began = max((one.starts for one in here), default=None)
    took_over = signed is not None and (began is None or signed.at >= began - EARLY)
    if signed is not None:
        still = now - signed.at <= LONGEST if took_over else now - (began or 0) <= OVERLAP
        if still:
            users.setdefault(signed.user)
    return Standing(
        users=tuple(users),
        shifts=here,
        unsigned=bool(here) and not took_over,
        following=following,
    )


class Reached(msgspec.Struct, frozen=True):
    """Whom a step reaches: ``called`` by name (``user:NAME`` or a receiver's), and the teams of
    which ``nobody`` is on duty."""

    called: tuple[str, ...] = ()
    nobody: tuple[str, ...] = ()


Reach: TypeAlias = Callable[[Sequence[str], int], Reached]
"""Turns the receivers of a step, as they were written, into people, at a time (ms)."""


def reach(to: Sequence[str], teams: Mapping[str, Standing]) -> Reached:
    """Whom ``to`` means while ``teams`` stand so; a team that is not there has nobody on duty."""
    called: dict[str, None] = {}
    nobody: list[str] = []
    for name in to:
        if not name.startswith(TEAM):
            called[name] = None
            continue
        team = name.removeprefix(TEAM)
        users = teams[team].users if team in teams else ()
        called.update(dict.fromkeys(USER + user for user in users))
        if not users:
            nobody.append(team)
    return Reached(tuple(called), tuple(nobody))


def as_written(to: Sequence[str], _now: int) -> Reached:
    """Without a rota: whoever is named."""
    return Reached(tuple(dict.fromkeys(to)))


class Vacant(msgspec.Struct, frozen=True):
    """A time in which a team has nobody by the rota."""

    starts: int
    ends: int


def gaps(shifts: Iterable[Shift], since: int, until: int) -> tuple[Vacant, ...]:
    """The times of ``[since, until)`` that no shift covers, oldest first."""
    found: list[Vacant] = []
    reached = since
    for one in sorted(shifts, key=lambda each: each.starts):
        if one.starts > reached:
            found.append(Vacant(reached, min(one.starts, until)))
        reached = max(reached, one.ends)
        if reached >= until:
            return tuple(found)
    if reached < until:
        found.append(Vacant(reached, until))
    return tuple(found)
