"""When a list of what a school must have asks for less: held against every way to match by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import hypothesis.strategies as st
import msgspec
from hypothesis import given

from audit.baseline import Lessening, Needed, lessened, merged, reduces

needs = st.lists(
    st.builds(
        Needed,
        place=st.sampled_from(["", "gate"]),
        kind=st.sampled_from(["camera", "alarm-button"]),
        count=st.integers(1, 2),
        gate=st.booleans(),
        commissioned=st.none() | st.integers(0, 3),
    ),
    max_size=3,
)

CAMERA = Needed(place="gate", kind="camera", count=2, gate=True, commissioned=5)


def units(listed: Sequence[Needed]) -> dict[tuple[str, str], list[tuple[bool, float]]]:
    found: dict[tuple[str, str], list[tuple[bool, float]]] = {}
    for need in listed:
        since = float("-inf") if need.commissioned is None else need.commissioned
        found.setdefault((need.place, need.kind), []).extend([(need.gate, since)] * need.count)
    return found


def answers(after: tuple[bool, float], before: tuple[bool, float]) -> bool:
    return after[0] >= before[0] and after[1] <= before[1]


def answered(before: Sequence[Needed], after: Sequence[Needed]) -> bool:
    """Whether some assignment gives each device asked for before one of its own now."""
    new = units(after)
    return all(
        any(
            all(map(answers, chosen, asked))
            for chosen in permutations(new.get(key, []), len(asked))
        )
        for key, asked in units(before).items()
    )


class TestALessThanBefore:
    @given(needs, needs)
    def test_is_whatever_no_assignment_of_devices_answers(
        self, before: list[Needed], after: list[Needed]
    ) -> None:
        assert reduces(before, after) is not answered(before, after)

    @given(needs)
    def test_is_never_the_same_list(self, listed: list[Needed]) -> None:
        assert not reduces(listed, listed)
        assert not reduces(listed, merged(listed))
        assert not reduces(merged(listed), listed)

    @given(needs, needs)
    def test_is_never_a_list_that_holds_the_other(
        self, before: list[Needed], more: list[Needed]
    ) -> None:
        assert not reduces(before, before + more)

    @given(needs, needs, needs)
    def test_is_found_in_two_steps_if_it_is_in_one(
        self, first: list[Needed], second: list[Needed], third: list[Needed]
    ) -> None:
        """Nobody gets by small steps, each said to be none, to what one step would not be."""
        if reduces(first, third):
            assert reduces(first, second) or reduces(second, third)

    @given(needs)
    def test_is_any_list_without_one_of_its_needs(self, listed: list[Needed]) -> None:
        for at, need in enumerate(listed):
            assert reduces(listed, listed[:at] + listed[at + 1 :]), need

    def test_says_in_which_way(self) -> None:
        def how(*after: Needed) -> list[Lessening]:
            return [less.how for less in lessened([CAMERA], after)]

        def changed(**fields: object) -> Needed:
            return msgspec.structs.replace(CAMERA, **fields)

        assert how() == [Lessening.DROPPED]
        assert how(changed(place="yard")) == [Lessening.DROPPED]
        assert how(changed(count=1)) == [Lessening.FEWER]
        assert how(changed(gate=False)) == [Lessening.GATE]
        assert how(changed(commissioned=6)) == [Lessening.LATER]
        assert how(changed(commissioned=4)) == []
        assert how(changed(commissioned=None)) == []
        assert how(changed(count=3)) == []

    def test_is_found_however_many_are_asked_for(self) -> None:
        """A school may ask for a million of them: each one by itself would hold everybody up."""
        many = [
            msgspec.structs.replace(CAMERA, count=10**12, commissioned=since) for since in range(9)
        ]

        assert lessened(many, many) == ()
        (less,) = lessened(many, [*many[:-1], msgspec.structs.replace(many[-1], commissioned=9)])
        assert (less.how, less.before, less.after) == (
            Lessening.LATER,
            9 * 10**12,
            9 * 10**12,
        )

    def test_counts_a_gate_camera_once_only(self) -> None:
        """An early camera at the gate stands for one at the gate or for an early one, not both."""
        before = [
            Needed(place="", kind="camera", gate=True, commissioned=9),
            Needed(place="", kind="camera", commissioned=1),
        ]
        after = [
            Needed(place="", kind="camera", gate=True, commissioned=1),
            Needed(place="", kind="camera", commissioned=9),
        ]

        (less,) = lessened(before, after)

        assert less.how is Lessening.LATER


@given(needs)
def test_a_list_in_a_fixed_order_asks_for_as_many(listed: list[Needed]) -> None:
    assert merged(reversed(listed)) == merged(listed)
    assert sum(need.count for need in merged(listed)) == sum(need.count for need in listed)
