"""Which silences are one outage: devices that went out at one moment and belong together.

Topology comes from the register (what a device is heard through, rooms in floors in buildings in
schools) and from what falls silent together. Pure functions of what is known of each device of one
school.

When a device went out is known to lie between two moments: it was heard at ``since``, and had it
been alive at ``until``, it would have been heard by now. An outage is a moment that explains them:
one that lies within as many of these spans as possible, and after which few of the others of its
group were heard. Who has missed its usual time, and is not called silent yet, speaks for an outage
as well: else the first devices of a building without power would be called silent one by one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final

import msgspec

from alerts.finding import Explanation
from alerts.rules.measure import tidy

CUT_OFF: Final = "cut_off"
"""The condition of an alert with a scope: many devices are not heard for one reason."""

RULE: Final = "cut_off"
SCHOOL: Final = "school"
PLACE: Final = "place:"
REPEATER: Final = "repeater:"
"""Behind a device, of whatever kind that is: all that is heard or seen through it."""

AFTER: Final = 2_000
"""ms. Heard this much later than the moment of an outage, a device has outlived it."""

BEFORE: Final = 5_000
"""ms. Who ought to have been heard this much before an outage had been out already."""

WILL: Final = 180_000
"""ms. A last will comes up to 1.5 keep-alives after the connection broke (MQTT 3.1.2.10); ours
assume keep-alives of two minutes at most."""

BACK_SHARE: Final = 0.2
"""With no more than this share of its victims still out, the cause itself is over."""

_SPREADING: Final = 0.5
"""With so many of the others around it missed as well, an outage is most likely a wider one."""

_MOMENTS: Final = 256
"""Moments tried for one group; of more, evenly chosen ones."""


class Life(Enum):
    """What speaks for or against a device having gone out."""

    OUT = "out"  # called silent or offline
    OVERDUE = "overdue"  # has missed its usual time, or left by its last will a moment ago
    ALIVE = "alive"  # was heard, and is in time


class Sign(msgspec.Struct, frozen=True):
    """What is known of one device. Times in ms.

    ``since`` is its last proof of life, ``until`` when it would have been heard at the latest.
    ``willed``: it is known by its last will, which came at ``until``. ``unheard``: it was not heard
    since the gateway's start, which is ``since`` then. ``places`` are the scopes
    that it lies in, the narrowest first, the last one `SCHOOL`; ``through`` those of the devices
    that it is heard or seen through.
    """

    device: int
    life: Life
    since: int
    until: int
    places: tuple[str, ...]
    through: tuple[str, ...] = ()
    willed: bool = False
    unheard: bool = False

    @property
    def begin(self) -> int:
        """When it went out at the earliest: a last will comes late."""
        if self.unheard:
            return 0
        return self.until - WILL if self.willed else self.since

    @property
    def scopes(self) -> Iterator[str]:
        """All its scopes, the narrowest first."""
        yield from self.through
        yield from self.places


class CauseLimits(msgspec.Struct, frozen=True, kw_only=True):
    """From when on silences are one. Defaults of ours, not a standard's."""

    least: int = 5
    """Devices that must have gone out together."""

    share: float = 0.8
    """Their share of those that should have been heard since."""


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """Devices of ``scope`` that went out at the same ``moment`` (ms).

    ``out`` are those called silent, ``overdue`` how many more have missed their usual time,
    ``alive`` how many were heard since.
    """

    scope: str
    moment: int
    out: frozenset[int]
    overdue: int
    alive: int

    @property
    def hit(self) -> int:
        """Who went out, as far as one can tell by now."""
        return len(self.out) + self.overdue

    @property
    def share(self) -> float:
        """Of those that should have been heard since, how many were not."""
        return self.hit / (self.hit + self.alive)


def outages(signs: Sequence[Sign], limits: CauseLimits) -> list[Outage]:
    """The outages behind what is known of one school's devices, the largest first.

    None shares a device with another. Of the groups that hold the same devices it is the narrowest
    one; a wider one must be hit beyond its worst part, too.
    """
    groups: dict[str, list[Sign]] = {}
    for sign in signs:
        for scope in sign.scopes:
            groups.setdefault(scope, []).append(sign)
    found: list[tuple[int, int, Outage]] = []
    for scope, members in groups.items():
        outage = _outage(scope, members, limits)
        if outage is not None and _reaches_beyond_its_parts(outage, members, limits):
            # Of equal ones the narrower: it has fewer members.
            found.append((-outage.hit, len(members), outage))
    taken: set[int] = set()
    chosen = []
    for _, _, outage in sorted(found, key=lambda one: one[:2]):
        if taken.isdisjoint(outage.out):
            taken |= outage.out
            chosen.append(outage)
    return chosen


