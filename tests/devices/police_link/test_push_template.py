"""The template of an HTTP push: what it becomes, and how its mistakes are told."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.police_link.link import Code
from devices.police_link.push_template import (
    TemplateError,
    load_push_template,
    read_push_template,
)
from devices.police_link.shape import Fields, Json, Sort, Vocabulary, compile_shape

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "config" / "police" / "db15t3968.json"
WORDS = Vocabulary(
    fields={
        "place": Sort.TEXT,
        "zone": Sort.NUMBER,
        "test": Sort.TRUTH,
        "happened": Sort.TIME,
        "latitude": Sort.NUMBER,
    },
    lists={"cameras": {"camera.id": Sort.TEXT, "camera.recording": Sort.TEXT}},
)
FIELDS: Fields = {
    "place": 'Gate "1"',
    "zone": 7,
    "test": False,
    "happened": 1_795_161_600_123,
    "latitude": None,
    "cameras": [
        {"camera.id": "c1", "camera.recording": "rec/1"},
        {"camera.id": "c2", "camera.recording": ""},
    ],
}


def filled(template: Json, fields: Fields = FIELDS) -> Any:
    shape, problems = compile_shape(template, WORDS, at="m", utc_offset=timedelta(hours=8))
    assert problems == []
    return json.loads(shape.fill(fields))


def problems_of(template: Json) -> list[str]:
    return compile_shape(template, WORDS, at="m", utc_offset=timedelta())[1]


def shipped() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SHIPPED.read_text("utf-8"))
    return found


def mistakes(written: object) -> tuple[str, ...]:
    with pytest.raises(TemplateError) as raised:
        read_push_template(json.dumps(written).encode(), "police.json")
    return raised.value.problems


def test_a_placeholder_alone_keeps_its_type() -> None:
    template: Json = {"a": "{place}", "b": "{zone}", "c": "{test}", "d": "{latitude}", "e": 5}
    assert filled(template) == {"a": 'Gate "1"', "b": 7, "c": False, "d": None, "e": 5}


def test_within_text_it_becomes_text() -> None:
    template: Json = {"a": "zone {zone} at {place}, test {test}, {latitude}!"}
    assert filled(template) == {"a": 'zone 7 at Gate "1", test false, !'}


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("{happened}", 1_795_161_600_123),
        ("{happened:s}", 1_795_161_600),
        ("{happened:iso}", "2026-11-20T08:00:00.123+00:00"),
        ("{happened:local}", "2026-11-20 16:00:00"),
        ("{happened:compact}", "20261120160000"),
        ("{test:number}", 0),
        ("{zone:text}", "7"),
    ],
)
def test_values_are_written_as_the_template_asks(how: str, expected: object) -> None:
    assert filled({"a": how}) == {"a": expected}


def test_an_optional_value_that_is_missing_leaves_its_key_out() -> None:
    assert filled({"a": "{latitude?}", "b": ["{latitude?}", "{zone?}"]}) == {"b": [7]}


def test_lists_repeat_their_item() -> None:
    item: Json = {"id": "{camera.id}", "at": "{place}", "rec": "{camera.recording?}"}
    assert filled({"cams": {"$each": "cameras", "$item": item}}) == {
        "cams": [
            {"id": "c1", "at": 'Gate "1"', "rec": "rec/1"},
            {"id": "c2", "at": 'Gate "1"'},
        ]
    }


def test_double_braces_are_braces() -> None:
    assert filled({"a": "{{zone}} is {zone}"}) == {"a": "{zone} is 7"}


@given(st.text(max_size=60))
def test_what_people_wrote_is_never_read_as_a_placeholder(place: str) -> None:
    assert filled({"a": "<{place}>"}, {**FIELDS, "place": place}) == {"a": f"<{place}>"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text("ab{}:?. $ezone", max_size=12),
        lambda below: (
            st.lists(below, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "$each", "$item", "$x"]), below, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_any_template_is_usable_or_its_mistakes_are_told(template: Json) -> None:
    shape, problems = compile_shape(template, WORDS, at="m", utc_offset=timedelta())
    if problems:
        assert all(problem.startswith("m") for problem in problems)
    else:
        json.loads(shape.fill(FIELDS))


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ({"a": {"b": "{plce}"}}, "m.a.b: no such field {plce}; did you mean {place}?"),
        ({"a": ["{camera.id}"]}, "m.a[0]: no such field {camera.id}; there are: place, zone"),
        ({"a": "{zone:iso}"}, "m.a: {zone} cannot be written as 'iso', but as number, text"),
        ({"a": "{zone"}, "m.a: a single brace"),
        ({"a": "{__class__}"}, "m.a: "),
        ({"a": "{zone.__class__}"}, "m.a: "),
        ({"$each": "doors", "$item": {}}, "m.$each: no such list; there is: cameras"),
        ({"$each": "cameras"}, "m: a repetition has the keys $each and $item"),
        ("{zone}", "m: must be an object"),
    ],
)
def test_mistakes_name_the_field(template: Json, problem: str) -> None:
    assert any(found.startswith(problem) for found in problems_of(template))


def test_a_template_nested_without_end_is_refused() -> None:
    template: Json = {}
    for _ in range(30):
        template = {"a": template}
    assert "nested deeper" in problems_of(template)[0]


# The file


def test_the_shipped_template_is_sound_and_names_every_event() -> None:
    template = load_push_template(SHIPPED)
    assert set(template.types) == set(Code)
    assert template.acknowledged.field == "code"


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    written = shipped()
    written["messages"]["alarm"]["place"]["name"] = "{plaec}"
    written["messages"]["supervision"]["more"] = "{device}"
    del written["messages"]["device_state"]
    del written["types"]["panic"]
    assert "\n".join(mistakes(written)) == (
        "police.json: messages.alarm.place.name: no such field {plaec}; did you mean {place}?\n"
        "police.json: messages.device_state: is missing\n"
        "police.json: messages.supervision.more: no such field {device}; there are: link, "
        "school, sent\n"
        "police.json: types: must name every event or none; missing: panic"
    )


@pytest.mark.parametrize(
    ("where", "what", "problem"),
    [
        (("utc_offset",), "Beijing", "police.json: utc_offset: must be an offset like +08:00"),
        (("acknowledged", "statuses"), [404], "acknowledged.statuses: 404 is no success"),
        (("acknowledged", "statuses"), [], "acknowledged.statuses: "),
        (("idempotency_header",), "Content-Length", "cannot be set here"),
        (("signature", "header"), "X Signature", "is no name of a header"),
        (("headers",), {"X-A": "a\r\nX-B: b"}, "must be printable ASCII"),
        (("types",), {"earthquake": "9"}, "types: no such event: earthquake"),
        (("messages", "alarms"), {}, "messages.alarms: no such message"),
        (("colour",), "red", "police.json: colour: "),
    ],
)
def test_a_mistake_names_file_and_field(where: tuple[str, ...], what: object, problem: str) -> None:
    written = deepcopy(shipped())
    inner = written
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = what
    assert any(problem in found for found in mistakes(written))


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"{", "t.json:1:2: is not JSON"),
        (b'{"name": "a", "name": "b"}', "t.json: the key name stands twice"),
        (b"\xff\xfe", "t.json: is not UTF-8 at byte 0"),
        (b"[" * 100_000, "t.json: is nested too deeply"),
        (b"[]", "t.json: "),
    ],
)
def test_a_file_that_is_no_template_says_why(octets: bytes, problem: str) -> None:
    with pytest.raises(TemplateError) as raised:
        read_push_template(octets, "t.json")
    assert raised.value.problems[0].startswith(problem)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"absent\.json: cannot be read"):
        load_push_template(tmp_path / "absent.json")
