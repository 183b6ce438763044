"""When an alert that nobody acknowledges goes a step up, and to what.

The steps are stored deadlines (kind ``escalate``, subject ``alert:ID``), so that they survive a
restart; one that fell due meanwhile fires at once. Each activation begins again at the first step:
a second press is not yet anybody's. Only an acknowledgement (or the alert's end) cancels; that the
button is no longer held does not.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.alert import Alert, Folded, Transition, TransitionKind
from alerts.course import ACTIVATIONS, Course
from alerts.finding import Priority

ESCALATE: Final = "escalate"
"""The kind of the stored deadline."""


class EscalationStep(msgspec.Struct, frozen=True):
    """One step: ``after`` ms without acknowledgement since the activation or the step before."""

    after: int
    name: str = ""


class EscalationPolicy(msgspec.Struct, frozen=True):
    """The steps, and for which priorities. Who is told at which step: `notification.audience`."""

    steps: tuple[EscalationStep, ...] = (EscalationStep(after=60_000),)
    priorities: frozenset[Priority] = frozenset({Priority.EMERGENCY})


class EscalationDue(msgspec.Struct, frozen=True):
    """The deadline to store for an alert; ``due`` (ms) ``None`` removes it.

    ``occurrence`` names the one it belongs to.
    """

    due: int | None
    step: int = 0
    occurrence: int = 0

    def body(self) -> str:
        """For the deadline's body; `escalate` reads it back."""
        return msgspec.json.encode({"step": self.step, "occurrence": self.occurrence}).decode()


class Escalated(msgspec.Struct, frozen=True):
    """What came of a deadline: perhaps a transition, and the deadline that replaces it."""

    folded: Folded
    following: EscalationDue


class _Body(msgspec.Struct, frozen=True):
    step: int = 0
    occurrence: int = 0


_CANCELLED: Final = EscalationDue(due=None)


def escalation_due(
    transition: Transition, alert: Alert, policy: EscalationPolicy
) -> EscalationDue | None:
    """What ``transition`` (``alert`` as it stands after it) makes of the alert's deadline.

    ``None``: it stays as it is. Counted from when we knew: a press that arrives an hour late has
    been on nobody's screen in that hour.
    """
    if transition.kind in ACTIVATIONS:
        if not policy.steps or alert.priority not in policy.priorities:
            return None
        due = transition.known + policy.steps[0].after
        return EscalationDue(due=due, step=0, occurrence=alert.occurrences)
    if alert.acknowledged is not None or not alert.open:
        return _CANCELLED
    return None


def escalate(alert: Alert, body: str, policy: EscalationPolicy, now: int) -> Escalated:
    """A deadline of the alert has come; ``body`` is what was stored with it.

    A deadline that is out of date (acknowledged meanwhile, pressed again since, the policy now
    shorter) does nothing and is removed. Raises ``msgspec.ValidationError`` when ``body`` is not
    what `EscalationDue.body` wrote.
    """
    stored = msgspec.json.decode(body, type=_Body)
    stale = (
        not alert.open
        or alert.acknowledged is not None
        or alert.occurrences != stored.occurrence
        or alert.escalation_step != stored.step
        or alert.priority not in policy.priorities
        or stored.step >= len(policy.steps)
    )
    if stale:
        return Escalated(Folded(alert), _CANCELLED)
    step = policy.steps[stored.step]
    course = Course(alert)
    after = course.add(
        TransitionKind.ESCALATED,
        happened=now,
        known=now,
        detail={
            "step": stored.step + 1,
            "of": len(policy.steps),
            "name": step.name,
            "after": step.after,
            "occurrence": stored.occurrence,
        },
    )
    following = _CANCELLED
    if after.escalation_step < len(policy.steps):
        following = EscalationDue(
            due=now + policy.steps[after.escalation_step].after,
            step=after.escalation_step,
            occurrence=stored.occurrence,
        )
    return Escalated(course.folded(), following)
