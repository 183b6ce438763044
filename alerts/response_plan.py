"""Response plans: what is to be done when an alert is raised, step by step, as files give it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alerts.alert import Alert, Transition, TransitionKind
from alerts.response import STEP_LENGTH

EVERYWHERE: Final = "*"
_MINUTE: Final = 60_000
_NAME: Final = r"^[A-Za-z0-9._-]+$"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PlanStep(_Entry):
    """One step to tick off."""

    id: str = Field(min_length=1, max_length=STEP_LENGTH, pattern=_NAME)
    """Its id: what is ticked off is kept under it."""

    zh: str = Field(min_length=1, max_length=300)
    """What to do, in Chinese."""

    en: str = Field("", max_length=300)
    """The same in English; left out, the Chinese is shown."""

    who: str | None = Field(None, min_length=1, max_length=64)
    """The role of the contact to call for it, e.g. `principal`."""

    within_minutes: int | None = Field(None, ge=1, le=1440)
    """How soon it should be done, counted from when the gateway knew of the alert."""


class Plan(_Entry):
    """The steps for some conditions, in some schools."""

    conditions: tuple[Annotated[str, Field(pattern=_NAME, max_length=64)], ...] = Field(
        min_length=1
    )
    """The conditions of alerts that it is for, e.g. `panic`."""

    schools: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(
        (EVERYWHERE,), min_length=1
    )
    """Ids of the schools whose own plan it is; `*` = every school without one."""

    steps: tuple[PlanStep, ...] = Field(min_length=1, max_length=40)
    """What to do, in this order."""

    @field_validator("steps")
    @classmethod
    def _different(cls, steps: tuple[PlanStep, ...]) -> tuple[PlanStep, ...]:
        if twice := _twice(step.id for step in steps):
            raise ValueError(f"two steps have the id '{twice}'")
        return steps


class ResponsePlans(_Entry):
    """All response plans of a file."""

    plans: tuple[Plan, ...] = ()
    """The plans. A school's own plan goes before the one for all schools."""

    @model_validator(mode="after")
    def _one_each(self) -> ResponsePlans:
        pairs = (
            f"'{condition}' for school '{school}'"
            for plan in self.plans
            for condition in plan.conditions
            for school in plan.schools
        )
        if twice := _twice(pairs):
            raise ValueError(f"two plans are for the condition {twice}")
        return self

    def steps_for(self, school: str, condition: str) -> tuple[PlanStep, ...]:
        """The steps for an alert; none when no plan is for it."""
        for wanted in (school, EVERYWHERE):
            for plan in self.plans:
                if wanted in plan.schools and condition in plan.conditions:
                    return plan.steps
        return ()


class StepStanding(msgspec.Struct, frozen=True):
    """A step of an alert's plan as it stands. Times in ms.

    ``by`` and ``done_at`` say who ticked it off and when; both ``None`` while it is to be done.
    """

    id: str
    zh: str
    en: str
    who: str | None = None
    due: int | None = None
    done_at: int | None = None
    by: str | None = None


def standing_steps(
    alert: Alert, history: Iterable[Transition], steps: Sequence[PlanStep]
) -> tuple[StepStanding, ...]:
    """The steps of an alert's plan, and after them what was ticked off of another plan.

    ``history`` are the alert's transitions, oldest first.
    """
    ticks: Mapping[str, Transition] = {
        str(one.detail.get("step")): one for one in history if one.kind is TransitionKind.STEPPED
    }
    found = []
    for step in steps:
        tick = ticks.get(step.id) if step.id in alert.ticked else None
        found.append(
            StepStanding(
                id=step.id,
                zh=step.zh,
                en=step.en or step.zh,
                who=step.who,
                due=None
                if step.within_minutes is None
                else alert.known + step.within_minutes * _MINUTE,
                done_at=None if tick is None else tick.happened,
                by=None if tick is None else tick.actor,
            )
        )
    known = {step.id for step in steps}
    for name in alert.ticked:
        tick = ticks.get(name)
        if name not in known and tick is not None:
            text = str(tick.detail.get("text") or name)
            found.append(StepStanding(name, text, text, done_at=tick.happened, by=tick.actor))
    return tuple(found)


def _twice(values: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
