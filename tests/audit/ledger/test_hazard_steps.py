"""The eight steps of a hazard: whose signatures, in which order, none of them left out."""

from __future__ import annotations

import msgspec
import pytest
from hazard_entries import (
    ADA,
    BEGIN,
    FIGURES,
    FIVE,
    GWEN,
    INES,
    PAUL,
    PEOPLE,
    SOFIA,
    TO_CLOSED,
    after,
    an_entry,
    code,
    of_a_fault,
    to_report,
)

from alerts.alert import Refusal
from audit.ledger.hazard import (
    MOST_REMARKS,
    MOST_STEPS,
    SIGNATURES,
    STEPS,
    Grade,
    Hazard,
    HazardStep,
    StepKind,
    wanted,
)
from audit.ledger.hazard_actions import (
    PLAIN,
    Assess,
    Comment,
    HazardActionName,
    Interim,
    Monitor,
    Register,
    SendBack,
    Sign,
    kind_of,
)
from audit.ledger.hazard_acts import act, found, noticed, replied
from audit.ledger.hazard_refusals import allowed
from audit.ledger.hazard_times import DAY_MS


def test_a_finding_goes_through_eight_steps_and_is_struck_off() -> None:
    entry = after(an_entry(), TO_CLOSED)

    assert entry.closed is not None
    assert [step.kind for step in entry.steps] == [
        StepKind.FOUND,
        *(kind_of(action) for action, _ in TO_CLOSED),
    ]
    assert [step.at_step for step in entry.steps[1:]] == [
        step for step in STEPS for _ in range(len(wanted(step, Grade.GENERAL)) - (step == "find"))
    ]
    assert entry.look_back == entry.closed + 30 * DAY_MS
    assert entry.remedied_by == ("sofia",)


def test_five_things_are_named_before_the_assessment_is_left() -> None:
    entry = after(an_entry(), to_report()[:3])
    for nothing in (
        {"responsible": " "},
        {"measure": ""},
        {"contingency": ""},
        {"money": -1},
    ):
        five = msgspec.structs.replace(FIVE, **nothing)
        assert code(entry, Assess(Grade.GENERAL, five), SOFIA) == "hazard_five"
    past = msgspec.structs.replace(FIVE, deadline=BEGIN)
    assert code(entry, Assess(Grade.GENERAL, past), SOFIA) == "hazard_due"
    assert code(entry, Sign(StepKind.ASSESSED), SOFIA) == "hazard_step"  # a bare signature

    named = after(entry, [(Assess(Grade.GENERAL, FIVE), SOFIA)])
    assert (named.step, named.five) == (HazardStep.ASSESS, FIVE)  # the principal has not signed
    left = after(named, [(Sign(StepKind.ASSESSMENT_SIGNED), PAUL)])
    assert (left.step, left.due) == (HazardStep.REPORT, FIVE.deadline)


def test_a_major_one_is_reported_to_the_leader_too() -> None:
    entry = after(an_entry(), to_report(Grade.MAJOR))
    reported = after(entry, [(Sign(StepKind.REPORTED), PAUL)])
    assert reported.step is HazardStep.REPORT
    assert code(reported, Monitor("x"), SOFIA) == "hazard_step"
    assert after(reported, [(Sign(StepKind.REPORT_TAKEN), GWEN)]).step is HazardStep.MONITOR


def test_only_the_leader_makes_a_major_one_general() -> None:
    entry = after(an_entry(grade=Grade.MAJOR), to_report()[:2])
    assert code(entry, Register(Grade.GENERAL), SOFIA) == "hazard_grade"
    assert code(entry, Register(Grade.GENERAL), INES) == "hazard_grade"
    assert after(entry, [(Register(Grade.GENERAL), GWEN)]).grade is Grade.GENERAL


def test_a_leader_sends_a_finding_back_to_the_principal() -> None:
    entry = after(an_entry(), to_report()[:1])
    back = after(entry, [(SendBack("which stairs?"), GWEN)])
    assert back.awaited is not None
    assert (back.step, back.awaited.kind) == (HazardStep.FIND, StepKind.FINDING_SIGNED)
    assert code(an_entry(), SendBack("no"), PAUL) == "hazard_step"


