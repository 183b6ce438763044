"""The kinds of devices as the API shows them: values, rules, limits, parameters to check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import ValidationError

from alerts.rules.fire_sign import SIGN
from devices.kinds import KindSpec, RuleParameters, effective_rules, spec_for
from devices.model import Device
from gateway.api.figures import rule_figures
from gateway.api.models.devices import KindOut, KindRuleOut, KindValueOut
from gateway.api.models.figures import RuleFiguresOut
from gateway.api.models.shapes import Names
from gateway.api.problems import FieldProblem, Problem, not_found
from gateway.kinds import RuleModels, model_for, parameter_mistakes

_LIMITS: Final = ("above", "below")
"""Parameters of a rule that are limits of its ``metric``: each is a line across the curve."""

_LINES: Final[Mapping[str, Mapping[str, str]]] = {
    "battery": {
        "low_pct": "battery_pct",
        "critical_pct": "battery_pct",
        "low_v": "battery_v",
        "critical_v": "battery_v",
    },
    "overload": {"rating_a": "current_a"},
    "smoke_and_temperature": {
        "smoke_pct_m": "obscuration_pct_m",
        "heavy_smoke_pct_m": "obscuration_pct_m",
        "hot_c": "temperature_c",
    },
}
"""Limits of rules that name their metrics in the name of the parameter."""


class KindTable:
    """What the deployer's files say of each kind, with the models of the rules' parameters."""

    def __init__(self, kinds: Mapping[str, KindSpec], rules: RuleModels) -> None:
        self._kinds = dict(kinds)
        self._rules = dict(rules)
        self._described = [self._describe(spec) for _, spec in sorted(self._kinds.items())]

    def described(self) -> list[KindOut]:
        """All kinds, by id."""
        return self._described

    def knows(self, kind: str) -> bool:
        """Whether there is a file of the kind."""
        return kind in self._kinds

    def name(self, kind: str) -> Names:
        """The kind's name; its id when it has no file."""
        spec = self._kinds.get(kind)
        if spec is None:
            return Names(zh=kind, en=kind)
        return Names(zh=spec.name_zh, en=spec.name_en)

    def unit(self, kind: str, metric: str) -> str:
        """The unit of a value as people read it; empty when it has none or is not known."""
        value = spec_for(self._kinds, kind).values.get(metric)
        return "" if value is None else value.unit

    def values(self, kind: str) -> frozenset[str]:
        """The names of the values that devices of the kind send."""
        return frozenset(spec_for(self._kinds, kind).values)

    def limits(
        self, device: Device, school: RuleParameters, metric: str
    ) -> Iterator[tuple[str, str, float]]:
        """Rule, parameter and figure of every limit this metric of the device is held against."""
        effective = effective_rules(spec_for(self._kinds, device.kind), school, device.parameters)
        for rule, given in sorted(effective.items()):
            figures = self._figures(rule, given)
            if figures.get("condition") == SIGN:
                continue  # nothing is raised there by the device alone: it is no limit to be kept
            kind_of_rule = str(given.get("rule") or rule)
            lines = _LINES.get(kind_of_rule, {})
            for parameter, figure in figures.items():
                drawn = figures.get("metric") if parameter in _LIMITS else lines.get(parameter)
                if drawn == metric and isinstance(figure, int | float):
                    yield kind_of_rule, parameter, float(figure)

    def figure(
        self, device: Device, school: RuleParameters, rule: str, parameter: str
    ) -> float | None:
        """A figure of a rule of the device; ``None`` when it is not set or there is no such rule.

        ``school`` are the school's own figures for the kind.
        """
        effective = effective_rules(spec_for(self._kinds, device.kind), school, device.parameters)
        figure = self._figures(rule, effective.get(rule, {})).get(parameter)
        return float(figure) if isinstance(figure, int | float) else None

    def figures(
        self, kind: str, school: RuleParameters, device: RuleParameters | None = None
    ) -> list[RuleFiguresOut]:
        """The rules of a kind with the figures in force at a school, or for one of its devices."""
        return rule_figures(spec_for(self._kinds, kind), self._rules, school, device)

    def check_kind(self, kind: str) -> None:
        """Raise a 404 `Problem` for a kind that has no file."""
        if kind not in self._kinds:
            raise not_found(f"kind {kind}")

    def check_parameters(
        self, kind: str, parameters: RuleParameters, school: RuleParameters | None = None
    ) -> None:
        """Raise a 422 `Problem` that names every figure which is not allowed."""
        mistakes = self._mistakes(kind, parameters, school)
        if mistakes:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "invalid",
                f"{len(mistakes)} parameter(s) are not right.",
                errors=[
                    FieldProblem(field=f"parameters.{field}", message=message)
                    for field, message in mistakes
                ],
            )

    def check_devices(self, kind: str, school: RuleParameters, devices: Iterable[Device]) -> None:
        """Raise a 422 `Problem` when a school's figures make a device's own ones impossible."""
        unfit = [
            FieldProblem(field=device.id, message=f"{field}: {message}")
            for device in devices
            for field, message in self._mistakes(kind, device.parameters, school)
        ]
        if unfit:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "device_figures",
                "Devices have figures of their own that do not fit these; change those first.",
                errors=unfit,
            )

    def _mistakes(
        self, kind: str, parameters: RuleParameters, school: RuleParameters | None
    ) -> list[tuple[str, str]]:
        around = effective_rules(spec_for(self._kinds, kind), school)
        return parameter_mistakes(parameters, self._rules, around)

    def _figures(self, name: str, given: Mapping[str, object]) -> dict[str, Any]:
        """All figures of a rule, with the defaults; as given where they do not fit its model."""
        model = model_for(name, given, self._rules)
        if model is None:
            return dict(given)
        try:
            return model.model_validate(given).model_dump(mode="json")
        except ValidationError:
            return dict(given)

    def _describe(self, spec: KindSpec) -> KindOut:
        return KindOut(
            kind=spec.kind,
            name=Names(zh=spec.name_zh, en=spec.name_en),
            expected_heartbeat_ms=spec.expected_heartbeat_s * 1000,
            values=[
                KindValueOut(name=name, unit=value.unit, low=value.low, high=value.high)
                for name, value in spec.values.items()
            ],
            rules=[self._describe_rule(name, given) for name, given in spec.rules.items()],
        )

    def _describe_rule(self, name: str, given: Mapping[str, object]) -> KindRuleOut:
        figures = self._figures(name, given)
        source = str(figures.pop("source", ""))
        return KindRuleOut(rule=name, parameters=figures, source=source)
