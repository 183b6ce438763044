"""A campaign as people write it, in a file or over the interface, and the templates there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NaiveDatetime, StringConstraints

from audit.campaign import (
    LONGEST_TEXT,
    MOST_CHECKS,
    MOST_DEADLINES,
    MOST_STAGES,
    Campaign,
    Check,
    Deadline,
    Level,
    Stage,
    Weekly,
    mistakes,
)
from devices.model import IDENTIFIER
from gateway.problem import ConfigurationError, Problem, near_miss
from gateway.validation import validate
from gateway.yaml_source import Steps, read_yaml

MOST_REGIONS = 200

_Id = Annotated[
    str, StringConstraints(pattern=IDENTIFIER.pattern.replace(r"\Z", "$"), max_length=64)
]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Other = Annotated[str, StringConstraints(max_length=200)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _written(value: object) -> object:
    """A number is no time of the day: read as seconds, `at: 15` would be a quarter of a minute past
    midnight."""
    if isinstance(value, int | float):
        message = "must be written out (15:00, 2026-12-31T15:00), not as a number"
        raise ValueError(message)  # noqa: TRY004 - the one that pydantic knows
    return value


class StageForm(_Form):
    """A stage: from the day it begins to the day it ends, both included."""

    id: _Id
    name_zh: _Name = Field(examples=["自查阶段"])
    name_en: _Other = ""
    begins: date
    ends: date


class CheckForm(_Form):
    """Something each school has to see to. `policy` and `item` name what proves it, if anything
    measures it or an attestation states it."""

    id: _Id
    text_zh: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]
    text_en: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] = ""
    stage: _Id
    policy: Annotated[str, StringConstraints(max_length=64)] = ""
    item: Annotated[str, StringConstraints(max_length=64)] = ""


class DeadlineForm(_Form):
    """Something a level hands in once. `due` is local time: `2024-03-01T15:00`."""

    id: _Id
    level: Level
    name_zh: _Name = Field(examples=["总结报告"])
    name_en: _Other = ""
    due: Annotated[NaiveDatetime, BeforeValidator(_written)]


class WeeklyForm(_Form):
    """A report that a level hands in every week. `weekday`: Monday is 1."""

    level: Level
    weekday: int = Field(5, ge=1, le=7)
    at: Annotated[time, BeforeValidator(_written)] = time(15, 0)
    begins: date | None = None
    ends: date | None = None


class CampaignForm(_Form):
    """A campaign: stages, what is to be checked, and by when each level hands in what.

    `regions` empty: all there are.
    """

    id: _Id
    name_zh: _Name
    name_en: _Other = ""
    source: Annotated[str, StringConstraints(max_length=500)] = ""
    begins: date
    ends: date
    regions: tuple[_Id, ...] = Field((), max_length=MOST_REGIONS)
    stages: tuple[StageForm, ...] = Field(min_length=1, max_length=MOST_STAGES)
    checks: tuple[CheckForm, ...] = Field((), max_length=MOST_CHECKS)
    deadlines: tuple[DeadlineForm, ...] = Field((), max_length=MOST_DEADLINES)
    weekly: tuple[WeeklyForm, ...] = Field((), max_length=len(Level))

    def campaign(self) -> Campaign:
        """The campaign; whether it fits together is `audit.campaign.mistakes`'s to say."""
        plain = dict(self)
        plain["stages"] = tuple(Stage(**dict(one)) for one in self.stages)
        plain["checks"] = tuple(Check(**dict(one)) for one in self.checks)
        plain["deadlines"] = tuple(Deadline(**dict(one)) for one in self.deadlines)
        plain["weekly"] = tuple(Weekly(**dict(one)) for one in self.weekly)
        return Campaign(**plain)


def load_templates(folder: Path) -> dict[str, Campaign]:
    """The campaigns of a folder, by id; one file ``{id}.yaml`` each.

    Raises `ConfigurationError` with the mistakes of all files.
    """
    problems: list[Problem] = []
    found: dict[str, Campaign] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            found[path.stem] = _load(path)
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return found


def _load(path: Path) -> Campaign:
    document = read_yaml(path)
    campaign = validate(CampaignForm, document).campaign()
    problems = [document.problem(_steps(one.field), one.message) for one in mistakes(campaign)]
    if campaign.id != path.stem:
        message = f"must be the name of the file, '{path.stem}', not '{campaign.id}'"
        problems.append(document.problem(("id",), message))
    if problems:
        raise ConfigurationError(problems)
    return campaign


def unproven(folder: Path, items: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """Checks of templates that nothing will ever prove: what is to prove them is none of ``items``,
    those of each policy there is. Nobody may tick them off, and they end as overdue.

    Raises `ConfigurationError` where `load_templates` does.
    """
    for name, campaign in load_templates(folder).items():
        document = read_yaml(folder / f"{name}.yaml")
        for at, check in enumerate(campaign.checks):
            if not check.proven:
                continue
            if check.policy not in items:
                near = near_miss(check.policy, items)
                message = f"there is no policy '{check.policy}'{near}"
                yield document.problem(("checks", at, "policy"), message)
            elif check.item not in items[check.policy]:
                near = near_miss(check.item, items[check.policy])
                message = f"policy '{check.policy}' has no item '{check.item}'{near}"
                yield document.problem(("checks", at, "item"), message)


def _steps(field: str) -> Steps:
    return tuple(int(step) if step.isdecimal() else step for step in field.split("."))
