"""Foreign devices: the dialects that read real ones read the simulated ones."""

from __future__ import annotations

from devices.dialects.dialect import Dialect
from devices.dialects.tasmota import Tasmota
from devices.dialects.zigbee2mqtt import Zigbee2Mqtt
from devices.reading import Channel, Reading, Reject, Route
from devices.simulator.campus import DEMO_FOREIGN_SCHOOL, demo
from devices.simulator.foreign import TASMOTA_BASE, TasmotaPlug, ZigbeeBridge, ZigbeeDevice
from devices.simulator.transmitter import Outgoing

NOW = 1_795_233_600_000
CAMPUS = demo()


def read(dialect: Dialect, message: Outgoing) -> tuple[Route, list[Reading]]:
    route = dialect.route(message.topic)
    assert isinstance(route, Route), route
    readings = dialect.read(route, message.payload, NOW, retained=message.retain)
    assert not isinstance(readings, Reject), readings
    return route, readings


def zigbee(kind: str) -> ZigbeeDevice:
    return next(
        ZigbeeDevice(device, seed=1)
        for device in CAMPUS.devices
        if device.dialect == "zigbee2mqtt" and device.kind == kind
    )


def test_a_zigbee_smoke_detector_is_read() -> None:
    [message] = zigbee("smoke").telemetry(NOW, NOW)
    route, readings = read(Zigbee2Mqtt(DEMO_FOREIGN_SCHOOL), message)
    assert route.device == zigbee("smoke").device.id
    assert readings[0].values["smoke_alarm"] is False


def test_a_zigbee_button_is_a_press() -> None:
    button = zigbee("alarm-button")
    route, readings = read(Zigbee2Mqtt(DEMO_FOREIGN_SCHOOL), button.press(NOW))
    assert route.device == button.device.id
    assert [reading.event for reading in readings if reading.channel is Channel.EVENT] == [
        "pressed"
    ]


def test_the_bridge_tells_of_its_devices_and_of_its_end() -> None:
    bridge = ZigbeeBridge([zigbee("smoke"), zigbee("alarm-button")])
    dialect = Zigbee2Mqtt(DEMO_FOREIGN_SCHOOL)
    online, listed = bridge.greeting()
    assert online.retain
    assert listed.retain
    assert read(dialect, online)[1][0].values["online"] is True
    read(dialect, listed)
    known = dialect.known(zigbee("smoke").device.address)
    assert known is not None
    assert known.kind == "smoke"
    assert read(dialect, bridge.will())[1][0].values["online"] is False


def test_a_tasmota_plug_is_read_and_its_will_says_offline() -> None:
    plug = next(
        TasmotaPlug(device, seed=1) for device in CAMPUS.devices if device.dialect == "tasmota"
    )
    dialect = Tasmota(DEMO_FOREIGN_SCHOOL, TASMOTA_BASE)
    measured: dict[str, object] = {}
    for message in plug.telemetry(NOW, NOW):
        route, readings = read(dialect, message)
        assert route.device == plug.device.id
        for reading in readings:
            measured |= reading.values
    assert isinstance(measured["power_w"], int | float)
    assert read(dialect, plug.greeting()[0])[1][0].values["online"] is True
    assert read(dialect, plug.will())[1][0].values["online"] is False
