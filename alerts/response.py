"""What people do by the response plan: steps ticked off, those above told.

Both may still be done for a while after the alert is closed: the fire is out, and the written
report has to be sent. They change neither its state nor who must act.
"""

from __future__ import annotations

from typing import Final

from alerts.alert import Alert, Folded, Refusal, Tell, Tick, TransitionKind
from alerts.course import Course, Detail

FORMS: Final = ("telephone", "written")
"""How those above are told (30 minutes and one hour after the occurrence, by the notices)."""

STEP_LENGTH: Final = 64

AFTERWARDS_MS: Final = 7 * 86_400_000
"""How long a closed alert takes ticks and reports: a late sign-off says that it is late, but years
later nobody remembers what they sign."""


def follow_plan(
    alert: Alert, action: Tick | Tell, *, actor: str, now: int, longest: int
) -> Folded | Refusal:
    """Write it down; what is ticked already stays so without a transition."""
    if alert.closed is not None and now - alert.closed > AFTERWARDS_MS:
        return Refusal("closed", f"closed at {alert.closed}, more than a week ago")
    if isinstance(action, Tick):
        return _tick(alert, action, actor, now)
    return _tell(alert, action, actor, now, longest)


def _tick(alert: Alert, action: Tick, actor: str, now: int) -> Folded | Refusal:
    if not action.step or len(action.step) > STEP_LENGTH:
        return Refusal("no_such_step", f"{action.step[:STEP_LENGTH]!r} is no step of a plan")
    if (action.step in alert.ticked) is action.done:
        return Folded(alert)
    detail: dict[str, Detail] = {"step": action.step, "done": action.done}
    if action.text:
        detail["text"] = action.text
    course = Course(alert)
    course.add(TransitionKind.STEPPED, happened=now, known=now, actor=actor, detail=detail)
    return course.folded()


def _tell(alert: Alert, action: Tell, actor: str, now: int, longest: int) -> Folded | Refusal:
    if action.form not in FORMS:
        return Refusal("no_such_form", f"{action.form!r} is neither telephone nor written")
    if not action.to.strip():
        return Refusal("text_required", "say who was told")
    if len(action.to) + len(action.text) > longest:
        return Refusal("text_too_long", f"more than {longest} characters")
    at = now if action.at is None else action.at
    # A device's clock may run ahead: what it tells of then happened when the gateway knew of it.
    if not min(alert.raised, alert.known) <= at <= now:
        return Refusal("report_time", f"{at} is before the occurrence or still to come")
    course = Course(alert)
    course.add(
        TransitionKind.REPORTED,
        happened=at,
        known=now,
        actor=actor,
        detail={"form": action.form, "to": action.to, "text": action.text},
    )
    return course.folded()
