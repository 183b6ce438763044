from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.history.folding import (
    LARGEST,
    METRIC_LENGTH,
    Summary,
    decode_one_by_one,
    decode_together,
    fold,
    join,
)


def folded(*bodies: dict[str, Any]) -> dict[str, Summary]:
    return fold(list(range(len(bodies))), list(bodies))


def test_a_metric_is_its_lowest_highest_sum_and_last_value() -> None:
    assert folded({"a": 2}, {"a": 5.5}, {"a": 3}) == {"a": Summary(3, 2, 5.5, 10.5, 3, 2)}


def test_readings_may_come_in_any_order_and_the_last_is_the_last_by_its_time() -> None:
    assert fold([5, 9, 7], [{"a": 1}, {"a": 2}, {"a": 3}]) == {"a": Summary(3, 1, 3, 6, 2, 9)}


def test_of_two_values_at_one_time_the_larger_is_the_last() -> None:
    for values in ([8, 4], [4, 8]):
        found = fold([1, 1], [{"a": value} for value in values])
        assert (found["a"].last, found["a"].last_at) == (8, 1)


@pytest.mark.parametrize(
    ("bodies", "readings"),
    [
        ([{"a": 1, "b": 1}, {"b": 2, "c": 3}], {"a": 1, "b": 2, "c": 1}),
        ([{"a": 1}, {"b": 2}], {"a": 1, "b": 1}),
        ([{"a": True}, {"a": None}, {"a": "x"}, {"a": {"b": "y"}}, {"a": 2}], {"a": 2}),
        ([{"a": {"b": 1, "c": "x"}}, {"a": {"b": 2, "d": True}}], {"a.b": 2, "a.d": 1}),
        ([{"a": {"b": {"c": 1}, "d": [1]}}, {"a": 3}], {"a": 1}),
        ([{"a": {"0": 1}}, {"a": [2]}], {"a.0": 2}),
        ([{"a": [1, 2]}, {"a": [3, 4]}], {"a.0": 2, "a.1": 2}),
        ([{"a": [1, None]}, {"a": [3, "x"]}], {"a.0": 2}),
        ([{"a": [1]}, {"a": [3, 4]}, {"a": 7}, {"a": []}], {"a": 1, "a.0": 2, "a.1": 1}),
        ([{"a": [[1], {"b": 2}]}], {}),
        ([{"a": [1], "a.0": 5}], {"a.0": 2}),
        ([{"a": [], "s": "x"}], {}),
        ([{"ts": 1, "seq": 2, "test": True}], {}),
        ([{"x" * METRIC_LENGTH: 1, "x" * (METRIC_LENGTH + 1): 1}], {"x" * METRIC_LENGTH: 1}),
        ([{}], {}),
        ([], {}),
    ],
)
def test_numbers_and_switches_count_wherever_they_stand(
    bodies: list[dict[str, Any]], readings: dict[str, int]
) -> None:
    assert {name: one.readings for name, one in folded(*bodies).items()} == readings


@pytest.mark.parametrize("huge", [10**400, -(10**400), 1e305, 2 * LARGEST])
def test_a_number_beyond_all_measure_is_left_out(huge: float) -> None:
    for other in (1, 1.5):
        found = folded({"a": huge}, {"a": other}, {"b": huge}, {"c": [huge, other]})
        assert {name: one.last for name, one in found.items()} == {"a": other, "c.1": other}


values = st.lists(
    st.tuples(st.integers(0, 5), st.integers(-100, 100).map(float)), min_size=2, max_size=8
)


@given(values, st.data())
def test_parts_joined_in_any_order_are_the_whole(
    readings: list[tuple[int, float]], data: st.DataObject
) -> None:
    def part(some: list[tuple[int, float]]) -> Summary:
        return fold([at for at, _ in some], [{"a": value} for _, value in some])["a"]

    cut = data.draw(st.integers(1, len(readings) - 1))
    shuffled = data.draw(st.permutations(readings))
    one, other = part(shuffled[:cut]), part(shuffled[cut:])
    assert join(one, other) == join(other, one) == part(readings)


def test_readings_of_different_times_are_decoded_together() -> None:
    assert decode_together(b"[1,2]", b'[{"a":1},{}]') == ([1, 2], [{"a": 1}, {}])


@pytest.mark.parametrize(
    ("times", "bodies"),
    [
        (b"[1,1]", b"[{},{}]"),
        (b"[1,2]", b'[{"a":1},]'),
        (b"[1,2]", b"[{},5]"),
        (b"[1,2]", b'[{},{"a":"\xff"}]'),
        (b"[1,2]", b'[{},{"\xff":1}]'),
        (b"[1,2]", b'[{},{"a":"\\ud800"}]'),
        (b"[1,2]", b'[{},{"\0":1}]'),
        (b"[1,2]", b'[{},{"a":1e999}]'),
        (b"[1,2]", b"[{},{},{}]"),
        (b"[1,2]", b'[{},{"a":' + 100_000 * b"[" + b"]" * 100_000 + b"}]"),
    ],
)
def test_what_may_be_a_copy_or_is_no_object_is_decoded_one_by_one(
    times: bytes, bodies: bytes
) -> None:
    assert decode_together(times, bodies) is None


def test_one_by_one_copies_and_what_is_no_object_are_put_aside() -> None:
    rows = [
        (1, 0, b'{"a":1}'),
        (1, 0, b'{"a":1}'),
        (1, 1, b'{"a":1}'),
        (1, 0, b'{"a":2}'),
        *((2, 0, body) for body in (b"", b"\xff{", b"[1]", b"5", b'{"a":1},{"b":2}')),
        (3, 0, json.dumps({"温度": 1}).encode()),
    ]
    assert decode_one_by_one(rows) == ([1, 1, 1, 3], [{"a": 1}, {"a": 1}, {"a": 2}, {"温度": 1}])
