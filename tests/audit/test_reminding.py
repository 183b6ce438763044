"""When somebody is reminded before an attestation ends."""

from __future__ import annotations

import msgspec

from audit.attestation import DAY_MS, Attestation
from audit.reminding import days_left, next_reminder, reminders

NOW = 1_790_000_000_000
DAYS = (30, 7, 1)


def lasting(days: int) -> Attestation:
    return Attestation(
        id="1",
        school="no3",
        item="guards",
        stated_by="sofia",
        at=NOW,
        valid_from=NOW,
        expires=NOW + days * DAY_MS,
    )


def test_thirty_seven_and_one_day_before_and_when_it_has_ended() -> None:
    year = lasting(365)
    assert [one.days for one in reminders(year, DAYS)] == [30, 7, 1, 0]
    assert reminders(year, DAYS)[-1].due == year.expires


def test_of_a_monthly_drill_nobody_is_reminded_on_the_next_day() -> None:
    assert [one.days for one in reminders(lasting(31), DAYS)] == [7, 1, 0]
    assert [one.days for one in reminders(lasting(2), DAYS)] == [0]


def test_the_next_one_is_the_first_that_is_still_to_come() -> None:
    year = lasting(365)
    end = year.expires
    assert next_reminder(year, DAYS, NOW).days == 30
    assert next_reminder(year, DAYS, end - 30 * DAY_MS).days == 7  # this one is told now
    assert next_reminder(year, DAYS, end - 1).days == 0
    assert next_reminder(year, DAYS, end) is None
    assert next_reminder(msgspec.structs.replace(year, withdrawn=NOW), DAYS, NOW) is None
    assert next_reminder(year, (), NOW).days == 0


def test_begun_days_are_counted() -> None:
    one = lasting(10)
    assert days_left(one, NOW) == 10
    assert days_left(one, NOW + 1) == 10
    assert days_left(one, NOW + DAY_MS) == 9
    assert days_left(one, one.expires - 1) == 1
    assert days_left(one, one.expires) == days_left(one, one.expires + DAY_MS) == 0
