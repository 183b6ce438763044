"""Loads the figures of the ledger: a value, its unit and whose it is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
from pydantic import Field

from audit.ledger.hazard_times import LedgerFigures
from gateway.settings_fields import Section
from gateway.validation import validate
from gateway.yaml_source import read_yaml


class _Hours(Section):
    value: int = Field(ge=0, le=10_000)
    unit: Literal["h"] = "h"
    source: str = Field(min_length=1)


class _Days(Section):
    value: int = Field(ge=0, le=1_000)
    unit: Literal["d"] = "d"
    source: str = Field(min_length=1)


class _File(Section):
    repair_hours: _Hours
    naming_hours: _Hours
    at_once_hours: _Hours
    accept_days: _Days
    supervise_hours: _Hours
    circulate_days: _Days
    summon_days: _Days
    look_back_days: _Days
    extend_days: _Days
    notice_days: _Days


class SourcedFigures(msgspec.Struct, frozen=True):
    """The figures, and the source of each by its name."""

    values: LedgerFigures
    sources: dict[str, str]


def load_figures(path: Path) -> SourcedFigures:
    """The figures of a file. Raises `ConfigurationError` with every mistake and its line."""
    found = validate(_File, read_yaml(path))
    named = {name: getattr(found, name) for name in type(found).model_fields}
    return SourcedFigures(
        values=LedgerFigures(**{name: each.value for name, each in named.items()}),
        sources={name: each.source for name, each in named.items()},
    )
