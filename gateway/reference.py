"""Writes the configuration reference from the models, so that it cannot say anything else."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from alerts.rules import RULES
from devices.kinds import KindSpec
from gateway.register.columns import COLUMNS, Sort
from gateway.settings import Settings
from gateway.settings_fields import Address, ExistingFile, ExistingFolder

INTRODUCTION: Final = """\
# Configuration reference

<!-- Written by `campus config-reference` from the models in the code. Do not edit. -->

`campus check-config --config gateway.yaml` checks everything on this page and says every mistake
with its file, line and field. Times and sizes carry their unit in their name. `config/gateway.yaml`
is an example to start from.

- [gateway.yaml](#gatewayyaml): the gateway itself
- [Kinds](#kinds): what is known of each kind of device, and the rules that judge it
- [Rules](#rules): the parameters of each rule
- [Sites](#sites): regions, schools, places and devices to import

## gateway.yaml

Relative paths count from the folder of the file. A secret is never written into it: give
`{env: NAME}` or `{file: path}`; `campus seal FILE` makes a file that is encrypted.
`include: other.yaml` (or a list) takes over the sections of other files; a value that is set twice
is refused.
"""

KINDS: Final = """\
## Kinds

One file per kind in the folder `kinds` of the settings, named after the kind. A school or a single
device can override any parameter of a rule, on the page or by import.
"""

RULES_TEXT: Final = """\
## Rules

Under `rules:` of a kind, and in the overrides of schools and devices: the name of a rule with its
parameters. To use a rule several times in one kind, give each entry a name of its own and say under
`rule` which one it is. Every rule also takes `source`: where its figures come from; it is shown
with every alert.
"""

SITES: Final = """\
## Sites

`campus import FILE…` takes YAML (`.yaml`), XLSX (`.xlsx`; each visible sheet is a table) and CSV
(`.csv`, `.tsv`, `.txt`; UTF-8, UTF-16 or GB18030; commas, semicolons or tabs); titles above the
header are passed over. It shows what would change, asks, and then changes it. Importing a file
again changes nothing, nor does importing what `campus export FILE.xlsx` wrote. What a file does not
name stays; a cell that is there and empty empties the field. `place`, `school`, `region`, `parent`
and `kind` may be given by id or by name. Taking a device out of service is done on the page, by a
named person with a reason, and not by a file.

In YAML the tables are lists; `places`, `devices` and `parameters` may stand inside their school,
`places` and `devices` inside a place:

```yaml
regions:
  - {id: "140000", name_zh: 示例省, name_en: Example Province}
  - {id: "140100", name_zh: 示例市, name_en: Example City, parent: "140000"}
schools:
  - id: no3-middle
    name_zh: 第三中学
    region: "140100"
    parameters:
      temperature:
        silent: {grace_s: 3600}
    places:
      - id: lab
        name_zh: 实验楼
        places:
          - id: lab-201
            name_zh: 化学实验室
            devices:
              - {id: lab-chem-1, kind: smoke, name_zh: 化学实验室烟感}
    devices:
      - {id: gate-01, kind: alarm-button, name_zh: 校门报警按钮}
```

In CSV the header decides what the rows are; these headers are understood, whatever their case and
width:
"""


def configuration_reference() -> str:
    """docs/configuration.md."""
    parts = [INTRODUCTION, *_sections(Settings, "")]
    parts += [KINDS, *_sections(KindSpec, "")]
    parts.append(RULES_TEXT)
    for name, rule in sorted(RULES.items()):
        module = inspect.getmodule(rule)
        about = _flat((inspect.getdoc(module) or "").split("\n\n")[0])
        fields = {
            field: info
            for field, info in rule.Parameters.model_fields.items()
            if field not in {"rule", "source"}
        }
        parts.append(f"### `{name}`\n\n{about}\n\n{_table(fields, '')}")
    parts += [SITES, *_headers()]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _sections(model: type[BaseModel], path: str) -> Iterator[str]:
    """A table of the model's settings, then one of each section inside it."""
    heading = f"### `{path}`\n\n{_flat(inspect.getdoc(model) or '')}\n\n" if path else ""
    yield heading + _table(model.model_fields, path)
    for name, field in model.model_fields.items():
        inner, ending = _inner_model(field.annotation)
        if inner is not None:
            yield from _sections(inner, f"{path}.{name}{ending}".removeprefix("."))


def _table(fields: dict[str, FieldInfo], path: str) -> str:
    rows = ["| setting | what | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in fields.items():
        cells = (f"`{name}`", _type(field), _default(field), _flat(field.description or ""))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    if len(rows) == 2:
        return f"`{path}` takes no settings.\n" if path else "No parameters.\n"
    return "\n".join(rows) + "\n"


def _flat(text: str) -> str:
    """A docstring on one line, with Markdown's code marks."""
    return " ".join(text.replace("``", "`").split())


def _inner_model(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The section inside a field and how its path goes on: ``[]`` in a list, ``.NAME`` in a map."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    for argument in get_args(annotation):
        inner, ending = _inner_model(argument)
        if inner is not None:
            around = get_origin(annotation)
            return inner, {tuple: "[]", dict: ".NAME"}.get(around, "") + ending
    return None, ""


def _type(field: FieldInfo) -> str:
    base = _type_name(field.annotation, tuple(field.metadata))
    limits = {type(limit): limit for limit in field.metadata}
    low = limits.get(Ge) or limits.get(Gt)
    high = limits.get(Le) or limits.get(Lt)
    words = []
    if low is not None:
        words.append(f"at least {low.ge}" if isinstance(low, Ge) else f"more than {low.gt}")
    if high is not None:
        words.append(f"at most {high.le}" if isinstance(high, Le) else f"less than {high.lt}")
    return ", ".join([base, *words])


_PATHS: Final = {
    validator.func: name
    for name, alias in (("file", ExistingFile), ("folder", ExistingFolder))
    for validator in get_args(alias)[1:]
    if isinstance(validator, AfterValidator)
}

_NAMES: Final[dict[object, str]] = {
    int: "whole number",
    float: "number",
    bool: "true or false",
    str: "text",
    date: "date",
    Path: "path",
    SecretStr: "secret",
    Address: "`host:port`",
    object: "value",
}


def _type_name(annotation: Any, metadata: tuple[Any, ...] = ()) -> str:
    for mark in metadata:
        if isinstance(mark, AfterValidator) and mark.func in _PATHS:
            return _PATHS[mark.func]
    if annotation in _NAMES:
        return _NAMES[annotation]
    if hasattr(annotation, "__metadata__"):
        return _type_name(get_args(annotation)[0], annotation.__metadata__)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _one_of([member.value for member in annotation])
    return _made_of(get_origin(annotation), get_args(annotation))


def _made_of(origin: Any, inside: tuple[Any, ...]) -> str:
    """The name of a type that is made of others."""
    if origin is Literal:
        return _one_of(inside)
    if origin in {Union, types.UnionType}:
        return " or ".join(_type_name(one) for one in inside if one is not type(None))
    if origin is dict:
        return f"{_type_name(inside[1])}, by name"
    if origin is tuple and Ellipsis not in inside:
        return f"list of {len(inside)}"
    if origin is tuple:
        return f"list of {_MANY.get(one := _type_name(inside[0]), one)}"
    return "section"


_MANY: Final = {"section": "sections", "file": "files"}


def _one_of(words: Any) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    default = field.default
    if default is PydanticUndefined or default is None or isinstance(default, BaseModel):
        return ""
    if isinstance(default, tuple) and not isinstance(default, Address):
        return ", ".join(_shown(one) for one in default)
    return _shown(default)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, BaseModel):
        pairs = value.model_dump(mode="json", exclude_none=True).items()
        return "`{" + ", ".join(f"{name}: {one}" for name, one in pairs) + "}`"
    text = str(value.value if isinstance(value, Enum) else value)
    return f"`{text}`" if text else ""


def _headers() -> Iterator[str]:
    for table, columns in COLUMNS.items():
        named = [column for column in columns if column.sort is not Sort.RULES and column.headers]
        if not named:
            continue
        rows = [f"### `{table}`", "", "| field | headers |", "| --- | --- |"]
        for column in named:
            mark = " (required)" if column.required else ""
            rows.append(f"| `{column.field}`{mark} | {', '.join(column.headers)} |")
        yield "\n".join(rows) + "\n"
