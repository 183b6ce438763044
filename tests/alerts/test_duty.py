"""Who is on duty, by the rota and by who has signed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.duty import (
    EARLY,
    HOUR,
    LONGEST,
    OVERLAP,
    Reached,
    Shift,
    Signature,
    Standing,
    Vacant,
    as_written,
    gaps,
    on_duty,
    reach,
)

T0 = 1_795_161_600_000


def shift(user: str, starts: int, ends: int, row: int = 1) -> Shift:
    return Shift(row=row, team="control-room", user=user, starts=T0 + starts, ends=T0 + ends)


EARLY_SHIFT = shift("li", 0, 8 * HOUR)
LATE_SHIFT = shift("wang", 8 * HOUR, 16 * HOUR, row=2)
ROTA = (LATE_SHIFT, EARLY_SHIFT)


def test_whoever_has_the_shift_is_on_duty_and_the_next_is_known() -> None:
    standing = on_duty(ROTA, Signature("li", T0), T0 + HOUR)
    assert standing == Standing(
        users=("li",), shifts=(EARLY_SHIFT,), unsigned=False, following=LATE_SHIFT
    )


def test_until_the_next_shift_has_signed_the_one_before_is_called_too() -> None:
    signed = Signature("li", T0)
    begun = on_duty(ROTA, signed, T0 + 8 * HOUR)
    assert begun.users == ("wang", "li")
    assert begun.unsigned
    assert on_duty(ROTA, signed, T0 + 8 * HOUR + OVERLAP).users == ("wang", "li")
    assert on_duty(ROTA, signed, T0 + 8 * HOUR + OVERLAP + 1).users == ("wang",)


def test_a_signature_ends_the_overlap() -> None:
    after = on_duty(ROTA, Signature("wang", T0 + 8 * HOUR + 5), T0 + 8 * HOUR + 10)
    assert after.users == ("wang",)
    assert not after.unsigned


def test_who_comes_early_and_signs_before_the_shift_begins_has_signed() -> None:
    early = Signature("wang", T0 + 8 * HOUR - EARLY)
    assert on_duty(ROTA, early, T0 + 8 * HOUR - 1).users == ("li", "wang")
    assert on_duty(ROTA, early, T0 + 8 * HOUR).users == ("wang",)
    assert not on_duty(ROTA, early, T0 + 8 * HOUR).unsigned


def test_a_stand_in_who_signed_is_called_beside_whom_the_rota_names() -> None:
    stand_in = on_duty(ROTA, Signature("zhao", T0 + 5), T0 + HOUR)
    assert stand_in.users == ("li", "zhao")
    assert not stand_in.unsigned


def test_in_a_gap_of_the_rota_who_signed_last_stays_on_duty_but_not_for_ever() -> None:
    signed = Signature("li", T0)
    assert on_duty([EARLY_SHIFT], signed, T0 + 9 * HOUR).users == ("li",)
    assert on_duty([EARLY_SHIFT], signed, T0 + LONGEST).users == ("li",)
    assert on_duty([EARLY_SHIFT], signed, T0 + LONGEST + 1).users == ()


def test_without_a_rota_and_a_signature_nobody_is_on_duty() -> None:
    assert on_duty([], None, T0) == Standing()


def test_a_rota_that_nobody_signs_still_names_somebody_and_says_so() -> None:
    standing = on_duty(ROTA, None, T0 + HOUR)
    assert standing.users == ("li",)
    assert standing.unsigned


def test_a_step_calls_whoever_is_on_duty_and_says_where_nobody_is() -> None:
    teams = {"control-room": on_duty(ROTA, None, T0 + HOUR)}
    called = reach(("duty:control-room", "user:li", "bureau", "duty:guards"), teams)
    assert called == Reached(called=("user:li", "bureau"), nobody=("guards",))


def test_without_a_rota_a_step_calls_the_names_that_were_written() -> None:
    assert as_written(("a", "b", "a"), T0) == Reached(called=("a", "b"))


def test_the_gaps_of_a_rota() -> None:
    rota = [shift("li", HOUR, 2 * HOUR), shift("wang", 90 * 60_000, 3 * HOUR, row=2)]
    assert gaps(rota, T0, T0 + 4 * HOUR) == (
        Vacant(T0, T0 + HOUR),
        Vacant(T0 + 3 * HOUR, T0 + 4 * HOUR),
    )
    assert gaps([], T0, T0 + 1) == (Vacant(T0, T0 + 1),)
    assert gaps([shift("li", -HOUR, 9 * HOUR)], T0, T0 + HOUR) == ()


@given(
    shifts=st.lists(
        st.tuples(st.sampled_from(["li", "wang"]), st.integers(0, 40), st.integers(1, 12)),
        max_size=6,
    ),
    signed=st.none() | st.tuples(st.sampled_from(["li", "wang", "zhao"]), st.integers(0, 40)),
    now=st.integers(0, 60),
)
def test_whoever_has_the_shift_is_always_called_and_nobody_without_a_reason(
    shifts: list[tuple[str, int, int]], signed: tuple[str, int] | None, now: int
) -> None:
    rota = [
        shift(user, starts * HOUR, (starts + length) * HOUR, row)
        for row, (user, starts, length) in enumerate(shifts)
    ]
    signature = None
    if signed is not None and signed[1] <= now:
        signature = Signature(signed[0], T0 + signed[1] * HOUR)
    at = T0 + now * HOUR
    standing = on_duty(rota, signature, at)
    here = {one.user for one in rota if one.starts <= at < one.ends}
    assert here <= set(standing.users)
    others = set(standing.users) - here
    assert others <= ({signature.user} if signature else set())
    assert len(standing.users) == len(set(standing.users))
    if standing.unsigned:
        assert here


@given(
    spans=st.lists(st.tuples(st.integers(-5, 30), st.integers(1, 10)), max_size=8),
    hour=st.integers(0, 23),
)
def test_an_hour_is_in_a_gap_exactly_when_no_shift_holds_it(
    spans: list[tuple[int, int]], hour: int
) -> None:
    rota = [shift("li", starts, starts + length) for starts, length in spans]
    covered = any(one.starts <= T0 + hour < one.ends for one in rota)
    free = any(gap.starts <= T0 + hour < gap.ends for gap in gaps(rota, T0, T0 + 24))
    assert covered is not free
