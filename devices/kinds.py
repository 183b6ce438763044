"""What is known of each kind of device: its heartbeat, its values and their plausible range.

One file a kind in ``config/kinds/``. The parameters of rules travel along as plain values; whoever
loads the files holds them against the rules' own models.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from devices.model import is_identifier

RuleParameters: TypeAlias = Mapping[str, Mapping[str, object]]
"""``{rule: {parameter: value}}``, as kinds, schools and devices give them."""

OTHER: Final = "other"
"""The kind of a device whose own kind has no file."""

FROM_SCHOOL: Final = "school"
FROM_DEVICE: Final = "device"


class ValueType(StrEnum):
    """What a value is in JSON."""

    NUMBER = "number"
    INTEGER = "integer"
    TRUTH = "truth"  # true or false
    TEXT = "text"
    TIME = "time"  # RFC 3339 text
    OBJECT = "object"


class SpokenChannel(StrEnum):
    """The channels on which a device's own values come."""

    TELEMETRY = "telemetry"
    EVENT = "event"
    STATUS = "status"


class _Written(BaseModel):
    """A person writes it: nothing unknown, no infinite numbers, nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class ValueSpec(_Written):
    """One value that devices of a kind send."""

    type: ValueType = ValueType.NUMBER
    """What it is in JSON."""

    unit: str = ""
    """Its unit as people read it, e.g. `°C`; the name of the value carries it too."""

    low: float | None = None
    """Below this it cannot be true: the sensor is at fault, not the room."""

    high: float | None = None
    """Above this it cannot be true."""

    many: bool = False
    """May be a list, one entry per phase, sensor or disk."""

    one_of: tuple[str, ...] = ()
    """The words a text may be; empty = any text."""

    channels: tuple[SpokenChannel, ...] = ()
    """Where it comes; empty = on every channel of the kind."""

    source: str = ""
    """Where the figures come from."""

    @model_validator(mode="after")
    def _sensible(self) -> ValueSpec:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must be less than high ({self.high:g})")
        bounded = self.low is not None or self.high is not None
        if bounded and self.type not in {ValueType.NUMBER, ValueType.INTEGER}:
            raise ValueError(f"low and high are for numbers, not for {self.type}")
        if bounded and not self.source:
            raise ValueError("low and high need a source: where do the figures come from?")
        if self.one_of and self.type is not ValueType.TEXT:
            raise ValueError(f"one_of is for text, not for {self.type}")
        return self

    def plausible(self, value: float) -> bool:
        """Whether a number can be true."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


class KindSpec(_Written):
    """One kind of device."""

    kind: str
    """Its id: the third level of native topics, and the name of its file."""

    name_zh: str = Field(min_length=1)
    """Its Chinese name."""

    name_en: str = Field(min_length=1)
    """Its English name."""

    expected_heartbeat_s: int = Field(ge=1, le=31 * 86400)
    """It speaks at least this often when it is well."""

    grace_s: int = Field(ge=0, le=31 * 86400)
    """How much later than expected it may be before it is called silent."""

    heartbeat_source: str = Field(min_length=1)
    """Where the two figures come from."""

    channels: tuple[SpokenChannel, ...] = (SpokenChannel.TELEMETRY,)
    """Channels on which its values come. `status` is open to every kind."""

    events: tuple[str, ...] = ()
    """The events it names in event messages."""

    values: dict[str, ValueSpec] = Field(default_factory=dict)
    """The values it sends, by name. Others are kept too, but not judged."""

    rules: dict[str, dict[str, object]] = Field(default_factory=dict)
    """The rules that judge it, with their parameters."""

    @field_validator("kind")
    @classmethod
    def _identifier(cls, kind: str) -> str:
        if not is_identifier(kind):
            raise ValueError(f"must be 1 to 64 of A-Z a-z 0-9 . _ -, not '{kind}'")
        return kind

    @field_validator("rules", mode="before")
    @classmethod
    def _bare_rule(cls, rules: object) -> object:
        """``low-battery:`` with nothing behind it is the rule with its defaults."""
        if isinstance(rules, dict):
            return {name: {} if body is None else body for name, body in rules.items()}
        return {} if rules is None else rules

    @property
    def silent_after_ms(self) -> int:
        """Silence after which something is wrong."""
        return (self.expected_heartbeat_s + self.grace_s) * 1000

    def channels_of(self, value: str) -> tuple[SpokenChannel, ...]:
        """Where one of its values comes."""
        return self.values[value].channels or self.channels


def spec_for(kinds: Mapping[str, KindSpec], kind: str) -> KindSpec:
    """What is known of a kind; of `OTHER` when it has no file of its own."""
    return kinds.get(kind) or kinds[OTHER]


def effective_rules(
    spec: KindSpec, school: RuleParameters | None = None, device: RuleParameters | None = None
) -> dict[str, dict[str, object]]:
    """Parameters of every rule for one device: the kind's, then the school's, then its own.

    A rule that only an override names is added. An overriding figure does not keep the source of
    the figure that it replaces: ``source`` becomes `FROM_SCHOOL` or `FROM_DEVICE` (catalogue keys
    ``source.school`` and ``source.device``) unless the override names a source of its own.
    """
    rules = {name: dict(parameters) for name, parameters in spec.rules.items()}
    for overrides, origin in ((school, FROM_SCHOOL), (device, FROM_DEVICE)):
        for name, parameters in (overrides or {}).items():
            if parameters:
                rules[name] = {**rules.get(name, {}), "source": origin, **parameters}
            else:
                rules.setdefault(name, {})
    return rules
