"""Which repairs bring a rate to a target: as few as there can be."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.coverage import Code, Part, Reason
from audit.verification.model import Verdict
from gateway.coverage.repairs import Doing, Repair, SchoolRepairs, plan, repairs_of


def why(
    code: Code,
    part: Part = Part.WORKING,
    *,
    device: str = "",
    condition: str = "",
    pending: bool = False,
) -> Reason:
    return Reason(
        code=code,
        part=part,
        verdict=Verdict.FAILED,
        device=device,
        inputs={"condition": condition} if condition else {},
        pending=pending,
    )


def test_a_device_is_one_repair_whatever_is_wrong_with_it() -> None:
    dark = why(Code.FAULT, Part.PICTURE, device="c-1", condition="camera_black")
    short = why(Code.RECORDINGS_SHORT, Part.RECORDED, device="c-1")
    found = repairs_of({"video": [dark, short], "gate_video": [dark]}, {})
    assert found == (Repair(Doing.DEVICE, ("video", "gate_video"), (dark, short)),)


def test_one_statement_serves_all_items_that_rest_on_it() -> None:
    none = why(Code.STATEMENT_NONE, Part.STATEMENT)
    found = repairs_of({"guards": [none], "staff": [none], "posts": [none]}, {"staff": "guards"})
    assert [(one.what, one.items) for one in found] == [
        (Doing.ATTESTATION, ("guards", "staff")),
        (Doing.ATTESTATION, ("posts",)),
    ]


def test_what_only_tells_or_may_still_be_repaired_is_nothing_to_do() -> None:
    pending = why(Code.FAULT, device="c-1", pending=True)
    tells = Reason(code=Code.SETTLING, part=Part.INSTALLED, verdict=Verdict.MET)
    assert repairs_of({"video": [pending, tells]}, {}) == ()


def school(number: int, repairs: int) -> SchoolRepairs:
    each = tuple(Repair(Doing.DEVICE, ("video",), ()) for _ in range(repairs))
    return SchoolRepairs(f"s{number}", "", each)


@given(
    st.lists(st.integers(1, 5), max_size=7),
    st.integers(0, 5),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]),
)
def test_no_other_choice_of_schools_needs_fewer_repairs(
    lists: list[int], met: int, hopeless: int, target: float
) -> None:
    listed = len(lists) + met + hopeless
    candidates = [school(n, count) for n, count in enumerate(lists)]
    candidates += [school(100 + n, 0) for n in range(hopeless)]
    found = plan(candidates, met=met, listed=listed, target=target)
    enough = [
        sum(each)
        for size in range(len(lists) + 1)
        for each in combinations(lists, size)
        if met + size >= target * listed - 1e-6
    ]
    assert found.reachable == bool(enough)
    if enough:
        assert found.repairs == min(enough)


@pytest.mark.parametrize(("target", "wanted"), [(0.9, 9), (1.0, 10), (0.95, 10), (0.7, 7), (0, 0)])
def test_a_rate_is_reached_by_whole_schools(target: float, wanted: int) -> None:
    found = plan([school(n, 1) for n in range(10)], met=0, listed=10, target=target)
    assert found.wanted == wanted
