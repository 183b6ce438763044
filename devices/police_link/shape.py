"""The shape of what is pushed to a police platform: a template file, checked when it is loaded.

A template is JSON with placeholders. ``"{place}"`` alone becomes the value with its own type
(``null`` when there is none), within other text it becomes text. ``{name:format}`` writes it in a
named way, ``{name?}`` leaves the key out when there is no value, ``{{`` and ``}}`` are braces.
``{"$each": "cameras", "$item": ...}`` becomes a list. Only names of a fixed list are replaced:
nothing in a template is ever run.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

import msgspec

Scalar: TypeAlias = str | int | float | bool | None
Json: TypeAlias = "Scalar | list[Json] | dict[str, Json]"
Fields: TypeAlias = "Mapping[str, Scalar | Sequence[Fields]]"


class Sort(StrEnum):
    """What a field is, and so how it may be written."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "truth"
    TIME = "time"  # ms


_FORMATS: Final[Mapping[Sort, tuple[str, ...]]] = {
    Sort.TEXT: ("text",),
    Sort.NUMBER: ("number", "text"),
    Sort.TRUTH: ("truth", "number", "text"),
    Sort.TIME: ("ms", "s", "iso", "local", "compact"),
}
"""By sort; the first is how it is written when the template does not say."""

_SLOT: Final = re.compile(r"\{\{|\}\}|\{([a-z_.]+)(?::([a-z]+))?(\?)?\}|[{}]")
_DEPTH: Final = 20


class _Left(StrEnum):
    OUT = "left out"


_Rendered: TypeAlias = "Json | _Left"


class _Node(Protocol):
    def render(self, fields: Fields) -> _Rendered: ...


class _Plain(msgspec.Struct, frozen=True):
    value: Scalar

    def render(self, fields: Fields) -> _Rendered:  # noqa: ARG002 - every node has one signature
        return self.value


class _Slot(msgspec.Struct, frozen=True):
    name: str
    write: Callable[[Scalar], Scalar]
    optional: bool

    def render(self, fields: Fields) -> _Rendered:
        value = fields.get(self.name)
        if value is None or value == "" or not isinstance(value, Scalar):
            return _Left.OUT if self.optional else _absent(value)
        return self.write(value)


def _absent(value: object) -> Scalar:
    return "" if value == "" else None


class _Text(msgspec.Struct, frozen=True):
    parts: tuple[str | _Slot, ...]

    def render(self, fields: Fields) -> _Rendered:
        found = [part if isinstance(part, str) else part.render(fields) for part in self.parts]
        return "".join(_as_text(one) for one in found)


class _Object(msgspec.Struct, frozen=True):
    items: tuple[tuple[str, _Node], ...]

    def render(self, fields: Fields) -> _Rendered:
        found = {key: node.render(fields) for key, node in self.items}
        return {key: value for key, value in found.items() if not isinstance(value, _Left)}


class _List(msgspec.Struct, frozen=True):
    items: tuple[_Node, ...]

    def render(self, fields: Fields) -> _Rendered:
        return _present(node.render(fields) for node in self.items)


class _Each(msgspec.Struct, frozen=True):
    name: str
    item: _Node

    def render(self, fields: Fields) -> _Rendered:
        entries = fields.get(self.name)
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            return []
        return _present(self.item.render({**fields, **entry}) for entry in entries)


def _present(values: Iterable[_Rendered]) -> list[Json]:
    return [value for value in values if not isinstance(value, _Left)]


