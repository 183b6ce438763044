"""What Shelly devices say, in our names and units."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.shelly import Shelly
from devices.model import is_identifier
from devices.reading import Channel, Reading, Reject, RejectReason, Route

NOW = 1_795_161_600_000
TS = NOW / 1000 - 5


@pytest.fixture
def shelly() -> Shelly:
    return Shelly("no3-middle", "no3/shelly")


def routed(shelly: Shelly, topic: str) -> Route:
    route = shelly.route(f"no3/shelly/{topic}")
    assert isinstance(route, Route)
    return route


def said(shelly: Shelly, topic: str, payload: object) -> list[Reading]:
    raw = payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
    readings = shelly.read(routed(shelly, topic), raw, NOW, retained=False)
    assert isinstance(readings, list)
    for reading in readings:
        assert json.loads(reading.body).items() >= reading.values.items()
    return readings


def told(shelly: Shelly, component: str, state: object, name: str = "plug") -> dict[str, object]:
    (reading,) = said(shelly, f"{name}/status/{component}", state)
    assert (reading.channel, reading.at) == (Channel.TELEMETRY, None)
    return dict(reading.values)


def notified(shelly: Shelly, method: str = "NotifyStatus", **params: object) -> list[Reading]:
    frame = {"src": "shellyplug-1", "dst": "x", "method": method, "params": params}
    return said(shelly, "plug/events/rpc", frame)


def test_a_relay_that_measures(shelly: Shelly) -> None:
    assert told(
        shelly,
        "switch:0",
        {
            "id": 0, "source": "init", "output": True, "apower": 399.2, "voltage": 240.8,
            "current": 1.886, "pf": 0.88, "freq": 50.0,
            "aenergy": {"total": 2574466.629, "by_minute": [7200.069], "minute_ts": 1786033200},
            "temperature": {"tC": 46.3, "tF": 115.4},
        },
    ) == {
        "source": "init", "switch": "closed", "power_w": 399.2, "voltage_v": 240.8,
        "current_a": 1.886, "power_factor": 0.88, "frequency_hz": 50.0,
        "energy_kwh": 2574.466629, "device_temperature_c": 46.3,
    }  # fmt: skip


def test_energy_that_flows_back_is_counted_apart(shelly: Shelly) -> None:
    state = {"id": 0, "apower": -350, "aenergy": {"total": 10000}, "ret_aenergy": {"total": 4000}}
    assert told(shelly, "pm1:0", state) == {
        "power_w": -350, "energy_kwh": 10.0, "energy_returned_kwh": 4.0,
    }  # fmt: skip


def test_a_three_phase_meter_is_a_list_by_phase(shelly: Shelly) -> None:
    values = told(
        shelly,
        "em:0",
        {
            "id": 0, "a_current": 4.1, "a_voltage": 231.2, "a_act_power": 951.2, "a_pf": 0.99,
            "a_freq": 50.0, "b_current": 9.8, "b_voltage": 230.8, "b_act_power": 2254, "b_pf": 1,
            "b_freq": 50.0, "c_current": 2, "c_voltage": None, "c_act_power": 451.2, "c_pf": -0.4,
            "c_freq": 50.0, "c_errors": ["out_of_range:voltage"], "n_current": None,
            "total_current": 15.9, "total_act_power": 3656.4, "user_calibrated_phase": [],
        },
    )  # fmt: skip
    assert values == {
        "current_a": [4.1, 9.8, 2], "voltage_v": [231.2, 230.8, None],
        "power_w": [951.2, 2254, 451.2], "power_factor": [0.99, 1, -0.4], "frequency_hz": 50.0,
        "c_errors": ["out_of_range:voltage"], "neutral_current_a": None, "current_total_a": 15.9,
        "power_total_w": 3656.4, "user_calibrated_phase": [],
    }  # fmt: skip


def test_its_energy_is_a_list_too_and_a_total(shelly: Shelly) -> None:
    state = {"id": 0, "total_act": 6000, "total_act_ret": 30}
    state |= {f"{phase}_total_act_energy": 2000 for phase in "abc"}
    state |= {f"{phase}_total_act_ret_energy": 10 for phase in "abc"}
    assert told(shelly, "emdata:0", state) == {
        "energy_kwh": [2.0, 2.0, 2.0], "energy_total_kwh": 6.0,
        "energy_returned_kwh": [0.01, 0.01, 0.01], "energy_returned_total_kwh": 0.03,
    }  # fmt: skip


def test_one_phase_that_changed_is_not_taken_for_all_three(shelly: Shelly) -> None:
    (reading,) = notified(
        shelly, ts=TS, **{"em:0": {"id": 0, "b_current": 19.8, "b_act_power": 4500}}
    )
    assert reading.values == {"phase_b_current_a": 19.8, "phase_b_power_w": 4500}
    assert reading.at == NOW - 5000


def test_meters_of_one_phase_say_their_id_as_text_too(shelly: Shelly) -> None:
    state = {
        "id": "0", "current": 1.473, "voltage": 226.9, "act_power": -332.2, "aprt_power": 335,
        "pf": 0.99, "freq": 50, "calibration": "factory",
    }  # fmt: skip
    assert told(shelly, "em1:0", state) == {
        "current_a": 1.473, "voltage_v": 226.9, "power_w": -332.2, "apparent_va": 335,
        "power_factor": 0.99, "frequency_hz": 50, "calibration": "factory",
    }  # fmt: skip
    energy = {"id": "0", "total_act_energy": 1264.15, "total_act_ret_energy": 144792.28}
    assert told(shelly, "em1data:0", energy) == {
        "energy_kwh": 1.26415, "energy_returned_kwh": 144.79228,
    }  # fmt: skip


def test_a_notification_tells_only_what_changed(shelly: Shelly) -> None:
    (reading,) = notified(shelly, ts=TS, **{"switch:0": {"id": 0, "apower": 0}})
    assert reading.values == {"power_w": 0}


def test_what_is_not_of_the_school_is_no_reading(shelly: Shelly) -> None:
    assert notified(shelly, ts=TS, cloud={"connected": True}, ble={}) == []
    assert shelly.route("no3/shelly/plug/status/cloud") is None


def test_a_full_status_is_read_at_once(shelly: Shelly) -> None:
    (reading,) = notified(
        shelly,
        "NotifyFullStatus",
        ts=TS,
        wifi={"sta_ip": "192.0.2.7", "status": "got ip", "ssid": "school", "rssi": -61},
        sys={"mac": "A1B2C3D4E5F6", "uptime": 3661, "restart_required": False},
        cloud={"connected": False},
        **{
            "humidity:0": {"id": 0, "rh": 45.1}, "temperature:0": {"id": 0, "tC": 21.4, "tF": 70.5},
            "devicepower:0": {
                "id": 0, "battery": {"V": 5.62, "percent": 88}, "external": {"present": False},
            },
        },
    )  # fmt: skip
    assert reading.values == {
        "rssi_dbm": -61, "ip": "192.0.2.7", "uptime_s": 3661, "restart_required": False,
        "humidity_pct": 45.1, "temperature_c": 21.4, "battery_v": 5.62, "battery_pct": 88,
        "external_power": False,
    }  # fmt: skip


def test_a_further_channel_is_a_device_of_its_own(shelly: Shelly) -> None:
    first, second = (routed(shelly, f"plug/status/switch:{each}") for each in (0, 1))
    assert (first.address, second.address) == ("plug", "plug/1")
    assert first.device != second.device
    (reading,) = notified(shelly, ts=TS, **{"switch:1": {"apower": 5}, "switch:0": {"apower": 7}})
    assert reading.values == {"channel_1_power_w": 5, "power_w": 7}


def test_a_probe_that_was_added_measures_the_room_and_a_meter_its_own_inside(
    shelly: Shelly,
) -> None:
    warm = {"id": 0, "tC": 46.3, "tF": 115.3}
    assert told(shelly, "temperature:0", warm, "hall") == {"temperature_c": 46.3}
    told(shelly, "em:0", {"id": 0, "total_current": 3}, "panel")
    assert told(shelly, "temperature:0", warm, "panel") == {"device_temperature_c": 46.3}
    assert told(shelly, "temperature:100", warm, "panel") == {"temperature_c": 46.3}
    assert routed(shelly, "panel/status/temperature:100").address == "panel/100"


def test_a_temperature_in_fahrenheit_alone_is_understood(shelly: Shelly) -> None:
    assert told(shelly, "temperature:0", {"id": 0, "tF": 212}) == {"temperature_c": 100.0}
    assert told(shelly, "temperature:0", {"id": 0, "tC": None, "tF": None}) == {
        "temperature_c": None
    }


def test_a_smoke_alarm(shelly: Shelly) -> None:
    assert told(shelly, "smoke:0", {"id": 0, "alarm": True, "mute": False}) == {
        "smoke_alarm": True, "muted": False,
    }  # fmt: skip
    event = {"component": "smoke:0", "id": 0, "event": "alarm", "ts": TS}
    (reading,) = notified(shelly, "NotifyEvent", ts=TS, events=[event])
    assert (reading.channel, reading.event, reading.at) == (Channel.EVENT, "alarm", NOW - 5000)


def test_water_is_no_smoke(shelly: Shelly) -> None:
    assert told(shelly, "flood:0", {"id": 0, "alarm": True, "mute": False})["water_leak"] is True
    event = {"component": "flood:0", "id": 0, "event": "alarm", "ts": TS}
    (reading,) = notified(shelly, "NotifyEvent", ts=TS, events=[event])
    assert reading.event == "flood_alarm"


@pytest.mark.parametrize(
    ("push", "event"),
    [
        ("single_push", "pressed"), ("double_push", "pressed_twice"),
        ("triple_push", "pressed_thrice"), ("long_push", "held"), ("btn_up", "released"),
    ],
)  # fmt: skip
def test_a_push_is_a_press_of_that_button(shelly: Shelly, push: str, event: str) -> None:
    first = {"component": "input:2", "id": 2, "event": "btn_down", "ts": TS}
    then = {"component": "input:2", "id": 2, "event": push, "ts": TS + 1}
    (reading,) = notified(shelly, "NotifyEvent", ts=TS, events=[first, then])
    assert (reading.channel, reading.event) == (Channel.EVENT, event)
    assert (reading.values, reading.at) == ({"zone": "2"}, NOW - 4000)


@pytest.mark.parametrize("ts", [None, 12.5, "soon"])
def test_a_clock_that_was_never_set_is_not_believed(shelly: Shelly, ts: object) -> None:
    event = {"component": "bthomedevice:200", "event": "single_push", "ts": ts}
    (reading,) = notified(shelly, "NotifyEvent", ts=ts, events=[event])
    assert (reading.at, reading.values) == (None, {"zone": "bthomedevice:200"})


def test_settings_updates_and_sleep_are_no_events_of_the_school(shelly: Shelly) -> None:
    events = [
        {"component": "sys", "event": "ota_progress", "ts": TS},
        {"component": "switch:0", "event": "config_changed", "ts": TS},
        {"component": "em1data:0", "event": "data", "ts": TS, "data": {}},
    ]
    assert notified(shelly, "NotifyEvent", ts=TS, events=events) == []


def test_an_unknown_component_is_kept_under_its_own_names(shelly: Shelly) -> None:
    assert told(shelly, "voltmeter:0", {"id": 0, "voltage": 4.5}) == {"voltmeter_voltage": 4.5}
    assert told(shelly, "input:1", {"id": 1, "state": True}) == {"input_1": True}


@pytest.mark.parametrize(("word", "online"), [("true", True), ("false", False)])
def test_the_last_will_says_whether_it_is_there(shelly: Shelly, word: str, *, online: bool) -> None:
    (reading,) = said(shelly, "floor 3/plug/online", word)
    assert (reading.channel, reading.values) == (Channel.STATUS, {"online": online})
    assert routed(shelly, "floor 3/plug/online").address == "floor 3/plug"


@pytest.mark.parametrize("topic", ["plug/rpc", "plug/command", "plug/command/switch:0"])
def test_commands_carry_nothing_to_keep(shelly: Shelly, topic: str) -> None:
    assert shelly.route(f"no3/shelly/{topic}") is None


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("shellies/plug/relay/0", RejectReason.TOPIC),
        ("no3/shelly/plug/relay/0", RejectReason.TOPIC),
        ("no3/shelly/plug/status/switch:x", RejectReason.TOPIC),
        ("no3/shelly/status/switch:0", RejectReason.IDENTIFIER),
        (f"no3/shelly/{'x' * 251}/online", RejectReason.IDENTIFIER),
    ],
)
def test_topics_of_others_are_refused(shelly: Shelly, topic: str, reason: RejectReason) -> None:
    route = shelly.route(topic)
    assert isinstance(route, Reject)
    assert route.reason is reason


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("plug/status/switch:0", b"{}", RejectReason.EMPTY),
        ("plug/status/switch:0", b"[]", RejectReason.SHAPE),
        ("plug/status/switch:0", b"{", RejectReason.SYNTAX),
        ("plug/online", b"perhaps", RejectReason.SHAPE),
        ("plug/events/rpc", b'{"id":1,"error":{"code":404}}', RejectReason.SHAPE),
        ("plug/events/rpc", b'{"method":"Shelly.Reboot","params":{}}', RejectReason.SHAPE),
        ("plug/events/rpc", b'{"method":"NotifyEvent","params":{}}', RejectReason.SHAPE),
        (
            "plug/events/rpc",
            b'{"method":"NotifyEvent","params":{"events":[{"event":"single_push"}]}}',
            RejectReason.EVENT,
        ),
    ],
)
def test_what_is_not_understood_has_a_reason(
    shelly: Shelly, topic: str, payload: bytes, reason: RejectReason
) -> None:
    rejected = shelly.read(routed(shelly, topic), payload, NOW, retained=False)
    assert isinstance(rejected, Reject)
    assert rejected.reason is reason


def test_a_removed_component_or_message_says_nothing(shelly: Shelly) -> None:
    route = routed(shelly, "plug/status/temperature:100")
    assert shelly.read(route, b"null", NOW, retained=False) == []
    assert shelly.read(route, b"", NOW, retained=True) == []


def test_the_kind_is_guessed_by_what_it_measures(shelly: Shelly) -> None:
    route = routed(shelly, "plug/events/rpc")
    assert shelly.guess_kind(route, notified(shelly, **{"pm1:0": {"apower": 1}})) == "electrical"
    push = {"component": "input:0", "event": "single_push"}
    pushed = notified(shelly, "NotifyEvent", events=[push])
    assert shelly.guess_kind(route, pushed) == "alarm-button"
    overheated = notified(
        shelly, "NotifyEvent", events=[{"component": "switch:0", "event": "overtemp"}]
    )
    assert overheated[0].event == "switch_overtemp"
    assert shelly.guess_kind(route, overheated) == "other"


def test_two_bindings_of_one_school_are_told_apart() -> None:
    one, two = (Shelly("no3", base, qualified=True) for base in ("a/shelly", "b/shelly"))
    routes = [one.route("a/shelly/plug/online"), two.route("b/shelly/plug/online")]
    assert [route.address for route in routes if isinstance(route, Route)] == [
        "a/shelly/plug", "b/shelly/plug",
    ]  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["method", "params", "ts", "events", "event", "component", "switch:0", "em:0", "a_current",
     "b_current", "c_current", "aenergy", "total", "temperature", "tC", "tF", "battery", "alarm",
     "output", "state", "input:1", "rssi", "external", "temperature:0", "total_act"]
)  # fmt: skip
PARTS = st.sampled_from(
    ["p/online", "p/events/rpc", "p/status/switch:0", "p/status/em:0", "p/status/temperature:0",
     "p/status/devicepower:0", "p/status/input:3", "p/status/wifi", "p/status/emdata:0"]
)  # fmt: skip


@given(
    topic=st.text(max_size=30) | PARTS.map(lambda part: f"no3/shelly/{part}"),
    payload=st.binary(max_size=60)
    | st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON)).map(
        lambda each: json.dumps(each).encode()
    ),
)
def test_nothing_at_all_makes_it_fail(topic: str, payload: bytes) -> None:
    shelly = Shelly("no3-middle", "no3/shelly")
    route = shelly.route(topic)
    if isinstance(route, Route):
        assert is_identifier(route.device)
        readings = shelly.read(route, payload, NOW, retained=False)
        if isinstance(readings, list):
            for reading in readings:
                assert isinstance(json.loads(reading.body), dict)
            assert is_identifier(shelly.guess_kind(route, readings))
