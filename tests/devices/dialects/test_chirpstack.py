"""What ChirpStack v4 says of LoRaWAN devices, in our names and units."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.chirpstack import ChirpStack
from devices.dialects.lorawan_names import Named
from devices.model import is_identifier
from devices.reading import Channel, Reading, Reject, RejectReason, Route

NOW = 1_795_161_600_000
EUI = "24e124136b502217"
TOPIC = f"no3/lora/application/ca739e26-7b67-4f14-b69e-d568c22a5a75/device/{EUI}/event"
TIME = "2026-11-20T07:47:05.404859123+00:00"
AT = 1_795_160_825_405
INFO = {
    "tenantName": "School", "applicationName": "dormitory", "deviceProfileName": "EM300-TH",
    "deviceName": "宿舍二 301", "devEui": EUI, "tags": {},
}  # fmt: skip
RADIO = [
    {"gatewayId": "24e124fffef00001", "rssi": -97, "snr": 4.2, "crcStatus": "CRC_OK"},
    {"gatewayId": "24e124fffef00002", "rssi": -71, "snr": 9.5, "crcStatus": "CRC_OK"},
]


@pytest.fixture
def lora() -> ChirpStack:
    return ChirpStack("no3-middle", "no3/lora")


def routed(lora: ChirpStack, event: str = "up") -> Route:
    route = lora.route(f"{TOPIC}/{event}")
    assert isinstance(route, Route)
    return route


def uplink(decoded: object = None, **more: object) -> dict[str, object]:
    event: dict[str, object] = {
        "deduplicationId": "57433366-50a6-4dc2-8145-2df1bbc70d9e", "time": TIME,
        "deviceInfo": INFO, "devAddr": "01a2b3c4", "adr": True, "dr": 5, "fCnt": 41, "fPort": 85,
        "confirmed": False, "data": "AXVcA2c0AQRoZQ==", "rxInfo": RADIO,
    }  # fmt: skip
    return event | ({} if decoded is None else {"object": decoded}) | more


def heard(lora: ChirpStack, document: object, event: str = "up") -> list[Reading] | Reject:
    return lora.read(routed(lora, event), json.dumps(document).encode(), NOW, retained=False)


def said(lora: ChirpStack, document: object, event: str = "up") -> list[Reading]:
    readings = heard(lora, document, event)
    assert isinstance(readings, list), readings
    for reading in readings:
        assert json.loads(reading.body).items() >= reading.values.items()
    return readings


def measured(decoded: dict[str, object], **tags: str) -> dict[str, object]:
    named = Named(decoded, tags)
    assert not named.presses
    return dict(named.values)


def test_a_decoded_uplink(lora: ChirpStack) -> None:
    about, reading = said(lora, uplink({"temperature": 30.8, "humidity": 50.5, "battery": 92}))
    assert (about.channel, about.values) == (
        Channel.STATUS, {"device_name": "宿舍二 301", "device_profile": "EM300-TH"},
    )  # fmt: skip
    assert reading.channel is Channel.TELEMETRY
    assert reading.values == {
        "temperature_c": 30.8, "humidity_pct": 50.5, "battery_pct": 92, "rssi_dbm": -71,
        "snr_db": 9.5,
    }  # fmt: skip


def test_its_time_is_the_networks_and_its_number_the_frame_counter(lora: ChirpStack) -> None:
    _, reading = said(lora, uplink({"temperature": 20}))
    assert reading.at == AT
    assert json.loads(reading.body)["seq"] == reading.seq == 41


def test_its_name_is_told_once_and_again_when_it_changes(lora: ChirpStack) -> None:
    assert len(said(lora, uplink({"temperature": 20}))) == 2
    assert len(said(lora, uplink({"temperature": 20}))) == 1
    renamed = said(lora, uplink({"temperature": 20}, deviceInfo={**INFO, "deviceName": "302"}))
    assert renamed[0].values["device_name"] == "302"


def test_what_nobody_decoded_is_rejected_and_says_what_to_set(lora: ChirpStack) -> None:
    rejected = heard(lora, uplink())
    assert isinstance(rejected, Reject)
    assert rejected.reason is RejectReason.UNDECODED
    assert rejected.detail == (
        "10 bytes on port 85 that nobody decoded: give the device profile 'EM300-TH' in "
        "ChirpStack a codec (the manufacturer's JavaScript)"
    )
    assert isinstance(heard(lora, uplink({})), Reject)


def test_an_uplink_without_any_data_is_a_sign_of_life(lora: ChirpStack) -> None:
    _, reading = said(lora, uplink(data=""))
    assert reading.values == {"rssi_dbm": -71, "snr_db": 9.5}


@pytest.mark.parametrize(
    ("decoded", "values"),
    [
        ({"TempC_SHT": 21.3, "Hum_SHT": 45, "BatV": 3.02},
         {"temperature_c": 21.3, "humidity_pct": 45, "battery_v": 3.02}),
        ({"temperature": 22.6, "humidity": 41, "light": 39, "pir": 6, "vdd": 3426},
         {"temperature_c": 22.6, "humidity_pct": 41, "illuminance_lx": 39, "pir": 6,
          "battery_v": 3.426}),
        ({"co2": 936, "pressure": 1008.6, "tvoc": 37, "light_level": 2, "pir": "trigger"},
         {"co2_ppm": 936, "pressure_hpa": 1008.6, "tvoc": 37, "light_level": 2, "pir": "trigger"}),
        ({"batteryVoltage": "2.8", "temperature": "16.48"},
         {"battery_v": 2.8, "temperature_c": 16.48}),
        ({"temperature_1": 20, "temperature_2": 25}, {"temperature_c": [20, 25]}),
        ({"temperatureSensor": {"1": 22.6, "2": 23}, "humiditySensor": {"3": 45}},
         {"temperature_c": [22.6, 23], "humidity_pct": 45}),
        ({"temperature": {"displayName": "Air", "unit": "°F", "value": 68}},
         {"temperature_c": 20.0}),
        ({"data": {"sensors": {"temperature": 20}}}, {"temperature_c": 20}),
        ({"threshold": {"temperature": 60}}, {"threshold": {"temperature": 60}}),
        ({"temperature_target": 16.6, "temperature_alarm": "threshold alarm"},
         {"temperature_target": 16.6, "temperature_alarm": "threshold alarm"}),
        ({"temperature": None, "humidity": "N/A"}, {"temperature_c": None, "humidity": "N/A"}),
        ({"temperature_c": 21.5, "residual_current_ma": 38},
         {"temperature_c": 21.5, "residual_current_ma": 38}),
        ({"socket_status": "on", "factor": 95}, {"switch": "closed", "power_factor": 0.95}),
        ({"current_ma|": 30, "temperature!": 9}, {"current_ma_told": 30, "temperature_told": 9}),
        ({"event": "x", "ts": 5, "test": True},
         {"event_told": "x", "ts_told": 5, "test_told": True}),
    ],
)  # fmt: skip
def test_names_of_common_codecs(decoded: dict[str, object], values: dict[str, object]) -> None:
    assert measured(decoded) == values


@pytest.mark.parametrize(
    ("decoded", "name", "alarm"),
    [
        ({"smoke": True}, "smoke_alarm", True), ({"smoke": 0}, "smoke_alarm", False),
        ({"smoke_status": "alarm"}, "smoke_alarm", True),
        ({"smoke_status": "normal"}, "smoke_alarm", False),
        ({"gas_status": "alarm"}, "gas_alarm", True),
        ({"leakage_status": "leak"}, "water_leak", True),
        ({"water_leak": "normal"}, "water_leak", False),
        ({"tamper_status": "uninstalled"}, "tamper", True),
        ({"tamper_status": "installed"}, "tamper", False),
        ({"smoke_status": "self check"}, "smoke_status", "self check"),
    ],
)  # fmt: skip
def test_alarms_in_the_words_of_codecs(
    decoded: dict[str, object], name: str, alarm: object
) -> None:
    assert measured(decoded) == {name: alarm}


@pytest.mark.parametrize(
    ("decoded", "presses"),
    [
        ({"press": "short"}, [("pressed", None)]),
        ({"press": "double"}, [("pressed_twice", None)]),
        ({"button_event": {"status": "long press", "msgid": 123}}, [("held", None)]),
        ({"button_2": "short press"}, [("pressed", "2")]),
        ({"button1": True, "button2": 1}, [("pressed", "1"), ("pressed", "2")]),
        ({"sos": 1}, [("pressed", None)]),
        ({"button": 0}, []), ({"button": "idle"}, []), ({"button_status": "normal"}, []),
        ({"button": 17}, []),
    ],
)  # fmt: skip
def test_buttons_in_the_words_of_codecs(
    decoded: dict[str, object], presses: list[tuple[str, str | None]]
) -> None:
    assert Named(decoded, None).presses == presses


def test_a_press_is_an_event_of_the_time_of_its_uplink(lora: ChirpStack) -> None:
    _, battery, press = said(lora, uplink({"battery": 16, "button_2": "short press"}))
    assert battery.event is None
    assert (press.channel, press.event) == (Channel.EVENT, "pressed")
    assert (press.values, press.at) == ({"zone": "2"}, AT)


@pytest.mark.parametrize(
    ("decoded", "values"),
    [
        # 230 V × 0.45 A = 104 VA: amperes and watts bear each other out.
        ({"voltage": 230, "current": 0.45, "power": 100},
         {"voltage_v": 230, "current_a": 0.45, "power_w": 100}),
        # Milliamperes and watts, or amperes and kilowatts?
        ({"voltage": 230, "current": 452, "power": 100},
         {"voltage_v": 230, "current": 452, "power": 100, "unit_unknown": ["current", "power"]}),
        ({"current": 25.0}, {"current": 25.0, "unit_unknown": ["current"]}),
        ({"power": 1980}, {"power_w": 1980}),
        ({"voltage": 3.6}, {"voltage": 3.6, "unit_unknown": ["voltage"]}),
        ({"power_consumption": 1264}, {"power_consumption": 1264,
                                       "unit_unknown": ["power_consumption"]}),
        ({"current_a": 4.1, "current_b": 9.8, "current_c": 2},
         {"current_phase_a": 4.1, "current_phase_b": 9.8, "current_phase_c": 2}),
        ({"voltage_a": 231, "voltage_b": 230.4, "voltage_c": 229},
         {"voltage_v": [231, 230.4, 229]}),
    ],
)  # fmt: skip
def test_a_unit_that_nobody_tells_is_not_guessed(
    decoded: dict[str, object], values: dict[str, object]
) -> None:
    assert measured(decoded) == values


def test_tags_of_a_device_tell_its_units(lora: ChirpStack) -> None:
    assert measured({"current": 452}, unit_current="mA") == {"current_a": 0.452}
    assert measured({"power_consumption": 1264}, unit_power_consumption="Wh") == {
        "energy_kwh": 1.264
    }
    assert measured({"current_a": 4, "current_b": 9, "current_c": 2}, unit_current="A") == {
        "current_a": [4, 9, 2]
    }
    assert measured({"power": 3.5}, unit_power="kW") == {"power_w": 3500.0}
    assert measured({"power": 3.5}, unit_power="horse") == {"power": 3.5}
    info = {**INFO, "tags": {"unit_current": "A"}}
    _, reading = said(lora, uplink({"current": 25.0}, deviceInfo=info))
    assert reading.values["current_a"] == 25.0


@pytest.mark.parametrize(
    ("more", "values"),
    [
        ({"externalPowerSource": False, "batteryLevelUnavailable": False, "batteryLevel": 75.59},
         {"external_power": False, "battery_pct": 75.59}),
        ({"externalPowerSource": True, "batteryLevelUnavailable": False, "batteryLevel": 0},
         {"external_power": True}),
        ({"externalPowerSource": False, "batteryLevelUnavailable": True, "batteryLevel": 0},
         {"external_power": False, "battery_pct": None}),
    ],
)  # fmt: skip
def test_a_status_tells_battery_and_margin(
    lora: ChirpStack, more: dict[str, object], values: dict[str, object]
) -> None:
    event = {"time": TIME, "deviceInfo": INFO, "margin": 10, **more}
    _, reading = said(lora, event, "status")
    assert reading.values == {"link_margin_db": 10, **values}


def test_joining_says_what_the_device_is(lora: ChirpStack) -> None:
    about, reading = said(lora, {"time": TIME, "deviceInfo": INFO, "devAddr": "01a2b3c4"}, "join")
    assert about.values["device_name"] == "宿舍二 301"
    assert reading.values == {"lorawan_address": "01a2b3c4"}


def test_an_error_of_the_codec_is_seen_by_who_can_mend_it(lora: ChirpStack) -> None:
    event = {
        "time": TIME, "deviceInfo": INFO, "level": "ERROR", "code": "UPLINK_CODEC",
        "description": "Exception generated by JavaScript: x is not defined", "context": {},
    }  # fmt: skip
    rejected = heard(lora, event, "log")
    assert isinstance(rejected, Reject)
    assert rejected.reason is RejectReason.UNDECODED
    assert "x is not defined" in rejected.detail
    assert said(lora, {**event, "level": "INFO"}, "log")[1:] == []


def test_what_is_sent_to_devices_is_none_of_ours(lora: ChirpStack) -> None:
    for end in ("event/ack", "event/txack", "event/location", "command/down"):
        assert lora.route(f"{TOPIC.removesuffix('/event')}/{end}") is None


def test_a_base_may_end_in_one_application() -> None:
    lora = ChirpStack("no3", "application/ca739e26-7b67-4f14-b69e-d568c22a5a75")
    route = lora.route(
        f"application/ca739e26-7b67-4f14-b69e-d568c22a5a75/device/{EUI.upper()}/event/up"
    )
    assert isinstance(route, Route)
    assert (route.device, route.address) == (EUI, EUI)


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        (f"application/1/device/{EUI}/event/up", RejectReason.TOPIC),
        (f"no3/lora/application/1/device/{EUI}/event/dance", RejectReason.TOPIC),
        ("no3/lora/application/1/device/lamp/event/up", RejectReason.IDENTIFIER),
        ("no3/lora/gateway/24e124fffef00001/event/up", RejectReason.TOPIC),
    ],
)
def test_topics_of_others_are_refused(lora: ChirpStack, topic: str, reason: RejectReason) -> None:
    route = lora.route(topic)
    assert isinstance(route, Reject)
    assert route.reason is reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\x0a\x24\x35\x37", RejectReason.SYNTAX),
        (b"{", RejectReason.SYNTAX),
        (b"[]", RejectReason.SHAPE),
        (b'{"data":"AQ=="}', RejectReason.SHAPE),
        (b'{"deviceInfo":{},"object":[1]}', RejectReason.SHAPE),
    ],
)
def test_what_is_not_understood_has_a_reason(
    lora: ChirpStack, payload: bytes, reason: RejectReason
) -> None:
    rejected = lora.read(routed(lora), payload, NOW, retained=False)
    assert isinstance(rejected, Reject)
    assert rejected.reason is reason


def test_the_kind_is_guessed_by_what_it_measures(lora: ChirpStack) -> None:
    route = routed(lora)
    assert lora.guess_kind(route, said(lora, uplink({"smoke": False}))) == "smoke"
    assert lora.guess_kind(route, said(lora, uplink({"press": "short"}))) == "alarm-button"
    assert lora.guess_kind(route, said(lora, uplink({"power": 3}))) == "electrical"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["object", "data", "rxInfo", "rssi", "snr", "time", "fCnt", "temperature", "button", "smoke",
     "value", "unit", "voltage", "current", "power", "current_a", "current_b", "voltage_a",
     "voltage_b", "voltage_c", "margin", "batteryLevel", "level", "code", "1", "sensors", "status"]
)  # fmt: skip


@given(
    event=st.sampled_from(["up", "status", "join", "log"]),
    document=st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON)),
    info=st.dictionaries(st.sampled_from(["deviceName", "tags", "deviceProfileName"]), JSON),
)
def test_nothing_at_all_makes_it_fail(
    event: str, document: dict[str, object], info: dict[str, object]
) -> None:
    lora = ChirpStack("no3-middle", "no3/lora")
    route = routed(lora, event)
    payload = json.dumps({**document, "deviceInfo": info}).encode()
    readings = lora.read(route, payload, NOW, retained=False)
    if isinstance(readings, list):
        for reading in readings:
            assert isinstance(json.loads(reading.body), dict)
        assert is_identifier(lora.guess_kind(route, readings))