class Shape:
    """One message's shape, ready to be filled."""

    def __init__(self, root: _Node) -> None:
        self._root = root

    def fill(self, fields: Fields) -> bytes:
        """The message, UTF-8 JSON; the same fields always give the same bytes."""
        return msgspec.json.encode(self._root.render(fields))


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that a shape may name, and the lists it may repeat with the fields of each."""

    fields: Mapping[str, Sort]
    lists: Mapping[str, Mapping[str, Sort]] = {}


def compile_shape(
    template: Json, vocabulary: Vocabulary, *, at: str, utc_offset: timedelta
) -> tuple[Shape, list[str]]:
    """The shape of a template, and what is wrong with it (then the shape is of no use).

    ``at`` names the template in messages: ``messages.alarm``. ``utc_offset`` is for local times.
    """
    compiler = _Compiler(vocabulary, timezone(utc_offset))
    root = compiler.node(template, at, vocabulary.fields, 0)
    if not isinstance(template, dict):
        compiler.problems.append(f"{at}: must be an object")
    return Shape(root), compiler.problems


class _Compiler:
    def __init__(self, vocabulary: Vocabulary, zone: timezone) -> None:
        self.vocabulary = vocabulary
        self.zone = zone
        self.problems: list[str] = []

    def node(self, template: Json, at: str, known: Mapping[str, Sort], depth: int) -> _Node:
        if depth > _DEPTH:
            return self._wrong(at, f"is nested deeper than {_DEPTH} levels")
        match template:
            case str():
                return self._text(template, at, known)
            case list():
                below = enumerate(template)
                return _List(
                    tuple(self.node(one, f"{at}[{n}]", known, depth + 1) for n, one in below)
                )
            case dict() if any(key.startswith("$") for key in template):
                return self._each(template, at, known, depth)
            case dict():
                return _Object(
                    tuple(
                        (key, self.node(one, f"{at}.{key}", known, depth + 1))
                        for key, one in template.items()
                    )
                )
            case _:
                return _Plain(template)

    def _each(
        self, template: dict[str, Json], at: str, known: Mapping[str, Sort], depth: int
    ) -> _Node:
        if set(template) != {"$each", "$item"}:
            return self._wrong(at, "a repetition has the keys $each and $item, and no others")
        name = template["$each"]
        if not isinstance(name, str) or name not in self.vocabulary.lists:
            lists = ", ".join(self.vocabulary.lists) or "none here"
            return self._wrong(f"{at}.$each", f"no such list; there is: {lists}")
        inner = {**known, **self.vocabulary.lists[name]}
        return _Each(name, self.node(template["$item"], f"{at}.$item", inner, depth + 1))

    def _text(self, template: str, at: str, known: Mapping[str, Sort]) -> _Node:
        parts: list[str | _Slot] = []
        end = 0
        for found in _SLOT.finditer(template):
            parts.append(template[end : found.start()])
            end = found.end()
            if found[0] in {"{{", "}}"}:
                parts.append(found[0][0])
            elif found[1] is None:
                self._wrong(at, "a single brace: write {{ or }} for a brace of the text")
            else:
                slot = self._slot(found[1], found[2], at, known, optional=bool(found[3]))
                parts.append(slot or "")
        parts.append(template[end:])
        whole = [part for part in parts if part != ""]
        if len(whole) == 1 and isinstance(whole[0], _Slot):
            return whole[0]
        if all(isinstance(part, str) for part in whole):
            return _Plain("".join(part for part in whole if isinstance(part, str)))
        return _Text(tuple(whole))

    def _slot(
        self, name: str, how: str | None, at: str, known: Mapping[str, Sort], *, optional: bool
    ) -> _Slot | None:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            hint = f"did you mean {{{near[0]}}}?" if near else f"there are: {', '.join(known)}"
            self._wrong(at, f"no such field {{{name}}}; {hint}")
            return None
        sort = known[name]
        formats = _FORMATS[sort]
        if how is not None and how not in formats:
            self._wrong(at, f"{{{name}}} cannot be written as '{how}', but as {', '.join(formats)}")
            return None
        return _Slot(name, _writer(how or formats[0], self.zone), optional)

    def _wrong(self, at: str, message: str) -> _Node:
        self.problems.append(f"{at}: {message}")
        return _Plain(None)


def _writer(how: str, zone: timezone) -> Callable[[Scalar], Scalar]:
    """How a value that is there is written."""
    match how:
        case "number":
            return lambda value: int(value) if isinstance(value, bool) else value
        case "text":
            return _as_text
        case "s":
            return lambda value: int(value) // 1000 if isinstance(value, int) else value
        case "iso":
            return lambda value: _moment(value, UTC).isoformat(timespec="milliseconds")
        case "local":
            return lambda value: _moment(value, zone).strftime("%Y-%m-%d %H:%M:%S")
        case "compact":
            return lambda value: _moment(value, zone).strftime("%Y%m%d%H%M%S")
        case _:
            return lambda value: value


def _moment(value: Scalar, zone: timezone) -> datetime:
    milliseconds = value if isinstance(value, int) else 0
    return datetime.fromtimestamp(0, zone) + timedelta(milliseconds=milliseconds)


def _as_text(value: _Rendered) -> str:
    match value:
        case None | _Left.OUT:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
