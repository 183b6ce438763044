"""Devices of other makers are judged like our own, though one topic carries all they say."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from judged import Judged

from alerts.alert import TransitionKind
from devices.dialects import bind
from devices.model import Device
from devices.simulator.conversations import SPOKEN

BUTTON = Device("no3", "gate", "alarm-button", 1, dialect="zigbee2mqtt", address="大门/按钮")
SMOKE = Device("no3", "lab", "smoke", 2, dialect="zigbee2mqtt", address="lab smoke")
PLUG = Device("no3", "plug", "electrical", 3, dialect="tasmota", address="plug")


@pytest.fixture
def judged() -> Judged:
    foreign = bind([("zigbee2mqtt", "no3", "no3/z2m"), ("tasmota", "no3", "no3/tasmota")])
    return Judged(foreign=foreign, devices=(BUTTON, SMOKE, PLUG))


def body(**values: object) -> bytes:
    return json.dumps(values).encode()


def test_a_press_is_an_emergency_and_the_battery_beside_it_a_reading(judged: Judged) -> None:
    work = judged.hear("no3/z2m/大门/按钮", body(action="single", battery=90, linkquality=80))
    alert = judged.alert(BUTTON, "panic")
    assert alert is not None
    assert alert.emergency
    assert work.batch.urgent
    assert [fact.kind for fact in work.batch.facts] == ["event", "transition"]
    assert [json.loads(row[-1]) for row in work.batch.readings] == [
        {"battery_pct": 90, "lqi": 80},
        {"event": "pressed"},
    ]


def test_each_press_is_an_occurrence_though_the_bridge_tells_no_time(judged: Judged) -> None:
    judged.hear("no3/z2m/大门/按钮", body(action="single"))
    judged.clock.turn(5000)
    work = judged.hear("no3/z2m/大门/按钮", body(action="single"))
    assert [each.transition.kind for each in work.batch.transitions] == [TransitionKind.OCCURRED]


def test_smoke_is_an_alarm_and_ends(judged: Judged) -> None:
    judged.hear("no3/z2m/lab smoke", body(smoke=True, battery=90))
    alert = judged.alert(SMOKE, "smoke")
    assert alert is not None
    assert alert.active


def test_a_plug_whose_clock_is_known_is_believed_what_it_says_late() -> None:
    foreign = bind([("tasmota", "no3", "no3/tasmota", 480)])
    judged = Judged(foreign=foreign, devices=(PLUG,))
    at = judged.clock.now() - 60_000
    local = datetime.fromtimestamp(at / 1000, timezone(timedelta(hours=8)))
    said = body(Time=local.strftime("%Y-%m-%dT%H:%M:%S"), ENERGY={"Power": 12})
    work = judged.hear("no3/tasmota/tele/plug/SENSOR", said)
    (row,) = work.batch.readings
    assert abs(row[2] - at) < 1_000


def test_the_bridges_own_topics_are_no_strangers(judged: Judged) -> None:
    judged.hear("no3/z2m/bridge/logging", body(level="info"))
    judged.hear("no3/z2m/bridge/devices", b"[]")
    assert len(judged.discoveries) == 0


def test_an_unknown_device_is_found_with_its_name_and_a_guess(judged: Judged) -> None:
    work = judged.hear("no3/z2m/食堂 烟感", body(smoke=False, battery=90))
    judged.discoveries.tick(judged.now, work)
    (row,) = work.batch.discoveries
    assert (row.dialect, row.address, row.kind) == ("zigbee2mqtt", "食堂 烟感", "smoke")
    assert json.loads(row.understood)["battery_pct"] == 90


def test_a_plugs_last_will_says_that_it_is_gone(judged: Judged) -> None:
    state = judged.judge.roster.state("no3", "plug")
    assert state is not None
    judged.hear("no3/tasmota/tele/plug/LWT", b"Online")
    assert state.online is True
    judged.hear("no3/tasmota/tele/plug/LWT", b"Offline")
    assert state.online is False


def test_a_plugs_meter_is_telemetry_in_our_units(judged: Judged) -> None:
    work = judged.hear(
        "no3/tasmota/tele/plug/SENSOR", body(ENERGY={"Power": 47, "Voltage": 229, "Total": 1.5})
    )
    (row,) = work.batch.readings
    assert json.loads(row[-1]) == {"power_w": 47, "voltage_v": 229, "energy_kwh": 1.5}
    assert not work.batch.urgent


SOS = Device("no3", "sos", "alarm-button", 4, dialect="chirpstack", address="24e124136b502217")


def test_the_same_press_over_lorawan_delivered_twice_is_one() -> None:
    judged = Judged(foreign=bind([("chirpstack", "no3", "no3/lora")]), devices=(SOS,))
    *_, conversation = (
        each for each in SPOKEN["chirpstack"].conversations if b"short press" in each[0].payload
    )
    (uplink,) = conversation
    for _ in range(2):
        judged.hear(uplink.topic, uplink.payload)
    alert = judged.alert(SOS, "panic")
    assert alert is not None
    assert alert.occurrences == 1


def test_two_buttons_of_one_uplink_are_two_presses() -> None:
    judged = Judged(foreign=bind([("chirpstack", "no3", "no3/lora")]), devices=(SOS,))
    both = {"button_1": "short press", "button_2": "short press"}
    uplink = body(deviceInfo={}, time="2026-11-20T07:47:05Z", fCnt=41, object=both)
    judged.hear(f"no3/lora/application/1/device/{SOS.address}/event/up", uplink)
    alert = judged.alert(SOS, "panic")
    assert alert is not None
    assert alert.occurrences == 2


def test_an_uplink_that_nobody_decoded_is_counted_with_its_device() -> None:
    judged = Judged(foreign=bind([("chirpstack", "no3", "no3/lora")]), devices=(SOS,))
    topic = f"no3/lora/application/1/device/{SOS.address}/event/up"
    judged.hear(topic, body(deviceInfo={"deviceProfileName": "WS101"}, data="AXUQ/y4B", fPort=85))
    state = judged.judge.roster.state("no3", "sos")
    assert state is not None
    assert state.hitches is not None
    assert (state.hitches.reason, state.heard) == ("undecoded", 0)
    assert "'WS101'" in state.hitches.detail


CORRIDOR = Device("no3", "corridor", "smoke", 5, dialect="home_assistant", address="esp-a1b2")
FEEDER = Device("no3", "feeder", "electrical", 6, dialect="shelly", address="dorm2/1")


def test_a_device_that_described_itself_raises_its_smoke_alarm() -> None:
    judged = Judged(foreign=bind([("home_assistant", "no3", "no3/ha")]), devices=(CORRIDOR,))
    config = body(stat_t="no3/ha/esp/smoke", dev_cla="smoke", dev={"ids": [CORRIDOR.address]})
    judged.hear("no3/ha/esp/smoke", b"ON")
    assert judged.alert(CORRIDOR, "smoke") is None  # nobody has said what that means
    topic = "no3/ha/homeassistant/binary_sensor/esp/smoke/config"
    judged.hear(topic, config, retained=True)
    judged.hear("no3/ha/esp/smoke", b"ON")
    alert = judged.alert(CORRIDOR, "smoke")
    assert alert is not None
    assert alert.active
    assert len(judged.discoveries) == 0


def test_a_feeder_behind_the_first_of_a_shelly_is_a_device_of_its_own() -> None:
    judged = Judged(foreign=bind([("shelly", "no3", "no3/shelly")]), devices=(FEEDER,))
    first = judged.hear("no3/shelly/dorm2/status/em1:0", body(id=0, act_power=47))
    second = judged.hear("no3/shelly/dorm2/status/em1:1", body(id=1, act_power=1980))
    assert first.batch.readings == []
    assert [json.loads(row[-1]) for row in second.batch.readings] == [{"power_w": 1980}]
    assert len(judged.discoveries) == 1
