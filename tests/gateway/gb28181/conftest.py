"""A school whose recorder registers at the gateway; real sockets, threads and store."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).parents[2]
sys.path += [
    str(_TESTS / "gateway" / "recordings"),
    str(_TESTS / "devices" / "recording" / "gb28181"),
]

from gb_school import School, school  # noqa: E402 - it needs the folders above

from gateway.gb28181 import service  # noqa: E402


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[School]:
    monkeypatch.setattr(service, "START_S", 0.0)
    monkeypatch.setattr(service, "COUNT_S", 0.05)
    async with school(tmp_path) as one:
        yield one
