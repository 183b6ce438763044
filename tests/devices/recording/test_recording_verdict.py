"""Verdicts on recordings: against counting minute by minute, and never on what is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from devices.recording.forecast import Basis
from devices.recording.holdings import Edge, Holdings
from devices.recording.intervals import Intervals
from devices.recording.local_time import DAY_MS, HOUR_MS, midnight
from devices.recording.requirement import Requirement
from devices.recording.source import Answer, DeviceTime, Flag, Segment, Span, Trouble
from devices.recording.verdict import ReasonKind, Status, Verdict, judge

QUICK = settings(max_examples=60, deadline=None)
NOW = 1_795_161_600_000
LONG_AGO = NOW - 400 * DAY_MS
THIRTY = Requirement(days=30, commissioned=LONG_AGO)


def answered(
    *recorded: tuple[float, float],
    known: float = 45,
    locked: tuple[tuple[float, float], ...] = (),
    now: int = NOW,
) -> Holdings:
    """Recorded from and to so many days ago; all of the last ``known`` days was answered."""
    segments = [
        Segment(now - round(begin * DAY_MS), now - round(end * DAY_MS)) for begin, end in recorded
    ]
    segments += [
        Segment(now - round(begin * DAY_MS), now - round(end * DAY_MS), Flag.LOCKED)
        for begin, end in locked
    ]
    span = Span(now - round(known * DAY_MS), now)
    return Holdings().taken(Answer(span=span, segments=tuple(segments)), now)


def failed(holdings: Holdings, begin: float, end: float, trouble: Trouble) -> Holdings:
    span = Span(NOW - round(begin * DAY_MS), NOW - round(end * DAY_MS))
    return holdings.taken(Answer(span=span, trouble=trouble, detail="no answer in 10 s"), NOW)


def kinds(verdict: Verdict) -> list[ReasonKind]:
    return [reason.kind for reason in verdict.reasons]


def test_thirty_days_without_a_hole_are_met() -> None:
    verdict = judge(answered((31, 0)), THIRTY, NOW)
    assert verdict.status is Status.MET
    assert verdict.reasons == ()
    assert verdict.oldest == verdict.reach == NOW - 31 * DAY_MS
    assert {day.status for day in verdict.days} == {Status.MET}


def test_twenty_nine_and_a_half_days_of_thirty_are_no_failure() -> None:
    assert judge(answered((29.5, 0)), THIRTY, NOW).status is Status.MET
    verdict = judge(answered((29.4, 0)), THIRTY, NOW)
    assert verdict.status is Status.SHORT
    assert kinds(verdict) == [ReasonKind.REACHES_BACK_TO]
    assert verdict.reasons[0].amount == round(0.6 * DAY_MS)
    assert verdict.held == round(29.4 * DAY_MS)


def test_set_to_ninety_but_holding_thirty_five_is_short() -> None:
    ninety = Requirement(days=90, commissioned=LONG_AGO)
    verdict = judge(answered((35, 0), known=97), ninety, NOW)
    assert verdict.status is Status.SHORT
    assert verdict.held == 35 * DAY_MS
    statuses = [day.status for day in verdict.days]
    assert statuses == sorted(statuses, reverse=True)  # short days, then met ones
    assert statuses.count(Status.MET) == 35


def test_locked_clips_do_not_show_how_far_it_reaches() -> None:
    verdict = judge(answered((20, 0), locked=((40, 39.9), (28, 27.9))), THIRTY, NOW)
    assert verdict.status is Status.SHORT
    assert verdict.reach == NOW - 20 * DAY_MS
    assert verdict.oldest == NOW - 40 * DAY_MS
    assert kinds(verdict) == [ReasonKind.REACHES_BACK_TO, ReasonKind.LOCKED_OLDER]


def test_clips_kept_without_being_marked_as_locked_do_not_either() -> None:
    verdict = judge(answered((29.8, 29.7), (20, 0)), THIRTY, NOW)
    assert verdict.status is Status.SHORT
    assert verdict.reach == NOW - 20 * DAY_MS


def test_a_hole_of_hours_soon_after_the_old_end_is_a_gap_and_no_short_reach() -> None:
    verdict = judge(answered((29.5, 29.49), (29, 0)), THIRTY, NOW)
    assert verdict.status is Status.GAPS
    assert verdict.reach == NOW - round(29.5 * DAY_MS)


def test_a_locked_clip_among_the_others_is_recorded_like_them() -> None:
    verdict = judge(answered((31, 10), (9, 0), locked=((10, 9),)), THIRTY, NOW)
    assert verdict.status is Status.MET


def test_a_hole_longer_than_the_tolerance_is_a_gap_and_a_shorter_one_is_not() -> None:
    minutes = 1 / 1440
    verdict = judge(answered((31, 10), (10 - 6 * minutes, 0)), THIRTY, NOW)
    assert verdict.status is Status.GAPS
    assert verdict.gaps == (
        Span(NOW - 10 * DAY_MS, NOW - 10 * DAY_MS + round(6 * minutes * DAY_MS)),
    )
    assert [day.status for day in verdict.days].count(Status.GAPS) == 1
    assert judge(answered((31, 10), (10 - 4 * minutes, 0)), THIRTY, NOW).status is Status.MET


def test_many_short_holes_on_one_day_are_not_let_pass() -> None:
    minutes = 1 / 1440
    pieces = [(10 - (5 * n) * minutes, 10 - (5 * n + 3) * minutes) for n in range(200)]
    verdict = judge(answered((31, 10), *pieces, (10 - 1000 * minutes, 0)), THIRTY, NOW)
    assert verdict.status is Status.GAPS
    assert kinds(verdict) == [ReasonKind.THIN_DAYS]
    assert verdict.gap_count == 0


def test_a_recorder_that_stopped_this_morning_has_a_gap() -> None:
    assert judge(answered((31, 0.05)), THIRTY, NOW).status is Status.MET  # it may still be open
    assert judge(answered((31, 0.2)), THIRTY, NOW).status is Status.GAPS


def test_nothing_recorded_at_all_is_short() -> None:
    verdict = judge(answered(), THIRTY, NOW)
    assert verdict.status is Status.SHORT
    assert kinds(verdict) == [ReasonKind.NOTHING_RECORDED]
    assert verdict.oldest is None
    assert verdict.reach is None


def test_a_new_camera_is_judged_against_its_age() -> None:
    ten_days_old = Requirement(days=90, commissioned=NOW - 10 * DAY_MS)
    assert judge(answered((9.6, 0)), ten_days_old, NOW).status is Status.MET
    assert judge(answered((8, 0)), ten_days_old, NOW).status is Status.SHORT
    today = Requirement(days=90, commissioned=NOW - 6 * HOUR_MS)
    verdict = judge(answered((0.25, 0)), today, NOW)
    assert (verdict.status, kinds(verdict)) == (Status.UNKNOWN, [ReasonKind.TOO_NEW])


def test_without_a_date_of_commissioning_it_must_always_have_been_there() -> None:
    verdict = judge(answered((8, 0)), Requirement(days=30), NOW)
    assert verdict.status is Status.SHORT
    assert kinds(verdict) == [ReasonKind.REACHES_BACK_TO, ReasonKind.AGE_UNKNOWN]


@pytest.mark.parametrize("trouble", list(Trouble))
def test_no_trouble_makes_a_camera_met_or_short(trouble: Trouble) -> None:
    """Whatever fails, wherever: full holdings stay unmet, and never become short."""
    full = answered((45, 0))
    for begin, end in [(45, 0), (30, 29), (15, 14.999), (1, 0), (29.51, 29.499), (2, 0.08)]:
        verdict = judge(failed(full, begin, end, trouble), THIRTY, NOW)
        assert verdict.status is Status.UNKNOWN
        (reason,) = verdict.reasons
        assert (reason.kind, reason.trouble) == (ReasonKind.UNKNOWN_SPAN, trouble)
        assert reason.detail == "no answer in 10 s"


def test_what_is_short_by_what_was_answered_stays_short_while_today_is_unknown() -> None:
    verdict = judge(failed(answered((20, 0)), 1, 0, Trouble.TIMED_OUT), THIRTY, NOW)
    assert verdict.status is Status.SHORT
    assert kinds(verdict) == [ReasonKind.REACHES_BACK_TO, ReasonKind.UNKNOWN_SPAN]


def test_where_the_edge_is_unknown_nothing_is_said_of_the_reach() -> None:
    verdict = judge(failed(answered((20, 0)), 31, 20, Trouble.INCOMPLETE), THIRTY, NOW)
    assert verdict.status is Status.UNKNOWN
    assert verdict.reach is None
    assert verdict.held is None


def test_a_span_outside_of_what_is_required_may_be_unknown() -> None:
    holdings = failed(answered((45, 0)), 40, 35, Trouble.UNREACHABLE)
    assert judge(holdings, THIRTY, NOW).status is Status.MET


def test_never_asked_is_unknown_and_so_is_not_asked_again_for_long() -> None:
    verdict = judge(Holdings(), THIRTY, NOW)
    assert (verdict.status, kinds(verdict)) == (Status.UNKNOWN, [ReasonKind.NEVER_ASKED])
    full = answered((45, 0))
    assert judge(full, THIRTY, NOW + 25 * HOUR_MS).status is Status.MET
    later = judge(full, THIRTY, NOW + 30 * HOUR_MS)
    assert (later.status, kinds(later)) == (Status.UNKNOWN, [ReasonKind.NEVER_ASKED])


def test_a_clock_a_little_off_is_told_and_one_far_off_makes_its_dates_worthless() -> None:
    full = answered((45, 0))
    off = judge(full.timed(DeviceTime(NOW, NOW + 90_000, 500)), THIRTY, NOW)
    assert (off.status, kinds(off), off.drift) == (Status.MET, [ReasonKind.CLOCK_OFF], 90_000)
    wrong = judge(full.timed(DeviceTime(NOW, NOW - 30 * DAY_MS)), THIRTY, NOW)
    assert wrong.status is Status.UNKNOWN
    right = judge(full.timed(DeviceTime(NOW, NOW + 400, 500)), THIRTY, NOW)
    assert (right.drift, right.reasons) == (0, ())


def test_a_slow_clock_makes_no_gap_at_the_new_end() -> None:
    holdings = answered((45, 1 / 24)).timed(DeviceTime(NOW, NOW - HOUR_MS))
    verdict = judge(holdings, replace(THIRTY, settling_ms=0), NOW)
    assert (verdict.status, kinds(verdict)) == (Status.MET, [ReasonKind.CLOCK_OFF])


@pytest.mark.parametrize("drift", [-3 * HOUR_MS, 3 * HOUR_MS])
def test_hours_of_drift_prove_nothing_but_what_is_short_by_more(drift: int) -> None:
    """Nobody knows since when the clock is off: a hole may be the moment somebody set it."""
    clock = DeviceTime(NOW, NOW + drift)
    for holdings in (answered((45, 0)), answered((45, 12), (11.9, 0)), answered((29.4, 0))):
        verdict = judge(holdings.timed(clock), THIRTY, NOW)
        assert verdict.status is Status.UNKNOWN
        assert ReasonKind.CLOCK_UNTRUSTED in kinds(verdict)
        assert {day.status for day in verdict.days} == {Status.UNKNOWN}
    assert judge(answered((20, 0)).timed(clock), THIRTY, NOW).status is Status.SHORT


def test_ends_that_are_concluded_are_told() -> None:
    span = Span(NOW - 45 * DAY_MS, NOW)
    concluded = Segment(NOW - 10 * DAY_MS, NOW - 9 * DAY_MS, Flag.ESTIMATED)
    before = Segment(NOW - 45 * DAY_MS, concluded.begin)
    after = Segment(concluded.end, NOW)
    holdings = Holdings().taken(Answer(span=span, segments=(before, concluded, after)), NOW)
    verdict = judge(holdings, THIRTY, NOW)
    assert (verdict.status, kinds(verdict)) == (Status.MET, [ReasonKind.ENDS_CONCLUDED])
    assert verdict.reasons[0].amount == DAY_MS
    asked_again = Span(concluded.begin - HOUR_MS, concluded.end + HOUR_MS)
    told = Answer(span=asked_again, segments=(Segment(asked_again.begin, asked_again.end),))
    assert judge(holdings.taken(told, NOW), THIRTY, NOW).reasons == ()
    assert Holdings.from_bytes(holdings.to_bytes()) == holdings


def test_a_reach_that_shrinks_says_when_it_falls_short() -> None:
    holdings = answered((34, 0))
    for ago in range(8, -1, -1):
        at = NOW - ago * DAY_MS
        held = round((34 + ago * 0.5) * DAY_MS)
        holdings = holdings.remembering(Edge(at, at - held, censored=False))
    verdict = judge(holdings, THIRTY, NOW)
    assert verdict.status is Status.MET
    assert verdict.forecast is not None
    assert verdict.forecast.basis is Basis.TREND
    assert verdict.forecast.falls_short == NOW + 9 * DAY_MS  # 4.5 days at half a day a day
    assert kinds(verdict) == [ReasonKind.FALLS_SHORT_ON]


def test_a_steady_reach_and_too_few_looks_forecast_nothing() -> None:
    few = answered((34, 0)).remembering(Edge(NOW, NOW - 34 * DAY_MS, censored=False))
    told = judge(few, THIRTY, NOW).forecast
    assert told is not None
    assert told.basis is Basis.NOT_YET
    for ago in range(8, -1, -1):
        at = NOW - ago * DAY_MS
        few = few.remembering(Edge(at, at - 34 * DAY_MS, censored=False))
    told = judge(few, THIRTY, NOW).forecast
    assert told is not None
    assert (told.basis, told.falls_short) == (Basis.STEADY, None)
    beyond = few.remembering(Edge(NOW + DAY_MS, NOW - 36 * DAY_MS, censored=True))
    told = judge(beyond, THIRTY, NOW).forecast
    assert told is not None
    assert told.basis is Basis.ENOUGH


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Shanghai", date(2026, 10, 25), 24),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/Havana", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ],
)
def test_days_are_the_schools_and_have_the_hours_they_have(
    zone: str, day: date, hours: float
) -> None:
    now = midnight(zone, day) + 3 * DAY_MS
    requirement = Requirement(days=7, commissioned=now - 100 * DAY_MS, zone=zone)
    verdict = judge(answered((20, 0), known=20, now=now), requirement, now)
    (found,) = [each for each in verdict.days if each.day == day]
    assert found.begin == midnight(zone, day)
    assert found.recorded == found.end - found.begin == hours * HOUR_MS
    assert all(a.end == b.begin for a, b in zip(verdict.days, verdict.days[1:], strict=False))


# --- counted minute by minute -------------------------------------------------------------------

MINUTE = 60_000
SIX_DAYS = 6 * 1440
SMALL = Requirement(
    days=5, commissioned=LONG_AGO, short_by_ms=6 * HOUR_MS, gap_ms=5 * MINUTE, settling_ms=0
)


@dataclass(frozen=True)
class Camera:
    """Six days, minute by minute: what is recorded, locked, unknown."""

    ordinary: tuple[bool, ...]
    locked: tuple[bool, ...]
    unknown: tuple[bool, ...]

    def holdings(self) -> Holdings:
        begin = NOW - SIX_DAYS * MINUTE
        segments = [*self._segments(self.ordinary, Flag.NONE)]
        segments += self._segments(self.locked, Flag.LOCKED)
        answer = Answer(span=Span(begin, NOW), segments=tuple(segments))
        holdings = Holdings().taken(answer, NOW)
        for low, high in runs(self.unknown):
            span = Span(begin + low * MINUTE, begin + high * MINUTE)
            holdings = holdings.taken(Answer(span=span, trouble=Trouble.TIMED_OUT), NOW)
        return holdings

    def _segments(self, minutes: tuple[bool, ...], flag: Flag) -> list[Segment]:
        begin = NOW - SIX_DAYS * MINUTE
        return [
            Segment(begin + low * MINUTE, begin + high * MINUTE, flag)
            for low, high in runs(minutes)
        ]


def runs(minutes: tuple[bool, ...]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for minute, there in enumerate(minutes):
        if there and found and found[-1][1] == minute:
            found[-1] = (found[-1][0], minute + 1)
        elif there:
            found.append((minute, minute + 1))
    return found


@st.composite
def minutes(draw: st.DrawFn, mostly: bool) -> tuple[bool, ...]:
    made = [mostly] * SIX_DAYS
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, SIX_DAYS - 1))
        length = draw(st.sampled_from([1, 4, 5, 6, 29, 61, 700, 1441, 3000, 7000]))
        made[begin : begin + length] = [not mostly] * len(made[begin : begin + length])
    return tuple(made)


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    ordinary = draw(minutes(draw(st.sampled_from([True, True, False]))))
    return Camera(ordinary, draw(minutes(mostly=False)), draw(minutes(mostly=False)))


def naive_status(ordinary: list[bool], recorded: list[bool]) -> Status:
    """Judged by hand over the last 4.75 days, in which all is known."""
    first = 1440 + 360
    ordinary, recorded = ordinary[first:], recorded[first:]
    reach = 0
    for minute in range(len(ordinary) + 1):
        ends_a_hole = minute == len(ordinary) or ordinary[minute]
        if not ends_a_hole or (minute and minute < len(ordinary) and ordinary[minute - 1]):
            continue
        before = sum(ordinary[:minute])
        day_before = minute >= 1440 and not any(ordinary[minute - 1440 : minute])
        if before == 0 or (day_before and before * 50 <= minute):
            reach = minute
    if reach > 5:
        return Status.SHORT
    if any(high - low > 5 for low, high in runs(tuple(not minute for minute in recorded))) or any(
        missing > 0.02 * 1440 for missing in _missing_by_day(recorded, first)
    ):
        return Status.GAPS
    return Status.MET


def _missing_by_day(recorded: list[bool], first: int) -> list[int]:
    by_day: dict[int, int] = {}
    for minute, there in enumerate(recorded):
        at = NOW - SIX_DAYS * MINUTE + (first + minute) * MINUTE
        day = (at + 8 * HOUR_MS) // DAY_MS
        by_day[day] = by_day.get(day, 0) + (not there)
    return list(by_day.values())


@QUICK
@given(cameras())
def test_a_verdict_on_complete_answers_is_what_counting_by_hand_gives(camera: Camera) -> None:
    known = Camera(camera.ordinary, camera.locked, (False,) * SIX_DAYS)
    recorded = [a or b for a, b in zip(known.ordinary, known.locked, strict=True)]
    verdict = judge(known.holdings(), SMALL, NOW)
    assert verdict.status is naive_status(list(known.ordinary), recorded)
    first = 1440 + 360
    assert sum(day.recorded for day in verdict.days) == sum(recorded[first:]) * MINUTE
    assert sum(day.end - day.begin for day in verdict.days) == (SIX_DAYS - first) * MINUTE


@QUICK
@given(cameras(), minutes(mostly=True), minutes(mostly=False))
def test_whatever_an_unknown_span_holds_the_verdict_had_it_right(
    camera: Camera, truth: tuple[bool, ...], other_truth: tuple[bool, ...]
) -> None:
    """Met needs all to be known; short and gaps stay what they are, whatever comes to light."""
    verdict = judge(camera.holdings(), SMALL, NOW)
    unknown_matters = any(camera.unknown[1440 + 360 :])
    assert not (unknown_matters and verdict.status is Status.MET)
    for held in (truth, other_truth, (True,) * SIX_DAYS, (False,) * SIX_DAYS):
        ordinary = [
            held[minute] if camera.unknown[minute] else camera.ordinary[minute]
            for minute in range(SIX_DAYS)
        ]
        recorded = [
            ordinary[minute] or (camera.locked[minute] and not camera.unknown[minute])
            for minute in range(SIX_DAYS)
        ]
        really = naive_status(ordinary, recorded)
        if verdict.status is Status.SHORT:
            assert really is Status.SHORT
        elif verdict.status is Status.GAPS:
            assert really in (Status.GAPS, Status.SHORT)


@QUICK
@given(cameras())
def test_days_and_unknown_spans_add_up(camera: Camera) -> None:
    holdings = camera.holdings()
    verdict = judge(holdings, SMALL, NOW)
    unknown = Intervals((span.begin, span.end) for span in verdict.unknown)
    assert unknown.duration() == sum(day.unknown for day in verdict.days)
    assert unknown.duration() == sum(camera.unknown[1440 + 360 :]) * MINUTE
    assert Holdings.from_bytes(holdings.to_bytes()) == holdings
