"""An alert, what people may do to it, and what happened to it, after ISA-18.2.

One open alert per (device, condition). Each distinct press or trip is an *occurrence* of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from alerts.finding import Explanation, Priority


class AlertState(StrEnum):
    """Where an alert stands (ISA-18.2, figure 2; OPC UA Part 9 for latching)."""

    UNACKNOWLEDGED = "unacknowledged"  # active, nobody has taken it
    ACKNOWLEDGED = "acknowledged"  # active, somebody has
    RETURNED = "returned"  # no longer active, nobody has acknowledged it
    LATCHED = "latched"  # acknowledged, no longer active, a person must reset it
    CLOSED = "closed"  # normal again


class TransitionKind(StrEnum):
    """What can happen to an alert. Each is one fact."""

    RAISED = "raised"
    OCCURRED = "occurred"  # one more press or trip of an open alert
    RETURNED = "returned"  # the condition stopped
    REACTIVATED = "reactivated"  # the condition is true again on an open alert
    WORSENED = "worsened"  # still active, and more urgent than before
    ESCALATED = "escalated"
    REMINDED = "reminded"  # acknowledged and then forgotten: unacknowledged again
    CUT_OFF = "cut_off"  # how many devices it has cut off has changed
    STEPPED = "stepped"  # a step of the response plan was ticked off, or the tick taken back
    REPORTED = "reported"  # told those above, by telephone or in writing
    ACKNOWLEDGED = "acknowledged"
    COMMENTED = "commented"
    ASSIGNED = "assigned"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    FALSE_PROPOSED = "false_proposed"  # a panic alarm needs a second person
    FALSE_CONFIRMED = "false_confirmed"
    FALSE_DECLINED = "false_declined"
    RESET = "reset"
    SUPPRESSED = "suppressed"  # its device was taken out of service, or maintenance began
    UNSUPPRESSED = "unsuppressed"
    FORWARDED = "forwarded"  # a police link has acknowledged it
    NOT_FORWARDED = "not_forwarded"  # none has in time; it is tried again
    CLOSED = "closed"


class ForwardState(StrEnum):
    """How far the newest activation has come on its way to the police."""

    SENDING = "sending"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"


class Forward(msgspec.Struct, frozen=True, kw_only=True):
    """The way of an alert over one police link. ``of`` is the version that is on its way.

    ``since`` (ms) is when the state began. ``path`` and ``ack_ms`` (since the gateway knew of it)
    are of the exchange that arrived, ``attempts`` counts exchanges with receivers, ``result``
    is what the last one that failed came to, ``error`` the same in words for technicians.
    """

    link: str
    of: int
    since: int
    state: ForwardState = ForwardState.SENDING
    path: str = ""
    ack_ms: float | None = None
    attempts: int = 0
    result: str = ""
    error: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """That those above were told of an emergency: ``form`` is ``telephone`` or ``written``."""

    form: str
    at: int
    by: str
    to: str = ""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it stands at one ``version``. All times in ms.

    ``raised`` is when the condition first became true (device time if believed), ``known`` when we
    knew it. An unacknowledged alert sounds, anew with each occurrence (``occurrences`` counts them,
    ``last_occurrence`` is the newest). ``explanation`` is that of the newest activation, ``remark``
    stands only while every activation carries it. ``escalated`` is when it last went a step up,
    ``escalation_step`` how many steps since the newest activation, ``louder`` whether one of these
    asked screens to cry louder. ``called`` are those whom steps have called (receivers,
    ``user:NAME``): they hear how it goes on. ``forwards`` has one entry for each police link that
    it goes to.

    ``scope`` is what it is about when that is no single device: ``place:ID``, ``school`` or
    ``repeater:ID`` (its ``device`` is the gateway then), ``victims`` how many devices it cuts off
    now. ``ticked`` are the steps of the response plan that are done, ``reports`` who was told.
    """

    id: int
    device: int
    school: str
    condition: str
    priority: Priority
    state: AlertState
    active: bool
    raised: int
    known: int
    explanation: Explanation
    version: int = 1
    latches: bool = False
    occurrences: int = 1
    last_occurrence: int = 0
    returned: int | None = None
    acknowledged: int | None = None
    acknowledged_by: str | None = None
    assigned_to: str | None = None
    shelved_until: int | None = None
    shelved_by: str | None = None
    suppressed: bool = False
    false_proposed_by: str | None = None
    false_reason: str = ""
    is_false: bool = False
    escalated: int | None = None
    escalation_step: int = 0
    called: tuple[str, ...] = ()
    louder: bool = False
    closed: int | None = None
    remark: str = ""
    forwards: tuple[Forward, ...] = ()
    scope: str = ""
    victims: int = 0
    ticked: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()

    @property
    def police(self) -> ForwardState | None:
        """How it fares with the police, the worst of all links; ``None``: it goes to none."""
        states = {one.state for one in self.forwards}
        for state in (
            ForwardState.UNACKNOWLEDGED,
            ForwardState.SENDING,
            ForwardState.ACKNOWLEDGED,
        ):
            if state in states:
                return state
        return None

    @property
    def open(self) -> bool:
        """Whether it still stands."""
        return self.state is not AlertState.CLOSED

    @property
    def emergency(self) -> bool:
        """Whether nothing may hide it."""
        return self.priority is Priority.EMERGENCY


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to an alert. ``version`` is the alert's after it."""

    alert: int
    version: int
    kind: TransitionKind
    state: AlertState
    happened: int
    known: int
    actor: str = ""  # empty: the gateway itself
    detail: dict[str, str | int | float | bool | None] = msgspec.field(default_factory=dict)


