"""Whether the recordings of one camera reach back as they must, day by day, and why not.

It is judged as if all that is unknown were recorded: what fails even then is short or has gaps,
whatever the recorder may still say. What does not fail is met only when nothing is unknown. So an
answer that stays away can turn no camera's verdict into met, and none into short.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from heapq import nlargest
from typing import Final

import msgspec

from devices.recording.forecast import Forecast, forecast
from devices.recording.holdings import Failure, Holdings, unknown_within
from devices.recording.intervals import EMPTY, Intervals
from devices.recording.local_time import DAY_MS, day_of, local_days
from devices.recording.proof import Outcome, Proof, Sample
from devices.recording.requirement import Requirement
from devices.recording.source import Span

MOST_TOLD: Final = 100
"""So many gaps are named, the longest; a camera that records movement only has thousands."""

_SCRAPS: Final = 50
"""Before a hole of a day, one fiftieth of the time recorded is a left-over and no reach."""


class Status(StrEnum):
    """How it is with the recordings, of a camera or of one of its days."""

    MET = "met"
    SHORT = "short"
    GAPS = "gaps"
    UNKNOWN = "unknown"


class ReasonKind(StrEnum):
    """What is to be said about a verdict; the catalogues have the words."""

    REACHES_BACK_TO = "reaches_back_to"
    """The recorder overwrites too early: ``begin`` is its oldest, ``amount`` what is lacking."""
    NOTHING_RECORDED = "nothing_recorded"
    GAP = "gap"
    """The longest hole; ``count`` of them, ``amount`` together."""
    THIN_DAYS = "thin_days"
    """``count`` days with many short holes, ``amount`` together; the worst is ``begin``."""
    LOCKED_OLDER = "locked_older"
    """Locked clips reach back to ``begin``, and count for nothing."""
    UNKNOWN_SPAN = "unknown_span"
    """``trouble`` and the newest ``detail`` of the longest; ``count``, ``amount`` together."""
    NEVER_ASKED = "never_asked"
    """As above, but it was not asked for (again)."""
    CLOCK_OFF = "clock_off"
    """The recorder's clock is ``amount`` fast (below 0: slow)."""
    CLOCK_UNTRUSTED = "clock_untrusted"
    """So far off (``amount``, as above) that the recorder's dates prove nothing."""
    ENDS_CONCLUDED = "ends_concluded"
    """Where files end was concluded and not told, for ``amount`` of what is recorded."""
    TOO_NEW = "too_new"
    """In operation since ``begin``: nothing can be judged yet."""
    AGE_UNKNOWN = "age_unknown"
    """No date of commissioning is registered: judged as if it had always been there."""
    FALLS_SHORT_ON = "falls_short_on"
    """By the trend, at ``begin``."""
    UNPLAYABLE = "unplayable"
    """The recorder lists ``begin``, and it cannot be played (``trouble``, ``detail``)."""
    NOT_SAMPLED = "not_sampled"
    """Whether ``begin`` can be played is not known (``trouble``, ``detail``)."""
    NO_SAMPLES = "no_samples"
    """Recordings of this recorder cannot be played here (``detail``)."""


