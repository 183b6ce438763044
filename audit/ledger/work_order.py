"""A work order: a fault from the moment somebody has to mend it until the device verifies again.

It is one record with the hazard ledger's remedy step: `assignee` is the person responsible
(责任人), `measure` what is to be done (措施), `due` the deadline (期限), and every step is signed
by who took it. It closes only by a verification of the device that is met and ended after the
repair was reported done, and not while its alert stands. Where nothing of the kind can be
verified, somebody entitled accepts with a reason.

Pure: functions take ``now`` (ms) and give the order as it stands afterwards, or why not.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from alerts.alert import Refusal
from audit.verification.model import Verdict

MOST_STEPS: Final = 500
"""Signed steps of one order; what is written down is never cut, so it is bounded at the pen."""

MOST_BY_ITSELF: Final = 200
"""Steps from which the gateway no longer says that the fault has gone: one that comes and goes
leaves people room to act."""

MOST_PHOTOS: Final = 10
LATEST_MS: Final = 90 * 86_400_000
"""How far from now a deadline may be moved: further away it would be none."""


class OrderState(StrEnum):
    """Where a work order stands."""

    OPEN = "open"  # nobody is responsible for it yet
    ASSIGNED = "assigned"
    DONE = "done"  # reported done; the proof is missing
    CLOSED = "closed"
    CANCELLED = "cancelled"


class StepKind(StrEnum):
    """What was done to a work order. Each is signed and is one fact."""

    OPENED = "opened"
    JOINED = "joined"  # more faults with the same cause
    FAULT_GONE = "fault_gone"  # the alert ended by itself; that proves no repair
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    EXTENDED = "extended"
    DONE = "done"
    REOPENED = "reopened"
    VERIFICATION_FAILED = "verification_failed"
    VERIFIED = "verified"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"


class OrderActionName(StrEnum):
    """What people may do to a work order."""

    ASSIGN = "assign"
    COMMENT = "comment"
    DONE = "done"
    REOPEN = "reopen"
    EXTEND = "extend"
    CANCEL = "cancel"
    ACCEPT = "accept"


class SignedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step with who signs for it. ``actor`` is a user's name; empty = the gateway.

    ``photos`` are SHA-256 of pictures. ``detail``: ``to`` (assigned), ``due`` and ``was``
    (extended), ``verification`` (its id), ``alert`` and ``faults``. ``key`` is the name that the
    sender gave the act; empty when none was given.
    """

    at: int
    actor: str
    kind: StepKind
    text: str = ""
    photos: tuple[str, ...] = ()
    detail: dict[str, str | int | None] = msgspec.field(default_factory=dict)
    key: str = ""


class WorkOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A work order as it stands at one ``version``. Times in ms.

    ``device`` is the device's row and ``device_id`` its id; without them the order is for the
    school, or for what ``scope`` names of it (as `alerts.alert.Alert.scope`). ``alert`` is the
    fault it was opened for, ``faults`` how many alerts it covers by now. ``condition`` is empty for
    one that a person opened. ``verification`` is the id of the one that closed it.
    """

    id: int
    school: str
    measure: str
    opened: int
    due: int
    device: int | None = None
    device_id: str = ""
    kind: str = ""
    scope: str = ""
    alert: int | None = None
    condition: str = ""
    faults: int = 1
    automatic: bool = False
    state: OrderState = OrderState.OPEN
    assignee: str | None = None
    fault_gone: int | None = None
    closed: int | None = None
    verification: str = ""
    version: int = 1
    steps: tuple[SignedStep, ...] = ()

    @property
    def standing(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state not in (OrderState.CLOSED, OrderState.CANCELLED)

    @property
    def reported_done(self) -> int | None:
        """When the repair was last reported done; ``None`` unless it stands so."""
        if self.state is not OrderState.DONE:
            return None
        return next(step.at for step in reversed(self.steps) if step.kind is StepKind.DONE)

    def overdue(self, now: int) -> bool:
        """Whether its deadline has passed. Reported done is not yet proven, so it counts, too."""
        return self.standing and now > self.due


class Assign(msgspec.Struct, frozen=True, tag=True):
    """Who is responsible; ``None`` = nobody."""

    to: str | None


class Comment(msgspec.Struct, frozen=True, tag=True):
    """A remark, with photos."""

    text: str
    photos: tuple[str, ...] = ()


class Done(msgspec.Struct, frozen=True, tag=True):
    """The repair is made, says who did it. What proves it comes afterwards."""

    text: str
    photos: tuple[str, ...] = ()


class Reopen(msgspec.Struct, frozen=True, tag=True):
    """It is not done after all."""

    reason: str


class Extend(msgspec.Struct, frozen=True, tag=True):
    """Move the deadline (ms)."""

    due: int
    reason: str


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Nothing is to be mended, for a reason."""

    reason: str


