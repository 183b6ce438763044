"""A school with a calendar of its own escalates by it at each moment; all others by the general."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert, Transition
from alerts.calendar import Calendar, Days, Hours, Period, SchoolCalendar
from alerts.escalation import EscalationPlan, EscalationPolicy, escalation_due, waiting
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import fold_finding

MINUTE = 60_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
PLANS = tuple(EscalationPlan(name=period, periods=frozenset({period})) for period in Period)
"""One for each sort of time: which one counts says what time it is taken for."""

days = st.dates(date(2026, 12, 28), date(2027, 1, 12))
minutes = st.integers(0, 24 * 60 - 1)
hours = st.builds(Hours, minutes, minutes)
some_days = st.builds(lambda one, other: Days(min(one, other), max(one, other)), days, days)
calendars = st.builds(
    Calendar,
    offset=st.integers(-14 * 60, 14 * 60),
    weekdays=st.frozensets(st.integers(0, 6)),
    lessons=hours,
    night=hours,
    holidays=st.lists(some_days, max_size=2).map(tuple),
    school_days=st.lists(days.map(lambda day: Days(day, day)), max_size=2).map(tuple),
)


def pressed(school: str, now: int) -> tuple[Alert, Transition]:
    why = Explanation(rule="pressed", code="pressed")
    finding = Finding("panic", True, Priority.EMERGENCY, now, now, why, occurrence=True)
    folded = fold_finding(
        None, finding, device=1, school=school, out_of_service=False, new_id=lambda: 1
    )
    assert folded.alert is not None
    return folded.alert, folded.transitions[-1]


def plan_of(policy: EscalationPolicy, school: str, now: int) -> str:
    """The plan by which an alert of that moment goes, also when a start finds it waiting."""
    alert, raised = pressed(school, now)
    due = escalation_due(raised, alert, policy)
    assert due is not None
    assert due == waiting(alert, policy, now)
    return due.plan


def moment(day: date, minute: int, calendar: Calendar) -> int:
    """A minute of a day at the schools of a calendar, in ms since 1970 UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return (midnight - EPOCH) // MILLISECOND + (minute - calendar.offset) * MINUTE


def sort_of_time(calendar: Calendar, now: int) -> Period:
    """What a person who looks at the wall clock and the calendar of the school would say."""
    zone = timezone(timedelta(minutes=calendar.offset))
    there = (EPOCH + now * MILLISECOND).astimezone(zone)
    minute = there.hour * 60 + there.minute

    def during(of: Hours) -> bool:
        return (minute - of.begin) % 1440 < (of.end - of.begin) % 1440

    def among(spans: tuple[Days, ...]) -> bool:
        return any(span.first <= there.date() <= span.last for span in spans)

    if during(calendar.night):
        return Period.NIGHT
    usual = there.weekday() in calendar.weekdays and not among(calendar.holidays)
    if not (usual or among(calendar.school_days)):
        return Period.HOLIDAY
    return Period.SCHOOL_HOURS if during(calendar.lessons) else Period.AFTER_HOURS


@given(general=calendars, boarding=calendars, west=calendars, day=days, minute=minutes)
def test_an_alert_goes_by_the_calendar_of_its_school_at_each_time(
    general: Calendar, boarding: Calendar, west: Calendar, day: date, minute: int
) -> None:
    policy = EscalationPolicy(
        plans=PLANS,
        calendar=general,
        calendars=(
            SchoolCalendar("boarding", frozenset({"no5", "no6"}), boarding),
            SchoolCalendar("west", frozenset({"no9"}), west),
        ),
    )
    followed = {"no5": boarding, "no6": boarding, "no9": west, "no3": general, "": general}
    for of in (general, boarding, west):
        # Any moment, and those at which it becomes another day or another sort of time.
        edges = (0, of.night.begin, of.night.end, of.lessons.begin, of.lessons.end)
        for each in (moment(day, one, of) for one in (minute, *edges)):
            for now in (each - 1, each):
                for school, calendar in followed.items():
                    assert plan_of(policy, school, now) == sort_of_time(calendar, now)


def test_a_holiday_of_one_school_is_a_day_of_school_for_the_next() -> None:
    day = date(2027, 1, 4)  # a Monday
    theirs = Calendar(holidays=(Days(day, day),))
    policy = EscalationPolicy(
        plans=PLANS, calendars=(SchoolCalendar("own", frozenset({"no5"}), theirs),)
    )
    hour = 60 * MINUTE
    ten = moment(day, 10 * 60, theirs)
    assert plan_of(policy, "no5", ten) == "holiday"
    assert plan_of(policy, "no3", ten) == "school_hours"
    for school in ("no5", "no3"):
        assert plan_of(policy, school, ten + 14 * hour) == "night"
        assert plan_of(policy, school, ten + 24 * hour) == "school_hours"
