"""Holds a YAML document against a pydantic model and says every mistake with its line."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.problem import ConfigurationError, Problem, listing, near_miss
from gateway.yaml_source import Document, Plain, Steps

Model = TypeVar("Model", bound=BaseModel)

_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "str": "text",
    "list": "a list (lines that begin with '- ')",
    "tuple": "a list (lines that begin with '- ')",
    "set": "a list (lines that begin with '- ')",
    "frozen_set": "a list (lines that begin with '- ')",
    "dict": "a section (lines of 'key: value')",
    "mapping": "a section (lines of 'key: value')",
    "model": "a section (lines of 'key: value')",
    "path": "a path",
    "finite_number": "a finite number",
    "url": "a URL",
    "date": "a date (2026-12-31)",
    "datetime": "a time (2026-12-31T08:00:00+08:00)",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_LENGTHS = {
    "string_too_short": ("min_length", "at least"),
    "too_short": ("min_length", "at least"),
    "string_too_long": ("max_length", "at most"),
    "too_long": ("max_length", "at most"),
}


def validate(
    model: type[Model],
    document: Document,
    *,
    at: Steps = (),
    data: Plain = None,
    context: Mapping[str, Any] | None = None,
) -> Model:
    """The model filled from ``data``, or from the whole document when ``at`` is empty.

    ``at`` is the path of ``data`` in the document; ``context`` is handed to the validators.
    Raises `ConfigurationError` with every mistake.
    """
    content = document.data if not at else data
    if content is None:
        content = {}
    try:
        return model.model_validate(content, context=dict(context or {}))
    except ValidationError as error:
        raise ConfigurationError(
            problem_of(details, model, document, at) for details in error.errors(include_url=False)
        ) from error


def problem_of(
    details: ErrorDetails, model: type[BaseModel], document: Document, at: Steps = ()
) -> Problem:
    """One of pydantic's errors as a `Problem` of the document."""
    steps = (*at, *(step for step in details["loc"] if step != "[key]"))
    return document.problem(steps, explain(details, model))


def explain(details: ErrorDetails, model: type[BaseModel]) -> str:
    """What is wrong and what is allowed, in plain words."""
    kind, context, wrong = details["type"], details.get("ctx", {}), details["input"]
    if kind == "value_error":
        return str(context["error"])
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"must be {words} {context[name]}, not {_shown(wrong)}"
    if kind in _LENGTHS:
        name, words = _LENGTHS[kind]
        return f"must be {words} {context[name]} long"
    if kind in {"extra_forbidden", "missing"}:
        return _about_key(details, model)
    if kind in {"literal_error", "enum"}:
        options = _options(str(context["expected"]))
        near = near_miss(wrong, options) if isinstance(wrong, str) else ""
        return f"must be one of {listing(options)}, not {_shown(wrong)}{near}"
    return _about_type(details)


def _about_key(details: ErrorDetails, model: type[BaseModel]) -> str:
    around = _model_at(model, details["loc"][:-1])
    key = str(details["loc"][-1])
    if details["type"] == "extra_forbidden":
        known = list(around.model_fields) if around else []
        allowed = f"allowed: {listing(known)}" if known else "nothing is allowed here"
        return f"is not known here{near_miss(key, known)}; {allowed}"
    field = around.model_fields.get(key) if around else None
    purpose = first_sentence(field.description) if field and field.description else ""
    return f"is missing: {purpose}" if purpose else "is missing"


def _about_type(details: ErrorDetails) -> str:
    kind, wrong = details["type"], details["input"]
    for ending in ("_type", "_parsing", "_from_float"):
        kind = kind.removesuffix(ending)
    wanted = _TYPES.get(kind)
    if wanted is None:
        return f"{details['msg']} (found {_shown(wrong)})"
    unquoted = kind in {"string", "str"} and isinstance(wrong, (int, float))
    return f"must be {wanted}, not {_shown(wrong)}{'; put it in quotes' if unquoted else ''}"


def _options(expected: str) -> list[str]:
    """The words of pydantic's "'a', 'b' or 'c'"."""
    return re.findall(r"'([^']*)'", expected)


def _shown(value: object) -> str:
    """A value as its writer would recognise it; never a whole section."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = str(value)
    text = text if len(text) <= 60 else text[:57] + "…"
    return f"'{text}'" if isinstance(value, str) else text


def first_sentence(text: str) -> str:
    """The first sentence of a description, on one line, without its full stop."""
    return " ".join(text.split()).split(". ")[0].rstrip(".")


def _model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    """The model that a path of names, indices and dictionary keys leads to."""
    annotation: Any = model
    for step in path:
        annotation = _inner(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(str(step))
            if field is None:
                return None
            annotation = field.annotation
        elif get_origin(annotation) in {dict, Mapping, types.MappingProxyType}:
            annotation = get_args(annotation)[1]
        elif get_args(annotation):
            annotation = get_args(annotation)[0]
        else:
            return None
    annotation = _inner(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def _inner(annotation: Any) -> Any:
    """Without ``Annotated`` and ``| None``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _inner(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        real = [option for option in get_args(annotation) if option is not type(None)]
        return _inner(real[0]) if len(real) == 1 else annotation
    return annotation
