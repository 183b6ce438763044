"""The documents that are made from the code are those in docs/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.documents import message_documents, reference_documents
from gateway.kinds import load_kinds
from gateway.message_schema import DIALECT, message_schemas
from gateway.paths import default_config_dir
from gateway.problem import ConfigurationError
from gateway.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTS = reference_documents() | message_documents(DOCS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_document_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == DOCUMENTS[name], (
        f"docs/{name} is out of date: run 'campus config-reference' and 'campus message-schema'"
    )


def test_no_schema_is_left_over() -> None:
    present = {f"messages/{path.name}" for path in (DOCS / "messages").iterdir()}
    assert present == {name for name in DOCUMENTS if name.startswith("messages/")}


def test_every_section_of_the_settings_has_its_table() -> None:
    text = DOCUMENTS["configuration.md"]
    for name in Settings.model_fields:
        assert f"| `{name}` |" in text
    for heading in ("broker.embedded.listeners[].tls", "notification.webhooks[]", "values.NAME"):
        assert f"### `{heading}`" in text


def test_every_setting_is_described() -> None:
    rows = [line for line in DOCUMENTS["configuration.md"].splitlines() if line.startswith("| `")]
    undescribed = [row for row in rows if row.count(" | ") >= 3 and re.search(r"\|\s*\|$", row)]
    assert undescribed == []


def test_a_page_without_a_place_for_the_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "messages.md").write_text("# Messages\n")
    with pytest.raises(ConfigurationError, match="has no lines"):
        message_documents(tmp_path)


class TestSchemas:
    SCHEMAS = message_schemas(load_kinds(default_config_dir() / "kinds"))

    def test_there_is_one_for_each_kind_and_channel(self) -> None:
        assert {
            "alarm-button.event.schema.json",
            "repeater.status.schema.json",
            "electrical.telemetry.schema.json",
            "any.reply.schema.json",
        } <= set(self.SCHEMAS)
        assert all(schema["$schema"] == DIALECT for schema in self.SCHEMAS.values())

    def test_an_event_must_say_what_happened(self) -> None:
        message = self.SCHEMAS["alarm-button.event.schema.json"]["$defs"]["message"]
        assert message["required"] == ["event"]
        assert "pressed" in message["properties"]["event"]["enum"]

    def test_a_value_by_phase_may_be_a_list_and_may_be_null(self) -> None:
        message = self.SCHEMAS["electrical.telemetry.schema.json"]["$defs"]["message"]
        one, many, nothing = message["properties"]["voltage_v"]["anyOf"]
        assert one == {"type": "number", "minimum": 0, "maximum": 600}
        assert many["type"] == "array"
        assert nothing == {"type": "null"}

    def test_the_number_of_a_message_is_the_same_everywhere(self) -> None:
        for schema in self.SCHEMAS.values():
            properties = schema.get("$defs", {}).get("message", schema)["properties"]
            if "seq" in properties:
                assert properties["seq"]["maximum"] == 0xFFFFFFFF
