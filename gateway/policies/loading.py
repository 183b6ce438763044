"""Loads the folder of policies: ``figures.yaml`` and a file for each policy."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from audit.policy import Figures, Policy
from gateway.policies.written import CONDITIONS, KINDS, WrittenPolicy
from gateway.policies.written_figures import WrittenFigures
from gateway.problem import ConfigurationError, Problem
from gateway.validation import validate
from gateway.words import Words
from gateway.yaml_source import Document, read_yaml

TABLE: Final = "figures.yaml"
TEST: Final = ".test.yaml"

_CONDITION: Final = "condition."


def conditions_known() -> frozenset[str]:
    """The conditions of alerts that there are: those that have words."""
    return frozenset(
        key.removeprefix(_CONDITION) for key in Words.load() if key.startswith(_CONDITION)
    )


def load_policies(
    directory: Path, kinds: Collection[str] | None = None, conditions: Collection[str] | None = None
) -> tuple[Policy, ...]:
    """Every policy of the folder, in the order of their ids.

    Named kinds of devices and conditions of alerts are held against those there are; ``None``: of
    kinds nothing is known, of conditions those that have words. Raises `ConfigurationError` with
    the mistakes of all files. An empty folder: no policies.
    """
    known = conditions_known() if conditions is None else conditions
    context = {KINDS: None if kinds is None else sorted(kinds), CONDITIONS: sorted(known)}
    problems: list[Problem] = []
    policies: list[Policy] = []
    files = list(policy_files(directory))
    figures: Figures | None = None
    try:
        figures = load_figures(directory) if files else None
    except ConfigurationError as error:
        problems += error.problems
    for path in files:
        try:
            document = read_yaml(path)
            written = validate(WrittenPolicy, document, context=context)
            problems += _mistakes(written, document, path)
        except ConfigurationError as error:
            problems += error.problems
        else:
            if figures is not None:
                policies.append(written.made(figures))
    if problems:
        raise ConfigurationError(problems)
    return tuple(policies)


def load_figures(directory: Path) -> Figures:
    """The table of figures of the folder. Raises `ConfigurationError`."""
    return validate(WrittenFigures, read_yaml(directory / TABLE)).table()


def policy_files(directory: Path) -> Iterator[Path]:
    """The files that are policies, in order."""
    for path in sorted(directory.glob("*.yaml")):
        if path.name != TABLE and not path.name.endswith(TEST):
            yield path


def _mistakes(written: WrittenPolicy, document: Document, path: Path) -> Iterator[Problem]:
    if written.policy != path.stem:
        message = f"must be the name of the file, '{path.stem}', not '{written.policy}'"
        yield document.problem(("policy",), message)
    seen: dict[str, int] = {}
    for number, item in enumerate(written.items):
        first = seen.setdefault(item.item, number)
        if first != number:
            line = document.where(("items", first, "item")).line
            yield document.problem(
                ("items", number, "item"), f"'{item.item}' is asked for twice, first on line {line}"
            )
