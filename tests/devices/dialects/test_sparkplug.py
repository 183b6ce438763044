"""Births say what aliases mean; data without one are refused; deaths take everybody along."""

from __future__ import annotations

import pytest

from devices.dialects.sparkplug import Sparkplug
from devices.model import is_identifier
from devices.reading import Channel, Reject, RejectReason, Route, Value
from devices.simulator.edge_node import BOOLEAN, FLOAT, STRING, TEMPLATE, EdgeNode, Message, Sample
from tests.devices.dialects.hearing_sparkplug import GROUP, NOW, ROOM, hear, readings

METER = (
    Sample("Energy/Phase A/Voltage", 230.0, unit="V"),
    Sample("Energy/Phase B/Voltage", 231.0, unit="V"),
    Sample("Energy/Phase C/Voltage", 229.0, unit="V"),
    Sample("Energy/Active Power", 1.5, unit="kW"),
    Sample("Energy/Residual Current", 0.038, unit="A"),
)


@pytest.fixture
def sparkplug() -> Sparkplug:
    return Sparkplug("no3-middle", f"spBv1.0/{GROUP}")


@pytest.fixture
def node() -> EdgeNode:
    return EdgeNode(
        GROUP, "edge-1", {"": [Sample("Uptime", 5, 8)], "meter": METER, "room": ROOM}, bd_seq=7
    )


def values(sparkplug: Sparkplug, message: Message) -> dict[str, Value]:
    told: dict[str, Value] = {}
    for reading in readings(sparkplug, message):
        if reading.channel is Channel.TELEMETRY:
            told.update(reading.values)
    return told


def refused(sparkplug: Sparkplug, message: Message, received: int = NOW) -> str:
    said = hear(sparkplug, message, received)
    assert isinstance(said, Reject)
    assert said.reason is RejectReason.BIRTH
    return said.detail


def born(sparkplug: Sparkplug, node: EdgeNode, at: int = NOW) -> None:
    for message in node.births(at):
        readings(sparkplug, message, at)


def asked(sparkplug: Sparkplug, now: int) -> list[str]:
    return [topic for topic, _ in sparkplug.requests(now, 100)]


def test_a_birth_written_down_byte_by_byte_is_read() -> None:
    """bdSeq 1, and Temperature (alias 100, Double) 21.5; sequence number 0."""
    payload = bytes.fromhex(
        "12090a05626453657158 01"
        "12 1a 0a0b54656d7065726174757265 1064 200a 690000000000803540 1800".replace(" ", "")
    )
    sparkplug = Sparkplug("no3-middle", f"spBv1.0/{GROUP}")
    assert values(sparkplug, (f"spBv1.0/{GROUP}/NBIRTH/edge", payload)) == {"temperature_c": 21.5}


