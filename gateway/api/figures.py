"""Tells of every figure of a kind's rules what is in force, who gave it and what is allowed.

All of it follows from the rules' own models, so that a new rule has a form without another line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from alerts.rules.measure import unit_of
from alerts.rules.rule import Parameters
from devices.kinds import FROM_DEVICE, FROM_SCHOOL, KindSpec, RuleParameters, effective_rules
from gateway.api.models.figures import FigureOut, FigureType, Origin, RuleFiguresOut, Scalar
from gateway.kinds import RuleModels, model_for

_NO_FIGURES: Final = frozenset({"rule", "source", "metric", "condition"})
"""What a rule is and judges: a change of these makes another rule of it, not another figure."""

_OF_THE_METRIC: Final = frozenset({"above", "below", "hysteresis", "rise"})
"""Figures in the unit of the value that the rule judges; others carry theirs in their name."""

_TYPES: Final[Mapping[str, FigureType]] = {
    "number": FigureType.NUMBER,
    "integer": FigureType.INTEGER,
    "boolean": FigureType.TRUTH,
    "string": FigureType.TEXT,
}


def rule_figures(
    spec: KindSpec,
    models: RuleModels,
    school: RuleParameters,
    device: RuleParameters | None = None,
) -> list[RuleFiguresOut]:
    """The rules of a kind with the figures in force at a school, or for one of its devices.

    ``device`` ``None`` asks for the school's figures. Rules that no longer exist are left out.
    """
    own = school if device is None else device
    found = []
    for name, effective in effective_rules(spec, school, device).items():
        model = model_for(name, effective, models)
        if model is None:
            continue
        of = str(effective.get("rule") or name)
        levels: dict[Origin, Mapping[str, object]] = {
            Origin.DEFAULT: _defaults(model),
            Origin.KIND: {**_heartbeat(of, spec), **spec.rules.get(name, {})},
            Origin.SCHOOL: school.get(name, {}),
            Origin.DEVICE: (device or {}).get(name, {}),
        }
        metric = effective.get("metric", levels[Origin.DEFAULT].get("metric"))
        found.append(
            RuleFiguresOut(
                rule=name,
                of=of,
                metric=None if metric is None else str(metric),
                figures=list(_figures(model, levels, _unit(spec, str(metric or "")))),
                own=dict(own.get(name, {})),
            )
        )
    return found


def _figures(
    model: type[Parameters], levels: Mapping[Origin, Mapping[str, object]], unit: str
) -> Iterator[FigureOut]:
    for name, schema in model.model_json_schema()["properties"].items():
        shape, optional = _shape(schema)
        kind = FigureType.CHOICE if "enum" in shape else _TYPES.get(shape.get("type", ""))
        if name in _NO_FIGURES or kind is None:
            continue  # ranges by value are in the kind's file
        given = {
            origin: value
            for origin, level in levels.items()
            if isinstance(value := level.get(name, ...), Scalar)
        }
        origin = max(given, key=list(Origin).index, default=Origin.DEFAULT)
        yield FigureOut(
            name=name,
            type=kind,
            unit=unit if name in _OF_THE_METRIC else unit_of(name),
            low=shape.get("minimum"),
            high=shape.get("maximum"),
            more_than=shape.get("exclusiveMinimum"),
            less_than=shape.get("exclusiveMaximum"),
            options=shape.get("enum", []),
            optional=optional,
            given=given,
            value=given.get(origin),
            origin=origin,
            source=_source(origin, levels),
        )


def _shape(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """The JSON schema of a field without ``null``, and whether ``null`` is allowed."""
    shapes = schema.get("anyOf", [schema])
    real = [shape for shape in shapes if shape.get("type") != "null"]
    return real[0], len(real) < len(shapes)


def _source(origin: Origin, levels: Mapping[Origin, Mapping[str, object]]) -> str:
    """As `devices.kinds.effective_rules` has it, for one figure."""
    if origin is Origin.SCHOOL:
        return str(levels[origin].get("source") or FROM_SCHOOL)
    if origin is Origin.DEVICE:
        return str(levels[origin].get("source") or FROM_DEVICE)
    if origin is Origin.KIND:
        return str(levels[origin].get("source") or "kind")
    return "default"


def _defaults(model: type[Parameters]) -> dict[str, object]:
    return {
        name: field.default
        for name, field in model.model_fields.items()
        if not field.is_required() and field.default_factory is None
    }


def _heartbeat(of: str, spec: KindSpec) -> dict[str, object]:
    """What the rule of silence takes from the kind itself (`alerts.rules.bind`)."""
    if of != "silent":
        return {}
    return {"expected_s": spec.expected_heartbeat_s, "grace_s": spec.grace_s}


def _unit(spec: KindSpec, metric: str) -> str:
    value = spec.values.get(metric)
    return unit_of(metric) if value is None else value.unit
