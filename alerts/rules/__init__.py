"""One file a rule; ``RULES`` is the table that the kinds' files name them by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec
from pydantic import ValidationError

from alerts.rules.appliances import Appliances
from alerts.rules.arc import Arc
from alerts.rules.battery import Battery
from alerts.rules.camera_faults import CameraFaults
from alerts.rules.chamber_drift import ChamberDrift
from alerts.rules.channel_state import ChannelStateRule
from alerts.rules.clock_wrong import ClockWrong
from alerts.rules.energy_counter import EnergyCounter
from alerts.rules.heating import Heating
from alerts.rules.in_alarm import InAlarm
from alerts.rules.link_state import LinkStateRule
from alerts.rules.load_imbalance import LoadImbalance
from alerts.rules.meter_implausible import MeterImplausible
from alerts.rules.noisy import Noisy
from alerts.rules.out_of_calibration import OutOfCalibration
from alerts.rules.out_of_range import OutOfRange
from alerts.rules.overload import Overload
from alerts.rules.police_registration import PoliceRegistration
from alerts.rules.pressed import Pressed
from alerts.rules.quiet import MissingFigureError, QuietRule
from alerts.rules.rate_of_rise import RateOfRise
from alerts.rules.rejected import Rejected
from alerts.rules.residual_rise import ResidualRise
from alerts.rules.rule import Rule
from alerts.rules.silent import Silent
from alerts.rules.smoke_alarm import SmokeAlarm
from alerts.rules.smoke_and_temperature import SmokeAndTemperature
from alerts.rules.stuck import Stuck
from alerts.rules.supply_voltage import SupplyVoltage
from alerts.rules.tamper import Tamper
from alerts.rules.threshold import Threshold
from alerts.rules.tripped import Tripped
from devices.kinds import KindSpec, RuleParameters

__all__ = ["RULES", "BindingProblem", "RuleError", "bind"]

RULES: Final[Mapping[str, type[QuietRule]]] = {
    "appliances": Appliances,
    "arc": Arc,
    "battery": Battery,
    "camera_faults": CameraFaults,
    "chamber_drift": ChamberDrift,
    "channel_state": ChannelStateRule,
    "clock_wrong": ClockWrong,
    "energy_counter": EnergyCounter,
    "heating": Heating,
    "in_alarm": InAlarm,
    "link_state": LinkStateRule,
    "load_imbalance": LoadImbalance,
    "meter_implausible": MeterImplausible,
    "noisy": Noisy,
    "out_of_calibration": OutOfCalibration,
    "out_of_range": OutOfRange,
    "overload": Overload,
    "police_registration": PoliceRegistration,
    "pressed": Pressed,
    "rate_of_rise": RateOfRise,
    "rejected": Rejected,
    "residual_rise": ResidualRise,
    "silent": Silent,
    "smoke_alarm": SmokeAlarm,
    "smoke_and_temperature": SmokeAndTemperature,
    "stuck": Stuck,
    "supply_voltage": SupplyVoltage,
    "tamper": Tamper,
    "threshold": Threshold,
    "tripped": Tripped,
}
"""A new rule is one new file and a line here."""

_KEPT_SETS: Final = 4096
"""Sets of rules shared by devices with equal parameters. One beyond is made anew when asked for."""

_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_decode: Final = msgspec.json.Decoder(dict[str, dict[str, object]]).decode


class BindingProblem(msgspec.Struct, frozen=True):
    """One mistake: in which entry of ``rules:``, in which field (empty = in itself), and what."""

    name: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.name}{'.' if self.field else ''}{self.field}: {self.message}"


class RuleError(ValueError):
    """Parameters of rules are not valid. ``problems`` names every entry and field."""

    def __init__(self, problems: tuple[BindingProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def bind(rules: RuleParameters, spec: KindSpec | None = None) -> tuple[Rule, ...]:
    """The rules with their parameters; equal ones are the same objects for all devices.

    ``rules`` is ``{name: parameters}``, after all overrides (`devices.kinds.effective_rules`). What
    rules need of the kind itself (heartbeat, plausible ranges) is taken from ``spec``, so that no
    figure is written twice. Raises `RuleError` with every mistake.
    """
    return _bind(_encode(rules if spec is None else _filled(rules, spec)))


def _filled(rules: RuleParameters, spec: KindSpec) -> dict[str, dict[str, object]]:
    of_kind: dict[type[QuietRule], dict[str, object]] = {
        Silent: {"expected_s": spec.expected_heartbeat_s, "grace_s": spec.grace_s},
        OutOfRange: {
            "ranges": {
                metric: (value.low, value.high)
                for metric, value in spec.values.items()
                if value.low is not None or value.high is not None
            }
        },
    }
    return {
        name: {**of_kind.get(rule, {}), **parameters}
        if (rule := RULES.get(_rule_name(name, parameters)))
        else dict(parameters)
        for name, parameters in rules.items()
    }


def _rule_name(name: str, parameters: Mapping[str, object]) -> str:
    return str(parameters.get("rule") or name)


@lru_cache(maxsize=_KEPT_SETS)
def _bind(encoded: bytes) -> tuple[Rule, ...]:
    problems: list[BindingProblem] = []
    bound: list[Rule] = []
    for name, parameters in _decode(encoded).items():
        try:
            bound.append(_bind_one(name, _encode(parameters)))
        except RuleError as error:
            problems += error.problems
    if problems:
        raise RuleError(tuple(problems))
    return tuple(bound)


@lru_cache(maxsize=_KEPT_SETS)
def _bind_one(name: str, encoded: bytes) -> Rule:
    parameters = msgspec.json.decode(encoded)
    rule = RULES.get(_rule_name(name, parameters))
    if rule is None:
        message = f"there is no such rule; there are: {', '.join(sorted(RULES))}"
        raise RuleError((BindingProblem(name, "rule" * ("rule" in parameters), message),))
    try:
        return rule(rule.Parameters.model_validate(parameters), name)
    except MissingFigureError as error:
        raise RuleError((BindingProblem(name, error.field, str(error)),)) from error
    except ValidationError as error:
        raise RuleError(
            tuple(
                BindingProblem(name, ".".join(str(step) for step in one["loc"]), one["msg"])
                for one in error.errors(include_url=False)
            )
        ) from error
