"""What holds for every dialect that can be named in the settings."""

from __future__ import annotations

import pytest

from devices.dialects import DIALECTS, bind
from devices.dialects.sparkplug import Sparkplug
from devices.reading import Reject
from devices.simulator.conversations import SPOKEN


@pytest.mark.parametrize("name", DIALECTS)
def test_a_school_writes_and_reads_below_its_own_base_alone(name: str) -> None:
    base = "spBv1.0/no3" if name == Sparkplug.name else "no3/devices"
    (dialect,) = bind([(name, "no3", base)])
    assert (dialect.name, dialect.school) == (name, "no3")
    heard = {pattern for pattern, _ in dialect.filters()}
    for pattern in {*dialect.spoken(), *dialect.heard(), *heard}:
        assert pattern.startswith(f"{base}/")
    for stranger in ("campus/no3/smoke/a/event", "no5/devices/a/SENSOR", "spBv1.0/no5/DDATA/a/b"):
        assert isinstance(dialect.route(stranger), Reject)


def test_each_has_messages_that_are_spoiled_for_it() -> None:
    assert SPOKEN.keys() == {"native", *DIALECTS}
