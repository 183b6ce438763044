"""The figures of a device's rules as a form needs them: allowed, in force, and from where."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeAlias

from pydantic import Field

from gateway.api.models.shapes import Out

Scalar: TypeAlias = bool | int | float | str | None


class FigureType(StrEnum):
    """How a figure is entered."""

    NUMBER = "number"
    INTEGER = "integer"
    TRUTH = "truth"
    CHOICE = "choice"
    TEXT = "text"


class Origin(StrEnum):
    """Who gave a figure; of several the last counts."""

    DEFAULT = "default"  # the rule itself
    KIND = "kind"
    SCHOOL = "school"
    DEVICE = "device"


class FigureOut(Out):
    """One parameter of a rule. `given` holds the figure of every origin that gives one."""

    name: str = Field(examples=["above"])
    type: FigureType
    unit: str = Field(examples=["°C"])
    low: float | None = Field(description="The least that is allowed.")
    high: float | None = Field(description="The most that is allowed.")
    more_than: float | None = Field(description="It must be more than this.")
    less_than: float | None = Field(description="It must be less than this.")
    options: list[str] = Field(description="The words of a `choice`.", examples=[["high", "low"]])
    optional: bool = Field(description="Whether `null` is allowed: this limit is not used.")
    given: dict[Origin, Scalar] = Field(examples=[{"kind": 54, "device": 60}])
    value: Scalar = Field(description="What is in force.", examples=[60])
    origin: Origin = Field(description="Whose figure is in force.")
    source: str = Field(
        description="Where the figure in force comes from: a code `source.…` or free text.",
        examples=["EN 54-5 A1"],
    )


class RuleFiguresOut(Out):
    """A rule that watches a device, with its figures."""

    rule: str = Field(examples=["heat"], description="Its name among the rules of the kind.")
    of: str = Field(examples=["threshold"], description="Which rule it is.")
    metric: str | None = Field(examples=["temperature_c"], description="The value it judges.")
    figures: list[FigureOut]
    own: dict[str, Any] = Field(
        description="The figures of the school or device that was asked for, as they are sent.",
        examples=[{"above": 60}],
    )