def test_a_birth_says_that_it_is_there_and_what_it_measures(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    messages = node.births(NOW)
    for message in messages[:1]:
        readings(sparkplug, message)
    status, telemetry = readings(sparkplug, messages[1])
    assert (status.channel, status.values["online"], status.at) == (Channel.STATUS, True, NOW)
    assert telemetry.values == {
        "voltage_v": [230.0, 231.0, 229.0], "power_w": 1500.0, "residual_current_ma": 38.0,
    }  # fmt: skip


def test_data_come_by_alias_without_name_or_datatype(sparkplug: Sparkplug, node: EdgeNode) -> None:
    born(sparkplug, node)
    (reading,) = readings(sparkplug, node.data("room", NOW + 5, {"Temperature": 22.25}))
    assert reading.values == {"temperature_c": 22.25}
    assert (reading.at, reading.channel) == (NOW + 5, Channel.TELEMETRY)


def test_of_a_list_by_phase_only_what_changed_is_sent_and_the_rest_holds(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    born(sparkplug, node)
    message = node.data("meter", NOW, {"Energy/Phase B/Voltage": 240.0})
    assert values(sparkplug, message) == {"voltage_v": [230.0, 240.0, 229.0]}
    message = node.data("meter", NOW, {"Energy/Phase C/Voltage": None})
    assert values(sparkplug, message) == {"voltage_v": [230.0, 240.0, None]}


def test_a_node_and_its_devices_are_devices_of_ours(sparkplug: Sparkplug) -> None:
    node = sparkplug.route(f"spBv1.0/{GROUP}/NDATA/edge-1")
    device = sparkplug.route(f"spBv1.0/{GROUP}/DDATA/edge-1/室内 1")
    assert isinstance(node, Route)
    assert isinstance(device, Route)
    assert (node.school, node.device, node.address) == ("no3-middle", "edge-1", "edge-1")
    assert device.address == "edge-1/室内 1"
    assert is_identifier(device.device)


def test_two_groups_of_a_school_keep_their_nodes_apart() -> None:
    one = Sparkplug("no3-middle", "spBv1.0/east", qualified=True)
    route = one.route("spBv1.0/east/NDATA/edge-1")
    assert isinstance(route, Route)
    assert route.address == "spBv1.0/east/edge-1"
    one.meet("spBv1.0/west/edge-1", NOW)
    assert one.next_request() is None
    one.meet("spBv1.0/east/edge-1/meter", NOW)
    assert asked(one, NOW + 60_000) == ["spBv1.0/east/NCMD/edge-1"]


@pytest.mark.parametrize(
    "topic",
    [
        f"spBv1.0/{GROUP}/NDATA/edge/device", f"spBv1.0/{GROUP}/DDATA/edge",
        f"spBv1.0/{GROUP}/NOISE/edge", f"spBv1.0/{GROUP}/NDATA", f"spBv1.0/{GROUP}/NDATA/",
        "spBv1.0/other/NDATA/edge", f"spBv1.0/{GROUP}/NDATA/{'x' * 300}", "STATE/host",
    ],
)  # fmt: skip
def test_topics_that_are_none_of_its_own_are_refused(sparkplug: Sparkplug, topic: str) -> None:
    assert isinstance(sparkplug.route(topic), Reject)


def test_what_the_gateway_writes_itself_is_nobodys_reading(sparkplug: Sparkplug) -> None:
    assert sparkplug.route(f"spBv1.0/{GROUP}/NCMD/edge") is None
    assert sparkplug.route(f"spBv1.0/{GROUP}/DCMD/edge/meter") is None


def test_nodes_may_write_no_commands(sparkplug: Sparkplug) -> None:
    assert not any("CMD" in topic for topic in sparkplug.spoken())
    assert all("CMD" in topic for topic in sparkplug.heard())


# Without a birth


def test_data_before_a_birth_are_refused_and_the_node_is_asked(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    node.births(NOW)
    assert "asked to be born anew" in refused(
        sparkplug, node.data("room", NOW, {"Temperature": 22.0})
    )
    ((topic, payload),) = sparkplug.requests(NOW, 10)
    assert topic == node.commands
    assert b"Node Control/Rebirth" in payload
    born(sparkplug, node)
    assert values(sparkplug, node.data("room", NOW, {"Temperature": 22.0})) == {
        "temperature_c": 22.0
    }


def test_after_a_gap_nothing_is_read_until_the_node_is_born_anew(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    born(sparkplug, node)
    node.data("room", NOW, {"Temperature": 22.0})  # lost
    detail = refused(sparkplug, node.data("room", NOW, {"Temperature": 23.0}))
    assert "number 4 came where 3 was due" in detail
    refused(sparkplug, node.data("meter", NOW, {"Energy/Active Power": 2.0}))
    assert asked(sparkplug, NOW) == [node.commands]
    born(sparkplug, node)
    assert values(sparkplug, node.data("meter", NOW, {"Energy/Active Power": 2.0})) == {
        "power_w": 2000.0
    }


def test_the_sequence_goes_from_255_to_0(sparkplug: Sparkplug, node: EdgeNode) -> None:
    born(sparkplug, node)
    for number in range(600):
        assert values(sparkplug, node.data("room", NOW, {"Temperature": float(number)}))
    assert asked(sparkplug, NOW) == []


def test_a_message_that_comes_twice_says_nothing_more(sparkplug: Sparkplug, node: EdgeNode) -> None:
    born(sparkplug, node)
    message = node.data("room", NOW, {"Temperature": 22.0})
    assert readings(sparkplug, message)
    assert readings(sparkplug, message) == []
    assert values(sparkplug, node.data("room", NOW, {"Temperature": 23.0}))


def test_the_same_number_with_something_else_in_it_is_a_gap(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    born(sparkplug, node)
    readings(sparkplug, node.data("room", NOW, {"Temperature": 22.0}))
    node.seq -= 1
    refused(sparkplug, node.data("room", NOW, {"Temperature": 23.0}))


def test_an_alias_that_nobody_declared_puts_the_whole_birth_in_doubt(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    born(sparkplug, node)
    strange = [Sample("", 1.0, alias=node.alias("room", "Temperature")), Sample("", 2.0, alias=99)]
    assert "alias 99" in refused(sparkplug, node.send("room", NOW, strange))
    refused(sparkplug, node.data("room", NOW, {"Temperature": 22.0}))
    assert asked(sparkplug, NOW) == [node.commands]


@pytest.mark.parametrize(
    "sample",
    [
        Sample("Humidity", 1.0),
        Sample("", True, BOOLEAN),
        Sample("", 20.0, FLOAT, typed=False),
        Sample("", 20.0, unit="°F"),
    ],
    ids=["another name", "another datatype", "another sort of value", "another unit"],
)
def test_data_that_do_not_fit_the_birth_are_never_read_by_it(
    sparkplug: Sparkplug, node: EdgeNode, sample: Sample
) -> None:
    born(sparkplug, node)
    told = Sample(
        sample.name, sample.value, sample.datatype, unit=sample.unit,
        alias=node.alias("room", "Temperature"), typed=sample.typed,
    )  # fmt: skip
    refused(sparkplug, node.send("room", NOW, [told]))
    assert asked(sparkplug, NOW) == [node.commands]


def test_an_alias_of_two_metrics_stands_for_neither(sparkplug: Sparkplug) -> None:
    node = EdgeNode(GROUP, "edge", {})
    born(sparkplug, node)
    both = [Sample("Temperature", 20.0, alias=0), Sample("Humidity", 50.0, alias=0)]
    node.seq = 255
    message = node.send("", NOW, both)
    topic = f"spBv1.0/{GROUP}/NBIRTH/edge"
    readings(sparkplug, (topic, message[1]))
    named = node.send("", NOW, [Sample("Humidity", 51.0, alias=0)])
    assert values(sparkplug, named) == {"humidity_pct": 51.0}
    assert "two metrics" in refused(sparkplug, node.send("", NOW, [Sample("", 21.0, alias=0)]))


def test_a_name_that_is_said_twice_at_birth_is_nobodys(sparkplug: Sparkplug) -> None:
    node = EdgeNode(GROUP, "edge", {})
    node.births(NOW)
    node.seq = 255
    both = [Sample("Temperature", 20.0), Sample("Humidity", 50.0), Sample("Temperature", 30.0)]
    birth = (f"spBv1.0/{GROUP}/NBIRTH/edge", node.send("", NOW, both)[1])
    status, telemetry = readings(sparkplug, birth)
    assert telemetry.values == {"humidity_pct": 50.0}
    assert status.values["metrics_unread"] == ["Temperature: said twice"] * 2
    again = [Sample("Temperature", 21.0), Sample("Humidity", 51.0)]
    assert values(sparkplug, node.send("", NOW, again)) == {"humidity_pct": 51.0}


def test_what_has_no_name_is_not_read_and_puts_nothing_else_in_doubt(sparkplug: Sparkplug) -> None:
    node = EdgeNode(GROUP, "edge", {})
    node.births(NOW)
    node.seq = 255
    made_of = [Sample("", 20.0, alias=1), Sample("Humidity", 50.0, alias=2)]
    readings(sparkplug, (f"spBv1.0/{GROUP}/NBIRTH/edge", node.send("", NOW, made_of)[1]))
    said = [Sample("", 21.0, alias=1), Sample("", 51.0, alias=2)]
    assert values(sparkplug, node.send("", NOW, said)) == {"humidity_pct": 51.0}


def test_a_device_that_is_born_before_its_node_is_heard(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    birth = node.births(NOW)[2]
    assert values(sparkplug, birth) == {"temperature_c": 21.5, "smoke_alarm": False}
    assert values(sparkplug, node.data("room", NOW, {"Smoke Alarm": True})) == {"smoke_alarm": True}
    assert asked(sparkplug, NOW) == [node.commands]


def test_a_birth_that_cannot_be_read_ends_the_one_before(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    born(sparkplug, node)
    assert isinstance(hear(sparkplug, (f"spBv1.0/{GROUP}/NBIRTH/edge-1", b"\xff\xff")), Reject)
    assert "not understood" in refused(sparkplug, node.data("room", NOW, {"Temperature": 22.0}))


def test_a_retained_birth_is_of_nobody_knows_when(sparkplug: Sparkplug, node: EdgeNode) -> None:
    assert isinstance(hear(sparkplug, node.births(NOW)[0], retained=True), Reject)


def test_a_message_without_its_number_is_refused(sparkplug: Sparkplug, node: EdgeNode) -> None:
    born(sparkplug, node)
    message = (f"spBv1.0/{GROUP}/NDATA/edge-1", b"\x08\x01")
    assert isinstance(hear(sparkplug, message), Reject)


# Deaths


def test_a_node_that_dies_takes_its_devices_along(sparkplug: Sparkplug, node: EdgeNode) -> None:
    born(sparkplug, node)
    (gone,) = readings(sparkplug, node.will())
    assert (gone.channel, gone.values, gone.at) == (Channel.STATUS, {"online": False}, None)
    (aside,) = sparkplug.asides()
    assert aside.beginning == "edge-1/"
    assert aside.reading.values == {"online": False}
    refused(sparkplug, node.data("room", NOW, {"Temperature": 22.0}))
    assert sparkplug.asides() == []


def test_the_will_of_an_earlier_connection_kills_nobody(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    born(sparkplug, node)
    late = node.will()
    node.reconnect()
    born(sparkplug, node)
    assert readings(sparkplug, late) == []
    assert sparkplug.asides() == []
    assert values(sparkplug, node.data("room", NOW, {"Temperature": 22.0}))


def test_a_death_that_cannot_be_checked_is_believed_and_asked_about(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    (gone,) = readings(sparkplug, node.will())
    assert gone.values == {"online": False}
    assert asked(sparkplug, NOW) == [node.commands]


def test_a_device_dies_alone(sparkplug: Sparkplug, node: EdgeNode) -> None:
    born(sparkplug, node)
    (gone,) = readings(sparkplug, node.death("meter", NOW))
    assert gone.values == {"online": False}
    assert sparkplug.asides() == []
    assert values(sparkplug, node.data("room", NOW, {"Temperature": 22.0}))
    refused(sparkplug, node.data("meter", NOW, {"Energy/Active Power": 2.0}))


# Times


def test_what_was_kept_comes_at_its_own_time_oldest_first(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    born(sparkplug, node)
    alias = node.alias("room", "Temperature")
    message = node.send(
        "room",
        NOW,
        [
            Sample("", 20.0, alias=alias, at=NOW),
            Sample("", 18.0, alias=alias, at=NOW - 7_200_000, historical=True),
            Sample("", 19.0, alias=alias, at=NOW - 3_600_000, historical=True),
        ],
    )
    told = [
        (reading.at, reading.values["temperature_c"]) for reading in readings(sparkplug, message)
    ]
    assert told == [(NOW - 7_200_000, 18.0), (NOW - 3_600_000, 19.0), (NOW, 20.0)]


def test_of_other_phases_then_nothing_is_made_up(sparkplug: Sparkplug, node: EdgeNode) -> None:
    born(sparkplug, node)
    alias = node.alias("meter", "Energy/Phase A/Voltage")
    past = Sample("", 200.0, alias=alias, at=NOW - 60_000, historical=True)
    assert values(sparkplug, node.send("meter", NOW, [past])) == {"voltage_v": [200.0, None, None]}
    message = node.data("meter", NOW, {"Energy/Phase C/Voltage": 228.0})
    assert values(sparkplug, message) == {"voltage_v": [230.0, 231.0, 228.0]}


def test_metrics_of_about_the_same_moment_are_one_reading(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    born(sparkplug, node)
    message = node.send(
        "meter",
        NOW,
        [
            Sample("", 1.0 + n, alias=node.alias("meter", name), at=NOW + n)
            for n, name in enumerate(("Energy/Phase A/Voltage", "Energy/Phase B/Voltage"))
        ],
    )
    assert len(readings(sparkplug, message)) == 1


def test_a_time_that_is_none_leaves_the_time_of_arrival(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    born(sparkplug, node)
    alias = node.alias("room", "Temperature")
    message = node.send("room", 2**64 - 1, [Sample("", 20.0, alias=alias)])
    assert [reading.at for reading in readings(sparkplug, message)] == [None]


# What else metrics say


def test_a_template_is_not_read_and_said_so(sparkplug: Sparkplug) -> None:
    node = EdgeNode(
        GROUP, "edge", {"": [Sample("Motor", b"\x0a\x00", TEMPLATE), Sample("Temperature", 20.0)]}
    )
    status, telemetry = readings(sparkplug, node.births(NOW)[0])
    assert status.values["metrics_unread"] == ["Motor: template"]
    assert telemetry.values == {"temperature_c": 20.0}
    alone = hear(sparkplug, node.data("", NOW, {"Motor": b"\x0a\x00"}))
    assert isinstance(alone, Reject)
    assert "template" in alone.detail


def test_a_power_without_its_unit_is_kept_as_it_came_and_said_so(sparkplug: Sparkplug) -> None:
    node = EdgeNode(GROUP, "edge", {"": [Sample("Power", 1.5)]})
    status, telemetry = readings(sparkplug, node.births(NOW)[0])
    assert status.values["unit_unknown"] == ["Power"]
    assert telemetry.values == {"power": 1.5}


@pytest.mark.parametrize("quality", [0, 500])
def test_a_value_of_bad_quality_cannot_be_measured(
    sparkplug: Sparkplug, node: EdgeNode, quality: int
) -> None:
    born(sparkplug, node)
    alias = node.alias("room", "Temperature")
    message = node.send("room", NOW, [Sample("", 99.0, alias=alias, quality=quality)])
    assert values(sparkplug, message) == {"temperature_c": None}


def test_a_button_held_down_is_pressed_once_however_often_it_is_born(
    sparkplug: Sparkplug,
) -> None:
    node = EdgeNode(GROUP, "gate", {"": [Sample("Panic Button", False, BOOLEAN)]})
    born(sparkplug, node)
    (press,) = readings(sparkplug, node.data("", NOW, {"Panic Button": True}))
    assert (press.channel, press.event, press.at) == (Channel.EVENT, "pressed", NOW)
    held = EdgeNode(GROUP, "gate", {"": [Sample("Panic Button", True, BOOLEAN, at=NOW)]})
    assert [reading.event for reading in readings(sparkplug, held.births(NOW + 60_000)[0])] == [
        None
    ]
    (release,) = readings(sparkplug, held.data("", NOW, {"Panic Button": False}))
    assert release.event == "released"


def test_a_press_that_was_missed_is_in_the_birth(sparkplug: Sparkplug) -> None:
    node = EdgeNode(GROUP, "gate", {"": [Sample("Panic Button", True, BOOLEAN, at=NOW - 900)]})
    *_, press = readings(sparkplug, node.births(NOW)[0])
    assert (press.event, press.at) == ("pressed", NOW - 900)


def test_a_breaker_that_has_tripped_is_open_and_says_both(sparkplug: Sparkplug) -> None:
    made_of = [Sample("Breaker/Closed", True, BOOLEAN), Sample("Breaker/Tripped", False, BOOLEAN)]
    node = EdgeNode(GROUP, "board", {"": made_of})
    assert values(sparkplug, node.births(NOW)[0]) == {"switch": "closed"}
    tripped = node.data("", NOW, {"Breaker/Tripped": True})
    assert values(sparkplug, tripped) == {"switch": "tripped"}
    opened = node.data("", NOW, {"Breaker/Closed": False})
    assert values(sparkplug, opened) == {"switch": "tripped"}
    reset = node.data("", NOW, {"Breaker/Tripped": False, "Breaker/Closed": True})
    assert values(sparkplug, reset) == {"switch": "closed"}


def test_a_node_that_measures_nothing_is_taken_for_a_repeater(
    sparkplug: Sparkplug, node: EdgeNode
) -> None:
    kinds = {}
    for message in node.births(NOW):
        route = sparkplug.route(message[0])
        assert isinstance(route, Route)
        kinds[route.address] = sparkplug.guess_kind(route, readings(sparkplug, message))
    assert kinds == {
        "edge-1": "repeater", "edge-1/meter": "electrical", "edge-1/room": "smoke-temperature",
    }  # fmt: skip


def test_firmware_is_told_at_birth(sparkplug: Sparkplug) -> None:
    node = EdgeNode(GROUP, "edge", {"": [Sample("Properties/Firmware Version", "2.4.1", STRING)]})
    assert readings(sparkplug, node.births(NOW)[0])[0].firmware == "2.4.1"
