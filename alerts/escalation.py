"""When an alert that nobody acknowledges goes a step up, to whom; and when a forgotten one returns.

Both are stored deadlines (kinds ``escalate`` and ``remind``, subject ``alert:ID``), so that they
survive a restart; one that fell due meanwhile fires at once. Each activation begins again at the
first step: a second press is not yet anybody's. Only an acknowledgement, a person's decision to put
it aside, or the alert's end cancels; that the button is no longer held does not.

Which plan counts is decided when the steps begin and stays, lest the steps of two plans mix where a
night ends. Whom a step means (`alerts.duty`) is decided when it fires: shifts change meanwhile.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.alert import Alert, Folded, Transition, TransitionKind
from alerts.calendar import Calendar, Period, SchoolCalendar
from alerts.course import ACTIVATIONS, Course
from alerts.duty import Reach, as_written
from alerts.finding import Priority

ESCALATE: Final = "escalate"
REMIND: Final = "remind"
"""The kinds of the stored deadlines."""

_BEGIN: Final = ACTIVATIONS | {TransitionKind.REMINDED}
"""What makes an alert nobody's, so that its steps begin."""

_SHOWN_AGAIN: Final = frozenset({TransitionKind.UNSHELVED, TransitionKind.UNSUPPRESSED})


class EscalationStep(msgspec.Struct, frozen=True):
    """One step: ``after`` ms without acknowledgement since the activation or the step before.

    ``to`` names whom it calls: receivers, ``user:NAME``, ``duty:TEAM``. ``louder``: screens cry
    louder from then on.
    """

    after: int
    name: str = ""
    to: tuple[str, ...] = ()
    louder: bool = False


class EscalationPlan(msgspec.Struct, frozen=True):
    """The steps of some alerts. ``schools`` and ``periods`` ``None`` = all."""

    name: str = ""
    steps: tuple[EscalationStep, ...] = (EscalationStep(after=60_000),)
    priorities: frozenset[Priority] = frozenset({Priority.EMERGENCY})
    schools: frozenset[str] | None = None
    periods: frozenset[Period] | None = None

    def covers(self, alert: Alert) -> bool:
        """Whether it speaks of this alert, at some time."""
        # What is wrong with the gateway itself (no school) concerns every school.
        here = self.schools is None or not alert.school or alert.school in self.schools
        return here and alert.priority in self.priorities


class EscalationPolicy(msgspec.Struct, frozen=True):
    """The plans, of which the first that covers an alert counts.

    What time it is says the calendar of the alert's school: the one of ``calendars`` that names it,
    else the general ``calendar``. ``remind_after`` (ms): an emergency that somebody took, that
    still stands, and that nobody touched for so long is nobody's again; ``None`` = never.
    """

    plans: tuple[EscalationPlan, ...] = (EscalationPlan(),)
    calendar: Calendar = Calendar()
    calendars: tuple[SchoolCalendar, ...] = ()
    remind_after: int | None = None

    def calendar_of(self, school: str) -> Calendar:
        """The calendar that a school follows; that of the gateway itself (``""``), too."""
        for own in self.calendars:
            if school in own.schools:
                return own.calendar
        return self.calendar

    def plan_for(self, alert: Alert, now: int) -> EscalationPlan | None:
        """The plan that counts for an alert whose steps begin now."""
        calendar = self.calendar_of(alert.school)
        for plan in self.plans:
            if plan.covers(alert) and (
                plan.periods is None or calendar.period(now) in plan.periods
            ):
                return plan
        return None

    def plan(self, name: str, alert: Alert, now: int) -> EscalationPlan | None:
        """The plan with which the steps began; when the settings have it no more, today's."""
        for plan in self.plans:
            if plan.name == name:
                return plan
        return self.plan_for(alert, now)


class EscalationDue(msgspec.Struct, frozen=True):
    """The deadline to store for an alert; ``due`` (ms) ``None`` removes it.

    ``occurrence`` names the one it belongs to, ``plan`` the plan that counts for it.
    """

    due: int | None
    step: int = 0
    occurrence: int = 0
    plan: str = ""

    def body(self) -> str:
        """For the deadline's body; `escalate` reads it back."""
        return msgspec.json.encode(_Body(self.step, self.occurrence, self.plan)).decode()


class Escalated(msgspec.Struct, frozen=True):
    """What came of a deadline: perhaps a transition, and the deadline that replaces it."""

    folded: Folded
    following: EscalationDue


class _Body(msgspec.Struct, frozen=True):
    step: int = 0
    occurrence: int = 0
    plan: str = ""


_body: Final = msgspec.json.Decoder(_Body).decode


_CANCELLED: Final = EscalationDue(due=None)


