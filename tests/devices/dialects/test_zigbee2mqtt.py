"""What a Zigbee2MQTT bridge says, in our names and units."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.zigbee2mqtt import Zigbee2Mqtt
from devices.model import is_identifier
from devices.reading import Channel, Reading, Reject, RejectReason, Route

NOW = 1_795_161_600_000


@pytest.fixture
def bridge() -> Zigbee2Mqtt:
    return Zigbee2Mqtt("no3-middle", "z2m")


def routed(bridge: Zigbee2Mqtt, topic: str) -> Route:
    route = bridge.route(topic)
    assert isinstance(route, Route)
    return route


def said(
    bridge: Zigbee2Mqtt, payload: object, *, name: str = "lab", retained: bool = False
) -> list[Reading]:
    raw = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
    readings = bridge.read(routed(bridge, f"z2m/{name}"), raw, NOW, retained=retained)
    assert isinstance(readings, list)
    for reading in readings:
        assert json.loads(reading.body).items() >= reading.values.items()
    return readings


def learn(bridge: Zigbee2Mqtt, *devices: dict[str, object]) -> None:
    route = routed(bridge, "z2m/bridge/devices")
    assert bridge.read(route, json.dumps(devices).encode(), NOW, retained=True) == []


def test_a_smoke_detector(bridge: Zigbee2Mqtt) -> None:
    (reading,) = said(
        bridge,
        {
            "smoke": True, "battery": 97, "voltage": 3000, "linkquality": 120,
            "battery_low": False, "tamper": False, "temperature": "21.5",
        },
    )  # fmt: skip
    assert reading.channel is Channel.TELEMETRY
    assert reading.values == {
        "smoke_alarm": True, "battery_pct": 97, "battery_v": 3.0, "lqi": 120,
        "battery_low": False, "tamper": False, "temperature_c": 21.5,
    }  # fmt: skip
    assert (reading.at, reading.received) == (None, NOW)


def test_a_smoke_detector_in_test_mode_claims_a_test(bridge: Zigbee2Mqtt) -> None:
    (reading,) = said(bridge, {"smoke": True, "test": True})
    assert reading.test
    assert reading.values == {"smoke_alarm": True}


def test_what_cannot_be_measured_stays_unknown(bridge: Zigbee2Mqtt) -> None:
    (reading,) = said(bridge, {"smoke": None, "battery": None, "temperature": None})
    assert reading.values == {"smoke_alarm": None, "battery_pct": None, "temperature_c": None}


@pytest.mark.parametrize(
    ("action", "event", "zone"),
    [
        ("single", "pressed", None),
        ("double", "pressed_twice", None),
        ("hold", "held", None),
        ("release", "released", None),
        ("hold_release", "released", None),
        ("emergency", "pressed", None),
        ("2_single", "pressed", "2"),
        ("button_2_double", "pressed_twice", "2"),
        ("single_left", "pressed", "left"),
        ("brightness_move_up", "brightness_move_up", None),
    ],
)
def test_an_action_is_a_press(
    bridge: Zigbee2Mqtt, action: str, event: str, zone: str | None
) -> None:
    telemetry, press = said(bridge, {"action": action, "battery": 80})
    assert telemetry.values == {"battery_pct": 80}
    assert telemetry.event is None
    assert (press.channel, press.event) == (Channel.EVENT, event)
    assert press.values.get("zone") == zone


def test_a_press_alone_is_one_reading(bridge: Zigbee2Mqtt) -> None:
    (press,) = said(bridge, {"action": "single"})
    assert (press.channel, press.event) == (Channel.EVENT, "pressed")


def test_the_empty_action_that_older_bridges_send_after_a_press_is_none(
    bridge: Zigbee2Mqtt,
) -> None:
    (reading,) = said(bridge, {"action": "", "battery": 80})
    assert reading.event is None


def test_an_sos_that_is_a_truth_is_a_press(bridge: Zigbee2Mqtt) -> None:
    assert [reading.event for reading in said(bridge, {"sos": True})] == [None, "pressed"]
    assert [reading.event for reading in said(bridge, {"sos": False})] == [None]


@pytest.mark.parametrize(
    "stamp", [NOW - 5000, "2026-11-20T12:39:55+08:00", "2026-11-20T04:39:55.000Z"]
)
def test_last_seen_is_the_devices_time(bridge: Zigbee2Mqtt, stamp: object) -> None:
    (reading,) = said(bridge, {"temperature": 20, "last_seen": stamp})
    expected = NOW - 5000 if isinstance(stamp, int) else 1_795_149_595_000
    assert reading.at == expected
    assert "last_seen" not in reading.values


def test_a_plug_says_volts_and_a_battery_millivolts(bridge: Zigbee2Mqtt) -> None:
    plug = {"state": "ON", "power": 12.5, "current": 0.06, "voltage": 231, "energy": 4.2}
    (reading,) = said(bridge, plug)
    assert reading.values == {
        "switch": "closed", "power_w": 12.5, "current_a": 0.06, "voltage_v": 231,
        "energy_kwh": 4.2,
    }  # fmt: skip
    (reading,) = said(bridge, {"battery": 50, "voltage": 2.9})
    assert reading.values["battery_v"] == 2.9


def test_what_the_bridge_knows_decides_the_unit_of_voltage(bridge: Zigbee2Mqtt) -> None:
    learn(
        bridge,
        {"friendly_name": "lab", "power_source": "Battery"},
        {"friendly_name": "meter", "power_source": "Mains (3 phase)"},
    )
    assert said(bridge, {"voltage": 2950})[0].values == {"battery_v": 2.95}
    assert said(bridge, {"voltage": 12}, name="meter")[0].values == {"voltage_v": 12}


@pytest.mark.parametrize(
    "names",
    [
        ("voltage", "voltage_phase_b", "voltage_phase_c"),
        ("voltage_a", "voltage_b", "voltage_c"),
        ("voltage_l1", "voltage_l2", "voltage_l3"),
    ],
)
def test_phases_become_a_list(bridge: Zigbee2Mqtt, names: tuple[str, ...]) -> None:
    payload = dict(zip(names, (230, "231.5", None), strict=True)) | {"power": 5}
    assert said(bridge, payload)[0].values == {"voltage_v": [230, 231.5, None], "power_w": 5}


def test_a_power_factor_in_percent_is_a_fraction(bridge: Zigbee2Mqtt) -> None:
    assert said(bridge, {"power_factor": 95})[0].values == {"power_factor": 0.95}
    assert said(bridge, {"power_factor": 0.95})[0].values == {"power_factor": 0.95}


def test_unknown_keys_and_updates_are_kept(bridge: Zigbee2Mqtt) -> None:
    (reading,) = said(bridge, {"update": {"state": "idle"}, "led": "auto", "count": "7"})
    assert reading.values == {"update": {"state": "idle"}, "led": "auto", "count": 7}


def test_not_a_number_is_unknown(bridge: Zigbee2Mqtt) -> None:
    (reading,) = said(bridge, '{"temperature": NaN, "humidity": -inf, "power": "inf"}')
    assert reading.values == {"temperature_c": None, "humidity_pct": None, "power_w": None}


@pytest.mark.parametrize(
    ("payload", "online"),
    [
        ("online", True), ("offline", False),
        ('{"state":"online"}', True), ('{"state":"offline"}', False),
    ],
)  # fmt: skip
def test_availability_in_both_forms(bridge: Zigbee2Mqtt, payload: str, *, online: bool) -> None:
    route = routed(bridge, "z2m/floor 3/lab/availability")
    assert route.address == "floor 3/lab"
    readings = bridge.read(route, payload.encode(), NOW, retained=True)
    assert isinstance(readings, list)
    assert (readings[0].channel, readings[0].values) == (Channel.STATUS, {"online": online})
    assert readings[0].retained


def test_the_bridge_itself_is_a_repeater(bridge: Zigbee2Mqtt) -> None:
    route = routed(bridge, "z2m/bridge/state")
    assert (route.device, route.kind, route.channel) == ("z2m-bridge", "repeater", Channel.STATUS)
    readings = bridge.read(route, b'{"state":"offline"}', NOW, retained=False)
    assert isinstance(readings, list)
    assert readings[0].values == {"online": False}


@pytest.mark.parametrize(
    "topic",
    [
        "z2m/bridge/logging", "z2m/bridge/info", "z2m/bridge/request/device/rename",
        "z2m/bridge/response/permit_join", "z2m/lab/set", "z2m/floor/lab/get", "z2m/lab/set/state",
    ],
)  # fmt: skip
def test_what_carries_nothing_to_keep_is_known(bridge: Zigbee2Mqtt, topic: str) -> None:
    assert bridge.route(topic) is None


def test_topics_of_others_are_refused_with_their_reason(bridge: Zigbee2Mqtt) -> None:
    for topic in ("campus/a/b/c/event", "z2m2/lab", "z2m", "z2m/bridge/surprise"):
        route = bridge.route(topic)
        assert isinstance(route, Reject)
        assert route.reason is RejectReason.TOPIC


def test_friendly_names_that_are_no_ids_get_one_that_stays(bridge: Zigbee2Mqtt) -> None:
    names = ["实验楼/三层 烟感", "实验楼/三层 温度", "lab 1", "lab/1", "lab.1", "烟感", "x" * 80]
    routes = [routed(bridge, f"z2m/{name}") for name in names]
    assert [route.address for route in routes] == names
    ids = [route.device for route in routes]
    assert len(set(ids)) == len(names)
    assert all(is_identifier(each) for each in ids)
    assert ids[4] == "lab.1"
    assert routes[0].device == routed(bridge, "z2m/实验楼/三层 烟感/availability").device


def test_a_topic_of_absurd_length_names_no_device(bridge: Zigbee2Mqtt) -> None:
    route = bridge.route("z2m/" + "x" * 251)
    assert isinstance(route, Reject)
    assert route.reason is RejectReason.IDENTIFIER


def test_two_bridges_of_one_school_are_told_apart() -> None:
    one, two = (Zigbee2Mqtt("no3", base, qualified=True) for base in ("z2m-a", "z2m-b"))
    first, second = routed(one, "z2m-a/lab"), routed(two, "z2m-b/lab")
    assert first.device != second.device
    assert (first.address, second.address) == ("z2m-a/lab", "z2m-b/lab")


@pytest.mark.parametrize(
    ("exposes", "more", "kind"),
    [
        ([{"property": "smoke"}, {"property": "battery"}], {}, "smoke"),
        ([{"property": "smoke"}, {"property": "temperature"}], {}, "smoke-temperature"),
        ([{"property": "action"}], {}, "alarm-button"),
        ([{"features": [{"property": "state"}]}, {"property": "power"}], {}, "electrical"),
        ([{"property": "temperature"}], {}, "temperature"),
        ([{"property": "linkquality"}], {"type": "Router"}, "repeater"),
        ([{"property": "linkquality"}], {"type": "EndDevice"}, "other"),
    ],
)  # fmt: skip
def test_what_a_device_exposes_says_its_kind(
    bridge: Zigbee2Mqtt, exposes: object, more: dict[str, object], kind: str
) -> None:
    learn(bridge, {"friendly_name": "lab", "definition": {"exposes": exposes}, **more})
    route = routed(bridge, "z2m/lab")
    assert bridge.guess_kind(route, []) == kind


def test_without_the_list_the_values_say_the_kind(bridge: Zigbee2Mqtt) -> None:
    route = routed(bridge, "z2m/lab")
    assert bridge.guess_kind(route, said(bridge, {"smoke": False})) == "smoke"
    assert bridge.guess_kind(route, said(bridge, {"action": "single"})) == "alarm-button"


def test_the_list_brings_model_and_firmware(bridge: Zigbee2Mqtt) -> None:
    entry = {
        "friendly_name": "lab",
        "software_build_id": "2.4",
        "definition": {"vendor": "Acme", "model": "SD-1", "exposes": []},
    }
    learn(bridge, entry)
    known = bridge.known("lab")
    assert known is not None
    assert (known.model, known.firmware) == ("Acme SD-1", "2.4")
    assert said(bridge, {"smoke": False})[0].firmware == "2.4"


def test_a_removed_retained_message_says_nothing(bridge: Zigbee2Mqtt) -> None:
    for topic in ("z2m/lab", "z2m/lab/availability", "z2m/bridge/devices"):
        assert bridge.read(routed(bridge, topic), b"", NOW, retained=True) == []


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"21.5", RejectReason.SHAPE),
        (b"[]", RejectReason.SHAPE),
        (b"{}", RejectReason.EMPTY),
        (b" ", RejectReason.EMPTY),
        (b"{", RejectReason.SYNTAX),
        (b'{"a":"\xff"}', RejectReason.ENCODING),
        (b"[" * 100_000, RejectReason.TOO_LARGE),
        (b"[" * 60_000, RejectReason.SYNTAX),
    ],
)
def test_what_is_not_understood_has_a_reason(
    bridge: Zigbee2Mqtt, payload: bytes, reason: RejectReason
) -> None:
    rejected = bridge.read(routed(bridge, "z2m/lab"), payload, NOW, retained=False)
    assert isinstance(rejected, Reject)
    assert rejected.reason is reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["smoke", "action", "voltage", "voltage_a", "voltage_b", "battery", "last_seen", "test",
     "device", "power_factor", "state", "sos", "friendly_name", "definition", "update"]
)  # fmt: skip


@given(
    topic=st.text(max_size=30)
    | st.sampled_from(
        ["z2m/lab", "z2m/lab/availability", "z2m/bridge/devices", "z2m/bridge/state"]
    ),
    payload=st.binary(max_size=60)
    | st.dictionaries(KEYS, JSON).map(lambda each: json.dumps(each).encode())
    | st.lists(st.dictionaries(KEYS, JSON), max_size=3).map(lambda each: json.dumps(each).encode()),
    retained=st.booleans(),
)
def test_nothing_at_all_makes_it_fail(topic: str, payload: bytes, *, retained: bool) -> None:
    bridge = Zigbee2Mqtt("no3-middle", "z2m")
    route = bridge.route(topic)
    if isinstance(route, Route):
        assert is_identifier(route.device)
        readings = bridge.read(route, payload, NOW, retained=retained)
        if isinstance(readings, list):
            for reading in readings:
                assert isinstance(json.loads(reading.body), dict)
            assert is_identifier(bridge.guess_kind(route, readings))
