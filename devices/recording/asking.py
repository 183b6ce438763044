"""One round of asking a recorder about one camera: as much as the plan says, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from devices.recording.holdings import Edge, Holdings
from devices.recording.intervals import EMPTY, Intervals
from devices.recording.local_time import DAY_MS
from devices.recording.plan import asked_from, to_ask
from devices.recording.requirement import Requirement
from devices.recording.source import Answer, RecordingSource, Span, Trouble
from devices.recording.verdict import reach

TIME_OUTS: Final = 2
"""So many in a row, and the rest of the round is not asked: each costs its whole limit."""


async def ask_round(
    source: RecordingSource,
    channel: str,
    holdings: Holdings,
    requirement: Requirement,
    now: Callable[[], int],
) -> Holdings:
    """What is known after it; ``now`` in ms UTC. As often as there are days asked for, at most.

    When the recorder refuses or is away, everything else that should have been asked fails like
    it, unasked: a wrong password locks many recorders after five tries.
    """
    begun = now()
    holdings = holdings.since(asked_from(requirement, begun))
    answered = EMPTY
    gone: Answer | None = None
    time_outs = 0
    while spans := to_ask(holdings, requirement, begun, answered):
        for span in spans:
            if gone is None:
                answer = await source.ask(channel, span)
                time_outs = time_outs + 1 if answer.trouble is Trouble.TIMED_OUT else 0
                at_once = answer.trouble in (Trouble.REFUSED, Trouble.UNREACHABLE)
                if at_once or time_outs == TIME_OUTS:
                    gone = answer
            else:
                answer = Answer(span=span, trouble=gone.trouble, detail=gone.detail)
            # As of when the round began: what was recorded while we asked, nobody has told.
            holdings = holdings.taken(answer, begun)
            answered |= Intervals(((span.begin, span.end),))
    return _remember_edge(holdings, requirement, begun)


def _remember_edge(holdings: Holdings, requirement: Requirement, now: int) -> Holdings:
    """Note how far it reaches back, when that is known for sure."""
    begin = asked_from(requirement, now)
    if begin >= now or holdings.known.holes(begin, now):
        return holdings
    oldest = reach(holdings.ordinary, Span(begin, now))
    if oldest >= now:
        return holdings
    return holdings.remembering(Edge(now, oldest, censored=oldest - begin < DAY_MS))
