"""Which templates are understood, what they find, and that none is run."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.value_template import MAX_LENGTH, MISSING, parse

STATE = {"a": {"b": 21.456, "c d": [1, "7.5"]}, "on": True, "text": "hot", "none": None, "zero": 0}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ value_json.a.b }}", 21.456), ("{{value_json['a']['b']}}", 21.456),
        ('{{ value_json["a"]["c d"][1] }}', "7.5"), ("{{ value_json.a['c d'][0] }}", 1),
        ("{{- value_json.on -}}", True), ("{{ value_json.a.b | round(1) }}", 21.5),
        ("{{ value_json.a.b | float | round(2) }}", 21.46), ("{{ value_json.a.b|int }}", 21),
        ("{{ value_json.a.b | float(0) }}", 21.456), ("{{ value_json.zero | is_defined }}", 0),
        ("{{ value_json.text | float(0) }}", None), ("{{ value_json.none }}", None),
        ("{{ value_json.text }}", "hot"), ("{{ value_json.away | float(0) }}", MISSING),
        ("{{ value_json.a.b.c }}", MISSING), ("{{ value_json.a['c d'][2] }}", MISSING),
    ],
)  # fmt: skip
def test_a_value_is_found_where_the_template_says(template: str, value: object) -> None:
    parsed = parse(template)
    assert parsed is not None
    assert parsed.of(json.dumps(STATE), STATE) == value


def test_a_template_of_the_plain_payload() -> None:
    parsed = parse("{{ value | float | round(1) }}")
    assert parsed is not None
    assert parsed.of("21.46", None) == 21.5
    assert parsed.of("9" * 400, None) is None


@pytest.mark.parametrize(
    "template",
    [
        "", "21", "{{ }}", "{{ value_json }", "{% if value_json.a %}1{% endif %}",
        "{{ value_json.a / 10 }}", "{{ value_json.a | float / 10 }}",
        "{{ value_json.a }} {{ value }}",
        "{{ value_json.a | default(0) }}", "{{ value_json.a | map('x') }}", "{{ value_json.a() }}",
        "{{ value_json.a | round(value) }}", "{{ value.a }}", "{{ values_json.a }}",
        "{{ ''.__class__.__mro__ }}", "{{ states('sensor.a') }}", "{{ value_json[a] }}",
        "{{ value_json.a if value_json.a else 0 }}", "{{ value_json.a | round(-1.5) }}",
        "{{ value_json" + ".a" * 17 + " }}", "{{ value_json." + "a" * MAX_LENGTH + " }}",
        "{{ 1 if value == 'x' else 2 }}", "{{ value_json['a'] + value_json['b'] }}",
    ],
)  # fmt: skip
def test_what_is_more_than_a_place_is_refused(template: str) -> None:
    assert parse(template) is None


def test_an_attribute_of_python_is_a_key_like_any_other() -> None:
    parsed = parse("{{ value_json.__class__ }}")
    assert parsed is not None
    assert parsed.of("{}", {}) is MISSING


@given(
    template=st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["{{", "}}", " value_json", "value", ".a", "['b']", "[0]", "|", " float", "round(2)",
             "int", "(", ")", "'", "is_defined"]
        ),
        max_size=12,
    ).map("".join),
    payload=st.text(max_size=20),
)  # fmt: skip
def test_nothing_at_all_makes_it_fail(template: str, payload: str) -> None:
    parsed = parse(template)
    if parsed is not None:
        parsed.of(payload, {"a": {"b": ["1", 2]}})
