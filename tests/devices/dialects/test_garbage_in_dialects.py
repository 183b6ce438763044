"""Whatever arrives, each dialect makes of it readings or a reject, and never falls over."""

from __future__ import annotations

from itertools import islice

import pytest

from devices.dialects.dialect import Dialect
from devices.dialects.native import Native
from devices.dialects.tasmota import Tasmota
from devices.dialects.zigbee2mqtt import Zigbee2Mqtt
from devices.reading import Reading, Reject, Route
from devices.simulator.campus import DEMO_FOREIGN_SCHOOL
from devices.simulator.foreign import TASMOTA_BASE
from devices.simulator.garbage import NOW, garbage

MESSAGES = 30_000


@pytest.mark.parametrize("seed", [2, 20261121])
@pytest.mark.parametrize(
    "dialect",
    [Native(), Zigbee2Mqtt(DEMO_FOREIGN_SCHOOL), Tasmota(DEMO_FOREIGN_SCHOOL, TASMOTA_BASE)],
    ids=lambda dialect: dialect.name,
)
def test_of_garbage_come_readings_and_rejects_and_nothing_else(dialect: Dialect, seed: int) -> None:
    understood = rejected = 0
    for topic, payload in islice(garbage(seed), MESSAGES):
        route = dialect.route(topic)
        if isinstance(route, Route):
            result = dialect.read(route, payload, NOW, retained=False)
            if isinstance(result, Reject):
                rejected += 1
                continue
            assert all(type(reading) is Reading for reading in result)
            understood += 1
        else:
            assert route is None or isinstance(route, Reject)
    assert understood > 300
    assert rejected > 300


@pytest.mark.parametrize("moment", ["1" + "0" * 400, "-" + "9" * 400, "1e999", '"1e999"'])
def test_a_ts_too_large_for_any_clock_is_rejected(moment: str) -> None:
    native = Native()
    route = native.route("campus/no1/temperature/t/telemetry")
    assert isinstance(route, Route)
    payload = f'{{"ts":{moment},"temperature_c":21}}'.encode()
    assert isinstance(native.read(route, payload, NOW, retained=False), Reject)


def test_a_zigbee_state_that_is_no_word_is_no_switch() -> None:
    dialect = Zigbee2Mqtt("no1")
    route = dialect.route("zigbee2mqtt/plug")
    assert isinstance(route, Route)
    readings = dialect.read(route, b'{"state":["ON"],"power":5}', NOW, retained=False)
    assert not isinstance(readings, Reject)
    assert "switch" not in readings[0].values