def test_a_principal_who_found_it_may_sign_for_it() -> None:
    entry = found(msgspec.structs.replace(an_entry(), steps=(), signed=()), PAUL, now=BEGIN)
    signed = after(entry, [(Sign(StepKind.FINDING_SIGNED), PAUL)])
    assert signed.awaited is not None
    assert signed.awaited.kind is StepKind.FINDING_REVIEWED


def test_the_gateway_registers_what_it_measured_itself_and_nothing_else() -> None:
    signed = to_report()[:2]
    assert after(of_a_fault(), signed).step is HazardStep.ASSESS
    assert after(an_entry(), signed).step is HazardStep.REGISTER


def test_sent_twice_is_done_once() -> None:
    entry = act(an_entry(), Comment("seen"), SOFIA, FIGURES, now=BEGIN + 1, key="k")
    assert isinstance(entry, Hazard)
    assert act(entry, Comment("seen"), SOFIA, FIGURES, now=BEGIN + 9, key="k") is entry
    signed = act(entry, Sign(StepKind.FINDING_SIGNED), PAUL, FIGURES, now=BEGIN + 10, key="p")
    assert isinstance(signed, Hazard)
    again = act(signed, Sign(StepKind.FINDING_SIGNED), PAUL, FIGURES, now=BEGIN + 11, key="p")
    assert again is signed


def test_an_administrator_signs_for_nobody() -> None:
    entry = after(an_entry(), TO_CLOSED[:0])
    for number in range(len(TO_CLOSED)):
        entry = after(an_entry(), TO_CLOSED[:number])
        assert set(allowed(entry, ADA, FIGURES, now=BEGIN + DAY_MS)) <= {
            HazardActionName.COMMENT,
            HazardActionName.INTERIM,
        }


def test_it_says_what_each_person_may_do_next() -> None:
    entry = an_entry()
    assert HazardActionName.SIGN in allowed(entry, PAUL, FIGURES, now=BEGIN + 1)
    assert HazardActionName.SIGN not in allowed(entry, SOFIA, FIGURES, now=BEGIN + 1)
    entry = after(entry, to_report()[:2])
    assert HazardActionName.REGISTER in allowed(entry, SOFIA, FIGURES, now=BEGIN + 1)
    entry = after(an_entry(), TO_CLOSED)
    assert allowed(entry, INES, FIGURES, now=BEGIN + DAY_MS) == [
        HazardActionName.COMMENT,
        HazardActionName.LOOK_BACK,
    ]


def test_every_step_has_its_signatures_and_somebody_to_give_them() -> None:
    assert tuple(SIGNATURES) == STEPS
    for step in STEPS:
        assert wanted(step, Grade.GENERAL)
        for each in SIGNATURES[step]:
            assert each.by & {person.role for person in PEOPLE}, each


@pytest.mark.parametrize("kind", sorted(set(StepKind) - PLAIN))
def test_what_needs_more_than_a_hand_is_no_bare_signature(kind: StepKind) -> None:
    for number in range(len(TO_CLOSED)):
        entry = after(an_entry(), TO_CLOSED[:number])
        for person in PEOPLE:
            assert isinstance(act(entry, Sign(kind), person, FIGURES, now=BEGIN + DAY_MS), Refusal)


def test_endless_remarks_keep_nobody_from_signing() -> None:
    entry = an_entry()
    while len(entry.steps) < MOST_REMARKS:
        entry = after(entry, [(Comment("again"), SOFIA)])
    assert code(entry, Comment("again"), SOFIA) == "hazard_full"
    assert code(entry, Interim("a rope"), SOFIA) == "hazard_full"
    assert replied(entry, 3, "done", PAUL, now=BEGIN) is entry  # the notice has it
    assert after(entry, TO_CLOSED).closed is not None


def test_an_entry_that_is_full_takes_no_step_more() -> None:
    entry = an_entry()
    while len(entry.steps) < MOST_STEPS:
        entry = noticed(entry, len(entry.steps), BEGIN + DAY_MS, INES, now=BEGIN)
    assert code(entry, Sign(StepKind.FINDING_SIGNED), PAUL) == "hazard_full"
    assert allowed(entry, PAUL, FIGURES, now=BEGIN + 1) == []
