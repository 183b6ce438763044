"""What the clock does to an entry: it climbs, and is looked at again. Never two rungs at once."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from audit.ledger.hazard import Hazard, HazardStep, Origin, StepKind
from audit.ledger.hazard_acts import GATEWAY, found
from audit.ledger.hazard_times import (
    DAY_MS,
    HOUR_MS,
    NEVER,
    RUNGS,
    LedgerFigures,
    climbed,
    next_time,
    righted,
)

BEGIN = 1_795_161_600_000
DUE = BEGIN + 72 * HOUR_MS
FIGURES = LedgerFigures()


def an_entry() -> Hazard:
    entry = Hazard(number=7, school="no3", origin=Origin.FAULT, opened=BEGIN, due=DUE)
    return found(entry, GATEWAY, now=BEGIN)


def test_overdue_is_supervised_then_circulated_then_summoned() -> None:
    entry = an_entry()
    for expected, after in zip(RUNGS, (0, 7 * DAY_MS, 15 * DAY_MS), strict=True):
        at = DUE + after
        assert climbed(entry, FIGURES, now=at) is entry  # at the deadline it is not overdue
        assert next_time(entry, FIGURES) == at + 1
        entry = climbed(entry, FIGURES, now=at + 1)
        assert (entry.rung, entry.steps[-1].kind) == (expected, expected)
    assert next_time(entry, FIGURES) == NEVER
    assert climbed(entry, FIGURES, now=DUE + 900 * DAY_MS) is entry


def test_nobody_is_summoned_who_was_not_supervised_for_days_however_long_it_was_off() -> None:
    late = DUE + 400 * DAY_MS
    entry = climbed(an_entry(), FIGURES, now=late)
    assert entry.rung is StepKind.SUPERVISED
    assert climbed(entry, FIGURES, now=late) is entry
    entry = climbed(entry, FIGURES, now=late + 7 * DAY_MS + 1)
    assert entry.rung is StepKind.CIRCULATED
    assert climbed(entry, FIGURES, now=late + 8 * DAY_MS) is entry


def test_a_clock_that_jumps_ahead_and_back_climbs_one_rung() -> None:
    entry = climbed(an_entry(), FIGURES, now=DUE + 3650 * DAY_MS)
    assert climbed(entry, FIGURES, now=DUE + 1) is entry
    assert climbed(entry, FIGURES, now=BEGIN) is entry


def test_what_is_closed_is_said_to_be_looked_at_once() -> None:
    closed = msgspec.structs.replace(
        an_entry(), step=HazardStep.CLOSE, closed=BEGIN, look_back=BEGIN + 30 * DAY_MS
    )
    assert next_time(closed, FIGURES) == BEGIN + 30 * DAY_MS
    said = climbed(closed, FIGURES, now=BEGIN + 30 * DAY_MS)
    assert said.steps[-1].kind is StepKind.LOOK_BACK_DUE
    assert next_time(said, FIGURES) == NEVER
    looked = msgspec.structs.replace(closed, looked_back=BEGIN + DAY_MS)
    assert next_time(looked, FIGURES) == NEVER


def test_after_a_clock_that_was_ahead_the_next_rung_is_days_away_and_not_years() -> None:
    ahead = climbed(an_entry(), FIGURES, now=DUE + 3650 * DAY_MS)
    entry = righted(ahead, FIGURES, now=DUE)
    assert entry.steps == ahead.steps
    assert righted(entry, FIGURES, now=DUE) is entry
    assert climbed(entry, FIGURES, now=DUE + 7 * DAY_MS) is entry
    entry = climbed(entry, FIGURES, now=DUE + 7 * DAY_MS + 1)
    assert entry.rung is StepKind.CIRCULATED


def test_what_was_closed_by_a_clock_that_was_ahead_is_looked_at_in_its_days() -> None:
    ahead = DUE + 3650 * DAY_MS
    closed = msgspec.structs.replace(
        an_entry(), step=HazardStep.CLOSE, closed=ahead, look_back=ahead + 30 * DAY_MS
    )
    entry = righted(closed, FIGURES, now=DUE)
    assert entry.look_back == DUE + 30 * DAY_MS
    # However often it is started anew before that, it stays so.
    assert righted(entry, FIGURES, now=DUE + 5 * DAY_MS) is entry


def test_a_clock_that_says_a_time_before_the_entry_rights_nothing() -> None:
    entry = climbed(an_entry(), FIGURES, now=DUE + 1)
    assert righted(entry, FIGURES, now=BEGIN - 1) is entry
    assert righted(entry, FIGURES, now=DUE + 1) is entry


@given(st.lists(st.integers(-200 * DAY_MS, 200 * DAY_MS), max_size=30))
def test_whatever_a_clock_does_the_ladder_is_climbed_rung_by_rung(jumps: list[int]) -> None:
    entry, now = an_entry(), BEGIN
    for jump in jumps:
        now += jump
        before = entry
        entry = climbed(righted(entry, FIGURES, now=now), FIGURES, now=now)
        assert len(entry.steps) - len(before.steps) in (0, 1)
    climbed_to = [step.kind for step in entry.steps if step.kind in RUNGS]
    assert climbed_to == list(RUNGS[: len(climbed_to)])