def spreads(outage: Outage, signs: Sequence[Sign]) -> bool:
    """Whether it looks like part of a wider one, whose others are only just being missed."""
    inside = next((sign for sign in signs if sign.device in outage.out), None)
    if inside is None or outage.scope not in inside.places:
        return False
    for scope in inside.places[inside.places.index(outage.scope) + 1 :]:
        others = [one for one in signs if scope in one.places and outage.scope not in one.places]
        hit, outlived = _counted(outage.moment, others)
        if hit and hit >= _SPREADING * (hit + outlived):
            return True
    return False


def explains(moment: int, since: int, until: int) -> bool:
    """Whether an outage at ``moment`` explains a device that went out between the two."""
    return since <= moment + AFTER and until >= moment - BEFORE


def is_over(out: int, victims: int) -> bool:
    """Whether a cause is over, with ``out`` of its ``victims`` not heard again yet."""
    return out <= victims * BACK_SHARE


def _outage(scope: str, members: Sequence[Sign], limits: CauseLimits) -> Outage | None:
    hit = [sign for sign in members if sign.life is not Life.ALIVE]
    if len(hit) < limits.least or all(sign.life is not Life.OUT for sign in hit):
        return None
    alive = sorted(sign.since for sign in members if sign.life is Life.ALIVE)
    best: tuple[int, float, int] | None = None
    begins, ends = sorted(sign.begin for sign in hit), sorted(sign.until for sign in hit)
    for moment in _moments(hit):
        explained = bisect_right(begins, moment + AFTER) - bisect_left(ends, moment - BEFORE)
        outlived = len(hit) - bisect_right(begins, moment + AFTER)
        outlived += len(alive) - bisect_right(alive, moment + AFTER)
        share = explained / (explained + outlived) if explained else 0.0
        if explained >= limits.least and share >= limits.share:
            best = max(best or (0, 0.0, 0), (explained, share, moment))
    if best is None:
        return None
    _, _, moment = best
    caught = [sign for sign in hit if explains(moment, sign.begin, sign.until)]
    out = frozenset(sign.device for sign in caught if sign.life is Life.OUT)
    if not out:
        return None
    return Outage(
        scope=scope,
        moment=moment,
        out=out,
        overdue=len(caught) - len(out),
        alive=len(alive) - bisect_right(alive, moment + AFTER),
    )


def _moments(hit: Sequence[Sign]) -> list[int]:
    """When it may have been: what explains most begins with one of the spans or, as last wills
    come late, ends with one."""
    moments = sorted({sign.until if sign.willed else sign.since for sign in hit})
    step = -(-len(moments) // _MOMENTS)
    return moments[::-step]


def _reaches_beyond_its_parts(outage: Outage, members: Sequence[Sign], limits: CauseLimits) -> bool:
    """Whether the outage is not that of one of the group's parts alone."""
    if outage.scope.startswith(REPEATER):
        return True
    of: dict[str, list[Sign]] = {}
    for sign in members:
        of.setdefault(_part(sign, outage.scope), []).append(sign)
    parts = {part: _counted(outage.moment, signs) for part, signs in of.items()}
    worst_part, worst = max(parts.items(), key=lambda one: one[1])
    hit = sum(part[0] for part in parts.values()) - worst[0]
    outlived = sum(part[1] for part in parts.values()) - worst[1]
    if hit == 0:
        # All of it in one part: then that one has an outage of its own.
        return worst_part == ""
    return hit / (hit + outlived) >= limits.share


def _counted(moment: int, signs: Iterable[Sign]) -> tuple[int, int]:
    """How many of them an outage at ``moment`` explains, and how many have outlived it."""
    hit = outlived = 0
    for sign in signs:
        if sign.life is Life.ALIVE:
            outlived += sign.since > moment + AFTER
        else:
            hit += explains(moment, sign.begin, sign.until)
    return hit, outlived


def _part(sign: Sign, scope: str) -> str:
    """The part of ``scope`` that a device is in; empty when it is directly there."""
    index = sign.places.index(scope)
    return sign.places[index - 1] if index else ""


def why_cut_off(outage: Outage, first: str, victims: int) -> Explanation:
    """Why many devices are one alert. ``first`` is the id of the one that was missed first,
    ``victims`` how many were cut off in all."""
    due = outage.hit + outage.alive
    return Explanation(
        RULE,
        f"cut_off_{outage.scope.partition(':')[0]}",
        {
            "devices": victims,
            "due": max(due, victims),
            "share_pct": tidy(100 * outage.share),
            "first": first,
        },
    )


def why_over(back: int, left: int) -> Explanation:
    """Why a cause is over: ``back`` devices are heard again, ``left`` are not yet."""
    code = "cut_off_over" if left == 0 else "cut_off_mostly_over"
    return Explanation(RULE, code, {"back": back, "left": left})


def chain(parents: Iterable[str]) -> tuple[str, ...]:
    """The scopes of a device whose places, the narrowest first, have these ids."""
    return (*(PLACE + place for place in parents), SCHOOL)


def place_of(scope: str) -> str | None:
    """The id of the place that a scope is; ``None`` when it is none."""
    return scope.removeprefix(PLACE) if scope.startswith(PLACE) else None
