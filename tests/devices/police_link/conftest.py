"""Police platforms that listen while a test runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pushed import Platform, platform_at_work


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_at_work() as one:
        yield one


@pytest.fixture
def second() -> Iterator[Platform]:
    with platform_at_work() as one:
        yield one