def escalation_due(
    transition: Transition, alert: Alert, policy: EscalationPolicy
) -> EscalationDue | None:
    """What ``transition`` (``alert`` as it stands after it) makes of the alert's deadline.

    ``None``: it stays as it is. Counted from when we knew: a press that arrives an hour late has
    been on nobody's screen in that hour.
    """
    if not policy.plans:
        return None
    # A new alert has none that would have to be removed: of thousands, most never get one.
    nothing = None if transition.version == 1 else _CANCELLED
    if _taken_or_hidden(alert):
        return nothing
    if transition.kind in _BEGIN or transition.kind in _SHOWN_AGAIN:
        return waiting(alert, policy, transition.known) or nothing
    return None


def waiting(alert: Alert, policy: EscalationPolicy, now: int) -> EscalationDue | None:
    """The deadline of an alert that waits from ``now`` on for somebody; ``None`` without one.

    At a start, too, for those that stand unacknowledged without one: the settings have changed.
    """
    if _taken_or_hidden(alert):
        return None
    plan = policy.plan_for(alert, now)
    if plan is None or alert.escalation_step >= len(plan.steps):
        return None
    return EscalationDue(
        due=now + plan.steps[alert.escalation_step].after,
        step=alert.escalation_step,
        occurrence=alert.occurrences,
        plan=plan.name,
    )


def escalate(
    alert: Alert, body: str, policy: EscalationPolicy, now: int, reach: Reach = as_written
) -> Escalated:
    """A deadline of the alert has come; ``body`` is what was stored with it.

    A deadline that is out of date (acknowledged meanwhile, pressed again since, the plan now
    shorter) does nothing and is removed. A step that reaches nobody is not waited for: the next
    one comes at once. Raises ``msgspec.ValidationError`` when ``body`` is not what
    `EscalationDue.body` wrote.
    """
    stored = _body(body)
    plan = policy.plan(stored.plan, alert, now)
    stale = (
        plan is None
        or _taken_or_hidden(alert)
        or alert.occurrences != stored.occurrence
        or alert.escalation_step != stored.step
        or alert.priority not in plan.priorities
        or stored.step >= len(plan.steps)
    )
    if plan is None or stale:
        return Escalated(Folded(alert), _CANCELLED)
    step = plan.steps[stored.step]
    reached = reach(step.to, now)
    course = Course(alert)
    after = course.add(
        TransitionKind.ESCALATED,
        happened=now,
        known=now,
        detail={
            "step": stored.step + 1,
            "of": len(plan.steps),
            "name": step.name,
            "after": step.after,
            "occurrence": stored.occurrence,
            "plan": plan.name,
            "louder": step.louder,
            "to": " ".join(step.to),
            "called": " ".join(reached.called),
            "nobody": " ".join(reached.nobody),
        },
    )
    if after.escalation_step >= len(plan.steps):
        return Escalated(course.folded(), _CANCELLED)
    in_vain = bool(step.to) and not reached.called and not step.louder
    following = EscalationDue(
        due=now if in_vain else now + plan.steps[after.escalation_step].after,
        step=after.escalation_step,
        occurrence=stored.occurrence,
        plan=plan.name,
    )
    return Escalated(course.folded(), following)


def reminder_due(
    transition: Transition, alert: Alert, policy: EscalationPolicy
) -> EscalationDue | None:
    """What ``transition`` makes of the deadline after which an emergency counts as forgotten.

    ``None``: it stays as it is. Whatever a person does to it begins the time anew. One that has
    stopped and latches still waits for somebody, too.
    """
    if policy.remind_after is None or not alert.emergency or transition.version == 1:
        return None
    if not alert.open or alert.acknowledged is None:
        return _CANCELLED
    if not transition.actor:
        return None
    return EscalationDue(due=transition.known + policy.remind_after, occurrence=alert.occurrences)


def forgotten(alert: Alert, policy: EscalationPolicy, now: int) -> EscalationDue | None:
    """The same at a start, for one that was taken and has no deadline."""
    if policy.remind_after is None or not (alert.open and alert.emergency):
        return None
    if alert.acknowledged is None:
        return None
    return EscalationDue(due=now + policy.remind_after, occurrence=alert.occurrences)


def remind(alert: Alert, policy: EscalationPolicy, now: int) -> Folded:
    """The time after which an emergency counts as forgotten has come: nobody has it any more."""
    if policy.remind_after is None or not alert.open or alert.acknowledged is None:
        return Folded(alert)
    if not alert.emergency:
        return Folded(alert)
    course = Course(alert)
    course.add(
        TransitionKind.REMINDED,
        happened=now,
        known=now,
        detail={
            "after": policy.remind_after,
            "acknowledged": alert.acknowledged,
            "acknowledged_by": alert.acknowledged_by or "",
        },
    )
    return course.folded()


def _taken_or_hidden(alert: Alert) -> bool:
    return (
        not alert.open
        or alert.acknowledged is not None
        or alert.suppressed
        or alert.shelved_until is not None
    )
