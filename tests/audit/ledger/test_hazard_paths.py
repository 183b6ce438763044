"""No path leaves anything out: any acts by any people, any work orders, any clock."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from hazard_entries import BEGIN, FIGURES, FIVE, PEOPLE, an_entry, of_a_fault
from hypothesis import event, given, settings
from hypothesis import strategies as st

from alerts.alert import Refusal
from audit.ledger.hazard import (
    SIGNATURES,
    STEPS,
    FiveThings,
    Grade,
    Hazard,
    HazardStep,
    OrderState,
    StepKind,
    wanted,
)
from audit.ledger.hazard_actions import (
    Accept,
    Action,
    Assess,
    By,
    Comment,
    Extend,
    Interim,
    LookBack,
    Monitor,
    Register,
    SendBack,
    Sign,
)
from audit.ledger.hazard_acts import act, order_moved
from audit.ledger.hazard_refusals import refused
from audit.ledger.hazard_times import DAY_MS, HOUR_MS, climbed, righted

_text = st.sampled_from(["", "x", " "])
_grade = st.sampled_from(Grade)
_five = st.builds(
    FiveThings,
    responsible=st.sampled_from(["mr. wang", "ines", ""]),
    measure=st.sampled_from(["clear it", ""]),
    money=st.sampled_from([0, 100, -1]),
    deadline=st.sampled_from([BEGIN, BEGIN + 20 * HOUR_MS, BEGIN + 20 * DAY_MS]),
    contingency=st.sampled_from(["the other stairs", " "]),
)
_action = st.one_of(
    st.builds(Sign, st.sampled_from(StepKind), _text),
    st.builds(Register, _grade),
    st.builds(Assess, _grade, _five, _text),
    st.builds(Monitor, _text, _text),
    st.builds(Accept, met=st.booleans(), text=_text),
    st.builds(SendBack, _text),
    st.builds(Interim, _text),
    st.builds(Extend, st.integers(BEGIN, BEGIN + 200 * DAY_MS), _text),
    st.builds(Comment, _text),
    st.builds(LookBack, held=st.booleans(), text=_text),
)
_order = st.builds(
    OrderState,
    number=st.integers(1, 2),
    state=st.sampled_from(["open", "done", "closed", "cancelled"]),
    done_by=st.sampled_from([(), ("tim",), ("ines",)]),
    verified=st.sampled_from([None, BEGIN + 7]),
)


class Forward(msgspec.Struct, frozen=True):
    """The next signatures, each by somebody whose it is: paths that get far are tried, too."""

    signatures: int
    who: int
    major: bool = False
    met: bool = True


_forward = st.builds(Forward, st.integers(1, 8), st.integers(0, 6))
_move = st.one_of(
    st.tuples(_action, st.sampled_from(PEOPLE)),
    _forward,
    _forward,
    st.builds(Forward, st.just(1), st.integers(0, 6), st.booleans(), st.booleans()),
    _order,
    st.integers(-10, 40),  # days that pass; a clock may be set back
)


def _signature(entry: Hazard, wish: Forward, who: int, now: int) -> tuple[Action, By]:
    awaited = entry.awaited
    people = [person for person in PEOPLE if awaited is None or person.role in awaited.by]
    by = people[who % len(people)]
    grade = Grade.MAJOR if wish.major else entry.grade
    if awaited is None:
        return Comment("x"), by
    match awaited.kind:
        case StepKind.REGISTERED:
            return Register(grade), by
        case StepKind.ASSESSED:
            return Assess(grade, msgspec.structs.replace(FIVE, deadline=now + 10 * DAY_MS)), by
        case StepKind.MONITORED:
            return Monitor("watched", "a rope"), by
        case StepKind.ACCEPTED:
            return Accept(met=wish.met, text="seen"), by
        case kind:
            return Sign(kind, "x"), by


def _moved(entry: Hazard, move: object, now: int) -> Iterator[Hazard]:
    """The entry after each step of a move."""
    match move:
        case int():
            entry = righted(entry, FIGURES, now=now)
            yield entry
            yield climbed(entry, FIGURES, now=now)
        case OrderState():
            yield order_moved(entry, move, FIGURES, now=now)
        case Forward():
            for more in range(move.signatures):
                action, by = _signature(entry, move, move.who + more, now)
                result = act(entry, action, by, FIGURES, now=now)
                entry = entry if isinstance(result, Refusal) else result
                yield entry
        case (action, by):
            result = act(entry, action, by, FIGURES, now=now)
            refusal = refused(entry, action, by, FIGURES, now=now)
            assert isinstance(result, Refusal) == (refusal is not None)
            yield entry if isinstance(result, Refusal) else result


@settings(max_examples=400)
@given(of_fault=st.booleans(), major=st.booleans(), moves=st.lists(_move, min_size=8, max_size=30))
def test_no_path_skips_a_step_or_a_signature(
    *, of_fault: bool, major: bool, moves: list[object]
) -> None:
    entry = of_a_fault() if of_fault else an_entry(grade=Grade.MAJOR if major else Grade.GENERAL)
    now = BEGIN
    for move in moves:
        now += move * DAY_MS if isinstance(move, int) else 0
        for after in _moved(entry, move, now):
            _only_added(entry, after)
            entry = after
    event("closed" if entry.closed is not None else f"stands at {entry.step}")
    _whole(entry)


def _only_added(before: Hazard, after: Hazard) -> None:
    """Nothing that was written is ever changed, and nothing closed opens again."""
    assert after.steps[: len(before.steps)] == before.steps
    assert after.version >= before.version
    if before.closed is not None:
        assert (after.closed, after.step) == (before.closed, before.step)
    at, was = STEPS.index(after.step), STEPS.index(before.step)
    if at > STEPS.index(HazardStep.ASSESS):
        assert after.five is not None
        five = (after.five.responsible, after.five.measure, after.five.contingency)
        assert all(text.strip() for text in five)
        assert after.five.money >= 0
    if at > STEPS.index(HazardStep.MONITOR):
        assert after.interim or not after.needs_interim
    newer = {step.kind for step in after.steps[len(before.steps) :]}
    if at < was:  # back only by somebody who said so, or because the fault is back
        assert newer & {StepKind.SENT_BACK, StepKind.NOT_ACCEPTED, StepKind.ORDER}


def _whole(entry: Hazard) -> None:  # noqa: C901 - an independent reading, in one place
    """What was signed, read from the steps alone, is what the eight steps ask for."""
    reached: list[StepKind] = []
    for step in entry.steps:
        if step.kind in (StepKind.NOT_ACCEPTED, StepKind.SENT_BACK, StepKind.ORDER):
            if step.at_step in (HazardStep.ACCEPT, HazardStep.CLOSE):
                if step.kind is not StepKind.ORDER:
                    reached = _cut(reached, HazardStep.REMEDY)
            elif step.kind is StepKind.SENT_BACK:
                again = step.at_step
                if again in (HazardStep.REPORT, HazardStep.MONITOR):
                    again = HazardStep.ASSESS
                reached = _cut(reached, again)
                if again is HazardStep.FIND:
                    reached.append(StepKind.FOUND)
            continue
        for at, signatures in SIGNATURES.items():
            signature = next((one for one in signatures if one.kind is step.kind), None)
            if signature is None:
                continue
            assert at is step.at_step
            assert step.role in signature.by
            if step.kind is StepKind.REMEDIED:
                reached = _cut(reached, HazardStep.REMEDY)  # the fault was back
            reached.append(step.kind)
    if entry.closed is None:
        return
    needed = [each.kind for step in STEPS for each in wanted(step, entry.grade)]
    assert reached == needed
    accepted = [step for step in entry.steps if step.kind is StepKind.ACCEPTED][-1]
    assert accepted.actor not in entry.remedied_by
    assert entry.five is not None
    assert all((entry.five.responsible, entry.five.measure, entry.five.contingency.strip()))
    assert entry.interim or not entry.needs_interim


def _cut(reached: list[StepKind], step: HazardStep) -> list[StepKind]:
    later = {each.kind for one in STEPS[STEPS.index(step) :] for each in SIGNATURES[one]}
    return [kind for kind in reached if kind not in later]
