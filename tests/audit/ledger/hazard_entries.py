"""People, entries and the usual way through the eight steps, for the tests of the ledger."""

from __future__ import annotations

import msgspec

from alerts.alert import Refusal
from audit.ledger.hazard import FiveThings, Grade, Hazard, OrderState, Origin, Signer, StepKind
from audit.ledger.hazard_actions import Accept, Action, Assess, By, Monitor, Register, Sign, kind_of
from audit.ledger.hazard_acts import GATEWAY, act, found
from audit.ledger.hazard_times import DAY_MS, HOUR_MS, LedgerFigures

BEGIN = 1_795_161_600_000
FIGURES = LedgerFigures()

SOFIA = By("sofia", Signer.SAFETY_OFFICER)
PAUL = By("paul", Signer.PRINCIPAL)
INES = By("ines", Signer.INSPECTOR)
ANNA = By("anna", Signer.AUDITOR)
GWEN = By("gwen", Signer.GROUP_LEADER)
TIM = By("tim", Signer.TECHNICIAN)
ADA = By("ada", Signer.ADMINISTRATOR)
PEOPLE = (SOFIA, PAUL, INES, ANNA, GWEN, TIM, ADA)

FIVE = FiveThings(
    responsible="mr. wang",
    measure="clear the stairs",
    money=0,
    deadline=BEGIN + 10 * DAY_MS,
    contingency="use the other stairs",
)


def an_entry(**changes: object) -> Hazard:
    entry = Hazard(
        number=7,
        school="no3",
        origin=Origin.INSPECTION,
        opened=BEGIN,
        due=BEGIN + 72 * HOUR_MS,
        text="the stairs are blocked",
    )
    return found(msgspec.structs.replace(entry, **changes), INES, now=BEGIN)


def of_a_fault(order: OrderState | None = None) -> Hazard:
    order = order or OrderState(number=4, state="assigned", done_by=("tim",))
    entry = Hazard(
        number=8,
        school="no3",
        origin=Origin.FAULT,
        opened=BEGIN,
        due=BEGIN + 72 * HOUR_MS,
        device_id="lab-2",
        condition="silent",
        order=order,
    )
    return found(entry, GATEWAY, now=BEGIN)


def to_report(grade: Grade = Grade.GENERAL) -> list[tuple[Action, By]]:
    return [
        (Sign(StepKind.FINDING_SIGNED), PAUL),
        (Sign(StepKind.FINDING_REVIEWED), GWEN),
        (Register(grade), SOFIA),
        (Assess(grade, FIVE), SOFIA),
        (Sign(StepKind.ASSESSMENT_SIGNED), PAUL),
    ]


TO_REMEDY: list[tuple[Action, By]] = [
    *to_report(),
    (Sign(StepKind.REPORTED), PAUL),
    (Monitor("a guard stands there", "a sign on the door"), SOFIA),
]
TO_ACCEPT: list[tuple[Action, By]] = [*TO_REMEDY, (Sign(StepKind.REMEDIED, "cleared"), SOFIA)]
TO_CLOSED: list[tuple[Action, By]] = [
    *TO_ACCEPT,
    (Accept(met=True, text="seen"), INES),
    (Sign(StepKind.RESULT_SIGNED), PAUL),
    (Sign(StepKind.RESULT_REVIEWED), GWEN),
    (Sign(StepKind.CLOSED), INES),
]


def after(entry: Hazard, acts: list[tuple[Action, By]], *, now: int = BEGIN + HOUR_MS) -> Hazard:
    for number, (action, by) in enumerate(acts, 1):
        result = act(entry, action, by, FIGURES, now=now + number)
        assert isinstance(result, Hazard), (action, result)
        entry = result
    return entry


def code(entry: Hazard, action: Action, by: By, *, now: int = BEGIN + 2 * HOUR_MS) -> str:
    result = act(entry, action, by, FIGURES, now=now)
    assert isinstance(result, Refusal), result
    return result.code


def of_fault_to(acts: list[tuple[Action, By]]) -> list[tuple[Action, By]]:
    """The same way for what the gateway measured: it registers that itself."""
    return [each for each in acts if kind_of(each[0]) != "registered"]
