"""The examples of docs/messages.md are messages that the gateway understands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from devices.dialects.native import Native
from devices.reading import Channel, Reject, Route
from gateway.kinds import load_kinds
from gateway.message_schema import message_schemas
from gateway.paths import default_config_dir

PAGE = Path(__file__).parents[2] / "docs" / "messages.md"
TOPIC = re.compile(r"^    (campus/[^ {\n]+)[^\n]*\n((?:    +[^\n]+\n)+)", re.MULTILINE)
SCHEMAS = message_schemas(load_kinds(default_config_dir() / "kinds"))
EXAMPLES = [
    (topic, " ".join(body.split())) for topic, body in TOPIC.findall(PAGE.read_text("utf-8"))
]


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize(("topic", "payload"), EXAMPLES)
def test_an_example_is_understood(topic: str, payload: str) -> None:
    native = Native()
    route = native.route(topic)
    if topic.endswith(("/command", "/reply")):
        assert isinstance(json.loads(payload), dict)
        return
    assert isinstance(route, Route)
    readings = native.read(route, payload.encode(), 1_795_161_600_000, retained=False)
    assert not isinstance(readings, Reject)
    (reading,) = readings
    if reading.channel is Channel.EVENT:
        assert reading.event == json.loads(payload)["event"]


@pytest.mark.parametrize(("topic", "payload"), EXAMPLES)
def test_an_example_uses_keys_of_its_schema(topic: str, payload: str) -> None:
    _, _, kind, _, channel = topic.split("/")
    if json.loads(payload).get("event") == "answered":
        kind, channel = "any", "answer"  # of any kind of device, to a command
    schema = SCHEMAS.get(f"{kind}.{channel}.schema.json") or SCHEMAS[f"any.{channel}.schema.json"]
    known = schema.get("$defs", {}).get("message", schema)["properties"]
    assert set(json.loads(payload)) <= set(known)
