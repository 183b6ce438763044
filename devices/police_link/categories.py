"""Categories of EN 50136-1: how long a link may be silent before that is a fault.

Published figures and figures from memory are told apart: nothing here claims what the standard
says, it only offers its names as a choice. What counts is the time that the configuration gives.
Availability classes are not offered: none could be confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from devices.police_link.link import Path

DAY: Final = 86_400_000
TEST_PERIOD: Final = 30 * DAY
"""ms. An acknowledged end-to-end test proves a link so long: monthly is in use (Zhenjiang)."""


class Category(StrEnum):
    """Single path (SP) or dual path (DP), and how closely it is supervised."""

    SP2 = "SP2"
    SP3 = "SP3"
    SP4 = "SP4"
    SP5 = "SP5"
    SP6 = "SP6"
    DP2 = "DP2"
    DP3 = "DP3"
    DP4 = "DP4"


class Trust(StrEnum):
    """Where the longest silence of a category comes from."""

    PUBLISHED = "published"
    MEMORY = "memory"  # not confirmed in a published source
    CONFIGURED = "configured"  # whoever runs the link decided


class CategoryError(ValueError):
    """A link that cannot be what its category asks for; says what to change."""


class _Figure(msgspec.Struct, frozen=True):
    silence_ms: int
    trust: Trust


_SECOND: Final = 1000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE

_FIGURES: Final = {
    Category.SP2: _Figure(25 * _HOUR, Trust.MEMORY),
    Category.SP3: _Figure(30 * _MINUTE, Trust.MEMORY),
    Category.SP4: _Figure(3 * _MINUTE, Trust.MEMORY),
    Category.SP5: _Figure(90 * _SECOND, Trust.MEMORY),
    Category.SP6: _Figure(20 * _SECOND, Trust.PUBLISHED),
    Category.DP2: _Figure(30 * _MINUTE, Trust.MEMORY),
    Category.DP3: _Figure(3 * _MINUTE, Trust.MEMORY),
    Category.DP4: _Figure(90 * _SECOND, Trust.PUBLISHED),
}

SHORTEST_SILENCE: Final = 1_000
"""ms. Less leaves no time for an answer and a second try."""

LONGEST_SILENCE: Final = 7 * DAY
"""ms. A link that may be dead for longer is not supervised."""


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of one link.

    ``silence_ms``: a path not acknowledged for longer is down; ``trust`` says where that comes
    from. ``two_paths``: both have to work. ``test_period_ms``: an end-to-end test proves the link
    for so long.
    """

    category: Category
    silence_ms: int
    two_paths: bool
    trust: Trust
    test_period_ms: int = TEST_PERIOD

    def needed(self, paths: Sequence[Path]) -> tuple[Path, ...]:
        """Which of the link's paths have to work for it to be up.

        Raises `CategoryError` when the link has not the paths that the category makes mandatory.
        """
        if not paths or paths[0] is not Path.PRIMARY or len(set(paths)) != len(paths):
            raise CategoryError("a police link needs a primary path, named first and once")
        if not self.two_paths:
            return (Path.PRIMARY,)
        if Path.BACKUP not in paths:
            raise CategoryError(
                f"category {self.category} asks for two paths, and this link has only a primary "
                "one: give it a back-up receiver, or choose an SP category"
            )
        return (Path.PRIMARY, Path.BACKUP)


def demand(
    category: Category, *, silence_ms: int | None = None, test_period_ms: int = TEST_PERIOD
) -> Demand:
    """What a category asks for; ``silence_ms`` overrides its time. Raises `CategoryError`."""
    figure = _FIGURES[category]
    silence = figure.silence_ms if silence_ms is None else silence_ms
    if not SHORTEST_SILENCE <= silence <= LONGEST_SILENCE:
        raise CategoryError(
            f"the longest silence must be {SHORTEST_SILENCE} ms to {LONGEST_SILENCE} ms, "
            f"not {silence} ms"
        )
    if test_period_ms < _MINUTE:
        raise CategoryError(f"the test period must be a minute at least, not {test_period_ms} ms")
    return Demand(
        category=category,
        silence_ms=silence,
        two_paths=category.startswith("DP"),
        trust=figure.trust if silence_ms is None else Trust.CONFIGURED,
        test_period_ms=test_period_ms,
    )
