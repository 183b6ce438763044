"""Priorities as kinds' files write them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from alerts.finding import Priority

PriorityName: TypeAlias = Literal["emergency", "high", "medium", "low", "notice"]


def priority_of(name: PriorityName) -> Priority:
    """The priority that a file means."""
    return Priority[name.upper()]