class Accept(msgspec.Struct, frozen=True, tag=True):
    """Take the repair as proven where no verification can prove it."""

    reason: str


Action: TypeAlias = Assign | Comment | Done | Reopen | Extend | Cancel | Accept


class Proof(msgspec.Struct, frozen=True):
    """A verification of the order's device that has ended."""

    verification: str
    ended: int
    verdict: Verdict


def opened(order: WorkOrder, *, actor: str) -> WorkOrder:
    """A new order with its first step signed; ``actor`` empty = the gateway."""
    detail: dict[str, str | int | None] = {"due": order.due}
    if order.alert is not None:
        detail["alert"] = order.alert
    step = SignedStep(
        at=order.opened, actor=actor, kind=StepKind.OPENED, text=order.measure, detail=detail
    )
    return msgspec.structs.replace(order, steps=(step,))


def act(
    order: WorkOrder, action: Action, *, actor: str, now: int, verifiable: bool, key: str = ""
) -> WorkOrder | Refusal:
    """Do what a person asks. The same order comes back when all is so already.

    ``verifiable``: whether a verification can prove the repair; then nobody may accept without.
    A step with the ``key`` of an earlier one, or the same as the last one, is taken for a message
    sent twice.
    """
    step = msgspec.structs.replace(_step(order, action, actor, now), key=key)
    if _repeats(order, step):
        return order
    refusal = _refused(order, action, now, verifiable=verifiable)
    if refusal is not None:
        return refusal
    return _with(order, step, **_changes(order, action, actor, now))


def allowed(order: WorkOrder, *, now: int, verifiable: bool) -> list[OrderActionName]:
    """What people could do to it now, by the order itself; roles are not its business."""
    tries: dict[OrderActionName, Action] = {
        OrderActionName.ASSIGN: Assign("somebody"),
        OrderActionName.COMMENT: Comment("?"),
        OrderActionName.DONE: Done("?"),
        OrderActionName.REOPEN: Reopen("?"),
        OrderActionName.EXTEND: Extend(now + 1, "?"),
        OrderActionName.CANCEL: Cancel("?"),
        OrderActionName.ACCEPT: Accept("?"),
    }
    return [
        name
        for name, action in tries.items()
        if _refused(order, action, now, verifiable=verifiable) is None
    ]


def joined(order: WorkOrder, faults: int, *, scope: str = "", now: int) -> WorkOrder:
    """More alerts turned out to have the same cause: the order covers them. What is not all of one
    ``scope`` is for the school."""
    covered = order.faults + faults
    step = SignedStep(at=now, actor="", kind=StepKind.JOINED, detail={"faults": covered})
    last = order.steps[-1]
    if last.kind is StepKind.JOINED:
        # One line that counts on, not a line a minute while a power cut spreads.
        kept = order.steps[:-1]
        order = msgspec.structs.replace(order, steps=kept)
    scope = order.scope if scope == order.scope else ""
    return _with(order, step, faults=covered, scope=scope, fault_gone=None)


def fault_gone(order: WorkOrder, *, now: int) -> WorkOrder:
    """Its alert ended by itself. Said once; the order stays until the device verifies."""
    if order.fault_gone is not None or not order.standing or len(order.steps) >= MOST_BY_ITSELF:
        return order
    return _with(order, SignedStep(at=now, actor="", kind=StepKind.FAULT_GONE), fault_gone=now)


def proven(order: WorkOrder, proof: Proof, *, fault_stands: bool, now: int) -> WorkOrder:
    """Hold a verification against the order. The same order comes back when it proves nothing.

    Met closes it, failed gives it back, unknown leaves it; one that ended before the repair was
    reported done says nothing about the repair. While one of its alerts stands (``fault_stands``)
    the order does not close: a button that can be pressed may yet have an empty battery.
    """
    done = order.reported_done
    if done is None or proof.ended <= done or proof.verdict is Verdict.UNKNOWN:
        return order
    met = proof.verdict is Verdict.MET
    if met and fault_stands:
        return order
    step = SignedStep(
        at=now,
        actor="",
        kind=StepKind.VERIFIED if met else StepKind.VERIFICATION_FAILED,
        detail={"verification": proof.verification},
    )
    if met:
        return _with(
            order,
            step,
            state=OrderState.CLOSED,
            closed=now,
            verification=proof.verification,
        )
    return _with(order, step, state=_undone(order))


