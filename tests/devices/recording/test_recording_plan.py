"""Asking again only for what can have changed, and giving up in time."""

from __future__ import annotations

from datetime import timedelta

from devices.recording.asking import ask_round
from devices.recording.holdings import Holdings
from devices.recording.intervals import Intervals
from devices.recording.local_time import DAY_MS, day_of, midnight
from devices.recording.plan import RECHECK_DAYS, asked_from, to_ask
from devices.recording.requirement import Requirement
from devices.recording.source import Answer, DeviceTime, Segment, Span, Trouble
from devices.recording.verdict import Status, judge

NOW = 1_795_161_600_000
NINETY = Requirement(days=90, commissioned=NOW - 400 * DAY_MS)
ZONE = NINETY.zone


class Ring:
    """A recorder that holds the last so many days of one camera, and can fail on order."""

    def __init__(self, now: int, holds_days: float) -> None:
        self.now = now
        self.holds_ms = round(holds_days * DAY_MS)
        self.asked: list[Span] = []
        self.trouble: Trouble | None = None
        self.fails_after = 0

    async def ask(self, channel: str, span: Span) -> Answer:
        self.asked.append(span)
        if self.trouble is not None and len(self.asked) > self.fails_after:
            return Answer(span=span, trouble=self.trouble, detail="as ordered")
        begin = max(span.begin, self.now - self.holds_ms)
        held = (Segment(begin, span.end),) if begin < span.end else ()
        return Answer(span=span, segments=held)

    async def clock(self) -> DeviceTime | None:
        return None

    async def aclose(self) -> None:
        return None

    def days_ago(self) -> list[int]:
        """The days asked for, as so many days before today."""
        today = day_of(ZONE, self.now)
        return [(today - day_of(ZONE, span.begin)).days for span in self.asked]


async def look(ring: Ring, holdings: Holdings) -> Holdings:
    ring.asked.clear()
    return await ask_round(ring, "1", holdings, NINETY, lambda: ring.now)


async def test_the_first_round_asks_for_each_day_once_the_newest_first() -> None:
    ring = Ring(NOW, 200)
    holdings = await look(ring, Holdings())
    assert ring.days_ago() == list(range(98))
    assert holdings.known == Intervals([(asked_from(NINETY, NOW), NOW)])
    assert judge(holdings, NINETY, NOW).status is Status.MET


async def test_the_next_day_asks_only_for_what_can_have_changed() -> None:
    ring = Ring(NOW, 92)
    holdings = await look(ring, Holdings())
    ring.now += DAY_MS
    holdings = await look(ring, holdings)
    today = day_of(ZONE, ring.now)
    due = [
        ago
        for ago in range(98)
        if (today - timedelta(ago)).toordinal() % RECHECK_DAYS == today.toordinal() % RECHECK_DAYS
    ]
    # The edge was overwritten for a day: the day it was on, and the one it is on.
    assert set(ring.days_ago()) == {0, 1, 92, 93, *due}
    assert len(ring.asked) == len(set(ring.asked))
    assert len(ring.asked) <= 11
    verdict = judge(holdings, NINETY, ring.now)
    assert verdict.status is Status.MET
    assert holdings.ordinary.first == ring.now - ring.holds_ms
    assert [edge.oldest for edge in holdings.edges] == [
        NOW - ring.holds_ms,
        NOW + DAY_MS - ring.holds_ms,
    ]


async def test_an_edge_that_moved_by_weeks_is_followed_until_it_is_found() -> None:
    ring = Ring(NOW, 95)
    holdings = await look(ring, Holdings())
    ring.now += DAY_MS
    ring.holds_ms = 60 * DAY_MS
    holdings = await look(ring, holdings)
    assert holdings.ordinary.first == ring.now - 60 * DAY_MS
    assert judge(holdings, NINETY, ring.now).status is Status.SHORT


async def test_in_a_fortnight_every_day_is_asked_for_again() -> None:
    ring = Ring(NOW, 200)
    holdings = await look(ring, Holdings())
    asked: set[object] = set()
    for _ in range(RECHECK_DAYS):
        ring.now += DAY_MS
        holdings = await look(ring, holdings)
        asked |= {day_of(ZONE, span.begin) for span in ring.asked}
        assert len(ring.asked) <= 12
    today = day_of(ZONE, ring.now)
    assert {today - timedelta(ago) for ago in range(98)} <= asked


async def test_unknown_days_are_asked_for_again_and_become_known() -> None:
    ring = Ring(NOW, 200)
    ring.trouble, ring.fails_after = Trouble.UNREADABLE, 40
    holdings = await look(ring, Holdings())
    assert len(ring.asked) == 98  # one unreadable day says nothing of the others
    assert judge(holdings, NINETY, NOW).status is Status.UNKNOWN
    ring.trouble = None
    holdings = await look(ring, holdings)
    assert judge(holdings, NINETY, NOW).status is Status.MET
    assert holdings.failures == ()


async def test_a_refusal_ends_the_round_so_that_no_account_is_locked() -> None:
    ring = Ring(NOW, 200)
    ring.trouble = Trouble.REFUSED
    holdings = await look(ring, Holdings())
    assert len(ring.asked) == 1
    (failure,) = holdings.failures
    assert (failure.begin, failure.end) == (asked_from(NINETY, NOW), NOW)
    verdict = judge(holdings, NINETY, NOW)
    assert verdict.status is Status.UNKNOWN
    assert [reason.trouble for reason in verdict.reasons] == [Trouble.REFUSED]


async def test_two_time_outs_in_a_row_end_the_round() -> None:
    ring = Ring(NOW, 200)
    ring.trouble, ring.fails_after = Trouble.TIMED_OUT, 10
    holdings = await look(ring, Holdings())
    assert len(ring.asked) == 12
    assert holdings.known.duration() == sum(span.end - span.begin for span in ring.asked[:10])


async def test_a_recorder_away_today_makes_no_camera_met_and_none_short() -> None:
    ring = Ring(NOW, 200)
    holdings = await look(ring, Holdings())
    ring.now += DAY_MS
    ring.trouble = Trouble.UNREACHABLE
    holdings = await look(ring, holdings)
    assert judge(holdings, NINETY, ring.now).status is Status.UNKNOWN


def test_a_camera_that_is_to_be_commissioned_is_not_asked_for() -> None:
    tomorrow = Requirement(days=30, commissioned=midnight(ZONE, day_of(ZONE, NOW)) + 2 * DAY_MS)
    assert to_ask(Holdings(), tomorrow, NOW) == ()


def test_spans_are_days_of_the_school_also_where_clocks_change() -> None:
    berlin = Requirement(days=60, commissioned=NOW - 400 * DAY_MS, zone="Europe/Berlin")
    spans = to_ask(Holdings(), berlin, NOW)
    lengths = {(span.end - span.begin) // 3_600_000 for span in spans[1:]}
    assert lengths == {24, 25}
    assert Intervals((span.begin, span.end) for span in spans) == Intervals(
        [(asked_from(berlin, NOW), NOW)]
    )
