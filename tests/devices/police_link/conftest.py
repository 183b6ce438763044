"""Police platforms that listen while a test runs, and a name service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from name_service import NameService
from pushed import Platform, platform_at_work


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_at_work() as one:
        yield one


@pytest.fixture
def second() -> Iterator[Platform]:
    with platform_at_work() as one:
        yield one


@pytest.fixture
def service() -> Iterator[NameService]:
    made = NameService()
    yield made
    made.answering.set()
