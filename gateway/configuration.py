"""Loads ``gateway.yaml`` and what it includes into `Settings`; finds every mistake at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gateway.problem import ConfigurationError, Problem
from gateway.settings import Settings
from gateway.validation import validate
from gateway.yaml_source import Document, Plain, Steps, read_yaml

INCLUDE: Final = "include"
MAX_INCLUDED: Final = 100


def load_settings(path: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in the file at ``path``. Raises `ConfigurationError` with all problems.

    Secrets come from ``environment`` (default: the process's own) and from files.
    """
    document = read_settings(path)
    return validate(Settings, document, context=_context(path, environment))


def default_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings without a file: defaults, with sections of ``overrides`` put in their place."""
    return Settings.model_validate(
        dict(overrides or {}), context=_context(Path("gateway.yaml"), None)
    )


def _context(path: Path, environment: Mapping[str, str] | None) -> dict[str, Any]:
    return {
        "base": path.parent,
        "environment": os.environ if environment is None else environment,
    }


def read_settings(path: Path) -> Document:
    """The file with its includes merged into one document. Raises `ConfigurationError`.

    ``include: other.yaml`` (or a list) takes over the sections of other files, relative to the
    including one. A value set in two files is refused: no order of precedence has to be guessed.
    """
    merged = Document(str(path), {})
    problems: list[Problem] = []
    _include(path, merged, problems, above=(), seen=set())
    if problems:
        raise ConfigurationError(problems)
    return merged


def _include(
    path: Path,
    merged: Document,
    problems: list[Problem],
    *,
    above: tuple[Path, ...],
    seen: set[Path],
) -> None:
    try:
        document = read_yaml(path)
    except ConfigurationError as error:
        problems += error.problems
        return
    seen.add(path.resolve())
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        problems.append(document.problem((), "must be sections of settings ('key: value')"))
        return
    wanted = data.pop(INCLUDE, None)
    _merge(data, document, merged, problems)
    names = [] if wanted is None else wanted if isinstance(wanted, list) else [wanted]
    for name in names:
        if not isinstance(name, str):
            problems.append(document.problem((INCLUDE,), "must be a file or a list of files"))
            continue
        other = path.parent / name
        try:
            there, resolved = other.is_file(), other.resolve()
        except (OSError, ValueError) as error:
            problems.append(document.problem((INCLUDE,), f"'{name}' is no file: {error}"))
            continue
        if resolved in {*(parent.resolve() for parent in above), path.resolve()}:
            problems.append(document.problem((INCLUDE,), f"'{name}' includes itself"))
        elif resolved in seen:
            problems.append(document.problem((INCLUDE,), f"'{name}' is included twice"))
        elif len(seen) >= MAX_INCLUDED:
            problems.append(document.problem((INCLUDE,), f"more than {MAX_INCLUDED} files"))
        elif not there:
            problems.append(document.problem((INCLUDE,), f"there is no file {other}"))
        else:
            _include(other, merged, problems, above=(*above, path), seen=seen)


def _merge(
    data: dict[str, Plain], document: Document, merged: Document, problems: list[Problem]
) -> None:
    if not isinstance(merged.data, dict):
        raise TypeError("a merged document always holds sections")
    merged.lines = {**document.lines, **merged.lines}
    _merge_section(data, merged.data, (), document, merged, problems)


def _merge_section(
    data: dict[str, Plain],
    into: dict[str, Plain],
    at: Steps,
    document: Document,
    merged: Document,
    problems: list[Problem],
) -> None:
    for key, value in data.items():
        steps = (*at, key)
        if key not in into:
            into[key] = value
            continue
        present = into[key]
        if isinstance(value, dict) and isinstance(present, dict):
            _merge_section(value, present, steps, document, merged, problems)
        else:
            first = merged.where(steps)
            problems.append(document.problem(steps, f"is set in {first.file}:{first.line} too"))
