from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from store_samples import alert, transition

from gateway.store.encoding import (
    canonical,
    decode_alert,
    decode_parameters,
    decode_transition,
    encode_alert,
    encode_parameters,
    encode_transition,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), values))
def test_canonical_json_is_the_same_whatever_the_order_of_the_keys(
    value: dict[str, object],
) -> None:
    backwards = dict(reversed(list(value.items())))
    assert canonical(value) == canonical(backwards)
    assert json.loads(canonical(value)) == value
    ordered = list(json.loads(canonical(value)))
    assert ordered == sorted(value, key=lambda key: key.encode("utf-8", "surrogatepass"))


def test_canonical_json_is_compact_utf8() -> None:
    assert canonical({"b": [1, 2.5, None], "a": "大门"}) == '{"a":"大门","b":[1,2.5,null]}'.encode()


def test_alerts_and_transitions_come_back_as_they_were() -> None:
    assert decode_alert(encode_alert(alert(1))) == alert(1)
    given_transition = transition(1, 1).transition
    assert decode_transition(encode_transition(given_transition)) == given_transition


def test_fields_of_a_newer_version_are_passed_over() -> None:
    newer = encode_alert(alert(1))[:-1] + b',"colour":"red"}'
    assert decode_alert(newer) == alert(1)


def test_parameters_come_back_as_they_were() -> None:
    given_parameters: dict[str, dict[str, object]] = {"threshold": {"high": 57.5, "on": True}}
    assert decode_parameters(encode_parameters(given_parameters)) == given_parameters
    assert encode_parameters({}) == "{}"
    assert decode_parameters("{}") == {}
