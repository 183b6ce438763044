"""Servers for the tests of the ingest room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from plain_broker import PlainBroker


@pytest.fixture
def plain_broker(tmp_path: Path) -> Iterator[PlainBroker]:
    broker = PlainBroker(tmp_path)
    broker.start()
    yield broker
    broker.stop()
