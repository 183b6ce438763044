"""Police links without a gateway: a clock turned by hand, a link that does as it is told."""

from __future__ import annotations

import pytest
from linked import ScriptedLink

from gateway.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def link(clock: ManualClock) -> ScriptedLink:
    return ScriptedLink(clock)
