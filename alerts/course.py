"""The course of one alert: the only place where an alert changes, one transition at a time.

What happened is decided elsewhere (`alerts.lifecycle`, `alerts.shelving`, `alerts.escalation`)
and written down as transitions; `advance` alone turns a transition into the alert's next version.
So the transitions of an alert, replayed, give the alert: the record proves the state.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, cast

import msgspec

from alerts.alert import (
    Alert,
    AlertState,
    Folded,
    Forward,
    ForwardState,
    Report,
    Transition,
    TransitionKind,
)
from alerts.finding import Explanation, Finding, Priority

Detail: TypeAlias = "str | int | float | bool | None"

ACTIVATIONS: Final = frozenset(
    {
        TransitionKind.RAISED,
        TransitionKind.OCCURRED,
        TransitionKind.REACTIVATED,
        TransitionKind.WORSENED,
    }
)
"""The kinds that make an alert active and unacknowledged: whoever took it took an earlier one."""

FORWARDINGS: Final = frozenset({TransitionKind.FORWARDED, TransitionKind.NOT_FORWARDED})
"""What a police link came to. It may come after people have closed the alert."""

AFTERWARDS: Final = FORWARDINGS | {TransitionKind.STEPPED, TransitionKind.REPORTED}
"""What may still happen to an alert that is closed."""

POLICE: Final = "police"
"""In the detail of an activation: the names of the police links it goes to, joined by spaces."""

_INPUT: Final = "input."


class CourseError(ValueError):
    """A transition does not fit the alert it claims to continue. The record has been altered."""


def standing(
    *, active: bool, acknowledged: bool, latches: bool, is_false: bool, closed: bool
) -> AlertState:
    """The state that follows from what is true of an alert.

    An alert that is acknowledged, gone and held by no latch is about to close; until it does
    (a shelf may hold it) it counts as acknowledged.
    """
    if closed:
        return AlertState.CLOSED
    if not acknowledged:
        return AlertState.UNACKNOWLEDGED if active else AlertState.RETURNED
    if not active and latches and not is_false:
        return AlertState.LATCHED
    return AlertState.ACKNOWLEDGED


def advance(alert: Alert | None, transition: Transition) -> Alert:
    """The alert after ``transition``. Raises `CourseError` when it cannot follow on ``alert``."""
    if alert is None:
        if transition.kind is not TransitionKind.RAISED or transition.version != 1:
            raise CourseError(
                f"alert {transition.alert}: its record begins with "
                f"{transition.kind.value} (version {transition.version}), not with raised"
            )
        return _raised(transition)
    if transition.alert != alert.id or transition.version != alert.version + 1:
        raise CourseError(
            f"alert {alert.id}: version {alert.version} is followed by version "
            f"{transition.version} of alert {transition.alert}"
        )
    over = not alert.open and transition.kind not in AFTERWARDS
    if over or transition.kind is TransitionKind.RAISED:
        raise CourseError(
            f"alert {alert.id} is {alert.state.value}; {transition.kind.value} cannot follow"
        )
    changed = msgspec.structs.replace(
        alert, version=transition.version, **_changes(alert, transition)
    )
    state = standing(
        active=changed.active,
        acknowledged=changed.acknowledged is not None,
        latches=changed.latches,
        is_false=changed.is_false,
        closed=changed.closed is not None,
    )
    return msgspec.structs.replace(changed, state=state)


def replay(transitions: Iterable[Transition]) -> Alert:
    """The alert that its transitions, oldest first, come to.

    Raises `CourseError` when one is missing, out of place, or claims another state than it has.
    """
    alert: Alert | None = None
    for transition in transitions:
        alert = advance(alert, transition)
        if alert.state is not transition.state:
            raise CourseError(
                f"alert {alert.id}: version {alert.version} is recorded as "
                f"{transition.state.value} and comes to {alert.state.value}"
            )
    if alert is None:
        raise CourseError("an alert without transitions")
    return alert


class Course:
    """Collects what happens to one alert in one go, from its version at hand."""

    def __init__(self, alert: Alert | None) -> None:
        self.alert = alert
        self._transitions: list[Transition] = []

    def add(
        self,
        kind: TransitionKind,
        *,
        happened: int,
        known: int,
        actor: str = "",
        detail: dict[str, Detail] | None = None,
        alert: int | None = None,
    ) -> Alert:
        """Let ``kind`` happen; ``alert`` is the id of one that is raised now."""
        before = self.alert
        if before is None and alert is None:
            raise CourseError(f"{kind.value}: there is no alert and no id for a new one")
        transition = Transition(
            alert=before.id if before is not None else cast(int, alert),
            version=before.version + 1 if before is not None else 1,
            kind=kind,
            state=AlertState.UNACKNOWLEDGED,
            happened=happened,
            known=known,
            actor=actor,
            detail=detail or {},
        )
        after = advance(before, transition)
        self._transitions.append(msgspec.structs.replace(transition, state=after.state))
        self.alert = after
        return after

    def settle(self, *, happened: int, known: int) -> None:
        """Close the alert when nothing is left to do about it and no shelf holds it."""
        alert = self.alert
        if (
            alert is not None
            and alert.state is AlertState.ACKNOWLEDGED
            and not alert.active
            and alert.shelved_until is None
        ):
            self.close(self._transitions[-1].kind.value, happened=happened, known=known)

    def close(self, cause: str, *, happened: int, known: int) -> None:
        """Close the alert; ``cause`` is what did it."""
        self.add(TransitionKind.CLOSED, happened=happened, known=known, detail={"cause": cause})

    def folded(self) -> Folded:
        """The alert as it stands and what happened on the way."""
        return Folded(self.alert, tuple(self._transitions))


def activation_detail(finding: Finding) -> dict[str, Detail]:
    """What the record of an activation must hold to be understood years later."""
    detail: dict[str, Detail] = {
        "priority": int(finding.priority),
        "latches": finding.latches,
        **explanation_detail(finding.explanation),
    }
    if finding.remark:
        detail["remark"] = finding.remark
    if finding.scope:
        detail["scope"] = finding.scope
    return detail


def explanation_detail(explanation: Explanation) -> dict[str, Detail]:
    """An explanation, flat; `explanation_of` reads it back."""
    detail: dict[str, Detail] = {"rule": explanation.rule, "code": explanation.code}
    if explanation.limit is not None:
        detail["limit"] = explanation.limit
    for name in ("unit", "source", "metric"):
        if text := getattr(explanation, name):
            detail[name] = text
    for name, value in explanation.inputs.items():
        detail[_INPUT + name] = value
    return detail


def explanation_of(detail: dict[str, Detail]) -> Explanation:
    """The explanation that a transition's detail holds."""
    limit = detail.get("limit")
    return Explanation(
        rule=str(detail.get("rule", "")),
        code=str(detail.get("code", "")),
        inputs={
            name[len(_INPUT) :]: value for name, value in detail.items() if name.startswith(_INPUT)
        },
        limit=limit if isinstance(limit, int | float) else None,
        unit=str(detail.get("unit", "")),
        source=str(detail.get("source", "")),
        metric=str(detail.get("metric", "")),
    )


