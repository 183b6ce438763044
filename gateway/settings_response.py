"""Settings of the response: plans, and by when an emergency is reported."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from gateway.paths import default_config_dir
from gateway.settings_fields import ExistingFile, Section


def _shipped_plans() -> Path:
    return default_config_dir() / "responses.yaml"


class ResponseSettings(Section):
    """What is to be done when an alert is raised, and who is told by when."""

    plans: ExistingFile = Field(default_factory=_shipped_plans)
    """File with the response plans. Default: the one that comes with the gateway."""

    telephone_minutes: int = Field(30, ge=1, le=1440)
    """Minutes after its occurrence by which an emergency is reported by telephone."""

    written_minutes: int = Field(60, ge=1, le=10_080)
    """Minutes after its occurrence by which it is reported in writing."""
