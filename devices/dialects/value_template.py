"""The small part of Home Assistant's value templates that says where in a message a value stands.

``{{ value }}``, ``{{ value_json.a.b }}``, ``{{ value_json['a'][0] }}``, with the filters
``float``, ``int``, ``round`` and ``is_defined``. A template is a program (Jinja), and it comes from
whoever may publish a discovery message: nothing of it is ever run, and what is more than this is
refused. A default (``float(0)``) is not taken: what is not known is unknown, not 0.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from devices import values as v

MAX_LENGTH: Final = 500
MAX_STEPS: Final = 16

_WHOLE: Final = re.compile(r"\s*\{\{-?(?P<inside>.*?)-?\}\}\s*\Z", re.DOTALL)
_BASE: Final = re.compile(r"\s*(value_json|value)(?![A-Za-z0-9_])")
_STEP: Final = re.compile(
    r"\s*(?:\.(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\[\s*'(?P<single>[^'\\{}]*)'\s*\]|\[\s*\"(?P<double>[^\"\\{}]*)\"\s*\]"
    r"|\[\s*(?P<at>\d{1,4})\s*\])"
)
_FILTER: Final = re.compile(
    r"\s*\|\s*(?P<name>float|int|round|is_defined)"
    r"(?:\(\s*(?:default\s*=\s*)?(?P<argument>-?[0-9.]{1,12}|none|None|true|false|)\s*\))?"
)


class Missing:
    """What stands for a value that is not in a message."""


MISSING: Final = Missing()


class Template(msgspec.Struct, frozen=True):
    """Where a value stands, and what is done to it: ``float``, ``int`` or ``round`` to digits."""

    from_json: bool
    path: tuple[str | int, ...] = ()
    filters: tuple[tuple[str, int], ...] = ()

    def of(self, text: str, document: Any) -> Any:
        """The value in a message, given as text and as what its JSON says; `MISSING` when it does
        not stand there, ``None`` for what is no number where one is asked for.
        """
        value: Any = document if self.from_json else text
        for step in self.path:
            if isinstance(step, str):
                there = isinstance(value, dict) and step in value
            else:
                there = isinstance(value, list) and step < len(value)
            if not there:
                return MISSING
            value = value[step]
        for name, digits in self.filters:
            number = v.number(value)
            value = None if number is None else _filtered(name, number, digits)
        return value


VALUE: Final = Template(from_json=False)
"""Of a message without a template: all of it."""


def parse(text: str) -> Template | None:
    """What the template says, or ``None`` for one that says more than is understood."""
    whole = _WHOLE.match(text) if len(text) <= MAX_LENGTH else None
    if whole is None:
        return None
    inside = whole["inside"]
    base = _BASE.match(inside)
    if base is None:
        return None
    at, path, filters = base.end(), [], []
    while (step := _STEP.match(inside, at)) is not None:
        named = next((step[key] for key in ("name", "single", "double") if step[key]), None)
        path.append(int(step["at"]) if named is None and step["at"] else named or "")
        at = step.end()
    while (found := _FILTER.match(inside, at)) is not None:
        at = found.end()
        digits = found["argument"] or "0"
        if found["name"] == "is_defined":
            continue
        if found["name"] == "round" and not digits.isdecimal():
            return None
        filters.append((found["name"], int(digits) if found["name"] == "round" else 0))
    from_json = base[1] == "value_json"
    if inside[at:].strip() or len(path) + len(filters) > MAX_STEPS or (path and not from_json):
        return None
    return Template(from_json, tuple(path), tuple(filters))


def _filtered(name: str, number: float, digits: int) -> float | int | None:
    try:
        if name == "int":
            return int(number)
        return round(number, digits) if name == "round" else float(number)
    except (ValueError, OverflowError):  # whole numbers beyond all others
        return None
