"""Rules that somebody wants to try: figures laid over today's, for kinds, schools and devices.

The same form as in the register and in the kinds' files, so that what has been tried can be taken
over as it stands::

    kinds:
      smoke-temperature:
        heat: {above: 50}
    schools:
      no3:
        smoke-temperature:
          co_high: off
    devices:
      no3/lab-2:
        heat: {above: 60, for_s: 40}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from alerts.rules import RuleError, bind
from devices.kinds import KindSpec, RuleParameters, effective_rules, spec_for
from devices.model import Device
from gateway.kinds import parameter_mistakes, rule_models
from gateway.problem import ConfigurationError, Problem, listing, near_miss
from gateway.validation import validate
from gateway.yaml_source import Document, read_yaml

OFF: Final = "off"
"""In the place of parameters: this rule does not judge."""

Figures: TypeAlias = dict[str, dict[str, object] | str | None]
"""``{rule: {parameter: value}}``; `OFF` in the place of parameters, or nothing for the defaults."""


class Changes(BaseModel):
    """What is changed; everything else is as it is today."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    kinds: dict[str, Figures] = Field(default_factory=dict)
    """Rules of all devices of a kind: `{kind: {rule: {parameter: value}}}`."""

    schools: dict[str, dict[str, Figures]] = Field(default_factory=dict)
    """A school's own: `{school: {kind: {rule: {parameter: value}}}}`."""

    devices: dict[str, Figures] = Field(default_factory=dict)
    """A device's own: `{school/device: {rule: {parameter: value}}}`."""

    def __bool__(self) -> bool:
        """Whether anything is changed."""
        return bool(self.kinds or self.schools or self.devices)


NO_CHANGES: Final = Changes()


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong, and where: the way to it in `Changes`."""

    steps: tuple[str, ...]
    message: str


class Figured:
    """Which rules judge a device: today's figures with the changes laid over them."""

    def __init__(
        self,
        kinds: Mapping[str, KindSpec],
        schools: Mapping[tuple[str, str], RuleParameters],
        changes: Changes = NO_CHANGES,
    ) -> None:
        """``schools`` are the schools' own figures by school and kind, as stored."""
        self._kinds: Final = kinds
        self._schools: Final = schools
        self._changes: Final = changes
        self._known: dict[tuple[str, str], dict[str, dict[str, object]]] = {}

    def spec(self, device: Device) -> KindSpec:
        """What is known of its kind."""
        return spec_for(self._kinds, device.kind)

    def rules(self, device: Device) -> dict[str, dict[str, object]]:
        """``{rule: {parameter: value}}`` of a device. Not checked: see `mistakes`."""
        if device.parameters or f"{device.school}/{device.id}" in self._changes.devices:
            return self._rules(device)
        # Nearly all devices: the same for all of their kind at their school.
        key = (device.school, device.kind)
        if key not in self._known:
            self._known[key] = self._rules(device)
        return self._known[key]

    def _rules(self, device: Device) -> dict[str, dict[str, object]]:
        changes, spec = self._changes, self.spec(device)
        school = self._schools.get((device.school, device.kind), {})
        levels = (
            changes.kinds.get(spec.kind, {}),
            changes.schools.get(device.school, {}).get(device.kind, {}),
            changes.devices.get(f"{device.school}/{device.id}", {}),
        )
        off: set[str] = set()
        for level in levels:
            off = {name for name in off if level.get(name, OFF) == OFF}
            off |= {name for name, given in level.items() if given == OFF}
        kind = spec.model_copy(update={"rules": laid_over(spec.rules, levels[0])})
        rules = effective_rules(
            kind, laid_over(school, levels[1]), laid_over(device.parameters, levels[2])
        )
        return {name: figures for name, figures in rules.items() if name not in off}

    def mistakes(self, devices: list[Device]) -> list[Mistake]:
        """What is wrong with the changes, as far as can be told from them and the register."""
        changes = self._changes
        found: list[Mistake] = []
        schools = {device.school for device in devices}
        keys = {f"{device.school}/{device.id}": device for device in devices}
        for kind, figures in changes.kinds.items():
            found += _unknown(("kinds",), kind, self._kinds) or self._about(
                ("kinds", kind), figures, spec_for(self._kinds, kind).rules
            )
        for school, by_kind in changes.schools.items():
            if unknown := _unknown(("schools",), school, schools):
                found += unknown
                continue
            for kind, figures in by_kind.items():
                steps = ("schools", school)
                around = self._around(school, kind)
                found += _unknown(steps, kind, self._kinds) or self._about(
                    (*steps, kind), figures, around
                )
        for key, figures in changes.devices.items():
            device = keys.get(key)
            if device is None:
                found += _unknown(("devices",), key, keys)
                continue
            around = effective_rules(
                self.spec(device),
                self._schools.get((device.school, device.kind)),
                device.parameters,
            )
            found += self._about(("devices", key), figures, around)
        return found or self._together(devices)

    def _around(self, school: str, kind: str) -> RuleParameters:
        return effective_rules(spec_for(self._kinds, kind), self._schools.get((school, kind)))

    def _about(
        self,
        steps: tuple[str, ...],
        figures: Figures,
        around: RuleParameters,
    ) -> list[Mistake]:
        found: list[Mistake] = []
        for name, given in figures.items():
            if isinstance(given, str) and given != OFF:
                message = f"must be parameters with their values, or '{OFF}'"
                found.append(Mistake((*steps, name), message))
            elif given == OFF and name not in around:
                message = f"there is no such rule here; there are: {listing(sorted(around))}"
                found.append(Mistake((*steps, name), message))
            elif not isinstance(given, str):
                own = {name: given or {}}
                for field, message in parameter_mistakes(own, rule_models(), around):
                    found.append(Mistake((*steps, *field.split(".")), message))
        return found

    def _together(self, devices: list[Device]) -> list[Mistake]:
        """What only shows when all levels lie over each other."""
        found: dict[str, Mistake] = {}
        tried: set[bytes] = set()
        for device in devices:
            rules, spec = self.rules(device), self.spec(device)
            key = msgspec.json.encode([spec.kind, rules])
            if key in tried:
                continue
            tried.add(key)
            try:
                bind(rules, spec)
            except RuleError as error:
                where = f"{device.school}/{device.id}"
                for problem in error.problems:
                    mistake = Mistake(("kinds", spec.kind, problem.name), f"{where}: {problem}")
                    found.setdefault(str(problem), mistake)
        return list(found.values())


def laid_over(below: RuleParameters, above: Figures) -> dict[str, dict[str, object]]:
    """Figures with others laid over them, parameter by parameter."""
    rules = {name: dict(figures) for name, figures in below.items()}
    for name, figures in above.items():
        if not isinstance(figures, str):
            rules[name] = {**rules.get(name, {}), **(figures or {})}
    return rules


def read_changes(path: Path) -> tuple[Changes, Document]:
    """The changes in a YAML file, with where each stands. Raises `ConfigurationError`."""
    document = read_yaml(path)
    return validate(Changes, document), document


def check(figured: Figured, devices: list[Device], document: Document) -> None:
    """Raises `ConfigurationError` with every mistake, by file, line and field."""
    problems: list[Problem] = [
        document.problem(mistake.steps, mistake.message) for mistake in figured.mistakes(devices)
    ]
    if problems:
        raise ConfigurationError(problems)


def _unknown(steps: tuple[str, ...], name: str, known: Iterable[str]) -> list[Mistake]:
    names = sorted(known)
    if name in names:
        return []
    near = near_miss(name, names)
    return [Mistake((*steps, name), f"is not registered{near}; there are: {listing(names)}")]
