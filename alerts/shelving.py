"""Alerts put aside: shelved by a person for a time, suppressed while a device is out of service or
under maintenance.

Nothing here touches an emergency.
"""

from __future__ import annotations

from typing import Final

from alerts.alert import Alert, Folded, Refusal, Shelve, TransitionKind
from alerts.course import Course

UNSHELVE: Final = "unshelve"
"""The kind of the stored deadline that ends a shelving; its subject is ``alert:ID``."""


def shelve(alert: Alert, action: Shelve, *, actor: str, now: int, longest: int) -> Folded | Refusal:
    """Put the alert aside until ``action.until``, at most ``longest`` ms from ``now``.

    A shelved alert may be shelved anew: each time it is a person's decision, and recorded.
    """
    if not alert.open:
        return Refusal("closed", f"closed at {alert.closed}")
    if alert.emergency:
        return Refusal("emergency_never_hidden", "an emergency cannot be shelved")
    if action.until <= now:
        return Refusal("shelve_past", f"{action.until} is not after {now}")
    if action.until - now > longest:
        return Refusal("shelve_too_long", f"at most {longest // 60_000} minutes")
    course = Course(alert)
    course.add(
        TransitionKind.SHELVED,
        happened=now,
        known=now,
        actor=actor,
        detail={"until": action.until, "reason": action.reason},
    )
    return course.folded()


def unshelve(alert: Alert, *, actor: str, now: int) -> Folded:
    """Take the alert back from the shelf; one that is done meanwhile closes."""
    course = Course(alert)
    if alert.open and alert.shelved_until is not None:
        course.add(
            TransitionKind.UNSHELVED,
            happened=now,
            known=now,
            actor=actor,
            detail={"cause": "person" if actor else "expired", "until": alert.shelved_until},
        )
        if alert.suppressed and not alert.active:
            course.close("suppressed", happened=now, known=now)
        else:
            course.settle(happened=now, known=now)
    return course.folded()


def unshelve_due(alert: Alert, now: int) -> Folded:
    """End a shelving whose time is over; nothing happens before."""
    if alert.shelved_until is None or now < alert.shelved_until:
        return Folded(alert)
    return unshelve(alert, actor="", now=now)


def suppress(alert: Alert, *, now: int, actor: str, reason: str) -> Folded:
    """Its device was taken out of service or maintenance begins: hide it, unless an emergency.

    An alert that is no longer active is left alone: it tells of the time before, and waits for its
    acknowledgement or reset.
    """
    course = Course(alert)
    if alert.open and alert.active and not alert.emergency and not alert.suppressed:
        course.add(
            TransitionKind.SUPPRESSED,
            happened=now,
            known=now,
            actor=actor,
            detail={"reason": reason},
        )
    return course.folded()


def unsuppress(alert: Alert, *, now: int, actor: str, reason: str = "") -> Folded:
    """Its device is in service again, or maintenance is over: what is still wrong shows."""
    course = Course(alert)
    if alert.open and alert.suppressed:
        course.add(
            TransitionKind.UNSUPPRESSED,
            happened=now,
            known=now,
            actor=actor,
            detail={"reason": reason},
        )
        course.settle(happened=now, known=now)
    return course.folded()
