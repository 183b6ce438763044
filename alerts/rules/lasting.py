"""A condition that has been seen to last: begun and ended by readings, never by their absence.

For what is measured again and again and calls for no hurry: it counts as begun once readings have
said so for long enough without a gap, and as over in the same way. Between readings nobody knows.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Lasting(msgspec.Struct, gc=False, array_like=True):
    """``raised``: it stands, or not any more, since ``began`` (device time, ms). ``since``: since
    when readings say otherwise, 0 = they do not; ``last``: the last one that did.
    """

    raised: bool = False
    began: int = 0
    since: int = 0
    last: int = 0


Conditions: TypeAlias = dict[str, Lasting]
"""By name, those that are raised or may soon be."""


def follow(seen: Lasting, holds: bool | None, happened: int, wait: int, gap: int) -> bool:
    """Take in a reading of time ``happened``; true when ``raised`` has changed.

    ``holds``: ``None`` when this reading cannot tell, or lies between beginning and end. ``wait``
    is how long (ms) it must be so, ``gap`` the longest time between two readings that still say
    what was in between.
    """
    if happened < seen.last:
        return False
    if holds is None or holds is seen.raised:
        seen.since = 0
        return False
    if not seen.since or happened - seen.last > gap:
        seen.since = happened
    seen.last = happened
    if happened - seen.since < wait:
        return False
    seen.raised, seen.began, seen.since = holds, seen.since, 0
    return True


def follow_one(
    conditions: Conditions, name: str, holds: bool | None, happened: int, wait: int, gap: int
) -> Lasting | None:
    """`follow` the condition of that name; it when it has begun or ended.

    Kept only while there is something to keep: most devices have none.
    """
    seen = conditions.get(name)
    if seen is None:
        if not holds:
            return None
        seen = conditions[name] = Lasting()
    changed = follow(seen, holds, happened, wait, gap)
    if not seen.raised and not seen.since:
        del conditions[name]
    return seen if changed else None


def raised(conditions: Conditions, name: str) -> bool:
    """Whether the condition of that name stands."""
    seen = conditions.get(name)
    return seen is not None and seen.raised


def pending(conditions: Conditions) -> bool:
    """Whether any is about to begin or to end."""
    return any(seen.since for seen in conditions.values())


def beyond(value: float, limit: float, back: float) -> bool | None:
    """Whether it is beyond the limit; ``None`` between the limit and where it counts as back.

    ``back`` below ``limit``: beyond is above.

    >>> beyond(7, 7, 6), beyond(6.5, 7, 6), beyond(6, 7, 6), beyond(3, 4, 5)
    (True, None, False, True)
    """
    if limit >= back:
        return True if value >= limit else False if value <= back else None
    return True if value <= limit else False if value >= back else None
