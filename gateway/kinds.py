"""Loads the kinds' files, and holds the parameters of rules against the rules' own models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from pydantic import ValidationError

from alerts.rules import RULES
from alerts.rules.rule import Parameters
from devices.kinds import OTHER, KindSpec, RuleParameters
from gateway.problem import ConfigurationError, Problem, listing, near_miss
from gateway.validation import explain, validate
from gateway.yaml_source import Document, Plain, Steps, dotted, read_yaml

RuleModels: TypeAlias = Mapping[str, type[Parameters]]
"""The model of the parameters of each rule, by the rule's name."""


def rule_models() -> RuleModels:
    """The models of all rules there are."""
    return {name: rule.Parameters for name, rule in RULES.items()}


def model_for(
    name: str, parameters: Mapping[str, object], rules: RuleModels
) -> type[Parameters] | None:
    """The model of one entry of ``rules:``: of the rule it names, or that it is named after."""
    return rules.get(str(parameters.get("rule") or name))


def load_kinds(directory: Path, rules: RuleModels | None = None) -> dict[str, KindSpec]:
    """Every kind of the folder, by id; one file ``{kind}.yaml`` each.

    Parameters are held against ``rules`` (default: all rules there are). Raises
    `ConfigurationError` with the mistakes of all files.
    """
    models = rule_models() if rules is None else rules
    problems: list[Problem] = []
    kinds: dict[str, KindSpec] = {}
    for path in sorted(directory.glob("*.yaml")):
        try:
            kinds[path.stem] = _load(path, models)
        except ConfigurationError as error:
            problems += error.problems
    if not problems and OTHER not in kinds:
        message = f"holds no {OTHER}.yaml, the kind of devices that have no file of their own"
        problems.append(Problem(str(directory), None, "", message))
    if problems:
        raise ConfigurationError(problems)
    return kinds


def _load(path: Path, rules: RuleModels) -> KindSpec:
    document = read_yaml(path)
    spec = validate(KindSpec, document)
    problems = []
    if spec.kind != path.stem:
        message = f"must be the name of the file, '{path.stem}', not '{spec.kind}'"
        problems.append(document.problem(("kind",), message))
    problems += check_rules(document, ("rules",), _plain_rules(document), rules)
    if problems:
        raise ConfigurationError(problems)
    return spec


def _plain_rules(document: Document) -> Plain:
    return document.data.get("rules") if isinstance(document.data, dict) else None


def check_rules(document: Document, at: Steps, found: Plain, rules: RuleModels) -> list[Problem]:
    """What is wrong with ``{name: {parameter: value}}`` at this path of a document."""
    problems: list[Problem] = []
    for name, parameters in (found if isinstance(found, dict) else {}).items():
        steps = (*at, name)
        own = parameters if isinstance(parameters, dict) else {}
        model = model_for(name, own, rules)
        if model is None:
            named = (*steps, "rule") if own.get("rule") else steps
            problems.append(document.problem(named, _unknown_rule(own.get("rule") or name, rules)))
        elif own:
            try:
                validate(model, document, at=steps, data=own)
            except ConfigurationError as error:
                problems += error.problems
    return problems


def parameter_mistakes(
    parameters: object, rules: RuleModels, around: RuleParameters | None = None
) -> list[tuple[str, str]]:
    """What is wrong with overrides that did not come from a kind's file: (dotted field, message).

    ``around`` are the parameters they are laid over, so that combinations are checked as they
    will be in effect.
    """
    if not isinstance(parameters, Mapping):
        return [("", "must be rules with their parameters")]
    mistakes: list[tuple[str, str]] = []
    for name, own in parameters.items():
        if not isinstance(own, Mapping):
            mistakes.append((str(name), "must be parameters with their values"))
            continue
        effective = {**(around or {}).get(name, {}), **own}
        model = model_for(str(name), effective, rules)
        if model is None:
            field = f"{name}.rule" if own.get("rule") else str(name)
            mistakes.append((field, _unknown_rule(own.get("rule") or name, rules)))
            continue
        try:
            model.model_validate(effective)
        except ValidationError as error:
            mistakes += [
                (dotted((str(name), *details["loc"])), explain(details, model))
                for details in error.errors(include_url=False)
            ]
    return mistakes


def _unknown_rule(rule: object, rules: RuleModels) -> str:
    near = near_miss(str(rule), rules)
    return f"there is no rule '{rule}'{near}; there are: {listing(sorted(rules))}"
