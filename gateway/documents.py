"""The documents that are made from the code: by name within ``docs/``, with their text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from devices.kinds import OTHER, KindSpec, SpokenChannel, ValueSpec, ValueType
from gateway.kinds import load_kinds
from gateway.message_schema import message_schemas
from gateway.paths import default_config_dir
from gateway.problem import ConfigurationError, Problem
from gateway.reference import configuration_reference

BEGIN: Final = "<!-- values: made by `campus message-schema` from config/kinds -->"
END: Final = "<!-- end of values -->"

_WORDS: Final = {
    ValueType.NUMBER: "",
    ValueType.INTEGER: "whole",
    ValueType.TRUTH: "true or false",
    ValueType.TEXT: "text",
    ValueType.TIME: "RFC 3339",
    ValueType.OBJECT: "object",
}


def reference_documents() -> dict[str, str]:
    """The configuration reference."""
    return {"configuration.md": configuration_reference()}


def message_documents(docs: Path) -> dict[str, str]:
    """The schemas of the message format, and its page with the table of values put into it.

    Raises `ConfigurationError` when the page in ``docs`` has no place for the table.
    """
    kinds = load_kinds(default_config_dir() / "kinds")
    documents = {
        f"messages/{name}": json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        for name, schema in message_schemas(kinds).items()
    }
    page = docs / "messages.md"
    try:
        text = page.read_text("utf-8")
        before, rest = text.split(BEGIN, 1)
        _, after = rest.split(END, 1)
    except (OSError, ValueError) as error:
        message = f"is not there, or has no lines '{BEGIN}' and '{END}'"
        raise ConfigurationError([Problem(str(page), None, "", message)]) from error
    table = "\n".join(_table(kinds))
    documents["messages.md"] = f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"
    return documents


def _table(kinds: Mapping[str, KindSpec]) -> Iterator[str]:
    yield "| kind | channel | key | what |"
    yield "| --- | --- | --- | --- |"
    for kind, spec in sorted(kinds.items()):
        if kind == OTHER:
            continue
        if spec.events:
            events = ", ".join(f"`{event}`" for event in spec.events)
            yield f"| `{kind}` | event | `event` | {events} |"
        for name, value in spec.values.items():
            channels = ", ".join(_named(spec.channels_of(name)))
            yield f"| `{kind}` | {channels} | `{name}` | {_what(value)} |"


def _named(channels: tuple[SpokenChannel, ...]) -> list[str]:
    return [channel.value for channel in channels]


def _what(value: ValueSpec) -> str:
    words = ", ".join(f"`{word}`" for word in value.one_of) or _WORDS[value.type]
    parts = [words, value.unit, "one or a list" if value.many else ""]
    if value.low is not None and value.high is not None:
        parts.append(f"plausible {value.low:.12g} to {value.high:.12g}")
    return "; ".join(part for part in parts if part)
