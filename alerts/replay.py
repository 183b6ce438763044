"""What rules would have found, held against what was raised: the same, different, or only one.

Pure: two records of episodes go in, pairs come out. Two episodes belong together when they are of
one condition of one device and began within a tolerance of each other, or else were true at the
same time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from alerts.episodes import Episode, Key, overlaps

MINUTE: Final = 60_000


class Agreement(StrEnum):
    """How an episode of the replay and what was raised stand to each other."""

    SAME = "same"
    DIFFERENT = "different"  # both, but with another time, priority or number of occurrences
    ONLY_REPLAYED = "only_replayed"  # these rules would raise it; it was not raised
    ONLY_RAISED = "only_raised"  # it was raised; these rules would not
    SHARED = "shared"  # it was raised as part of a cause that several devices shared


class Difference(StrEnum):
    """In what two episodes that belong together differ."""

    BEGAN = "began"
    ENDED = "ended"
    PRIORITY = "priority"
    OCCURRENCES = "occurrences"


class Shared(msgspec.Struct, frozen=True):
    """A device that an alert about several has cut off: since when, until when (ms)."""

    alert: int
    device: int
    since: int
    back: int | None


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the comparison; at least one of the two is there.

    ``alert`` is the alert that was raised, also the one that several devices shared.
    """

    verdict: Agreement
    raised: Episode | None = None
    replayed: Episode | None = None
    differs: tuple[Difference, ...] = ()
    alert: int | None = None

    @property
    def episode(self) -> Episode:
        """The replayed one, else what was raised."""
        found = self.replayed or self.raised
        if found is None:
            raise ValueError("a pair without an episode")
        return found


class Range(msgspec.Struct, frozen=True):
    """The time that is compared, in ms: ``[since, until)``; and how far apart is the same."""

    since: int
    until: int
    tolerance: int = MINUTE


def compare(
    raised: Iterable[Episode],
    replayed: Iterable[Episode],
    within: Range,
    shared: Sequence[Shared] = (),
) -> list[Pair]:
    """All pairs, by when they began."""
    theirs, ours = _by_key(raised), _by_key(replayed)
    causes: defaultdict[int, list[Shared]] = defaultdict(list)
    for one in shared:
        causes[one.device].append(one)
    pairs: list[Pair] = []
    for key in theirs.keys() | ours.keys():
        pairs += _pairs(theirs.get(key, []), ours.get(key, []), within, causes.get(key[0], []))
    pairs = [one for one in pairs if overlaps(one.episode, within.since, within.until)]
    return sorted(pairs, key=lambda one: (one.episode.began, one.episode.device))


def counts(pairs: Iterable[Pair]) -> dict[str, dict[Agreement, int]]:
    """How many pairs of each verdict, by the name of the rule."""
    found: defaultdict[str, Counter[Agreement]] = defaultdict(Counter)
    for one in pairs:
        found[one.episode.explanation.rule][one.verdict] += 1
    return {rule: dict(found[rule]) for rule in sorted(found)}


def _by_key(episodes: Iterable[Episode]) -> dict[Key, list[Episode]]:
    found: defaultdict[Key, list[Episode]] = defaultdict(list)
    for one in sorted(episodes, key=lambda one: one.began):
        found[one.device, one.condition].append(one)
    return found


def _pairs(
    raised: list[Episode], replayed: list[Episode], within: Range, causes: list[Shared]
) -> list[Pair]:
    """Of one condition of one device. The nearest beginnings go together first."""
    found: list[Pair] = []
    for near in (True, False):
        left: list[Episode] = []
        for one in raised:
            mate = _mate(one, replayed, within, near=near)
            if mate is None:
                left.append(one)
                continue
            replayed = [other for other in replayed if other is not mate]
            found.append(_paired(one, mate, within))
        raised = left
    found += [Pair(verdict=Agreement.ONLY_RAISED, raised=one, alert=one.alert) for one in raised]
    for one in replayed:
        cause = next((each for each in causes if _covers(each, one, within)), None)
        verdict = Agreement.ONLY_REPLAYED if cause is None else Agreement.SHARED
        alert = None if cause is None else cause.alert
        found.append(Pair(verdict=verdict, replayed=one, alert=alert))
    return found


def _mate(one: Episode, others: list[Episode], within: Range, *, near: bool) -> Episode | None:
    def apart(other: Episode) -> int:
        return abs(other.began - one.began)

    fit = [
        other
        for other in others
        if (apart(other) <= within.tolerance if near else _together(one, other, within.until))
    ]
    return min(fit, key=apart, default=None)


def _together(one: Episode, other: Episode, until: int) -> bool:
    """Whether both were true at one time."""
    return one.began <= (until if other.ended is None else other.ended) and other.began <= (
        until if one.ended is None else one.ended
    )


def _paired(raised: Episode, replayed: Episode, within: Range) -> Pair:
    differs: list[Difference] = []
    before = raised.began < within.since and replayed.began < within.since
    if not before and abs(raised.began - replayed.began) > within.tolerance:
        differs.append(Difference.BEGAN)
    if not raised.closed and not _same_end(raised, replayed, within):
        differs.append(Difference.ENDED)
    if raised.priority is not replayed.priority:
        differs.append(Difference.PRIORITY)
    # Of what began before, or was closed by people, each has seen only a part.
    if not before and not raised.closed and raised.occurrences != replayed.occurrences:
        differs.append(Difference.OCCURRENCES)
    return Pair(
        verdict=Agreement.DIFFERENT if differs else Agreement.SAME,
        raised=raised,
        replayed=replayed,
        differs=tuple(differs),
        alert=raised.alert,
    )


def _same_end(raised: Episode, replayed: Episode, within: Range) -> bool:
    """What ended after the time that is replayed is still true in the replay."""
    one, other = (
        within.until if each.ended is None else min(each.ended, within.until)
        for each in (raised, replayed)
    )
    return abs(one - other) <= within.tolerance


def _covers(cause: Shared, one: Episode, within: Range) -> bool:
    slack = within.tolerance
    return cause.since - slack <= one.began and (
        cause.back is None or one.began <= cause.back + slack
    )
