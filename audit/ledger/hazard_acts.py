"""What people, and the gateway itself, do to an entry of the ledger.

Pure: functions take who acts, ``now`` (ms) and the figures, and give the entry as it stands
afterwards, or why not. Every path goes through the eight steps and all their signatures.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.alert import Refusal
from audit.ledger.hazard import (
    MOST_BY_ITSELF,
    MOST_REMARKS,
    STEPS,
    Hazard,
    HazardStep,
    OrderState,
    Origin,
    SignedStep,
    Signer,
    StepKind,
)
from audit.ledger.hazard_actions import (
    Accept,
    Action,
    Assess,
    By,
    Comment,
    Extend,
    Interim,
    LookBack,
    Monitor,
    Register,
    SendBack,
    Sign,
    kind_of,
)
from audit.ledger.hazard_refusals import refused
from audit.ledger.hazard_times import DAY_MS, HOUR_MS, LedgerFigures

GATEWAY: Final = By("", Signer.GATEWAY)


def found(
    hazard: Hazard, by: By, *, now: int, photos: tuple[str, ...] = (), key: str = ""
) -> Hazard:
    """A new entry, the first of the eight steps signed by who found it."""
    step = SignedStep(
        at=now,
        actor=by.name,
        role=by.role,
        kind=StepKind.FOUND,
        at_step=HazardStep.FIND,
        text=hazard.text,
        photos=photos,
        key=key,
        detail={"due": hazard.due, "grade": hazard.grade.value},
    )
    return msgspec.structs.replace(
        hazard,
        step=HazardStep.FIND,
        found_by=by.name,
        signed=((StepKind.FOUND, by.name),),
        steps=(step,),
    )


def act(
    hazard: Hazard,
    action: Action,
    by: By,
    figures: LedgerFigures,
    *,
    now: int,
    key: str = "",
) -> Hazard | Refusal:
    """Do what a person asks. The same entry comes back when it has that step already: a step with
    the ``key`` of an earlier one is a message sent twice."""
    if key and any((step.actor, step.key) == (by.name, key) for step in hazard.steps):
        return hazard
    refusal = refused(hazard, action, by, figures, now=now)
    if refusal is not None:
        return refusal
    step = msgspec.structs.replace(_step(hazard, action, by, now), key=key)
    match action:
        case SendBack():
            return _with(hazard, step, **_back(hazard))
        case Accept(met=False):
            return _with(hazard, step, **_to_remedy(hazard))
        case Interim(text=text):
            return _with(hazard, step, interim=text)
        case Extend(due=due):
            return _with(hazard, step, **_extended(hazard, due))
        case Comment():
            return _with(hazard, step)
        case LookBack():
            return _with(hazard, step, looked_back=now)
        case _:
            pass
    signed = _with(hazard, step, signed=(*hazard.signed, (step.kind, by.name)))
    return _on(_named(signed, action, by, figures, now), figures, now)


# What the gateway does by itself


def order_moved(hazard: Hazard, order: OrderState, figures: LedgerFigures, *, now: int) -> Hazard:
    """Its work order stands otherwise. Proven, it is the remedy: signed when that step is reached,
    and not before. The same entry comes back when nothing has changed."""
    if not hazard.standing or order == hazard.order:
        return hazard
    detail: dict[str, str | int | None] = {"order": order.number, "state": order.state}
    if order.verification:
        detail["verification"] = order.verification
    was = hazard.order
    if was is not None and was.number == order.number and was.state == order.state:
        return msgspec.structs.replace(hazard, order=order, version=hazard.version + 1)
    if len(hazard.steps) >= MOST_BY_ITSELF and order.verified is None:
        return hazard
    step = _plain(hazard, StepKind.ORDER, GATEWAY, now)
    step = msgspec.structs.replace(step, detail=detail)
    after = _with(hazard, step, order=order, order_spent=False)
    another = was is None or was.number != order.number
    if after.step in (HazardStep.ACCEPT, HazardStep.CLOSE) and (another or order.verified is None):
        # The fault is back before it was struck off: there is something to remedy again.
        after = msgspec.structs.replace(after, **{**_to_remedy(after), "order_spent": False})
    return fed(after, figures, now=now)


def fed(hazard: Hazard, figures: LedgerFigures, *, now: int) -> Hazard:
    """What the gateway signs itself, when that is awaited: what it measured it takes into the
    ledger, and the proof of the work order is the remedy."""
    awaited = hazard.awaited
    if awaited is None:
        return hazard
    if awaited.kind is StepKind.REGISTERED and hazard.origin in _MEASURED:
        step = _plain(hazard, StepKind.REGISTERED, GATEWAY, now, grade=hazard.grade.value)
        after = _with(hazard, step, signed=(*hazard.signed, (step.kind, "")))
        return _on(after, figures, now)
    order = hazard.order
    if awaited.kind is not StepKind.REMEDIED or order is None:
        return hazard
    if order.verified is None or hazard.order_spent:
        return hazard
    step = _plain(hazard, StepKind.REMEDIED, GATEWAY, now, order=order.number)
    step.detail["verification"] = order.verification
    after = _with(
        hazard,
        step,
        signed=(*hazard.signed, (step.kind, "")),
        remedied_by=_names(hazard.remedied_by, order.done_by),
    )
    return _on(after, figures, now)


def noticed(
    hazard: Hazard, notice: int, due: int, by: By, *, now: int, photos: tuple[str, ...] = ()
) -> Hazard:
    """A notice was issued for it: the deadline of the remedy is the notice's at the latest."""
    step = msgspec.structs.replace(
        _plain(hazard, StepKind.NOTICED, by, now, notice=notice, due=due), photos=photos
    )
    changes: dict[str, object] = {"notices": (*hazard.notices, notice)}
    due = due if hazard.notice_due is None else min(due, hazard.notice_due)
    changes["notice_due"] = due
    if hazard.remedy_due is not None and hazard.remedy_due > due:
        changes["remedy_due"] = due
        if hazard.step in _DURING_REMEDY:
            changes |= {"due": due, "rung": None, "rung_at": None}
    return _with(hazard, step, **changes)


