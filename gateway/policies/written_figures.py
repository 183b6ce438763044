"""The shape of the table of figures, and what it is made into."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model, model_validator

from audit.policy import Figure, Figures
from audit.staffing import StaffingRule, StaffingStep
from devices.model import is_identifier


class Written(BaseModel):
    """A person writes it: nothing unknown is passed over, nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


def _identifier(name: str) -> str:
    if not is_identifier(name):
        raise ValueError(f"must be 1 to 64 of A-Z a-z 0-9 . _ -, not '{name}'")
    return name


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something")
    return text.strip()


Id = Annotated[str, AfterValidator(_identifier)]
Said = Annotated[str, AfterValidator(_said)]


class WrittenFigure(Written):
    """A figure and who says so."""

    value: Annotated[int, Field(ge=0, le=1_000_000)]
    """The figure."""

    unit: Said
    """Its unit, as people read it."""

    source: Said
    """The standard, law or notice that it is taken from; or that it is a default of ours."""

    from_memory: bool = False
    """Whether it was written down without the source at hand: the pages mark it."""

    def figure(self) -> Figure:
        """As it is judged by."""
        return Figure(
            value=self.value, unit=self.unit, source=self.source, from_memory=self.from_memory
        )


class WrittenStep(Written):
    """From so many pupils on, so many guards."""

    pupils: Annotated[int, Field(ge=0)]
    """From so many on."""

    guards: Annotated[int, Field(ge=0)]
    """So many guards."""

    from_memory: bool = False
    """As of a figure."""


class WrittenStaffing(Written):
    """The staffing rule for full-time guards."""

    source: Said
    """The standard that it is taken from."""

    steps: Annotated[tuple[WrittenStep, ...], Field(min_length=1)]
    """Rising from 0 pupils."""

    further_pupils: Annotated[int, Field(ge=0)] = 0
    """One guard more for each so many above the last step; 0 = none."""

    boarding_least: Annotated[int, Field(ge=0)] = 0
    """At least so many where pupils live."""

    boarding_each: Annotated[int, Field(ge=0)] = 0
    """One more for each whole so many boarders; 0 = none."""

    boarding_from_memory: bool = False
    """As of a figure."""

    @model_validator(mode="after")
    def _makes_a_rule(self) -> WrittenStaffing:
        self.rule()
        return self

    def rule(self) -> StaffingRule:
        """As it is judged by. Raises ``ValueError`` for steps that do not rise."""
        return StaffingRule(
            steps=tuple(
                StaffingStep(pupils=one.pupils, guards=one.guards, from_memory=one.from_memory)
                for one in self.steps
            ),
            further_pupils=self.further_pupils,
            boarding_least=self.boarding_least,
            boarding_each=self.boarding_each,
            boarding_from_memory=self.boarding_from_memory,
            source=self.source,
        )


NAMES: Final = tuple(name for name in Figures.__struct_fields__ if name != "staffing")

_each: Final[dict[str, Any]] = dict.fromkeys(NAMES, (WrittenFigure, ...))
_some: Final[dict[str, Any]] = dict.fromkeys(NAMES, (WrittenFigure | None, None))
WrittenTable: Final[type[Written]] = create_model("WrittenTable", __base__=Written, **_each)
WrittenChanges: Final[type[Written]] = create_model("WrittenChanges", __base__=Written, **_some)


class WrittenFigures(Written):
    """``figures.yaml``: the table of figures that all policies share."""

    figures: WrittenTable
    """Every figure there is."""

    staffing: WrittenStaffing
    """How many guards a school must have."""

    def table(self) -> Figures:
        """As it is judged by."""
        made = {name: getattr(self.figures, name).figure() for name in NAMES}
        return Figures(staffing=self.staffing.rule(), **made)
