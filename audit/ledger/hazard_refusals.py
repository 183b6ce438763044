"""Why something cannot be done to an entry of the ledger, by that person, now. Pure."""

from __future__ import annotations

from typing import Final

from alerts.alert import Refusal
from audit.ledger.hazard import (
    MOST_REMARKS,
    MOST_STEPS,
    FiveThings,
    Grade,
    Hazard,
    HazardStep,
    Signer,
    StepKind,
)
from audit.ledger.hazard_actions import (
    PLAIN,
    Accept,
    Action,
    Assess,
    By,
    Comment,
    Extend,
    HazardActionName,
    Interim,
    LookBack,
    Monitor,
    Register,
    SendBack,
    Sign,
    kind_of,
)
from audit.ledger.hazard_times import DAY_MS, LedgerFigures

_BY_BUREAU: Final = frozenset({Signer.INSPECTOR, Signer.AUDITOR, Signer.GROUP_LEADER})
"""Who grants an extension, and looks again: never the school itself."""

_NOT_THEIR_OWN: Final = frozenset({StepKind.ACCEPTED, StepKind.RESULT_REVIEWED, StepKind.CLOSED})
"""Not by whoever remedied it."""


def refused(
    hazard: Hazard, action: Action, by: By, figures: LedgerFigures, *, now: int
) -> Refusal | None:
    """Why it cannot be done now by that person; ``None`` when it can."""
    most = MOST_REMARKS if isinstance(action, Comment | Interim) else MOST_STEPS
    if len(hazard.steps) >= most:
        return Refusal("hazard_full", f"the entry has {most} steps already")
    if isinstance(action, Comment):
        return None
    if isinstance(action, LookBack):
        return _no_look_back(hazard, by)
    if hazard.closed is not None:
        return Refusal("hazard_over", "the entry is closed; look at it again instead")
    match action:
        case Interim(text=text):
            return None if text.strip() else Refusal("hazard_interim", "it says nothing")
        case Extend(due=due):
            return _no_extension(hazard, due, by, figures, now)
        case SendBack():
            return _no_sending_back(hazard, by)
        case _:
            return _no_signature(hazard, action, by, figures, now)


def allowed(hazard: Hazard, by: By, figures: LedgerFigures, *, now: int) -> list[HazardActionName]:
    """What that person could do now; what they fill in is checked when they send it."""
    awaited = hazard.awaited
    deadline = min(hazard.notice_due or now + 1, now + 1)
    five = FiveThings(
        responsible="?", measure="?", money=0, deadline=max(deadline, now + 1), contingency="?"
    )
    tries: dict[HazardActionName, Action] = {
        HazardActionName.REGISTER: Register(hazard.grade),
        HazardActionName.ASSESS: Assess(hazard.grade, five),
        HazardActionName.MONITOR: Monitor("?", "?"),
        HazardActionName.ACCEPT: Accept(met=True, text="?"),
        HazardActionName.SEND_BACK: SendBack("?"),
        HazardActionName.INTERIM: Interim("?"),
        HazardActionName.EXTEND: Extend(max(hazard.due, now) + 1, "?"),
        HazardActionName.COMMENT: Comment("?"),
        HazardActionName.LOOK_BACK: LookBack(held=True, text="?"),
    }
    if awaited is not None and awaited.kind in PLAIN:
        tries = {HazardActionName.SIGN: Sign(awaited.kind), **tries}
    late_notice = hazard.notice_due is not None and hazard.notice_due <= now
    names = []
    for name, action in tries.items():
        refusal = refused(hazard, action, by, figures, now=now)
        # The form says that the notice's deadline has to be extended first.
        if refusal is None or (late_notice and refusal.code == "hazard_notice_due"):
            names.append(name)
    return names


def _no_signature(
    hazard: Hazard, action: Action, by: By, figures: LedgerFigures, now: int
) -> Refusal | None:
    awaited = hazard.awaited
    kind = kind_of(action)
    # Not to accept is an answer to the same question.
    asked = StepKind.ACCEPTED if kind is StepKind.NOT_ACCEPTED else kind
    if awaited is None or awaited.kind is not asked:
        wanted_now = "nothing" if awaited is None else awaited.kind.value
        return Refusal("hazard_step", f"it stands at {hazard.step}: {wanted_now} comes next")
    if isinstance(action, Sign) and kind not in PLAIN:
        return Refusal("hazard_step", f"{kind} needs more than a signature")
    major_acceptance = asked is StepKind.ACCEPTED and hazard.grade is Grade.MAJOR
    if by.role not in awaited.by or (major_acceptance and by.role not in _BY_BUREAU):
        return Refusal("hazard_role", f"{asked} is not for the role {by.role.value or 'gateway'}")
    # Who found it may be the principal who signs for it: finding controls nothing.
    signed = (name for kind, name in hazard.signed if kind is not StepKind.FOUND)
    if by.name and by.name in signed:
        return Refusal("hazard_same_person", f"{by.name} has signed this step already")
    if asked in _NOT_THEIR_OWN and _remedied(hazard) & {by.name, by.shown}:
        return Refusal("hazard_own_work", f"{by.name} remedied it: somebody else accepts")
    return _unfit(hazard, action, by, figures, now)