def replied(hazard: Hazard, notice: int, text: str, by: By, *, now: int) -> Hazard:
    """The school answered the notice. The notice has it in any case, the entry where there is room
    beside its signatures."""
    if len(hazard.steps) >= MOST_REMARKS:
        return hazard
    step = msgspec.structs.replace(
        _plain(hazard, StepKind.REPLIED, by, now, notice=notice), text=text
    )
    return _with(hazard, step)


def continued(hazard: Hazard, entry: int, *, now: int, say: bool) -> Hazard:
    """What was closed goes on in another entry; ``say``: the gateway found out itself."""
    if not say:
        return msgspec.structs.replace(hazard, continued=entry, version=hazard.version + 1)
    step = _plain(hazard, StepKind.LOOK_BACK_FAILED, GATEWAY, now, entry=entry)
    return _with(hazard, step, continued=entry, looked_back=now)


_MEASURED: Final = (Origin.FAULT, Origin.ITEM)
_DURING_REMEDY: Final = (HazardStep.REPORT, HazardStep.MONITOR, HazardStep.REMEDY)
_BEFORE: Final = (HazardStep.FIND, HazardStep.REGISTER, HazardStep.ASSESS)


def _on(hazard: Hazard, figures: LedgerFigures, now: int) -> Hazard:
    """To the next step, when this one has all its signatures."""
    if hazard.awaited is not None:
        return hazard
    if hazard.step is HazardStep.CLOSE:
        return msgspec.structs.replace(
            hazard, closed=now, look_back=now + figures.look_back_days * DAY_MS
        )
    at = STEPS.index(hazard.step)
    changes: dict[str, object] = {"step": STEPS[at + 1], "signed": ()}
    if hazard.step is HazardStep.ASSESS and hazard.five is not None:
        changes |= {"due": hazard.five.deadline, "remedy_due": hazard.five.deadline}
    if hazard.step is HazardStep.REMEDY:
        changes["due"] = now + figures.accept_days * DAY_MS
        changes["remedy_rung"] = (hazard.rung, hazard.rung_at)
    if "due" in changes:
        changes |= {"rung": None, "rung_at": None}
    return fed(msgspec.structs.replace(hazard, **changes), figures, now=now)


