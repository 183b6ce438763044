"""Loads the kinds' files, and holds the parameters of rules against the rules' own models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from alerts.rules.rule import Parameters
from devices.kinds import OTHER, KindSpec
from gateway.problem import ConfigurationError, Problem, listing, near_miss
from gateway.validation import explain, validate
from gateway.yaml_source import Document, Plain, dotted, read_yaml


def load_kinds(
    directory: Path, rules: Mapping[str, type[Parameters]] | None = None
) -> dict[str, KindSpec]:
    """Every kind of the folder, by id; one file ``{kind}.yaml`` each.

    ``rules`` gives the parameter model of each rule (`rule_parameters` gives those there are);
    ``None`` leaves rules unchecked. Raises `ConfigurationError` with the mistakes of all files.
    """
    problems: list[Problem] = []
    kinds: dict[str, KindSpec] = {}
    for path in sorted(directory.glob("*.yaml")):
        try:
            kinds[path.stem] = _load(path, rules)
        except ConfigurationError as error:
            problems += error.problems
    if not problems and OTHER not in kinds:
        message = f"holds no {OTHER}.yaml, the kind of devices that have no file of their own"
        problems.append(Problem(str(directory), None, "", message))
    if problems:
        raise ConfigurationError(problems)
    return kinds


def _load(path: Path, rules: Mapping[str, type[Parameters]] | None) -> KindSpec:
    document = read_yaml(path)
    spec = validate(KindSpec, document)
    problems = []
    if spec.kind != path.stem:
        message = f"must be the name of the file, '{path.stem}', not '{spec.kind}'"
        problems.append(document.problem(("kind",), message))
    if rules is not None:
        problems += check_rules(document, ("rules",), _plain_rules(document), rules)
    if problems:
        raise ConfigurationError(problems)
    return spec


def _plain_rules(document: Document) -> Plain:
    return document.data.get("rules") if isinstance(document.data, dict) else None


def check_rules(
    document: Document,
    at: tuple[str | int, ...],
    found: Plain,
    rules: Mapping[str, type[Parameters]],
) -> list[Problem]:
    """What is wrong with ``{rule: {parameter: value}}`` at this path of a document."""
    if found is None:
        return []
    if not isinstance(found, dict):
        return [document.problem(at, "must be rules with their parameters")]
    problems: list[Problem] = []
    for name, parameters in found.items():
        steps = (*at, name)
        if name not in rules:
            problems.append(document.problem(steps, _unknown_rule(name, rules)))
        elif parameters is not None:
            try:
                validate(rules[name], document, at=steps, data=parameters)
            except ConfigurationError as error:
                problems += error.problems
    return problems


def parameter_mistakes(
    parameters: object,
    rules: Mapping[str, type[Parameters]],
    around: Mapping[str, Mapping[str, object]] | None = None,
) -> list[tuple[str, str]]:
    """What is wrong with overrides that did not come from a YAML file: (dotted field, message).

    ``around`` are the parameters they are laid over, so that combinations are checked as they
    will be in effect.
    """
    if not isinstance(parameters, Mapping):
        return [("", "must be rules with their parameters")]
    mistakes: list[tuple[str, str]] = []
    for name, own in parameters.items():
        if not isinstance(name, str) or name not in rules:
            mistakes.append((str(name), _unknown_rule(str(name), rules)))
        elif not isinstance(own, Mapping):
            mistakes.append((name, "must be parameters with their values"))
        else:
            try:
                rules[name].model_validate({**(around or {}).get(name, {}), **own})
            except ValidationError as error:
                mistakes += [
                    (_field(name, details["loc"]), explain(details, rules[name]))
                    for details in error.errors(include_url=False)
                ]
    return mistakes


def _field(rule: str, path: Sequence[str | int]) -> str:
    return dotted((rule, *path))


def _unknown_rule(name: str, rules: Mapping[str, type[Parameters]]) -> str:
    return f"there is no such rule{near_miss(name, rules)}; there are: {listing(sorted(rules))}"
