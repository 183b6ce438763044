"""What devices say that describe themselves by Home Assistant's discovery."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects import home_assistant
from devices.dialects.home_assistant import HomeAssistant
from devices.model import is_identifier
from devices.reading import Channel, Reading, Reject, RejectReason, Route

NOW = 1_795_161_600_000
DEVICE = {
    "ids": ["esp-a1b2"], "name": "301 room", "mdl": "ESP32", "mf": "Acme", "sw": "2026.11.1",
}  # fmt: skip


@pytest.fixture
def ha() -> HomeAssistant:
    return HomeAssistant("no3-middle", "no3/ha")


def routed(ha: HomeAssistant, topic: str) -> Route:
    route = ha.route(topic)
    assert isinstance(route, Route), route
    return route


def taught(ha: HomeAssistant, which: str, config: object) -> Reject | None:
    payload = json.dumps(config).encode() if not isinstance(config, bytes) else config
    topic = f"no3/ha/homeassistant/{which}/config"
    result = ha.read(routed(ha, topic), payload, NOW, retained=True)
    if isinstance(result, Reject):
        return result
    assert result == []
    return None


def heard(ha: HomeAssistant, topic: str, payload: object) -> list[Reading] | Reject:
    raw = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
    return ha.read(routed(ha, f"no3/ha/{topic}"), raw, NOW, retained=False)


def said(ha: HomeAssistant, topic: str, payload: object) -> list[Reading]:
    readings = heard(ha, topic, payload)
    assert isinstance(readings, list), readings
    for reading in readings:
        assert json.loads(reading.body).items() >= reading.values.items()
    return [reading for reading in readings if "device_name" not in reading.values]


def measured(ha: HomeAssistant, topic: str, payload: object) -> dict[str, object]:
    (reading,) = said(ha, topic, payload)
    assert reading.channel is Channel.TELEMETRY
    return dict(reading.values)


def sensor(device_class: str | None, unit: str | None, topic: str = "esp/t", **more: object):
    config = {"stat_t": f"no3/ha/{topic}", "dev": DEVICE, **more}
    if device_class is not None:
        config["dev_cla"] = device_class
    if unit is not None:
        config["unit_of_meas"] = unit
    return config


def test_a_sensor_is_learned_and_read(ha: HomeAssistant) -> None:
    config = {
        "~": "no3/ha/esp", "name": "Temperature", "uniq_id": "esp-a1b2-t", "stat_t": "~/sensor/t",
        "dev_cla": "temperature", "unit_of_meas": "°C", "stat_cla": "measurement", "dev": DEVICE,
    }  # fmt: skip
    assert taught(ha, "sensor/esp/temperature", config) is None
    route = routed(ha, "no3/ha/esp/sensor/t")
    assert (route.device, route.address, route.channel) == (
        "esp-a1b2", "esp-a1b2", Channel.TELEMETRY,
    )  # fmt: skip
    about, reading = heard(ha, "esp/sensor/t", "21.5")  # type: ignore[misc]  # a list of two
    assert about.values == {"device_name": "301 room", "model": "Acme ESP32"}
    assert (reading.values, reading.firmware) == ({"temperature_c": 21.5}, "2026.11.1")
    assert measured(ha, "esp/sensor/t", "22") == {"temperature_c": 22}


@pytest.mark.parametrize(
    ("device_class", "unit", "payload", "values"),
    [
        ("temperature", "°F", "212", {"temperature_c": 100.0}),
        ("temperature", "K", "293.15", {"temperature_c": 20.0}),
        ("humidity", "%", "41", {"humidity_pct": 41}),
        ("battery", "%", "88", {"battery_pct": 88}),
        ("current", "mA", "452", {"current_a": 0.452}),
        ("power", "kW", "1.98", {"power_w": 1980.0}),
        ("energy", "Wh", "1264", {"energy_kwh": 1.264}),
        ("power_factor", "%", "97", {"power_factor": 0.97}),
        ("power_factor", None, "0.97", {"power_factor": 0.97}),
        ("carbon_dioxide", "ppm", "936", {"co2_ppm": 936}),
        ("signal_strength", "dBm", "-61", {"rssi_dbm": -61}),
        # A unit that is not known for the quantity is not guessed: the value keeps its own name.
        ("temperature", None, "70", {"t": 70}),
        ("current", "furlong", "5", {"t": 5}),
        (None, "°C", "5", {"t": 5}),
        (None, None, "heating", {"t": "heating"}),
    ],
)
def test_units_are_those_of_its_discovery(
    ha: HomeAssistant,
    device_class: str | None,
    unit: str | None,
    payload: str,
    values: dict[str, object],
) -> None:
    assert taught(ha, "sensor/esp/t", sensor(device_class, unit)) is None
    assert measured(ha, "esp/t", payload) == values


@pytest.mark.parametrize("payload", ["unknown", "None", "unavailable", "", " ", "hot", "21.5 °C"])
def test_what_is_no_number_is_not_known(ha: HomeAssistant, payload: str) -> None:
    taught(ha, "sensor/esp/t", sensor("temperature", "°C"))
    if payload:
        assert measured(ha, "esp/t", payload) == {"temperature_c": None}
    else:
        assert said(ha, "esp/t", payload) == []


def test_one_topic_may_tell_many_values(ha: HomeAssistant) -> None:
    for name, device_class, unit in (
        ("t", "temperature", "°C"), ("h", "humidity", "%"), ("p", "power", "W"),
    ):  # fmt: skip
        config = sensor(device_class, unit, val_tpl=f"{{{{ value_json.{name} | float(0) }}}}")
        assert taught(ha, f"sensor/esp/{name}", config) is None
    assert measured(ha, "esp/t", {"t": 21.5, "h": "45", "p": None, "more": 1}) == {
        "temperature_c": 21.5, "humidity_pct": 45, "power_w": None,
    }  # fmt: skip
    assert measured(ha, "esp/t", {"h": 46}) == {"humidity_pct": 46}
    rejected = heard(ha, "esp/t", {"more": 1})
    assert isinstance(rejected, Reject)
    assert rejected.reason is RejectReason.EMPTY


def test_three_phases_of_one_message_are_a_list(ha: HomeAssistant) -> None:
    for phase in "abc":
        config = sensor("current", "A", val_tpl=f"{{{{ value_json.i{phase} }}}}")
        assert taught(ha, f"sensor/meter/current_{phase}", config) is None
    assert measured(ha, "esp/t", {"ia": 4.1, "ib": 9.8, "ic": 2}) == {"current_a": [4.1, 9.8, 2]}


def test_two_temperatures_of_one_device_are_told_apart(ha: HomeAssistant) -> None:
    taught(ha, "sensor/esp/inlet", sensor("temperature", "°C", "esp/in"))
    assert measured(ha, "esp/in", "20") == {"temperature_c": 20}
    taught(ha, "sensor/esp/outlet", sensor("temperature", "°C", "esp/out"))
    assert measured(ha, "esp/in", "20") == {"inlet_temperature_c": 20}
    assert measured(ha, "esp/out", "30") == {"outlet_temperature_c": 30}


def test_the_processors_own_temperature_is_not_the_rooms(ha: HomeAssistant) -> None:
    taught(ha, "sensor/esp/chip", sensor("temperature", "°C", "esp/chip", ent_cat="diagnostic"))
    taught(ha, "sensor/esp/t", sensor("temperature", "°C"))
    assert measured(ha, "esp/chip", "55") == {"device_temperature_c": 55}
    assert measured(ha, "esp/t", "21") == {"temperature_c": 21}


@pytest.mark.parametrize(
    ("config", "payload", "values"),
    [
        ({"dev_cla": "smoke"}, "ON", {"smoke_alarm": True}),
        ({"dev_cla": "smoke"}, "OFF", {"smoke_alarm": False}),
        ({"dev_cla": "smoke", "pl_on": "fire", "pl_off": "calm"}, "fire", {"smoke_alarm": True}),
        ({"dev_cla": "moisture", "val_tpl": "{{ value_json.leak }}", "pl_on": True,
          "pl_off": False}, '{"leak": true}', {"water_leak": True}),
        ({"dev_cla": "smoke"}, "unknown", {"smoke_alarm": None}),
        ({"dev_cla": "door"}, "ON", {"x": True}),
    ],
)  # fmt: skip
def test_truths_by_the_payloads_that_its_discovery_names(
    ha: HomeAssistant, config: dict[str, object], payload: str, values: dict[str, object]
) -> None:
    taught(ha, "binary_sensor/esp/x", {"stat_t": "no3/ha/esp/t", "dev": DEVICE, **config})
    assert measured(ha, "esp/t", payload) == values


def test_a_state_that_is_neither_is_rejected(ha: HomeAssistant) -> None:
    taught(ha, "binary_sensor/esp/x", sensor("smoke", None))
    rejected = heard(ha, "esp/t", "maybe")
    assert isinstance(rejected, Reject)
    assert (rejected.reason, rejected.detail) == (
        RejectReason.SHAPE, "'maybe' is neither 'ON' nor 'OFF'",
    )  # fmt: skip


def test_a_switch_is_closed_or_open(ha: HomeAssistant) -> None:
    taught(ha, "switch/esp/relay", {"stat_t": "no3/ha/esp/t", "cmd_t": "no3/ha/esp/set",
                                    "dev": DEVICE})  # fmt: skip
    assert measured(ha, "esp/t", "ON") == {"switch": "closed"}
    assert ha.route("no3/ha/esp/set") is None
    assert taught(ha, "switch/esp/blind", {"cmd_t": "no3/ha/esp/set", "dev": DEVICE}) is None


def test_a_button_is_an_event_or_a_trigger(ha: HomeAssistant) -> None:
    taught(ha, "event/esp/bell", {"stat_t": "no3/ha/esp/bell", "dev_cla": "button",
                                  "evt_typ": ["press"], "dev": DEVICE})  # fmt: skip
    (press,) = said(ha, "esp/bell", {"event_type": "press"})
    assert (press.channel, press.event, press.values) == (
        Channel.EVENT,
        "pressed",
        {"zone": "bell"},
    )
    for word in ("single", "hold"):
        trigger = {
            "atype": "trigger", "t": "no3/ha/esp/action", "pl": word, "stype": "gate",
            "dev": DEVICE,
            "type": f"button_{'short' if word == 'single' else 'long'}_press",
        }  # fmt: skip
        assert taught(ha, f"device_automation/esp/{word}", trigger) is None
    (press,) = said(ha, "esp/action", "hold")
    assert (press.event, press.values) == ("held", {"zone": "gate"})
    assert ha.guess_kind(routed(ha, "no3/ha/esp/action"), []) == "alarm-button"


def test_a_motion_is_no_press(ha: HomeAssistant) -> None:
    taught(ha, "event/esp/pir", {"stat_t": "no3/ha/esp/pir", "dev_cla": "motion", "dev": DEVICE})
    (motion,) = said(ha, "esp/pir", {"event_type": "press"})
    assert motion.event == "press"


def test_availability_says_whether_it_is_there(ha: HomeAssistant) -> None:
    taught(ha, "sensor/esp/t", sensor("temperature", "°C", avty_t="no3/ha/esp/status"))
    taught(ha, "sensor/esp/h", sensor("humidity", "%", "esp/h", avty_t="no3/ha/esp/status"))
    route = routed(ha, "no3/ha/esp/status")
    assert (route.address, route.channel) == ("esp-a1b2", Channel.STATUS)
    readings = heard(ha, "esp/status", "offline")
    assert isinstance(readings, list)
    assert readings[0].values["online"] is False


def test_availability_of_a_bridge_is_no_devices_own(ha: HomeAssistant) -> None:
    for name in ("a", "b"):
        config = sensor(
            "temperature", "°C", f"{name}/t", dev={"ids": name},
            availability=[{"topic": "no3/ha/bridge", "val_tpl": "{{ value_json.state }}"}],
        )  # fmt: skip
        assert taught(ha, f"sensor/{name}/t", config) is None
    assert ha.route("no3/ha/bridge") is None
    assert measured(ha, "a/t", "20") == {"temperature_c": 20}


def test_a_whole_device_in_one_message(ha: HomeAssistant) -> None:
    config = {
        "dev": DEVICE, "o": {"name": "x"}, "stat_t": "no3/ha/esp/t", "avty_t": "no3/ha/esp/status",
        "cmps": {
            "temp": {"p": "sensor", "dev_cla": "temperature", "unit_of_meas": "°C",
                     "val_tpl": "{{ value_json.t }}"},
            "smoke": {"p": "binary_sensor", "dev_cla": "smoke", "val_tpl": "{{ value_json.s }}",
                      "pl_on": "1", "pl_off": "0"},
            "lamp": {"p": "light", "cmd_t": "no3/ha/esp/set"},
        },
    }  # fmt: skip
    assert taught(ha, "device/esp", config) is None
    assert measured(ha, "esp/t", {"t": 20, "s": 1}) == {"temperature_c": 20, "smoke_alarm": True}
    assert ha.guess_kind(routed(ha, "no3/ha/esp/t"), []) == "smoke-temperature"


@pytest.mark.parametrize(
    "template", ["{{ value_json.a / 10 }}", "{% for x in range(9**9) %}{% endfor %}"]
)
def test_a_template_that_is_a_program_is_refused_and_seen(ha: HomeAssistant, template: str) -> None:
    rejected = taught(ha, "sensor/esp/t", sensor("temperature", "°C", val_tpl=template))
    assert rejected is not None
    assert rejected.reason is RejectReason.TEMPLATE
    assert template in rejected.detail
    assert isinstance(ha.route("no3/ha/esp/t"), Reject)


def test_what_is_understood_of_a_device_is_learned_beside_what_is_not(ha: HomeAssistant) -> None:
    good = {"p": "sensor", "dev_cla": "humidity", "unit_of_meas": "%", "stat_t": "no3/ha/esp/h"}
    bad = good | {"val_tpl": "{{ value | my_filter }}"}
    rejected = taught(ha, "device/esp", {"dev": DEVICE, "cmps": {"bad": bad, "good": good}})
    assert rejected is not None
    assert rejected.detail.startswith("1 of what it tells left out, 1 learned. bad: template")
    assert measured(ha, "esp/h", "45") == {"humidity_pct": 45}


@pytest.mark.parametrize(
    "topic", ["no5/ha/esp/t", "campus/no5/smoke/a/telemetry", "no3/ha", "no3/ha/+/t", "no3/hat/t"]
)
def test_a_topic_outside_what_the_school_writes_is_refused(ha: HomeAssistant, topic: str) -> None:
    rejected = taught(ha, "sensor/esp/t", {**sensor("temperature", "°C"), "stat_t": topic})
    assert rejected is not None
    assert rejected.reason is RejectReason.TOPIC
    assert "no3/ha/" in rejected.detail


def test_a_topic_belongs_to_one_device(ha: HomeAssistant) -> None:
    taught(ha, "sensor/esp/t", sensor("temperature", "°C"))
    rejected = taught(ha, "sensor/other/t", {**sensor("humidity", "%"), "dev": {"ids": "other"}})
    assert rejected is not None
    assert measured(ha, "esp/t", "20") == {"temperature_c": 20}


def test_what_is_taken_back_is_forgotten(ha: HomeAssistant) -> None:
    taught(ha, "sensor/esp/t", sensor("temperature", "°C"))
    cached = routed(ha, "no3/ha/esp/t")
    assert taught(ha, "sensor/esp/t", b"") is None
    assert isinstance(ha.route("no3/ha/esp/t"), Reject)
    assert isinstance(ha.read(cached, b"20", NOW, retained=False), Reject)
    taught(ha, "sensor/esp/t", {**sensor("temperature", "°C"), "dev": {"ids": "other"}})
    assert isinstance(ha.read(cached, b"20", NOW, retained=False), Reject)


def test_what_is_taught_anew_replaces_what_was(ha: HomeAssistant) -> None:
    for unit in ("°C", "°C", "°F"):
        assert taught(ha, "sensor/esp/t", sensor("temperature", unit)) is None
    assert measured(ha, "esp/t", "212") == {"temperature_c": 100.0}


def test_what_is_learned_is_bounded(ha: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_assistant, "MAX_ENTITIES", 3)
    for number in range(3):
        assert taught(ha, f"sensor/e/{number}", sensor(None, None, f"e/{number}")) is None
    rejected = taught(ha, "sensor/e/3", sensor(None, None, "e/3"))
    assert rejected is not None
    assert rejected.reason is RejectReason.TOO_LARGE
    assert taught(ha, "sensor/e/0", b"") is None
    assert taught(ha, "sensor/e/3", sensor(None, None, "e/3")) is None


def test_without_a_device_block_the_node_is_the_device(ha: HomeAssistant) -> None:
    taught(ha, "sensor/porch/t", {"stat_t": "no3/ha/porch/t"})
    assert routed(ha, "no3/ha/porch/t").address == "porch"
    taught(ha, "sensor/t2", {"stat_t": "no3/ha/t2", "dev": {"cns": [["mac", "02:ab:cd"]]}})
    assert routed(ha, "no3/ha/t2").address == "02:ab:cd"


def test_what_measures_nothing_is_known_all_the_same(ha: HomeAssistant) -> None:
    lamp = {
        "~": "no3/ha/lamp", "stat_t": "~/state", "cmd_t": "~/rgb", "bri_stat_t": "~/brightness",
        "json_attr_t": "no3/other/attributes", "dev": DEVICE,
    }  # fmt: skip
    assert taught(ha, "light/lamp/lamp", lamp) is None
    for end in ("state", "rgb", "brightness", "debug"):
        assert ha.route(f"no3/ha/lamp/{end}") is None
    taught(ha, "sensor/lamp/power", sensor("power", "W", "lamp/state"))
    assert measured(ha, "lamp/state", "7") == {"power_w": 7}


def test_home_assistants_own_messages_are_none_of_ours(ha: HomeAssistant) -> None:
    assert ha.route("no3/ha/homeassistant/status") is None
    assert isinstance(ha.route("homeassistant/sensor/x/config"), Reject)
    unknown = ha.route("no3/ha/esp/t")
    assert isinstance(unknown, Reject)
    assert "no discovery message" in unknown.detail


def test_discovery_is_asked_for_before_all_else(ha: HomeAssistant) -> None:
    assert [pattern for pattern, _ in ha.filters()] == ["no3/ha/homeassistant/#", "no3/ha/#"]
    assert ha.lessons() == ["no3/ha/homeassistant/#"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", RejectReason.SYNTAX), (b"[]", RejectReason.SHAPE),
        (b'{"dev":{"ids":"x"}}', RejectReason.SHAPE),
        (b'{"stat_t":7,"dev":{"ids":"x"}}', RejectReason.SHAPE),
        (b'{"dev":{"ids":"%s"}}' % (b"x" * 251), RejectReason.IDENTIFIER),
    ],
)  # fmt: skip
def test_what_teaches_nothing_has_a_reason(
    ha: HomeAssistant, payload: bytes, reason: RejectReason
) -> None:
    rejected = taught(ha, "sensor/esp/t", payload)
    assert rejected is not None
    assert rejected.reason is reason


def test_two_bindings_of_one_school_are_told_apart() -> None:
    ha = HomeAssistant("no3", "no3/ha", qualified=True)
    taught(ha, "sensor/esp/t", sensor("temperature", "°C"))
    assert routed(ha, "no3/ha/esp/t").address == "no3/ha/esp-a1b2"
    assert measured(ha, "esp/t", "20") == {"temperature_c": 20}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["~", "stat_t", "dev", "dev_cla", "unit_of_meas", "val_tpl", "pl_on", "pl_off", "avty", "cmps",
     "availability", "topic", "t", "type", "stype", "device", "ids", "identifiers", "cns", "p"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["no3/ha/a", "~/a", "temperature", "°C", "{{ value }}", "{{ value_json.a }}", "smoke", "sensor",
     "ON", "event", "button", "x"]
)  # fmt: skip


@given(
    component=st.sampled_from(
        ["sensor", "binary_sensor", "switch", "event", "device_automation", "device", "light", ""]
    ),
    configs=st.lists(
        st.dictionaries(KEYS, WORDS | JSON | st.dictionaries(KEYS, WORDS | JSON), max_size=8),
        max_size=3,
    ),
    payload=st.binary(max_size=20) | JSON.map(lambda each: json.dumps(each).encode()),
)
def test_nothing_at_all_makes_it_fail(
    component: str, configs: list[dict[str, object]], payload: bytes
) -> None:
    ha = HomeAssistant("no3-middle", "no3/ha")
    for number, config in enumerate([*configs, {}, *configs]):
        document = {"stat_t": "no3/ha/a", "t": "no3/ha/a", **config}
        taught(ha, f"{component}/x/{number % 3}", document if config else b"")
        route = ha.route("no3/ha/a")
        if isinstance(route, Route):
            readings = ha.read(route, payload, NOW, retained=False)
            if isinstance(readings, list):
                for reading in readings:
                    assert isinstance(json.loads(reading.body), dict)
                assert is_identifier(ha.guess_kind(route, readings))