def _named(hazard: Hazard, action: Action, by: By, figures: LedgerFigures, now: int) -> Hazard:
    """With what the signed action says."""
    match action:
        case Register(grade=grade, place=place):
            return msgspec.structs.replace(hazard, grade=grade, place=place or hazard.place)
        case Assess(grade=grade, five=five, interim=interim):
            return msgspec.structs.replace(
                hazard,
                grade=grade,
                five=five,
                interim=interim or hazard.interim,
                needs_interim=five.deadline - now > figures.at_once_hours * HOUR_MS,
            )
        case Monitor(interim=interim):
            return msgspec.structs.replace(hazard, interim=interim or hazard.interim)
        case Sign(kind=StepKind.REMEDIED):
            done_by = () if hazard.order is None else hazard.order.done_by
            names = _names(hazard.remedied_by, (by.name, *done_by))
            return msgspec.structs.replace(hazard, remedied_by=names)
        case _:
            return hazard


def _back(hazard: Hazard) -> dict[str, object]:
    """To the beginning of the step; a result that is not signed goes back to the remedy."""
    if hazard.step in (HazardStep.ACCEPT, HazardStep.CLOSE):
        return _to_remedy(hazard)
    if hazard.step is HazardStep.FIND:
        return {"signed": hazard.signed[:1]}
    if hazard.step in (HazardStep.REPORT, HazardStep.MONITOR):
        return {"step": HazardStep.ASSESS, "signed": ()}
    return {"signed": ()}


def _to_remedy(hazard: Hazard) -> dict[str, object]:
    return {
        "step": HazardStep.REMEDY,
        "signed": (),
        "due": hazard.remedy_due if hazard.remedy_due is not None else hazard.due,
        "order_spent": True,
        # On the ladder it is where it was: a remedy that does not hold is no way down.
        "rung": hazard.remedy_rung[0],
        "rung_at": hazard.remedy_rung[1],
    }


def _extended(hazard: Hazard, due: int) -> dict[str, object]:
    changes: dict[str, object] = {"due": due, "rung": None, "rung_at": None}
    if hazard.step in _DURING_REMEDY:
        changes["remedy_due"] = due
        if hazard.notice_due is not None:
            changes["notice_due"] = max(due, hazard.notice_due)
    elif hazard.step in _BEFORE and hazard.notice_due is not None:
        changes["notice_due"] = max(due, hazard.notice_due)
    return changes


def _step(hazard: Hazard, action: Action, by: By, now: int) -> SignedStep:
    text = ""
    photos: tuple[str, ...] = ()
    detail: dict[str, str | int | None] = {}
    match action:
        case Sign(text=text, photos=photos) | Comment(text=text, photos=photos):
            pass
        case Register(grade=grade, text=text, place=place):
            detail = {"grade": grade.value, "place": place or hazard.place}
        case Assess(grade=grade, five=five, interim=interim, text=text):
            detail = {"grade": grade.value, "interim": interim, **msgspec.structs.asdict(five)}
        case Monitor(text=text, interim=interim):
            detail = {"interim": interim}
        case Accept(text=text, photos=photos) | LookBack(text=text, photos=photos):
            pass
        case SendBack(reason=text) | Interim(text=text):
            pass
        case Extend(due=due, reason=text):
            detail = {"due": due, "was": hazard.due}
    return SignedStep(
        at=now,
        actor=by.name,
        role=by.role,
        kind=kind_of(action),
        at_step=hazard.step,
        text=text,
        photos=photos,
        detail=detail,
    )


def _plain(
    hazard: Hazard, kind: StepKind, by: By, now: int, **detail: str | int | None
) -> SignedStep:
    return SignedStep(
        at=now, actor=by.name, role=by.role, kind=kind, at_step=hazard.step, detail=detail
    )


def _with(hazard: Hazard, step: SignedStep, /, **changes: object) -> Hazard:
    return msgspec.structs.replace(
        hazard, steps=(*hazard.steps, step), version=hazard.version + 1, **changes
    )


def _names(before: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in (*before, *more) if name))
