"""The eight steps of a hazard: whose signatures, in which order, none of them left out."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
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
    Origin,
    Signer,
    StepKind,
    wanted,
)
from audit.ledger.hazard_actions import (
    PLAIN,
    Accept,
    Action,
    Assess,
    By,
    Comment,
    Extend,
    HazardActionName,
    Interim,
    LookBack,
    Monitor,
    Register,
    SendBack,
    Sign,
    kind_of,
)
from audit.ledger.hazard_acts import GATEWAY, act, continued, found, noticed, order_moved
from audit.ledger.hazard_refusals import allowed, refused
from audit.ledger.hazard_times import DAY_MS, HOUR_MS, LedgerFigures, climbed

BEGIN = 1_795_161_600_000
FIGURES = LedgerFigures()

SOFIA = By("sofia", Signer.SAFETY_OFFICER)
PAUL = By("paul", Signer.PRINCIPAL)
INES = By("ines", Signer.INSPECTOR)
ANNA = By("anna", Signer.AUDITOR)
GWEN = By("gwen", Signer.GROUP_LEADER)
TIM = By("tim", Signer.TECHNICIAN)
ADA = By("ada", Signer.ADMINISTRATOR)
PEOPLE = (SOFIA, PAUL, INES, ANNA, GWEN, TIM, ADA)

FIVE = FiveThings(
    responsible="mr. wang",
    measure="clear the stairs",
    money=0,
    deadline=BEGIN + 10 * DAY_MS,
    contingency="use the other stairs",
)


def an_entry(**changes: object) -> Hazard:
    entry = Hazard(
        number=7,
        school="no3",
        origin=Origin.INSPECTION,
        opened=BEGIN,
        due=BEGIN + 72 * HOUR_MS,
        text="the stairs are blocked",
    )
    return found(msgspec.structs.replace(entry, **changes), INES, now=BEGIN)


def of_a_fault(order: OrderState | None = None) -> Hazard:
    order = order or OrderState(number=4, state="assigned", done_by=("tim",))
    entry = Hazard(
        number=8,
        school="no3",
        origin=Origin.FAULT,
        opened=BEGIN,
        due=BEGIN + 72 * HOUR_MS,
        device_id="lab-2",
        condition="silent",
        order=order,
    )
    return found(entry, GATEWAY, now=BEGIN)


def to_report(grade: Grade = Grade.GENERAL) -> list[tuple[Action, By]]:
    return [
        (Sign(StepKind.FINDING_SIGNED), PAUL),
        (Sign(StepKind.FINDING_REVIEWED), GWEN),
        (Register(grade), SOFIA),
        (Assess(grade, FIVE), SOFIA),
        (Sign(StepKind.ASSESSMENT_SIGNED), PAUL),
    ]


TO_REMEDY: list[tuple[Action, By]] = [
    *to_report(),
    (Sign(StepKind.REPORTED), PAUL),
    (Monitor("a guard stands there", "a sign on the door"), SOFIA),
]
TO_ACCEPT: list[tuple[Action, By]] = [*TO_REMEDY, (Sign(StepKind.REMEDIED, "cleared"), SOFIA)]
TO_CLOSED: list[tuple[Action, By]] = [
    *TO_ACCEPT,
    (Accept(met=True, text="seen"), INES),
    (Sign(StepKind.RESULT_SIGNED), PAUL),
    (Sign(StepKind.RESULT_REVIEWED), GWEN),
    (Sign(StepKind.CLOSED), INES),
]


def after(entry: Hazard, acts: list[tuple[Action, By]], *, now: int = BEGIN + HOUR_MS) -> Hazard:
    for number, (action, by) in enumerate(acts, 1):
        result = act(entry, action, by, FIGURES, now=now + number)
        assert isinstance(result, Hazard), (action, result)
        entry = result
    return entry


def code(entry: Hazard, action: Action, by: By, *, now: int = BEGIN + 2 * HOUR_MS) -> str:
    result = act(entry, action, by, FIGURES, now=now)
    assert isinstance(result, Refusal), result
    return result.code


def test_a_finding_goes_through_eight_steps_and_is_struck_off() -> None:
    entry = after(an_entry(), TO_CLOSED)

    assert entry.closed is not None
    assert [step.kind for step in entry.steps] == [
        StepKind.FOUND,
        *(kind_of(action) for action, _ in TO_CLOSED),
    ]
    assert [step.at_step for step in entry.steps[1:]] == [
        step for step in STEPS for _ in range(len(wanted(step, Grade.GENERAL)) - (step == "find"))
    ]
    assert entry.look_back == entry.closed + 30 * DAY_MS
    assert entry.remedied_by == ("sofia",)


def test_five_things_are_named_before_the_assessment_is_left() -> None:
    entry = after(an_entry(), to_report()[:3])
    for nothing in (
        {"responsible": " "},
        {"measure": ""},
        {"contingency": ""},
        {"money": -1},
    ):
        five = msgspec.structs.replace(FIVE, **nothing)
        assert code(entry, Assess(Grade.GENERAL, five), SOFIA) == "hazard_five"
    past = msgspec.structs.replace(FIVE, deadline=BEGIN)
    assert code(entry, Assess(Grade.GENERAL, past), SOFIA) == "hazard_due"
    assert code(entry, Sign(StepKind.ASSESSED), SOFIA) == "hazard_step"  # a bare signature

    named = after(entry, [(Assess(Grade.GENERAL, FIVE), SOFIA)])
    assert (named.step, named.five) == (HazardStep.ASSESS, FIVE)  # the principal has not signed
    left = after(named, [(Sign(StepKind.ASSESSMENT_SIGNED), PAUL)])
    assert (left.step, left.due) == (HazardStep.REPORT, FIVE.deadline)


def test_a_major_one_is_reported_to_the_leader_too() -> None:
    entry = after(an_entry(), to_report(Grade.MAJOR))
    reported = after(entry, [(Sign(StepKind.REPORTED), PAUL)])
    assert reported.step is HazardStep.REPORT
    assert code(reported, Monitor("x"), SOFIA) == "hazard_step"
    assert after(reported, [(Sign(StepKind.REPORT_TAKEN), GWEN)]).step is HazardStep.MONITOR


def test_only_the_leader_makes_a_major_one_general() -> None:
    entry = after(an_entry(grade=Grade.MAJOR), to_report()[:2])
    assert code(entry, Register(Grade.GENERAL), SOFIA) == "hazard_grade"
    assert code(entry, Register(Grade.GENERAL), INES) == "hazard_grade"
    assert after(entry, [(Register(Grade.GENERAL), GWEN)]).grade is Grade.GENERAL


def test_what_cannot_be_remedied_at_once_carries_an_interim_measure() -> None:
    entry = after(an_entry(), [*to_report(), (Sign(StepKind.REPORTED), SOFIA)])
    assert entry.needs_interim
    assert code(entry, Monitor("somebody looks"), SOFIA) == "hazard_interim"
    watched = after(entry, [(Interim("a rope"), SOFIA), (Monitor("somebody looks"), SOFIA)])
    assert (watched.step, watched.interim) == (HazardStep.REMEDY, "a rope")


def test_what_is_remedied_within_a_day_needs_no_interim_measure() -> None:
    at_once = msgspec.structs.replace(FIVE, deadline=BEGIN + 20 * HOUR_MS)
    acts = [*to_report()[:3], (Assess(Grade.GENERAL, at_once), SOFIA), to_report()[4]]
    entry = after(an_entry(), [*acts, (Sign(StepKind.REPORTED), PAUL)])
    assert not entry.needs_interim
    assert after(entry, [(Monitor("somebody looks"), SOFIA)]).step is HazardStep.REMEDY


def test_who_remedied_does_not_accept() -> None:
    entry = after(an_entry(), TO_ACCEPT)
    assert code(entry, Accept(met=True, text="fine"), SOFIA) == "hazard_own_work"
    assert after(entry, [(Accept(met=True, text="fine"), INES)]).step is HazardStep.ACCEPT


def test_nor_does_who_mended_it_by_a_work_order_or_is_responsible() -> None:
    officer = By("tim", Signer.SAFETY_OFFICER)  # once the technician who mended it
    done = OrderState(number=4, state="closed", done_by=("tim",), verified=BEGIN + 5)
    entry = after(
        of_a_fault(done), [each for each in TO_REMEDY if kind_of(each[0]) != "registered"]
    )
    assert entry.step is HazardStep.ACCEPT
    assert code(entry, Accept(met=True, text="fine"), officer) == "hazard_own_work"
    assert code(entry, Accept(met=True, text="x"), By("mr. wang", Signer.INSPECTOR)) == (
        "hazard_own_work"
    )


def test_a_major_one_is_accepted_by_the_bureau() -> None:
    acts = [
        *to_report(Grade.MAJOR),
        (Sign(StepKind.REPORTED), PAUL),
        (Sign(StepKind.REPORT_TAKEN), GWEN),
        (Monitor("x", "y"), SOFIA),
        (Sign(StepKind.REMEDIED), TIM),
    ]
    entry = after(an_entry(), acts)
    assert code(entry, Accept(met=True, text="fine"), SOFIA) == "hazard_role"
    assert after(entry, [(Accept(met=True, text="fine"), INES)]).step is HazardStep.ACCEPT


def test_what_is_not_accepted_goes_back_and_is_remedied_again() -> None:
    entry = after(an_entry(), [*TO_ACCEPT, (Accept(met=False, text="still blocked"), INES)])
    assert (entry.step, entry.due) == (HazardStep.REMEDY, FIVE.deadline)
    again = after(entry, [(Sign(StepKind.REMEDIED, "once more"), SOFIA)])
    assert again.step is HazardStep.ACCEPT


def test_a_leader_sends_a_result_back_and_its_signatures_are_void() -> None:
    acts = [*TO_ACCEPT, *TO_CLOSED[len(TO_ACCEPT) : len(TO_ACCEPT) + 2]]
    entry = after(an_entry(), [*acts, (SendBack("look behind the door"), GWEN)])
    assert (entry.step, entry.signed) == (HazardStep.REMEDY, ())


def test_a_leader_sends_a_finding_back_to_the_principal() -> None:
    entry = after(an_entry(), to_report()[:1])
    back = after(entry, [(SendBack("which stairs?"), GWEN)])
    assert back.awaited is not None
    assert (back.step, back.awaited.kind) == (HazardStep.FIND, StepKind.FINDING_SIGNED)
    assert code(an_entry(), SendBack("no"), PAUL) == "hazard_step"


def test_a_principal_who_found_it_may_sign_for_it() -> None:
    entry = found(msgspec.structs.replace(an_entry(), steps=(), signed=()), PAUL, now=BEGIN)
    signed = after(entry, [(Sign(StepKind.FINDING_SIGNED), PAUL)])
    assert signed.awaited is not None
    assert signed.awaited.kind is StepKind.FINDING_REVIEWED


def test_the_gateway_registers_what_it_measured_itself_and_nothing_else() -> None:
    signed = to_report()[:2]
    assert after(of_a_fault(), signed).step is HazardStep.ASSESS
    assert after(an_entry(), signed).step is HazardStep.REGISTER


def test_its_work_order_is_the_remedy() -> None:
    entry = after(of_a_fault(), [each for each in TO_REMEDY if kind_of(each[0]) != "registered"])
    assert entry.step is HazardStep.REMEDY
    assert code(entry, Sign(StepKind.REMEDIED, "done"), SOFIA) == "hazard_order"

    done = OrderState(number=4, state="done", done_by=("tim",))
    entry = order_moved(entry, done, FIGURES, now=BEGIN + 5 * HOUR_MS)
    assert (entry.step, entry.steps[-1].kind) == (HazardStep.REMEDY, StepKind.ORDER)
    proven = OrderState(
        number=4, state="closed", done_by=("tim",), verified=BEGIN + 6, verification="v1"
    )
    entry = order_moved(entry, proven, FIGURES, now=BEGIN + 6 * HOUR_MS)
    assert entry.step is HazardStep.ACCEPT
    assert entry.remedied_by == ("tim",)
    assert entry.steps[-1].detail["verification"] == "v1"
    assert order_moved(entry, proven, FIGURES, now=BEGIN + 7 * HOUR_MS) is entry


def test_a_work_order_that_is_proven_early_skips_no_step() -> None:
    proven = OrderState(number=4, state="closed", done_by=("tim",), verified=BEGIN + 6)
    entry = order_moved(of_a_fault(), proven, FIGURES, now=BEGIN + HOUR_MS)
    assert entry.step is HazardStep.FIND
    acts = [each for each in TO_REMEDY if kind_of(each[0]) != "registered"]
    assert after(entry, acts).step is HazardStep.ACCEPT


def test_a_repair_that_was_not_accepted_is_not_taken_for_the_remedy_again() -> None:
    proven = OrderState(number=4, state="closed", done_by=("tim",), verified=BEGIN + 6)
    acts = [each for each in TO_REMEDY if kind_of(each[0]) != "registered"]
    entry = after(of_a_fault(proven), [*acts, (Accept(met=False, text="no"), INES)])
    assert entry.step is HazardStep.REMEDY
    assert after(entry, [(Sign(StepKind.REMEDIED), SOFIA)]).step is HazardStep.ACCEPT


def test_a_fault_that_is_back_before_acceptance_is_remedied_again() -> None:
    proven = OrderState(number=4, state="closed", done_by=("tim",), verified=BEGIN + 6)
    acts = [each for each in TO_REMEDY if kind_of(each[0]) != "registered"]
    entry = after(of_a_fault(proven), acts)
    again = OrderState(number=9, state="open")
    entry = order_moved(entry, again, FIGURES, now=BEGIN + 9 * HOUR_MS)
    assert (entry.step, entry.order) == (HazardStep.REMEDY, again)
    assert code(entry, Sign(StepKind.REMEDIED), SOFIA) == "hazard_order"


def test_an_extension_is_the_bureaus_with_a_reason_and_begins_the_ladder_anew() -> None:
    entry = after(an_entry(), TO_REMEDY)
    late = climbed(entry, FIGURES, now=FIVE.deadline + DAY_MS)
    assert late.rung is StepKind.SUPERVISED
    wished = FIVE.deadline + 5 * DAY_MS
    now = FIVE.deadline + 2 * DAY_MS
    assert code(late, Extend(wished, "rain"), SOFIA, now=now) == "hazard_role"
    assert code(late, Extend(now - 1, "rain"), INES, now=now) == "hazard_due"
    assert code(late, Extend(now + 91 * DAY_MS, "rain"), INES, now=now) == "hazard_due"
    longer = act(late, Extend(wished, "rain"), INES, FIGURES, now=now)
    assert isinstance(longer, Hazard)
    assert (longer.due, longer.remedy_due, longer.rung) == (wished, wished, None)
    assert longer.steps[-1].detail == {"due": wished, "was": FIVE.deadline}


def test_a_notice_bounds_the_deadline() -> None:
    entry = noticed(an_entry(), 3, BEGIN + 5 * DAY_MS, INES, now=BEGIN)
    entry = after(entry, to_report()[:3])
    assert code(entry, Assess(Grade.GENERAL, FIVE), SOFIA) == "hazard_notice_due"
    sooner = msgspec.structs.replace(FIVE, deadline=BEGIN + 4 * DAY_MS)
    assert after(entry, [(Assess(Grade.GENERAL, sooner), SOFIA)]).five == sooner


def test_a_notice_issued_later_brings_the_deadline_forward() -> None:
    entry = noticed(after(an_entry(), TO_REMEDY), 3, BEGIN + 5 * DAY_MS, INES, now=BEGIN + DAY_MS)
    assert (entry.due, entry.remedy_due) == (BEGIN + 5 * DAY_MS, BEGIN + 5 * DAY_MS)


def test_sent_twice_is_done_once() -> None:
    entry = act(an_entry(), Comment("seen"), SOFIA, FIGURES, now=BEGIN + 1, key="k")
    assert isinstance(entry, Hazard)
    assert act(entry, Comment("seen"), SOFIA, FIGURES, now=BEGIN + 9, key="k") is entry
    signed = act(entry, Sign(StepKind.FINDING_SIGNED), PAUL, FIGURES, now=BEGIN + 10, key="p")
    assert isinstance(signed, Hazard)
    again = act(signed, Sign(StepKind.FINDING_SIGNED), PAUL, FIGURES, now=BEGIN + 11, key="p")
    assert again is signed


def test_looking_back_is_once_and_by_the_bureau() -> None:
    closed = after(an_entry(), TO_CLOSED)
    assert code(after(an_entry(), TO_ACCEPT), LookBack(held=True, text="x"), INES) == (
        "hazard_stands"
    )
    assert code(closed, LookBack(held=True, text="x"), SOFIA) == "hazard_role"
    held = after(closed, [(LookBack(held=True, text="clear"), INES)])
    assert held.looked_back is not None
    assert code(held, LookBack(held=False, text="no"), INES) == "hazard_looked_back"
    assert code(closed, Sign(StepKind.CLOSED), INES) == "hazard_over"
    failed = continued(closed, 12, now=BEGIN, say=True)
    assert (failed.continued, failed.steps[-1].detail["entry"]) == (12, 12)


def test_an_administrator_signs_for_nobody() -> None:
    entry = after(an_entry(), TO_CLOSED[:0])
    for number in range(len(TO_CLOSED)):
        entry = after(an_entry(), TO_CLOSED[:number])
        assert set(allowed(entry, ADA, FIGURES, now=BEGIN + DAY_MS)) <= {
            HazardActionName.COMMENT,
            HazardActionName.INTERIM,
        }


def test_it_says_what_each_person_may_do_next() -> None:
    entry = an_entry()
    assert HazardActionName.SIGN in allowed(entry, PAUL, FIGURES, now=BEGIN + 1)
    assert HazardActionName.SIGN not in allowed(entry, SOFIA, FIGURES, now=BEGIN + 1)
    entry = after(entry, to_report()[:2])
    assert HazardActionName.REGISTER in allowed(entry, SOFIA, FIGURES, now=BEGIN + 1)
    entry = after(an_entry(), TO_CLOSED)
    assert allowed(entry, INES, FIGURES, now=BEGIN + DAY_MS) == [
        HazardActionName.COMMENT,
        HazardActionName.LOOK_BACK,
    ]


def test_every_step_has_its_signatures_and_somebody_to_give_them() -> None:
    assert tuple(SIGNATURES) == STEPS
    for step in STEPS:
        assert wanted(step, Grade.GENERAL)
        for each in SIGNATURES[step]:
            assert each.by & {person.role for person in PEOPLE}, each


# No path leaves anything out

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
    """The signature that is awaited, by somebody whose it is: paths that get far are tried, too."""

    who: int
    major: bool
    met: bool


_move = st.one_of(
    st.tuples(_action, st.sampled_from(PEOPLE)),
    st.builds(Forward, st.integers(0, 6), st.booleans(), st.sampled_from([True, True, False])),
    st.builds(Forward, st.integers(0, 6), st.just(value=False), st.just(value=True)),
    _order,
    st.integers(0, 40),  # days that pass
)


def _forward(entry: Hazard, wish: Forward) -> tuple[Action, By]:
    awaited = entry.awaited
    who = [person for person in PEOPLE if awaited is None or person.role in awaited.by]
    by = who[wish.who % len(who)]
    grade = Grade.MAJOR if wish.major else entry.grade
    if awaited is None:
        return Comment("x"), by
    match awaited.kind:
        case StepKind.REGISTERED:
            return Register(grade), by
        case StepKind.ASSESSED:
            return Assess(grade, msgspec.structs.replace(FIVE, deadline=BEGIN + 80 * DAY_MS)), by
        case StepKind.MONITORED:
            return Monitor("watched", "a rope"), by
        case StepKind.ACCEPTED:
            return Accept(met=wish.met, text="seen"), by
        case kind:
            return Sign(kind, "x"), by


@settings(max_examples=600)
@given(of_fault=st.booleans(), major=st.booleans(), moves=st.lists(_move, min_size=5, max_size=45))
def test_no_path_skips_a_step_or_a_signature(
    *, of_fault: bool, major: bool, moves: list[object]
) -> None:
    entry = of_a_fault() if of_fault else an_entry(grade=Grade.MAJOR if major else Grade.GENERAL)
    now = BEGIN
    for move in moves:
        before = entry
        match move:
            case int():
                now += move * DAY_MS
                entry = climbed(entry, FIGURES, now=now)
            case OrderState():
                entry = order_moved(entry, move, FIGURES, now=now)
            case Forward():
                result = act(entry, *_forward(entry, move), FIGURES, now=now)
                entry = entry if isinstance(result, Refusal) else result
            case (action, by):
                result = act(entry, action, by, FIGURES, now=now)
                entry = entry if isinstance(result, Refusal) else result
                assert isinstance(result, Refusal) == (
                    refused(before, action, by, FIGURES, now=now) is not None
                )
        _only_added(before, entry)
    _whole(entry)


def _only_added(before: Hazard, after_: Hazard) -> None:
    """Nothing that was written is ever changed, and nothing closed opens again."""
    assert after_.steps[: len(before.steps)] == before.steps
    assert after_.version >= before.version
    if before.closed is not None:
        assert (after_.closed, after_.step) == (before.closed, before.step)
    at, was = STEPS.index(after_.step), STEPS.index(before.step)
    if at > STEPS.index(HazardStep.ASSESS):
        assert after_.five is not None
        five = (after_.five.responsible, after_.five.measure, after_.five.contingency)
        assert all(text.strip() for text in five)
        assert after_.five.money >= 0
    if at > STEPS.index(HazardStep.MONITOR):
        assert after_.interim or not after_.needs_interim
    newer = {step.kind for step in after_.steps[len(before.steps) :]}
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


@pytest.mark.parametrize("kind", sorted(set(StepKind) - PLAIN))
def test_what_needs_more_than_a_hand_is_no_bare_signature(kind: StepKind) -> None:
    for number in range(len(TO_CLOSED)):
        entry = after(an_entry(), TO_CLOSED[:number])
        for person in PEOPLE:
            assert isinstance(act(entry, Sign(kind), person, FIGURES, now=BEGIN + DAY_MS), Refusal)
