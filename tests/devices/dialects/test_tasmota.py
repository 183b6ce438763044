"""What Tasmota devices say, in our names and units."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.tasmota import Tasmota
from devices.model import is_identifier
from devices.reading import Channel, Reading, Reject, RejectReason, Route

NOW = 1_795_161_600_000


@pytest.fixture
def tasmota() -> Tasmota:
    return Tasmota("no3-middle", "no3")


def routed(tasmota: Tasmota, topic: str) -> Route:
    route = tasmota.route(topic)
    assert isinstance(route, Route)
    return route


def said(tasmota: Tasmota, payload: object, part: str = "tele/plug/SENSOR") -> list[Reading]:
    raw = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
    readings = tasmota.read(routed(tasmota, f"no3/{part}"), raw, NOW, retained=False)
    assert isinstance(readings, list)
    for reading in readings:
        assert json.loads(reading.body).items() >= reading.values.items()
    return readings


def test_a_metering_plug(tasmota: Tasmota) -> None:
    (reading,) = said(
        tasmota,
        {
            "Time": "2026-11-20T12:00:00",
            "ENERGY": {
                "TotalStartTime": "2026-01-01T00:00:00", "Total": 12.5, "Today": 0.2, "Power": 47,
                "ApparentPower": 60, "ReactivePower": 37, "Factor": 0.78, "Voltage": 229,
                "Current": 0.26, "Frequency": 50,
            },
        },
    )  # fmt: skip
    values = dict(reading.values)
    assert values.pop("energy_total_start_time") == "2026-01-01T00:00:00"
    assert values == {
        "device_time": "2026-11-20T12:00:00", "energy_kwh": 12.5, "energy_today_kwh": 0.2,
        "power_w": 47, "apparent_va": 60, "reactive_var": 37, "power_factor": 0.78,
        "voltage_v": 229, "current_a": 0.26, "frequency_hz": 50,
    }  # fmt: skip
    assert reading.channel is Channel.TELEMETRY


def test_phases_stay_a_list(tasmota: Tasmota) -> None:
    (reading,) = said(tasmota, {"ENERGY": {"Power": [8.15, "9", None], "Voltage": 237}})
    assert reading.values == {"power_w": [8.15, 9, None], "voltage_v": 237}


@pytest.mark.parametrize(
    "topic",
    [
        "no3/tele/plug/SENSOR", "no3/plug/tele/SENSOR",
        "no3/tele/floor/2/SENSOR", "no3/stat/a b/STATUS8",
    ],
)  # fmt: skip
def test_both_orders_of_the_full_topic(tasmota: Tasmota, topic: str) -> None:
    route = routed(tasmota, topic)
    assert route.school == "no3-middle"
    assert route.address in {"plug", "floor/2", "a b"}
    assert is_identifier(route.device)


def test_tasmotas_own_default_has_no_base() -> None:
    tasmota = Tasmota("no3-middle")
    assert routed(tasmota, "tele/plug/SENSOR").device == "plug"
    assert [pattern for pattern, _ in tasmota.filters()] == ["tele/#", "stat/#"]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"AM2301": {"Temperature": 21.5, "Humidity": "45.1", "DewPoint": 9.1}},
         {"temperature_c": 21.5, "humidity_pct": 45.1, "dew_point_c": 9.1}),
        ({"DS18B20": {"Id": "0316A2", "Temperature": 4.5}},
         {"ds18b20_id": "0316A2", "temperature_c": 4.5}),
        ({"DS18B20-1": {"Temperature": 4.5}, "DS18B20-2": {"Temperature": None}},
         {"temperature_c": [4.5, None]}),
        ({"BME280": {"Temperature": 20, "Pressure": 1013.2}},
         {"temperature_c": 20, "pressure_hpa": 1013.2}),
        ({"ANALOG": {"Temperature": 49.6}}, {"temperature_c": 49.6}),
        ({"SI7021": {"Temperature": 68, "Humidity": 40}, "TempUnit": "F"},
         {"temperature_c": 20.0, "humidity_pct": 40}),
        ({"ESP32": {"Temperature": 53.3}}, {"esp32_temperature": 53.3}),
        ({"MQ135": {"SmokeLevel": 12}}, {"mq135_smoke_level": 12}),
        ({"Switch1": "ON"}, {"switch1": "ON"}),
    ],
)  # fmt: skip
def test_sensors(tasmota: Tasmota, section: dict[str, object], expected: dict[str, object]) -> None:
    assert said(tasmota, section)[0].values == expected


def test_not_a_number_is_unknown(tasmota: Tasmota) -> None:
    assert said(tasmota, '{"AM2301":{"Temperature":nan,"Humidity":inf}}')[0].values == {
        "temperature_c": None,
        "humidity_pct": None,
    }


@pytest.mark.parametrize(
    ("wifi", "dbm"),
    [
        ({"RSSI": 80, "Signal": -61}, -61),
        ({"RSSI": 80}, -60.0),
        ({"RSSI": -61}, -61),
    ],
)
def test_the_signal_is_told_in_dbm(tasmota: Tasmota, wifi: dict[str, object], dbm: float) -> None:
    (reading,) = said(tasmota, {"Wifi": {"AP": 1, "SSId": "x", **wifi}}, "tele/plug/STATE")
    assert reading.values["rssi_dbm"] == dbm


@pytest.mark.parametrize(
    ("state", "switch"),
    [
        ({"POWER": "ON"}, "closed"),
        ({"POWER": "OFF"}, "open"),
        ({"POWER1": "ON", "POWER2": "OFF"}, ["closed", "open"]),
    ],
)
def test_relays_are_switches(tasmota: Tasmota, state: object, switch: object) -> None:
    for part in ("tele/plug/STATE", "stat/plug/RESULT", "stat/plug/STATUS11"):
        payload = {"StatusSTS": state} if part.endswith("11") else state
        assert said(tasmota, payload, part)[0].values == {"switch": switch}


def test_the_bare_word_of_a_relay(tasmota: Tasmota) -> None:
    assert said(tasmota, "OFF", "stat/plug/POWER")[0].values == {"switch": "open"}


@pytest.mark.parametrize(
    ("action", "event"),
    [("SINGLE", "pressed"), ("DOUBLE", "pressed_twice"), ("HOLD", "held"), ("CLEAR", "released")],
)
def test_a_button_is_a_press(tasmota: Tasmota, action: str, event: str) -> None:
    (press,) = said(tasmota, {"Button2": {"Action": action}}, "stat/plug/RESULT")
    assert (press.channel, press.event, press.values) == (Channel.EVENT, event, {"zone": "2"})


def test_last_will_and_birth(tasmota: Tasmota) -> None:
    for word, online in (("Online", True), ("Offline", False)):
        (reading,) = said(tasmota, word, "tele/plug/LWT")
        assert (reading.channel, reading.values) == (Channel.STATUS, {"online": online})


def test_what_the_device_is(tasmota: Tasmota) -> None:
    info = {"Info1": {"Module": "Generic", "Version": "14.2.0(tasmota)", "FallbackTopic": "x"}}
    (reading,) = said(tasmota, info, "tele/plug/INFO1")
    assert (reading.firmware, reading.values) == ("14.2.0(tasmota)", {"model": "Generic"})
    (reading,) = said(tasmota, {"StatusFWR": {"Version": "14.2.0"}}, "stat/plug/STATUS2")
    assert (reading.firmware, reading.channel) == ("14.2.0", Channel.STATUS)


def test_a_time_without_a_zone_counts_only_with_a_configured_offset(tasmota: Tasmota) -> None:
    payload = {"Time": "2026-11-20T12:00:00", "AM2301": {"Temperature": 20}}
    assert said(tasmota, payload)[0].at is None
    china = Tasmota("no3-middle", "no3", offset_minutes=480)
    assert said(china, payload)[0].at == 1_795_147_200_000
    zoned = {"Time": "2026-11-20T12:00:00+08:00", "AM2301": {"Temperature": 20}}
    assert said(tasmota, zoned)[0].at == 1_795_147_200_000


@pytest.mark.parametrize(
    "topic",
    ["no3/cmnd/plug/POWER", "no3/plug/cmnd/POWER", "no3/stat/plug/STATUS", "no3/stat/plug/STATUS1",
     "no3/stat/plug/LOGGING", "no3/tele/plug/HASS_STATE"],
)  # fmt: skip
def test_what_carries_nothing_to_keep_is_known(tasmota: Tasmota, topic: str) -> None:
    assert tasmota.route(topic) is None


@pytest.mark.parametrize("topic", ["no3", "no3/tele/plug", "other/tele/plug/SENSOR", "no3/a/b/c/d"])
def test_topics_of_others_are_refused(tasmota: Tasmota, topic: str) -> None:
    route = tasmota.route(topic)
    assert isinstance(route, Reject)
    assert route.reason is RejectReason.TOPIC


@pytest.mark.parametrize(
    ("part", "payload", "reason"),
    [
        ("tele/plug/LWT", b"Perhaps", RejectReason.SHAPE),
        ("stat/plug/POWER", b"HALF", RejectReason.SHAPE),
        ("tele/plug/SENSOR", b"[1]", RejectReason.SHAPE),
        ("tele/plug/SENSOR", b"{}", RejectReason.EMPTY),
        ("tele/plug/SENSOR", b"{", RejectReason.SYNTAX),
        ("tele/plug/SENSOR", b"\xff", RejectReason.ENCODING),
    ],
)
def test_what_is_not_understood_has_a_reason(
    tasmota: Tasmota, part: str, payload: bytes, reason: RejectReason
) -> None:
    rejected = tasmota.read(routed(tasmota, f"no3/{part}"), payload, NOW, retained=False)
    assert isinstance(rejected, Reject)
    assert rejected.reason is reason


def test_the_kind_is_guessed_by_what_it_measures(tasmota: Tasmota) -> None:
    route = routed(tasmota, "no3/tele/plug/SENSOR")
    assert tasmota.guess_kind(route, said(tasmota, {"ENERGY": {"Power": 1}})) == "electrical"
    assert tasmota.guess_kind(route, said(tasmota, {"DHT11": {"Humidity": 40}})) == "temperature"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["Time", "TempUnit", "POWER", "POWER2", "Button1", "ENERGY", "Wifi", "ESP32", "AM2301",
     "StatusSNS", "Info1", "Version", "Temperature", "Action", "Signal", "RSSI", "Voltage"]
)  # fmt: skip
PARTS = st.sampled_from(
    ["tele/p/SENSOR", "tele/p/STATE", "tele/p/LWT", "tele/p/INFO1", "stat/p/RESULT",
     "stat/p/POWER1", "stat/p/STATUS10", "p/tele/UPTIME"]
)  # fmt: skip


@given(
    topic=st.text(max_size=30) | PARTS.map(lambda part: f"no3/{part}"),
    payload=st.binary(max_size=60)
    | st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON)).map(
        lambda each: json.dumps(each).encode()
    ),
    offset=st.none() | st.integers(-720, 840),
)
def test_nothing_at_all_makes_it_fail(topic: str, payload: bytes, offset: int | None) -> None:
    tasmota = Tasmota("no3-middle", "no3", offset_minutes=offset)
    route = tasmota.route(topic)
    if isinstance(route, Route):
        assert is_identifier(route.device)
        readings = tasmota.read(route, payload, NOW, retained=False)
        if isinstance(readings, list):
            for reading in readings:
                assert isinstance(json.loads(reading.body), dict)
            assert is_identifier(tasmota.guess_kind(route, readings))
