"""What `gateway.yaml` holds beside numbers and text: ids, priorities, secrets, paths, addresses."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    ValidationInfo,
)

from devices.model import is_identifier
from gateway.security.sealed_mark import MARK
from gateway.yaml_source import Plain

HOW_TO_GIVE_ONE: Final = "{env: NAME} or {file: path}"
MAX_SECRET_BYTES: Final = 64 * 1024


class Section(BaseModel):
    """A part of the settings: nothing unknown in it, nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class PriorityName(StrEnum):
    """The priorities of alerts, as files and the API name them."""

    EMERGENCY = "emergency"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NOTICE = "notice"


def _identifier(name: str) -> str:
    if not is_identifier(name):
        raise ValueError(f"must be 1 to 64 of A-Z a-z 0-9 . _ -, not '{name}'")
    return name


Id = Annotated[str, AfterValidator(_identifier)]
"""How a school, a team or the like is called in topics, addresses and settings."""

_OFFSET: Final = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


def _offset(offset: str) -> str:
    if not _OFFSET.fullmatch(offset):
        raise ValueError(f"must be hours and minutes like \"+08:00\", not '{offset}'")
    return offset


UtcOffset = Annotated[str, AfterValidator(_offset)]
"""Hours and minutes east of UTC, as ``+08:00``."""


def minutes_east(offset: str) -> int:
    """A `UtcOffset` in minutes."""
    hours, minutes = offset[1:].split(":")
    east = int(hours) * 60 + int(minutes)
    return -east if offset[0] == "-" else east


ALL_SCHOOLS: Final = "*"


def chosen(schools: tuple[str, ...]) -> frozenset[str] | None:
    """The schools that a setting names by their ids; ``None`` when `ALL_SCHOOLS` is among them."""
    return None if ALL_SCHOOLS in schools else frozenset(schools)


def _base(info: ValidationInfo) -> Path:
    context: Mapping[str, Any] = info.context or {}
    base = context.get("base")
    return base if isinstance(base, Path) else Path()


def _environment(info: ValidationInfo) -> Mapping[str, str]:
    context: Mapping[str, Any] = info.context or {}
    environment: Mapping[str, str] = context.get("environment", os.environ)
    return environment


def _secret(value: object, info: ValidationInfo) -> object:
    """Fetch a secret from where the file says; a secret written into the file is refused.

    Configuration files are copied, mailed and kept in version control; a secret in one is none.
    """
    if isinstance(value, SecretStr) or value is None:
        return value
    match value:
        case str():
            message = f"is a secret and does not belong in this file; write {HOW_TO_GIVE_ONE}"
            raise ValueError(message)
        case {"env": name, **others} if not others:
            form = "env"
        case {"file": name, **others} if not others:
            form = "file"
        case _:
            raise ValueError(f"must be {HOW_TO_GIVE_ONE}")
    if not isinstance(name, str) or not name:
        raise ValueError(f"must be {HOW_TO_GIVE_ONE}, with a name or path as text")
    return _from_environment(name, info) if form == "env" else _from_file(name, info)


def _from_environment(name: str, info: ValidationInfo) -> SecretStr:
    found = _environment(info).get(name)
    if not found:
        raise ValueError(f"the environment variable {name} is not set; set it before starting")
    return SecretStr(found)


def _from_file(name: str, info: ValidationInfo) -> SecretStr:
    path = _base(info) / name
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ValueError(f"the secret's file {path} cannot be read: {reason}") from error
    if len(raw) > MAX_SECRET_BYTES:
        raise ValueError(f"the secret's file {path} is larger than 64 KB; is it the right one?")
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"the secret's file {path} is not text") from error
    if not text:
        raise ValueError(f"the secret's file {path} is empty")
    return SecretStr(_unsealed(text, path, info) if text.startswith(MARK) else text)


def _unsealed(text: str, path: Path, info: ValidationInfo) -> str:
    from gateway.security.sealing import (  # noqa: PLC0415 - see `gateway.security.sealed_mark`
        SealError,
        key_path,
        read_key,
        unseal,
    )

    try:
        return unseal(text, read_key(key_path(_environment(info))))
    except SealError as error:
        raise ValueError(f"the secret's file {path} cannot be unsealed: {error}") from error


Secret = Annotated[SecretStr, BeforeValidator(_secret)]
"""A secret: `SecretStr`, so that no log and no error ever shows it."""


def _resolve(path: Path, info: ValidationInfo) -> Path:
    try:
        return _base(info) / path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"'{path}' names a home folder that is not there") from error


def _readable(path: Path, info: ValidationInfo) -> Path:
    return _existing(_resolve(path, info), Path.is_file, "file")


def _folder(path: Path, info: ValidationInfo) -> Path:
    return _existing(_resolve(path, info), Path.is_dir, "folder")


def _existing(path: Path, there: Callable[[Path], bool], what: str) -> Path:
    try:
        found = there(path)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise ValueError(f"{path} cannot be looked at: {error.strerror}") from error
    if not found:
        raise ValueError(f"there is no {what} {path}")
    return path


PathFromHere = Annotated[Path, AfterValidator(_resolve)]
"""A path; a relative one counts from the folder of ``gateway.yaml``."""

ExistingFile = Annotated[Path, AfterValidator(_readable)]
ExistingFolder = Annotated[Path, AfterValidator(_folder)]


class Address(NamedTuple):
    """A host (name, IPv4 or IPv6) and a TCP port; port 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        """``host:port``, with brackets around an IPv6 host."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _address(value: Plain | Address) -> Address:
    if isinstance(value, Address):
        return value
    example = "must be 'host:port', for example 127.0.0.1:1883 or [::1]:1883"
    host, colon, port = str(value).strip().rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()):
        raise ValueError(f"{example}, not '{value}'")
    bracketed = host.startswith("[") and host.endswith("]")
    if ":" in host and not bracketed:
        raise ValueError(f"an IPv6 host stands in brackets: [{host}]:{port}")
    if int(port) > 65535:
        raise ValueError(f"the port must be 0 to 65535, not {port}")
    return Address(host[1:-1] if bracketed else host, int(port))


HostPort = Annotated[Address, PlainValidator(_address), PlainSerializer(str)]


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"must be http://… or https://…, not '{url}'")
    return url


HttpUrl = Annotated[str, AfterValidator(_http_url)]
"""A URL that is asked over HTTP, as it was written."""


class Tls(Section):
    """The server's side of TLS."""

    cert_file: ExistingFile
    """The server's certificate with its chain, PEM."""

    key_file: ExistingFile
    """The certificate's private key, PEM."""

    client_ca_file: ExistingFile | None = None
    """When set, clients must show a certificate signed by this authority, PEM."""
