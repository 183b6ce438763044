"""What people do by the response plan: steps ticked off, those above told.

Both may be done for an alert that is closed no longer than its report is due: the fire is out, and
the written report still has to be sent. They change neither its state nor who must act.
"""

from __future__ import annotations

from typing import Final

from alerts.alert import Alert, Folded, Refusal, Tell, Tick, TransitionKind
from alerts.course import Course

FORMS: Final = frozenset({"telephone", "written"})
"""How those above are told (30 minutes and one hour after the occurrence, by the notices)."""

STEP_LENGTH: Final = 64


def follow_plan(
    alert: Alert, action: Tick | Tell, *, actor: str, now: int, longest: int
) -> Folded | Refusal:
    """Write it down; what is ticked already stays so without a transition."""
    course = Course(alert)
    if isinstance(action, Tick):
        if not action.step or len(action.step) > STEP_LENGTH:
            return Refusal("no_such_step", f"{action.step[:STEP_LENGTH]!r} is no step of a plan")
        if (action.step in alert.ticked) is action.done:
            return Folded(alert)
        course.add(
            TransitionKind.STEPPED,
            happened=now,
            known=now,
            actor=actor,
            detail={"step": action.step, "done": action.done},
        )
        return course.folded()
    if action.form not in FORMS:
        return Refusal("no_such_form", f"{action.form!r} is neither telephone nor written")
    if not action.to.strip():
        return Refusal("text_required", "say who was told")
    if len(action.to) + len(action.text) > longest:
        return Refusal("text_too_long", f"more than {longest} characters")
    course.add(
        TransitionKind.REPORTED,
        happened=now,
        known=now,
        actor=actor,
        detail={"form": action.form, "to": action.to, "text": action.text},
    )
    return course.folded()
