from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.history.folding import fold
from gateway.history.influx_lines import Encoder, Row, Tags, can_name, head_of

NOON = 1_784_793_600_000
METER = Tags("no3-middle", "smart-meter", "panel-2")


def line(body: str | bytes, at: int = NOON, encoder: Encoder | None = None) -> str:
    content = body.encode() if isinstance(body, str) else body
    row = Row(7, 42, 0, at, content)
    return (encoder or Encoder()).line(head_of(METER, 42, 0), row).decode()


def fields(written: str) -> dict[str, float]:
    """What a reader of the line protocol makes of it."""
    _, told, at = re.split(r"(?<!\\) ", written)
    assert int(at) == NOON
    pairs = [re.split(r"(?<!\\)=", pair) for pair in re.split(r"(?<!\\),", told)]
    return {re.sub(r"\\([,= ])", r"\1", name): float(value) for name, value in pairs}


def test_a_reading_is_one_line_with_its_device_and_its_time() -> None:
    assert line('{"ts":1,"seq":2,"power_w":1200.5,"switch":"closed"}') == (
        "reading,school=no3-middle,kind=smart-meter,device=panel-2,row=42,channel=telemetry"
        f" power_w=1200.5 {NOON}"
    )


def test_metrics_are_those_of_the_roll_ups() -> None:
    body = (
        '{"current_a":[4.1,null,2],"arc":true,"switch":"closed","co_ppm":null,'
        '"m":{"x":1,"y":"z","deep":{"q":1}},"ts":5,"seq":[1,2],"test":true,"huge":1e305}'
    )
    assert fields(line(body)) == {"current_a.0": 4.1, "current_a.2": 2, "arc": 1, "m.x": 1}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    ["power_w", "current_a", "温度_c", "it's", "a b", "c=d", "e,f", "ts", "test"]
)


@given(body=st.dictionaries(names, values, max_size=5))
def test_whatever_a_reading_holds_its_line_says_what_its_roll_up_says(
    body: dict[str, object],
) -> None:
    encoded = msgspec.json.encode(body)
    decoded = msgspec.json.decode(encoded)
    rolled_up = {name: summary.last for name, summary in fold([NOON], [decoded]).items()}
    written = line(encoded)
    assert (fields(written) if written else {}) == rolled_up


def test_all_numbers_are_floats_because_a_field_keeps_its_first_type() -> None:
    assert line('{"a":1}').split()[1] == "a=1"
    assert line('{"a":1.0}').split()[1] == "a=1.0"
    assert line('{"a":true}').split()[1] == "a=1"
    assert line('{"a":123456789012345678901234567890}').split()[1][-1] == "0"  # no "i"


@pytest.mark.parametrize("body", ["{}", '{"switch":"on"}', "[1]", "no json", '{"a":', ""])
def test_what_holds_no_number_makes_no_line(body: str) -> None:
    encoder = Encoder()
    assert line(body, encoder=encoder) == ""
    assert encoder.left_out == 0


@pytest.mark.parametrize("name", ["time", "a\\\\", 'say \\"x\\"', "a\\nb", "tab\\t", "\\u0000"])
def test_numbers_under_names_that_no_line_can_carry_are_counted_and_left_out(name: str) -> None:
    encoder = Encoder()
    assert fields(line(f'{{"{name}":1,"list":[2],"a":3}}', encoder=encoder)) == {
        "list.0": 2,
        "a": 3,
    }
    assert encoder.left_out == 1


@pytest.mark.parametrize("at", [0, -1, 9_300_000_000_000])
def test_times_that_no_database_can_keep_are_counted_and_left_out(at: int) -> None:
    encoder = Encoder()
    assert line('{"a":1,"b":2}', at, encoder) == ""
    assert encoder.left_out == 2


def test_a_device_that_is_registered_no_more_is_known_by_its_number() -> None:
    assert head_of(Tags(), 42, 1) == b"reading,row=42,channel=event"
    whole = b"reading,school=s,kind=k,device=d,row=42,channel=99"
    assert head_of(Tags("s", "k", "d"), 42, 99) == whole


def test_a_million_invented_names_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.history.influx_lines.NAMES", 100)
    encoder = Encoder()
    for number in range(1_000):
        assert line(f'{{"invented_{number}":1}}', encoder=encoder)
        assert len(encoder._names) <= 100


def test_half_a_character_which_json_can_say_makes_no_name() -> None:
    assert fields(line('{"温度_c":1,"whole😀":3}')) == {"温度_c": 1, "whole😀": 3}
    assert not can_name("half\ud83d")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("1e3", {"a": 1000}),
        ("-0", {"a": 0}),
        ("1E305", {}),
        ("123456789012345678901", {"a": 1.2345678901234568e20}),
        ("[1,2.5,-3]", {"a.0": 1, "a.1": 2.5, "a.2": -3}),
        ("[1, 2]", {"a.0": 1, "a.1": 2}),
        ('[1,null,true,"2",[3],1e305,4]', {"a.0": 1, "a.2": 1, "a.6": 4}),
        ("[]", {}),
        ("1" * 305, {}),
        ("[[1],2]", {"a.1": 2}),
        ("[1,2,3,4]", {"a.0": 1, "a.1": 2, "a.2": 3, "a.3": 4}),
    ],
)
def test_numbers_are_told_however_json_writes_them(written: str, told: dict[str, float]) -> None:
    encoder = Encoder()
    for _ in range(2):  # the second time by what is remembered
        found = line(f'{{"a":{written}}}', encoder=encoder)
        assert (fields(found) if found else {}) == told
    assert encoder.left_out == 0
