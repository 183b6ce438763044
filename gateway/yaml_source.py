"""YAML text as plain values that know the line they stand on.

Read from parser events rather than through a YAML loader: every value keeps its line, a key
written twice is refused instead of the last one winning, and neither recursion nor aliases can be
used to exhaust the process. Scalars follow the core schema of YAML 1.2 (``no``, ``on`` and
``12:30`` are text), and digits with a leading zero stay text, because in these files they are ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from gateway.problem import ConfigurationError, Problem

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
Steps: TypeAlias = tuple[str | int, ...]

MAX_DEPTH: Final = 40
MAX_BYTES: Final = 64 * 1024 * 1024

_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?\Z")
_TRUTH: Final = {"true": True, "True": True, "TRUE": True} | {
    "false": False,
    "False": False,
    "FALSE": False,
}
_NOTHING: Final = {"", "~", "null", "Null", "NULL"}
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_HINTS: Final = {
    "'\\t'": "a tab stands here; YAML is indented with spaces",
    "mapping values are not allowed": (
        "a ': ' where none can stand; check the indentation of this line and the one above, "
        "or put text that holds a colon in quotes"
    ),
    "could not find expected ':'": "a key without ': ' behind it",
    "did not find expected key": ("not a 'key: value'; check the indentation and closing quotes"),
    "expected <block end>": "the indentation does not fit the lines above",
    "did not find expected '-'": "a list whose lines are indented differently",
    "found unexpected end of stream": "a quote is opened and never closed",
    "cannot start any token": "text that begins with this sign needs quotes",
}


@dataclass(frozen=True)
class Position:
    """A line of a file, counted from 1."""

    file: str
    line: int


@dataclass
class Document:
    """A YAML file as read: plain values and, by path, where each stands."""

    file: str
    data: Plain
    lines: dict[Steps, Position] = field(default_factory=dict)

    def where(self, steps: Sequence[str | int]) -> Position:
        """Where the value at this path stands, or the nearest one around it."""
        path = tuple(steps)
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, Position(self.file, 1))

    def problem(self, steps: Sequence[str | int], message: str) -> Problem:
        """A problem with the value at this path."""
        at = self.where(steps)
        return Problem(at.file, at.line, dotted(steps), message)


def dotted(steps: Sequence[str | int]) -> str:
    """A path as people write it: ``broker.embedded.listen[0]``."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def read_yaml(path: Path, name: str | None = None) -> Document:
    """Read one YAML file. Raises `ConfigurationError` with every reason why it cannot be."""
    name = name or str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigurationError([Problem(name, None, "", "is larger than 64 MB")])
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError([Problem(name, None, "", f"cannot be read: {reason}")]) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = "is not UTF-8 from here on; save the file as UTF-8"
        raise ConfigurationError([Problem(name, line, "", message)]) from error
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> Document:
    """Parse YAML text; ``name`` stands for the file in messages. Raises `ConfigurationError`."""
    builder = _Builder(name)
    strange = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if strange is not None:
        line = text.count("\n", 0, strange.start()) + 1
        code = f"U+{ord(strange.group()):04X}"
        message = f"holds a character that YAML does not allow ({code}); remove it"
        raise ConfigurationError([Problem(name, line, "", message)])
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "is no YAML"
        line_text = _line_of(text, mark.line) if mark else ""
        message = _explain(said, line_text)
        line = mark.line + 1 if mark else 1
        raise ConfigurationError([*builder.problems, Problem(name, line, "", message)]) from error
    except yaml.YAMLError as error:
        problem = Problem(name, 1, "", f"is no YAML: {error}")
        raise ConfigurationError([*builder.problems, problem]) from error
    if builder.problems:
        raise ConfigurationError(builder.problems)
    return Document(name, builder.root, builder.lines)


def _events(text: str) -> Iterator[yaml.events.Event]:
    """The parser's events; the parser is released even when the caller stops early."""
    yield from yaml.parse(text, Loader=_Loader)


