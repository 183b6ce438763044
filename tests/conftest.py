"""What all tests share."""

from __future__ import annotations

import os
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine, and nothing of what is tested. Nor does
# chance decide whether a change may land: the same examples are drawn each time.
settings.register_profile(
    "campus",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# `SEARCH=1 make test` draws others, as somebody does who looks for faults.
settings.register_profile("search", settings.get_profile("campus"), derandomize=False)
settings.load_profile("search" if os.environ.get("SEARCH") else "campus")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole systems first: they wait for most of their time, and what only computes fills it up.

    Their files are mixed, so that not all browsers come at once.
    """
    items.sort(key=lambda item: ("system" not in item.path.parts, crc32(item.path.name.encode())))
