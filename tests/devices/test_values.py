"""Values as the field sends them."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import values as v
from devices.model import is_identifier
from devices.reading import Channel, Reject

BIG = 10**400


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("21.5", 21.5), ("-3", -3), ("1e3", 1000.0), ("007", 7), ("nan", None), ("-inf", None),
        ("1e999", None), ("ON", "ON"), ("", ""), ("12 V", "12 V"), ("1_000", "1_000"), ("٣", "٣"),
        ("infrared", "infrared"), ("9" * 40, "9" * 40),
    ],
)  # fmt: skip
def test_a_number_may_come_as_a_string(text: str, meant: object) -> None:
    assert v.parse_number(text) == meant


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (True, None), (None, None), ([], None), ({}, None), ("x", None), (5, 5), ("5", 5),
        (math.nan, None), (math.inf, None), (2**70, float(2**70)), (BIG, None), (-BIG, None),
    ],
)  # fmt: skip
def test_what_is_no_number_is_none(value: object, meant: object) -> None:
    assert v.number(value) == meant


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("ON", True), ("offline", False), (1, True), (0.0, False), ("1", True), (True, True),
        (2, None), ("maybe", None), (None, None), ([], None),
    ],
)  # fmt: skip
def test_a_truth_may_come_as_a_word(value: object, *, meant: bool | None) -> None:
    assert v.truth(value) is meant


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (1_795_161_600_123, 1_795_161_600_123),
        (1_795_161_600, 1_795_161_600_000),
        ("1795161600.5", 1_795_161_600_500),
        ("2026-11-20T08:00:00Z", 1_795_161_600_000),
        ("2026-11-20T16:00:00.250+08:00", 1_795_161_600_250),
        ("2026-11-20T16:00:00", None),
        ("yesterday", None),
        (-1, None), (0, None), (10**15, None), (True, None), (None, None), (BIG, None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)  # fmt: skip
def test_times(value: object, meant: int | None) -> None:
    assert v.moment(value) == meant


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("DewPoint", "dew_point"), ("SSId", "ss_id"), ("PM2.5", "pm2_5"), ("DS18B20", "ds18b20"),
        ("DS18B20-1", "ds18b20_1"), ("CarbonDioxide", "carbon_dioxide"),
        ("UptimeSec", "uptime_sec"), ("power_l1", "power_l1"), ("电压", ""),
    ],
)  # fmt: skip
def test_foreign_names_in_our_spelling(name: str, ours: str) -> None:
    assert v.snake(name) == ours


@given(st.text(max_size=100))
def test_every_name_has_an_id_and_always_the_same(name: str) -> None:
    assert is_identifier(v.identifier(name))
    assert v.identifier(name) == v.identifier(name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@given(JSON)
def test_whatever_a_payload_holds_can_be_stored_and_read_again(document: object) -> None:
    decoded = v.decode(json.dumps({"value": document}).encode(), 1 << 20)
    if isinstance(decoded, Reject):
        return
    assert isinstance(decoded, dict)
    values = {key: v.clean(value) for key, value in decoded.items()}
    body = v.reading_of(Channel.TELEMETRY, values, 1).body
    assert json.loads(body) == values


def test_what_printf_writes_for_no_number_is_mended_but_not_inside_words() -> None:
    assert v.decode(b'{"a": nan, "b":[-inf,NaN], "c":"nan", "banana":1}', 100) == {
        "a": None, "b": [None, None], "c": "nan", "banana": 1,
    }  # fmt: skip


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_document_deeper_than_any_device_needs_is_rejected(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    flat = json.dumps([[1]] * 200).encode()
    assert not isinstance(v.decode(flat, 4096), Reject)
    for depth, deep in ((v.MAX_DEPTH, False), (v.MAX_DEPTH + 1, True), (900, True)):
        payload = (opening * depth + ("1" if opening != "[" else "") + closing * depth).encode()
        assert isinstance(v.decode(payload, 65536), Reject) is deep