def _line_of(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number] if number < len(lines) else ""


def _explain(said: str, line: str) -> str:
    if line[: len(line) - len(line.lstrip())].count("\t"):
        return "the line begins with a tab; YAML is indented with spaces"
    for part, hint in _HINTS.items():
        if part in said:
            return hint
    return f"is no YAML here: {said}"


class _Builder:
    """Turns events into values, on a stack of its own instead of the interpreter's."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: Plain = None
        self.lines: dict[Steps, Position] = {}
        self.problems: list[Problem] = []
        self._open: list[list[Plain] | dict[str, Plain]] = []
        self._path: list[str | int] = []
        self._key: str | None = None  # a key whose value is yet to come
        self._skipping = 0  # depth inside a key that is no text, or too deep
        self._documents = 0

    def take(self, event: yaml.events.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents == 2:
                self._complain(line, "a second document ('---'); one file holds one document")
        elif self._documents > 1:
            return
        elif isinstance(event, NodeEvent):
            self._node(event, line)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self._end()

    def _complain(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.name, line, dotted(self._path), message))

    def _node(self, event: NodeEvent, line: int) -> None:
        if isinstance(event, AliasEvent):
            self._complain(line, "an alias ('*…') is not supported here; write the value out")
        elif event.anchor is not None:
            self._complain(line, "an anchor ('&…') is not supported here; write the value out")
        starts = isinstance(event, CollectionStartEvent)
        if self._skipping:
            self._skipping += starts
            return
        inside = self._open[-1] if self._open else None
        if isinstance(inside, dict) and self._key is None:
            self._take_key(event, line, starts=starts)
            return
        value = self._value(event, line)
        self._place(value, line)
        if isinstance(value, (list, dict)) and starts:
            if len(self._open) == MAX_DEPTH:
                self._complain(line, f"is nested more than {MAX_DEPTH} deep")
                self._leave()
                self._skipping = 1
            else:
                self._open.append(value)

    def _take_key(self, event: NodeEvent, line: int, *, starts: bool) -> None:
        inside = self._open[-1]
        if not isinstance(event, ScalarEvent):
            self._complain(line, "a key must be text")
            self._skipping = int(starts)
            key = "?"
        else:
            key = event.value
        if isinstance(inside, dict) and key in inside:
            first = self.lines[(*self._path, key)].line
            self._complain(line, f"'{key}' is written twice, first on line {first}")
        self._key = key
        self._path.append(key)
        self.lines.setdefault(tuple(self._path), Position(self.name, line))

    def _value(self, event: NodeEvent, line: int) -> Plain:
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in {"!", "tag:yaml.org,2002:str"}:
            self._complain(line, f"the tag '{tag}' is not supported; write the plain value")
        if isinstance(event, MappingStartEvent):
            return {}
        if isinstance(event, SequenceStartEvent):
            return []
        if isinstance(event, ScalarEvent):
            return resolve(event.value) if event.implicit[0] else event.value
        return None

    def _place(self, value: Plain, line: int) -> None:
        inside = self._open[-1] if self._open else None
        if inside is None:
            self.root = value
            self.lines[()] = Position(self.name, line)
        elif isinstance(inside, list):
            self._path.append(len(inside))
            self.lines[tuple(self._path)] = Position(self.name, line)
            inside.append(value)
        elif self._key is not None:
            inside.setdefault(self._key, value)
            self._key = None
        if not isinstance(value, (list, dict)):
            self._leave()

    def _end(self) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        self._open.pop()
        self._leave()

    def _leave(self) -> None:
        """A value is complete: its step leaves the path."""
        if self._path:
            self._path.pop()


def resolve(text: str) -> Plain:
    """A plain scalar of the YAML 1.2 core schema; digits with a leading zero stay text."""
    if text in _NOTHING:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text) and not text.lstrip("+-").isdigit():
        return float(text)
    return text