class Acknowledge(msgspec.Struct, frozen=True, tag=True):
    """A named person has taken the alert. ``comment`` may be empty.

    ``occurrences`` is how many of them the person saw; given, it keeps a press that arrived in
    the same moment from being acknowledged unseen (OPC UA Part 9 names the event for this).
    """

    comment: str = ""
    occurrences: int | None = None


class Comment(msgspec.Struct, frozen=True, tag=True):
    """A remark of a person; changes no state."""

    text: str


class Assign(msgspec.Struct, frozen=True, tag=True):
    """Who is to deal with it; ``None`` = nobody."""

    to: str | None


class Shelve(msgspec.Struct, frozen=True, tag=True):
    """Put aside until a time (ms), with a reason. Never an emergency."""

    until: int
    reason: str


class Unshelve(msgspec.Struct, frozen=True, tag=True):
    """Take it back from the shelf."""


class Reset(msgspec.Struct, frozen=True, tag=True):
    """Unlatch: the condition is gone and a person says so."""


class MarkFalse(msgspec.Struct, frozen=True, tag=True):
    """It was no alarm. A panic alarm needs a second person (`ConfirmFalse`)."""

    reason: str


class ConfirmFalse(msgspec.Struct, frozen=True, tag=True):
    """The second person agrees (or not) that a panic alarm was false."""

    agree: bool
    reason: str = ""


class Tick(msgspec.Struct, frozen=True, tag=True):
    """A step of the response plan is done, or not done after all.

    ``text`` is the step in words, as the plan has it now: the record must be understood when the
    plan is another one.
    """

    step: str
    done: bool = True
    text: str = ""


class Tell(msgspec.Struct, frozen=True, tag=True):
    """Those above were told: ``form`` is ``telephone`` or ``written``, ``to`` says whom.

    ``at`` (ms) is when; ``None`` = now. Who telephones signs for it a little later.
    """

    form: str
    to: str
    text: str = ""
    at: int | None = None


Action: TypeAlias = (
    Acknowledge
    | Comment
    | Assign
    | Shelve
    | Unshelve
    | Reset
    | MarkFalse
    | ConfirmFalse
    | Tick
    | Tell
)


class Refusal(msgspec.Struct, frozen=True):
    """Why an action cannot be done now: a code of the catalogues (``refusal.{code}``)."""

    code: str
    detail: str


class Folded(msgspec.Struct, frozen=True):
    """What folding came to: the alert as it stands now and the transitions on the way."""

    alert: Alert | None
    transitions: tuple[Transition, ...] = ()