def _raised(transition: Transition) -> Alert:
    detail = transition.detail
    return Alert(
        id=transition.alert,
        device=_number(transition, "device"),
        school=str(detail["school"]),
        condition=str(detail["condition"]),
        priority=Priority(_number(transition, "priority")),
        state=AlertState.UNACKNOWLEDGED,
        active=True,
        raised=transition.happened,
        known=transition.known,
        explanation=explanation_of(detail),
        latches=bool(detail.get("latches")),
        last_occurrence=transition.happened,
        suppressed=bool(detail.get("suppressed")),
        remark=str(detail.get("remark", "")),
        forwards=_sending((), transition),
        scope=str(detail.get("scope", "")),
    )


def _sending(before: tuple[Forward, ...], transition: Transition) -> tuple[Forward, ...]:
    """An activation is on its way to the police.

    A link over which an earlier one has not arrived stays unacknowledged: it goes behind that.
    """
    links = str(transition.detail.get(POLICE, "")).split()
    known = {one.link: one for one in before}
    fresh = {}
    for link in links:
        old = known.get(link)
        if old is not None and old.state is ForwardState.UNACKNOWLEDGED:
            fresh[link] = msgspec.structs.replace(old, of=transition.version)
        else:
            fresh[link] = Forward(link=link, of=transition.version, since=transition.known)
    return tuple({**known, **fresh}.values())


def _forwarded(alert: Alert, transition: Transition) -> dict[str, Any]:
    """What one link came to; what it says of an earlier activation changes nothing."""
    detail = transition.detail
    link, of = str(detail.get("link", "")), _number(transition, "of")
    if detail.get("restore") or all(one.link != link or one.of != of for one in alert.forwards):
        return {}
    arrived = transition.kind is TransitionKind.FORWARDED
    ack_ms = detail.get("ack_ms")
    outcome = Forward(
        link=link,
        of=of,
        since=transition.happened,
        state=ForwardState.ACKNOWLEDGED if arrived else ForwardState.UNACKNOWLEDGED,
        path=str(detail.get("path", "")),
        ack_ms=ack_ms if isinstance(ack_ms, int | float) else None,
        attempts=_number(transition, "attempts"),
        result="" if arrived else str(detail.get("result", "")),
        error=str(detail.get("error", "")),
    )
    return {"forwards": tuple(outcome if one.link == link else one for one in alert.forwards)}


