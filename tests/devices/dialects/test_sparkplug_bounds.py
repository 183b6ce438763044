"""Sparkplug, whatever comes: any bytes, broken births, more metrics than there is room for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.sparkplug import Sparkplug, births, wire
from devices.reading import Reject, RejectReason
from devices.simulator.edge_node import EdgeNode, Sample
from tests.devices.dialects.hearing_sparkplug import GROUP, NOW, ROOM, hear, readings


@pytest.fixture
def sparkplug() -> Sparkplug:
    return Sparkplug("no3-middle", f"spBv1.0/{GROUP}")


VERBS = (
    "NBIRTH/edge-1",
    "NDATA/edge-1",
    "NDEATH/edge-1",
    "DBIRTH/edge-1/room",
    "DDATA/edge-1/room",
)


@given(st.lists(st.tuples(st.sampled_from(VERBS), st.binary(max_size=60)), max_size=6))
def test_of_any_bytes_come_readings_and_rejects_and_nothing_else(
    said: list[tuple[str, bytes]],
) -> None:
    sparkplug = Sparkplug("no3-middle", f"spBv1.0/{GROUP}")
    for verb, payload in said:
        hear(sparkplug, (f"spBv1.0/{GROUP}/{verb}", payload))


@given(st.data())
def test_of_broken_births_and_data_come_readings_and_rejects(draw: st.DataObject) -> None:
    sparkplug = Sparkplug("no3-middle", f"spBv1.0/{GROUP}")
    node = EdgeNode(GROUP, "edge-1", {"": [Sample("Uptime", 5, 8)], "room": ROOM})
    messages = [*node.births(NOW), node.data("room", NOW, {"Temperature": 22.0})]
    for topic, payload in messages:
        broken = bytearray(payload)
        for _ in range(draw.draw(st.integers(0, 3))):
            broken[draw.draw(st.integers(0, len(broken) - 1))] = draw.draw(st.integers(0, 255))
        hear(sparkplug, (topic, bytes(broken)))


def test_a_message_beyond_all_bounds_is_refused(sparkplug: Sparkplug) -> None:
    topic = f"spBv1.0/{GROUP}/NBIRTH/edge"
    for payload in (bytes(wire.MAX_PAYLOAD + 1), b"\x12\x00" * (wire.MAX_METRICS + 1)):
        said = hear(sparkplug, (topic, payload))
        assert isinstance(said, Reject)
        assert said.reason is RejectReason.TOO_LARGE


def test_invented_nodes_take_no_more_room_than_there_is(sparkplug: Sparkplug) -> None:
    for number in range(births.MAX_NODES):
        readings(sparkplug, EdgeNode(GROUP, f"edge-{number}", {}).births(NOW)[0])
    said = hear(sparkplug, EdgeNode(GROUP, "one-more", {}).births(NOW)[0])
    assert isinstance(said, Reject)
    assert said.reason is RejectReason.TOO_LARGE
    readings(sparkplug, EdgeNode(GROUP, "edge-0", {}).will())
    readings(sparkplug, EdgeNode(GROUP, "one-more", {}).births(NOW)[0])


def test_invented_metrics_take_no_more_room_than_there_is() -> None:
    nodes = births.Nodes()
    metrics = [
        wire.Metric(f"Metric {n}", n, None, 10, False, False, "double_value", 1.0)
        for n in range(wire.MAX_METRICS)
    ]
    fitting = births.MAX_DEFINITIONS // len(metrics)
    for number in range(fitting + 5):
        node = nodes.at(f"edge-{number}")
        assert node is not None
        assert (node.declare("", metrics) is None) is (number >= fitting)
    left = nodes.room
    for number in range(fitting + 5):
        nodes.remove(f"edge-{number}")
    assert left < len(metrics)
    assert nodes.room == births.MAX_DEFINITIONS
