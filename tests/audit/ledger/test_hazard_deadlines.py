"""Deadlines of an entry: interim measures, extensions, notices, looking back."""

from __future__ import annotations

import msgspec
from hazard_entries import (
    BEGIN,
    FIGURES,
    FIVE,
    INES,
    PAUL,
    SOFIA,
    TO_ACCEPT,
    TO_CLOSED,
    TO_REMEDY,
    after,
    an_entry,
    code,
    to_report,
)

from audit.ledger.hazard import Grade, Hazard, HazardStep, StepKind
from audit.ledger.hazard_actions import Assess, Extend, Interim, LookBack, Monitor, Sign
from audit.ledger.hazard_acts import act, continued, noticed
from audit.ledger.hazard_times import DAY_MS, HOUR_MS, climbed


def test_what_cannot_be_remedied_at_once_carries_an_interim_measure() -> None:
    entry = after(an_entry(), [*to_report(), (Sign(StepKind.REPORTED), SOFIA)])
    assert entry.needs_interim
    assert code(entry, Monitor("somebody looks"), SOFIA) == "hazard_interim"
    watched = after(entry, [(Interim("a rope"), SOFIA), (Monitor("somebody looks"), SOFIA)])
    assert (watched.step, watched.interim) == (HazardStep.REMEDY, "a rope")


def test_what_is_remedied_within_a_day_needs_no_interim_measure() -> None:
    at_once = msgspec.structs.replace(FIVE, deadline=BEGIN + 20 * HOUR_MS)
    acts = [*to_report()[:3], (Assess(Grade.GENERAL, at_once), SOFIA), to_report()[4]]
    entry = after(an_entry(), [*acts, (Sign(StepKind.REPORTED), PAUL)])
    assert not entry.needs_interim
    assert after(entry, [(Monitor("somebody looks"), SOFIA)]).step is HazardStep.REMEDY


def test_an_extension_is_the_bureaus_with_a_reason_and_begins_the_ladder_anew() -> None:
    entry = after(an_entry(), TO_REMEDY)
    late = climbed(entry, FIGURES, now=FIVE.deadline + DAY_MS)
    assert late.rung is StepKind.SUPERVISED
    wished = FIVE.deadline + 5 * DAY_MS
    now = FIVE.deadline + 2 * DAY_MS
    assert code(late, Extend(wished, "rain"), SOFIA, now=now) == "hazard_role"
    assert code(late, Extend(now - 1, "rain"), INES, now=now) == "hazard_due"
    assert code(late, Extend(now + 91 * DAY_MS, "rain"), INES, now=now) == "hazard_due"
    longer = act(late, Extend(wished, "rain"), INES, FIGURES, now=now)
    assert isinstance(longer, Hazard)
    assert (longer.due, longer.remedy_due, longer.rung) == (wished, wished, None)
    assert longer.steps[-1].detail == {"due": wished, "was": FIVE.deadline}


def test_a_notice_bounds_the_deadline() -> None:
    entry = noticed(an_entry(), 3, BEGIN + 5 * DAY_MS, INES, now=BEGIN)
    entry = after(entry, to_report()[:3])
    assert code(entry, Assess(Grade.GENERAL, FIVE), SOFIA) == "hazard_notice_due"
    sooner = msgspec.structs.replace(FIVE, deadline=BEGIN + 4 * DAY_MS)
    assert after(entry, [(Assess(Grade.GENERAL, sooner), SOFIA)]).five == sooner


def test_a_notice_issued_later_brings_the_deadline_forward() -> None:
    entry = noticed(after(an_entry(), TO_REMEDY), 3, BEGIN + 5 * DAY_MS, INES, now=BEGIN + DAY_MS)
    assert (entry.due, entry.remedy_due) == (BEGIN + 5 * DAY_MS, BEGIN + 5 * DAY_MS)


def test_looking_back_is_once_and_by_the_bureau() -> None:
    closed = after(an_entry(), TO_CLOSED)
    assert code(after(an_entry(), TO_ACCEPT), LookBack(held=True, text="x"), INES) == (
        "hazard_stands"
    )
    assert code(closed, LookBack(held=True, text="x"), SOFIA) == "hazard_role"
    held = after(closed, [(LookBack(held=True, text="clear"), INES)])
    assert held.looked_back is not None
    assert code(held, LookBack(held=False, text="no"), INES) == "hazard_looked_back"
    assert code(closed, Sign(StepKind.CLOSED), INES) == "hazard_over"
    failed = continued(closed, 12, now=BEGIN, say=True)
    assert (failed.continued, failed.steps[-1].detail["entry"]) == (12, 12)