def _undone(order: WorkOrder) -> OrderState:
    return OrderState.OPEN if order.assignee is None else OrderState.ASSIGNED


def _with(order: WorkOrder, step: SignedStep, **changes: object) -> WorkOrder:
    return msgspec.structs.replace(
        order, steps=(*order.steps, step), version=order.version + 1, **changes
    )


def _repeats(order: WorkOrder, step: SignedStep) -> bool:
    """Whether the last step is this one: a phone sends again what it got no answer to."""
    if step.key and any(
        (before.actor, before.key) == (step.actor, step.key) for before in order.steps
    ):
        return True
    last = order.steps[-1]
    same = (last.actor, last.kind, last.text, last.photos) == (
        step.actor,
        step.kind,
        step.text,
        step.photos,
    )
    return same and all(last.detail.get(name) == step.detail.get(name) for name in ("to", "due"))


def _changes(order: WorkOrder, action: Action, actor: str, now: int) -> dict[str, object]:
    """What an action changes beside its step."""
    match action:
        case Assign(to=to):
            state = OrderState.OPEN if to is None else OrderState.ASSIGNED
            return {
                "assignee": to,
                "state": order.state if order.state is OrderState.DONE else state,
            }
        case Done():
            return {"state": OrderState.DONE, "assignee": order.assignee or actor}
        case Reopen():
            return {"state": _undone(order), "closed": None}
        case Extend(due=due):
            return {"due": due}
        case Cancel():
            return {"state": OrderState.CANCELLED, "closed": now}
        case Accept():
            return {"state": OrderState.CLOSED, "closed": now}
        case Comment():
            return {}


def _step(order: WorkOrder, action: Action, actor: str, now: int) -> SignedStep:
    match action:
        case Assign(to=to):
            return SignedStep(at=now, actor=actor, kind=StepKind.ASSIGNED, detail={"to": to})
        case Comment(text=text, photos=photos):
            return SignedStep(
                at=now, actor=actor, kind=StepKind.COMMENTED, text=text, photos=photos
            )
        case Done(text=text, photos=photos):
            return SignedStep(at=now, actor=actor, kind=StepKind.DONE, text=text, photos=photos)
        case Extend(due=due, reason=reason):
            detail: dict[str, str | int | None] = {"due": due, "was": order.due}
            return SignedStep(
                at=now, actor=actor, kind=StepKind.EXTENDED, text=reason, detail=detail
            )
        case Reopen(reason=reason):
            return SignedStep(at=now, actor=actor, kind=StepKind.REOPENED, text=reason)
        case Cancel(reason=reason):
            return SignedStep(at=now, actor=actor, kind=StepKind.CANCELLED, text=reason)
        case Accept(reason=reason):
            return SignedStep(at=now, actor=actor, kind=StepKind.ACCEPTED, text=reason)


def _refused(order: WorkOrder, action: Action, now: int, *, verifiable: bool) -> Refusal | None:
    if len(order.steps) >= MOST_STEPS and not isinstance(action, Cancel):
        return Refusal("order_full", f"it has {MOST_STEPS} steps already; open another work order")
    if isinstance(action, Reopen):
        if order.state in (OrderState.DONE, OrderState.CANCELLED):
            return None
        return Refusal("order_not_done", f"the work order is {order.state}, not done or cancelled")
    if not order.standing:
        return Refusal("order_over", f"the work order is {order.state}")
    match action:
        case Done() if order.state is OrderState.DONE:
            return Refusal("order_done", "it has been reported done already; comment on it instead")
        case Extend(due=due) if not now < due <= now + LATEST_MS:
            return Refusal("order_due", "the deadline must be in the future, at most 90 days away")
        case Accept() if verifiable:
            return Refusal(
                "order_verify", "a verification can prove this repair: verify the device instead"
            )
        case Accept() if order.state is not OrderState.DONE:
            return Refusal("order_not_done", "it has not been reported done")
    return None
