"""The template file of an HTTP push: its fixed parts, its messages, and every mistake in it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from devices.police_link.link import Code
from devices.police_link.shape import Json, Shape, Sort, Vocabulary, compile_shape

_EVENT: Final = {
    "key": Sort.TEXT,
    "sequence": Sort.NUMBER,
    "code": Sort.NUMBER,
    "event": Sort.TEXT,
    "type": Sort.TEXT,
    "happened": Sort.TIME,
    "known": Sort.TIME,
    "recording_from": Sort.TIME,
    "restore": Sort.TRUTH,
    "test": Sort.TRUTH,
    "link": Sort.TEXT,
    "school": Sort.TEXT,
    "school_name": Sort.TEXT,
    "device": Sort.TEXT,
    "place": Sort.TEXT,
    "zone": Sort.NUMBER,
    "partition": Sort.NUMBER,
    "alert": Sort.NUMBER,
    "text": Sort.TEXT,
    "contact": Sort.TEXT,
    "latitude": Sort.NUMBER,
    "longitude": Sort.NUMBER,
}
_CAMERA: Final = {
    "camera.id": Sort.TEXT,
    "camera.name": Sort.TEXT,
    "camera.recording": Sort.TEXT,
}
EVENT_WORDS: Final = Vocabulary(fields=_EVENT, lists={"cameras": _CAMERA})
SUPERVISION_WORDS: Final = Vocabulary(
    fields={"link": Sort.TEXT, "school": Sort.TEXT, "sent": Sort.TIME}
)

_OFFSET: Final = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)\Z")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}\Z")
_OURS: Final = frozenset({"content-type", "content-length", "host", "connection", "authorization"})
_LARGEST_FILE: Final = 256 * 1024


class TemplateError(ValueError):
    """A template that cannot be used. ``problems``: each mistake, with file and field."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _header(name: str) -> str:
    if not _TOKEN.match(name):
        raise ValueError(f"'{name}' is no name of a header")
    if name.lower() in _OURS:
        raise ValueError(f"the header {name} cannot be set here")
    return name


class Signature(_Written):
    """HMAC-SHA-256 of the time, LF, the idempotency key, LF, and the body."""

    header: str = "X-Signature"
    """Carries the signature in lower-case hex."""

    time_header: str = "X-Timestamp"
    """Carries the time of sending in ms since 1970 UTC, which is signed too."""

    prefix: str = Field(default="sha256=", pattern=r"^[\x21-\x7e]{0,32}$")
    """Stands before the hex."""

    _names = field_validator("header", "time_header")(_header)


class Acknowledged(_Written):
    """Which answers mean that the platform has it."""

    statuses: tuple[int, ...] = Field(default=(200, 201, 202, 204), min_length=1)
    """HTTP statuses, 200 to 299."""

    field: str = Field(default="", max_length=200)
    """Dotted path of a field that the answer's JSON must have; empty = the status is enough."""

    equals: str | int | float | bool | None = None
    """What it must be equal to, type included."""

    @field_validator("statuses")
    @classmethod
    def _successes(cls, statuses: tuple[int, ...]) -> tuple[int, ...]:
        for status in statuses:
            if not 200 <= status <= 299:
                raise ValueError(f"{status} is no success: only 200 to 299 acknowledge")
        return statuses


class _File(_Written):
    name: str
    note: str = ""
    utc_offset: str = "+08:00"
    headers: dict[str, str] = Field(default_factory=dict)
    idempotency_header: str = "Idempotency-Key"
    signature: Signature = Signature()
    acknowledged: Acknowledged = Acknowledged()
    types: dict[str, str] = Field(default_factory=dict)
    messages: dict[str, object]

    _name = field_validator("idempotency_header")(_header)

    @field_validator("headers")
    @classmethod
    def _plain_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            _header(name)
            if not value.isascii() or not value.isprintable():
                raise ValueError(f"the value of {name} must be printable ASCII")
        return headers

    @field_validator("utc_offset")
    @classmethod
    def _known_offset(cls, text: str) -> str:
        if not _OFFSET.match(text):
            raise ValueError(f"must be an offset like +08:00, not '{text}'")
        return text

    @field_validator("types")
    @classmethod
    def _known_types(cls, types: dict[str, str]) -> dict[str, str]:
        known = {code.name.lower() for code in Code}
        if unknown := sorted(set(types) - known):
            raise ValueError(f"no such event: {', '.join(unknown)}; events: {', '.join(known)}")
        return types


class PushTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """What a template file says, ready for use. ``types`` by code."""

    name: str
    alarm: Shape
    device_state: Shape
    supervision: Shape
    types: dict[Code, str]
    headers: dict[str, str]
    idempotency_header: str
    signature: Signature
    acknowledged: Acknowledged


_MESSAGES: Final = {
    "alarm": EVENT_WORDS,
    "device_state": EVENT_WORDS,
    "supervision": SUPERVISION_WORDS,
}


def load_push_template(path: Path) -> PushTemplate:
    """Read and check a template file. Raises `TemplateError` with every mistake found."""
    try:
        with path.open("rb") as file:
            octets = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise TemplateError([f"{path}: cannot be read: {error.strerror}"]) from error
    if len(octets) > _LARGEST_FILE:
        raise TemplateError([f"{path}: is larger than {_LARGEST_FILE} bytes"])
    return read_push_template(octets, str(path))


def read_push_template(octets: bytes, file: str) -> PushTemplate:
    """`load_push_template` of what a file holds; ``file`` names it in messages."""
    written = _decode(octets, file)
    try:
        spec = _File.model_validate(written)
    except ValidationError as error:
        raise TemplateError(
            [_explain(file, one["loc"], one["msg"]) for one in error.errors()]
        ) from (None)
    problems = [
        f"messages.{name}: no such message; there are: {', '.join(_MESSAGES)}"
        for name in spec.messages
        if name not in _MESSAGES
    ]
    shapes = {}
    for name, vocabulary in _MESSAGES.items():
        if name not in spec.messages:
            problems.append(f"messages.{name}: is missing")
            continue
        shapes[name], found = compile_shape(
            cast("Json", spec.messages[name]),
            vocabulary,
            at=f"messages.{name}",
            utc_offset=_offset(spec.utc_offset),
        )
        problems += found
    if spec.types and len(spec.types) < len(Code):
        missing = [code.name.lower() for code in Code if code.name.lower() not in spec.types]
        problems.append(f"types: must name every event or none; missing: {', '.join(missing)}")
    if problems:
        raise TemplateError([f"{file}: {problem}" for problem in problems])
    return PushTemplate(
        name=spec.name,
        types={code: spec.types.get(code.name.lower(), code.name.lower()) for code in Code},
        headers=spec.headers,
        idempotency_header=spec.idempotency_header,
        signature=spec.signature,
        acknowledged=spec.acknowledged,
        **shapes,
    )


def _decode(octets: bytes, file: str) -> object:
    """JSON in which no key stands twice: the second would silently win."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = sorted({key for key in keys if keys.count(key) > 1})
            raise TemplateError([f"{file}: the key {', '.join(twice)} stands twice in one object"])
        return found

    try:
        return json.loads(octets.decode("utf-8-sig"), object_pairs_hook=once)
    except UnicodeDecodeError as error:
        raise TemplateError([f"{file}: is not UTF-8 at byte {error.start}"]) from error
    except json.JSONDecodeError as error:
        where = f"{file}:{error.lineno}:{error.colno}"
        raise TemplateError([f"{where}: is not JSON: {error.msg}"]) from error
    except RecursionError as error:
        raise TemplateError([f"{file}: is nested too deeply"]) from error


def _explain(file: str, location: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(step) for step in location)
    plain = message.removeprefix("Value error, ")
    return ": ".join(part for part in (file, where, plain) if part)


def _offset(text: str) -> timedelta:
    found = _OFFSET.match(text)
    if found is None:  # the model has checked it
        raise ValueError(f"no offset: {text}")
    span = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -span if found[1] == "-" else span
