"""What a finding or a person's action makes of an alert, after ISA-18.2 and OPC UA Part 9.

Pure functions: they return the alert's next versions as transitions, or a `Refusal`; they change
nothing. What makes them one truth is that the gateway calls them one after the other.

Where an alert stands follows from three things: is the condition true, has somebody acknowledged,
does it latch (`alerts.course.standing`)::

    state           active  acknowledged      leaves by
    --------------  ------  ------------      ---------------------------------------------------
    unacknowledged  yes     no                acknowledge -> acknowledged; return -> returned
    acknowledged    yes     yes               return -> closed, or latched when it latches;
                                              occurrence, worse priority -> unacknowledged
    returned        no      no                acknowledge -> closed, or latched when it latches;
                                              occurrence, active again -> unacknowledged
    latched         no      yes               reset -> closed;
                                              occurrence, active again -> unacknowledged
    closed          no      -                 nothing: the next finding raises a new alert

    finding                   no alert      open alert
    ------------------------  ------------  --------------------------------------------------------
    active, an occurrence     raised        occurred: counts, unacknowledged again
    active                    raised        active already: nothing, unless more urgent (worsened);
                                            else reactivated
    not active                nothing       returned; nothing when it had returned before
    not active, an occurrence raised, then  occurred, then returned: a press whose end is known
                              returned      with it is a press all the same

    aside of the state
    ----------------------------------------------------------------------------------------------
    shelved     A person's decision with reason and end. Holds an alert that is done, so that a
                chattering one does not come back as a new one; ends by itself, by unshelving, by
                anything more urgent. A person's reset or false mark closes it on the shelf too.
    suppressed  The device is out of service, or under maintenance. An alert that returns meanwhile
                closes unacknowledged: nobody was to act on it. What had returned before waits as
                ever.
    false       One person with a reason. A panic alarm or any emergency: two different persons
                (proposed, then confirmed or declined). It acknowledges, and releases the latch.
                It closes what is no longer active. While the condition is still true the alert
                stays open - a smoke detector that still sees smoke is not silenced by an opinion -
                except a press (`Limits.presses`): a button does not go on seeing something, and
                its next press raises anew. Any later activation voids the mark and the proposal:
                they were said of an earlier one.

    an emergency  is never shelved or suppressed, and closes only after an acknowledgement or two
                  persons' word that it was false. What becomes one comes off the shelf and out of
                  suppression first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from alerts.alert import (
    Acknowledge,
    Action,
    Alert,
    AlertState,
    Assign,
    Comment,
    ConfirmFalse,
    Folded,
    MarkFalse,
    Refusal,
    Reset,
    Shelve,
    Tell,
    Tick,
    TransitionKind,
    Unshelve,
)
from alerts.course import Course, Detail, activation_detail, explanation_detail
from alerts.finding import Finding, Priority
from alerts.response import follow_plan
from alerts.shelving import shelve, unshelve

HOUR: Final = 3_600_000


class Limits(msgspec.Struct, frozen=True):
    """What people may do, within which limits (``config/policies``)."""

    max_shelve: int = 8 * HOUR
    """Longest shelving in ms: one shift, so that each shift decides anew (ISA-18.2)."""

    max_text: int = 2000
    """Longest comment or reason, in characters."""

    presses: frozenset[str] = frozenset({"panic"})
    """Conditions made of presses by a person: each comes as an occurrence of its own."""


class _Aside(NamedTuple):
    """Why a fault is not shown: its device is out of service, or maintenance is going on."""

    out_of_service: bool
    maintenance: str


def fold_finding(
    alert: Alert | None,
    finding: Finding,
    *,
    device: int,
    school: str,
    out_of_service: bool,
    new_id: Callable[[], int],
    maintenance: str = "",
) -> Folded:
    """What ``finding`` makes of ``alert``, the open alert of its device and condition, if any.

    ``new_id`` is asked only when an alert is raised. ``maintenance`` is the code of the one during
    which faults are expected here (`alerts.maintenance`), if any. No transitions: the finding
    changed nothing.
    """
    if alert is not None and not alert.open:
        alert = None
    course = Course(alert)
    if kind := _activation(alert, finding):
        aside = _Aside(out_of_service, maintenance)
        _activate(course, kind, finding, device, school, aside, new_id)
    standing = course.alert
    if not finding.active and standing is not None and standing.active:
        _return(course, finding)
    return course.folded()


def _activation(alert: Alert | None, finding: Finding) -> TransitionKind | None:
    if not finding.active and not finding.occurrence:
        return None
    if alert is None:
        return TransitionKind.RAISED
    if finding.occurrence:
        return TransitionKind.OCCURRED
    if not alert.active:
        return TransitionKind.REACTIVATED
    if finding.priority < alert.priority:
        return TransitionKind.WORSENED
    return None


def _activate(
    course: Course,
    kind: TransitionKind,
    finding: Finding,
    device: int,
    school: str,
    aside: _Aside,
    new_id: Callable[[], int],
) -> None:
    alert = course.alert
    happened, known = finding.happened, finding.known
    detail = activation_detail(finding)
    emergency = finding.priority is Priority.EMERGENCY
    if alert is None:
        detail |= {"device": device, "school": school, "condition": finding.condition}
    else:
        worse = finding.priority < alert.priority
        # Before it becomes more urgent, so that no version of it is an emergency and hidden.
        # The shelf goes with any worsening: its reason was given for something lesser.
        if alert.shelved_until is not None and worse:
            course.add(
                TransitionKind.UNSHELVED,
                happened=happened,
                known=known,
                detail={"cause": "worsened"},
            )
        if alert.suppressed and emergency:
            course.add(
                TransitionKind.UNSUPPRESSED,
                happened=happened,
                known=known,
                detail={"cause": "worsened"},
            )
        detail["occurrence"] = alert.occurrences + (kind is TransitionKind.OCCURRED)
        emergency = emergency or alert.emergency
    if not emergency and (aside.out_of_service or aside.maintenance):
        detail["suppressed"] = True
        if aside.maintenance:
            detail["reason"] = aside.maintenance
    course.add(
        kind,
        happened=happened,
        known=known,
        alert=new_id() if alert is None else None,
        detail=detail,
    )


def _return(course: Course, finding: Finding) -> None:
    happened, known = finding.happened, finding.known
    alert = course.add(
        TransitionKind.RETURNED,
        happened=happened,
        known=known,
        detail=explanation_detail(finding.explanation),
    )
    if alert.suppressed and alert.shelved_until is None:
        course.close("suppressed", happened=happened, known=known)
    else:
        course.settle(happened=happened, known=known)


def act(  # noqa: C901 - one line a kind
    alert: Alert, action: Action, *, actor: str, now: int, limits: Limits
) -> Folded | Refusal:
    """What comes of ``actor`` (a user's name) doing ``action`` at ``now``.

    Doing again what has been done gives the alert as it is, without transitions: the second of two
    operators sees who was first. ``ValueError`` without an actor: nothing is done by nobody.
    """
    if not actor:
        raise ValueError(f"alert {alert.id}: {type(action).__name__} without a named user")
    match action:
        case Acknowledge():
            return _acknowledge(alert, action, actor, now, limits)
        case Comment():
            return _comment(alert, action.text, actor, now, limits)
        case Assign():
            return _assign(alert, action.to, actor, now, limits)
        case Shelve():
            return _refused_text(action.reason, limits, required=True) or shelve(
                alert, action, actor=actor, now=now, longest=limits.max_shelve
            )
        case Unshelve():
            return unshelve(alert, actor=actor, now=now)
        case Reset():
            return _reset(alert, actor, now)
        case MarkFalse():
            return _mark_false(alert, action, actor, now, limits)
        case ConfirmFalse():
            return _confirm_false(alert, action, actor, now, limits)
        case Tick() | Tell():
            return follow_plan(alert, action, actor=actor, now=now, longest=limits.max_text)


def allowed(alert: Alert, *, actor: str, now: int, limits: Limits) -> tuple[type[Action], ...]:
    """The kinds of action that ``actor`` could do to the alert now and that would change it."""
    samples: tuple[Action, ...] = (
        Acknowledge(),
        Comment(text="."),
        Assign(to=None if alert.assigned_to else actor),
        Shelve(until=now + 1, reason="."),
        Unshelve(),
        Reset(),
        MarkFalse(reason="."),
        ConfirmFalse(agree=True),
        Tick(step="."),
        Tell(form="telephone", to="."),
    )
    outcomes = ((one, act(alert, one, actor=actor, now=now, limits=limits)) for one in samples)
    return tuple(
        type(one) for one, done in outcomes if isinstance(done, Folded) and done.transitions
    )


def _acknowledge(
    alert: Alert, action: Acknowledge, actor: str, now: int, limits: Limits
) -> Folded | Refusal:
    if refused := _refused_text(action.comment, limits):
        return refused
    if not alert.open or alert.acknowledged is not None:
        # Somebody was first. What this person has to say is kept all the same.
        return (
            _comment(alert, action.comment, actor, now, limits)
            if action.comment
            else (Folded(alert))
        )
    if action.occurrences is not None and action.occurrences < alert.occurrences:
        return Refusal(
            "newer_occurrence",
            f"occurrence {alert.occurrences} came after the {action.occurrences} that were seen",
        )
    course = Course(alert)
    detail: dict[str, Detail] = {"occurrences": alert.occurrences}
    if action.comment:
        detail["comment"] = action.comment
    course.add(
        TransitionKind.ACKNOWLEDGED,
        happened=now,
        known=now,
        actor=actor,
        detail=detail,
    )
    course.settle(happened=now, known=now)
    return course.folded()


def _comment(alert: Alert, text: str, actor: str, now: int, limits: Limits) -> Folded | Refusal:
    if refused := _closed(alert) or _refused_text(text, limits, required=True):
        return refused
    course = Course(alert)
    course.add(
        TransitionKind.COMMENTED, happened=now, known=now, actor=actor, detail={"text": text}
    )
    return course.folded()


def _assign(alert: Alert, to: str | None, actor: str, now: int, limits: Limits) -> Folded | Refusal:
    to = to or None
    if refused := _closed(alert) or _refused_text(to or "", limits):
        return refused
    if alert.assigned_to == to:
        return Folded(alert)
    course = Course(alert)
    course.add(
        TransitionKind.ASSIGNED,
        happened=now,
        known=now,
        actor=actor,
        detail={"to": to, "before": alert.assigned_to},
    )
    return course.folded()


def _reset(alert: Alert, actor: str, now: int) -> Folded | Refusal:
    if not alert.open:
        return Folded(alert)
    if alert.active:
        return Refusal("still_active", f"{alert.condition} has been true since {alert.raised}")
    if not alert.latches:
        return Refusal("not_latched", "it closes by itself once acknowledged")
    if alert.state is not AlertState.LATCHED:
        return Refusal("acknowledge_first", "nobody has acknowledged it")
    course = Course(alert)
    course.add(TransitionKind.RESET, happened=now, known=now, actor=actor)
    course.close("reset", happened=now, known=now)
    return course.folded()


def _mark_false(
    alert: Alert, action: MarkFalse, actor: str, now: int, limits: Limits
) -> Folded | Refusal:
    if refused := _refused_text(action.reason, limits, required=True):
        return refused
    if alert.is_false:
        return Folded(alert)
    if refused := _closed(alert):
        return refused
    course = Course(alert)
    if not (alert.emergency or alert.condition in limits.presses):
        return _found_false(course, actor, now, action.reason, limits)
    if alert.false_proposed_by == actor:
        return Folded(alert)
    if alert.false_proposed_by is not None:
        return Refusal(
            "false_already_proposed",
            f"{alert.false_proposed_by} has proposed it; confirm or decline that",
        )
    course.add(
        TransitionKind.FALSE_PROPOSED,
        happened=now,
        known=now,
        actor=actor,
        detail={"reason": action.reason, "occurrences": alert.occurrences},
    )
    return course.folded()


def _confirm_false(
    alert: Alert, action: ConfirmFalse, actor: str, now: int, limits: Limits
) -> Folded | Refusal:
    if refused := _refused_text(action.reason, limits):
        return refused
    if alert.is_false and action.agree:
        return Folded(alert)
    if refused := _closed(alert):
        return refused
    if alert.false_proposed_by is None:
        return Refusal("no_false_proposal", "nobody has proposed it, or it happened again since")
    course = Course(alert)
    if not action.agree:  # who proposed it may take it back
        course.add(
            TransitionKind.FALSE_DECLINED,
            happened=now,
            known=now,
            actor=actor,
            detail={"reason": action.reason, "proposed_by": alert.false_proposed_by},
        )
        return course.folded()
    if alert.false_proposed_by == actor:
        return Refusal("second_person", f"{actor} has proposed it; somebody else must confirm")
    return _found_false(course, actor, now, action.reason, limits)


def _found_false(course: Course, actor: str, now: int, reason: str, limits: Limits) -> Folded:
    detail: dict[str, Detail] = {"reason": reason}
    if (before := course.alert) is not None:
        detail["occurrences"] = before.occurrences
        if before.false_proposed_by is not None:
            detail["proposed_by"] = before.false_proposed_by
    after = course.add(
        TransitionKind.FALSE_CONFIRMED,
        happened=now,
        known=now,
        actor=actor,
        detail=detail,
    )
    if not after.active or after.condition in limits.presses:
        course.close("false", happened=now, known=now)
    return course.folded()


def _closed(alert: Alert) -> Refusal | None:
    return None if alert.open else Refusal("closed", f"closed at {alert.closed}")


def _refused_text(text: str, limits: Limits, *, required: bool = False) -> Refusal | None:
    if required and not text.strip():
        return Refusal("text_required", "say it in words")
    if len(text) > limits.max_text:
        return Refusal("text_too_long", f"{len(text)} of at most {limits.max_text} characters")
    return None
