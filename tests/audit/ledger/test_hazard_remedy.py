"""The remedy and its acceptance: by a work order or by hand, never accepted by whoever remedied."""

from __future__ import annotations

from hazard_entries import (
    BEGIN,
    FIGURES,
    FIVE,
    GWEN,
    INES,
    PAUL,
    SOFIA,
    TIM,
    TO_ACCEPT,
    TO_CLOSED,
    TO_REMEDY,
    after,
    an_entry,
    code,
    of_a_fault,
    of_fault_to,
    to_report,
)

from audit.ledger.hazard import Grade, HazardStep, OrderState, Signer, StepKind
from audit.ledger.hazard_actions import Accept, By, Monitor, SendBack, Sign
from audit.ledger.hazard_acts import order_moved
from audit.ledger.hazard_times import HOUR_MS


def test_who_remedied_does_not_accept() -> None:
    entry = after(an_entry(), TO_ACCEPT)
    assert code(entry, Accept(met=True, text="fine"), SOFIA) == "hazard_own_work"
    assert after(entry, [(Accept(met=True, text="fine"), INES)]).step is HazardStep.ACCEPT


def test_nor_does_who_mended_it_by_a_work_order_or_is_responsible() -> None:
    officer = By("tim", Signer.SAFETY_OFFICER)  # once the technician who mended it
    done = OrderState(number=4, state="closed", done_by=("tim",), verified=BEGIN + 5)
    entry = after(of_a_fault(done), of_fault_to(TO_REMEDY))
    assert entry.step is HazardStep.ACCEPT
    assert code(entry, Accept(met=True, text="fine"), officer) == "hazard_own_work"
    assert code(entry, Accept(met=True, text="x"), By("mr. wang", Signer.INSPECTOR)) == (
        "hazard_own_work"
    )


def test_a_major_one_is_accepted_by_the_bureau() -> None:
    acts = [
        *to_report(Grade.MAJOR),
        (Sign(StepKind.REPORTED), PAUL),
        (Sign(StepKind.REPORT_TAKEN), GWEN),
        (Monitor("x", "y"), SOFIA),
        (Sign(StepKind.REMEDIED), TIM),
    ]
    entry = after(an_entry(), acts)
    assert code(entry, Accept(met=True, text="fine"), SOFIA) == "hazard_role"
    assert after(entry, [(Accept(met=True, text="fine"), INES)]).step is HazardStep.ACCEPT


def test_what_is_not_accepted_goes_back_and_is_remedied_again() -> None:
    entry = after(an_entry(), [*TO_ACCEPT, (Accept(met=False, text="still blocked"), INES)])
    assert (entry.step, entry.due) == (HazardStep.REMEDY, FIVE.deadline)
    again = after(entry, [(Sign(StepKind.REMEDIED, "once more"), SOFIA)])
    assert again.step is HazardStep.ACCEPT


def test_a_leader_sends_a_result_back_and_its_signatures_are_void() -> None:
    acts = [*TO_ACCEPT, *TO_CLOSED[len(TO_ACCEPT) : len(TO_ACCEPT) + 2]]
    entry = after(an_entry(), [*acts, (SendBack("look behind the door"), GWEN)])
    assert (entry.step, entry.signed) == (HazardStep.REMEDY, ())


def test_its_work_order_is_the_remedy() -> None:
    entry = after(of_a_fault(), of_fault_to(TO_REMEDY))
    assert entry.step is HazardStep.REMEDY
    assert code(entry, Sign(StepKind.REMEDIED, "done"), SOFIA) == "hazard_order"

    done = OrderState(number=4, state="done", done_by=("tim",))
    entry = order_moved(entry, done, FIGURES, now=BEGIN + 5 * HOUR_MS)
    assert (entry.step, entry.steps[-1].kind) == (HazardStep.REMEDY, StepKind.ORDER)
    proven = OrderState(
        number=4, state="closed", done_by=("tim",), verified=BEGIN + 6, verification="v1"
    )
    entry = order_moved(entry, proven, FIGURES, now=BEGIN + 6 * HOUR_MS)
    assert entry.step is HazardStep.ACCEPT
    assert entry.remedied_by == ("tim",)
    assert entry.steps[-1].detail["verification"] == "v1"
    assert order_moved(entry, proven, FIGURES, now=BEGIN + 7 * HOUR_MS) is entry


def test_a_work_order_that_is_proven_early_skips_no_step() -> None:
    proven = OrderState(number=4, state="closed", done_by=("tim",), verified=BEGIN + 6)
    entry = order_moved(of_a_fault(), proven, FIGURES, now=BEGIN + HOUR_MS)
    assert entry.step is HazardStep.FIND
    acts = of_fault_to(TO_REMEDY)
    assert after(entry, acts).step is HazardStep.ACCEPT


def test_a_repair_that_was_not_accepted_is_not_taken_for_the_remedy_again() -> None:
    proven = OrderState(number=4, state="closed", done_by=("tim",), verified=BEGIN + 6)
    acts = of_fault_to(TO_REMEDY)
    entry = after(of_a_fault(proven), [*acts, (Accept(met=False, text="no"), INES)])
    assert entry.step is HazardStep.REMEDY
    assert after(entry, [(Sign(StepKind.REMEDIED), SOFIA)]).step is HazardStep.ACCEPT


def test_a_fault_that_is_back_before_acceptance_is_remedied_again() -> None:
    proven = OrderState(number=4, state="closed", done_by=("tim",), verified=BEGIN + 6)
    acts = of_fault_to(TO_REMEDY)
    entry = after(of_a_fault(proven), acts)
    again = OrderState(number=9, state="open")
    entry = order_moved(entry, again, FIGURES, now=BEGIN + 9 * HOUR_MS)
    assert (entry.step, entry.order) == (HazardStep.REMEDY, again)
    assert code(entry, Sign(StepKind.REMEDIED), SOFIA) == "hazard_order"


def test_whoever_is_responsible_is_known_by_the_name_that_people_write_down() -> None:
    entry = after(an_entry(), TO_ACCEPT)
    assert entry.five is not None
    responsible = By("wang.l", Signer.INSPECTOR, entry.five.responsible)
    assert code(entry, Accept(met=True, text="fine"), responsible) == "hazard_own_work"
    somebody = By("wang.m", Signer.INSPECTOR, "mr. wang the younger")
    assert after(entry, [(Accept(met=True, text="fine"), somebody)]).step is HazardStep.ACCEPT