def _activated(alert: Alert, transition: Transition) -> dict[str, Any]:
    """Active and unacknowledged, whatever anybody said about the time before.

    A latch, once asked for, stays; so does the highest priority: neither a fire that becomes
    smaller nor a rule with other figures may take urgency from people who are on their way.
    """
    detail = transition.detail
    changes: dict[str, Any] = {
        "active": True,
        "returned": None,
        "acknowledged": None,
        "acknowledged_by": None,
        "escalated": None,
        "escalation_step": 0,
        "louder": False,
        "is_false": False,
        "false_proposed_by": None,
        "false_reason": "",
        "priority": Priority(min(alert.priority, _number(transition, "priority"))),
        "latches": alert.latches or bool(detail.get("latches")),
        "suppressed": alert.suppressed or bool(detail.get("suppressed")),
        "explanation": explanation_of(detail),
        "remark": alert.remark if detail.get("remark") == alert.remark else "",
        "forwards": _sending(alert.forwards, transition),
    }
    if transition.kind is TransitionKind.OCCURRED:
        changes["occurrences"] = alert.occurrences + 1
        # A press that comes late does not make an earlier one the newest.
        changes["last_occurrence"] = max(alert.last_occurrence, transition.happened)
    return changes


def _changes(alert: Alert, transition: Transition) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912 - one line a kind
    detail, happened, actor = transition.detail, transition.happened, transition.actor
    match transition.kind:
        case TransitionKind.OCCURRED | TransitionKind.REACTIVATED | TransitionKind.WORSENED:
            return _activated(alert, transition)
        case TransitionKind.RETURNED:
            return {"active": False, "returned": happened}
        case TransitionKind.ESCALATED:
            called = str(detail.get("called", "")).split()
            return {
                "escalated": happened,
                "escalation_step": _number(transition, "step"),
                "called": tuple(dict.fromkeys((*alert.called, *called))),
                "louder": alert.louder or bool(detail.get("louder")),
            }
        case TransitionKind.ACKNOWLEDGED:
            return {"acknowledged": happened, "acknowledged_by": actor}
        case TransitionKind.REMINDED:
            return {
                "acknowledged": None,
                "acknowledged_by": None,
                "escalation_step": 0,
                "called": (),
                "louder": False,
            }
        case TransitionKind.CUT_OFF:
            return _cut_off(alert, transition)
        case TransitionKind.STEPPED:
            return {"ticked": _ticked(alert, transition)}
        case TransitionKind.REPORTED:
            told = Report(
                form=str(detail.get("form", "")),
                at=happened,
                by=actor,
                to=str(detail.get("to", "")),
            )
            return {"reports": (*alert.reports, told)}
        case TransitionKind.ASSIGNED:
            to = detail.get("to")
            return {"assigned_to": None if to is None else str(to)}
        case TransitionKind.SHELVED:
            return {"shelved_until": _number(transition, "until"), "shelved_by": actor}
        case TransitionKind.UNSHELVED:
            return {"shelved_until": None, "shelved_by": None}
        case TransitionKind.SUPPRESSED:
            return {"suppressed": True}
        case TransitionKind.UNSUPPRESSED:
            return {"suppressed": False}
        case TransitionKind.FALSE_PROPOSED:
            return {"false_proposed_by": actor, "false_reason": str(detail.get("reason", ""))}
        case TransitionKind.FALSE_DECLINED:
            return {"false_proposed_by": None, "false_reason": ""}
        case TransitionKind.FALSE_CONFIRMED:
            # Who says that it was no alarm has taken it, if nobody had before.
            taken = (
                {}
                if alert.acknowledged is not None
                else {"acknowledged": happened, "acknowledged_by": actor}
            )
            reason = str(detail.get("reason", ""))
            return {**taken, "is_false": True, "false_reason": alert.false_reason or reason}
        case TransitionKind.RESET:
            return {"latches": False}
        case TransitionKind.FORWARDED | TransitionKind.NOT_FORWARDED:
            return _forwarded(alert, transition)
        case TransitionKind.CLOSED:
            return {
                "closed": happened,
                "active": False,
                "shelved_until": None,
                "shelved_by": None,
                "suppressed": False,
            }
        case _:  # a comment
            return {}


def _cut_off(alert: Alert, transition: Transition) -> dict[str, Any]:
    """More or fewer victims; perhaps it turned out that more is cut off than was known."""
    detail = transition.detail
    return {
        "victims": _number(transition, "victims"),
        "scope": str(detail.get("scope") or alert.scope),
        "explanation": explanation_of(detail) if "code" in detail else alert.explanation,
    }


def _ticked(alert: Alert, transition: Transition) -> tuple[str, ...]:
    step = str(transition.detail.get("step", ""))
    others = tuple(one for one in alert.ticked if one != step)
    return (*others, step) if transition.detail.get("done") else others


def _number(transition: Transition, name: str) -> int:
    value = transition.detail.get(name)
    if not isinstance(value, int):
        raise CourseError(
            f"alert {transition.alert}: {transition.kind.value} (version "
            f"{transition.version}) says {value!r} as its {name}, which is no number"
        )
    return value
