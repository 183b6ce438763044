"""The life of a work order: who signs what, and that only a proof closes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Refusal
from audit.ledger.work_order import (
    LATEST_MS,
    MOST_BY_ITSELF,
    MOST_STEPS,
    Accept,
    Action,
    Assign,
    Cancel,
    Comment,
    Done,
    Extend,
    OrderActionName,
    OrderState,
    Proof,
    Reopen,
    StepKind,
    WorkOrder,
    act,
    allowed,
    fault_gone,
    joined,
    opened,
    proven,
)
from audit.verification.model import Verdict

HOUR = 3_600_000
BEGIN = 1_795_161_600_000


def an_order() -> WorkOrder:
    order = WorkOrder(
        id=7,
        school="no3",
        measure="replace the battery",
        opened=BEGIN,
        due=BEGIN + 24 * HOUR,
        device=4,
        device_id="lab-2",
        kind="smoke",
        alert=11,
        condition="battery_low",
    )
    return opened(order, actor="")


def after(order: WorkOrder, *actions: Action, verifiable: bool = True) -> WorkOrder:
    for number, action in enumerate(actions, 1):
        result = act(order, action, actor="tim", now=BEGIN + number, verifiable=verifiable)
        assert isinstance(result, WorkOrder), result
        order = result
    return order


def refusal(order: WorkOrder, action: Action, *, verifiable: bool = True) -> str:
    result = act(order, action, actor="tim", now=BEGIN + HOUR, verifiable=verifiable)
    assert isinstance(result, Refusal)
    return result.code


def test_it_is_assigned_mended_and_closed_by_a_verification_after_the_repair() -> None:
    order = after(an_order(), Assign("tim"), Comment("on my way"), Done("new battery", ("ab",)))
    assert (order.state, order.assignee) == (OrderState.DONE, "tim")

    closed = proven(order, Proof("v1", BEGIN + 10, Verdict.MET), fault_stands=False, now=BEGIN + 11)

    assert (closed.state, closed.closed, closed.verification) == (
        OrderState.CLOSED,
        BEGIN + 11,
        "v1",
    )
    assert [(step.kind, step.actor) for step in closed.steps] == [
        (StepKind.OPENED, ""),
        (StepKind.ASSIGNED, "tim"),
        (StepKind.COMMENTED, "tim"),
        (StepKind.DONE, "tim"),
        (StepKind.VERIFIED, ""),
    ]
    assert closed.steps[3].photos == ("ab",)
    assert closed.version == len(closed.steps)


def test_whoever_reports_it_done_is_responsible_when_nobody_was() -> None:
    assert after(an_order(), Done("cleaned")).assignee == "tim"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verification_from_before_the_repair_proves_nothing(verdict: Verdict) -> None:
    order = after(an_order(), Done("cleaned"))
    done = order.reported_done
    assert done is not None

    assert proven(order, Proof("v1", done, verdict), fault_stands=False, now=BEGIN + HOUR) is order


def test_while_its_alert_stands_no_verification_closes_it() -> None:
    order = after(an_order(), Done("pressed it, works"))
    met = Proof("v1", BEGIN + HOUR, Verdict.MET)
    failed = Proof("v2", BEGIN + HOUR, Verdict.FAILED)

    assert proven(order, met, fault_stands=True, now=BEGIN + HOUR) is order
    assert proven(order, failed, fault_stands=True, now=BEGIN + HOUR).state is OrderState.ASSIGNED
    assert not proven(order, met, fault_stands=False, now=BEGIN + 2 * HOUR).standing


def test_a_verification_of_an_order_not_reported_done_closes_nothing() -> None:
    order = after(an_order(), Assign("tim"))

    assert (
        proven(order, Proof("v1", BEGIN + HOUR, Verdict.MET), fault_stands=False, now=BEGIN + HOUR)
        is order
    )


def test_a_failed_verification_gives_it_back_and_an_unknown_one_changes_nothing() -> None:
    order = after(an_order(), Assign("tim"), Done("cleaned"))

    unknown = proven(
        order, Proof("v1", BEGIN + HOUR, Verdict.UNKNOWN), fault_stands=False, now=BEGIN + HOUR
    )
    failed = proven(
        order, Proof("v2", BEGIN + HOUR, Verdict.FAILED), fault_stands=False, now=BEGIN + HOUR
    )

    assert unknown is order
    assert (failed.state, failed.assignee) == (OrderState.ASSIGNED, "tim")
    assert failed.steps[-1].kind is StepKind.VERIFICATION_FAILED
    # a verification that is met closes it only after it was reported done anew
    assert (
        proven(
            failed, Proof("v3", BEGIN + 2 * HOUR, Verdict.MET), fault_stands=False, now=BEGIN + HOUR
        )
        is failed
    )


def test_nobody_accepts_what_a_verification_can_prove() -> None:
    done = after(an_order(), Done("cleaned"))

    assert refusal(done, Accept("looks fine")) == "order_verify"
    assert refusal(an_order(), Accept("looks fine"), verifiable=False) == "order_not_done"
    accepted = after(done, Accept("seen myself"), verifiable=False)
    assert (accepted.state, accepted.verification) == (OrderState.CLOSED, "")
    assert accepted.steps[-1].kind is StepKind.ACCEPTED


def test_the_deadline_is_moved_into_the_future_with_a_reason_and_not_for_ever() -> None:
    order = an_order()
    assert not order.overdue(order.due)
    assert order.overdue(order.due + 1)

    moved = after(order, Extend(BEGIN + 72 * HOUR, "the part comes on Tuesday"))

    assert moved.due == BEGIN + 72 * HOUR
    assert moved.steps[-1].detail == {"due": BEGIN + 72 * HOUR, "was": BEGIN + 24 * HOUR}
    assert refusal(order, Extend(BEGIN + HOUR, "now")) == "order_due"
    assert refusal(order, Extend(BEGIN + HOUR + LATEST_MS + 1, "for ever")) == "order_due"


def test_reported_done_is_overdue_until_it_is_proven() -> None:
    done = after(an_order(), Done("cleaned"))
    closed = proven(
        done, Proof("v1", BEGIN + HOUR, Verdict.MET), fault_stands=False, now=BEGIN + HOUR
    )

    assert done.overdue(done.due + 1)
    assert not closed.overdue(closed.due + 1)


def test_a_cancelled_order_can_be_reopened_and_a_closed_one_stays_closed() -> None:
    cancelled = after(an_order(), Assign("tim"), Cancel("opened twice"))
    closed = proven(
        after(an_order(), Done("x")),
        Proof("v", BEGIN + HOUR, Verdict.MET),
        fault_stands=False,
        now=BEGIN + HOUR,
    )

    reopened = after(cancelled, Reopen("it was not"))

    assert (reopened.state, reopened.closed) == (OrderState.ASSIGNED, None)
    for action in (
        Comment("?"),
        Done("?"),
        Cancel("?"),
        Extend(BEGIN + 2 * HOUR, "?"),
        Assign("x"),
    ):
        assert refusal(closed, action) == "order_over"
    assert refusal(closed, Reopen("?")) == "order_not_done"


def test_what_a_phone_sends_twice_is_done_once() -> None:
    order = an_order()
    for action in (
        Assign("tim"),
        Comment("seen"),
        Extend(BEGIN + 48 * HOUR, "part"),
        Done("new battery"),
        Cancel("no fault"),
        Reopen("it is one"),
    ):
        order = after(order, action)
        assert act(order, action, actor="tim", now=BEGIN + 99, verifiable=True) is order


def test_what_a_phone_sends_again_after_others_have_acted_is_done_once() -> None:
    done = act(an_order(), Done("new battery"), actor="tim", now=BEGIN, verifiable=True, key="a1")
    assert isinstance(done, WorkOrder)
    failed = proven(
        done, Proof("v1", BEGIN + HOUR, Verdict.FAILED), fault_stands=False, now=BEGIN + HOUR
    )

    def again(actor: str, key: str) -> WorkOrder:
        result = act(
            failed, Done("new battery"), actor=actor, now=BEGIN + 99, verifiable=True, key=key
        )
        assert isinstance(result, WorkOrder)
        return result

    assert again("tim", "a1") is failed  # no second report, which nobody made
    assert again("tim", "a2").state is OrderState.DONE
    assert again("olga", "a1").state is OrderState.DONE


def test_a_second_persons_same_words_are_a_step_of_their_own() -> None:
    order = after(an_order(), Comment("seen"))

    other = act(order, Comment("seen"), actor="olga", now=BEGIN + 9, verifiable=True)

    assert isinstance(other, WorkOrder)
    assert [step.actor for step in other.steps[-2:]] == ["tim", "olga"]


def test_that_the_fault_ended_by_itself_is_said_once_and_closes_nothing() -> None:
    order = fault_gone(an_order(), now=BEGIN + HOUR)

    assert order.standing
    assert order.steps[-1].kind is StepKind.FAULT_GONE
    assert fault_gone(order, now=BEGIN + 2 * HOUR) is order


def test_a_spreading_cause_counts_on_in_one_step() -> None:
    order = an_order()
    for minute in range(1, 60):
        order = joined(order, 10, now=BEGIN + minute)

    assert order.faults == 591
    assert [step.kind for step in order.steps] == [StepKind.OPENED, StepKind.JOINED]


def test_what_is_offered_is_what_is_not_refused() -> None:
    assert OrderActionName.ACCEPT not in allowed(an_order(), now=BEGIN, verifiable=True)
    done = after(an_order(), Done("x"))
    assert set(allowed(done, now=BEGIN, verifiable=False)) == set(OrderActionName) - {
        OrderActionName.DONE
    }


def test_steps_are_bounded_and_never_cut() -> None:
    order = an_order()
    for number in range(MOST_STEPS - 1):
        order = after(order, Comment(str(number)))

    assert refusal(order, Comment("one more")) == "order_full"
    assert refusal(order, Done("at last")) == "order_full"
    assert len(order.steps) == MOST_STEPS
    assert allowed(order, now=BEGIN, verifiable=True) == [OrderActionName.CANCEL]
    assert not after(order, Cancel("a new one was opened")).standing


def test_a_fault_that_comes_and_goes_leaves_people_room_to_mend_it() -> None:
    order = an_order()
    for minute in range(1, 5 * MOST_STEPS):
        order = fault_gone(order, now=BEGIN + minute)
        order = joined(order, 1, now=BEGIN + minute)

    assert len(order.steps) <= MOST_BY_ITSELF + 1
    assert order.faults == 5 * MOST_STEPS
    assert after(order, Done("a new aerial")).state is OrderState.DONE


actions = st.one_of(
    st.builds(Assign, st.sampled_from(["tim", "olga", None])),
    st.builds(Comment, st.sampled_from(["a", "b"])),
    st.builds(Done, st.sampled_from(["a", "b"])),
    st.builds(Reopen, st.just("r")),
    st.builds(Extend, st.integers(BEGIN - HOUR, BEGIN + 100 * HOUR), st.just("r")),
    st.builds(Cancel, st.just("r")),
    st.builds(Accept, st.just("r")),
    st.builds(Proof, st.just("v"), st.integers(BEGIN, BEGIN + 99), st.sampled_from(Verdict)),
)


@given(st.lists(actions, max_size=30), st.booleans())
def test_however_it_goes_a_closed_order_has_its_proof_and_every_step_a_signature(
    doings: list[Action | Proof], verifiable: bool
) -> None:
    order = an_order()
    for number, doing in enumerate(doings, 1):
        now = BEGIN + number
        if isinstance(doing, Proof):
            result: WorkOrder | Refusal = proven(order, doing, fault_stands=False, now=now)
        else:
            result = act(order, doing, actor="tim", now=now, verifiable=verifiable)
        if isinstance(result, WorkOrder):
            assert result.steps[: len(order.steps)] == order.steps
            order = result
    last = order.steps[-1]
    if order.state is OrderState.CLOSED:
        assert last.kind is (StepKind.VERIFIED if verifiable else last.kind)
        assert last.kind in (StepKind.VERIFIED, StepKind.ACCEPTED)
        assert any(step.kind is StepKind.DONE and step.actor for step in order.steps)
    assert (order.closed is None) is order.standing
    assert order.version == len(order.steps)
