"""Loads the file of response plans."""

from __future__ import annotations

from pathlib import Path

from alerts.response_plan import ResponsePlans
from gateway.validation import validate
from gateway.yaml_source import read_yaml


def load_responses(path: Path) -> ResponsePlans:
    """The plans of a file. Raises `ConfigurationError` with every mistake and its line."""
    return validate(ResponsePlans, read_yaml(path))