class Reason(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing to be said. Times and ``amount`` in ms; `ReasonKind` says what they mean."""

    kind: ReasonKind
    begin: int | None = None
    end: int | None = None
    amount: int = 0
    count: int = 1
    trouble: str = ""
    detail: str = ""


class Day(msgspec.Struct, frozen=True, gc=False):
    """One local day, as far as it is judged: from ``begin`` up to ``end`` (ms UTC).

    ``recorded`` and ``unknown`` in ms; what is neither is missing.
    """

    day: date
    begin: int
    end: int
    recorded: int
    unknown: int
    status: Status


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict as of ``as_of``, on what is required from ``begin`` up to ``end`` (ms UTC).

    ``oldest`` is the oldest that can be played, locked or not, though none before the camera's
    commissioning. ``reach`` is the oldest of what the recorder overwrites in its turn: the one that
    counts; ``None`` = nobody knows, since it borders on an unknown span. ``gaps`` are the longest,
    in order of time. ``drift`` (ms) is positive for a recorder's clock that is fast. ``proof``:
    what came of playing some of it; ``None`` = that was never tried.
    """

    status: Status
    reasons: tuple[Reason, ...]
    as_of: int
    begin: int
    end: int
    oldest: int | None = None
    reach: int | None = None
    days: tuple[Day, ...] = ()
    gaps: tuple[Span, ...] = ()
    gap_count: int = 0
    unknown: tuple[Span, ...] = ()
    drift: int | None = None
    forecast: Forecast | None = None
    proof: Proof | None = None

    @property
    def held(self) -> int | None:
        """ms from ``reach`` until ``as_of``."""
        return None if self.reach is None else self.as_of - self.reach


def judge(holdings: Holdings, requirement: Requirement, now: int) -> Verdict:
    """The verdict ``now`` (ms UTC), or as of when the recorder was last asked, if that was lately.

    The newest `Requirement.settling_ms` are not judged, nor as much more as the recorder's clock is
    slow: it tells its times by that clock.
    """
    looked = holdings.looked_until
    as_of = now if looked is None or now - looked > requirement.stale_ms else min(looked, now)
    drift = None if holdings.clock is None else holdings.clock.drift
    end = as_of - requirement.settling_ms - max(0, -(drift or 0))
    window = requirement.window_begin(as_of)
    begin = window + requirement.short_by_ms
    told = _about_clock_and_age(requirement, drift)
    firsts = (holdings.ordinary.first, holdings.locked.first)
    first = min((each for each in firsts if each is not None), default=None)
    if begin >= end:
        reason = Reason(kind=ReasonKind.TOO_NEW, begin=window)
        return Verdict(
            status=Status.UNKNOWN,
            reasons=(reason, *told),
            as_of=as_of,
            begin=begin,
            end=begin,
            oldest=first,
            drift=drift,
        )
    finding = _Finding(holdings, requirement, Span(begin, end))
    status = finding.status_by_clock(drift)
    if concluded := holdings.estimated.within(begin, end).duration():
        told = (*told, Reason(kind=ReasonKind.ENDS_CONCLUDED, amount=concluded))
    ahead = forecast(holdings.edges, requirement.days * DAY_MS - requirement.short_by_ms, as_of)
    if status is Status.MET and ahead.falls_short is not None:
        told = (*told, Reason(kind=ReasonKind.FALLS_SHORT_ON, begin=ahead.falls_short))
    longest = nlargest(MOST_TOLD, finding.gaps, key=lambda gap: gap[1] - gap[0])
    return Verdict(
        status=status,
        reasons=(*finding.reasons(), *told),
        as_of=as_of,
        begin=begin,
        end=end,
        oldest=first,
        reach=finding.known_reach(),
        days=finding.days_by_clock(drift),
        gaps=tuple(Span(*gap) for gap in sorted(longest)),
        gap_count=len(finding.gaps),
        unknown=tuple(span for span, _ in finding.unknown),
        drift=drift,
        forecast=ahead,
    )


def proven(verdict: Verdict, proof: Proof) -> Verdict:
    """The verdict with a sample of what it rests on.

    What is listed and cannot be played makes all of the list doubtful: then nobody knows whether
    it is met. What fails by the list alone still fails; what was not tried changes nothing.
    """
    status, reasons = verdict.status, verdict.reasons
    if proof.sample.outcome is Outcome.UNDECIDED:
        reasons = (*reasons, _of_sample(ReasonKind.NOT_SAMPLED, proof.sample))
    elif proof.sample.outcome is Outcome.IMPOSSIBLE:
        reasons = (*reasons, _of_sample(ReasonKind.NO_SAMPLES, proof.sample))
    if proof.unplayable is not None:
        reasons = (_of_sample(ReasonKind.UNPLAYABLE, proof.unplayable), *reasons)
        status = Status.UNKNOWN if status is Status.MET else status
    return msgspec.structs.replace(verdict, status=status, reasons=reasons, proof=proof)


def _of_sample(kind: ReasonKind, sample: Sample) -> Reason:
    trouble = "" if sample.trouble is None else sample.trouble.value
    return Reason(kind=kind, begin=sample.wanted, trouble=trouble, detail=sample.detail)


def _about_clock_and_age(requirement: Requirement, drift: int | None) -> tuple[Reason, ...]:
    told: list[Reason] = []
    if drift is not None and abs(drift) > requirement.clock_ms:
        untrusted = abs(drift) > requirement.trusted_ms
        kind = ReasonKind.CLOCK_UNTRUSTED if untrusted else ReasonKind.CLOCK_OFF
        told.append(Reason(kind=kind, amount=drift))
    if requirement.commissioned is None:
        told.append(Reason(kind=ReasonKind.AGE_UNKNOWN))
    return tuple(told)


class _Finding:
    """What the holdings show of one span, taking what is unknown for recorded."""

    def __init__(self, holdings: Holdings, requirement: Requirement, span: Span) -> None:
        self._requirement = requirement
        self._span = span
        self._locked = holdings.locked
        self._recorded = holdings.playable.within(span.begin, span.end)
        self._ordinary = holdings.ordinary
        self.unknown: Sequence[tuple[Span, Failure | None]] = unknown_within(holdings, span)
        self._unknown = (
            Intervals((each.begin, each.end) for each, _ in self.unknown) if self.unknown else EMPTY
        )
        self.reach = reach(holdings.ordinary | self._unknown, span)
        self.short = self.reach - span.begin > requirement.gap_ms
        since = self.reach if self.short else span.begin
        supposed = self._recorded | self._unknown
        self.gaps = _holes(supposed, since, span.end, requirement.gap_ms)
        self._missing: dict[date, int] = {}
        self.days = self._judge_days(since)

    @property
    def status(self) -> Status:
        """Of all of it."""
        if self.short:
            return Status.SHORT
        if self.gaps or self._missing:
            return Status.GAPS
        return Status.UNKNOWN if self.unknown else Status.MET

    def known_reach(self) -> int | None:
        """The reach, unless it may lie in something unknown; none when nothing is recorded."""
        if self.reach >= self._span.end or self.reach in self._unknown:
            return None
        if self.reach > self._span.begin:
            return self.reach
        # It reaches at least so far: where the piece of recording that is there then begins.
        return self._ordinary_before(self._span.begin)

    def _ordinary_before(self, moment: int) -> int:
        edges = self._ordinary.edges
        at = bisect_right(edges, moment)
        return edges[at - 1] if at % 2 else moment

    def status_by_clock(self, drift: int | None) -> Status:
        """The same, of a recorder whose clock is ``drift`` ms fast.

        Nobody knows since when it is. A hole may be the moment at which somebody set it; only what
        is short by more than the clock is off is short in any case.
        """
        if self._trusted(drift):
            return self.status
        sure = self.short and self.reach - self._span.begin > abs(drift or 0)
        return Status.SHORT if sure else Status.UNKNOWN

    def days_by_clock(self, drift: int | None) -> tuple[Day, ...]:
        """The days; whose they are nobody knows when the clock is not to be trusted."""
        if self._trusted(drift):
            return self.days
        return tuple(msgspec.structs.replace(day, status=Status.UNKNOWN) for day in self.days)

    def _trusted(self, drift: int | None) -> bool:
        return drift is None or abs(drift) <= self._requirement.trusted_ms

    def _judge_days(self, since: int) -> tuple[Day, ...]:
        span, zone = self._span, self._requirement.zone
        spans = local_days(zone, day_of(zone, span.begin), day_of(zone, span.end - 1))
        bounds = [span.begin, *(each[2] for each in spans)]
        bounds[-1] = span.end
        recorded = self._recorded.shares(bounds)
        nothing = [0] * len(recorded)
        unknown = self._unknown.shares(bounds) if self._unknown else nothing
        gapped = self._days_with_gaps(bounds)
        share = self._requirement.missing_per_day
        days: list[Day] = []
        for place, (day, whole_begin, whole_end) in enumerate(spans):
            begin, end = bounds[place], bounds[place + 1]
            status = Status.UNKNOWN if unknown[place] else Status.MET
            if self.short and begin < since:
                if not unknown[place]:
                    status = Status.SHORT
            elif place in gapped:
                status = Status.GAPS
            else:
                missing = end - begin - recorded[place] - unknown[place]
                if missing > share * (whole_end - whole_begin):
                    self._missing[day] = missing
                    status = Status.GAPS
            days.append(Day(day, begin, end, recorded[place], unknown[place], status))
        return tuple(days)

    def _days_with_gaps(self, bounds: Sequence[int]) -> set[int]:
        days: set[int] = set()
        over = bounds[0]
        for begin, end in self.gaps:
            if end <= over:
                continue  # another one of the day that the last gap ended in
            last = bisect_right(bounds, end - 1) - 1
            over = bounds[last + 1]
            days.update(range(bisect_right(bounds, begin) - 1, last + 1))
        return days

    def reasons(self) -> list[Reason]:
        """The worst first."""
        told: list[Reason] = []
        span = self._span
        if self.short and self.reach >= span.end and not self._recorded:
            told.append(Reason(kind=ReasonKind.NOTHING_RECORDED, begin=span.begin, end=span.end))
        elif self.short:
            lacking = self.reach - span.begin + self._requirement.short_by_ms
            told.append(Reason(kind=ReasonKind.REACHES_BACK_TO, begin=self.reach, amount=lacking))
        oldest_locked = self._locked.first
        if self.short and oldest_locked is not None and oldest_locked < self.reach:
            told.append(Reason(kind=ReasonKind.LOCKED_OLDER, begin=oldest_locked))
        if self.gaps:
            told.append(_of_longest(ReasonKind.GAP, self.gaps))
        if self._missing:
            worst = max(self._missing, key=lambda day: self._missing[day])
            (begin,) = [each.begin for each in self.days if each.day == worst]
            told.append(
                Reason(
                    kind=ReasonKind.THIN_DAYS,
                    begin=begin,
                    amount=sum(self._missing.values()),
                    count=len(self._missing),
                )
            )
        return told + self._about_unknown()

    def _about_unknown(self) -> list[Reason]:
        by_trouble: dict[str, list[tuple[Span, Failure | None]]] = {}
        for span, failure in self.unknown:
            by_trouble.setdefault(failure.trouble if failure else "", []).append((span, failure))
        told: list[Reason] = []
        for trouble, pieces in by_trouble.items():
            kind = ReasonKind.UNKNOWN_SPAN if trouble else ReasonKind.NEVER_ASKED
            newest = max((f for _, f in pieces if f), key=lambda f: f.at, default=None)
            longest = _of_longest(kind, [(span.begin, span.end) for span, _ in pieces])
            detail = newest.detail if newest else ""
            told.append(msgspec.structs.replace(longest, trouble=trouble, detail=detail))
        return told


def reach(ordinary: Intervals, span: Span) -> int:
    """From when on (ms UTC) ``span`` is recorded, holes aside: where the recorder's ring begins.

    That is where recording first begins. Unless what there is breaks off for a day or more, having
    filled less than a fiftieth of the time until it goes on: such are left-overs (protected without
    saying so, or from a disk that was swapped), and do not show how far the recorder reaches. The
    more is recorded, the earlier it is, never later; `judge` relies on that.
    """
    found, total, last = span.begin, 0, span.begin
    enough = (span.end - span.begin) // _SCRAPS
    for begin, end in ordinary.within(span.begin, span.end):
        if total > enough:
            return found  # too much for a left-over, however long the hole
        if _is_left_over(total, begin - last, begin - span.begin):
            found = begin
        total += end - begin
        last = end
    if _is_left_over(total, span.end - last, span.end - span.begin):
        return span.end
    return found


def _is_left_over(total: int, hole: int, passed: int) -> bool:
    return total == 0 or (hole >= DAY_MS and total * _SCRAPS <= passed)


def _holes(recorded: Intervals, begin: int, end: int, longer: int) -> list[tuple[int, int]]:
    holes: list[tuple[int, int]] = []
    at = begin
    for low, high in recorded.within(begin, end):
        if low - at > longer:
            holes.append((at, low))
        at = high
    if end - at > longer:
        holes.append((at, end))
    return holes


def _of_longest(kind: ReasonKind, spans: Sequence[tuple[int, int]]) -> Reason:
    begin, end = max(spans, key=lambda span: span[1] - span[0])
    return Reason(
        kind=kind,
        begin=begin,
        end=end,
        amount=sum(end - begin for begin, end in spans),
        count=len(spans),
    )
