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


EARLIER = 0.85
"""Whole systems are through when so much of the rest is: at the end none is waited for alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole systems wait for most of their time, so what only computes comes between them: one
    after the other, either leaves processors or workers with nothing to do.

    Files are mixed, so that not all browsers come at once.
    """
    paths = sorted({item.path for item in items}, key=lambda path: crc32(path.name.encode()))
    systems = [path for path in paths if "system" in path.parts]
    others = [path for path in paths if "system" not in path.parts]
    place = {path: at * EARLIER / len(systems) for at, path in enumerate(systems)}
    place |= {path: at / len(others) for at, path in enumerate(others)}
    place |= {item.path: -1.0 for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: place[item.path])