def _unfit(
    hazard: Hazard, action: Action, by: By, figures: LedgerFigures, now: int
) -> Refusal | None:
    """Why what is said with a signature is not enough."""
    match action:
        case Register(grade=Grade.GENERAL) | Assess(grade=Grade.GENERAL) if (
            hazard.grade is Grade.MAJOR and by.role is not Signer.GROUP_LEADER
        ):
            return Refusal("hazard_grade", "only the group's leader makes a major one general")
        case Assess(five=five):
            return _not_five(hazard, five, figures, now)
        case Monitor(interim=interim) if hazard.needs_interim and not (
            interim.strip() or hazard.interim.strip()
        ):
            return Refusal(
                "hazard_interim", "what is not remedied at once needs an interim measure"
            )
        case Sign(kind=StepKind.REMEDIED) if _order_stands(hazard):
            number = 0 if hazard.order is None else hazard.order.number
            return Refusal("hazard_order", f"work order {number} is its remedy, and is not closed")
        case _:
            return None


def _remedied(hazard: Hazard) -> frozenset[str]:
    """Who remedied it: by user name, or as people write down who is responsible."""
    responsible = () if hazard.five is None else (hazard.five.responsible,)
    return frozenset((*hazard.remedied_by, *responsible))


def _order_stands(hazard: Hazard) -> bool:
    order = hazard.order
    return order is not None and order.state not in ("closed", "cancelled")


def _not_five(hazard: Hazard, five: FiveThings, figures: LedgerFigures, now: int) -> Refusal | None:
    said = (five.responsible, five.measure, five.contingency)
    if not all(text.strip() for text in said) or five.money < 0:
        return Refusal(
            "hazard_five",
            "five things are named: the person responsible, the measure, the money, the deadline,"
            " the contingency plan",
        )
    if not now < five.deadline <= now + figures.extend_days * DAY_MS:
        return Refusal(
            "hazard_due", f"the deadline must be in the future, at most {figures.extend_days} days"
        )
    if hazard.notice_due is not None and five.deadline > hazard.notice_due:
        return Refusal("hazard_notice_due", "the deadline is later than that of the notice")
    return None


def _no_extension(
    hazard: Hazard, due: int, by: By, figures: LedgerFigures, now: int
) -> Refusal | None:
    if by.role not in _BY_BUREAU:
        return Refusal("hazard_role", "an extension is the bureau's to grant")
    if hazard.grade is Grade.MAJOR and by.role is not Signer.GROUP_LEADER:
        return Refusal("hazard_role", "of a major hazard only the group's leader extends it")
    if not max(now, hazard.due) < due <= max(now, hazard.due) + figures.extend_days * DAY_MS:
        return Refusal(
            "hazard_due",
            f"later than now and than it is, by at most {figures.extend_days} days",
        )
    return None


def _no_sending_back(hazard: Hazard, by: By) -> Refusal | None:
    awaited = hazard.awaited
    at = hazard.step
    if at in (HazardStep.REGISTER, HazardStep.REMEDY):
        return Refusal("hazard_step", f"at {at} there is nothing to send back")
    needed = {HazardStep.FIND: 2, HazardStep.ASSESS: 1, HazardStep.ACCEPT: 1}.get(at, 0)
    if len(hazard.signed) < needed:
        return Refusal("hazard_step", "nobody has signed this step yet")
    if awaited is None or by.role not in awaited.by:
        return Refusal("hazard_role", "only who is to sign next may send it back")
    return None


def _no_look_back(hazard: Hazard, by: By) -> Refusal | None:
    if hazard.closed is None:
        return Refusal("hazard_stands", "it is not closed yet")
    if hazard.looked_back is not None or hazard.continued is not None:
        return Refusal("hazard_looked_back", "it has been looked at again already")
    if by.role not in _BY_BUREAU:
        return Refusal("hazard_role", "looking again is the bureau's")
    return None
